"""How handlers run under `emit_async`: side by side where they wait, with no task where none waits.

Handlers are started at once, in order, in the task that emits. One that never suspends costs no
task. When one does suspend, the handlers after it go on in tasks of their own: in one at first, in
twice as many each time that all of them wait. So each coroutine runs from its first step to its
last in one task: timeouts and cancel scopes in a handler work, which they do not when a started
coroutine is moved into a task (``asyncio.current_task()`` would change under it).

A worker takes handlers from an iterator that all workers share, which is what makes each run once.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Generator, Mapping
from contextvars import copy_context
from operator import length_hint
from typing import Any

from nitro_runtime.events.handlers import SKIPPED
from nitro_runtime.events.plans import Plan
from nitro_runtime.events.running import (
    DRIVEN,
    Report,
    awaited_cancelled,
    finished,
)


class Round:
    """One `emit_async` under way.

    Attributes:
        results: The results in the order in which the handlers were started.
        errors: What they raised.
        held: The worker whose handler waits while later ones wait for it.
    """

    __slots__ = (
        "_before",
        "_broken",
        "_done",
        "_running",
        "_spare",
        "_tasks",
        "_waiter",
        "_width",
        "alone",
        "calls",
        "data",
        "errors",
        "held",
        "results",
        "sender",
        "total",
    )

    def __init__(self, plan: Plan, sender: object, data: Mapping[str, Any]) -> None:
        self.calls = iter(plan.calls)
        self.total = len(plan.calls)
        self.alone = plan.alone
        self.sender = sender
        self.data = data
        self.results: list[Any] = []
        self.errors: list[Exception] = []
        self.held: Worker | None = None
        # What a later handler starts from: it must not see what an earlier one sets while it
        # waits, such as its open transaction.
        self._before = copy_context()
        self._tasks: list[asyncio.Task[None]] | None = None

    async def run(self, name: str, report: Report) -> list[Any]:
        """Runs all handlers and waits for the last; when it is cancelled, they are too.

        Args:
            name: The event's name, for the error.
            report: Takes what was raised before a cancellation or an interrupt.

        Returns:
            The results, in the order in which the handlers were started.

        Raises:
            ExceptionGroup: What the handlers raised.
        """
        try:
            await Worker(self).drive()
            if self._tasks is not None:
                await self._others()
        except BaseException as error:
            for earlier in self.errors:
                report(earlier, name)
            await self._stop(error)
            raise
        if self.errors:
            raise ExceptionGroup(f"handlers of {name!r} failed", self.errors)
        return self.results

    # -- tasks --------------------------------------------------------------------------------

    def spread(self) -> None:
        """Starts workers for the handlers that are left, unless one is about to start anyway."""
        left = length_hint(self.calls)
        if self._tasks is None:
            self._tasks = []
            self._running = self._spare = 0
            self._width = 1
            self._waiter: asyncio.Future[None] | None = None
            self._broken: BaseException | None = None
            self._done = self._finished  # bound once
        if not left or self._spare:
            return
        number = min(left, self._width)
        self._width = number * 2
        self._running += number
        self._spare += number
        loop = asyncio.get_running_loop()
        for _ in range(number):
            # Not by the loop: an eager task would run the rest inside of the handler that waits.
            task = asyncio.Task(self._work(), loop=loop, context=self._before.copy())
            task.add_done_callback(self._done)
            self._tasks.append(task)

    async def _work(self) -> None:
        self._spare -= 1
        if self.held is None:
            await Worker(self).drive()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running -= 1
        error: BaseException | None
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self._broken = self._broken or error
        waiter = self._waiter
        if waiter is not None and not waiter.done() and (error is not None or not self._running):
            waiter.set_result(None)

    async def _others(self) -> None:
        if self._running and self._broken is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._broken is not None:
            raise self._broken

    async def _stop(self, error: BaseException) -> None:
        for task in self._tasks or ():
            task.cancel()
        if self._tasks and not isinstance(error, GeneratorExit):
            await asyncio.gather(*self._tasks, return_exceptions=True)


class Worker:
    """Takes handlers of a round until none is left, or until one that it started had to wait."""

    __slots__ = ("_cancelling", "_place", "_round")

    def __init__(self, of: Round) -> None:
        self._round = of
        self._place = -1  # of the result of the handler that waits

    @types.coroutine
    def drive(self) -> Generator[Any, Any, None]:
        """Works as ``await`` would; sees when a handler waits for something, and has others go on."""
        work = self._work()
        calls = self._round.calls
        try:
            awaited = work.send(None)
            while self._waits_alone():
                left = length_hint(calls)
                while length_hint(calls) == left:  # it has not gone on to another handler
                    try:
                        yield awaited
                    except BaseException as error:  # a cancellation: the handler's to deal with
                        awaited = work.throw(error)
                    else:
                        awaited = work.send(None)
            while True:
                try:
                    yield awaited
                except BaseException as error:
                    awaited = work.throw(error)
                else:
                    yield from work
                    return
        except StopIteration:
            return

    async def _work(self) -> None:
        of = self._round
        sender, data, results = of.sender, of.data, of.results
        add = results.append
        driven = DRIVEN
        coroutine = types.CoroutineType
        for call in of.calls:
            try:
                result = call(sender, data)
                kind: type[Any] = result.__class__
                if kind in driven:
                    if kind is coroutine:
                        result = await result
                    elif result is SKIPPED:
                        continue
                    else:
                        result = await finished(sender, result)
                if self._place < 0:
                    add(result)
                    continue
                results[self._place] = result
            except Exception as error:  # raised together at the end
                of.errors.append(error)
            except asyncio.CancelledError as error:
                self._fail_or_end(error)
            if self._place >= 0 and self._is_done():
                return

    def _waits_alone(self) -> bool:
        """Notes that a handler waits, and says whether the later ones wait for it."""
        of = self._round
        task = asyncio.current_task()
        self._cancelling = 0 if task is None else task.cancelling()
        self._place = len(of.results)
        of.results.append(None)
        if of.alone and of.total - length_hint(of.calls) - 1 in of.alone:
            of.held = self
            return True
        of.spread()
        return False

    def _is_done(self) -> bool:
        """Whether others took over while the handler waited; else those after it are its own."""
        self._place = -1
        if self._is_cancelled():  # and the handler went on nevertheless
            raise asyncio.CancelledError
        if self._round.held is not self:
            return True
        self._round.held = None
        return False

    def _is_cancelled(self) -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > self._cancelling

    def _fail_or_end(self, error: asyncio.CancelledError) -> None:
        """Tells a handler that awaited something cancelled from a cancelled task."""
        if self._place >= 0 and self._is_cancelled():
            raise error
        failure = awaited_cancelled()
        failure.__cause__ = error
        self._round.errors.append(failure)
