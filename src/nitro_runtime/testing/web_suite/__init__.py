"""The conformance suite of web adapters: what an app with Nitro does, over HTTP, whatever serves it.

An adapter of your own is tested in a few lines, with the app of `nitro_runtime.testing.web_app`::

    class TestMine(WebSuite):
        command = [sys.executable, "-m", "myserver", "myapp:app", "--port", "{port}"]
        cwd = Path(__file__).parent

Another server for a framework that has passed it all is tested with `ServerSuite`, which leaves out
what no server can change.
"""

import pytest

# Before they are imported, so that what they assert is explained when it does not hold.
pytest.register_assert_rewrite(
    *(
        f"nitro_runtime.testing.web_suite.{name}"
        for name in (
            "client",
            "pages",
            "forms",
            "nested",
            "commands",
            "gate",
            "schemes",
            "uploads",
            "table_rows",
            "steps",
            "tables",
            "topics",
            "sdk",
            "streams",
            "compression",
            "stopping",
            "instances",
        )
    )
)

from nitro_runtime.testing.web_suite.client import (  # noqa: E402 # after the line above
    FORM,
    JSON,
    SHOWN,
    Tab,
    read_until,
    within,
)
from nitro_runtime.testing.web_suite.commands import Commands  # noqa: E402
from nitro_runtime.testing.web_suite.compression import CompressedEnds, Compression  # noqa: E402
from nitro_runtime.testing.web_suite.forms import Forms  # noqa: E402
from nitro_runtime.testing.web_suite.gate import Gate  # noqa: E402
from nitro_runtime.testing.web_suite.instances import Instances  # noqa: E402
from nitro_runtime.testing.web_suite.nested import Nested  # noqa: E402
from nitro_runtime.testing.web_suite.pages import Pages, Prefixed  # noqa: E402
from nitro_runtime.testing.web_suite.schemes import Schemes  # noqa: E402
from nitro_runtime.testing.web_suite.sdk import DatastarSdk  # noqa: E402
from nitro_runtime.testing.web_suite.server import (  # noqa: E402
    Capabilities,
    Suite,
)
from nitro_runtime.testing.web_suite.steps import Steps  # noqa: E402
from nitro_runtime.testing.web_suite.stopping import Reloading, Stopping  # noqa: E402
from nitro_runtime.testing.web_suite.streams import LiveStreams, Streams, Wire  # noqa: E402
from nitro_runtime.testing.web_suite.table_rows import TableRows  # noqa: E402
from nitro_runtime.testing.web_suite.tables import Tables  # noqa: E402
from nitro_runtime.testing.web_suite.topics import Bursts, Topics  # noqa: E402
from nitro_runtime.testing.web_suite.uploads import LongUploads, Uploads  # noqa: E402

__all__ = [
    "FORM",
    "JSON",
    "SHOWN",
    "Capabilities",
    "ServerSuite",
    "Suite",
    "Tab",
    "WebSuite",
    "read_until",
    "within",
]


class ServerSuite(Gate, Uploads, LongUploads, Streams, LiveStreams, Wire, Compression, Stopping):
    """What depends on the server: bodies and their limits, streams, and the end."""


class WebSuite(
    ServerSuite,
    Pages,
    Schemes,
    Forms,
    Nested,
    Steps,
    TableRows,
    Tables,
    Prefixed,
    Commands,
    Topics,
    Bursts,
    CompressedEnds,
    DatastarSdk,
    Reloading,
    Instances,
):
    """All of it, for a framework on its usual server."""
