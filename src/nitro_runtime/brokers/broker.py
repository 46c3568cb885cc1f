"""`Broker`: what carries messages between the processes of an app; and its address for a reader.

A broker is a log: every process appends to it and reads all of it, in one order that is the same for
everybody. It knows nothing of topics, streams or retries; `nitro_runtime.brokers.relay` does that for
every broker alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

Position = tuple[int, int]
"""Where an entry stands in the log: two whole numbers from 0 up to 2**64 - 1; later ones are greater."""

START: Position = (0, 0)
"""Before all entries."""

Entry = tuple[Position, bytes]
"""One entry of the log: its position, the same for every reader, and what was appended."""

HISTORY_SECONDS = 300.0
"""How much of what was appended before it came a new reader should be given."""


@dataclass(frozen=True, slots=True)
class Mark:
    """From where a process reads on.

    Attributes:
        epoch: The name of the log since it last lost something: letters, digits, ``_`` and ``-``, 64
            at most. As long as it stays the same, nothing was lost, and positions mean the same.
        position: Of the last entry that needs no reading any more.
        head: Of the last entry that there was when the process joined.
    """

    epoch: str
    position: Position = START
    head: Position = START


@runtime_checkable
class Broker(Protocol):
    """Carries messages between processes: a log that all of them append to and read.

    `join` and `read` are called in one thread and `append` in another, at the same time; all of them may
    wait. After a failure `join` is called again, after a while that grows up to 2 s, until it
    succeeds: so it makes whatever connections there are anew. Nothing may be kept from before a
    fork but what the constructor was given.

    A broker of your own has these four methods, and is proved by
    `nitro_runtime.testing.broker_suite`.
    """

    @property
    def place(self) -> str:
        """Where it is, as people are told in the log: host and port, and never a password."""
        ...

    def join(self, last: Mark | None) -> Mark:
        """Connects, and says from where to read on.

        Args:
            last: As far as this process has read; None at first.

        Returns:
            At first, and after the log has lost something (then with another epoch): the log's
            mark, with a position from which on about the last 5 minutes are read, if they are
            all there. Otherwise the epoch and position of ``last``, or a later position when what came
            directly after it was dropped because the log grew too long.

        Raises:
            BrokerUnavailable: It cannot be reached, or does not serve now.
        """
        ...

    def append(self, entries: Sequence[bytes]) -> None:
        """Appends entries in their order: all of them, or none.

        Raises:
            BrokerUnavailable: They were not appended, or it is not known; they are appended once more
                later then, and whoever reads knows them by what stands in them.
        """
        ...

    def read(self, mark: Mark, seconds: float) -> list[Entry]:
        """Returns entries after a mark's position, in order; waits for some when there are none.

        Args:
            mark: As far as this process has read.
            seconds: How long to wait; an empty list is returned then.

        Raises:
            BrokerUnavailable: It went away, was closed, or is not of the mark's epoch any more.
        """
        ...

    def close(self) -> None:
        """Ends it for good, and with it whatever waits in `read`; from any thread, and more than once."""
        ...
