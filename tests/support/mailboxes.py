"""The Django project of `mailboxes_app`, on real servers."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from nitro_runtime.testing.serving import Served, serve

SERVERS = {
    "asgi": "uvicorn mailboxes_app:asgi --port {port} --log-level warning",
    "wsgi": (
        "gunicorn mailboxes_app:wsgi --bind 127.0.0.1:{port} --worker-class gthread --threads 16"
    ),
}


@contextmanager
def mailboxes(server: str, scratch: Path, static: Path) -> Generator[Served]:
    """Serves it for as long as the block lasts.

    Args:
        server: One of `SERVERS`.
        scratch: An empty folder, for its database.
        static: The folder of its static files.
    """
    environment = {"SCRATCH": str(scratch), "STATIC_FOLDER": str(static)}
    command = [sys.executable, "-m", *SERVERS[server].split()]
    with serve(command, cwd=Path(__file__).parent, environment=environment) as served:
        yield served
