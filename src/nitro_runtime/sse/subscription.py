"""One open stream of one browser tab: what waits to be sent to it, bounded.

A `Subscription` belongs to the event loop in which it was made and is read there by one reader.
Messages are bytes that all streams share; what waits for a slow reader is bounded, and a reader
that falls behind is ended, so that its browser reconnects and gets the full state.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
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

STALLED_TICKS = 8
"""Half heartbeats after which a stream that nobody reads any more is ended."""


class Subscription:
    """An async iterator of encoded events for one stream; made by `Hub.subscribe`.

    It ends when it is closed, when the hub closes, when its reader falls behind, or when its
    reader is cancelled. Each item holds all whole events that wait, so one write sends them.

    Attributes:
        topics: The topics it listens to.
        overflowed: Whether it was ended because its reader fell behind.
        position: Of the last broadcast that was handed out; None before the first.
    """

    __slots__ = (
        "__weakref__",
        "_ended",
        "_forget",
        "_lane",
        "_quiet",
        "_size",
        "_stalled",
        "_waiter",
        "_waiting",
        "overflowed",
        "position",
        "topics",
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
        self._waiting: deque[Frame] = deque(first)
        self._size = 0  # the first state is not held against the reader
        self._lane = lane
        self._forget = forget
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._quiet = False
        self._stalled = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._waiting and not self._ended:
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
        if not self._waiting:
            raise StopAsyncIteration
        return self._take()

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
        size = len(message)
        if self._waiting and (
            self._size + size > MAX_WAITING_BYTES or len(self._waiting) >= MAX_WAITING_MESSAGES
        ):
            self._overflow()
            return
        self._waiting.append(message)
        self._size += size
        self._quiet = False
        self._wake()

    def tick(self) -> None:
        """Called every half heartbeat: keeps a silent stream alive, ends an unread one."""
        if self._waiting:
            self._stalled += 1
            if self._stalled >= STALLED_TICKS:
                self._overflow()
        elif self._quiet:
            self.push(_HEARTBEAT)
        else:
            self._quiet = True

    def end(self) -> None:
        """Ends the stream; its reader is woken and stops."""
        self._ended = True
        self._wake()

    def _overflow(self) -> None:
        log.info("a stream fell behind and is ended; its browser reconnects with full state")
        self.overflowed = True
        self._waiting.clear()
        self._forget(self)
        self.end()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _take(self) -> bytes:
        waiting = self._waiting
        self._size = 0
        self._stalled = 0
        for frame in waiting:
            if frame.position is not None:
                self.position = frame.position
        if len(waiting) == 1:
            return waiting.popleft().data
        joined = b"".join([frame.data for frame in waiting])
        waiting.clear()
        return joined
