"""How handlers run: plain functions, coroutines, generators and async generators, each to its end.

Coroutines are started at once, in order. One that never suspends costs no task. When one does
suspend, the handlers after it go on in a task of their own. So each coroutine runs from its first
step to its last in one task: timeouts and cancel scopes in a handler work, which they do not when
a started coroutine is moved into a task (``asyncio.current_task()`` would change under it).
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import aclosing
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from nitro_runtime import context
from nitro_runtime.events.handlers import SKIPPED, Call, Skipped

DRIVEN: frozenset[type] = frozenset(
    {Skipped, types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType}
)
"""The types of results that are not yet results."""

Started = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs or starts an async handler; returns what stands for it among the results."""


def run(
    calls: tuple[Call, ...], sender: object, data: Mapping[str, Any], start: Started
) -> tuple[list[Any], list[Exception]]:
    """Calls the handlers in order, from code that cannot wait.

    Args:
        calls: The prepared calls.
        sender: The sender.
        data: The data, by keyword.
        start: Runs or starts the async ones.

    Returns:
        The results in order, and what was raised.
    """
    results: list[Any] = []
    errors: list[Exception] = []
    add = results.append
    for call in calls:
        try:
            result = call(sender, data)
            kind: type = type(result)
            if kind in DRIVEN:
                if result is SKIPPED:
                    continue
                if kind is types.GeneratorType:
                    result = drain(sender, result)
                else:
                    result = start(to_coroutine(sender, result))
            add(result)
        except Exception as error:  # raised together by the bus
            errors.append(error)
    return results, errors


def deliver(sender: object, value: object) -> None:
    """Sends a yielded value on its way when it is a patch; a str has ``encode`` and is none."""
    if not isinstance(value, str) and hasattr(value, "encode"):
        context.deliver(sender, value)  # pyright: ignore[reportArgumentType] # it has encode


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
    kind: type = type(result)
    return drain_async(sender, result) if kind is types.AsyncGeneratorType else result


class Round:
    """One `emit_async` under way.

    Attributes:
        results: The handlers' results, in the order in which they were started.
        errors: What they raised.
    """

    __slots__ = ("_before", "_calls", "_data", "_next", "_sender", "_tasks", "errors", "results")

    def __init__(self, calls: tuple[Call, ...], sender: object, data: Mapping[str, Any]) -> None:
        self.results: list[Any] = []
        self.errors: list[Exception] = []
        self._calls = calls
        self._sender = sender
        self._data = data
        self._next = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._before: Context | None = None

    async def run(self) -> None:
        """Runs all handlers and waits for the last; when it is cancelled, they are too."""
        try:
            await self._work()
            for task in self._tasks:  # it grows while tasks part from tasks
                await task
        except BaseException:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            raise

    async def _work(self) -> None:
        """Takes handlers until none is left; several tasks may do so, each handler runs once."""
        calls, sender, data, results = self._calls, self._sender, self._data, self.results
        while self._next < len(calls):
            call = calls[self._next]
            self._next += 1
            try:
                result = call(sender, data)
                kind: type = type(result)
                if kind not in DRIVEN:
                    results.append(result)
                elif kind is types.GeneratorType:
                    results.append(drain(sender, result))
                elif result is not SKIPPED:
                    await self._step(to_coroutine(sender, result))
            except Exception as error:  # raised together by the bus
                self.errors.append(error)
            except asyncio.CancelledError as error:
                self._cancelled(error)

    async def _step(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        if self._before is None:
            # The others must not see what this one sets, such as its open transaction.
            self._before = copy_context()
        place = len(self.results)
        self.results.append(None)
        try:
            awaited = coroutine.send(None)
        except StopIteration as done:
            self.results[place] = done.value
            return
        if self._next < len(self._calls):
            part = asyncio.get_running_loop().create_task(self._work(), context=self._before.copy())
            self._tasks.append(part)
        self.results[place] = await _go_on(coroutine, awaited)

    def _cancelled(self, error: asyncio.CancelledError) -> None:
        """Tells a handler that awaited something cancelled from a cancelled task."""
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise error
        failure = RuntimeError("a handler awaited something that was cancelled")
        failure.__cause__ = error
        self.errors.append(failure)


@types.coroutine
def _go_on(
    coroutine: Coroutine[Any, Any, Any],
    awaited: Any,  # noqa: ANN401 # a future, or what another event loop takes
) -> Generator[Any, Any, Any]:
    """Goes on with a coroutine that has made its first step, as ``await`` would."""
    while True:
        try:
            value = yield awaited
        except BaseException as error:  # a cancellation or the end: the coroutine's to handle
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, value)
        try:
            awaited = step()
        except StopIteration as done:
            return done.value
