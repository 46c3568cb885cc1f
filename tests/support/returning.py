"""Browsers' streams that come back by themselves, as Datastar's do: many of them in one event loop."""

from __future__ import annotations

import asyncio
import re
import resource
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path

import httpx

from nitro_runtime.testing.coroutines import until
from nitro_runtime.testing.serving import PLAIN, Served, serve
from nitro_runtime.testing.web_suite import Tab

LONGEST_PAUSE = 5.0
"""Seconds that Datastar waits at most before it asks again, as pages tell it."""

STREAMS_OF_A_BROWSER = 50
"""What an app lets one browser open, unless it is told something else."""


class Client:
    """A browser's stream.

    Args:
        port: Of the server.
        request: The request for the stream, without its last, empty line.
        door: Lets so many clients connect at once.

    Attributes:
        numbers: What it was told, in order: each ``n=1;`` of an event.
        asked: When it connected for each of its streams that were opened, by the monotonic clock.
        opened: When each of those was.
        ended: When each of those ended.
        resyncs: How often it was told that something is missing.
        last_event_id: Of the last event; empty before the first.
    """

    def __init__(self, port: int, request: str, door: asyncio.Semaphore) -> None:
        self._port = port
        self._request = request
        self._door = door
        self._retry = 0.5
        self._connected = 0.0
        self._writer: asyncio.StreamWriter | None = None
        self.numbers: list[int] = []
        self.asked: list[float] = []
        self.opened: list[float] = []
        self.ended: list[float] = []
        self.resyncs = 0
        self.last_event_id = ""

    @property
    def is_open(self) -> bool:
        """Whether it has a stream now."""
        return len(self.opened) > len(self.ended)

    @property
    def epoch(self) -> str:
        """What the server process calls itself in the ids of its events."""
        return self.last_event_id.partition(":")[0]

    async def run(self) -> None:
        """Listens for ever."""
        pause = self._retry
        while True:
            with suppress(OSError):
                await self._listen()
            if self.is_open:
                self.ended.append(time.monotonic())
                pause = self._retry
            else:
                pause = min(pause * 1.5, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    def leave(self) -> None:
        """Leaves its stream, to come back as it does when a stream ends."""
        assert self._writer is not None
        self._writer.close()

    async def _listen(self) -> None:
        async with self._door:
            reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._connected = time.monotonic()
            last = f"last-event-id: {self.last_event_id}\r\n" if self.last_event_id else ""
            self._writer.write(f"{self._request}{last}\r\n".encode())
            line = await reader.readline()
        try:
            while line:
                self._take(line.decode().strip())
                line = await reader.readline()
        finally:
            self._writer.close()

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "retry":
            self._retry = int(value) / 1000
            self.asked.append(self._connected)
            self.opened.append(time.monotonic())
        elif name == "id":
            self.last_event_id = value
        elif line == "event: nitro-resync":
            self.resyncs += 1
        elif number := re.match(r"data: n=(\d+);", line):
            self.numbers.append(int(number[1]))


@asynccontextmanager
async def listening(
    url: str, many: int, at_once: int | None = None
) -> AsyncGenerator[list[Client]]:
    """Has so many streams open, of as few browsers as may have them, until the block ends.

    Args:
        url: Where the server answers, without a final slash.
        many: How many.
        at_once: How many of them connect at once; None: all.
    """
    browsers = -(-many // STREAMS_OF_A_BROWSER)
    requests = [_request(url) for _ in range(browsers)]
    port = int(url.rpartition(":")[2])
    door = asyncio.Semaphore(at_once or many)
    clients = [Client(port, requests[number % browsers], door) for number in range(many)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        await until(lambda: all(client.opened for client in clients), "the streams", 60)
        yield clients
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _request(url: str) -> str:
    """Opens a page in a browser of its own; returns its request for the stream, less its end."""
    with httpx.Client(base_url=url, timeout=30, verify=PLAIN) as browser:
        tab = Tab(browser)
        return (
            f"GET /events?tab={tab.id} HTTP/1.1\r\nhost: {url.rpartition('/')[2]}\r\n"
            f"cookie: nitro_session={browser.cookies['nitro_session']}\r\n"
        )


async def publish(url: str, first: int, number: int) -> None:
    """Has the crowded app tell so many numbers, from the first on, to everybody."""
    query = {"first": first, "number": number, "size": 100}
    async with httpx.AsyncClient(base_url=url, timeout=30, verify=PLAIN) as client:
        assert (await client.get("/publish", params=query)).status_code == 200


@contextmanager
def crowd_served(words: str, port: int) -> Generator[Served]:
    """Runs a server of the crowded app for as long as the block lasts.

    Args:
        words: What follows ``python -m``; ``{port}`` in it becomes the port.
        port: Where it is to listen, so that another one can do so after it.
    """
    command = [sys.executable, "-m", *words.format(port=port).split()]
    with serve(command, cwd=Path(__file__).parent, port=port) as server:
        yield server


@asynccontextmanager
async def meanwhile(server: AbstractContextManager[Served]) -> AsyncGenerator[Served]:
    """Runs a server for a block; the clients go on while it starts."""
    with ExitStack() as stack:
        yield await asyncio.to_thread(stack.enter_context, server)


@contextmanager
def many_files() -> Generator[None]:
    """Lets this process and those that it starts have many files: a stream is one to both its ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8_192), hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
