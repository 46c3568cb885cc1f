"""What waits for what: handlers that run alone, cancellation, groups of errors, nested emits."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from nitro_runtime.events import bus, emit, emit_async, off, on

Handler = Callable[..., Awaitable[Any]]


class Diary:
    """Notes what begins and ends; handlers end when their gate is opened."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def handler(self, name: str, *, waits: bool = True) -> Handler:
        self.gates[name] = asyncio.Event()

        async def run() -> str:
            self.notes.append(f"+{name}")
            try:
                if waits:
                    await self.gates[name].wait()
            finally:
                self.notes.append(f"-{name}")
            return name

        return run

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.notes) < count:
                await asyncio.sleep(0)
        for _ in range(5):  # turns in which more might begin
            await asyncio.sleep(0)
        return self.notes


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def test_what_comes_after_a_handler_that_runs_alone_starts_when_it_is_done(
    diary: Diary,
) -> None:
    on("x")(diary.handler("before"))
    on("x", concurrent=False)(diary.handler("alone"))
    on("x")(diary.handler("after"))
    on("x")(lambda: diary.notes.append("plain") or "plain")
    task = asyncio.create_task(emit_async("x"))

    assert await diary.until(2) == ["+before", "+alone"]
    diary.gates["before"].set()
    assert await diary.until(3) == ["+before", "+alone", "-before"]
    diary.gates["alone"].set()
    assert await diary.until(6) == ["+before", "+alone", "-before", "-alone", "+after", "plain"]
    diary.gates["after"].set()
    assert await task == ["before", "alone", "after", "plain"]


async def test_several_that_run_alone_run_one_after_another(diary: Diary) -> None:
    for name in "abc":
        on("x", concurrent=False)(diary.handler(name))
    for name in "abc":
        diary.gates[name].set()
    assert await emit_async("x") == ["a", "b", "c"]
    assert diary.notes == ["+a", "-a", "+b", "-b", "+c", "-c"]

    diary.notes.clear()
    assert await asyncio.gather(*emit("x")) == ["a", "b", "c"]
    assert diary.notes == ["+a", "-a", "+b", "-b", "+c", "-c"]


async def test_one_alone_that_does_not_wait_or_fails_holds_nobody_up(diary: Diary) -> None:
    @on("x", concurrent=False)
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("alone")

    on("x", concurrent=False)(diary.handler("quick", waits=False))
    on("x", concurrent=False)(diary.handler("last", waits=False))
    with pytest.raises(ExceptionGroup) as caught:
        await emit_async("x")
    assert [str(error) for error in caught.value.exceptions] == ["alone"]
    assert diary.notes == ["+quick", "-quick", "+last", "-last"]


async def test_a_timeout_inside_one_that_runs_alone_neither_ends_nor_frees_the_others(
    diary: Diary,
) -> None:
    @on("x", concurrent=False)
    async def alone() -> str:
        for _ in range(2):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await asyncio.Event().wait()
        diary.notes.append("alone")
        await asyncio.sleep(0)
        return "alone"

    on("x", concurrent=False)(diary.handler("next"))
    on("x")(diary.handler("last", waits=False))
    task = asyncio.create_task(emit_async("x"))
    assert await diary.until(2) == ["alone", "+next"]
    diary.gates["next"].set()
    assert await task == ["alone", "next", "last"]


async def test_under_emit_what_comes_after_one_alone_is_a_task_that_waits(diary: Diary) -> None:
    ran: list[str] = []
    on("x")(lambda: ran.append("before") or "before")
    on("x", concurrent=False)(diary.handler("alone"))
    on("x")(lambda: ran.append("after") or "after")
    on("x", when=lambda: False)(lambda: ran.append("never"))

    @on("x")
    def generator() -> Iterator[str]:
        yield "generated"

    before, alone, after, generated = emit("x")
    assert before == "before"
    await diary.until(1)
    assert ran == ["before"]
    diary.gates["alone"].set()
    assert [await alone, await after, await generated] == ["alone", "after", ["generated"]]
    assert ran == ["before", "after"]


def test_without_a_loop_all_run_one_after_another() -> None:
    ran: list[str] = []

    @on("x")
    async def one() -> None:
        ran.append("+one")
        await asyncio.sleep(0)
        ran.append("-one")

    @on("x", concurrent=False)
    async def two() -> AsyncIterator[int]:
        ran.append("two")
        yield 2

    on("x")(lambda: ran.append("three"))
    assert emit("x") == [None, [2], None]
    assert ran == ["+one", "-one", "two", "three"]


@pytest.mark.parametrize("count", [1, 2, 17, 40])
async def test_cancelling_cancels_every_handler_and_starts_no_further_one(
    diary: Diary, count: int
) -> None:
    names = [str(number) for number in range(count)]
    for name in names:
        on("x")(diary.handler(name))
    on("x", concurrent=False)(diary.handler("alone"))
    on("x")(diary.handler("never"))
    task = asyncio.create_task(emit_async("x"))
    await diary.until(count + 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(diary.notes[count + 1 :]) == sorted(f"-{name}" for name in [*names, "alone"])
    assert "+never" not in diary.notes


@pytest.mark.parametrize("alone", [False, True])
async def test_a_handler_that_goes_on_in_spite_of_it_saves_no_other(
    diary: Diary, alone: bool
) -> None:
    @on("x", concurrent=not alone)
    async def stubborn() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            diary.notes.append("went on")
        return "stubborn"

    on("x")(diary.handler("other"))
    task = asyncio.create_task(emit_async("x"))
    await diary.until(0 if alone else 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert diary.notes == (["went on"] if alone else ["+other", "went on", "-other"])


async def test_an_emit_of_a_task_that_cleans_up_after_its_cancellation_is_not_cancelled() -> None:
    cleaned: list[object] = []

    @on("cleanup")
    async def handler() -> str:
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        return "cleaned"

    on("cleanup")(lambda: handler())

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(await emit_async("cleanup"))

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [["cleaned", "cleaned"]]


async def test_a_timeout_around_the_emit_ends_it(diary: Diary) -> None:
    on("x")(diary.handler("a"))
    on("x")(diary.handler("b"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await emit_async("x")
    assert sorted(diary.notes) == ["+a", "+b", "-a", "-b"]


async def test_an_emit_that_is_closed_instead_of_awaited_stops_its_handlers(diary: Diary) -> None:
    on("x")(diary.handler("a"))
    on("x")(diary.handler("b"))
    coroutine = emit_async("x")
    coroutine.send(None)
    await diary.until(2)
    coroutine.close()
    await diary.until(4)
    assert sorted(diary.notes) == ["+a", "+b", "-a", "-b"]


async def test_an_emit_that_was_never_awaited_runs_nothing(diary: Diary) -> None:
    on("x")(diary.handler("a"))
    coroutine = emit_async("x")
    coroutine.close()
    assert diary.notes == []


class Stop(BaseException): ...


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Stop])
@pytest.mark.parametrize("how", ["emit", "emit_async", "emit without a loop"])
def test_what_is_no_exception_is_never_swallowed(kind: type[BaseException], how: str) -> None:
    reported: list[str] = []
    bus.on_error = lambda error, name: reported.append(f"{name}: {error}")

    @on("x")
    def fails() -> None:
        raise ValueError("earlier")

    @on("x")
    def stops() -> None:
        raise kind

    on("x")(lambda: reported.append("later"))

    async def emit_it() -> None:
        await emit_async("x")

    async def emit_in_loop() -> None:
        emit("x")

    with pytest.raises(kind):
        if how == "emit without a loop":
            emit("x")
        else:
            asyncio.run(emit_it() if how == "emit_async" else emit_in_loop())
    assert reported == ["x: earlier"]


def test_one_in_a_handler_that_waits_reaches_the_emitter_and_ends_the_others() -> None:
    ended: list[str] = []

    @on("x")
    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waits")

    @on("x")
    async def stops() -> None:
        await asyncio.sleep(0)
        raise Stop

    async def emit_it() -> None:
        async with asyncio.timeout(5):
            await emit_async("x")

    with pytest.raises(Stop):
        asyncio.run(emit_it())
    assert ended == ["waits"]


async def test_groups_keep_their_groups() -> None:
    @on("outer")
    async def outer() -> None:
        await emit_async("inner")

    @on("outer")
    async def with_a_task_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails("task"))

    async def fails(text: str) -> None:
        await asyncio.sleep(0)
        raise ValueError(text)

    on("inner")(partial(fails, "one"))
    on("inner")(partial(fails, "two"))
    with pytest.raises(ExceptionGroup) as caught:
        await emit_async("outer")
    inner, tasks = sorted(caught.value.exceptions, key=str)
    assert isinstance(inner, ExceptionGroup)
    assert [str(error) for error in inner.exceptions] == ["one", "two"]
    assert isinstance(tasks, ExceptionGroup)
    assert caught.value.subgroup(lambda error: str(error) == "task") is not None


async def test_a_task_group_that_fails_at_its_end_cancels_no_emit(diary: Diary) -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError

    async def in_a_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60))
            group.create_task(fails())

    @on("x", priority=1)
    async def copes() -> str:
        with suppress(ExceptionGroup):
            await in_a_group()
        return "coped"

    on("x", priority=1)(diary.handler("other"))
    on("x")(in_a_group)
    diary.gates["other"].set()
    with pytest.raises(ExceptionGroup) as caught:
        await emit_async("x")
    assert caught.value.subgroup(ValueError) is not None
    off(in_a_group)
    assert await emit_async("x") == ["coped", "other"]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0

    emitting = asyncio.create_task(emit_async("x"))
    asyncio.get_running_loop().call_soon(emitting.cancel)  # with the group's own, from another
    with pytest.raises(asyncio.CancelledError):
        await emitting


async def test_errors_raised_before_a_cancellation_are_reported(diary: Diary) -> None:
    reported: list[str] = []
    bus.on_error = lambda error, name: reported.append(f"{name}: {error}")

    @on("x")
    def fails() -> None:
        raise ValueError("earlier")

    on("x")(diary.handler("waits"))
    task = asyncio.create_task(emit_async("x"))
    await diary.until(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reported == ["x: earlier"]


def test_a_handler_that_awaits_something_cancelled_is_an_error_under_emit_too() -> None:
    @on("x")
    async def bad() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    on("x")(lambda: "good")
    with pytest.raises(ExceptionGroup) as caught:
        emit("x")
    assert "cancelled" in str(caught.value.exceptions[0])


def test_what_an_async_handler_starts_by_emitting_runs_to_its_end_without_a_loop() -> None:
    ran: list[str] = []
    reported: list[str] = []
    bus.on_error = lambda error, name: reported.append(f"{name}: {error}")

    @on("outer")
    async def outer() -> None:
        emit("inner")

    @on("inner")
    async def inner() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ran.append("inner")
        raise ValueError("nobody waits")

    emit("outer")
    assert ran == ["inner"]
    assert reported == ["outer: nobody waits"]


async def test_handlers_start_in_order_and_once_whatever_waits() -> None:
    began: list[int] = []

    def handler(number: int, waits: int) -> Handler:
        async def run() -> int:
            began.append(number)
            for _ in range(waits):
                await asyncio.sleep(0)
            return number

        return run

    for number in range(120):
        on("x")(handler(number, waits=(number * 7) % 4))
    assert await emit_async("x") == list(range(120))
    assert began == list(range(120))


async def test_each_handler_has_the_context_of_the_emit_and_not_of_another_that_waits() -> None:
    mark: ContextVar[str] = ContextVar("mark", default="nobody")
    seen: list[tuple[int, str]] = []

    def handler(number: int) -> Handler:
        async def run() -> None:
            seen.append((number, mark.get()))
            mark.set(f"handler {number}")
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        return run

    for number in range(40):
        on("x")(handler(number))
    mark.set("emitter")
    await emit_async("x")
    assert seen == [(number, "emitter") for number in range(40)]


async def test_under_an_eager_task_factory_all_is_the_same(diary: Diary) -> None:
    factory = getattr(asyncio, "eager_task_factory", None)
    if factory is None:
        pytest.skip("this Python has no eager tasks")
    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)
    try:
        for number in range(30):
            on("x")(diary.handler(str(number)))
            diary.gates[str(number)].set()
        assert await emit_async("x") == [str(number) for number in range(30)]
    finally:
        loop.set_task_factory(None)


async def test_no_handler_vanishes_and_nothing_is_left_unawaited() -> None:
    async def with_prefix(prefix: str, sender: str) -> str:
        await asyncio.sleep(0)
        return prefix + sender

    class Shop:
        async def heard(self, sender: str) -> str:
            return f"method {sender}"

        async def __call__(self, sender: str) -> str:
            return f"object {sender}"

    def register() -> None:
        word = "closure "
        on("x")(lambda sender: word + sender)
        on("x")(partial(with_prefix, "partial "))
        on("x")(Shop().heard)
        on("x")(Shop())

    register()
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await emit_async("x", "s") == ["closure s", "partial s", "method s", "object s"]
        assert await asyncio.gather(*emit("x", "s")[1:]) == ["partial s", "method s", "object s"]
        gc.collect()


async def test_a_handler_may_take_itself_and_others_away_while_it_runs() -> None:
    ran: list[str] = []

    @on("x")
    def once() -> None:
        ran.append("once")
        off(once)
        off(other)

    @on("x")
    def other() -> None:
        ran.append("other")

    await emit_async("x")
    await emit_async("x")
    assert ran == ["once", "other"]  # the first emit had begun with both


async def test_a_sync_handler_may_emit_the_same_event_again() -> None:
    seen: list[int] = []

    @on("x")
    def again(n: int) -> None:
        seen.append(n)
        if n:
            emit("x", n=n - 1)

    await emit_async("x", n=3)
    assert seen == [3, 2, 1, 0]
