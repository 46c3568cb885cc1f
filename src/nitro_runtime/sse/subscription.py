"""One open stream of one browser tab: what waits to be sent to it, bounded.

A `Subscription` belongs to the event loop in which it was made and has one reader there. Messages
are bytes that all streams share; what waits for a slow reader is bounded, and a reader that falls
behind is ended, so that its browser reconnects and gets the full state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from nitro_runtime.sse.frames import Frame, Position
from nitro_runtime.sse.lane import Lane

log = logging.getLogger(__name__)

HEARTBEAT = b":\n\n"
"""A comment of the stream: it keeps proxies from cutting a silent stream, and finds gone clients."""

_HEARTBEAT = Frame(HEARTBEAT)

MAX_WAITING_BYTES = 1 << 20
"""Bytes that may wait for one slow reader (1 MiB), beside one message of any size."""

MAX_WAITING_MESSAGES = 1_000
"""Messages that may wait for one slow reader."""


class Subscription:
    """An async iterator of encoded events for one stream; made by `Hub.subscribe`.

    It ends when it is closed, when the hub closes, when its reader falls behind, or when its
    reader is cancelled. Each item holds all whole events that wait, so one write sends them.

    What writes streams for a server reads it without iterating: it has itself called by `on_wake`,
    and takes what waits by `take`.

    Attributes:
        topics: The topics it listens to.
        overflowed: Whether it was ended because its reader fell behind.
        position: Of the last broadcast that was handed out; None before the first.
        writing: Whether the reader is still writing what it took; it says so itself.
    """

    __slots__ = (
        "__weakref__",
        "_ended",
        "_forget",
        "_lane",
        "_on_wake",
        "_silent",
        "_size",
        "_stalled",
        "_waiter",
        "_waiting",
        "overflowed",
        "position",
        "topics",
        "writing",
    )

    def __init__(
        self,
        topics: Iterable[str],
        first: Iterable[Frame],
        lane: Lane,
        forget: Callable[[Subscription], None],
    ) -> None:
        self.topics = frozenset(topics)
        self.overflowed = False
        self.position: Position | None = None
        self.writing = False
        self._waiting: list[Frame] = list(first)
        self._size = 0  # the first state is not held against the reader
        self._lane = lane
        self._forget = forget
        self._on_wake: Callable[[], None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._silent = 0
        self._stalled = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        await self.wait()
        frame = self.take()
        if frame is None:
            raise StopAsyncIteration
        return frame.data

    async def wait(self) -> None:
        """Waits until there is something to take, or the end."""
        if self._waiting or self._ended:
            return
        if self._waiter is not None:
            raise RuntimeError("a stream has one reader")
        self._waiter = self._lane.loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.close()  # the client left: as with an async generator, that is the end
            raise
        finally:
            self._waiter = None

    def take(self) -> Frame | None:
        """Returns all that waits as one message; None when nothing does."""
        waiting = self._waiting
        if not waiting:
            return None
        self._size = self._silent = self._stalled = 0
        if len(waiting) == 1:
            frame = waiting.pop()
        else:
            frame = self._lane.join(waiting)
            self._waiting = []
        if frame.position is not None:
            self.position = frame.position
        return frame

    def on_wake(self, reader: Callable[[], None] | None) -> None:
        """Has a function called in the loop whenever something waits, and at the end."""
        self._on_wake = reader

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def aclose(self) -> None:
        """Ends the stream, as closing an async generator does."""
        self.close()

    def close(self) -> None:
        """Ends the stream; what waits already is still handed out. Safe from every thread."""
        self._forget(self)
        self._lane.call(self.end)

    @property
    def closed(self) -> bool:
        """Whether it has ended; events that wait may still be read."""
        return self._ended

    # -- in the loop's thread only, called by the lane ---------------------------------------

    def push(self, message: Frame) -> None:
        """Lets a message wait for the reader; ends the stream when too much waits already."""
        if self._ended:
            return
        if self._waiting:
            self._make_room(message)
            if self._ended:
                return
        self._waiting.append(message)
        self._size += len(message)

    def wake(self) -> None:
        """Tells the reader that something waits, or that this is the end."""
        if self._on_wake is not None:
            self._on_wake()
            return
        waiter = self._waiter
        if waiter is not None and not waiter.done() and (self._waiting or self._ended):
            waiter.set_result(None)

    def tick(self) -> None:
        """Keeps a silent stream alive, ends one from which nothing is taken."""
        if self._waiting or self.writing:
            self._stalled += 1
            if self._stalled >= self._lane.stalled_ticks:
                self._overflow()
            return
        self._silent += 1
        if self._silent >= self._lane.silent_ticks:
            self.push(_HEARTBEAT)

    def end(self) -> None:
        """Ends the stream; its reader is woken and stops."""
        self._ended = True
        self.wake()

    def _make_room(self, message: Frame) -> None:
        """Drops an earlier state of the same thing; ends the stream when too much waits."""
        if message.replaces is not None:
            for at, waiting in enumerate(self._waiting):
                if waiting.replaces == message.replaces:
                    del self._waiting[at]
                    self._size -= len(waiting)
                    return
        is_full = len(self._waiting) >= MAX_WAITING_MESSAGES
        if is_full or self._size + len(message) > MAX_WAITING_BYTES:
            self._overflow()

    def _overflow(self) -> None:
        log.info("a stream fell behind and is ended; its browser reconnects with full state")
        self.overflowed = True
        self._waiting = []
        self._forget(self)
        self.end()
