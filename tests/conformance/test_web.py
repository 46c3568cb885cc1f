"""One suite over every framework, on its real server."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from nitro_runtime.testing.web_suite import Capabilities, WebSuite

APPS = Path(__file__).parent / "apps"


class TestFastAPIOnUvicorn(WebSuite):
    cwd = APPS
    # uvicorn raises the signal again when it has stopped in good order, so that its parent knows
    capabilities = Capabilities(exit_codes=(0, -signal.SIGTERM))
    command = (
        *(sys.executable, "-m", "uvicorn", "on_fastapi:app"),
        *("--host", "127.0.0.1", "--port", "{port}"),
    )


class TestFlaskOnGunicorn(WebSuite):
    cwd = APPS
    capabilities = Capabilities(streams=12, gone_within=1.5)  # a stream takes one of its 16 threads
    command = (
        *(sys.executable, "-m", "gunicorn", "on_flask:app", "--bind", "127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--threads", "16", "--keep-alive", "0"),
    )
