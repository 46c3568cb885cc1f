"""An app whose processes share their idempotency keys. A process of its own forks them, and says where.

What a command waits for, and what it notes, are files in a folder that the test has as well:
``seen`` has a line for each request, ``begun`` one for each run of a command; ``go`` and ``fail`` are
there or not.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from nursery import orders, parent_of
from starlette.applications import Starlette

from nitro_runtime.adapters.starlette import install
from nitro_runtime.entities import Entity, configure, transaction
from nitro_runtime.errors import Refused
from nitro_runtime.events import anyone, command
from nitro_runtime.sse import emit_signals
from nitro_runtime.web.idempotency import use_idempotency
from nitro_runtime.web.idempotency_rows import EntityIdempotency

SECRET = "a key that the processes share"  # noqa: S105 # of tests
STATIC = Path(__file__).parents[2] / "src/nitro_runtime/testing/static"


class KeptEffect(Entity, version=False):
    """What a command leaves behind."""

    what: str


@dataclass
class Folder:
    """The files by which a test and the processes tell each other something."""

    path: Path

    def note(self, name: str) -> None:
        with (self.path / name).open("a") as file:
            file.write(".\n")

    def noted(self, name: str) -> int:
        file = self.path / name
        return len(file.read_text().split()) if file.exists() else 0

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def put(self, name: str) -> None:
        (self.path / name).touch()

    def clear(self) -> None:
        for file in self.path.iterdir():
            file.unlink()


async def _begin(folder: Folder) -> None:
    folder.note("begun")
    while not folder.has("go"):
        await asyncio.sleep(0.005)


def open_commands(folder: Folder) -> None:
    """Opens the commands of the app."""

    @command("kept.order", allow=anyone)
    async def order(what: str) -> dict[str, str]:
        """Has its effect as a whole, in a transaction that waits in its middle."""
        async with transaction():
            await KeptEffect.acreate(what=what)
            await _begin(folder)
        return {"receipt": secrets.token_hex(8)}

    @command("kept.moody", allow=anyone)
    async def moody(what: str) -> dict[str, str]:
        """Fails after it has stored something, or refuses, when it is told to."""
        async with transaction():
            await KeptEffect.acreate(what=what)
            if folder.has("fail"):
                raise ZeroDivisionError
            if folder.has("refuse"):
                raise Refused(403, "Not today.")
        return {"receipt": secrets.token_hex(8)}

    @command("kept.steps", allow=anyone)
    async def steps(what: str) -> AsyncIterator[Any]:
        """Answers with several patches, which come one after the other."""
        await KeptEffect.acreate(what=what)
        for number in range(3):
            yield emit_signals(
                {"step": number, "receipt": secrets.token_hex(8), "word": "two\nlines"}
            )
            await asyncio.sleep(0)


# -- a process ------------------------------------------------------------------------------------


def _serve(listener: socket.socket, place: str, folder: Folder, lease: float, wait: float) -> None:
    def user(request: Any) -> str | None:
        folder.note("seen")
        return request.headers.get("x-user")

    os.environ["NITRO_SECRET_KEY"] = SECRET
    configure(place)
    use_idempotency(EntityIdempotency(), lease=lease, patience=wait)
    open_commands(folder)
    app = Starlette()
    install(app, static=STATIC, user=user)
    config = uvicorn.Config(app, log_level="error", lifespan="off", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


def obey() -> None:
    """Forks a process for each order, and says its process id and its port."""
    for place, path, lease, wait in orders():
        listener = socket.create_server(("127.0.0.1", 0))
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)
            try:
                _serve(listener, place, Folder(Path(path)), lease, wait)
            finally:
                os._exit(0)
        print(pid, listener.getsockname()[1], flush=True)
        listener.close()


@dataclass
class Nursery:
    """The process that forks the app's processes.

    Attributes:
        ids: The process ids of those that were not killed.
    """

    parent: Callable[[object], list[int]]
    ids: list[int] = field(default_factory=list[int])

    def start(
        self, place: str, folder: Folder, *, lease: float, patience: float
    ) -> tuple[int, str]:
        """Starts a process of the app; returns its process id and its address."""
        pid, port = self.parent([place, str(folder.path), lease, patience])
        self.ids.append(pid)
        return pid, f"http://127.0.0.1:{port}"

    def kill(self, pid: int) -> None:
        """Kills a process in the middle of whatever it does."""
        self.ids.remove(pid)
        os.kill(pid, signal.SIGKILL)


@contextmanager
def nursery() -> Generator[Nursery]:
    """Runs a nursery for as long as the block runs."""
    with parent_of("idempotency_app") as parent:
        made = Nursery(parent)
        try:
            yield made
        finally:
            for pid in list(made.ids):
                made.kill(pid)
