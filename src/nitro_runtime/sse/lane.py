"""The way into one event loop: messages from every thread, for the streams that live in it.

One wake-up of the loop carries all messages that were published since the last one; a bare
``put_nowait`` from another thread would leave the loop asleep (seconds, measured). The lane also
holds the loop's one heartbeat timer, so a thousand idle streams cost two timer calls in 15 s.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from nitro_runtime.sse.frames import Frame

log = logging.getLogger(__name__)

MAX_INBOX_BYTES = 16 << 20
"""Bytes that may wait for a loop that stands still (16 MiB); beyond, its streams are ended."""


class Stream(Protocol):
    """What a lane feeds; every method is called in the loop's thread."""

    def push(self, message: Frame) -> None:
        """Takes a message."""
        ...

    def tick(self) -> None:
        """Is told that half a heartbeat passed."""
        ...

    def close(self) -> None:
        """Ends the stream."""
        ...


class Lane:
    """The streams of one event loop; made in the loop's thread.

    Attributes:
        loop: The loop.
        streams: The streams that are open in it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, heartbeat: float) -> None:
        self.loop = loop
        self.streams: dict[Stream, None] = {}
        self._half = heartbeat / 2
        self._thread = threading.get_ident()
        self._lock = threading.RLock()
        self._inbox: list[tuple[tuple[Stream, ...], Frame]] = []
        self._inbox_bytes = 0
        self._flooded = False
        self._timer: asyncio.TimerHandle | None = None

    def add(self, stream: Stream) -> None:
        """Adds an open stream; called in the loop's thread."""
        self.streams[stream] = None
        if self._timer is None:
            self._timer = self.loop.call_later(self._half, self._tick)

    def remove(self, stream: Stream) -> None:
        """Removes a stream. Safe from every thread, and for one that is not there."""
        self.streams.pop(stream, None)

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

    def _drain(self) -> None:
        with self._lock:
            inbox, self._inbox = self._inbox, []
            self._inbox_bytes = 0
            flooded, self._flooded = self._flooded, False
        if flooded:
            log.warning("the event loop stood still for too long; its streams are ended")
            for stream in tuple(self.streams):
                stream.close()
            return
        for streams, message in inbox:
            for stream in streams:
                stream.push(message)

    def _tick(self) -> None:
        for stream in tuple(self.streams):
            stream.tick()
        self._timer = self.loop.call_later(self._half, self._tick) if self.streams else None
