"""A server with many open streams: it stops at once, and everybody comes back when it was gone."""

from __future__ import annotations

import asyncio
import re
import resource
import shutil
import signal
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from instances import until

from nitro_runtime.testing.serving import PLAIN, Served, free_port, serve
from nitro_runtime.testing.web_suite import Tab

SUPPORT = Path(__file__).parents[1] / "support"

UVICORN = "uvicorn crowded_app:asgi --port {port} --log-level warning"
HYPERCORN = "hypercorn crowded_app:asgi --bind 127.0.0.1:{port} --workers 0 --log-level warning"
GRANIAN = "granian crowded_app:asgi --interface asgi --port {port} --log-level warning"

LONGEST_PAUSE = 5.0
"""Seconds that Datastar waits at most before it asks again, as pages tell it."""

pytestmark = pytest.mark.usefixtures("many_files")


@pytest.fixture
def many_files() -> Generator[None]:
    """Each stream is a file to both its ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8_192), hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def served(words: str, port: int | None = None, folder: Path = SUPPORT) -> Generator[Served]:
    command = [sys.executable, "-m", *words.split()]
    if port is not None:
        command = [word.format(port=port) for word in command]
    with serve(command, cwd=folder, port=port) as server:
        yield server


class Client:
    """A browser's stream: it comes back by itself, as Datastar does.

    Attributes:
        numbers: What it was told, in order.
        opened: When each of its streams was opened.
        resyncs: How often it was told that something is missing.
    """

    def __init__(self, port: int, request: str) -> None:
        self._port = port
        self._request = request
        self._retry = 0.5
        self._last = ""
        self.numbers: list[int] = []
        self.opened: list[float] = []
        self.resyncs = 0

    async def run(self) -> None:
        """Listens for ever."""
        pause = self._retry
        while True:
            before = len(self.opened)
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._listen()
            pause = self._retry if len(self.opened) > before else min(pause * 1.5, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            last = f"last-event-id: {self._last}\r\n" if self._last else ""
            writer.write(f"{self._request}{last}\r\n".encode())
            while line := await reader.readline():
                self._take(line.decode().strip())
        finally:
            writer.close()

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "retry":
            self._retry = int(value) / 1000
            self.opened.append(time.monotonic())
        elif name == "id":
            self._last = value
        elif line == "event: nitro-resync":
            self.resyncs += 1
        elif number := re.match(r"data: n=(\d+);", line):
            self.numbers.append(int(number[1]))


@asynccontextmanager
async def listening(server: Served, many: int) -> AsyncGenerator[list[Client]]:
    """Has so many clients listen, all of one browser, until the block ends."""
    with httpx.Client(base_url=server.url, timeout=30, verify=PLAIN) as browser:
        tab = Tab(browser)
        port = int(server.url.rpartition(":")[2])
        request = (
            f"GET /events?tab={tab.id} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            f"cookie: nitro_session={browser.cookies['nitro_session']}\r\n"
        )
        clients = [Client(port, request) for _ in range(many)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        await until(lambda: all(client.opened for client in clients), "the streams", 60)
        yield clients
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def publish(server: Served, first: int, number: int) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=PLAIN) as client:
        query = {"first": first, "number": number, "size": 100}
        assert (await client.get("/publish", params=query)).status_code == 200


# -- stopping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [UVICORN, HYPERCORN, GRANIAN], ids=lambda words: words.split()[0])
async def test_a_server_with_two_hundred_streams_stops_within_a_second(words: str) -> None:
    with served(words) as server:
        async with listening(server, 200):
            seconds, code = await asyncio.to_thread(server.stop, signal.SIGTERM)
            log = server.log()
    # uvicorn ends by the signal that it was sent, once all else is done.
    assert code in ({0, -signal.SIGTERM} if words is UVICORN else {0}), log
    assert "Traceback" not in log, log
    assert seconds < 1


async def test_a_reload_with_two_hundred_streams_takes_them_along(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    shutil.copy(SUPPORT / "crowded_app.py", folder)
    with served(f"{UVICORN} --reload", folder=folder) as server:
        async with listening(server, 200) as clients:
            begun = [client.opened[-1] for client in clients]

            def change() -> bool:
                source = folder / "crowded_app.py"
                source.write_text(f"{source.read_text()}# changed\n")
                return True

            changed = time.monotonic()
            while not all(c.opened[-1] > was for c, was in zip(clients, begun, strict=True)):
                if time.monotonic() - changed > 5:  # the reloader may still have been starting
                    changed = time.monotonic() if change() else changed
                await asyncio.sleep(0.05)
            await publish(server, 0, 3)
            await until(lambda: all(c.numbers[-3:] == [0, 1, 2] for c in clients), "the numbers")
        seconds, _ = await asyncio.to_thread(server.stop, signal.SIGTERM)
    assert seconds < 1


# -- coming back ----------------------------------------------------------------------------------


async def come_back(many: int, away: float) -> None:
    """Kills a server under its clients, and starts it again after a while."""
    port = free_port()
    with served(UVICORN, port) as server:
        async with listening(server, many) as clients:
            await publish(server, 0, 5)
            await until(lambda: all(c.numbers == [0, 1, 2, 3, 4] for c in clients), "five")
            server.process.kill()
            await asyncio.sleep(away)
            with served(UVICORN, port) as again:
                up = time.monotonic()
                await until(lambda: all(len(c.opened) == 2 for c in clients), "all of them", 30)
                took = max(client.opened[1] for client in clients) - up
                await publish(again, 5, 20)
                wanted = list(range(25))
                await until(lambda: all(c.numbers[-1] == 24 for c in clients), "the last", 30)
    assert took < 10
    # A process that was killed has forgotten what it said; everybody is told, and misses nothing then.
    assert all(client.numbers == wanted for client in clients)
    assert {client.resyncs for client in clients} == {1}
    times = sorted(client.opened[1] for client in clients)
    assert times[-len(times) // 10] - times[len(times) // 10] > 0.2  # not all at once


async def test_everybody_comes_back_to_a_server_that_was_killed() -> None:
    await come_back(many=200, away=1)


@pytest.mark.soak
async def test_a_thousand_come_back_within_ten_seconds_after_thirty() -> None:
    await come_back(many=1_000, away=30)
