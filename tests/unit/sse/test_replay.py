from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nitro_runtime.sse import Hub, Subscription, Topics, emit_signals
from nitro_runtime.sse.journal import Journal


@pytest.fixture
async def own() -> AsyncIterator[Hub]:
    made = Hub()
    yield made
    made.close()


class Client:
    """A browser: it remembers the last id, also that of an event without data."""

    def __init__(self, hub: Hub, *topics: str) -> None:
        self.hub, self.topics = hub, topics
        self.seen: list[int] = []
        self.last: str | None = None
        self.resyncs: list[dict[str, Any]] = []
        self.stream: Subscription | None = None

    def open(self, **options: Any) -> None:
        self.stream = self.hub.subscribe(self.topics, last_event_id=self.last, **options)

    async def read(self) -> None:
        assert self.stream is not None
        text = (await anext(self.stream)).decode()
        for event in text.split("\n\n"):
            fields = dict(re.findall(r"(?m)^(\w+): (.*)$", event))
            self.last = fields.get("id", self.last)
            if fields.get("event") == "nitro-resync":
                self.resyncs.append(json.loads(fields["data"]))
            elif number := re.search(r'"n":(\d+)', fields.get("data", "")):
                self.seen.append(int(number[1]))

    async def close(self) -> None:
        assert self.stream is not None
        self.stream.close()
        async for _ in self.stream:
            pass
        self.stream = None


def say(hub: Hub, topic: str | Topics, number: int) -> None:
    hub.broadcast(topic, emit_signals({"n": number}))


async def test_what_was_missed_comes_with_the_next_stream(own: Hub) -> None:
    client = Client(own, "a")
    client.open()
    await client.read()
    await client.close()
    for number in range(3):
        say(own, "a", number)
    client.open()
    await client.read()
    assert (client.seen, client.resyncs) == ([0, 1, 2], [])


async def test_a_client_that_was_never_told_a_number_misses_nothing(own: Hub) -> None:
    client = Client(own, "a")
    client.open()
    await client.close()  # before it read the first thing
    say(own, "a", 1)
    client.open()
    await client.read()
    assert client.seen == []  # it is a new one: it has the state from now on
    assert client.resyncs == []


async def test_a_message_for_two_topics_comes_once(own: Hub) -> None:
    client = Client(own, "tab:7", "user:7")
    client.open()
    await client.read()
    say(own, ("tab:7", "user:7"), 1)
    await client.read()
    assert client.seen == [1]
    await client.close()
    say(own, ("tab:7", "user:7"), 2)
    client.open()
    await client.read()
    assert client.seen == [1, 2]


@pytest.mark.parametrize(
    "last", ["", "junk", "other:0-1", ":0-1", "{epoch}:0-99", "{epoch}:-1-0", "{epoch}:1", "\n"]
)
async def test_an_id_that_says_nothing_here_is_a_resync(own: Hub, last: str) -> None:
    client = Client(own, "a", "view:x")
    client.last = last.format(epoch=own.epoch)
    client.open()
    await client.read()
    assert client.resyncs == [{"topics": ["a"]}]
    assert client.last == f"{own.epoch}:0-0"


async def test_what_is_gone_is_a_resync() -> None:
    own = Hub(journal=Journal(most_events=2))
    client = Client(own, "a")
    client.open()
    await client.read()
    await client.close()
    for number in range(3):
        say(own, "a", number)
    client.open()
    await client.read()
    assert (client.seen, len(client.resyncs)) == ([], 1)
    say(own, "a", 3)
    await client.read()
    assert client.seen == [3]
    own.close()


async def test_a_new_epoch_is_told_to_open_streams_and_to_those_that_return(own: Hub) -> None:
    away, here = Client(own, "a"), Client(own, "a", "view:x")
    heard: list[str] = []
    own.on_resync(lambda: heard.append(own.epoch))
    for client in (away, here):
        client.open()
        await client.read()
    await away.close()
    say(own, "a", 1)
    own.renew("second", (7, 0))
    await here.read()
    away.open()
    await away.read()
    assert (here.seen, here.resyncs) == ([1], [{"topics": ["a"]}])
    assert (away.seen, away.resyncs) == ([], [{"topics": ["a"]}])
    assert (here.last, heard) == ("second:7-0", ["second"])
    say(own, "a", 2)
    await here.read()
    assert (here.seen, here.last) == ([1, 2], "second:7-1")


async def test_a_tab_that_opens_another_stream_goes_on_where_it_stood(own: Hub) -> None:
    """As when a search changes the views of a page: that is no reconnect, so no id is sent."""
    first = Client(own, "tab:1", "a")
    first.open(resume="tab:1")
    await first.read()
    say(own, "a", 1)
    await first.read()
    say(own, "a", 2)  # on its way when the browser lets the stream go
    second = Client(own, "tab:1", "a", "new")
    second.open(resume="tab:1")
    await second.read()
    assert (second.seen, second.resyncs) == ([2], [])
    await first.close()
    await second.close()
    say(own, "a", 3)
    third = Client(own, "tab:1", "a")
    third.open(resume="tab:1")
    await third.read()
    assert (third.seen, third.resyncs) == ([3], [])


class Elsewhere:
    """A relay that brings everything back, as a broker does."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.sent = 0

    def send(self, topics: Topics, data: bytes) -> int:
        self.sent += 1
        return self.hub.place(topics, data, (self.sent, 0))

    def end(self, topic: str) -> None:
        raise NotImplementedError


async def test_with_a_relay_every_topic_can_be_replayed(own: Hub) -> None:
    """A client may come from another process."""
    own.relay = relay = Elsewhere(own)
    say(own, "a", 1)
    say(own, "b", 2)
    assert relay.sent == 2
    client = Client(own, "a", "b")
    client.last = f"{own.epoch}:0-0"
    client.open()
    await client.read()
    assert (client.seen, client.resyncs, client.last) == ([1, 2], [], f"{own.epoch}:2-0")
    assert own.place(("a",), b"data: again\n\n", (2, 0)) == 0


async def test_what_has_no_number_is_sent_and_not_kept(own: Hub) -> None:
    client = Client(own, "a")
    client.open()
    await client.read()
    own.place(("a",), emit_signals({"n": 1}).encode(), numbered=False)
    await client.read()
    assert client.seen == [1]
    assert client.last == f"{own.epoch}:0-0"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(["a", "b", "c"])),
        st.tuples(st.just("say"), st.just(("a", "b"))),
        st.tuples(st.sampled_from(["open", "close", "read"]), st.integers(0, 2)),
    ),
    max_size=60,
)


class Play:
    """Clients that come and go, and what each should have seen."""

    def __init__(self, most: int) -> None:
        self.hub = Hub(journal=Journal(most_events=most))
        self.clients = [Client(self.hub, "a"), Client(self.hub, "a", "b"), Client(self.hub, "c")]
        self.said: list[frozenset[str]] = []
        self.begun: dict[int, int] = {}

    def say(self, which: str | Topics) -> None:
        say(self.hub, which, len(self.said))
        self.said.append(frozenset([which] if isinstance(which, str) else which))

    async def open(self, who: int) -> None:
        if self.clients[who].stream is None:
            self.clients[who].open()
            self.begun.setdefault(who, len(self.said))
            await self.read(who)

    async def close(self, who: int) -> None:
        if self.clients[who].stream is not None:
            await self.read(who)
            await self.clients[who].close()

    async def read(self, who: int) -> None:
        client = self.clients[who]
        await asyncio.sleep(0)
        while client.stream is not None and client.stream._waiting:
            told = len(client.resyncs)
            await client.read()
            if len(client.resyncs) > told:  # from here on nothing may be missing
                self.begun[who] = len(self.said)
                client.seen.clear()

    def due(self, who: int) -> list[int]:
        own = set(self.clients[who].topics)
        return [n for n, topics in enumerate(self.said) if topics & own and n >= self.begun[who]]


@settings(max_examples=150)
@given(STEPS, st.integers(1, 6))
async def test_a_client_gets_everything_once_and_in_order_or_is_told_of_a_gap(
    steps: list[Any], most: int
) -> None:
    play = Play(most)
    for what, which in steps:
        await (getattr(play, what)(which) or asyncio.sleep(0))
    for who in play.begun:
        await play.open(who)
        await play.read(who)
        assert play.clients[who].seen == play.due(who)
    play.hub.close()
