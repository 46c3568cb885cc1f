"""`MemoryBroker`: several hubs in one process, for tests."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from itertools import islice

from nitro_runtime.brokers.broker import HISTORY_SECONDS, START, Entry, Mark, Position
from nitro_runtime.errors import BrokerUnavailable

LENGTH = 10_000
"""Entries that a log keeps."""


class MemoryLog:
    """The log of brokers in memory.

    Args:
        length: How many entries it keeps.

    Attributes:
        available: Whether it serves; a test may set it to False, and back.
    """

    def __init__(self, length: int = LENGTH) -> None:
        self.available = True
        self.changed = threading.Condition()
        self._length = length
        self._next = 1
        self.lose()

    def lose(self) -> None:
        """Forgets everything, as a server does that is started anew and had kept nothing."""
        with self.changed:
            self.epoch = secrets.token_urlsafe(8)
            self._entries: list[tuple[float, Entry]] = []
            self._dropped = START
            self.changed.notify_all()

    def add(self, entries: Sequence[bytes]) -> None:
        """Appends entries; the lock of ``changed`` is held."""
        now = time.monotonic()
        for data in entries:
            self._entries.append((now, ((self._next, 0), data)))
            self._next += 1
        for _, (position, _) in self._entries[: -self._length]:
            self._dropped = position
        del self._entries[: -self._length]
        self.changed.notify_all()

    def after(self, position: Position, most: int) -> list[Entry]:
        """Returns the entries after a position; the lock of ``changed`` is held."""
        later = (entry for _, entry in self._entries if entry[0] > position)
        return list(islice(later, most))

    def mark(self, last: Mark | None) -> Mark:
        """Returns from where to read on; the lock of ``changed`` is held."""
        head = self._entries[-1][1][0] if self._entries else self._dropped
        if last is not None and last.epoch == self.epoch:
            return Mark(self.epoch, max(last.position, self._dropped), head)
        recent = time.monotonic() - HISTORY_SECONDS
        old = [entry[0] for since, entry in self._entries if since < recent]
        return Mark(self.epoch, max([self._dropped, *old[-1:]]), head)


class MemoryBroker:
    """A broker in memory: it joins the hubs of one process, and is there for tests.

    Args:
        log: The log that it shares with others; one of its own when left out.
    """

    place = "memory"
    _MOST = 200

    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log = log or MemoryLog()
        self._closed = False

    def another(self) -> MemoryBroker:
        """Returns another broker with the same log, as another process has one."""
        return MemoryBroker(self.log)

    def join(self, last: Mark | None) -> Mark:
        """Says from where to read on."""
        with self.log.changed:
            self._expect_available()
            return self.log.mark(last)

    def append(self, entries: Sequence[bytes]) -> None:
        """Appends entries."""
        with self.log.changed:
            self._expect_available()
            self.log.add(entries)

    def read(self, mark: Mark, seconds: float) -> list[Entry]:
        """Returns entries after a mark, and waits for some."""
        deadline = time.monotonic() + seconds
        with self.log.changed:
            while True:
                self._expect_available()
                if self.log.epoch != mark.epoch:
                    raise BrokerUnavailable("The broker in memory has lost its messages.")
                found = self.log.after(mark.position, self._MOST)
                left = deadline - time.monotonic()
                if found or left <= 0:
                    return found
                self.log.changed.wait(min(left, 0.1))

    def close(self) -> None:
        """Ends it; another one of the same log goes on."""
        with self.log.changed:
            self._closed = True
            self.log.changed.notify_all()

    def _expect_available(self) -> None:
        if self._closed or not self.log.available:
            raise BrokerUnavailable("The broker in memory was closed or does not serve.")
