"""The tasks that a command's handlers start: collected, so that the command can await them."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any


class TaskList:
    """The async handlers that a command's `emit` calls started; the command awaits them."""

    def __init__(self) -> None:
        self.open = True
        self.tasks: list[tuple[str, asyncio.Task[Any]]] = []

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


started_tasks: ContextVar[TaskList | None] = ContextVar("nitro_started_tasks", default=None)
