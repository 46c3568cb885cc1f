"""`transaction()`: several changes that last together or not at all.

A transaction belongs to one task or thread. Tasks and threads started inside it inherit the context
variable but not the transaction: whoever is not its owner works outside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nitro_runtime import context
from nitro_runtime.context import UnitOfWork
from nitro_runtime.entities.repository import Repository, UnitHandle
from nitro_runtime.errors import EntityError, Unsupported

if TYPE_CHECKING:
    from nitro_runtime.entities.sql.joining import HostTransaction


class ActiveTransaction:
    """What is open between the ends of the outermost ``transaction()`` block."""

    def __init__(self) -> None:
        self.unit = UnitOfWork()
        self.levels: list[str] = []
        self.handles: dict[Repository, UnitHandle] = {}
        self.early: list[Callable[[], object]] = []
        self.undo = self.unit.undo
        self.host: HostTransaction | None = None

    def handle(self, repository: Repository) -> UnitHandle:
        """Returns the transaction's part on a backend, opening it at its first use."""
        found = self.handles.get(repository)
        if found is None:
            found = self.adopt(repository, _able(repository).begin())
        return found

    def adopt(self, repository: Repository, handle: UnitHandle) -> UnitHandle:
        """Takes in a part that was just opened, as deep as the blocks are nested."""
        self.handles[repository] = handle
        for level in self.levels:
            handle.savepoint(level)
        return handle

    def rewind(self, mark: int) -> None:
        """Puts back, newest first, what entities knew of themselves before they were saved."""
        while len(self.undo) > mark:
            self.undo.pop()()

    def prepare(self) -> None:
        """Does what was left to be done right before the commit; that may leave more of it."""
        while self.early:
            self.early.pop(0)()

    def commit(self) -> None:
        """Commits every part.

        With several backends this is one commit after another: the first failure undoes the rest,
        and what was committed before it stays.
        """
        try:
            self.prepare()
        except BaseException:
            self.rollback()
            raise
        handles = list(self.handles.values())
        for position, handle in enumerate(handles):
            try:
                handle.commit()
            except BaseException:
                for later in handles[position + 1 :]:
                    later.rollback()
                self.rewind(0)
                raise

    def rollback(self) -> None:
        """Undoes every part."""
        self.rewind(0)
        for handle in self.handles.values():
            handle.rollback()

    async def acommit(self) -> asyncio.CancelledError | None:
        """Commits every part without stalling the event loop.

        Returns:
            The cancellation that came while a commit was under way that did succeed: what is stored
            is stored, and the caller raises it when all else is done.
        """
        if self.early:
            try:
                await default_repository().arun(self.prepare, write=True)
            except BaseException:
                await self.arollback()
                raise
        cancelled: asyncio.CancelledError | None = None
        parts = list(self.handles.items())
        for position, (repository, handle) in enumerate(parts):
            done: list[bool] = []

            def commit(handle: UnitHandle = handle, done: list[bool] = done) -> None:
                handle.commit()
                done.append(True)

            try:
                await repository.arun(commit, write=True)
            except BaseException as error:
                if done and isinstance(error, asyncio.CancelledError):
                    cancelled = error
                    continue
                self.rewind(0)
                await _end_each(parts[position + 1 :], lambda rest: rest.rollback)
                raise
        return cancelled

    async def arollback(self) -> None:
        """Undoes every part without stalling the event loop."""
        self.rewind(0)
        await _end_each(self.handles.items(), lambda handle: handle.rollback)


async def _end_each(
    parts: Iterable[tuple[Repository, UnitHandle]],
    end: Callable[[UnitHandle], Callable[[], None]],
) -> None:
    """Ends every part, whatever happens to one or to the task; raises the last of that."""
    failure: BaseException | None = None
    for repository, handle in list(parts):
        try:
            await repository.arun(end(handle), write=True)
        except BaseException as error:
            failure = error
    if failure is not None:
        raise failure


def before_commit(work: Callable[[], object]) -> None:
    """Does some work at the end of the current transaction, as a part of it; now when there is none.

    It runs once, with the verbs that block, and does not stall the event loop of an ``async with``.
    What it raises undoes the transaction. A rollback, also of the savepoint it belongs to, forgets
    it.
    """
    active = current_transaction()
    if active is None:
        work()
    else:
        active.early.append(work)


_current: ContextVar[ActiveTransaction | None] = ContextVar("nitro_transaction", default=None)


def current_transaction() -> ActiveTransaction | None:
    """Returns the transaction of this very task or thread, or None."""
    active = _current.get()
    if active is None or not active.unit.is_mine():
        return None
    return active


def default_repository() -> Repository:
    """Returns the configured backend."""
    from nitro_runtime.entities.settings import default_repository as configured

    return configured()


def _able(repository: Repository) -> Repository:
    if "transactions" not in repository.capabilities:
        raise Unsupported(repository.name, "transactions")
    return repository


class transaction:  # reads as a word: with transaction():
    """Makes the changes of a block last together: ``with transaction():``, ``async with transaction():``.

    Leaving the block by an exception undoes them. Blocks nest: an inner one is a savepoint, and
    undoes only its own part. Events and other after-commit work wait for the outermost commit.

    Args:
        joined: A SQLAlchemy Session or Connection whose transaction the block becomes a part of.
            What the block changes is committed or rolled back with it, by whom it belongs to, and
            after-commit work waits for that; an exception undoes the block's own part.

    Raises:
        DatabaseBusy: Another writer held the database too long.
        Unsupported: The default backend has no transactions, or cannot join one.
        EntityError: What was given cannot be joined, or not here.
    """

    def __init__(self, joined: object = None) -> None:
        self._joined = joined
        self._outer: ActiveTransaction | None = None
        self._previous: ActiveTransaction | None = None
        self._unit: UnitOfWork | None = None
        self._level = ""
        self._marks = (0, 0, 0)

    def __enter__(self) -> Self:
        if self._joined is not None and self._join():
            return self
        if self._nest():
            return self
        # The first to ask configures it, which none may inside.
        repository = _able(default_repository())
        active = self._open()
        try:
            active.adopt(repository, repository.begin())
        except BaseException:
            self._close()
            raise
        return self

    async def __aenter__(self) -> Self:
        if self._joined is not None and self._join():
            return self
        active = current_transaction()
        if active is not None:
            level = self._level_in(active)
            for one, handle in active.handles.items():
                await one.arun(partial(handle.savepoint, level), write=True)
            self._nested_in(active, level)
            return self
        # The first to ask configures it, which none may inside.
        repository = _able(default_repository())
        active = self._open()
        try:
            active.adopt(repository, await repository.abegin())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        active = self._mine()
        if self._level:
            self._leave(active, failed=error is not None)
            for handle in active.handles.values():
                self._unmark(handle, failed=error is not None)()
            return
        try:
            if error is None:
                active.commit()
            else:
                active.rollback()
        finally:
            self._close()
        if error is None:
            self._after_commit(active)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        active = self._mine()
        if self._level:
            self._leave(active, failed=error is not None)
            unmark = partial(self._unmark, failed=error is not None)
            await _end_each(active.handles.items(), unmark)
            return
        cancelled = None
        try:
            if error is None:
                cancelled = await active.acommit()
            else:
                await active.arollback()
        finally:
            self._close()
        if error is None:
            self._after_commit(active)
        if cancelled is not None:
            raise cancelled

    def _after_commit(self, active: ActiveTransaction) -> None:
        """Runs what waited for the commit, or leaves it to whom this work is done for."""
        if active.host is not None:
            active.host.take(active)
        elif self._unit is None:
            active.unit.run()
        else:
            self._unit.callbacks.extend(active.unit.callbacks)

    def _join(self) -> bool:
        """Makes the block a part of a transaction of the application; False inside such a block."""
        from nitro_runtime.entities.sql.joining import host_connection, host_of

        connection = host_connection(self._joined)
        host = host_of(connection)
        active = current_transaction()
        if active is not None:
            if active.host is host:
                return False  # it nests, as any block does
            raise EntityError(
                "transaction(...) cannot join another transaction inside a transaction() block; "
                "let it be the outermost one."
            )
        repository = default_repository()
        join = getattr(repository, "join", None)
        if join is None:
            raise Unsupported(repository.name, "joining a transaction of SQLAlchemy")
        active = self._open()
        active.host = host
        try:
            active.adopt(repository, join(connection))
        except BaseException:
            self._close()
            raise
        return True

    def _nest(self) -> bool:
        active = current_transaction()
        if active is None:
            return False
        level = self._level_in(active)
        for handle in active.handles.values():
            handle.savepoint(level)
        self._nested_in(active, level)
        return True

    @staticmethod
    def _level_in(active: ActiveTransaction) -> str:
        return f"nitro_{len(active.levels) + 1}"

    def _nested_in(self, active: ActiveTransaction, level: str) -> None:
        self._outer = active
        self._level = level
        active.levels.append(level)
        self._marks = (active.unit.mark(), len(active.undo), len(active.early))

    def _open(self) -> ActiveTransaction:
        if self._outer is not None:
            raise EntityError("A transaction() block cannot be entered twice; write a new one.")
        self._outer = active = ActiveTransaction()
        self._previous = _current.get()
        _current.set(active)
        self._unit = context.current_unit()
        context.set_unit(active.unit)
        return active

    def _mine(self) -> ActiveTransaction:
        if self._outer is None:
            raise EntityError("This transaction() block was not entered.")
        return self._outer

    def _close(self) -> None:
        context.set_unit(self._unit)
        _current.set(self._previous)

    def _leave(self, active: ActiveTransaction, *, failed: bool) -> None:
        active.levels.remove(self._level)
        if failed:
            active.unit.rewind(self._marks[0])
            active.rewind(self._marks[1])
            del active.early[self._marks[2] :]

    def _unmark(self, handle: UnitHandle, *, failed: bool) -> Callable[[], None]:
        return partial(handle.rollback_to if failed else handle.release, self._level)
