"""The body of a stream's reply: what a subscription hands out, in the coding that its client takes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Any, NoReturn

from nitro_runtime.sse import Subscription
from nitro_runtime.web import compression
from nitro_runtime.web.compression import Coder
from nitro_runtime.web.request import Reply, Request


class Stack:
    """What is to be undone at a stream's end: an `ExitStack` that takes little memory.

    There is one for each open stream, and the standard library's takes a kilobyte.
    """

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def callback(self, function: Callable[..., object], *args: Any) -> None:  # noqa: ANN401 # the function's
        """Has a function called at the end."""
        self._undo.append(partial(function, *args) if args else function)

    def enter_context(self, manager: AbstractContextManager[object]) -> None:
        """Enters a context, which is left at the end."""
        manager.__enter__()
        self.callback(manager.__exit__, None, None, None)

    def close(self) -> None:
        """Undoes all, the last first, even if some of it raises; the first error is raised."""
        errors: list[Exception] = []
        while self._undo:
            try:
                self._undo.pop()()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]


Begin = Callable[[Stack], Awaitable[Subscription]]
"""Opens the subscription; what is to be done at the end is put on the stack."""

STREAM_HEADERS = (
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
)
"""Proxies must not hold events back (the last one is nginx's)."""


def reply(request: Request, begin: Begin) -> Reply:
    """Makes the reply of a stream, compressed where its client takes that.

    Args:
        request: The request for it.
        begin: Opens the subscription once the stream is read, and never for a ``HEAD``.
    """
    coder, named = compression.for_stream(request)
    return Reply(200, [*STREAM_HEADERS, *named], EventStream(begin, coder))


class EventStream(AsyncGenerator[bytes, None]):
    """The chunks of one stream. It belongs to one event loop, and is read once.

    Adapters iterate it, as any body; on ASGI it is written from the loop's callbacks, without
    iterating (`nitro_runtime.web.stream_writer`). Closing it ends the subscription.

    Args:
        begin: Opens the subscription when the first chunk is asked for.
        coder: Compresses; None sends the events as they are.

    Attributes:
        connection: What it is written to, where only writing would tell that the client is gone: a
            stream has nothing to write for seconds, and its thread waits meanwhile.
        subscription: What it hands out; None before it is opened.
    """

    __slots__ = ("_begin", "_coder", "_is_over", "_stack", "connection", "subscription")

    def __init__(self, begin: Begin, coder: Coder | None = None) -> None:
        self._begin: Begin | None = begin
        self._coder = coder
        self._stack = Stack()
        self._is_over = False
        self.connection: socket.socket | None = None
        self.subscription: Subscription | None = None

    async def open(self) -> Subscription:
        """Opens the subscription, once, and returns it."""
        if self.subscription is None:
            if self._begin is None:
                raise StopAsyncIteration
            begin, self._begin = self._begin, None
            self.subscription = await begin(self._stack)
            if self.connection is not None:
                _end_with(self.connection, self.subscription, self._stack)
        return self.subscription

    def take(self) -> bytes | None:
        """Returns what waits, as it is sent; None when nothing does. The subscription is open."""
        assert self.subscription is not None  # noqa: S101 # by its contract
        frame = self.subscription.take()
        if frame is None:
            return None
        return frame.data if self._coder is None else self._coder.encode(frame)

    def tail(self) -> bytes:
        """Returns what ends the coding; empty where nothing does."""
        return b"" if self._coder is None else self._coder.finish()

    async def asend(self, value: None) -> bytes:
        """Returns the next chunk, as an async generator does."""
        if self._is_over:
            raise StopAsyncIteration
        try:
            data = await self._next()
        except BaseException:  # as leaving a generator does
            await self.aclose()
            raise
        if data is None:
            data = self.tail()
            await self.aclose()
            if not data:
                raise StopAsyncIteration
        return data

    async def _next(self) -> bytes | None:
        subscription = await self.open()
        subscription.writing = False
        await subscription.wait()
        subscription.writing = True  # until the next one is asked for
        return self.take()

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> NoReturn:
        """Ends the stream and raises what was given, as an async generator does."""
        await self.aclose()
        raise typ

    async def aclose(self) -> None:
        """Ends the stream; safe to call again."""
        self._is_over = True
        self._begin = None
        if self.subscription is not None:
            self.subscription.on_wake(None)
            self.subscription.close()
        if self._coder is not None:
            self._coder.close()
        self._stack.close()


def _end_with(connection: socket.socket, subscription: Subscription, stack: Stack) -> None:
    """Ends a subscription when the client has closed its connection, where the system can tell."""
    peek: int | None = getattr(socket, "MSG_DONTWAIT", None)
    if peek is None or type(connection) is not socket.socket:  # TLS cannot be looked into
        return
    peek |= socket.MSG_PEEK
    loop, number = asyncio.get_running_loop(), connection.fileno()

    def look() -> None:
        try:
            is_there = bool(connection.recv(1, peek))
        except BlockingIOError:
            return
        except OSError:
            is_there = False
        loop.remove_reader(number)  # what comes by now is the next request, which is the server's
        if not is_there:
            subscription.close()

    loop.add_reader(number, look)
    stack.callback(loop.remove_reader, number)
