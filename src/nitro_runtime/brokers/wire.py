"""What stands in an entry of a broker's log: one line of JSON, then the events as they are sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, cast

Kind = Literal["send", "changes", "end", "gap"]

KINDS = ("send", "changes", "end", "gap")

_VERSION = 1
"""Of the format; a process passes over what a newer one writes in another."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one process tells all of them.

    Attributes:
        origin: Names the process.
        number: Counts what it says, from 1, so that what is appended twice is taken once.
        kind: ``send``: events for topics. ``changes``: what entities changed, each
            ``updated:product``. ``end``: streams of topics are to end. ``gap``: what was said before
            could not be kept, so every stream is to read its state anew.
        topics: As the kind says.
        data: Whole events, of ``send``.
    """

    origin: str
    number: int
    kind: Kind
    topics: tuple[str, ...] = ()
    data: bytes = b""

    def __len__(self) -> int:
        return len(self.data) + sum(map(len, self.topics)) + 100  # about what it takes

    def encode(self) -> bytes:
        """Returns it as one entry."""
        head = [_VERSION, self.origin, self.number, self.kind, self.topics]
        return b"%b\n%b" % (json.dumps(head, separators=(",", ":")).encode("ascii"), self.data)


def decode(entry: bytes) -> Message | None:
    """Returns what stands in an entry; None when it is nothing that this version understands."""
    head, newline, data = entry.partition(b"\n")
    try:
        fields: Any = json.loads(head)
    except (ValueError, RecursionError):  # the latter when it is nested without end
        return None
    if not newline or not _is_head(fields):
        return None
    _, origin, number, kind, topics = fields
    return Message(origin, number, kind, tuple(topics), data)


def _is_head(fields: Any) -> bool:  # noqa: ANN401 # anything that JSON can hold
    if not isinstance(fields, list) or len(cast("list[Any]", fields)) != 5:
        return False
    version, origin, number, kind, topics = cast("list[Any]", fields)
    return (
        version == _VERSION
        and isinstance(origin, str)
        and type(number) is int
        and kind in KINDS
        and isinstance(topics, list)
        and all(isinstance(topic, str) for topic in cast("list[Any]", topics))
    )
