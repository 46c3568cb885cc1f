"""What emit and emit_async do with handlers that wait, and with their tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest

from nitro_runtime import context
from nitro_runtime.events import bus, emit, emit_async, on


async def test_handlers_that_wait_wait_side_by_side() -> None:
    both = asyncio.Barrier(3)

    async def handler() -> None:
        await both.wait()

    for _ in range(3):
        on("x")(lambda: handler())
    async with asyncio.timeout(5):
        await emit_async("x")


async def test_no_task_is_made_when_nothing_suspends() -> None:
    seen: list[asyncio.Task[Any] | None] = []

    async def handler() -> None:
        seen.append(asyncio.current_task())

    for _ in range(5):
        on("x")(lambda: handler())
    await emit_async("x")
    assert seen == [asyncio.current_task()] * 5


async def test_a_handler_stays_in_one_task_from_its_first_step_to_its_last() -> None:
    moved: list[bool] = []

    def handler() -> Any:
        async def run() -> None:
            began = asyncio.current_task()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            moved.append(asyncio.current_task() is not began)

        return run

    for _ in range(6):
        on("x")(handler())
    await emit_async("x")
    assert moved == [False] * 6


async def test_a_timeout_in_one_handler_ends_only_that_one() -> None:
    go = asyncio.Event()

    @on("x")
    async def hasty() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            go.set()
            return "timed out"
        return "never"

    @on("x")
    async def patient() -> str:
        await go.wait()
        return "done"

    assert await emit_async("x") == ["timed out", "done"]


async def test_what_one_handler_sets_while_it_waits_another_does_not_see() -> None:
    unit: ContextVar[str] = ContextVar("unit", default="none")
    seen: list[str] = []

    @on("x")
    async def inside_a_transaction() -> None:
        unit.set("mine")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @on("x")
    async def other() -> None:
        seen.append(unit.get())

    await emit_async("x")
    assert seen == ["none"]


async def test_cancelling_the_emit_cancels_every_handler() -> None:
    ended: list[str] = []
    waiting = asyncio.Barrier(4)

    def handler(name: str) -> Any:
        async def run() -> None:
            try:
                await waiting.wait()
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        return run

    for name in "abc":
        on("x")(handler(name))
    task = asyncio.create_task(emit_async("x"))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(ended) == ["a", "b", "c"]


async def test_a_handler_that_awaits_something_cancelled_is_an_error_and_no_cancellation() -> None:
    @on("x")
    async def bad() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    on("x")(lambda: "good")
    with pytest.raises(ExceptionGroup) as caught:
        await emit_async("x")
    assert "cancelled" in str(caught.value.exceptions[0])


async def test_a_patch_is_delivered_at_the_moment_it_is_yielded() -> None:
    class Patch:
        def __init__(self, text: str) -> None:
            self.text = text

        def encode(self) -> bytes:
            return self.text.encode()

    delivered: list[str] = []
    go = asyncio.Event()

    @on("x")
    async def handler() -> AsyncIterator[object]:
        yield Patch("first")
        yield "a str is no patch, though it has encode"
        await go.wait()
        yield Patch("second")

    with context.outlet(lambda patch: delivered.append(patch.encode().decode())):
        task = asyncio.create_task(emit_async("x"))
        while not delivered:
            await asyncio.sleep(0)
        assert delivered == ["first"]
        go.set()
        [values] = await task
    assert delivered == ["first", "second"]
    assert len(values) == 3


async def test_emit_in_a_running_loop_starts_async_handlers_as_tasks() -> None:
    @on("x")
    async def handler(sender: str) -> str:
        await asyncio.sleep(0)
        return sender

    on("x")(lambda sender: "now")
    task, now = emit("x", "later")
    assert now == "now"
    assert await task == "later"


async def test_outside_a_command_the_errors_of_started_handlers_go_to_on_error() -> None:
    reported = asyncio.get_running_loop().create_future()
    bus.on_error = lambda error, name: reported.set_result((str(error), name))

    @on("x")
    async def bad() -> None:
        await asyncio.sleep(0)
        raise ValueError("lost?")

    emit("x")
    assert await reported == ("lost?", "x")


async def test_errors_that_nobody_waits_for_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    @on("x")
    async def bad() -> None:
        raise ValueError("lost?")

    with caplog.at_level(logging.ERROR):
        emit("x")
        while not caplog.records:
            await asyncio.sleep(0)
    assert "'x'" in caplog.text
    assert "lost?" in caplog.text


async def test_emit_in_a_thread_beside_the_loop_runs_async_handlers_to_completion() -> None:
    @on("x")
    async def handler() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await asyncio.to_thread(emit, "x") == ["done"]
