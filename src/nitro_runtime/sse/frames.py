"""What travels to open streams: encoded once, shared by all of them."""

from __future__ import annotations

import re
from collections.abc import Callable

Position = tuple[int, int]
"""Where a message stands among all that were broadcast; later ones are greater."""

_ID = re.compile(r"([A-Za-z0-9_-]{1,64}):([0-9]{1,20})-([0-9]{1,20})")


class Frame:
    """One message: whole events as bytes, the same object for every stream.

    Args:
        data: The events.
        position: Where it stands among all broadcasts; None for what nobody could miss, such as a
            view's current state.
        replaces: The topic of which it is the whole state: a stream for which an earlier one still
            waits is sent this one alone. None: it is never dropped.

    Attributes:
        data: The events, with the id of its position.
        position: As given.
        replaces: As given.
    """

    __slots__ = ("_coded", "data", "position", "replaces")

    def __init__(
        self, data: bytes, position: Position | None = None, replaces: str | None = None
    ) -> None:
        self.data = data
        self.position = position
        self.replaces = replaces
        self._coded: dict[str, bytes] | None = None

    def __len__(self) -> int:
        return len(self.data)

    def coded(self, coding: str, make: Callable[[bytes], bytes]) -> bytes:
        """Returns its data in a content coding, made once for all streams that take it.

        Args:
            coding: The coding's name.
            make: Makes it of the data.
        """
        if self._coded is None:
            self._coded = {}
        known = self._coded.get(coding)
        if known is None:
            known = self._coded[coding] = make(self.data)
        return known


def event_id(epoch: str, position: Position) -> str:
    """Returns the id of an event: ``<epoch>:<a>-<b>``, which a browser sends back."""
    return f"{epoch}:{position[0]}-{position[1]}"


def position_of(event_id: str, epoch: str) -> Position | None:
    """Returns the position that an id names; None when it is none of this epoch.

    Args:
        event_id: As a browser sent it: anything.
        epoch: The hub's own.
    """
    match = _ID.fullmatch(event_id)
    if match is None or match[1] != epoch:
        return None
    return int(match[2]), int(match[3])


def with_id(data: bytes, event_id: str) -> bytes:
    """Returns events with an id in the last: whoever did not get the last is sent all again."""
    start = data.rfind(b"\n\n", 0, len(data) - 2)
    at = 0 if start < 0 else start + 2
    return b"%bid: %b\n%b" % (data[:at], event_id.encode("ascii"), data[at:])


def joined(frames: list[Frame]) -> Frame:
    """Returns several messages as one, which stands where the last of them with a position does."""
    position = next((one.position for one in reversed(frames) if one.position is not None), None)
    return Frame(b"".join([frame.data for frame in frames]), position)
