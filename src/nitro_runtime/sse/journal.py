"""What was broadcast a moment ago, by topic: for streams that were away and come back.

Bounded three ways: by number and by age for each topic, by bytes for all together. It knows what it
has forgotten, so that a gap is said and never passed over. Not safe across threads: the hub's lock
is held around it.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nitro_runtime.sse.frames import Frame, Position

MOST_EVENTS = 1_000
"""Messages that are kept of one topic."""

SECONDS = 300.0
"""How long a message is kept, and a topic that nobody listens to any more."""

MOST_BYTES = 64 << 20
"""Bytes that are kept of all topics together (64 MiB)."""

START: Position = (0, 0)

Left = tuple[Position, frozenset[str]]
"""Where a stream stood when it ended, and what it listened to."""


@dataclass(slots=True, eq=False)
class _Record:
    frame: Frame
    position: Position
    topics: tuple[str, ...]
    since: float
    held: int
    """By how many topics."""


@dataclass(slots=True, eq=False)
class _Topic:
    floor: Position
    """Everything after this position is here."""
    records: deque[_Record]
    left: Left | None = None


class Journal:
    """The last messages of each topic.

    Args:
        most_events: Of one topic.
        seconds: The oldest that is kept.
        most_bytes: Of all topics.
        clock: Seconds, never going back.
    """

    def __init__(
        self,
        most_events: int = MOST_EVENTS,
        seconds: float = SECONDS,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_events = most_events
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._clock = clock
        self._topics: dict[str, _Topic] = {}
        self._idle: OrderedDict[str, float] = OrderedDict()
        self._records: OrderedDict[Position, _Record] = OrderedDict()
        self._bytes = 0
        self._floor: Position | None = None

    def restart(self, floor: Position | None) -> None:
        """Forgets everything.

        Args:
            floor: From which position on everything will be kept, of whatever topic; None keeps
                only what topics get that are watched.
        """
        watched = [topic for topic in self._topics if topic not in self._idle]
        self._topics.clear()
        self._idle.clear()
        self._records.clear()
        self._bytes = 0
        self._floor = floor
        for topic in watched:
            self.watch(topic, floor or START)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._bytes

    def watch(self, topic: str, head: Position) -> None:
        """Says that a topic has a stream from now on, when the last broadcast was ``head``."""
        self._prune()
        self._idle.pop(topic, None)
        if topic not in self._topics:
            self._topics[topic] = _Topic(self._floor or head, deque())

    def leave(self, topic: str, left: Left) -> None:
        """Says that a topic has no stream any more, and where its last one stood.

        It is kept for a while.
        """
        if topic in self._topics:
            self._topics[topic].left = left
            self._idle[topic] = self._clock()
            self._idle.move_to_end(topic)

    def left(self, topic: str) -> Left | None:
        """Returns where the last stream of a topic stood, if that is still known."""
        known = self._topics.get(topic)
        return None if known is None else known.left

    def wants(self, topics: Iterable[str]) -> bool:
        """Whether a message for these topics would be kept."""
        if self._floor is not None:
            return True
        self._prune()
        return any(topic in self._topics for topic in topics)

    def keep(self, topics: tuple[str, ...], frame: Frame, position: Position) -> None:
        """Keeps a message; positions only grow."""
        self._prune()
        holders = [known for topic in topics if (known := self._entry(topic)) is not None]
        if not holders:
            return
        record = _Record(frame, position, topics, self._clock(), len(holders))
        self._records[position] = record
        self._bytes += len(frame)
        for holder in holders:
            holder.records.append(record)
            if len(holder.records) > self._most_events:
                self._release(holder)
        while self._bytes > self._most_bytes and len(self._records) > 1:
            self._forget_oldest()

    def since(self, topics: Iterable[str], position: Position) -> list[Frame] | None:
        """Returns what these topics got after a position, in order; None when some of it is gone."""
        self._prune()
        missed: dict[Position, Frame] = {}
        for topic in topics:
            known = self._topics.get(topic)
            floor = self._floor if known is None else known.floor
            if floor is None or position < floor:
                return None
            for record in reversed(known.records if known is not None else ()):
                if record.position <= position:
                    break
                missed[record.position] = record.frame
        return [missed[at] for at in sorted(missed)]

    # -- inside -------------------------------------------------------------------------------

    def _entry(self, topic: str) -> _Topic | None:
        known = self._topics.get(topic)
        if known is None and self._floor is not None:
            known = self._topics[topic] = _Topic(self._floor, deque())
            self._idle[topic] = self._clock()
        elif topic in self._idle:
            self._idle[topic] = self._clock()
            self._idle.move_to_end(topic)
        return known

    def _prune(self) -> None:
        """Forgets what is too old."""
        oldest = self._clock() - self._seconds
        while self._records and next(iter(self._records.values())).since < oldest:
            self._forget_oldest()
        while self._idle and next(iter(self._idle.values())) < oldest:
            topic, _ = self._idle.popitem(last=False)
            for record in self._topics.pop(topic).records:
                self._unhold(record)

    def _forget_oldest(self) -> None:
        record = next(iter(self._records.values()))
        if self._floor is not None:
            self._floor = max(self._floor, record.position)
        for topic in record.topics:
            holder = self._topics.get(topic)
            while holder and holder.records and holder.records[0].position <= record.position:
                self._release(holder)
        self._drop(record)  # a topic that held it may be gone

    def _release(self, holder: _Topic) -> None:
        record = holder.records.popleft()
        holder.floor = record.position
        self._unhold(record)

    def _unhold(self, record: _Record) -> None:
        record.held -= 1
        if record.held <= 0:
            self._drop(record)

    def _drop(self, record: _Record) -> None:
        if self._records.pop(record.position, None) is not None:
            self._bytes -= len(record.frame)
