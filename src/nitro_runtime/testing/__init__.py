"""What tests of an app use, and the suites that an adapter or backend of your own has to pass.

`make`, `send`, `sample_png`, `assert_queries` and `Client` are imported here when they are first used; the suites need pytest
and are imported from their own modules: `nitro_runtime.testing.web_suite` and `nitro_runtime.testing.repository_suite`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nitro_runtime.entities.sample_files import sample_png
    from nitro_runtime.testing.client import Client
    from nitro_runtime.testing.factory import make
    from nitro_runtime.testing.queries import assert_queries
    from nitro_runtime.testing.sending import send

__all__ = ["Client", "assert_queries", "make", "sample_png", "send"]

_HOMES = {
    "Client": "nitro_runtime.testing.client",
    "assert_queries": "nitro_runtime.testing.queries",
    "make": "nitro_runtime.testing.factory",
    "sample_png": "nitro_runtime.entities.sample_files",
    "send": "nitro_runtime.testing.sending",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 # PEP 562
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
