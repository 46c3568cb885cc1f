"""How handlers run under `emit_async`: side by side where they wait, with no task where none waits.

Handlers are started at once, in order, in the task that emits. One that never suspends costs no
task. When one does suspend, the handlers after it go on in tasks of their own: in a few at first, in
many more when all of those wait. So each coroutine runs from its first step to its
last in one task: timeouts and cancel scopes in a handler work, which they do not when a started
coroutine is moved into a task (``asyncio.current_task()`` would change under it).

A worker takes handlers from an iterator that all workers share, which is what makes each run once.
"""

from __future__ import annotations

import asyncio
import types
from collections import deque
from collections.abc import Generator, Mapping
from contextvars import Context, copy_context
from operator import length_hint
from typing import Any, Final

from nitro_runtime.events.handlers import SKIPPED
from nitro_runtime.events.plans import Plan
from nitro_runtime.events.running import DRIVEN, Report, awaited_cancelled, finished

_COROUTINE: Final = types.CoroutineType


class Worker:
    """Takes handlers of a round until none is left, or until one that it started had to wait.

    Attributes:
        plan: All handlers.
        sender: The sender.
        data: The data, by keyword.
        calls: The handlers that nobody has taken.
        results: The results of all workers, in the order in which the handlers were started.
        errors: What handlers of all workers raised.
        crew: The other workers, once there are any.
        before: What later handlers start from, of the first worker: they must not see what an
            earlier one sets while it waits, such as its open transaction.
    """

    __slots__ = (
        "_cancelled",
        "_cancelling",
        "_place",
        "before",
        "calls",
        "crew",
        "data",
        "errors",
        "plan",
        "results",
        "sender",
    )

    def __init__(
        self, plan: Plan, sender: object, data: Mapping[str, Any], first: Worker | None = None
    ) -> None:
        self.plan = plan
        self.sender = sender
        self.data = data
        self._place = -1  # of the result of the handler that waits
        if first is not None:
            self.calls, self.results, self.errors = first.calls, first.results, first.errors
            self.crew = first.crew
            return
        self.calls = iter(plan.calls)
        self.results: list[Any] = []
        self.errors: list[Exception] = []
        self.crew: Crew | None = None
        self.before: Context = copy_context()

    async def finish(self, name: str, report: Report, error: BaseException | None = None) -> None:
        """Waits for the other workers; of the first worker.

        Args:
            name: The event's name, for the error.
            report: Takes what was raised before a cancellation or an interrupt.
            error: What ended the first worker: the others are cancelled.

        Raises:
            ExceptionGroup: What the handlers raised.
        """
        try:
            if error is not None:
                raise error
            if self.crew is not None:
                await self.crew.finish()
        except BaseException as ended:
            for earlier in self.errors:
                report(earlier, name)
            deque(self.calls, maxlen=0)  # whoever goes on in spite of it finds nothing
            if self.crew is not None:
                await self.crew.stop(ended)
            raise
        if self.errors:
            raise ExceptionGroup(f"handlers of {name!r} failed", self.errors)

    # -- working ------------------------------------------------------------------------------

    @types.coroutine
    def drive(self) -> Generator[Any, Any, None]:
        """Works as ``await`` would; sees when a handler waits for something, and has others go on."""
        work = self._work()
        calls = self.calls
        try:
            awaited = work.send(None)
            while self._waits_alone():
                left = length_hint(calls)
                while length_hint(calls) == left:  # it has not gone on to another handler
                    try:
                        yield awaited
                    except BaseException as error:  # a cancellation: the handler's to deal with
                        self._cancelled = True
                        awaited = work.throw(error)
                    else:
                        awaited = work.send(None)
            while True:
                try:
                    yield awaited
                except BaseException as error:
                    self._cancelled = True
                    awaited = work.throw(error)
                else:
                    yield from work
                    return
        except StopIteration:
            return

    async def _work(self) -> None:
        sender, data, results, errors = self.sender, self.data, self.results, self.errors
        add = results.append
        driven, coroutine = DRIVEN, _COROUTINE
        for call in self.calls:
            try:
                result = call(sender, data)
                kind: type[Any] = result.__class__
                if kind is coroutine:
                    result = await result
                elif kind in driven:
                    if result is SKIPPED:
                        continue
                    result = await finished(sender, result)
                if self._place < 0:
                    add(result)
                    continue
                results[self._place] = result
            except Exception as error:  # raised together at the end
                errors.append(error)
            except asyncio.CancelledError as error:
                waited = self._place >= 0
                before = self._cancelling if waited else 0
                errors.append(_awaited_cancelled(error, waited, before))
            if self._place >= 0 and self._is_done():
                return

    # -- waiting ------------------------------------------------------------------------------

    def _waits_alone(self) -> bool:
        """Notes that a handler waits, and says whether the later ones wait for it."""
        crew = self.crew
        self._cancelled = False
        if crew is None:
            task = asyncio.current_task()
            self._cancelling = 0 if task is None else task.cancelling()
            crew = self.crew = Crew(self, task)
        self._place = len(self.results)
        self.results.append(None)
        left = length_hint(self.calls)
        alone = self.plan.alone
        if alone and len(self.plan.calls) - left - 1 in alone:
            crew.held = self
            return True
        if left and not crew.spare:
            crew.hire(left)
        return False

    def _is_done(self) -> bool:
        """Whether others took over while the handler waited; else those after it are its own."""
        self._place = -1
        if self._cancelled and _is_cancelled(
            self._cancelling
        ):  # and the handler went on nevertheless
            raise asyncio.CancelledError
        crew = self.crew
        if crew is None or crew.held is not self:
            return True
        crew.held = None
        return False


class Crew:
    """The tasks of a round beside the one that emits.

    Attributes:
        spare: How many of them are about to start.
        held: The worker whose handler waits while later ones wait for it.
    """

    __slots__ = ("_broken", "_first", "_task", "_tasks", "_width", "held", "spare")

    def __init__(self, first: Worker, task: asyncio.Task[Any] | None) -> None:
        self.spare = 0
        self.held: Worker | None = None
        self._first = first
        self._task = task  # the one that emits
        self._broken: BaseException | None = None
        self._width = 16
        self._tasks: list[asyncio.Task[None]] = []

    def hire(self, left: int) -> None:
        """Starts tasks for the handlers that are left: a few at first, then many more."""
        number = min(left, self._width)
        self._width *= 8
        self.spare += number
        loop = asyncio.get_running_loop()
        before = self._first.before
        for _ in range(number):
            # Not by the loop: an eager task would run the rest inside of the handler that waits.
            task = asyncio.Task(self._work(), loop=loop, context=before.copy())
            self._tasks.append(task)

    async def finish(self) -> None:
        """Waits until all are done, also those that are started meanwhile."""
        for task in self._tasks:
            await task

    async def stop(self, error: BaseException) -> None:
        """Cancels all and waits for them, unless there is no waiting any more."""
        for task in self._tasks:
            task.cancel()
        if not isinstance(error, GeneratorExit):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._broken is not None:
            if self._task is not None:
                self._task.uncancel()
            raise self._broken

    async def _work(self) -> None:
        try:
            await self._take()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # an interrupt, which has to reach whoever emits at once
            self._broken = error
            if self._task is not None:
                self._task.cancel()

    async def _take(self) -> None:
        """Takes handlers; each may simply be awaited while others will start those after it."""
        self.spare -= 1
        first = self._first
        results = first.results
        while self._may_await():
            call = next(first.calls, None)
            if call is None:
                return
            place = len(results)
            try:
                result = call(first.sender, first.data)
                if result is SKIPPED:
                    continue
                results.append(None)
                if result.__class__ is _COROUTINE:
                    results[place] = await result
                else:
                    results[place] = await finished(first.sender, result)
            except Exception as error:  # raised together at the end
                first.errors.append(error)
            except asyncio.CancelledError as error:
                first.errors.append(_awaited_cancelled(error, len(results) > place, 0))
        if self.held is None:
            await Worker(first.plan, first.sender, first.data, first).drive()

    def _may_await(self) -> bool:
        if self.held is not None or self._first.plan.alone:
            return False
        return self.spare > 0 or length_hint(self._first.calls) < 2


def _is_cancelled(before: int) -> bool:
    """Whether the current task was cancelled more often than that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > before


def _awaited_cancelled(error: asyncio.CancelledError, waited: bool, before: int) -> RuntimeError:
    """Tells a handler that awaited something cancelled from a cancelled task, and raises for that.

    Args:
        error: What left the handler.
        waited: Whether it waited for anything; else nobody can have cancelled it.
        before: How often the task had been cancelled before.
    """
    if waited and _is_cancelled(before):
        raise error
    failure = awaited_cancelled()
    failure.__cause__ = error
    return failure
