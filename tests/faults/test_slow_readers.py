"""Readers that never read: they are ended, and nobody else notices."""

from __future__ import annotations

import re
import resource
import selectors
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from waiting import until

from nitro_runtime.testing.serving import Served, serve
from nitro_runtime.testing.web_suite import Tab

SUPPORT = Path(__file__).parents[1] / "support"
HEALTHY = 20
SIZE = 20_000
ROUND = 10

UVICORN = "uvicorn crowded_app:asgi --port {port} --log-level warning"
GRANIAN = "granian crowded_app:asgi --interface asgi --port {port} --log-level warning"
GUNICORN = (
    "gunicorn crowded_app:wsgi --bind 127.0.0.1:{port} --worker-class gthread --threads 48"
    " --log-level warning"
)


@contextmanager
def crowd_served(words: str, stalled: float) -> Generator[Served]:
    environment = {"NITRO_TEST_STALLED": str(stalled)}
    with serve([sys.executable, "-m", *words.split()], cwd=SUPPORT, environment=environment) as at:
        yield at


class Crowd:
    """Streams of tabs: some are read by a thread, from the others nobody reads."""

    def __init__(self, served: Served, stack: ExitStack) -> None:
        self.client = stack.enter_context(httpx.Client(base_url=served.url, timeout=30))
        self._stack = stack
        self._port = int(served.url.rpartition(":")[2])
        self.published = 0
        self.seen: dict[socket.socket, list[int]] = {}
        self.ended: set[socket.socket] = set()
        self._rest: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()
        stack.callback(self._selector.close)
        self._over = threading.Event()

    def open(self, room: int | None = None) -> socket.socket:
        """Opens the stream of a tab; with little room for what has not been read."""
        request = (
            f"GET /events?tab={Tab(self.client).id} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n"
            f"cookie: nitro_session={self.client.cookies['nitro_session']}\r\n\r\n"
        )
        stream = socket.socket()
        self._stack.enter_context(stream)
        if room is not None:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        stream.connect(("127.0.0.1", self._port))
        stream.sendall(request.encode())
        return stream

    def read(self, number: int) -> None:
        """Opens streams, and has them read in a thread."""
        for _ in range(number):
            stream = self.open()
            self.seen[stream], self._rest[stream] = [], b""
            self._selector.register(stream, selectors.EVENT_READ)
        reading = threading.Thread(target=self._read)
        reading.start()
        self._stack.callback(reading.join)
        self._stack.callback(self._over.set)

    def _read(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.1):
                stream: socket.socket = key.fileobj  # pyright: ignore[reportAssignmentType] # as registered
                data = self._rest[stream] + stream.recv(1 << 18)
                self.seen[stream] += [int(n) for n in re.findall(rb"n=(\d+);", data)]
                self._rest[stream] = data[-20:] if b"n=" in data[-20:] else b""

    def publish(self) -> None:
        """Publishes some events and waits until those who read have them."""
        query = {"first": self.published, "number": ROUND, "size": SIZE}
        assert self.client.get("/publish", params=query).status_code == 200
        self.published += ROUND
        last = self.published - 1
        until(lambda: all(n[-1:] == [last] for n in self.seen.values()), "readers to have it", 60)

    def count(self) -> int:
        return int(self.client.get("/open").text)


def processes(served: Served) -> list[Path]:
    """The server and its children."""
    found: list[Path] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = file.read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has ended
            continue
        if str(served.process.pid) in (file.parent.name, parent):
            found.append(file.parent)
    return found


def memory(served: Served) -> int:
    pages = sum(int((one / "statm").read_text().split()[1]) for one in processes(served))
    return pages * resource.getpagesize()


def connections(served: Served) -> int:
    """How many sockets the server has open."""
    found = 0
    for one in processes(served):
        for link in (one / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed since it was listed
                found += "socket:" in str(link.readlink())
    return found


def nobody_notices(words: str, stuck: int, stalled: float, *, cuts: bool = True) -> None:
    """Has some readers never read while others get everything, in order."""
    with ExitStack() as stack:
        served = stack.enter_context(crowd_served(words, stalled))
        crowd = Crowd(served, stack)
        crowd.read(HEALTHY)
        until(lambda: crowd.count() == HEALTHY, "the streams of those who read")
        crowd.publish()
        without = connections(served)
        for _ in range(stuck):
            crowd.open(room=4_096)
        until(lambda: crowd.count() == HEALTHY + stuck, "the others' streams")
        before = memory(served)
        while crowd.count() > HEALTHY:
            crowd.publish()
            assert crowd.published * SIZE < 400_000_000, "they were never ended"
        for _ in range(5):
            crowd.publish()
        # At most what may wait for each, and what the server holds itself.
        assert memory(served) - before < stuck * 3_000_000 + 30_000_000
        assert all(seen == list(range(crowd.published)) for seen in crowd.seen.values())
        assert crowd.count() == HEALTHY
        if cuts:
            until(lambda: connections(served) <= without + 1, "their connections to be cut")
        # gunicorn logs it as an error of the connection, which it is.
        assert "Traceback" not in served.log().replace(
            "Socket error processing request.\nTraceback", ""
        )


@pytest.mark.parametrize("words", [UVICORN, GRANIAN], ids=["uvicorn", "granian"])
def test_ten_readers_that_never_read_are_cut_off_and_nobody_notices(words: str) -> None:
    # granian keeps a connection until TCP gives it up; what is sent to the stream it does not.
    nobody_notices(words, 10, stalled=1.5, cuts=words is UVICORN)


def test_a_thread_of_a_server_is_free_again_when_its_reader_never_reads() -> None:
    nobody_notices(GUNICORN, 10, stalled=1.5)


@pytest.mark.soak
@pytest.mark.parametrize("words", [UVICORN, GRANIAN], ids=["uvicorn", "granian"])
def test_a_hundred_readers_that_never_read_are_cut_off_and_nobody_notices(words: str) -> None:
    nobody_notices(words, 100, stalled=15, cuts=words is UVICORN)
