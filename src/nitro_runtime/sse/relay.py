"""What joins the hubs of several processes: a protocol, which a broker fulfils."""

from __future__ import annotations

from typing import Protocol

Topics = tuple[str, ...]
"""The topics of one message; a stream that has several of them gets it once."""


class Relay(Protocol):
    """Carries what is broadcast to the hubs of other processes, and back to this one."""

    def send(self, topics: Topics, data: bytes) -> int:
        """Takes a message for the streams of all processes; safe from every thread, never waits.

        Returns:
            How many streams of this process it is on its way to, as far as is known yet.
        """
        ...

    def end(self, topic: str) -> None:
        """Has the other processes end their streams of a topic."""
        ...
