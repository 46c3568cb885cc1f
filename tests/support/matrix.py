"""What is supported: each framework on each server on which it passes the suite.

The reference page of servers shows the same table; a test compares the two. What is missing here was
tried and cannot work, for a reason that the page gives.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nitro_runtime.testing.web_suite import Capabilities, ServerSuite, WebSuite
from nitro_runtime.testing.web_suite.server import HEARTBEAT

APPS = Path(__file__).parents[1] / "conformance" / "apps"


@dataclass(frozen=True, slots=True)
class Server:
    """A program that serves apps.

    Attributes:
        name: As people call it.
        words: What follows ``python -m``; ``{app}`` is the app, ``{port}`` its port.
        reload: The same for a server that reloads the app when a file changes; None when it cannot.
        capabilities: What it can do, whatever the framework.
    """

    name: str
    words: str
    reload: str | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)


@dataclass(frozen=True, slots=True)
class Row:
    """One framework on one server.

    Attributes:
        framework: As people call it.
        server: What serves it.
        app: Where the suite's app stands, as the server wants to be told.
        usual: Whether it is the framework's usual server, on which everything is tested; on another
            one what a server can change.
    """

    framework: str
    server: Server
    app: str
    usual: bool = False

    @property
    def title(self) -> str:
        """The name of the test class."""
        return "Test" + "".join(c for c in f"{self.framework} on {self.server.name}" if c.isalnum())

    @property
    def command(self) -> tuple[str, ...]:
        """What serves the app; ``{port}`` in it is to become a port."""
        return self._words(self.server.words)

    def _words(self, words: str) -> tuple[str, ...]:
        return sys.executable, "-m", *words.replace("{app}", self.app).split()

    @property
    def capabilities(self) -> Capabilities:
        """What can be expected of it."""
        reload = self.server.reload
        return replace(self.server.capabilities, reload=self._words(reload) if reload else None)

    def suite(self) -> Any:
        """Makes the test class: the whole suite, or what a server can change."""
        known = {"command": self.command, "cwd": APPS, "capabilities": self.capabilities}
        return type(self.title, (WebSuite if self.usual else ServerSuite,), known)


# A stream takes one of its 16 threads.
THREADS = Capabilities(streams=12)

UVICORN = Server(
    "uvicorn",
    "uvicorn {app} --host 127.0.0.1 --port {port}",
    reload="uvicorn {app} --host 127.0.0.1 --port {port} --reload",
    # it raises the signal again when it has stopped in good order, so that its parent knows
    capabilities=Capabilities(exit_codes=(0, -signal.SIGTERM)),
)
GRANIAN = Server("granian", "granian --interface asgi --host 127.0.0.1 --port {port} {app}")
# with a worker process of its own it tells nobody there that it stops, and waits for its streams
HYPERCORN = Server("hypercorn", "hypercorn --workers 0 --bind 127.0.0.1:{port} {app}")
GUNICORN = Server(
    "gunicorn",
    # without the last option it waits two seconds for idle connections when it stops
    "gunicorn {app} --bind 127.0.0.1:{port} --worker-class gthread --threads 16 --keep-alive 0",
    capabilities=THREADS,
)
WAITRESS = Server(
    "waitress",
    "waitress --listen 127.0.0.1:{port} --threads 16 {app}",
    capabilities=replace(
        THREADS,
        gone_within=3 * HEARTBEAT,  # by writing: it says nothing of the connection
        exit_codes=(0, -signal.SIGTERM),  # which it does not handle
    ),
)

SANIC = Server(
    "sanic",
    "sanic {app} --host 127.0.0.1 --port {port}",
    reload="sanic {app} --host 127.0.0.1 --port {port} --auto-reload",
)
SANIC_2 = Server(
    "sanic with two workers",
    "sanic {app} --host 127.0.0.1 --port {port} --workers 2",
    capabilities=Capabilities(one_process=False),
)

# A worker of gunicorn that is to reload waits for its open streams; frameworks have reloaders of their own.
FLASK_RELOAD = "flask --app {app} run --debug --port {port}"
DJANGO_RELOAD = "manage_django runserver 127.0.0.1:{port}"

ASGI = (
    ("Starlette", "on_starlette:app"),
    ("FastAPI", "on_fastapi:app"),
    ("FastHTML", "on_fasthtml:app"),
    ("Litestar", "on_litestar:app"),
    ("Django, ASGI", "on_django:asgi"),
)

MATRIX = (
    *(Row(framework, UVICORN, app, usual=True) for framework, app in ASGI),
    *(Row(framework, server, app) for framework, app in ASGI for server in (GRANIAN, HYPERCORN)),
    Row("Sanic", SANIC, "on_sanic:app", usual=True),
    Row("Sanic", SANIC_2, "on_sanic:app"),
    Row("Sanic", UVICORN, "on_sanic:app"),
    Row("Flask", replace(GUNICORN, reload=FLASK_RELOAD), "on_flask:app", usual=True),
    Row("Flask", WAITRESS, "on_flask:app"),
    Row("Django, WSGI", replace(GUNICORN, reload=DJANGO_RELOAD), "on_django:wsgi", usual=True),
    Row("Django, WSGI", WAITRESS, "on_django:wsgi"),
)
