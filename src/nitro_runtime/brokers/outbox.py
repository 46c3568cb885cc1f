"""What a process has to say to the others, until it has come back from the broker's log.

Not safe across threads: the relay's lock is held around it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from nitro_runtime.brokers.wire import Kind, Message

MOST_MESSAGES = 20_000
"""Messages that may wait for the broker."""

MOST_BYTES = 32 << 20
"""Bytes that may wait for the broker (32 MiB)."""

BATCH_MESSAGES = 256
BATCH_BYTES = 1 << 20
"""What is appended at once, at most; a message alone may be larger."""


@dataclass(slots=True)
class Waiting:
    """A message that has not come back yet.

    Attributes:
        message: The message.
        shown: Whether this process's streams have it already.
    """

    message: Message
    shown: bool


class Outbox:
    """The messages of one process, in order, from when they are said until they were read back.

    Args:
        origin: Names the process.
        most_messages: How many there may be.
        most_bytes: How many bytes they may have.
    """

    def __init__(
        self, origin: str, most_messages: int = MOST_MESSAGES, most_bytes: int = MOST_BYTES
    ) -> None:
        self.origin = origin
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._waiting: OrderedDict[int, Waiting] = OrderedDict()
        self._bytes = 0
        self._last = 0
        self._sent = 0
        self._round = 0
        self._changes: dict[str, None] = {}

    @property
    def has_unsent(self) -> bool:
        """Whether there is something to append."""
        return self._last > self._sent or bool(self._changes)

    def __len__(self) -> int:
        return len(self._waiting) + bool(self._changes)

    @property
    def is_full(self) -> bool:
        """Whether more waits than may."""
        return len(self._waiting) > self._most_messages or self._bytes > self._most_bytes

    def add(
        self, kind: Kind, topics: tuple[str, ...] = (), data: bytes = b"", *, shown: bool = False
    ) -> None:
        """Adds a message.

        Args:
            kind: What it says.
            topics: Of whom.
            data: The events.
            shown: Whether this process's streams have it already.
        """
        self._last += 1
        message = Message(self.origin, self._last, kind, topics, data)
        self._waiting[self._last] = Waiting(message, shown)
        self._bytes += len(message)

    def change(self, what: str) -> None:
        """Adds a change of entities, ``updated:product``: told with the next batch, once however often."""
        self._changes[what] = None

    def batch(self) -> tuple[int, list[Message]]:
        """Returns what is to be appended next, in order; it may be a part of all that waits.

        Returns:
            The round, which `sent` is told, and the messages.
        """
        if self._changes:
            self.add("changes", tuple(self._changes), shown=True)
            self._changes.clear()
        batch: list[Message] = []
        size = 0
        for number in range(self._sent + 1, self._last + 1):
            waiting = self._waiting.get(number)
            if waiting is None:  # it was given up, or is here already
                continue
            size += len(waiting.message)
            if batch and (size > BATCH_BYTES or len(batch) >= BATCH_MESSAGES):
                break
            batch.append(waiting.message)
        if not batch:
            self._sent = self._last
        return self._round, batch

    def sent(self, number: int, round: int) -> None:
        """Says that everything up to this number was appended, unless the round is over."""
        if round == self._round:
            self._sent = max(self._sent, number)

    def send_again(self) -> None:
        """Begins another round: all that did not come back is appended anew, as it may be lost."""
        self._round += 1
        self._sent = next(iter(self._waiting), self._last + 1) - 1

    def returned(self, number: int) -> bool:
        """Says that a message came back; returns whether this process's streams have it already."""
        waiting = self._waiting.pop(number, None)
        if waiting is None:
            return True  # it was given up, for which it was shown
        self._bytes -= len(waiting.message)
        return waiting.shown

    def show(self) -> list[Message]:
        """Returns the events that this process's streams do not have yet; from now on they do."""
        hidden = [waiting for waiting in self._waiting.values() if not waiting.shown]
        for waiting in hidden:
            waiting.shown = True
        return [waiting.message for waiting in hidden if waiting.message.kind == "send"]

    def give_up(self) -> None:
        """Forgets all events, and says that there were some: others must read their state anew."""
        ends = [
            topic
            for waiting in self._waiting.values()
            if waiting.message.kind == "end"
            for topic in waiting.message.topics
        ]
        self._waiting.clear()
        self._bytes = 0
        self._sent = self._last
        self._round += 1
        self.add("gap", shown=True)
        if ends:  # whoever was signed out must not stay
            self.add("end", tuple(dict.fromkeys(ends)), shown=True)
