"""A server with many open streams: it stops at once, reloads, and everybody comes back to it."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from bundled import FRAMEWORKS
from matrix import APPS, MATRIX, Row
from returning import Client, crowd_served, listening, many_files, meanwhile, publish
from warm import Warm

from nitro_runtime.testing.coroutines import until
from nitro_runtime.testing.serving import PLAIN, SECONDS_TO_STOP, Served, free_port, serve
from nitro_runtime.testing.web_suite.client import within

STREAMS = 200

AT_ONCE = 10
"""Connections that wait for a server to accept them: Django's runserver has room for no more."""

KEY = {"NITRO_SECRET_KEY": "a key for these tests alone"}
"""For the suite's apps; the process that comes next must have it too."""

UVICORN = "uvicorn crowded_app:asgi --port {port} --log-level warning"

SANICS_OWN = "RuntimeError: Event loop stopped before Future completed."
"""How its worker ends at Ctrl-C, without Nitro too, while any connection is open."""

pytestmark = pytest.mark.usefixtures("with_many_files")


@pytest.fixture
def with_many_files() -> Generator[None]:
    with many_files():
        yield


@dataclass(frozen=True, slots=True)
class Way:
    """A way to serve an app of the suite's, or a new project.

    Attributes:
        command: What serves it; ``{port}`` in it becomes a port.
        file: Of the app: what is saved to have it reloaded.
        framework: Of the project that is made; empty for an app of the suite's.
        terminated: What it may end with after SIGTERM.
        interrupted: What it ends with after Ctrl-C.
    """

    command: tuple[str, ...]
    file: str
    framework: str = ""
    terminated: tuple[int, ...] = (0,)
    interrupted: int = 0

    @property
    def rest(self) -> float:
        """Seconds for which it must have served before it is told to end.

        Sanic's manager looks every 0.1 s whether its worker is ready, and waits 30 s for one that
        ended before it looked.
        """
        return 1.0 if "sanic" in (*self.command, self.framework) else 0.0

    @property
    def is_told_alone(self) -> bool:
        """Whether Ctrl-C is for its first process alone, instead of for all as in a terminal.

        gunicorn's worker waits for itself, without Nitro too, when it is told twice: by the terminal
        and by its parent.
        """
        return "gunicorn" in self.command

    def folder(self, scratch: Path, warm: Warm) -> Path:
        """Makes where it runs, with the app in it."""
        folder = scratch / "crowd"
        if not self.framework:
            return shutil.copytree(APPS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        done = warm.run(("new", "crowd", "--framework", self.framework), scratch, {})
        assert done.returncode == 0, done.stderr
        return folder


def python(words: str) -> tuple[str, ...]:
    return sys.executable, *words.split()


def roomy(command: Iterable[str]) -> Iterator[str]:
    """Has a server take so many streams, where it counts threads or connections."""
    last = ""
    for word in command:
        yield str(STREAMS + 20) if last == "--threads" else word
        if word == "waitress":
            yield from ("--connection-limit", str(STREAMS + 100))
        last = word


def file_of(row: Row) -> str:
    return f"{row.app.partition(':')[0]}.py"


SERVERS = {
    f"{row.framework} on {row.server.name}": Way(
        tuple(roomy(row.command)), file_of(row), terminated=row.capabilities.exit_codes
    )
    for row in MATRIX
}
USUAL = [
    f"{row.framework} on {row.server.name}"
    for row in MATRIX
    if row.usual or row.framework == "Starlette"
]
RELOADERS = {
    **{
        f"{row.framework}, reloading": Way(tuple(row.capabilities.reload), file_of(row))
        for row in MATRIX
        if row.usual and row.capabilities.reload
    },
    "sanic --dev": Way(
        python("-m sanic on_sanic:app --host 127.0.0.1 --port {port} --dev"), "on_sanic.py"
    ),
    # It starts uvicorn, and does not pass on to it that it is ended.
    "litestar run --reload": Way(
        python("-m litestar --app on_litestar:app run --reload --port {port}"),
        "on_litestar.py",
        terminated=(-signal.SIGTERM,),
        interrupted=1,
    ),
    "FastHTML's serve()": Way(
        (
            *(sys.executable, "-c"),
            "from fasthtml.core import serve; serve('on_fasthtml', port=int('{port}'))",
        ),
        "on_fasthtml.py",
    ),
    **{
        f"nitro dev, {framework}": Way(
            python("-m nitro_cli dev --port {port}"), "crowd/layout.py", framework
        )
        for framework in FRAMEWORKS
    },
}


def rows(ways: Mapping[str, Way], quick: Iterable[str] = ()) -> list[Any]:
    """Makes parameters of them; what is not quick is for `make soak`."""
    soak = {name: [] if name in quick else [pytest.mark.soak] for name in ways}
    return [pytest.param(way, id=name, marks=soak[name]) for name, way in ways.items()]


async def serve_a_while(url: str, seconds: float) -> None:
    """Has two pages served, and more until the time is over.

    gunicorn's handler of SIGQUIT waits for itself when it interrupts the start of a thread; with
    these the main thread is past that.
    """
    asked, rested = 0, time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=url, timeout=30, verify=PLAIN) as client:
        while asked < 2 or time.monotonic() < rested:
            asked += (await client.get("/", headers={"connection": "close"})).status_code == 200


async def stop(server: Served, way: Way, number: signal.Signals) -> float:
    """Asks a server to stop, returns the seconds it took; a terminal asks all of its processes."""

    def ask_and_wait() -> int:
        is_for_all = number == signal.SIGINT and not way.is_told_alone
        (os.killpg if is_for_all else os.kill)(server.process.pid, number)
        return server.process.wait(SECONDS_TO_STOP)

    begun = time.monotonic()
    code = await asyncio.to_thread(ask_and_wait)
    seconds = time.monotonic() - begun
    log = server.log()
    assert code in (way.terminated if number == signal.SIGTERM else (way.interrupted,)), log
    assert log.count("Traceback") == log.count(SANICS_OWN), log
    return seconds


# -- stopping -------------------------------------------------------------------------------------


async def stopped(way: Way, folder: Path, number: signal.Signals) -> float:
    """Returns the seconds in which a server ended that had so many streams open."""
    with serve(way.command, cwd=folder, environment=KEY) as server:
        async with listening(server.url, STREAMS, AT_ONCE):
            await serve_a_while(server.url, way.rest)
            return await stop(server, way, number)


@pytest.mark.parametrize("way", rows(SERVERS | RELOADERS, quick=USUAL))
def test_a_server_with_two_hundred_streams_stops_within_a_second(
    way: Way, tmp_path: Path, warm: Warm
) -> None:
    folder = way.folder(tmp_path, warm)
    within(1, lambda: asyncio.run(stopped(way, folder, signal.SIGTERM)))


@pytest.mark.parametrize("way", rows({name: SERVERS[name] for name in USUAL}))
def test_a_server_with_two_hundred_streams_stops_within_a_second_at_ctrl_c(
    way: Way, tmp_path: Path, warm: Warm
) -> None:
    folder = way.folder(tmp_path, warm)
    within(1, lambda: asyncio.run(stopped(way, folder, signal.SIGINT)))


# -- reloading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", rows(RELOADERS, quick=["Starlette, reloading", "Flask, reloading"]))
def test_a_reload_with_two_hundred_streams_takes_them_along(
    way: Way, tmp_path: Path, warm: Warm
) -> None:
    folder = way.folder(tmp_path, warm)
    within(1, lambda: asyncio.run(reloaded(way, folder)))


async def reloaded(way: Way, folder: Path) -> float:
    """Returns the seconds that a reload took beside the server's own start, or Ctrl-C after it."""
    begun = time.monotonic()
    with serve(way.command, cwd=folder, environment=KEY) as server:
        start = time.monotonic() - begun
        async with listening(server.url, STREAMS, AT_ONCE) as clients:
            before = {client.epoch for client in clients}
            await save_until_they_end(folder / way.file, clients)
            await until_it_answers(server.url)
            restart = time.monotonic() - min(client.ended[0] for client in clients)
            await until(lambda: all(c.is_open and c.epoch not in before for c in clients), "them")
            seconds = await stop(server, way, signal.SIGINT)
    return max(restart - start, seconds)


async def save_until_they_end(source: Path, clients: Iterable[Client]) -> None:
    """Saves a file of an app until its reloader, which may still be starting, sees it."""
    saved = -math.inf
    while not all(client.ended for client in clients):
        if time.monotonic() - saved > 5:
            source.write_text(f"{source.read_text()}# changed\n")
            saved = time.monotonic()
        await asyncio.sleep(0.02)


async def until_it_answers(url: str) -> None:
    async with httpx.AsyncClient(timeout=30, verify=PLAIN) as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:  # between the old process and the new one
                await asyncio.sleep(0.02)
            else:
                return


# -- coming back ----------------------------------------------------------------------------------


async def come_back(many: int, away: float) -> None:
    """Kills a server under its clients, and starts it again after a while."""
    port = free_port()
    with crowd_served(UVICORN, port) as server:
        async with listening(server.url, many) as clients:
            await publish(server.url, 0, 5)
            await until(lambda: all(c.numbers == [0, 1, 2, 3, 4] for c in clients), "five")
            server.process.kill()
            await asyncio.sleep(away)
            async with meanwhile(crowd_served(UVICORN, port)):
                up = time.monotonic()
                await until(lambda: all(len(c.opened) == 2 for c in clients), "all of them", 30)
                took = max(client.opened[1] for client in clients) - up
                await publish(server.url, 5, 20)
                wanted = list(range(25))
                await until(lambda: all(c.numbers[-1] == 24 for c in clients), "the last", 30)
    assert took < 10
    # A process that was killed has forgotten what it said; everybody is told, and misses nothing then.
    assert all(client.numbers == wanted for client in clients)
    assert {client.resyncs for client in clients} == {1}
    times = sorted(client.asked[1] for client in clients)
    assert times[-len(times) // 10] - times[len(times) // 10] > 0.2  # not all at once


async def test_everybody_comes_back_to_a_server_that_was_killed() -> None:
    await come_back(many=STREAMS, away=1)


@pytest.mark.soak
async def test_a_thousand_come_back_within_ten_seconds_after_thirty() -> None:
    await come_back(many=1_000, away=30)
