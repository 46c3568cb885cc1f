"""Entities in a database behind a network: a pool of connections, and threads for coroutines."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.offload import Offload
from nitro_runtime.entities.sql.repository import SqlRepository
from nitro_runtime.entities.sql.server import Link, Server
from nitro_runtime.entities.statements import note, watchers
from nitro_runtime.entities.transactions import ActiveTransaction, current_transaction
from nitro_runtime.errors import EntityError
from nitro_runtime.schema import find_entity

T = TypeVar("T")
_MOST_PROVEN = 5_000
_left_behind: list[Any] = []


class Pool:
    """The idle connections to a server; whoever takes one holds a slot. Safe from every thread."""

    def __init__(self, server: Server, engine: sa.Engine) -> None:
        self._server = server
        self._engine = engine
        self._idle: list[Link] = []  # the last one used is taken first; append and pop are atomic
        _pools.add(self)

    def take(self) -> Link:
        """Returns an idle connection whose server is still there, else a new one."""
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return self._server.connect(self._engine)
            if not link.is_stale():
                return link
            self.discard(link)

    def give(self, link: Link) -> None:
        """Takes a connection back."""
        if link.doubtful or not self._server.is_quiet(link.connection):
            self.discard(link)
            return
        link.idle = True
        self._idle.append(link)

    def discard(self, link: Link) -> None:
        """Closes a connection; the server undoes what it has not committed."""
        self._server.close(link.connection)

    def clear(self) -> None:
        """Closes the idle connections."""
        idle, self._idle = self._idle, []
        for link in idle:
            self.discard(link)

    def after_fork(self) -> None:
        """Leaves the parent's connections alone, in a child: closing them would end the parent's."""
        _left_behind.append(self._idle)
        self._idle = []


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _Errand:
    """What a thread does for a task: it knows the connection that a cancellation interrupts."""

    def __init__(self, server: Server, link: Link | None) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._link = link

    def holds(self, link: Link | None) -> None:
        """Notes the connection that works for the task now."""
        with self._lock:
            self._link = link

    def interrupt(self) -> None:
        """Stops what the server does for the task."""
        with self._lock:
            if self._link is not None:
                self._link.doubtful = True  # the order may arrive when the statement has ended
                self._server.interrupt(self._link.connection)


class NetworkRepository(SqlRepository):
    """Keeps entities in the tables of a database server. Safe from every thread and task.

    Args:
        server: What kind of server.
        engine: SQLAlchemy's, through which connections are opened.
        create_tables: Whether a missing table is created at its first write.
        pool_size: How many connections at most.
        patience: Seconds to wait for a connection before `DatabaseBusy`.
        owned: Whether the engine is closed with the repository.
    """

    def __init__(
        self,
        server: Server,
        engine: sa.Engine,
        *,
        create_tables: bool = True,
        pool_size: int = 10,
        patience: float = 5.0,
        owned: bool = True,
    ) -> None:
        super().__init__(engine.url, server.dialect, create_tables=create_tables)
        self.server = server
        self.engine = engine
        self.offload = Offload(pool_size, patience, server.name)
        self.pool = Pool(server, engine)
        self._owned = owned
        self._proven: set[str] = set()
        self._errands = threading.local()

    def close(self) -> None:
        """Closes the idle connections, and lets the threads end."""
        self.pool.clear()
        self.offload.close()
        if self._owned:
            self.engine.dispose()

    # -- connections ----------------------------------------------------------------------------

    @contextmanager
    def _slot(self) -> Generator[None]:
        self.offload.warn_of_blocking()
        slots = self.offload.slots
        taken = slots.acquire()
        try:
            yield
        finally:
            if taken:
                slots.release()

    def _alone(self, mapper: Mapper | None, work: Callable[[Link], T]) -> T:
        """Does work outside transactions on a connection of the pool."""
        link = self.pool.take()
        errand: _Errand | None = getattr(self._errands, "present", None)
        if errand is not None:
            errand.holds(link)
        try:
            return work(link)
        except self.server.error as error:
            raise self._translated(link, error, mapper) from error
        finally:
            if errand is not None:
                errand.holds(None)
            self.pool.give(link)

    def _translated(self, link: Link, error: Exception, mapper: Mapper | None) -> Exception:
        if not self.server.is_broken(link.connection, error):
            return self.server.translated(error, mapper)
        link.doubtful = True
        self.pool.clear()  # the others lead to the same server
        return self.server.gone()

    def _unit(self, active: ActiveTransaction) -> _NetworkUnit:
        unit = active.handle(self)
        assert isinstance(unit, _NetworkUnit)  # noqa: S101 # this class made it
        return unit

    # -- reading --------------------------------------------------------------------------------

    def _fetch(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> list[Any]:
        if watchers:
            note(sql)
        active = current_transaction()
        if active is not None:
            self.offload.warn_of_blocking()
            return self._fetch_within(self._unit(active).link, mapper, sql, parameters)
        with self._slot():
            return self._fetch_alone(mapper, sql, parameters)

    def _fetch_alone(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> list[Any]:
        def read(link: Link) -> list[Any] | None:
            idle, link.idle = link.idle, False
            try:
                return _rows(link, sql, parameters)
            except self.server.error as error:
                if idle and self.server.is_broken(link.connection, error):
                    link.doubtful = True
                    self.pool.clear()
                    return None  # the server went away meanwhile: once more on a new connection
                if self._is_empty(error, mapper):
                    return []
                raise

        rows = self._alone(mapper, read)
        return (
            self._alone(mapper, lambda link: _rows(link, sql, parameters)) if rows is None else rows
        )

    def _fetch_within(
        self, link: Link, mapper: Mapper, sql: str, parameters: Sequence[Any]
    ) -> list[Any]:
        proven = not self.server.spoils or sql in self._proven
        try:
            if not proven:
                self.server.guard(link)
            rows = _rows(link, sql, parameters)
        except self.server.error as error:
            if not proven and not self.server.is_broken(link.connection, error):
                self.server.recover(link)
                if self._is_empty(error, mapper):
                    return []
            raise self._translated(link, error, mapper) from error
        if not proven:
            self._remember(sql)
        return rows

    def _remember(self, sql: str) -> None:
        if len(self._proven) >= _MOST_PROVEN:
            self._proven.clear()
        self._proven.add(sql)

    def forget_tables(self) -> None:
        """Takes no statement for proven any more: tables that were made are gone again."""
        self._proven.clear()

    def _is_empty(self, error: Exception, mapper: Mapper) -> bool:
        """Whether a table lacks only because nothing was written to it yet."""
        if not self.create_tables:
            return False
        missing = self.server.missing_table(error)
        return missing is not None and (
            missing == mapper.info.table or find_entity(missing) is not None
        )

    # -- writing --------------------------------------------------------------------------------

    def _change(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> int:
        if watchers:
            note(sql)
        server = self.server
        active = current_transaction()
        if active is None:
            return self._store(mapper, lambda link: server.run(link, sql, parameters))
        return self._store_within(
            mapper, self._unit(active), lambda link: server.run_guarded(link, sql, parameters)
        )

    def _insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        plan = self.plan(mapper)
        if watchers:
            note(plan.insert)
        insert = self.server.insert
        active = current_transaction()
        if active is not None:
            return self._store_within(
                mapper, self._unit(active), lambda link: insert(link, plan, rows, guarded=True)
            )
        if len(rows) == 1:
            return self._store(mapper, lambda link: insert(link, plan, rows, guarded=False))
        return self._store(
            mapper,
            lambda link: self._together(link, lambda: insert(link, plan, rows, guarded=False)),
        )

    def _write(self, mapper: Mapper, work: Callable[[Any], T], *, several: bool = False) -> T:
        def guarded(link: Link) -> T:
            self.server.guard(link)
            return work(link.cursor)

        active = current_transaction()
        if active is not None:
            return self._store_within(mapper, self._unit(active), guarded)
        return self._store(mapper, lambda link: self._together(link, lambda: work(link.cursor)))

    def _together(self, link: Link, work: Callable[[], T]) -> T:
        """Runs several statements that last together or not at all."""
        link.cursor.execute("BEGIN")
        try:
            result = work()
            link.cursor.execute("COMMIT")
        except BaseException as error:
            link.doubtful |= not isinstance(error, self.server.error)
            if not link.doubtful and not self.server.is_broken(link.connection, error):
                link.cursor.execute("ROLLBACK")
            raise
        return result

    def _store(self, mapper: Mapper, work: Callable[[Link], T]) -> T:
        """Does work that writes, outside transactions; makes a missing table and tries again."""

        def store(link: Link) -> T:
            try:
                return work(link)
            except self.server.error as error:
                missing = self._to_create(error, mapper)
                if not missing:
                    raise
            self._together(link, lambda: self._create_all(missing, link.cursor))
            return work(link)

        with self._slot():
            return self._alone(mapper, store)

    def _store_within(self, mapper: Mapper, unit: _NetworkUnit, work: Callable[[Link], T]) -> T:
        """Does work that writes in a transaction, of which a failure leaves the rest intact."""
        self.offload.warn_of_blocking()
        link = unit.link
        try:
            try:
                return self._guarded(link, work)
            except self.server.error as error:
                missing = self._to_create(error, mapper)
                if not missing:
                    raise
            unit.created = True
            self._guarded(link, lambda link: self._create_all(missing, link.cursor))
            return self._guarded(link, work)
        except self.server.error as error:
            raise self._translated(link, error, mapper) from error

    def _guarded(self, link: Link, work: Callable[[Link], T]) -> T:
        try:
            return work(link)
        except BaseException as error:
            if not self.server.is_broken(link.connection, error):
                self.server.recover(link)
            raise

    def _to_create(self, error: Exception, mapper: Mapper) -> list[Mapper]:
        """Returns the entities whose tables have to be made before a statement can succeed."""
        missing = self.server.missing_table(error) if self.create_tables else None
        if missing is None:
            return []
        other = find_entity(missing)
        found = [mapper]
        if missing != mapper.info.table and other is not None:
            found.append(other.__nitro_mapper__)
        return found

    def _create_all(self, mappers: Sequence[Mapper], cursor: Any) -> None:  # noqa: ANN401
        for mapper in mappers:
            self._create(mapper, cursor)

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> _NetworkUnit:
        """Opens a transaction on a connection of its own."""
        self.offload.warn_of_blocking()
        slots = self.offload.slots
        taken = slots.acquire(keep=True)
        try:
            return self._begun(taken=taken)
        except BaseException:
            if taken:
                slots.release()
            raise

    async def abegin(self) -> _NetworkUnit:
        """Opens a transaction; the event loop goes on while it waits."""
        slots = self.offload.slots
        await slots.aacquire(keep=True)
        try:
            return await self.offload.run(lambda: self._begun(taken=True), held=True)
        except BaseException:
            slots.release()
            raise

    def _begun(self, *, taken: bool) -> _NetworkUnit:
        link = self.pool.take()
        try:
            link.cursor.execute("BEGIN")
        except BaseException as error:
            self.pool.discard(link)
            if isinstance(error, self.server.error):
                raise self._translated(link, error, None) from error
            raise
        link.idle = link.marked = False
        return _NetworkUnit(self, link, taken=taken)

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work in a thread, so that the event loop goes on while the server answers."""
        active = current_transaction()
        if active is None:
            errand = _Errand(self.server, None)
        else:
            if self not in active.handles:
                active.adopt(self, await self.abegin())
            errand = _Errand(self.server, self._unit(active).link)

        def run() -> T:
            self._errands.present = errand
            try:
                return work()
            finally:
                self._errands.present = None
                errand.holds(None)

        return await self.offload.run(run, errand.interrupt)


class _NetworkUnit:
    """A transaction on a connection of its own."""

    def __init__(self, repository: NetworkRepository, link: Link, *, taken: bool) -> None:
        self._repository = repository
        self._taken = taken
        self.link = link
        self.created = False  # whether it made tables, which a rollback takes away again

    def savepoint(self, name: str) -> None:
        self._execute(f"SAVEPOINT {name}")

    def rollback_to(self, name: str) -> None:
        self._execute(f"ROLLBACK TO SAVEPOINT {name}")
        self._forget_created()
        self._execute(f"RELEASE SAVEPOINT {name}")

    def release(self, name: str) -> None:
        self._execute(f"RELEASE SAVEPOINT {name}")

    def _execute(self, statement: str) -> None:
        self.link.marked = False  # savepoints that were made later are forgotten
        try:
            self.link.cursor.execute(statement)
        except self._repository.server.error as error:
            raise self._repository._translated(self.link, error, None) from error

    def commit(self) -> None:
        spoiled = self._repository.server.is_spoiled(self.link.connection)
        self._end("ROLLBACK" if spoiled else "COMMIT")
        if spoiled:
            raise EntityError(
                "A statement of this transaction failed, so nothing of it could be stored; let "
                "the error leave the transaction() block."
            )

    def rollback(self) -> None:
        self._end("ROLLBACK")
        self._forget_created()

    def _forget_created(self) -> None:
        if self.created:
            self._repository.forget_tables()

    def _end(self, statement: str) -> None:
        repository = self._repository
        try:
            self.link.cursor.execute(statement)
        except BaseException as error:
            self.link.doubtful = True
            if statement == "ROLLBACK" and isinstance(error, repository.server.error):
                return  # the server has undone it, or will when the connection is closed
            if isinstance(error, repository.server.error):
                raise repository._translated(self.link, error, None) from error
            raise
        finally:
            repository.pool.give(self.link)
            if self._taken:
                repository.offload.slots.release()


def _rows(link: Link, sql: str, parameters: Sequence[Any]) -> list[Any]:
    cursor = link.cursor
    cursor.execute(sql, parameters)
    return cursor.fetchall()
