"""Three instances of one app on different servers and ports, and the clients that listen to them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from nitro_runtime.testing.coroutines import until
from nitro_runtime.testing.serving import PLAIN, Served, serve, together

SUPPORT = Path(__file__).parent


SERVERS = {
    "starlette": "uvicorn broker_app:app --host 127.0.0.1 --port {port} --log-level warning",
    # two processes behind one port, forked from one that has imported the app
    "flask": (
        "gunicorn broker_app:app --bind 127.0.0.1:{port} --worker-class gthread --threads 24"
        " --workers 2 --preload --keep-alive 0"
    ),
    "sanic": "sanic broker_app:app --host 127.0.0.1 --port {port} --no-motd",
}


def instance(framework: str, folder: Path, broker: str) -> AbstractContextManager[Served]:
    """Runs one instance for as long as the block lasts."""
    environment = {
        "BROKER_APP_FRAMEWORK": framework,
        "NITRO_BROKER_URL": broker,
        "NITRO_DATABASE_URL": f"sqlite:///{folder / 'shared.db'}",
        "NITRO_SECRET_KEY": "a key that all instances share",
        "PYTHONPATH": os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", *SERVERS[framework].split()]
    return serve(command, cwd=folder, environment=environment)


@contextmanager
def instances(folder: Path, broker: str) -> Generator[list[Served]]:
    """Runs one instance on each of the servers; they start at the same time."""
    with together([instance(framework, folder, broker) for framework in SERVERS]) as served:
        yield served


class Client:
    """Listens to an instance: what it was told, in order.

    Attributes:
        said: The numbers by process, as they came.
        ids: The ids that came.
        resyncs: How often it was told to read its state anew.
    """

    def __init__(self) -> None:
        self.said: dict[str, list[int]] = {}
        self.order: list[str] = []
        self.ids: list[str] = []
        self.resyncs = 0
        self.is_open = False

    def take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "retry":
            self.is_open = True
        elif name == "id":
            self.ids.append(value)
        elif (name, value) == ("event", "nitro-resync"):
            self.resyncs += 1
        elif name == "data" and value.replace(" ", "").isdecimal():
            process, _, number = value.partition(" ")
            self.said.setdefault(process, []).append(int(number))
            self.order.append(value)

    async def listen(self, http: httpx.AsyncClient, url: str, last_event_id: str = "") -> None:
        headers = {"last-event-id": last_event_id} if last_event_id else {}
        async with http.stream("GET", f"{url}/listen", headers=headers) as response:
            async for line in response.aiter_lines():
                self.take(line)

    def has_all(self, last: dict[str, int]) -> bool:
        """Whether the last number of each process came."""
        return all(self.said.get(process, [0])[-1] >= number for process, number in last.items())


@asynccontextmanager
async def listening(urls: Sequence[str], last_event_id: str = "") -> AsyncGenerator[list[Client]]:
    """Opens a stream to each address for as long as the block lasts."""
    clients = [Client() for _ in urls]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=20, limits=limits, verify=PLAIN) as http:
        tasks = [
            asyncio.create_task(client.listen(http, url, last_event_id))
            for client, url in zip(clients, urls, strict=True)
        ]
        try:
            await until(lambda: all(client.is_open for client in clients), "the streams")
            yield clients
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Speakers:
    """Has every instance say number after number until the block ends.

    Attributes:
        last: The last number of each process.
        slowest: Seconds that the slowest request took.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._over = False
        self.last: dict[str, int] = {}
        self.slowest = 0.0

    async def __aenter__(self) -> Speakers:
        self._tasks = [asyncio.create_task(self._speak(url)) for url in self._urls]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _speak(self, url: str) -> None:
        async with httpx.AsyncClient(timeout=20, verify=PLAIN) as http:
            while not self._over:
                begun = time.monotonic()
                told = (await http.get(f"{url}/say")).raise_for_status().json()
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.last[str(told["process"])] = told["number"]
                await asyncio.sleep(0.005)

    async def further(self, numbers: int) -> None:
        """Waits until so many more were said."""
        goal = sum(self.last.values()) + numbers
        await until(lambda: sum(self.last.values()) >= goal, "more numbers")
