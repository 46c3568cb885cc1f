"""Entities in a SQLite file, on the driver's own held cursor."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.sql.joining import driver_connection
from nitro_runtime.entities.sql.repository import SqlRepository
from nitro_runtime.entities.sql.sqlite import (
    Lane,
    SqliteDatabase,
    is_busy,
    missing_table,
    translated,
    unwritable,
)
from nitro_runtime.entities.sql.sqlite_pages import PageReader, has_numbers
from nitro_runtime.entities.statements import note, watchers
from nitro_runtime.entities.storable import refuse_unstorable
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import DatabaseBusy
from nitro_runtime.schema import find_entity

T = TypeVar("T")
_FIRST_WAIT = 0.001  # seconds; doubled up to _LONGEST_WAIT while another process writes
_LONGEST_WAIT = 0.05
_JOINED = "nitro_joined"


class SqliteRepository(SqlRepository):
    """Keeps entities in the tables of a SQLite file. Safe from every thread and task.

    Args:
        url: ``sqlite:///app.db``.
        create_tables: Whether a missing table is created at its first write.
        durable: Whether each commit waits for the disk.
        patience: Seconds that a writer waits for another before `DatabaseBusy`.
        engine: An application's own, through which connections are opened; how the file keeps its
            journal, and when it waits for the disk, is then left to the application.
    """

    def __init__(
        self,
        url: sa.URL,
        *,
        create_tables: bool = True,
        durable: bool = False,
        patience: float = 5.0,
        engine: sa.Engine | None = None,
    ) -> None:
        self.database = SqliteDatabase(
            url.database, durable=durable, patience=patience, engine=engine
        )
        super().__init__(
            url.set(database=self.database.path),
            pysqlite.dialect(paramstyle="qmark"),
            create_tables=create_tables,
        )
        self._numbered: dict[Mapper, bool] = {}

    def close(self) -> None:
        """Closes every connection."""
        self.database.close()

    # -- statements -----------------------------------------------------------------------------

    def _fetch(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> list[Any]:
        if watchers:
            note(sql)
        try:
            # All at once: a statement that is not read to its end holds its snapshot open.
            return self._cursor().execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            if not self.create_tables:
                raise translated(error, mapper) from error
            missing = missing_table(error)
            if missing == mapper.info.table:
                return []  # it is created by the first write; until then it is empty
            other = find_entity(missing) if missing else None
            if other is None:
                raise translated(error, mapper) from error
        self.create([other.__nitro_mapper__])  # what the query looks into for its links
        return self._cursor().execute(sql, parameters).fetchall()

    def page(
        self, mapper: Mapper, query: Query, number: int, size: int
    ) -> tuple[list[Row], int, int]:
        """Returns the rows of a page, how many all pages have, and the number of the page."""
        plan = self.plan(mapper)
        fetch = partial(self._fetch, mapper)
        if not self._has_numbers(mapper):
            total = self.count(mapper, query)
            number = min(max(1, number), max(1, -(-total // size)))
            window = replace(query, limit=size, offset=(number - 1) * size)
            return self.select(mapper, window), total, number
        reader = PageReader(plan, query, fetch, lambda: self.count(mapper, query))
        return reader.read(number, size)

    def _has_numbers(self, mapper: Mapper) -> bool:
        known = self._numbered.get(mapper)
        if known is None:
            known = self._numbered[mapper] = has_numbers(mapper, self.plan(mapper), self._cursor())
        return known

    def _cursor(self) -> sqlite3.Cursor:
        active = current_transaction()
        if active is None:
            return self.database.lane().cursor
        unit = active.handle(self)
        assert isinstance(unit, _SqliteUnit)  # noqa: S101 # this class made it
        return unit.lane.cursor

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        if len(rows) != 1:
            return super().insert(mapper, rows)
        plan = self._plans.get(mapper) or self.plan(mapper)
        (row,) = rows
        try:
            cursor = self._run(mapper, plan.insert, plan.encode(row))
        except (OverflowError, UnicodeError, ValueError):
            refuse_unstorable(mapper, row)  # asked only now, as it hardly ever happens
            raise
        key = mapper.key_of(row)
        return [cursor.lastrowid if key is None else key]

    def _change(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> int:
        return self._run(mapper, sql, parameters).rowcount

    def _run(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        """Runs one statement that writes, without all that several of them need."""
        if watchers:
            note(sql)
        if current_transaction() is not None:
            return self._write(mapper, lambda cursor: cursor.execute(sql, parameters))
        writers = self.database.writers
        taken = writers.acquire()
        try:
            cursor = self.database.lane().cursor
            try:
                cursor.execute(sql, parameters)
            except sqlite3.Error as error:
                self._mend(mapper, cursor, error)
                self._attempt(mapper, cursor, lambda cursor: cursor.execute(sql, parameters))
            writers.note_written()
            return cursor
        finally:
            if taken:
                writers.release()

    def _write(
        self, mapper: Mapper, work: Callable[[sqlite3.Cursor], T], *, several: bool = False
    ) -> T:
        """Runs statements that write; ``several`` of them last together or not at all."""
        active = current_transaction()
        if active is not None:
            unit = active.handle(self)
            assert isinstance(unit, _SqliteUnit)  # noqa: S101
            run = self._as_one if several else self._attempt
            return run(mapper, unit.lane.cursor, work)
        writers = self.database.writers
        taken = writers.acquire()
        try:
            cursor = self.database.lane().cursor
            run = self._together if several else self._attempt
            result = run(mapper, cursor, work)
            writers.note_written()
            return result
        finally:
            if taken:
                writers.release()

    def _attempt(
        self, mapper: Mapper, cursor: sqlite3.Cursor, work: Callable[[sqlite3.Cursor], T]
    ) -> T:
        try:
            return work(cursor)
        except sqlite3.Error as error:
            self._mend(mapper, cursor, error)
        try:
            return work(cursor)
        except sqlite3.Error as error:
            self._fail(error, mapper)

    def _mend(self, mapper: Mapper, cursor: sqlite3.Cursor, error: sqlite3.Error) -> None:
        """Creates the table that a statement lacked, so that it can be repeated; else raises."""
        missing = missing_table(error) if self.create_tables else None
        if missing is None:
            self._fail(error, mapper)
        try:
            self._create(mapper, cursor)
            if missing != mapper.info.table and (other := find_entity(missing)) is not None:
                self._create(other.__nitro_mapper__, cursor)
        except sqlite3.Error as failure:
            self._fail(failure, mapper)

    def _fail(self, error: sqlite3.Error, mapper: Mapper) -> NoReturn:
        if current_transaction() is None and self.database.lane().connection.in_transaction:
            self.database.discard()  # it must not serve anybody with half a transaction open
        raise translated(error, mapper) from error

    def _as_one(
        self, mapper: Mapper, cursor: sqlite3.Cursor, work: Callable[[sqlite3.Cursor], T]
    ) -> T:
        """Runs several statements inside a transaction, all or none of them."""
        cursor.execute("SAVEPOINT nitro_several")
        try:
            result = self._attempt(mapper, cursor, work)
        except BaseException:
            cursor.execute("ROLLBACK TO nitro_several")
            cursor.execute("RELEASE nitro_several")
            raise
        cursor.execute("RELEASE nitro_several")
        return result

    def _together(
        self, mapper: Mapper, cursor: sqlite3.Cursor, work: Callable[[sqlite3.Cursor], T]
    ) -> T:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            result = self._attempt(mapper, cursor, work)
            cursor.execute("COMMIT")
        except BaseException as error:
            # Also after a failed COMMIT: the connection is still inside the transaction.
            self.database.discard()
            if isinstance(error, sqlite3.Error):
                raise translated(error, mapper) from error
            raise
        return result

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> _SqliteUnit:
        """Opens a transaction, waiting for its turn."""
        writers = self.database.writers
        taken = writers.acquire(keep=True)
        # In a coroutine's turn it must not wait here: `arun` waits and tries again.
        patience = 0.0 if writers.in_turn else self.database.patience
        try:
            lane = self.database.borrow()
            _retry(lambda: lane.cursor.execute("BEGIN IMMEDIATE"), patience)
        except BaseException:
            if taken:
                writers.release()
            raise
        return _SqliteUnit(self.database, lane, taken=taken)

    def join(self, connection: sa.Connection) -> _SqliteUnit:
        """Opens a part of a transaction of the application, on its connection."""
        driver = driver_connection(connection, self.dialect, "pysqlite")
        lane = self.database.joined(driver)
        if not driver.in_transaction:  # Python's driver begins only before a statement that writes
            _retry(lambda: lane.cursor.execute("BEGIN IMMEDIATE"), 0.0)
        lane.cursor.execute(f"SAVEPOINT {_JOINED}")
        return _JoinedUnit(self.database, lane, taken=False)

    async def abegin(self) -> _SqliteUnit:
        """Opens a transaction; the event loop goes on while it waits for its turn."""
        await self.database.writers.aacquire(keep=True)
        try:
            lane = self.database.borrow()
            await self._patiently(lambda: lane.cursor.execute("BEGIN IMMEDIATE"))
        except BaseException:
            self.database.writers.release()
            raise
        return _SqliteUnit(self.database, lane, taken=True)

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work here: SQLite answers in microseconds; only waiting is done elsewhere."""
        if not write or current_transaction() is not None:
            return work()
        writers = self.database.writers
        await writers.aacquire(keep=True)  # it may await another process
        try:
            return await self._patiently(
                lambda: writers.run_in_turn(work), repeatable=lambda: not writers.has_written
            )
        finally:
            writers.release()

    async def _patiently(
        self, work: Callable[[], T], repeatable: Callable[[], bool] = lambda: True
    ) -> T:
        """Runs work again and again while another process writes, sleeping in between."""
        deadline, wait = time.monotonic() + self.database.patience, _FIRST_WAIT
        while True:
            try:
                return work()
            except (sqlite3.OperationalError, DatabaseBusy) as error:
                if not repeatable():
                    raise  # a part is stored: it must not be done twice
                _give_up(error, deadline)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def _retry(work: Callable[[], T], patience: float) -> T:
    deadline, wait = time.monotonic() + patience, _FIRST_WAIT
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            _give_up(error, deadline)
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _give_up(error: sqlite3.Error | DatabaseBusy, deadline: float) -> None:
    """Raises the error unless waiting longer may help."""
    if isinstance(error, sqlite3.Error) and not is_busy(error):
        raise error
    if time.monotonic() > deadline:
        raise DatabaseBusy("Another process held the database too long.") from error


class _SqliteUnit:
    """A transaction on a connection of its own."""

    def __init__(self, database: SqliteDatabase, lane: Lane, *, taken: bool) -> None:
        self._database = database
        self._taken = taken
        self.lane = lane

    def savepoint(self, name: str) -> None:
        self.lane.cursor.execute(f"SAVEPOINT {name}")

    def rollback_to(self, name: str) -> None:
        self.lane.cursor.execute(f"ROLLBACK TO {name}")
        self.lane.cursor.execute(f"RELEASE {name}")

    def release(self, name: str) -> None:
        self.lane.cursor.execute(f"RELEASE {name}")

    def commit(self) -> None:
        self._end("COMMIT")
        self._database.writers.note_written()

    def rollback(self) -> None:
        self._end("ROLLBACK" if self.lane.connection.in_transaction else "")

    def _end(self, statement: str) -> None:
        try:
            if statement:
                self.lane.cursor.execute(statement)
        except BaseException as error:
            # A failed COMMIT leaves the transaction open: the next user's commit would store it.
            self.lane.close()
            if isinstance(error, sqlite3.Error) and is_busy(error):
                raise DatabaseBusy("Somebody reads or writes the database for too long.") from error
            if isinstance(error, sqlite3.Error) and (failure := unwritable(error)) is not None:
                raise failure from error
            raise
        else:
            self._database.give_back(self.lane)
        finally:
            if self._taken:
                self._database.writers.release()


class _JoinedUnit(_SqliteUnit):
    """A part of a transaction of the application: a savepoint, which it ends with."""

    def commit(self) -> None:
        self.release(_JOINED)

    def rollback(self) -> None:
        if self.lane.connection.in_transaction:
            self.rollback_to(_JOINED)
