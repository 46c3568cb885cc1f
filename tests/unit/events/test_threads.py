"""The bus from threads, and under several event loops at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from nitro_runtime.events import (
    anyone,
    bus,
    capture_events,
    command,
    emit,
    emit_async,
    event,
    off,
    on,
    run_command,
)
from nitro_runtime.events.commands import Context


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_every_thread_gets_its_own_results_with_and_without_a_loop() -> None:
    @on("x")
    async def handler(n: int) -> int:
        for _ in range(n % 4):
            await asyncio.sleep(0)
        return n

    on("x")(lambda n: -n)

    def work(number: int) -> list[list[int]]:
        async def several() -> list[list[int]]:
            return [await emit_async("x", n=n) for n in range(number, number + 50)]

        return [*asyncio.run(several()), *(emit("x", n=n) for n in range(number, number + 5))]

    for number, found in enumerate(in_threads(6, work)):
        expected = [*range(number, number + 50), *range(number, number + 5)]
        assert found == [[n, -n] for n in expected]


def test_two_loops_wait_in_handlers_of_one_event_at_the_same_time() -> None:
    both = threading.Barrier(2)

    @on("x")
    async def handler(n: int) -> int:
        await asyncio.to_thread(both.wait, 5)
        return n

    on("x")(lambda n: n)
    assert in_threads(2, lambda n: asyncio.run(emit_async("x", n=n))) == [[0, 0], [1, 1]]


def test_handlers_come_and_go_in_threads_and_none_is_lost() -> None:
    def work(number: int) -> None:
        for _ in range(200):

            def handler() -> int:
                return number

            on("x", "y.*", priority=number)(handler)
            event("z").connect(handler)
            emit("y.1")
            off(handler)
        on("kept")(lambda: number)

    in_threads(6, work)
    assert sorted(emit("kept")) == [0, 1, 2, 3, 4, 5]
    assert bus.names() == ["kept"]


async def test_a_thread_of_a_command_waits_for_its_own_handlers_and_leaves_none_to_the_command() -> (
    None
):
    ran: list[str] = []

    @on("x")
    async def handler(sender: str) -> None:
        await asyncio.sleep(0)
        ran.append(sender)

    def in_thread() -> None:
        emit("x", "no loop")
        asyncio.run(in_loop_of_thread())

    async def in_loop_of_thread() -> None:
        await asyncio.gather(*emit("x", "loop of the thread"))

    @command("work", allow=anyone)
    async def work() -> None:
        await asyncio.to_thread(in_thread)
        emit("x", "loop of the command")

    await run_command("work", {}, Context())
    assert sorted(ran) == ["loop of the command", "loop of the thread", "no loop"]


def test_a_thread_that_inherits_a_context_emits_without_a_loop() -> None:
    on("x")(lambda: threading.current_thread().name)
    context = copy_context()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(context.run(emit, "x")), name="other")
    thread.start()
    thread.join()
    assert found == [["other"]]


def test_captures_collect_from_every_thread_and_loop() -> None:
    async def some(number: int) -> None:
        await emit_async("a.one", number)
        emit("b.two", number)

    with capture_events("a.*") as some_of_them, capture_events() as everything:
        in_threads(4, lambda number: asyncio.run(some(number)))
    assert sorted(e.sender for e in some_of_them) == [0, 1, 2, 3]
    assert {e.name for e in some_of_them} == {"a.one"}
    assert len(everything) == 8


def test_captures_may_be_nested_filtered_and_end_with_their_block() -> None:
    on("a")(lambda: 1)
    with capture_events("a", "b.*") as outer:
        with capture_events(event("a")) as inner:
            assert emit("a", None, n=1) == [1]
            emit("b.c")
        emit("a")
        emit("abc")
    emit("a")
    assert [(e.name, e.data) for e in outer] == [("a", {"n": 1}), ("b.c", {}), ("a", {})]
    assert [e.name for e in inner] == ["a"]
