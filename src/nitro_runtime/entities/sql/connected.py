"""Connections to a database server for threads and tasks, statements that read, transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.offload import Offload
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.sql.folding import folded, needs_folding
from nitro_runtime.entities.sql.joining import driver_connection
from nitro_runtime.entities.sql.pool import Errand, Pool
from nitro_runtime.entities.sql.repository import SqlRepository
from nitro_runtime.entities.sql.server import Link, Server
from nitro_runtime.entities.sql.units import JOINED, JoinedUnit, Unit
from nitro_runtime.entities.statements import note, watchers
from nitro_runtime.entities.transactions import ActiveTransaction, current_transaction
from nitro_runtime.schema import find_entity

T = TypeVar("T")
_MOST_PROVEN = 5_000


class ConnectedRepository(SqlRepository):
    """What a `NetworkRepository` does but write: connections, reading, transactions, coroutines.

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
        self.capabilities = type(self).capabilities - server.lacks
        self.server = server
        self.engine = engine
        self.offload = Offload(pool_size, patience, server.name)
        self.pool = Pool(server, engine, pool_size)
        self._owned = owned
        self._proven: set[str] = set()
        self._errands = threading.local()

    def close(self) -> None:
        """Closes the idle connections, and lets the threads end."""
        self.pool.close()
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
        link = self._taken()
        try:
            return work(link)
        except self.server.error as error:
            raise self.translated(link, error, mapper) from error
        finally:
            self.give_back(link)

    def _taken(self) -> Link:
        link = self.pool.take()
        errand: Errand | None = getattr(self._errands, "present", None)
        if errand is not None:
            errand.holds(link)
        return link

    def give_back(self, link: Link) -> None:
        """Puts a connection back into the pool; nobody's cancellation reaches it any more."""
        errand: Errand | None = getattr(self._errands, "present", None)
        if errand is not None:
            errand.holds(None)
        self.pool.give(link)

    def translated(self, link: Link, error: Exception, mapper: Mapper | None) -> Exception:
        """Returns Nitro's error for the driver's; of a broken connection, all idle ones are closed."""
        if not self.server.is_broken(link.connection, error):
            return self.server.translated(error, mapper)
        link.doubtful = True
        self.pool.clear()  # the others lead to the same server
        return self.server.gone()

    def _unit(self, active: ActiveTransaction) -> Unit:
        unit = active.handle(self)
        assert isinstance(unit, Unit)  # noqa: S101 # this class made it
        return unit

    # -- reading --------------------------------------------------------------------------------

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        return super().select(mapper, self._folded(mapper, query))

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows the query has."""
        return super().count(mapper, self._folded(mapper, query))

    def _folded(self, mapper: Mapper, query: Query) -> Query:
        """Returns a query that the server answers as Unicode asks, whatever the case of letters."""
        if query.criterion is None or not needs_folding(mapper, query.criterion):
            return query
        return replace(query, criterion=folded(mapper, query.criterion, self._other_texts))

    def _other_texts(self, mapper: Mapper, field: str) -> list[str]:
        return [text for (text,) in self._fetch(mapper, self.plan(mapper).other_texts(field), ())]

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
            lost = proven and self.server.spoils  # without a savepoint to go back to
            if not lost and not self.server.is_broken(link.connection, error):
                if not proven:
                    self.server.recover(link)
                if self._is_empty(error, mapper):
                    return []
            raise self.translated(link, error, mapper) from error
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

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> Unit:
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

    async def abegin(self) -> Unit:
        """Opens a transaction; the event loop goes on while it waits."""
        slots = self.offload.slots
        await slots.aacquire(keep=True)
        begun: list[Unit] = []
        try:
            await self.offload.run(lambda: begun.append(self._begun(taken=True)), held=True)
        except BaseException:
            for unit in begun:  # the task was cancelled meanwhile
                self.pool.discard(unit.link)
            slots.release()
            raise
        return begun[0]

    def _begun(self, *, taken: bool) -> Unit:
        link = self._taken()
        try:
            link.cursor.execute("BEGIN")
        except BaseException as error:
            self.pool.discard(link)
            if isinstance(error, self.server.error):
                raise self.translated(link, error, None) from error
            raise
        link.idle = link.marked = False
        return Unit(self, link, taken=taken)

    def join(self, connection: sa.Connection) -> Unit:
        """Opens a part of a transaction of the application, on its connection."""
        driver = driver_connection(connection, self.dialect, self.server.driver)
        unit = JoinedUnit(self, self.server.link(driver), taken=False)
        unit.savepoint(JOINED)
        return unit

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work in a thread, so that the event loop goes on while the server answers."""
        active = current_transaction()
        if active is None:
            errand = Errand(self.server, None)
        else:
            if self not in active.handles:
                active.adopt(self, await self.abegin())
            errand = Errand(self.server, self._unit(active).link)

        def run() -> T:
            self._errands.present = errand
            try:
                return work()
            finally:
                self._errands.present = None
                errand.holds(None)

        return await self.offload.run(run, errand.interrupt)


def _rows(link: Link, sql: str, parameters: Sequence[Any]) -> list[Any]:
    cursor = link.cursor
    cursor.execute(sql, parameters)
    return cursor.fetchall()
