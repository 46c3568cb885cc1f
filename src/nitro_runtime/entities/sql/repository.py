"""The SQL backend: entities in a database. Today SQLite, on the driver's own held cursor."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.schema import CreateIndex, CreateTable

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.sql.plans import Plan
from nitro_runtime.entities.sql.sqlite import (
    Lane,
    SqliteDatabase,
    is_busy,
    missing_table,
    translated,
)
from nitro_runtime.entities.sql.tables import with_references
from nitro_runtime.entities.storable import refuse_unstorable
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import ConfigurationError, DatabaseBusy
from nitro_runtime.schema import find_entity

T = TypeVar("T")
_FIRST_WAIT = 0.001  # seconds; doubled up to _LONGEST_WAIT while another process writes
_LONGEST_WAIT = 0.05


class SqlRepository:
    """Keeps entities in the tables of a SQLite file.

    Args:
        url: ``sqlite:///app.db``.
        create_tables: Whether a missing table is created at its first write.
        durable: Whether each commit waits for the disk.
        patience: Seconds that a writer waits for another before `DatabaseBusy`.

    Raises:
        ConfigurationError: The URL is wrong or names another database.
    """

    name = "sql"
    capabilities = frozenset({"transactions", "unique", "references", "links"})

    def __init__(
        self,
        url: str,
        *,
        create_tables: bool = True,
        durable: bool = False,
        patience: float = 5.0,
    ) -> None:
        try:
            address = make_url(url)
        except ArgumentError:
            raise ConfigurationError(
                f"{url!r} is not a database address; write one such as sqlite:///app.db."
            ) from None
        if address.get_backend_name() != "sqlite":
            raise ConfigurationError(
                f"Entities cannot be kept in {address.get_backend_name()} yet; use sqlite:///app.db."
            )
        self.create_tables = create_tables
        self.dialect: Any = pysqlite.dialect(paramstyle="qmark")
        self.database = SqliteDatabase(address.database, durable=durable, patience=patience)
        self.url = address.set(database=self.database.path)
        self._plans: dict[Mapper, Plan] = {}

    def close(self) -> None:
        """Closes every connection."""
        self.database.close()

    def plan(self, mapper: Mapper) -> Plan:
        """Returns what is worked out about an entity."""
        found = self._plans.get(mapper)
        if found is None:
            found = self._plans[mapper] = Plan(mapper, self.dialect)
        return found

    # -- reading --------------------------------------------------------------------------------

    def get(self, mapper: Mapper, key: Any) -> Row | None:  # noqa: ANN401
        """Returns the row with this key, or None."""
        plan = self._plans.get(mapper) or self.plan(mapper)
        try:
            rows = self._fetch(mapper, plan.by_key, plan.bind_key(key))
        except UnicodeEncodeError:  # half of a surrogate pair: nothing has such a key
            return None
        return plan.decode(rows[0]) if rows else None

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        plan = self.plan(mapper)
        decode = plan.decode
        return [decode(row) for row in self._fetch(mapper, *plan.select(query))]

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows the query has."""
        rows = self._fetch(mapper, *self.plan(mapper).count(query))
        return rows[0][0] if rows else 0

    def _fetch(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> list[Any]:
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

    def _cursor(self) -> sqlite3.Cursor:
        active = current_transaction()
        if active is None:
            return self.database.lane().cursor
        unit = active.handle(self)
        assert isinstance(unit, _SqliteUnit)  # noqa: S101 # this class made it
        return unit.lane.cursor

    # -- writing --------------------------------------------------------------------------------

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        try:
            return self._insert(mapper, rows)
        except (OverflowError, UnicodeError, ValueError):
            for row in rows:  # asked only now, as it hardly ever happens: which value was it?
                refuse_unstorable(mapper, row)
            raise

    def _insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        plan = self.plan(mapper)
        work = [plan.encode(row) for row in rows]
        if len(rows) == 1 or mapper.generated_key:
            return self._write(
                mapper,
                lambda cursor: [
                    _inserted(mapper, row, cursor.execute(plan.insert, values))
                    for row, values in zip(rows, work, strict=True)
                ],
                several=len(rows) > 1,
            )
        self._write(mapper, lambda cursor: cursor.executemany(plan.insert, work), several=True)
        return [mapper.key_of(row) for row in rows]

    def update(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        changes: Mapping[str, Any],
        version: int | None,
    ) -> bool:
        """Stores new values of one row; False when it is gone or its version is another."""
        refuse_unstorable(mapper, changes)
        plan = self.plan(mapper)
        full = plan.with_shadows(changes)
        guarded = version is not None and mapper.version is not None
        statement = plan.change_one(full, guarded=guarded)
        tail = (*mapper.parts(key), version) if guarded else mapper.parts(key)
        return bool(
            self._change(mapper, statement.sql, statement.parameters([*full.values(), *tail]))
        )

    def delete(self, mapper: Mapper, key: Any, version: int | None) -> bool:  # noqa: ANN401
        """Deletes one row; False when it is gone or its version is another."""
        guarded = version is not None and mapper.version is not None
        statement = self.plan(mapper).delete_one(guarded=guarded)
        tail = (*mapper.parts(key), version) if guarded else mapper.parts(key)
        return bool(self._change(mapper, statement.sql, statement.parameters(tail)))

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many."""
        refuse_unstorable(mapper, changes)
        return self._change(mapper, *self.plan(mapper).update_where(query, changes))

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        return self._change(mapper, *self.plan(mapper).delete_where(query))

    def _change(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> int:
        return self._write(mapper, lambda cursor: cursor.execute(sql, parameters).rowcount)

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
            try:
                return work(cursor)
            except sqlite3.OperationalError as error:
                missing = missing_table(error) if self.create_tables else None
                if missing is None:
                    raise
                self._create(mapper, cursor)
                if missing != mapper.info.table and (other := find_entity(missing)) is not None:
                    self._create(other.__nitro_mapper__, cursor)
                return work(cursor)
        except sqlite3.Error as error:
            self._fail(error, mapper)

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

    def _create(self, mapper: Mapper, cursor: sqlite3.Cursor) -> None:
        for table in with_references(mapper):
            for statement in _definition(table, self.dialect):
                cursor.execute(statement)

    def create(self, mappers: Sequence[Mapper]) -> None:
        """Creates the tables of entities, where they are missing."""
        for mapper in mappers:
            self._write(mapper, lambda cursor, m=mapper: self._create(m, cursor))

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
        except BaseException:
            # A failed COMMIT leaves the transaction open: the next user's commit would store it.
            self.lane.close()
            raise
        else:
            self._database.give_back(self.lane)
        finally:
            if self._taken:
                self._database.writers.release()


def _inserted(mapper: Mapper, row: Row, cursor: sqlite3.Cursor) -> Any:  # noqa: ANN401
    key = mapper.key_of(row)
    return cursor.lastrowid if key is None else key


def _definition(table: sa.Table, dialect: Any) -> list[str]:  # noqa: ANN401 # a SQLAlchemy dialect
    """Returns the statements that create a table and its indexes, where they are missing."""
    return [
        str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)),
        *(
            str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ),
    ]
