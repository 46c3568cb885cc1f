"""Streams whose client is gone, on servers that would notice only by writing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from nitro_runtime.sse import Hub, Subscription
from nitro_runtime.web.event_stream import EventStream, Stack

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The server's end of a connection and the client's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def streaming(connection: socket.socket) -> EventStream:
    async def begin(stack: Stack) -> Subscription:
        subscription = Hub().subscribe(["a"])
        stack.callback(subscription.close)
        return subscription

    body = EventStream(begin)
    body.connection = connection
    return body


async def test_a_silent_stream_ends_when_its_client_closes_the_connection(pair: Pair) -> None:
    ours, theirs = pair
    body = streaming(ours)
    assert await anext(body)
    waiting = asyncio.ensure_future(anext(body))
    await asyncio.sleep(0)
    theirs.close()
    async with asyncio.timeout(5):
        with pytest.raises(StopAsyncIteration):
            await waiting
    assert not asyncio.get_running_loop().remove_reader(ours)


async def test_what_a_client_sends_ahead_is_left_to_the_server(pair: Pair) -> None:
    ours, theirs = pair
    body = streaming(ours)
    assert await anext(body)
    theirs.sendall(b"GET / HTTP/1.1\r\n\r\n")
    waiting = asyncio.ensure_future(anext(body))
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()
    assert not asyncio.get_running_loop().remove_reader(ours)  # it would wake the loop for ever
    assert ours.recv(3) == b"GET"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_stream_that_ends_lets_go_of_the_connection(pair: Pair) -> None:
    ours, _ = pair
    body = streaming(ours)
    assert await anext(body)
    await body.aclose()
    assert not asyncio.get_running_loop().remove_reader(ours)
