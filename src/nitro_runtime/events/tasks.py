"""The tasks that a command's handlers start: collected, so that the command can await them."""

from __future__ import annotations

import asyncio
import sys
from contextvars import ContextVar
from typing import Any


class TaskList:
    """The async handlers that a command's `emit` calls started; the command awaits them.

    It belongs to the loop that runs when it is made: a thread that inherits it adds nothing.
    """

    def __init__(self) -> None:
        self.open = True
        self.tasks: list[tuple[str, asyncio.Task[Any]]] = []
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def add(self, name: str, task: asyncio.Task[Any], loop: asyncio.AbstractEventLoop) -> bool:
        """Adds a task of an event's handler, unless it is closed or of another loop.

        Args:
            name: The name of the event.
            task: The task.
            loop: The loop that runs it.

        Returns:
            Whether it was added.
        """
        if not self.open or loop is not self._loop:
            return False
        self.tasks.append((name, task))
        return True

    async def finish(self) -> list[Exception]:
        """Awaits all, also those that they start; returns what they raised.

        Cancels them when the command itself is cancelled.
        """
        try:
            for _, task in self.tasks:  # it grows while tasks start further ones
                await asyncio.wait([task])
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            self.open = False
        raised = [task.exception() for _, task in self.tasks if not task.cancelled()]
        return [error for error in raised if isinstance(error, Exception)]

    def cancel(self) -> None:
        """Cancels all that still run."""
        self.open = False
        for _, task in self.tasks:
            task.cancel()


_GROUP_EXIT = asyncio.TaskGroup.__aexit__.__code__


def group_that_cancelled(error: BaseException) -> object | None:
    """Returns the task group that cancelled its own task at its end, because a task of it failed.

    Before Python 3.13 such a group catches the cancellation and leaves the task marked as cancelled,
    so that nobody can tell any more whether it was. None where another one cancelled it.

    Args:
        error: The cancellation, after it was thrown into the coroutine.
    """
    trace = error.__traceback__
    if sys.version_info >= (3, 13) or trace is None or trace.tb_frame.f_code is not _GROUP_EXIT:
        return None
    caught_in = trace.tb_frame.f_locals
    # What cancelled it in its body was taken back when that was left, by an exception.
    is_own = caught_in["et"] is None and caught_in["self"]._parent_cancel_requested
    return caught_in["self"] if is_own else None


started_tasks: ContextVar[TaskList | None] = ContextVar("nitro_started_tasks", default=None)
