"""`Offload`: synchronous work of a network backend, run in threads for coroutines.

The event loop goes on while a server answers. To the work it looks as if it ran in the task that
awaits it: context variables, the task's transaction and its unit of work are there; what waits for
the commit runs in the task itself afterwards, where its event loop is.
"""

from __future__ import annotations

import asyncio
import os
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from nitro_runtime.context import (
    UnitOfWork,
    acting_as,
    current_owner,
    current_unit,
    set_unit,
)
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.entities.writers import Slots, running_loop

T = TypeVar("T")


class BlockingVerb(UserWarning):
    """A synchronous verb was used in asynchronous code, on a backend behind a network."""


class Offload:
    """Runs work in threads, as much at once as there are connections. Safe from every thread.

    Args:
        size: How many connections.
        patience: Seconds to wait for one before `DatabaseBusy`.
        what: What the connections lead to, for sentences: ``"PostgreSQL"``.

    Attributes:
        patience: As given.
        slots: One for each connection. Whoever uses a connection holds one: `run` by itself, a
            transaction as long as it lasts, synchronous code by ``acquire`` and ``release``.
    """

    def __init__(self, size: int, patience: float, what: str) -> None:
        self._size = size
        self.patience = patience
        self._what = what
        self._warned = False
        self._reset()
        _offloads.add(self)

    def _reset(self) -> None:
        self.slots = Slots(self._size, self.patience, self._what)
        self._threads: ThreadPoolExecutor | None = None

    def after_fork(self) -> None:
        """Forgets, in a child, the threads and turns of the parent."""
        self._reset()

    async def run(
        self,
        work: Callable[[], T],
        interrupt: Callable[[], object] | None = None,
        *,
        held: bool = False,
    ) -> T:
        """Runs the work in a thread, holding a slot; in a transaction, the transaction's own.

        Args:
            work: What to do; it may use synchronous verbs.
            interrupt: Asks the server to stop what it does, when the task is cancelled; called in
                another thread. The slot is given back when the work has ended, and not before.
            held: Whether the caller holds a slot.

        Raises:
            DatabaseBusy: No connection became free in time.
        """
        if held or current_transaction() is not None:
            return await self._in_thread(work, interrupt, droppable=False)
        await self.slots.aacquire()
        try:
            turn = partial(self.slots.run_in_turn, work)
            return await self._in_thread(turn, interrupt, droppable=True)
        finally:
            self.slots.release()

    async def _in_thread(
        self,
        work: Callable[[], T],
        interrupt: Callable[[], object] | None,
        *,
        droppable: bool,
    ) -> T:
        collected = UnitOfWork() if current_unit() is None else None
        job = partial(_work_for, current_owner(), collected, work)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="nitro")
        handed = self._threads.submit(copy_context().run, job)
        future = asyncio.wrap_future(handed)
        try:
            await _finished(handed, future, interrupt, droppable=droppable)
        finally:
            if collected is not None:
                collected.run()
        return future.result()

    def warn_of_blocking(self) -> None:
        """Warns, once, when a synchronous verb is about to stop an event loop."""
        if self._warned or running_loop() is None:
            return
        self._warned = True
        warnings.warn(
            f"A synchronous verb waits for {self._what} in asynchronous code and holds up the "
            "event loop; await the verb with the prefix a, such as aget or asave.",
            BlockingVerb,
            stacklevel=2,
        )

    def close(self) -> None:
        """Lets the threads end; work that runs is finished."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None


def _work_for(
    owner: tuple[int, asyncio.Task[object] | None],
    collected: UnitOfWork | None,
    work: Callable[[], T],
) -> T:
    with acting_as(owner):
        if collected is not None:
            set_unit(collected)  # in a copy of the task's context: nobody else sees it
        return work()


async def _finished(
    handed: Future[T],
    future: asyncio.Future[T],
    interrupt: Callable[[], object] | None,
    *,
    droppable: bool,
) -> None:
    """Waits for the work, also when the task is cancelled.

    What is ``droppable`` and has not begun yet is left out then. The end of a transaction is not:
    its connection would never come back.
    """
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            if droppable and handed.cancel():
                raise
            if cancelled is None and interrupt is not None:
                asyncio.get_running_loop().run_in_executor(None, interrupt)
            cancelled = error
    if cancelled is not None:
        future.exception()  # it is looked at: the cancellation is what the task is told
        raise cancelled


_offloads: weakref.WeakSet[Offload] = weakref.WeakSet()


def _after_fork() -> None:
    for offload in list(_offloads):
        offload.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
