"""How handlers run under `emit`: each kind to its end, or started as a task where a loop runs.

How they run under `emit_async` stands in `rounds`.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import aclosing
from contextvars import copy_context
from typing import Any, Protocol, cast

from blinker import Signal

from nitro_runtime import context
from nitro_runtime.events.handlers import SKIPPED, Call, Skipped
from nitro_runtime.events.plans import Plan, Step
from nitro_runtime.events.tasks import TaskList, started_tasks

ASYNC: frozenset[type[Any]] = frozenset({types.CoroutineType, types.AsyncGeneratorType})
"""What the call of an async handler returns."""

DRIVEN = ASYNC | {types.GeneratorType, Skipped}
"""The types of results that are not yet results."""

Report = Callable[[BaseException, str], object]
"""Takes an error that nobody waits for, and the name of the event."""


class Starter:
    """Runs the async handlers of one `emit`.

    Where a loop runs in this thread they become tasks: of the current command, else of the
    background. Else a loop of the emit's own runs each to its end.

    Args:
        name: The name of the event.
        report: Takes what tasks in the background raise.
        background: Holds them while they run, since a loop holds its tasks weakly.
    """

    __slots__ = ("_background", "_loop", "_name", "_report", "_runner")

    def __init__(self, name: str, report: Report, background: set[asyncio.Task[Any]]) -> None:
        self._name = name
        self._report = report
        self._background = background
        self._runner: asyncio.Runner | None = None
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 # the result, or its task
        """Starts a handler; returns its task, or its result where no loop runs."""
        if self._loop is None:
            return self._finish(coroutine)
        task = self._loop.create_task(coroutine)
        tasks = started_tasks.get()
        if tasks is None or not tasks.add(self._name, task, self._loop):
            self._background.add(task)
            task.add_done_callback(self._done)
        return task

    def close(self) -> None:
        """Ends the loop of its own, if it made one."""
        if self._runner is not None:
            self._runner.close()

    def _finish(self, coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 # the handler's
        if self._runner is None:
            self._runner = asyncio.Runner()
        whole = to_end(coroutine, self._name, self._report)
        return self._runner.run(whole, context=copy_context())

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._report(error, self._name)


async def to_end(coroutine: Coroutine[Any, Any, Any], name: str, report: Report) -> Any:  # noqa: ANN401 # the handler's
    """Awaits a handler in a loop that ends with it, and whatever it starts by emitting."""
    tasks = TaskList()
    token = started_tasks.set(tasks)
    try:
        return await coroutine
    except asyncio.CancelledError as error:
        raise_if_cancelled(error)
        raise awaited_cancelled() from error
    finally:
        started_tasks.reset(token)
        for error in await tasks.finish():
            report(error, name)


def has_loop() -> bool:
    """Whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def raise_if_cancelled(error: asyncio.CancelledError) -> None:
    """Raises it when it means this task, and not something that was awaited."""
    task = asyncio.current_task()
    if task is None or task.cancelling():
        raise error


def awaited_cancelled() -> RuntimeError:
    """Returns the error of a handler that awaited something cancelled: it is no cancellation."""
    return RuntimeError("a handler awaited something that was cancelled")


class Starters(Protocol):
    """Makes what runs the async handlers of one emit: the bus."""

    def starter(self, event: str | Signal) -> Starter:
        """Makes it for an event."""
        ...


def run(
    plan: Plan,
    event: str | Signal,
    sender: object,
    data: Mapping[str, Any],
    errors: list[Exception],
    starters: Starters,
) -> list[Any]:
    """Calls the handlers in order, from code that cannot wait.

    Args:
        plan: What to call.
        event: The event or its name.
        sender: The sender.
        data: The data, by keyword.
        errors: Takes what handlers raise.
        starters: Makes what runs the async ones.

    Returns:
        The results in order.
    """
    if plan.alone:
        return _run_in_turn(plan, event, sender, data, errors, starters)
    results: list[Any] = []
    starter: Starter | None = None
    add = results.append
    driven = DRIVEN
    try:
        for call in plan.calls:
            try:
                result = call(sender, data)
                kind: type[Any] = result.__class__
                if kind in driven:
                    if result is SKIPPED:
                        continue
                    if kind is types.GeneratorType:
                        result = drain(sender, result)
                    else:
                        starter = starter or starters.starter(event)
                        result = starter.start(to_coroutine(sender, result))
                add(result)
            except Exception as error:  # raised together by the bus
                errors.append(error)
    finally:
        if starter is not None:
            starter.close()
    return results


def _run_in_turn(
    plan: Plan,
    event: str | Signal,
    sender: object,
    data: Mapping[str, Any],
    errors: list[Exception],
    starters: Starters,
) -> list[Any]:
    """As `run`; what comes after a handler that runs alone is a task that waits for it."""
    results: list[Any] = []
    starter = starters.starter(event)
    gate: asyncio.Task[Any] | None = None
    try:
        for step in plan.steps:
            try:
                result = _take_turn(step, gate, sender, data, starter)
            except Exception as error:  # raised together by the bus
                errors.append(error)
                continue
            if result is SKIPPED:
                continue
            results.append(result)
            if not step.concurrent and isinstance(result, asyncio.Task):
                gate = cast("asyncio.Task[Any]", result)
    finally:
        starter.close()
    return results


def _take_turn(
    step: Step,
    gate: asyncio.Task[Any] | None,
    sender: object,
    data: Mapping[str, Any],
    starter: Starter,
) -> Any:  # noqa: ANN401 # the result, or its task
    if gate is not None:
        if step.accepts is not None and not step.accepts(sender, data):
            return SKIPPED
        return starter.start(_after(gate, step.bare, sender, data))
    result = step.call(sender, data)
    kind: type[Any] = result.__class__
    if kind is types.GeneratorType:
        return drain(sender, result)
    return starter.start(to_coroutine(sender, result)) if kind in ASYNC else result


async def _after(
    gate: asyncio.Task[Any], call: Call, sender: object, data: Mapping[str, Any]
) -> Any:  # noqa: ANN401 # the handler's
    await asyncio.wait([gate])
    return await finished(sender, call(sender, data))


async def finished(sender: object, result: Any) -> Any:  # noqa: ANN401 # by its type
    """Runs what the call of a handler gave to its end, in a coroutine."""
    kind: type[Any] = result.__class__
    if kind is types.GeneratorType:
        return drain(sender, result)
    return await to_coroutine(sender, result) if kind in ASYNC else result


def deliver(sender: object, value: object) -> None:
    """Sends a yielded value on its way when it is a patch or a view; a plain str is neither."""
    if hasattr(value, "__html__") or (not isinstance(value, str) and hasattr(value, "encode")):
        context.deliver(sender, value)  # pyright: ignore[reportArgumentType] # it has one of them


def drain(sender: object, generator: Generator[Any, Any, Any]) -> list[Any]:
    """Runs a generator handler to its end and returns its yields; patches are delivered at once."""
    values: list[Any] = []
    for value in generator:
        deliver(sender, value)
        values.append(value)
    return values


async def drain_async(sender: object, generator: AsyncGenerator[Any, Any]) -> list[Any]:
    """Runs an async generator handler to its end, as `drain` does."""
    values: list[Any] = []
    async with aclosing(generator):
        async for value in generator:
            deliver(sender, value)
            values.append(value)
    return values


def to_coroutine(sender: object, result: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401 # by its type
    """Returns the coroutine that runs an async handler to its end."""
    kind: type[Any] = result.__class__
    return drain_async(sender, result) if kind is types.AsyncGeneratorType else result
