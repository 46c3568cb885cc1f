from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as NativeRequest
from starlette.routing import Route

from nitro_runtime.adapters import starlette as adapter
from nitro_runtime.sse import Hub, Subscription
from nitro_runtime.sse import lane as lane_module
from nitro_runtime.web import Reply, event_stream
from nitro_runtime.web.asgi import send_reply
from nitro_runtime.web.event_stream import EventStream, Stack

Message = MutableMapping[str, Any]


class Wire:
    """The server's side of one stream."""

    def __init__(self, transport: Any = None) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.transport = transport

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join([message.get("body", b"") for message in self.sent])

    @property
    def is_whole(self) -> bool:
        return self.sent[-1].get("more_body") is False


class Slow(Wire):
    """A server whose send takes a while, as most do now and then."""

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)
        self.sent.append(message)


class Stuck(Wire):
    """A server whose client reads the beginning and nothing else."""

    async def send(self, message: Message) -> None:
        if len(self.sent) > 1:
            await asyncio.Event().wait()
        self.sent.append(message)


@pytest.fixture
async def own() -> AsyncIterator[Hub]:
    made = Hub()
    yield made
    made.close()


def opening(own: Hub) -> EventStream:
    async def begin(_: Stack) -> Subscription:
        return own.subscribe(["a"])

    return EventStream(begin)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def writing(own: Hub, wire: Wire) -> asyncio.Task[None]:
    """Has a stream written, and waits until it has begun."""
    task = asyncio.create_task(send_reply(Reply(body=opening(own)), wire.receive, wire.send))
    await until(lambda: len(wire.sent) == 2)
    await asyncio.sleep(0)
    return task


WIRES = pytest.mark.parametrize("kind", [Wire, Slow])


@WIRES
async def test_what_is_published_is_sent_in_order_and_the_end_is_said(
    own: Hub, kind: type[Wire]
) -> None:
    wire = kind()
    task = await writing(own, wire)
    for number in range(20):
        own.publish("a", b"%d;" % number)
        if number % 3:
            await asyncio.sleep(0)
    await until(lambda: wire.body.endswith(b"19;"))
    assert wire.body.endswith(b"".join(b"%d;" % number for number in range(20)))
    own.publish("a", b"the last")
    own.close()
    await task
    assert wire.body.endswith(b"the last")
    assert wire.is_whole
    assert own.open_count == 0


async def test_no_task_waits_for_a_stream_whose_server_takes_everything(own: Hub) -> None:
    before = len(asyncio.all_tasks())
    wires = [Wire() for _ in range(10)]
    tasks = [await writing(own, wire) for wire in wires]
    own.publish("a", b"x")
    await until(lambda: all(wire.body.endswith(b"x") for wire in wires))
    assert len(asyncio.all_tasks()) == before + 10
    own.close()
    await asyncio.gather(*tasks)


@WIRES
async def test_a_stream_is_over_when_its_client_is_gone(own: Hub, kind: type[Wire]) -> None:
    wire = kind()
    task = await writing(own, wire)
    wire.gone.set()
    await task
    assert own.open_count == 0
    sent = len(wire.sent)
    own.publish("a", b"too late")
    await asyncio.sleep(0.01)
    assert len(wire.sent) == sent


@WIRES
async def test_a_stream_is_over_when_the_server_cancels_it(own: Hub, kind: type[Wire]) -> None:
    wire = kind()
    task = await writing(own, wire)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert own.open_count == 0


@WIRES
async def test_a_cancellation_from_outside_is_not_taken_for_the_end(
    own: Hub, kind: type[Wire]
) -> None:
    wire = kind()
    task = await writing(own, wire)
    own.close()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Broken(Wire):
    """A server, or a middleware before it, that fails."""

    error: Exception = ZeroDivisionError()

    async def send(self, message: Message) -> None:
        if message.get("body", b"").endswith(b"x"):
            raise self.error
        self.sent.append(message)


async def test_an_error_of_the_server_is_raised_where_it_serves(own: Hub) -> None:
    task = await writing(own, Broken())
    other = Wire()
    going_on = await writing(own, other)
    own.publish("a", b"x")
    with pytest.raises(ZeroDivisionError):
        await task
    assert own.open_count == 1
    await until(lambda: other.body.endswith(b"x"))
    own.close()
    await going_on


async def test_a_client_that_leaves_while_we_write_is_no_error(own: Hub) -> None:
    wire = Broken()
    wire.error = BrokenPipeError()
    task = await writing(own, wire)
    own.publish("a", b"x")
    await task
    assert own.open_count == 0


spoken: ContextVar[str] = ContextVar("spoken", default="nothing")


@WIRES
async def test_a_send_runs_as_the_stream_s_own_task_in_its_context(
    own: Hub, kind: type[Wire]
) -> None:
    """As middleware may rely on, wherever the message was published."""
    seen: set[tuple[str, bool]] = set()
    wire = kind()

    async def send(message: Message) -> None:
        task = asyncio.current_task()
        seen.add((spoken.get(), task is not None))
        await wire.send(message)

    async def serve() -> None:
        spoken.set("by the stream")
        await send_reply(Reply(body=opening(own)), wire.receive, send)

    task = asyncio.create_task(serve())
    await until(lambda: len(wire.sent) == 2)
    spoken.set("by the publisher")
    for number in range(3):
        own.publish("a", b"%d" % number)
        await until(lambda: wire.body.endswith(b"%d" % number))  # noqa: B023 # awaited here
    own.close()
    await task
    assert seen == {("by the stream", True)}


# -- readers that do not read --------------------------------------------------------------------


class Transport:
    """A connection as uvicorn has it."""

    def __init__(self) -> None:
        self.wire: Wire | None = None
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True
        assert self.wire
        self.wire.gone.set()


async def test_a_stream_that_is_stuck_in_a_write_is_cut_off(
    own: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = Transport()
    wire = transport.wire = Stuck(transport)
    task = await writing(own, wire)
    for _ in range(12):
        own.publish("a", bytes(100_000))
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await task
    assert transport.aborted
    assert own.open_count == 0


async def test_a_stream_that_is_stuck_without_anything_to_say_is_cut_off_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_module, "STALLED_SECONDS", 0.05)
    own = Hub(heartbeat=0.02)
    transport = Transport()
    wire = transport.wire = Stuck(transport)
    task = await writing(own, wire)
    own.publish("a", b"x")
    async with asyncio.timeout(5):
        await task
    assert transport.aborted
    own.close()


async def test_where_the_server_cannot_be_told_the_stream_is_over_all_the_same(own: Hub) -> None:
    task = await writing(own, Stuck())
    for _ in range(12):
        own.publish("a", bytes(100_000))
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await task
    assert own.open_count == 0


# -- between the stream and the server -----------------------------------------------------------


async def _passed_on(request: NativeRequest, then: Callable[..., Awaitable[Any]]) -> Any:
    return await then(request)


@pytest.mark.parametrize(
    "middleware",
    [
        Middleware(BaseHTTPMiddleware, dispatch=_passed_on),
        Middleware(GZipMiddleware, minimum_size=1),
    ],
    ids=["a function", "gzip"],
)
async def test_middleware_holds_nothing_back_and_presses_nothing_twice(
    own: Hub, middleware: Middleware
) -> None:
    async def events(request: NativeRequest) -> Any:
        async def begin(_: Stack) -> Subscription:
            return own.subscribe(["a"])

        return adapter.native(request, event_stream.reply(adapter.neutral(request), begin))

    app = Starlette(routes=[Route("/events", events)], middleware=[middleware])
    wire = Wire()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/events",
        "query_string": b"",
        "headers": [(b"accept-encoding", b"gzip")],
    }
    task = asyncio.create_task(app(scope, wire.receive, wire.send))
    await until(lambda: len(wire.sent) > 1 and wire.body)
    for number in range(3):
        sent = len(wire.body)
        own.publish("a", b"%d;" % number)
        await until(lambda: len(wire.body) > sent)  # noqa: B023 # awaited here
    assert [value for name, value in wire.sent[0]["headers"] if name == b"content-encoding"] == [
        b"gzip"
    ]
    own.close()
    await task
    assert wire.is_whole
    assert zlib.decompress(wire.body, zlib.MAX_WBITS | 16).endswith(b"0;1;2;")
