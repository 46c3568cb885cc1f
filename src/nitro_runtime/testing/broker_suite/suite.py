# ruff: noqa: S101 # a suite of tests asserts
"""What every part of the suite stands on: brokers that share a log, and hubs that they join."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import ParamSpec, TypeVar

import pytest

from nitro_runtime import context
from nitro_runtime.brokers import Broker, BrokerRelay, Entry, Mark
from nitro_runtime.errors import BrokerUnavailable
from nitro_runtime.sse import Hub

P = ParamSpec("P")
S = TypeVar("S", bound="Suite")

PATIENCE = 10.0
"""Seconds after which what did not come will not come."""


class Node:
    """One process of an app, as far as a broker is concerned: a hub and its relay.

    Attributes:
        hub: The hub.
        relay: Joins it with the others.
        heard: The changes of entities elsewhere that it was told of.
    """

    def __init__(self, broker: Broker, **limits: int) -> None:
        self.hub = Hub()
        self.heard: list[context.Change] = []
        self.relay = BrokerRelay(broker, self.hub, self.heard.append, **limits)
        self.hub.relay = self.relay


class Suite:
    """A subclass has a method ``another``, and may have the others."""

    @pytest.fixture(autouse=True)
    def _begin(self) -> Iterator[None]:
        """Gives each test a log of its own, and closes what it opened."""
        self.name = f"suite_{secrets.token_hex(6)}"
        with ExitStack() as self._stack:
            self._stack.callback(self.clear, self.name)
            yield

    def another(self, name: str) -> Broker:
        """Returns another broker with the log of this name, as one more process would make it."""
        raise NotImplementedError(f"{type(self).__name__} needs a method ``another(name)``.")

    def clear(self, name: str) -> None:
        """Removes a log when its test is over."""

    def lose(self, name: str) -> None:
        """Has a log forget everything, as a server does that comes back without its data."""
        pytest.skip("This broker cannot be made to lose anything.")

    def overflow(self, name: str) -> None:
        """Appends to a log until what was there before is dropped."""
        pytest.skip("This broker's log cannot be made to overflow.")

    def interrupt(self, name: str) -> None:
        """Has a log serve nobody until `restore`."""
        pytest.skip("This broker cannot be interrupted.")

    def restore(self, name: str) -> None:
        """Has a log serve again."""

    # -- what the tests use -------------------------------------------------------------------

    def broker(self) -> Broker:
        """Opens a broker with the log of this test."""
        broker = self.another(self.name)
        self._stack.callback(broker.close)
        return broker

    def node(self, **limits: int) -> Node:
        """Makes a process with the log of this test."""
        node = Node(self.broker(), **limits)
        self._stack.callback(node.relay.close)
        return node

    async def nodes(self, count: int) -> list[Node]:
        """Makes processes that have joined."""
        made = [self.node() for _ in range(count)]
        for node in made:
            await node.relay.caught_up(PATIENCE)
            assert node.relay.state == "up"
        return made


def read_all(broker: Broker, mark: Mark, count: int, seconds: float = PATIENCE) -> Sequence[Entry]:
    """Reads until so many entries have come after a mark."""
    found: list[Entry] = []
    deadline = time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {len(found)} of {count} entries came"
        after = found[-1][0] if found else mark.position
        found += broker.read(Mark(mark.epoch, after, mark.head), 0.2)
    return found


def rejoined(broker: Broker, last: Mark | None) -> Mark:
    """Joins, trying again while the broker does not serve."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return broker.join(last)
        except BrokerUnavailable:
            assert time.monotonic() < deadline, "the broker does not serve"
            time.sleep(0.01)


@asynccontextmanager
async def listening(
    node: Node, *topics: str, last_event_id: str | None = None
) -> AsyncGenerator[Listener]:
    """Opens a stream on a node's hub for as long as the block lasts."""
    async with node.hub.subscribe(topics, last_event_id=last_event_id) as stream:
        listener = Listener(stream)
        await listener.until(b"retry:")
        yield listener


class Listener:
    """A client: reads a stream, and keeps all that came.

    Attributes:
        seen: All of it.
    """

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self.seen = b""

    async def until(self, wanted: bytes, count: int = 1) -> bytes:
        """Reads until something has come so often; returns all that came so far."""
        async with asyncio.timeout(PATIENCE):
            while self.seen.count(wanted) < count:
                self.seen += await anext(self._stream)
        return self.seen

    async def is_over(self) -> bool:
        """Whether the stream ends."""
        async with asyncio.timeout(PATIENCE):
            async for chunk in self._stream:
                self.seen += chunk
        return True

    @property
    def said(self) -> list[str]:
        """The texts of the events that came, as `saying` makes them."""
        lines = self.seen.decode().splitlines()
        return [line.removeprefix("data: ") for line in lines if line.startswith("data: say ")]

    @property
    def ids(self) -> list[str]:
        """The ids that came."""
        lines = self.seen.decode().splitlines()
        return [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]


def saying(text: object) -> bytes:
    """Returns an event with a text."""
    return f"data: say {text}\n\n".encode()
