"""Django's development server, which nobody puts before visitors: pages, streams, stops and reloads."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace

from matrix import APPS, THREADS

from nitro_runtime.testing.web_suite.pages import Pages
from nitro_runtime.testing.web_suite.server import HEARTBEAT
from nitro_runtime.testing.web_suite.stopping import Reloading, Stopping
from nitro_runtime.testing.web_suite.streams import Streams

RUN = (sys.executable, "manage_django.py", "runserver", "127.0.0.1:{port}")


class TestDjangoOnRunserver(Pages, Streams, Stopping, Reloading):
    cwd = APPS
    command = (*RUN, "--noreload")
    capabilities = replace(
        THREADS,
        gone_within=3 * HEARTBEAT,  # by writing: it says nothing of the connection
        exit_codes=(0, -signal.SIGTERM),  # which it leaves to Python
        reload=RUN,
    )
