from __future__ import annotations

import asyncio
import gc
import logging
import re
import threading
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from nitro_runtime import context
from nitro_runtime.sse import HEARTBEAT, Hub, Subscription, broadcast, emit_signals, hub
from nitro_runtime.sse import lane as lane_module
from nitro_runtime.sse import subscription as subscription_module


@pytest.fixture
async def own() -> AsyncIterator[Hub]:
    made = Hub()
    yield made
    made.close()


def without_ids(events: bytes) -> bytes:
    return re.sub(rb"(?m)^id: .*\n", b"", events)


async def opened(of: Hub, *topics: str) -> Subscription:
    """Subscribes and takes the first item."""
    stream = of.subscribe(topics)
    assert (await anext(stream)).startswith(b"retry: ")
    return stream


async def test_the_first_item_is_there_at_once_and_carries_the_first_state(own: Hub) -> None:
    stream = own.subscribe(["a"], first=[emit_signals({"x": 1}), b"data: raw\n\n"])
    first = anext(stream).send  # it does not suspend
    with pytest.raises(StopIteration) as item:
        first(None)
    opening, _, rest = item.value.value.partition(b"\n\n")
    retry, here = opening.split(b"\n")
    assert 300 <= int(retry.removeprefix(b"retry: ")) <= 1_200
    assert here == f"id: {own.epoch}:0-0".encode()
    assert rest == emit_signals({"x": 1}).encode() + b"data: raw\n\n"


async def test_streams_are_told_different_times_to_reconnect(own: Hub) -> None:
    told = {await anext(own.subscribe(["a"])) for _ in range(50)}
    assert len(told) > 10


async def test_a_message_reaches_the_streams_of_its_topic_and_no_others(own: Hub) -> None:
    a, also_a, b = await opened(own, "a"), await opened(own, "x", "a"), await opened(own, "b")
    assert own.publish("a", b"1") == 2
    assert own.publish("b", b"2") == 1
    assert own.publish("nobody", b"3") == 0
    assert [await anext(s) for s in (a, also_a, b)] == [b"1", b"1", b"2"]


async def test_all_streams_share_one_bytes_object(own: Hub) -> None:
    streams = [await opened(own, "a") for _ in range(3)]
    patch = emit_signals({"x": 1})
    own.publish("a", patch)
    for stream in streams:
        assert await anext(stream) is patch.encode()


async def test_what_nobody_hears_is_not_even_encoded(own: Hub) -> None:
    class Costly:
        def encode(self) -> bytes:
            raise AssertionError

    assert own.publish("nobody", Costly()) == 0
    assert own.broadcast("nobody", Costly()) == 0


async def test_what_waits_is_handed_out_together_and_in_order(own: Hub) -> None:
    stream = await opened(own, "a", "b")
    own.publish("a", b"1")
    own.publish("b", b"2")
    own.broadcast("a", b"data: 3\n\n", emit_signals({}), b"data: 4\n\n")
    last = b"id: %b:0-1\ndata: 4\n\n" % own.epoch.encode()
    assert await anext(stream) == b"12data: 3\n\n" + emit_signals({}).encode() + last


async def test_a_thread_publishes_into_a_waiting_stream(own: Hub) -> None:
    stream = await opened(own, "a")
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    thread = threading.Thread(target=own.publish, args=("a", b"from a thread"))
    thread.start()
    async with asyncio.timeout(2):
        assert await waiting == b"from a thread"
    thread.join()


async def test_many_threads_lose_nothing_and_keep_their_order(own: Hub) -> None:
    stream = await opened(own, "a")

    def publish(name: int) -> None:
        for number in range(200):
            own.publish("a", b"%d:%d\n" % (name, number))

    threads = [threading.Thread(target=publish, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    received: list[bytes] = []
    async with asyncio.timeout(10):
        while len(received) < 800:
            received.extend((await anext(stream)).splitlines())
    for name in range(4):
        mine = [line for line in received if line.startswith(b"%d:" % name)]
        assert mine == [b"%d:%d" % (name, number) for number in range(200)]
    for thread in threads:
        thread.join()


def test_streams_in_several_loops_get_the_same(own: Hub) -> None:
    ready = threading.Barrier(4)
    got: list[bytes] = []

    async def read() -> None:
        stream = await opened(own, "a")
        await asyncio.to_thread(ready.wait, 5)
        got.append(await anext(stream))

    threads = [threading.Thread(target=asyncio.run, args=(read(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(5)
    assert own.publish("a", b"all") == 3
    for thread in threads:
        thread.join(5)
    assert got == [b"all"] * 3


def test_a_loop_that_is_gone_takes_its_streams_along() -> None:
    own = Hub()
    streams: list[Subscription] = []

    async def leave() -> None:
        streams.append(own.subscribe(["a"]))

    asyncio.run(leave())
    assert own.open_count == 1
    assert own.publish("a", b"1") == 0
    assert own.open_count == 0
    assert own.topics == frozenset()


async def test_the_hub_knows_its_topics_and_forgets_them(own: Hub) -> None:
    gained: list[str] = []
    lost: list[str] = []
    own.on_subscribe(gained.append)
    own.on_unsubscribe(lost.append)
    one, two = await opened(own, "a", "b"), await opened(own, "a")
    assert own.topics == {"a", "b"}
    assert (own.open_count, own.count("a"), own.is_watched("b")) == (2, 2, True)
    assert sorted(gained) == ["a", "b"]
    one.close()
    one.close()
    assert (own.open_count, own.count("a"), own.is_watched("b"), lost) == (1, 1, False, ["b"])
    two.close()
    assert (own.topics, lost) == (frozenset(), ["b", "a"])


async def test_a_client_that_leaves_is_forgotten(own: Hub) -> None:
    stream = await opened(own, "a")
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert own.open_count == 0


async def test_leaving_the_block_ends_the_stream(own: Hub) -> None:
    async with own.subscribe(["a"]):
        assert own.open_count == 1
    assert own.open_count == 0


async def test_closing_the_hub_ends_every_stream_at_once(own: Hub) -> None:
    streams = [await opened(own, "a") for _ in range(200)]
    reading = [asyncio.ensure_future(_collect(stream)) for stream in streams]
    await asyncio.sleep(0)
    started = asyncio.get_running_loop().time()
    own.close()
    await asyncio.gather(*reading)
    assert asyncio.get_running_loop().time() - started < 0.5
    assert (own.open_count, own.topics, own.closed) == (0, frozenset(), True)


async def test_a_signal_may_close_the_hub_in_the_midst_of_the_end_of_a_stream(
    own: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending, other = await opened(own, "a"), await opened(own, "a")
    remove = own._listeners.remove

    def interrupted(stream: Subscription, lane: lane_module.Lane) -> list[str]:
        own.close()
        return remove(stream, lane)

    monkeypatch.setattr(own._listeners, "remove", interrupted)
    ending.close()
    assert await _collect(other) == []
    assert (own.open_count, own.topics) == (0, frozenset())


async def _collect(stream: Subscription) -> list[bytes]:
    return [item async for item in stream]


async def test_what_waited_when_the_hub_closed_is_still_handed_out(own: Hub) -> None:
    stream = await opened(own, "a")
    own.publish("a", b"last words")
    await asyncio.sleep(0)
    own.close()
    assert await _collect(stream) == [b"last words"]


async def test_a_closed_hub_lets_no_stream_begin_until_it_is_reopened(own: Hub) -> None:
    own.close()
    stream = own.subscribe(["a"])
    assert len(await _collect(stream)) == 1
    assert own.open_count == 0
    own.reopen()
    assert own.subscribe(["a"]) is not None
    assert own.open_count == 1


async def test_one_topic_can_be_ended(own: Hub) -> None:
    mine, other = await opened(own, "user:1", "a"), await opened(own, "user:2", "a")
    assert own.end("user:1") == 1
    assert await _collect(mine) == []
    own.publish("a", b"still here")
    assert await anext(other) == b"still here"


async def test_a_reader_that_falls_behind_is_ended_and_the_others_are_not(
    own: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    slow, quick = await opened(own, "a"), await opened(own, "a")
    message = b"x" * 100_000
    got = 0
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            own.publish("a", message)
            got += len(await anext(quick))
    assert slow.overflowed
    assert await _collect(slow) == []
    assert got == 2_000_000
    assert own.count("a") == 1
    assert "fell behind" in caplog.text


async def test_many_small_messages_count_too(own: Hub) -> None:
    slow = await opened(own, "a")
    for _ in range(subscription_module.MAX_WAITING_MESSAGES + 1):
        own.publish("a", b"x")
        await asyncio.sleep(0)
    assert slow.overflowed


async def test_one_message_may_be_larger_than_the_bound(own: Hub) -> None:
    stream = await opened(own, "a")
    message = b"x" * (subscription_module.MAX_WAITING_BYTES * 2)
    own.publish("a", message)
    assert await anext(stream) is message


async def test_slow_readers_share_what_waits_for_them(own: Hub) -> None:
    streams = [await opened(own, "a") for _ in range(100)]
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(8):
            own.publish("a", bytes(100_000))
            await asyncio.sleep(0)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 2_000_000  # 800 kB in all, where copies would take 80 MB
    assert not any(stream.overflowed for stream in streams)


async def test_a_flood_into_a_loop_that_stands_still_is_bounded(
    own: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lane_module, "MAX_INBOX_BYTES", 1_000)
    stream = await opened(own, "a")
    for _ in range(50):
        own.publish("a", b"x" * 100)
    assert await _collect(stream) == []
    assert "stood still" in caplog.text


async def test_a_silent_stream_gets_heartbeats_and_one_timer_serves_all() -> None:
    own = Hub(heartbeat=0.02)
    streams = [await opened(own, "a") for _ in range(3)]
    async with asyncio.timeout(2):
        for stream in streams:
            assert await anext(stream) == HEARTBEAT
    [lane] = own._lanes.values()
    own.close()
    async with asyncio.timeout(2):
        while lane._timer is not None:
            await asyncio.sleep(0.001)


async def test_a_stream_that_nobody_reads_any_more_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_module, "STALLED_SECONDS", 0.02)
    own = Hub(heartbeat=0.002)
    abandoned = await opened(own, "a")
    async with asyncio.timeout(5):
        while own.open_count:
            await asyncio.sleep(0.001)
    assert abandoned.overflowed


async def test_a_reader_that_is_still_writing_after_fifteen_seconds_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_module, "STALLED_SECONDS", 0.02)
    own = Hub(heartbeat=0.01)
    stuck, quick = await opened(own, "a"), await opened(own, "a")
    stuck.writing = True
    reading = asyncio.ensure_future(_collect(quick))
    async with asyncio.timeout(5):
        while own.open_count == 2:
            await asyncio.sleep(0.001)
    assert (stuck.overflowed, quick.overflowed) == (True, False)
    own.close()
    assert set(await reading) == {HEARTBEAT}


def test_nothing_waits_longer_than_fifteen_seconds_for_a_reader() -> None:
    for heartbeat in (0.5, 15.0, 60.0, 7.0):
        loop = asyncio.new_event_loop()
        lane = lane_module.Lane(loop, heartbeat)
        loop.close()
        assert (lane.stalled_ticks - 1) * lane._seconds >= 9
        assert lane.stalled_ticks * lane._seconds <= lane_module.STALLED_SECONDS
        assert 0 < lane.silent_ticks * lane._seconds <= heartbeat


async def test_of_states_that_wait_for_a_slow_reader_only_the_newest_is_sent(own: Hub) -> None:
    stream = await opened(own, "view:1", "view:2", "a")
    for number in range(5):
        own.publish("view:1", b"one %d\n\n" % number, replaces=True)
        own.broadcast("a", b"data: %d\n\n" % number)
        own.publish("view:2", b"two %d\n\n" % number, replaces=True)
        await asyncio.sleep(0)
    seen = (await anext(stream)).split(b"\n\n")
    assert [one for one in seen if one[:3] in (b"one", b"two")] == [b"one 4", b"two 4"]
    assert [one[-7:] for one in seen if b"data" in one] == [b"data: %d" % n for n in range(5)]


async def test_a_burst_of_states_is_one(own: Hub) -> None:
    stream = await opened(own, "view:1")
    for number in range(1_000):
        own.publish("view:1", b"%d;" % number, replaces=True)
    assert await anext(stream) == b"999;"


async def test_states_do_not_fill_the_bound_of_a_slow_reader(own: Hub) -> None:
    slow = await opened(own, "view:1")
    for number in range(20):
        own.publish("view:1", bytes([number]) * 400_000, replaces=True)
        await asyncio.sleep(0)
    assert not slow.overflowed
    assert await anext(slow) == bytes([19]) * 400_000


async def test_what_came_in_one_turn_is_joined_once_for_all(own: Hub) -> None:
    streams = [await opened(own, "a") for _ in range(3)]
    for number in range(10):
        own.publish("a", b"%d;" % number)
    first, *others = [await anext(stream) for stream in streams]
    assert first == b"".join(b"%d;" % number for number in range(10))
    assert all(other is first for other in others)


async def test_what_waited_for_several_readers_is_joined_once_too(own: Hub) -> None:
    streams = [await opened(own, "a", "b") for _ in range(3)]
    for number in range(5):
        own.publish("ab"[number % 2], b"%d;" % number)
        await asyncio.sleep(0)
    first, *others = [await anext(stream) for stream in streams]
    assert first == b"0;1;2;3;4;"
    assert all(other is first for other in others)


async def test_a_stream_has_one_reader(own: Hub) -> None:
    stream = await opened(own, "a")
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="one reader"):
        await anext(stream)
    own.publish("a", b"x")
    assert await reading == b"x"


def test_a_stream_needs_a_running_loop() -> None:
    with pytest.raises(RuntimeError):
        Hub().subscribe(["a"])


async def test_patches_yielded_outside_a_command_reach_the_tab_and_the_user() -> None:
    tab, user = await opened(hub, "tab:7"), await opened(hub, "user:7")
    context.deliver("7", emit_signals({"a": 1}))
    context.deliver(7, emit_signals({"a": 2}))
    told, also_told = await anext(tab), await anext(user)
    assert told == also_told
    assert without_ids(told) == b"".join([emit_signals({"a": n}).encode() for n in (1, 2)])
    assert broadcast("tab:7", b"data: x\n\n") == 1
    tab.close()
    user.close()
