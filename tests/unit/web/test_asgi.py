from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

import pytest

from nitro_runtime.errors import Refused
from nitro_runtime.web.asgi import parse_cookies, read_all, request_of_scope, send_reply
from nitro_runtime.web.request import Reply, Site


class Wire:
    """The server's side of one request."""

    def __init__(self) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self.gone = asyncio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)

    @property
    def bodies(self) -> list[tuple[bytes, bool]]:
        return [(m["body"], m.get("more_body", False)) for m in self.sent[1:]]


class Stream:
    """Chunks that come when they are let, and whether it was closed."""

    def __init__(self) -> None:
        self.closed = False
        self.go_on = asyncio.Event()

    async def chunks(self) -> AsyncGenerator[bytes]:
        try:
            yield b"one"
            await self.go_on.wait()
            yield b"two"
        finally:
            self.closed = True


async def until(wire: Wire, count: int) -> None:
    async with asyncio.timeout(5):
        while len(wire.sent) < count:
            await asyncio.sleep(0)


async def test_a_whole_reply_has_its_length() -> None:
    wire = Wire()
    await send_reply(Reply(201, [("x-a", "1"), ("x-a", "2")], b"hello"), wire.receive, wire.send)
    assert wire.sent[0]["status"] == 201
    assert wire.sent[0]["headers"] == [(b"x-a", b"1"), (b"x-a", b"2"), (b"content-length", b"5")]
    assert wire.bodies == [(b"hello", False)]


async def test_each_chunk_is_sent_alone() -> None:
    wire, stream = Wire(), Stream()
    sending = asyncio.create_task(send_reply(Reply(body=stream.chunks()), wire.receive, wire.send))
    await until(wire, 2)
    assert wire.bodies == [(b"one", True)]
    stream.go_on.set()
    await sending
    assert wire.bodies == [(b"one", True), (b"two", True), (b"", False)]
    assert stream.closed


async def test_a_stream_is_closed_when_its_client_is_gone() -> None:
    wire, stream = Wire(), Stream()
    sending = asyncio.create_task(send_reply(Reply(body=stream.chunks()), wire.receive, wire.send))
    await until(wire, 2)
    wire.gone.set()
    await asyncio.wait_for(sending, 5)
    assert stream.closed


async def test_a_stream_is_closed_when_the_server_gives_up() -> None:
    wire, stream = Wire(), Stream()
    sending = asyncio.create_task(send_reply(Reply(body=stream.chunks()), wire.receive, wire.send))
    await until(wire, 2)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert stream.closed


async def test_head_reads_no_stream() -> None:
    wire, stream = Wire(), Stream()
    await send_reply(Reply(body=stream.chunks()), wire.receive, wire.send, "HEAD")
    assert wire.bodies == [(b"", False)]


async def test_an_error_in_a_stream_is_not_swallowed() -> None:
    async def broken() -> AsyncGenerator[bytes]:
        yield b"one"
        raise ValueError("no")

    wire = Wire()
    with pytest.raises(ValueError, match="no"):
        await send_reply(Reply(body=broken()), wire.receive, wire.send)


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ('a="1";b=x=y', {"a": "1", "b": "x=y"}),
        ("a=1; a=2", {"a": "1"}),
        ("a; =b; ; c=", {"c": ""}),
    ],
)
def test_cookies_are_read(header: str, cookies: dict[str, str]) -> None:
    assert parse_cookies(header) == cookies


async def none(limit: int) -> bytes:
    return b""


def test_a_scope_becomes_a_request() -> None:
    scope = {
        "method": "GET",
        "path": "/shop/café",
        "root_path": "/shop",
        "query_string": b"a=%C3%BC",
        "headers": [(b"Host", b"shop.example"), (b"cookie", b"a=1")],
        "scheme": "https",
        "path_params": {"id": 7},
    }
    request = request_of_scope(scope, Site(), "native", none)
    assert (request.path, request.base) == ("/café", "/shop")
    assert (request.scheme, request.host) == ("https", "shop.example")
    assert (dict(request.query), request.params) == ({"a": "ü"}, {"id": "7"})
    assert (request.cookies, request.native) == ({"a": "1"}, "native")


def test_cookies_that_come_in_several_headers_are_all_read() -> None:
    pieces = [(b"cookie", b"a=1"), (b"host", b"x"), (b"cookie", b"b=2; c=3")]
    scope = {"method": "GET", "path": "/", "headers": pieces}
    request = request_of_scope(scope, Site(), None, none)
    assert request.cookies == {"a": "1", "b": "2", "c": "3"}


@pytest.mark.parametrize(
    ("path", "below"),
    [("/shop/", "/"), ("/shop/a", "/a"), ("/shopping", "/shopping"), ("/", "/"), ("/a", "/a")],
)
def test_the_path_is_the_one_below_the_mount(path: str, below: str) -> None:
    scope = {"method": "GET", "path": path, "root_path": "/shop", "headers": []}
    assert request_of_scope(scope, Site(), None, none).path == below


def test_a_query_that_is_not_utf_8_is_refused() -> None:
    scope = {"method": "GET", "path": "/", "query_string": b"a=%FF", "headers": []}
    with pytest.raises(Refused) as refused:
        request_of_scope(scope, Site(), None, none)
    assert refused.value.status == 422


async def test_a_body_whose_length_nobody_announced_is_read_no_further_than_the_limit() -> None:
    read: list[int] = []

    async def body() -> AsyncGenerator[bytes]:
        for piece in range(100):
            read.append(piece)
            yield b"x" * 10

    assert await read_all(body(), 1000) == b"x" * 1000
    read.clear()
    with pytest.raises(Refused, match="at most 25 bytes"):
        await read_all(body(), 25)
    assert read == [0, 1, 2]
