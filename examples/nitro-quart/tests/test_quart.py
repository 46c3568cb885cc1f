"""The web suite of Nitro over Quart, on its usual server."""

from __future__ import annotations

import sys
from pathlib import Path

from nitro_runtime.testing.web_suite import WebSuite


class TestQuartOnHypercorn(WebSuite):
    cwd = Path(__file__).parent
    # without workers: one of its own would tell nobody there that it stops
    command = (
        *(sys.executable, "-m", "hypercorn", "app:app"),
        *("--workers", "0", "--bind", "127.0.0.1:{port}"),
    )
