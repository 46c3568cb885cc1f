# ruff: noqa: S101 # a suite of tests asserts
"""Hubs of several processes that a broker joins: what one says, the streams of all get."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from nitro_runtime.context import Change
from nitro_runtime.sse import emit_signals
from nitro_runtime.testing.broker_suite.suite import (
    Suite,
    listening,
    saying,
)
from nitro_runtime.testing.coroutines import in_a_loop, until


class Hubs(Suite):
    """Several hubs and one log."""

    @in_a_loop
    async def test_what_one_broadcasts_reaches_the_streams_of_all_with_the_same_ids(self) -> None:
        """In order, each once."""
        nodes = await self.nodes(3)
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(listening(n, "a")) for n in nodes]
            for number in range(100):
                nodes[number % 3].hub.broadcast("a", saying(number))
            for client in clients:
                await client.until(b"say ", 100)
            assert clients[0].said == clients[1].said == clients[2].said
            assert clients[0].ids[1:] == clients[1].ids[1:] == clients[2].ids[1:]
            for who in range(3):
                said = [int(text[4:]) for text in clients[0].said if int(text[4:]) % 3 == who]
                assert said == list(range(who, 100, 3))

    @in_a_loop
    async def test_a_client_may_come_back_to_another_process(self) -> None:
        """It gets what it missed, and nothing twice."""
        one, two = await self.nodes(2)
        async with listening(one, "a") as client:
            for number in range(5):
                one.hub.broadcast("a", saying(number))
            await client.until(b"say 4")
            last_event_id = client.ids[-3]  # of number 2
        one.hub.broadcast("a", saying(5))
        one.hub.broadcast("b", saying("not for it"))
        await until(lambda: two.hub.position == one.hub.position, "the other process")
        await until(lambda: two.hub.position > (0, 0), "the other process")
        async with listening(two, "a", last_event_id=last_event_id) as client:
            await client.until(b"say 5")
            two.hub.broadcast("a", saying(6))
            await client.until(b"say 6")
            assert client.said == ["say 3", "say 4", "say 5", "say 6"]

    @in_a_loop
    async def test_a_client_may_come_back_to_a_process_that_has_just_started(self) -> None:
        """It has read what was said before it came."""
        [one] = await self.nodes(1)
        async with listening(one, "a") as client:
            for number in range(5):
                one.hub.broadcast("a", saying(number))
            await client.until(b"say 4")
            last_event_id = client.ids[-4]  # of number 1
        [fresh] = await self.nodes(1)
        async with listening(fresh, "a", last_event_id=last_event_id) as client:
            await client.until(b"say 4")
            assert client.said == ["say 2", "say 3", "say 4"]

    @in_a_loop
    async def test_what_was_said_before_is_not_sent_as_if_it_happened_now(self) -> None:
        """Nor are streams ended by an end of long ago, nor changes told."""
        [one] = await self.nodes(1)
        one.hub.broadcast("a", saying("before"))
        one.relay.changed(Change("created", "product"))
        one.relay.end("a")
        await until(lambda: one.hub.position > (0, 0), "the message")
        fresh = self.node()
        async with listening(fresh, "a") as client:
            await fresh.relay.caught_up()
            one.hub.broadcast("a", saying("now"))
            await client.until(b"say now")
            assert client.said == ["say now"]
            assert fresh.heard == []

    @in_a_loop
    async def test_a_stream_of_several_topics_gets_a_message_once(self) -> None:
        """As a tab and its user are."""
        one, two = await self.nodes(2)
        async with listening(two, "tab:1", "user:ann") as client:
            one.hub.broadcast(("tab:1", "user:ann"), saying("both"))
            one.hub.deliver("ann", emit_signals({"n": 1}))
            one.hub.broadcast("user:ann", saying("end"))
            await client.until(b"say end")
            assert client.said == ["say both", "say end"]
            assert client.seen.count(b"datastar-patch-signals") == 1

    @in_a_loop
    async def test_streams_end_on_every_process(self) -> None:
        """Of the topic, and no others."""
        one, two, three = await self.nodes(3)
        async with (
            listening(two, "user:ann") as hers,
            listening(three, "user:ann", "a") as hers_too,
            listening(three, "user:bob", "a") as his,
        ):
            one.relay.end("user:ann")
            assert await hers.is_over()
            assert await hers_too.is_over()
            one.hub.broadcast("a", saying("on"))
            await his.until(b"say on")

    @in_a_loop
    async def test_changes_of_entities_are_told_elsewhere_and_not_here(self) -> None:
        """By their table; many at once are told once."""
        one, two = await self.nodes(2)
        for _ in range(50):
            one.relay.changed(Change("updated", "product", object()))
        one.relay.changed(Change("deleted", "category"))
        await until(lambda: Change("deleted", "category") in two.heard, "the change")
        assert set(two.heard) == {Change("updated", "product"), Change("deleted", "category")}
        assert two.heard.count(Change("updated", "product")) < 50
        assert one.heard == []

    @in_a_loop
    async def test_it_carries_what_cannot_be_spoken(self) -> None:
        """Topics and texts of any kind."""
        one, two = await self.nodes(2)
        topics = ("æ€🎉", 'with "quotes" and \\', "")
        async with listening(two, *topics) as client:
            for topic in topics:
                one.hub.broadcast(topic, saying("æ€🎉"))
            await client.until("say æ€🎉".encode(), 3)

    @in_a_loop
    async def test_a_large_message_arrives_whole(self) -> None:
        """Half a megabyte before a small one."""
        one, two = await self.nodes(2)
        async with listening(two, "a") as client:
            one.hub.broadcast("a", saying("x" * (1 << 19)))
            one.hub.broadcast("a", saying("small"))
            await client.until(b"say small")
            assert [len(text) for text in client.said] == [(1 << 19) + 4, 9]

    @in_a_loop
    async def test_a_message_that_is_too_large_is_seen_here_and_told_elsewhere(self) -> None:
        """Others read their state anew, as they miss something."""
        one, [two] = self.node(largest=1_000), await self.nodes(1)
        async with listening(one, "a") as here, listening(two, "a") as there:
            one.hub.broadcast("a", saying("x" * 1_001))
            await here.until(b"say x")
            await there.until(b"event: nitro-resync")
            assert there.said == []

    @in_a_loop
    async def test_nothing_is_lost_or_doubled_while_all_speak_from_many_threads(self) -> None:
        """Nor out of order for one thread."""
        nodes = await self.nodes(2)
        async with listening(nodes[0], "a") as first, listening(nodes[1], "a") as second:

            def speak(who: int) -> None:
                for number in range(50):
                    nodes[who % 2].hub.broadcast("a", saying(f"{who} {number}"))

            await asyncio.gather(*(asyncio.to_thread(speak, who) for who in range(6)))
            for client in (first, second):
                await client.until(b"say ", 300)
                assert len(client.said) == 300
                for who in range(6):
                    said = [text for text in client.said if text.startswith(f"say {who} ")]
                    assert said == [f"say {who} {number}" for number in range(50)]
            assert first.said == second.said
