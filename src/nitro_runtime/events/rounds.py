"""How handlers run under `emit_async`: side by side where they wait, with no task where none waits.

Handlers are started at once, in order, in the task that emits. One that never suspends costs no
task. When one does suspend, the handlers after it go on in tasks of their own: in a few at first, in
many more when all of those wait. So each coroutine runs from its first step to its last in one
task: timeouts and cancel scopes in a handler work, which they do not when a started coroutine is
moved into a task (``asyncio.current_task()`` would change under it).

At any time one iterator holds the handlers that nobody has taken: a worker's own, until its handler
has to wait, then that of the crew. That is what makes each run once, and in order.
"""

from __future__ import annotations

import asyncio
import types
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextvars import Context, copy_context
from operator import length_hint
from typing import Any, Final

from nitro_runtime.events.handlers import SKIPPED, Call
from nitro_runtime.events.plans import Plan
from nitro_runtime.events.running import DRIVEN, Report, awaited_cancelled, finished
from nitro_runtime.events.tasks import group_that_cancelled

_COROUTINE: Final = types.CoroutineType
_FIRST_TASKS: Final = 16
_TIMES_MORE: Final = 8


class Worker:
    """Takes handlers one after another, until one has to wait that others need not wait for.

    Attributes:
        plan: All handlers of the emit.
        sender: The sender.
        data: The data, by keyword.
        calls: The handlers that nobody has taken, while they are this worker's.
        results: What the handlers gave that it started, in order.
        errors: What handlers of all workers raised.
        crew: The other workers, once there are any.
        before: What later handlers start from, of the first worker: they must not see what an
            earlier one sets while it waits, such as its open transaction.
    """

    __slots__ = (
        "_cancelling",
        "_end",
        "before",
        "calls",
        "crew",
        "data",
        "errors",
        "plan",
        "results",
        "sender",
    )

    def __init__(self, plan: Plan, sender: object, data: Mapping[str, Any]) -> None:
        self.plan = plan
        self.sender = sender
        self.data = data
        self.calls = iter(plan.calls)
        self.results: list[Any] = []
        self.errors: list[Exception] = []
        self.crew: Crew | None = None
        self.before: Context = copy_context()
        self._cancelling: int | None = (
            None  # how often its task had been cancelled before it waited
        )

    def follower(self, calls: Sequence[Call], results: list[Any]) -> Worker:
        """Returns a worker for the handlers that are left."""
        worker = Worker.__new__(Worker)
        worker.plan, worker.sender, worker.data = self.plan, self.sender, self.data
        worker.calls, worker.results, worker.errors = iter(calls), results, self.errors
        worker.crew, worker._cancelling = self.crew, None
        return worker

    async def finish(
        self, name: str, report: Report, error: BaseException | None = None
    ) -> list[Any]:
        """Waits for the other workers; of the first worker.

        Args:
            name: The event's name, for the error.
            report: Takes what was raised before a cancellation or an interrupt.
            error: What ended the first worker: the others are cancelled.

        Returns:
            The results of all, in the order in which the handlers were started.

        Raises:
            ExceptionGroup: What the handlers raised.
        """
        crew = self.crew
        try:
            if error is not None:
                raise error
            if crew is not None:
                await crew.finish()
        except BaseException as ended:
            for earlier in self.errors:
                report(earlier, name)
            if crew is not None:
                await crew.stop(ended)
            raise
        if self.errors:
            raise ExceptionGroup(f"handlers of {name!r} failed", self.errors)
        return self.results if crew is None else crew.all_results(self.results)

    @types.coroutine
    def drive(self) -> Generator[Any, Any, None]:
        """Works as ``await`` would; sees when a handler waits for something, and has others go on."""
        work, calls = self._work(), self.calls
        rest: tuple[Call, ...] = ()
        was_cancelled = False
        groups: list[object] = []
        try:
            awaited = work.send(None)
            left = self._waits()
            while True:
                try:
                    yield awaited
                except BaseException as error:  # a cancellation: the handler's to deal with
                    was_cancelled = True
                    rest = (*rest, *calls)
                    try:
                        awaited = work.throw(error)
                    finally:
                        _take_back(error, groups)
                else:
                    if not left:
                        yield from work
                        break
                    awaited = work.send(None)
                    if length_hint(calls) != left:  # it went on to a handler that waits too
                        left = self._waits()
        except StopIteration:
            pass
        if was_cancelled and _is_cancelled(self._cancelling or 0):  # and went on nevertheless
            raise asyncio.CancelledError
        if rest:
            yield from self.follower(rest, self.results).drive()  # pyright: ignore

    async def _work(self) -> None:
        sender, data, errors, add = self.sender, self.data, self.errors, self.results.append
        driven, coroutine = DRIVEN, _COROUTINE
        for call in self.calls:
            try:
                result = call(sender, data)
                kind: type[Any] = result.__class__
                if kind is coroutine:
                    add(await result)
                elif kind not in driven:
                    add(result)
                elif result is not SKIPPED:
                    add(await finished(sender, result))
            except Exception as error:  # raised together at the end
                errors.append(error)
            except asyncio.CancelledError as error:
                errors.append(_awaited_cancelled(error, self._cancelling))

    def _waits(self) -> int:
        """Has others take the handlers that are left, unless these wait for the one that waits.

        Returns:
            How many it keeps for itself.
        """
        task = asyncio.current_task()
        if self._cancelling is None:
            self._cancelling = 0 if task is None else task.cancelling()
        if self.crew is None:
            self.crew = Crew(self, task)
        left = length_hint(self.calls)
        alone = self.plan.alone
        if alone and len(self.plan.calls) - left - 1 in alone:
            return left
        if left:
            self.crew.hire(tuple(self.calls))
        return 0


class Crew:
    """The tasks of a round beside the one that emits.

    Attributes:
        calls: The handlers that nobody has taken, while they are the crew's.
        spare: How many tasks are about to start.
    """

    __slots__ = ("_broken", "_first", "_segments", "_task", "_tasks", "_width", "calls", "spare")

    def __init__(self, first: Worker, task: asyncio.Task[Any] | None) -> None:
        self.spare = 0
        self.calls = iter(())
        self._first = first
        self._task = task  # the one that emits
        self._broken: BaseException | None = None
        self._width = _FIRST_TASKS
        self._tasks: list[asyncio.Task[None]] = []
        self._segments: list[list[Any]] = []

    def hire(self, calls: Sequence[Call]) -> None:
        """Starts tasks for handlers: a few at first, then many more."""
        self.calls = iter(calls)
        self._segments.append([])
        # One that later ones wait for is seen by a worker only, so a single one has them all.
        number = 1 if self._first.plan.alone else min(len(calls), self._width)
        self._width *= _TIMES_MORE
        self.spare += number
        loop = asyncio.get_running_loop()
        before = self._first.before
        for _ in range(number):
            # Not by the loop: an eager task would run the rest inside of the handler that waits.
            task = asyncio.Task(self._work(), loop=loop, context=before.copy())
            self._tasks.append(task)

    def all_results(self, results: list[Any]) -> list[Any]:
        """Returns the results of the first worker and of all others, in order."""
        together = [*results]
        for segment in self._segments:
            together.extend(segment)
        return together

    async def finish(self) -> None:
        """Waits until all are done, also those that are started meanwhile."""
        for task in self._tasks:
            await task

    async def stop(self, error: BaseException) -> None:
        """Cancels all and waits for them, unless there is no waiting any more."""
        deque(self.calls, maxlen=0)  # whoever goes on in spite of it finds nothing
        for task in self._tasks:
            task.cancel()
        if not isinstance(error, GeneratorExit):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._broken is not None:
            if self._task is not None:
                self._task.uncancel()
            raise self._broken

    async def _work(self) -> None:
        self.spare -= 1
        try:
            # While others are about to start, a handler may simply be awaited: they go on.
            while (self.spare or length_hint(self.calls) < 2) and not self._first.plan.alone:
                call = next(self.calls, None)
                if call is None:
                    return
                await self._run(call, self._segments[-1])
            rest = tuple(self.calls)
            if rest:
                self._segments.append([])
                await self._first.follower(rest, self._segments[-1]).drive()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # an interrupt, which has to reach whoever emits at once
            self._broken = error
            if self._task is not None:
                self._task.cancel()

    async def _run(self, call: Call, results: list[Any]) -> None:
        first, place = self._first, len(results)
        try:
            result = call(first.sender, first.data)
            if result is SKIPPED:
                return
            results.append(SKIPPED)
            if result.__class__ is _COROUTINE:
                results[place] = await result
            else:
                results[place] = await finished(first.sender, result)
        except Exception as error:  # raised together at the end
            first.errors.append(error)
        except asyncio.CancelledError as error:
            first.errors.append(_awaited_cancelled(error, 0))


def _take_back(error: BaseException, groups: list[object]) -> None:
    """Takes the mark of a cancellation away that a task group in a handler made and caught itself.

    Args:
        error: The cancellation, after it was thrown into the handler.
        groups: Those of which it was taken away; each makes one.
    """
    group, task = group_that_cancelled(error), asyncio.current_task()
    if group is not None and group not in groups and task is not None:
        groups.append(group)
        task.uncancel()


def _is_cancelled(before: int) -> bool:
    """Whether the current task was cancelled more often than that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > before


def _awaited_cancelled(error: asyncio.CancelledError, before: int | None) -> RuntimeError:
    """Tells a handler that awaited something cancelled from a cancelled task, and raises for that.

    Args:
        error: What left the handler.
        before: How often the task had been cancelled before; None when no handler has waited, so
            that nobody can have cancelled it.
    """
    if before is not None and _is_cancelled(before):
        raise error
    failure = awaited_cancelled()
    failure.__cause__ = error
    return failure
