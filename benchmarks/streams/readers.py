"""Reads one stream with many connections, and checks that each got every event in its order.

A program of its own, so that what reading costs is not the server's: one thread, epoll, and no more
parsing than it takes. It is told what to do by lines of JSON, and answers each by one; see `Readers`
for what can be asked.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

from nitro_runtime.sse.compression import zstd_module

EVENT = re.compile(rb'"n": ?(\d+), ?"at": ?(\d+)')
NUMBER = re.compile(rb'"n": ?(\d+)')
BEGUN = b"text/event-stream"
SECONDS = 60.0
WINDOW = 64
"""Events that are asked for at a time when as many as possible are to come."""


Run = tuple[int, int]
"""The numbers of the first and the last event of some that follow each other; none: (0, -1)."""


class Wrong(Exception):
    """An event was lost, came twice, or came out of its order."""


class Connection:
    """One reader of the stream."""

    __slots__ = ("begun", "received", "rest", "seen", "socket")

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.rest = b""
        self.begun = False
        self.seen = -1  # not before the first event is it known where the numbers begin
        self.received = 0

    def whole(self, data: bytes) -> bytes:
        """Returns what has come up to the last whole event; the rest is kept."""
        data = self.rest + data if self.rest else data
        end = data.rfind(b"\n\n") + 2
        if end < 2:
            self.rest = data
            return b""
        self.rest = data[end:] if end < len(data) else b""
        return data[:end]

    def count(self, run: Run) -> None:
        """Takes note of events.

        Raises:
            Wrong: They are not the next ones.
        """
        first, last = run
        if last >= first:
            if first != self.seen + 1 and self.seen >= 0:
                raise Wrong(f"after {self.seen} came {first}")
            self.seen = last
            self.received += last - first + 1


class PressedConnection(Connection):
    """One that is sent zstd, a frame or several in each chunk of the body (RFC 9112, 7.1)."""

    __slots__ = ()

    def whole(self, data: bytes) -> bytes:
        """Returns what has come in whole chunks; the rest is kept."""
        data = self.rest + data
        frames = b""
        while (end := data.find(b"\r\n")) >= 0:
            after = end + 2 + int(data[:end], 16)
            if len(data) < after + 2:
                break
            frames += data[end + 2 : after]
            data = data[after + 2 :]
        self.rest = data
        return zstd_module().decompress(frames) if frames else b""


class Known:
    """The numbers in what has come, parsed once for readers that were sent the very same bytes."""

    def __init__(self) -> None:
        self._last: list[tuple[bytes, Run]] = []

    def run(self, data: bytes) -> Run:
        """Returns the events in some data.

        Raises:
            Wrong: They do not follow each other.
        """
        for known, run in self._last:
            if known == data:
                return run
        numbers = [int(number) for number in NUMBER.findall(data)]
        first = numbers[0] if numbers else 0
        if numbers != list(range(first, first + len(numbers))):
            raise Wrong(f"these do not follow each other: {numbers[:5]}")
        found = first, first + len(numbers) - 1
        self._last = [(data, found), *self._last[:3]]
        return found


class Readers:
    """Many readers of one stream, and what they can be asked to do.

    Args:
        port: Of the server, at 127.0.0.1.
        path: Of the stream; ``{tab}`` in it is another tab's for each reader.
        cookie: To send with each request; perhaps empty.
        coding: In which the stream is to be: ``identity`` or ``zstd``.
    """

    def __init__(self, port: int, path: str, cookie: str, coding: str) -> None:
        self._port = port
        self._cookie = cookie
        self._coding = coding
        self._path = path
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}

    def _asking(self, path: str) -> bytes:
        cookie = f"cookie: {self._cookie}\r\n" if self._cookie else ""
        return (
            f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n"
            f"accept: text/event-stream\r\naccept-encoding: {self._coding}\r\n{cookie}\r\n"
        ).encode()

    def open(self, clients: int) -> dict[str, Any]:
        """Opens so many streams and waits until each has begun."""
        tabs = self._tabs(clients) if "{tab}" in self._path else [""] * clients
        for start in range(0, clients, 100):  # no server has to take more at a time
            for tab in tabs[start : start + 100]:
                connected = socket.create_connection(("127.0.0.1", self._port))
                connected.sendall(self._asking(self._path.replace("{tab}", tab)))
                connected.setblocking(False)
                kind = Connection if self._coding == "identity" else PressedConnection
                self._open[connected.fileno()] = kind(connected)
                self._poll.register(connected, select.EPOLLIN)
            self._turn_until(lambda: all(one.begun for one in self._open.values()))
        return {}

    def _tabs(self, number: int) -> list[str]:
        with closing(HTTPConnection("127.0.0.1", self._port)) as asking:
            asking.request("GET", f"/tabs?number={number}", headers={"cookie": self._cookie})
            return asking.getresponse().read().decode().split()

    def paced(self, number: int, pause: float) -> dict[str, Any]:
        """Has events published one after another, and returns how long each took to each reader."""
        times: list[int] = []

        def take(one: Connection, data: bytes) -> None:
            now = time.monotonic_ns()
            found = EVENT.findall(one.whole(data))
            for number, _ in found:
                one.count((int(number), int(number)))
            times.extend([now - int(at) for _, at in found])

        self._reset()
        self._tell(f"/bench/every?number={number}&pause={pause}")
        self._turn_until(lambda: len(times) >= number * len(self._open), take)
        times.sort()
        at = [times[int(len(times) * part)] / 1e6 for part in (0.5, 0.99)]
        return {"deliveries": len(times), "median_ms": at[0], "p99_ms": at[1]}

    def flooded(self, seconds: float) -> dict[str, Any]:
        """Has as many events published as all readers can take: two windows are on their way."""
        known = Known()

        def take(one: Connection, data: bytes) -> None:
            one.count(known.run(one.whole(data)))

        self._reset()
        asked = 0
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            self._tell(f"/bench/publish?number={WINDOW}")
            asked += WINDOW
            least = asked - WINDOW
            self._turn_until(lambda: self._all_have(least), take)  # noqa: B023 # called in this turn
        self._turn_until(lambda: self._all_have(asked), take)
        took = time.monotonic() - begun
        return {"deliveries": asked * len(self._open), "seconds": took, "events": asked}

    def changed(self, path: str, number: int, size: int) -> dict[str, Any]:
        """Has something changed and waits until each reader got so many bytes, as often as asked."""

        def take(one: Connection, data: bytes) -> None:
            one.received += len(data)

        times: list[float] = []
        for _ in range(number):
            self._reset()
            begun = time.monotonic()
            self._tell(path)
            self._turn_until(lambda: self._all_have(size), take)
            times.append(time.monotonic() - begun)
            time.sleep(
                max(0.0, begun + 0.06 - time.monotonic())
            )  # a view is rendered once in 50 ms
        return {"seconds": sorted(times)[len(times) // 2]}

    def measured(self, path: str) -> dict[str, Any]:
        """Returns how many bytes one change brings to a reader, at least."""
        sizes: dict[int, int] = dict.fromkeys(self._open, 0)

        def take(one: Connection, data: bytes) -> None:
            sizes[one.socket.fileno()] += len(data)

        self._tell(path)
        until = time.monotonic() + 1
        self._turn_until(lambda: time.monotonic() > until, take)
        return {"size": min(sizes.values())}

    def held(self, seconds: float) -> dict[str, Any]:
        """Holds all streams open."""
        until = time.monotonic() + seconds
        self._turn_until(lambda: time.monotonic() > until)
        return {"open": len(self._open)}

    def _reset(self) -> None:
        for one in self._open.values():
            one.received = 0

    def _all_have(self, number: int) -> bool:
        return all(one.received >= number for one in self._open.values())

    def _tell(self, path: str) -> None:
        """Asks the server for something else than the stream; the answer must be a 200."""
        with socket.create_connection(("127.0.0.1", self._port)) as asking:
            request = self._asking(path).replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
            asking.sendall(request)
            asking.settimeout(SECONDS)
            answer = asking.recv(4096)
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise Wrong(f"{path} was answered with {answer[:200]!r}")

    def _turn_until(
        self,
        done: Callable[[], bool],
        take: Callable[[Connection, bytes], None] | None = None,
    ) -> None:
        """Reads what comes until it is enough.

        Raises:
            Wrong: It is not enough within a minute, or a stream ended.
        """
        deadline = time.monotonic() + SECONDS
        room = memoryview(
            bytearray(1 << 18)
        )  # to ask for as much each time takes longer than to read
        while not done():
            if time.monotonic() > deadline:
                raise Wrong(f"waited {SECONDS} s in vain")
            for number, _ in self._poll.poll(0.1):
                one = self._open[number]
                data = bytes(room[: one.socket.recv_into(room)])
                if not data:
                    raise Wrong("a stream ended")
                if not one.begun:
                    one.begun = BEGUN in data.lower()
                    one.rest = data.partition(b"\r\n\r\n")[2]
                elif take:
                    take(one, data)


def main() -> None:
    """Does what it is told by lines, such as ``{"do": "open", "clients": 100}``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("cookie", nargs="?", default="")
    parser.add_argument("coding", nargs="?", default="identity")
    given = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    readers = Readers(given.port, given.path, given.cookie, given.coding)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = getattr(readers, asked.pop("do"))(**asked)
        except Wrong as error:
            told = {"wrong": str(error)}
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
