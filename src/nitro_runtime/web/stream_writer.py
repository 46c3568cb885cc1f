"""Writes streams to ASGI servers, straight from the callbacks of the loop where the server allows it.

A task of its own that waits, is woken, and waits again costs each delivery a third of its time, and
each stream some memory. So where ``send`` does not suspend (uvicorn's does while its client reads) it
is called by whoever published, within the loop, as if by the stream's own task: with that task as
the current one and in its context. A ``send`` that suspends is finished by a task, which goes on to
write that stream to its end.
"""

from __future__ import annotations

import asyncio
from asyncio import tasks as asyncio_tasks
from collections.abc import Awaitable, Callable, Generator, Iterator, MutableMapping
from contextlib import suppress
from contextvars import copy_context
from typing import Any, cast

from nitro_runtime.sse import Subscription
from nitro_runtime.web.event_stream import EventStream

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

GONE_SECONDS = 1.0
"""How long a server may take to notice that a connection was cut."""

# Of "Extending asyncio": what runs a part of a task says so.
_enter_task: Callable[[asyncio.AbstractEventLoop, asyncio.Task[Any]], None]
_enter_task, _leave_task = asyncio_tasks._enter_task, asyncio_tasks._leave_task  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] # documented


async def write_stream(body: EventStream, receive: Receive, send: Send) -> None:
    """Writes a stream until it ends or its client is gone; the response has been started.

    Raises:
        Exception: What ``send`` raised, other than that the client left (`OSError`).
    """
    writer = _Writer(body, await body.open(), send)
    try:
        await writer.write_until_over(receive)
    finally:
        await writer.close()
    if writer.subscription.overflowed:
        await _cut(receive)


class _Writer:
    __slots__ = (
        "_body",
        "_context",
        "_error",
        "_loop",
        "_over",
        "_owner",
        "_send",
        "_task",
        "_waiter",
        "subscription",
    )

    def __init__(self, body: EventStream, subscription: Subscription, send: Send) -> None:
        self.subscription = subscription
        self._body = body
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._owner = cast("asyncio.Task[Any]", asyncio.current_task())
        self._context = copy_context()
        self._task: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._over = False
        self._error: Exception | None = None

    async def write_until_over(self, receive: Receive) -> None:
        """Writes until the subscription ends or the client is gone."""
        cancelled = self._owner.cancelling()
        try:
            suspended = _Watched(self._send(_chunk(self._body.take() or b"")))
            if await suspended:
                self._task = self._loop.create_task(self._write_on())
            self.subscription.on_wake(self.wake)
            self._loop.call_soon(self.wake)  # what came meanwhile
            await gone(receive)
        except OSError:  # the client left while we wrote
            return
        except asyncio.CancelledError:
            # As asyncio.timeout does: only our own cancellation ends here.
            if not self._over or self._owner.uncancel() > cancelled:
                raise
        if self._error is not None and not isinstance(self._error, OSError):
            raise self._error

    async def close(self) -> None:
        """Ends what is still being written."""
        self._over = True
        await self._body.aclose()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def wake(self) -> None:
        """Writes what waits; called in the loop, by no task."""
        if self._over:
            return
        if self.subscription.overflowed:  # it may be stuck in the middle of a write
            self._end()
        elif self._task is None:
            self._write()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _write(self) -> None:
        try:
            while (data := self._body.take()) is not None:
                if not self._sent(_chunk(data)):
                    return
            if self.subscription.closed and self._sent(_last(self._body)):
                self._end()
        except Exception as error:
            self._fail(error)

    def _sent(self, message: MutableMapping[str, Any]) -> bool:
        """Sends as the owner would; leaves a send that suspends to a task, and returns False."""
        step = self._send(message).__await__()
        _enter_task(self._loop, self._owner)
        try:
            yielded = self._context.run(next, step)
        except StopIteration:
            return True
        finally:
            _leave_task(self._loop, self._owner)
        is_last = not message["more_body"]
        finishing = self._write_on(_Rest(step, yielded), is_last=is_last)
        self._task = self._loop.create_task(finishing, context=self._context)
        return False

    async def _write_on(self, begun: _Rest | None = None, *, is_last: bool = False) -> None:
        """Writes from now on, after what was begun."""
        try:
            if begun is not None:
                await self._slowly(begun)
            while not is_last:
                data = self._body.take()
                if data is not None:
                    await self._slowly(self._send(_chunk(data)))
                elif self.subscription.closed:
                    is_last = True
                    await self._send(_last(self._body))
                else:
                    self._waiter = self._loop.create_future()
                    await self._waiter
        except Exception as error:
            self._fail(error)
        else:
            self._end()

    async def _slowly(self, sending: Awaitable[None]) -> None:
        self.subscription.writing = True
        await sending
        self.subscription.writing = False

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._owner.cancel()  # it waits for the client to leave


class _Watched:
    """Awaits something, and tells whether that suspended."""

    def __init__(self, awaitable: Awaitable[None]) -> None:
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, bool]:
        step = self._awaitable.__await__()
        try:
            yielded = next(step)
        except StopIteration:
            return False
        yield from _Rest(step, yielded).__await__()
        return True


class _Rest:
    """The rest of something awaitable that was begun and yielded what it waits for."""

    def __init__(self, step: Iterator[Any], yielded: Any) -> None:  # noqa: ANN401 # a future, or None
        self._step = step
        self._yielded = yielded

    def __await__(self) -> Generator[Any, Any, None]:
        yielded = self._yielded
        try:
            while True:
                try:
                    yield yielded
                except BaseException as error:
                    yielded = self._throw(error)
                else:
                    yielded = next(self._step)
        except StopIteration:
            return

    def _throw(self, error: BaseException) -> Any:  # noqa: ANN401 # what it waits for next
        throw = getattr(self._step, "throw", None)
        if throw is None:  # not every server's
            raise error
        return throw(error)


def _chunk(data: bytes) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": True}


def _last(body: EventStream) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": body.tail(), "more_body": False}


async def gone(receive: Receive) -> None:
    """Waits until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(receive: Receive) -> None:
    """Has the connection of a client that does not read cut off, where the server can be told.

    Closing it in good order would wait for the client to read what was written, for ever. uvicorn's
    ``receive`` belongs to an object that knows the connection.
    """
    transport: Any = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None and hasattr(transport, "abort"):
        transport.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                await gone(receive)
