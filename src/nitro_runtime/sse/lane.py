"""The way into one event loop: messages from every thread, for the streams that live in it.

One wake-up of the loop carries all messages that were published since the last one; a bare
``put_nowait`` from another thread would leave the loop asleep (seconds, measured). What came for the
same streams is joined once for all of them, and each writes once. The lane also holds the loop's one
timer, so a thousand idle streams cost a few timer calls in 15 s.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, Protocol

from nitro_runtime.sse.frames import Frame, joined

log = logging.getLogger(__name__)

MAX_INBOX_BYTES = 16 << 20
"""Bytes that may wait for a loop that stands still (16 MiB); beyond, its streams are ended."""

STALLED_SECONDS = 15.0
"""How long something may wait for a reader that takes nothing, at most; then its stream is ended."""

TICK_SECONDS = 5.0
"""Between two looks at all streams, at most."""

MAX_JOINED_BYTES = 1 << 18
"""Messages are joined up to this length (256 KiB), so that a reader's bound is kept in small steps."""

AT_ONCE = 250
"""Streams that write before the loop does something else (some milliseconds)."""

Post = tuple[tuple["Stream", ...], Frame]


class Stream(Protocol):
    """What a lane feeds; every method is called in the loop's thread."""

    def push(self, message: Frame) -> None:
        """Takes a message; `wake` follows."""
        ...

    def wake(self) -> None:
        """Is told that all is there that came by now."""
        ...

    def tick(self) -> None:
        """Is told that the time of a tick passed; `wake` follows."""
        ...

    def close(self) -> None:
        """Ends the stream."""
        ...


class Lane:
    """The streams of one event loop; made in the loop's thread.

    Attributes:
        loop: The loop.
        streams: The streams that are open in it.
        silent_ticks: After how many ticks of silence a stream is due to have a heartbeat.
        stalled_ticks: After how many a stream is ended from which nothing is taken.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, heartbeat: float) -> None:
        self.loop = loop
        self.streams: dict[Stream, None] = {}
        self._seconds = min(heartbeat / 2, TICK_SECONDS)
        self.silent_ticks = int(heartbeat / self._seconds)
        self.stalled_ticks = max(1, int(STALLED_SECONDS / self._seconds))
        self._thread = threading.get_ident()
        self._lock = threading.RLock()
        self._inbox: list[Post] = []
        self._inbox_bytes = 0
        self._flooded = False
        self._timer: asyncio.TimerHandle | None = None
        self._last: tuple[list[Frame], Frame] | None = None

    def add(self, stream: Stream) -> None:
        """Adds an open stream; called in the loop's thread."""
        self.streams[stream] = None
        if self._timer is None:
            self._timer = self.loop.call_later(self._seconds, self._tick)

    def remove(self, stream: Stream) -> None:
        """Removes a stream. Safe from every thread, and for one that is not there."""
        self.streams.pop(stream, None)

    def end_all(self) -> None:
        """Ends all its streams; called in the loop's thread."""
        for stream in tuple(self.streams):
            stream.close()

    def post(self, streams: tuple[Stream, ...], message: Frame) -> bool:
        """Hands a message to these streams at the loop's next turn. Safe from every thread.

        Returns:
            False when the loop is closed, and its streams with it.
        """
        with self._lock:
            asleep = not self._inbox
            if self._inbox_bytes > MAX_INBOX_BYTES:
                self._flooded = True
                return True
            self._inbox.append((streams, message))
            self._inbox_bytes += len(message)
        if not asleep:
            return True
        if threading.get_ident() == self._thread and not self.loop.is_closed():
            self.loop.call_soon(self._drain)  # saves the system call that wakes a sleeping loop
            return True
        return self.call(self._drain)

    def call(self, function: Callable[[], Any]) -> bool:
        """Calls a function in the loop soon. Safe from every thread and from a signal handler.

        Returns:
            False when the loop is closed.
        """
        try:
            self.loop.call_soon_threadsafe(function)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            return False
        return True

    def join(self, frames: list[Frame]) -> Frame:
        """Returns several messages as one: the same object for all streams that ask in turn."""
        if self._last is None or self._last[0] != frames:
            self._last = frames, joined(frames)
        return self._last[1]

    def _drain(self) -> None:
        with self._lock:
            inbox, self._inbox = self._inbox, []
            self._inbox_bytes = 0
            flooded, self._flooded = self._flooded, False
        if flooded:
            log.warning("the event loop stood still for too long; its streams are ended")
            self.end_all()
            return
        reached: dict[Stream, None] = {}
        for streams, message in _together(inbox):
            for stream in streams:
                stream.push(message)
            reached.update(dict.fromkeys(streams))
        self._wake(list(reached))

    def _wake(self, streams: list[Stream]) -> None:
        for stream in streams[:AT_ONCE]:
            stream.wake()
        if len(streams) > AT_ONCE:
            self.loop.call_soon(self._wake, streams[AT_ONCE:])
        else:
            self._last = None

    def _tick(self) -> None:
        streams = list(self.streams)
        for stream in streams:
            stream.tick()
        self._wake(streams)
        self._timer = self.loop.call_later(self._seconds, self._tick) if self.streams else None


def _together(inbox: Iterable[Post]) -> Iterator[Post]:
    """Joins what came one after another for the very same streams.

    Of several states of one thing only the last is left.
    """
    for _, posts in groupby(inbox, lambda post: (id(post[0]), post[1].replaces)):
        same = list(posts)
        streams, last = same[-1]
        frames = [last] if last.replaces is not None else [frame for _, frame in same]
        for some in _in_pieces(frames):
            yield streams, some[0] if len(some) == 1 else joined(some)


def _in_pieces(frames: list[Frame]) -> Iterator[list[Frame]]:
    """Splits frames where they would be too long together."""
    piece: list[Frame] = []
    size = 0
    for frame in frames:
        if piece and size + len(frame) > MAX_JOINED_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(frame)
        size += len(frame)
    yield piece
