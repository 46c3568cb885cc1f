# ruff: noqa: S101 # a suite of tests asserts
"""What a broker says when something is gone: a loss is told, never passed over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nitro_runtime.errors import BrokerUnavailable
from nitro_runtime.testing.broker_suite.suite import (
    Suite,
    listening,
    read_all,
    rejoined,
    saying,
)
from nitro_runtime.testing.coroutines import in_a_loop, until


class Losses(Suite):
    """A log that forgets, drops or does not serve."""

    def test_a_log_that_lost_everything_is_in_another_epoch(self) -> None:
        """For everybody in the same one."""
        one, two = self.broker(), self.broker()
        mark = one.join(None)
        one.append([b"1"])
        [(position, _)] = read_all(one, mark, 1)
        self.lose(self.name)
        again = rejoined(one, replace(mark, position=position))
        assert again.epoch != mark.epoch
        assert rejoined(two, mark).epoch == again.epoch
        two.append([b"2"])
        assert [data for _, data in read_all(one, again, 1)] == [b"2"]

    def test_who_reads_a_log_that_was_lost_is_told(self) -> None:
        """Soon, and not only when something new is said."""
        broker = self.broker()
        mark = broker.join(None)
        broker.append([b"1"])
        [(position, _)] = read_all(broker, mark, 1)
        self.lose(self.name)
        with pytest.raises(BrokerUnavailable):
            for _ in range(10):
                broker.read(replace(mark, position=position), 0.5)

    def test_who_was_away_for_too_long_is_told_what_was_dropped(self) -> None:
        """By a later position in the same epoch."""
        broker = self.broker()
        mark = broker.join(None)
        broker.append([b"1", b"2"])
        [(position, _), _] = read_all(broker, mark, 2)
        self.overflow(self.name)
        again = broker.join(replace(mark, position=position))
        assert again.epoch == mark.epoch
        assert again.position > position

    @in_a_loop
    async def test_every_stream_is_told_to_read_its_state_anew_after_a_loss(self) -> None:
        """On every process, and what is said then reaches all of them."""
        one, two = await self.nodes(2)
        async with listening(one, "a") as first, listening(two, "a") as second:
            one.hub.broadcast("a", saying("before"))
            await first.until(b"say before")
            await second.until(b"say before")
            self.lose(self.name)
            for listener in (first, second):
                await listener.until(b"event: nitro-resync")
            await until(lambda: one.relay.state == two.relay.state == "up", "the recovery")
            one.hub.broadcast("a", saying("after"))
            for listener in (first, second):
                await listener.until(b"say after")
                assert listener.said == ["say before", "say after"]
            assert one.hub.epoch == two.hub.epoch

    @in_a_loop
    async def test_what_happens_while_it_does_not_serve_is_seen_here_at_once_and_elsewhere_later(
        self,
    ) -> None:
        """Each once."""
        one, two = await self.nodes(2)
        async with listening(one, "a") as here, listening(two, "a") as there:
            one.hub.broadcast("a", saying(0))
            await there.until(b"say 0")
            self.interrupt(self.name)
            for number in range(1, 20):
                one.hub.broadcast("a", saying(number))
            await here.until(b"say 19")
            assert there.said == ["say 0"]
            self.restore(self.name)
            await there.until(b"say 19")
            assert there.said == [f"say {number}" for number in range(20)]
            one.hub.broadcast("a", saying("end"))
            await here.until(b"say end")
            assert here.said == [*(f"say {number}" for number in range(20)), "say end"]

    @in_a_loop
    async def test_a_client_that_saw_it_here_gets_it_once_after_a_reconnect(self) -> None:
        """What was shown before it had a number is numbered later."""
        one, two = await self.nodes(2)
        async with listening(one, "a") as client:
            one.hub.broadcast("a", saying("first"))
            await client.until(b"say first")
            self.interrupt(self.name)
            one.hub.broadcast("a", saying("alone"))
            await client.until(b"say alone")
            self.restore(self.name)
            numbered = len(client.ids)
            await until(lambda: one.relay.state == "up", "the recovery")
            two.hub.broadcast("a", saying("last"))
            await client.until(b"say last")
            assert len(client.ids) >= numbered + 2
            last_event_id = client.ids[-2]
        async with listening(two, "a", last_event_id=last_event_id) as client:
            await client.until(b"say last")
            assert client.said == ["say last"]

    @in_a_loop
    async def test_a_process_starts_without_its_broker_and_joins_later(self) -> None:
        """Its streams are told to read their state anew then, as others may have spoken."""
        self.broker().join(None)
        self.interrupt(self.name)
        node = self.node()
        await node.relay.caught_up()
        assert node.relay.state == "down"
        async with listening(node, "a") as client:
            node.hub.broadcast("a", saying("alone"))
            await client.until(b"say alone")
            self.restore(self.name)
            await client.until(b"event: nitro-resync")
            [other] = await self.nodes(1)
            other.hub.broadcast("a", saying("together"))
            await client.until(b"say together")
            assert client.said == ["say alone", "say together"]

    @in_a_loop
    async def test_more_than_may_wait_is_told_as_a_gap(self) -> None:
        """Nobody goes on as if nothing had happened."""
        [other] = await self.nodes(1)
        node = self.node(most_messages=10)
        await node.relay.caught_up()
        async with listening(node, "a") as here, listening(other, "a") as there:
            self.interrupt(self.name)
            for number in range(25):
                node.hub.broadcast("a", saying(number))
            node.relay.end("b")
            await here.until(b"say 24")
            self.restore(self.name)
            await there.until(b"event: nitro-resync")
            assert here.said == [f"say {number}" for number in range(25)]
