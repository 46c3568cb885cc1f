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
from contextvars import copy_context
from typing import Any

from nitro_runtime import context
from nitro_runtime.events.handlers import SKIPPED, Call, Skipped

ASYNC: frozenset[type[Any]] = frozenset({types.CoroutineType, types.AsyncGeneratorType})
"""What the call of an async handler returns."""

DRIVEN = ASYNC | {types.GeneratorType, Skipped}
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
            kind: type[Any] = result.__class__
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


class Round:
    """One `emit_async` under way."""

    __slots__ = ("_before", "_calls", "_data", "_errors", "_next", "_results", "_sender", "_tasks")

    def __init__(self, calls: tuple[Call, ...], sender: object, data: Mapping[str, Any]) -> None:
        self._calls = calls
        self._sender = sender
        self._data = data
        self._next = 0
        self._results: list[Any] = []
        self._errors: list[Exception] = []
        self._tasks: list[asyncio.Task[None]] = []
        # What a later handler starts from: it must not see what an earlier one sets while it
        # waits, such as its open transaction.
        self._before = copy_context()

    async def run(self, name: str) -> list[Any]:
        """Runs all handlers and waits for the last; when it is cancelled, they are too.

        Args:
            name: The event's name, for the error.

        Returns:
            The results, in the order in which the handlers were started.

        Raises:
            ExceptionGroup: What the handlers raised.
        """
        try:
            await self._work()
            for task in self._tasks:  # it grows while tasks part from tasks
                await task
        except BaseException:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            raise
        if self._errors:
            raise ExceptionGroup(f"handlers of {name!r} failed", self._errors)
        return self._results

    async def _work(self) -> None:
        """Takes handlers until none is left; several tasks may do so, each handler runs once."""
        calls, sender, data, results = self._calls, self._sender, self._data, self._results
        while (index := self._next) < len(calls):
            self._next = index + 1
            try:
                result = calls[index](sender, data)
                kind: type[Any] = result.__class__
                if kind in ASYNC:
                    if kind is not types.CoroutineType:
                        result = drain_async(sender, result)
                    place = len(results)
                    results.append(None)
                    try:
                        awaited = result.send(None)
                    except StopIteration as done:
                        results[place] = done.value
                    else:
                        results[place] = await self._go_on(result, awaited)
                elif kind is types.GeneratorType:
                    results.append(drain(sender, result))
                elif result is not SKIPPED:
                    results.append(result)
            except Exception as error:  # raised together at the end
                self._errors.append(error)
            except asyncio.CancelledError as error:
                self._cancelled(error)

    def _cancelled(self, error: asyncio.CancelledError) -> None:
        """Tells a handler that awaited something cancelled from a cancelled task."""
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise error
        failure = RuntimeError("a handler awaited something that was cancelled")
        failure.__cause__ = error
        self._errors.append(failure)

    @types.coroutine
    def _go_on(
        self,
        coroutine: Coroutine[Any, Any, Any],
        awaited: object,
    ) -> Generator[Any, Any, Any]:
        """Goes on as ``await`` would with a coroutine whose first step awaits something."""
        if self._next < len(self._calls):
            rest = asyncio.create_task(self._work(), context=self._before.copy())
            self._tasks.append(rest)
        while True:
            try:
                yield awaited
            except BaseException as error:  # a cancellation: the coroutine's to handle
                try:
                    awaited = coroutine.throw(error)
                except StopIteration as done:
                    return done.value
            else:
                return (yield from coroutine)  # pyright: ignore[reportUnknownVariableType] # a types.coroutine may
