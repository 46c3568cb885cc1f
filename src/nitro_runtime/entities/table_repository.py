"""`TableRepository`: a backend that keeps whole tables of rows; a subclass says where.

It keeps the same promises as a database: unique fields, foreign keys, transactions that others do
not see before their commit. One writes at a time. Nothing stored is shared with an entity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from nitro_runtime.entities.evaluate import predicate, sort_rows
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.statements import note
from nitro_runtime.entities.storable import reckoned_values, refuse_unstorable
from nitro_runtime.entities.table_rows import (
    Rows,
    Table,
    Tables,
    is_referred_to,
    place,
    remove,
)
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.entities.writers import WriterQueue
from nitro_runtime.errors import Duplicate

T = TypeVar("T")


class TableRepository:
    """Keeps whole tables of rows. Safe from every thread and task of one process.

    A subclass has two methods: `table` and `keep`.

    Args:
        patience: Seconds that a writer waits for another before `DatabaseBusy`.
    """

    name = "tables"
    capabilities = frozenset({"transactions", "unique", "references", "adjust", "lock", "nul"})

    _in_place = False
    """Whether `table` returns what is kept itself, and `keep` need not hear of a single row."""

    def __init__(self, patience: float = 5.0) -> None:
        self.writers = WriterQueue(patience)
        self._last: dict[str, int] = {}

    # -- what a subclass says ----------------------------------------------------------------------

    def table(self, name: str) -> Table:
        """Returns the rows of a table by key; an empty dictionary when there is none.

        What it returns must not change afterwards: `keep` puts another one in its place. Any thread
        may ask at any time.
        """
        raise NotImplementedError

    def keep(self, changed: Mapping[str, Table]) -> None:
        """Puts changed tables in the place of the former ones: all of them, or none and an error.

        Only one thread or task at a time is in here.
        """
        raise NotImplementedError

    def check(self, changed: Mapping[str, Table]) -> None:
        """Looks at changed tables as soon as they are written to; a subclass may raise."""

    # -- reading --------------------------------------------------------------------------------

    def get(self, mapper: Mapper, key: Any) -> Row | None:  # noqa: ANN401
        """Returns the row with this key, or None."""
        note(f"get {mapper.info.table}")
        row = self._read(mapper.info.table).get(key)
        return None if row is None else self._copy(mapper, row)

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        note(f"select {mapper.info.table}")
        return [self._copy(mapper, row) for row in self._matching(mapper, query)]

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows the query has."""
        note(f"count {mapper.info.table}")
        return len(self._matching(mapper, query))

    def _read(self, table: str) -> Table:
        active = current_transaction()
        handle = active.handles.get(self) if active is not None else None
        if isinstance(handle, TableUnit) and table in handle.tables:
            return handle.tables[table]
        return self.table(table)

    def _matching(self, mapper: Mapper, query: Query) -> list[Row]:
        active = current_transaction()
        if query.lock and active is not None:
            active.handle(self)  # whoever has the turn to write has locked everything
        rows = list(self._read(mapper.info.table).values())
        if query.criterion is not None:
            holds = predicate(mapper, query.criterion)
            rows = [row for row in rows if holds(row) is True]
        sort_rows(mapper, rows, query.order)
        end = None if query.limit is None else query.offset + query.limit
        return rows[query.offset : end]

    @staticmethod
    def _copy(mapper: Mapper, row: Row) -> Row:
        copy = {name: row.get(name) for name in mapper.names}
        for name in mapper.mutable:
            copy[name] = deepcopy(copy[name])
        return copy

    # -- writing --------------------------------------------------------------------------------

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        note(f"insert {mapper.info.table}")
        for row in rows:
            refuse_unstorable(mapper, row)
        return self._write(
            lambda tables: [self._insert(tables, mapper, row) for row in rows],
            one_row=len(rows) == 1,
        )

    def _insert(self, tables: Tables, mapper: Mapper, row: Row) -> Any:  # noqa: ANN401 # its key
        name = mapper.info.table
        stored = mapper.snapshot(row)
        if mapper.generated_key:
            self._count_up(name, mapper.key, stored, tables.read(name))
        key = mapper.key_of(stored)
        if key in tables.read(name):
            raise Duplicate(mapper.info.name, ", ".join(mapper.keys))
        place(tables, mapper, key, stored)
        return key

    def _count_up(self, table: str, key: str, row: Row, rows: Table) -> None:
        last = self._last.get(table)
        if last is None:
            last = max(rows, default=0)
        if row[key] is None:
            row[key] = last + 1
        self._last[table] = max(last, row[key])

    def update(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        changes: Mapping[str, Any],
        version: int | None,
    ) -> bool:
        """Stores new values of one row; False when it is gone or its version is another."""
        note(f"update {mapper.info.table}")
        refuse_unstorable(mapper, changes)

        def change(tables: Tables) -> bool:
            row = tables.read(mapper.info.table).get(key)
            if row is None or not mapper.has_version(row, version):
                return False
            place(tables, mapper, key, {**row, **changes})
            return True

        return self._write(change, one_row=True)

    def delete(self, mapper: Mapper, key: Any, version: int | None) -> bool:  # noqa: ANN401
        """Deletes one row; False when it is gone or its version is another."""
        note(f"delete {mapper.info.table}")

        def change(tables: Tables) -> bool:
            row = tables.read(mapper.info.table).get(key)
            if row is None or not mapper.has_version(row, version):
                return False
            remove(tables, mapper, [row], mapper.info.name)
            return True

        return self._write(change, one_row=not is_referred_to(mapper))

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many."""
        note(f"update {mapper.info.table}")
        refuse_unstorable(mapper, changes)

        def change(tables: Tables) -> int:
            rows = self._matching(mapper, query)
            for row in rows:
                new = {**row, **reckoned_values(mapper, row, changes)}
                place(tables, mapper, mapper.key_of(row), new)
            return len(rows)

        return self._write(change)

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        note(f"delete {mapper.info.table}")

        def change(tables: Tables) -> int:
            rows = self._matching(mapper, query)
            remove(tables, mapper, rows, mapper.info.name)
            return len(rows)

        return self._write(change)

    def adjust(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        query: Query,
        changes: Mapping[str, Any],
        check: Callable[[Row], object],
    ) -> Row | None:
        """Changes one row that fulfils a query by arithmetic, and returns it; None without it."""
        note(f"adjust {mapper.info.table}")
        refuse_unstorable(mapper, changes)

        def change(tables: Tables) -> Row | None:
            row = tables.read(mapper.info.table).get(key)
            if row is None or (
                query.criterion is not None and predicate(mapper, query.criterion)(row) is not True
            ):
                return None
            new = {**row, **reckoned_values(mapper, row, changes)}
            check(self._copy(mapper, new))
            place(tables, mapper, key, new)
            return self._copy(mapper, new)

        return self._write(change, one_row=True)

    def _write(self, change: Callable[[Tables], T], *, one_row: bool = False) -> T:
        active = current_transaction()
        if active is not None:
            unit = active.handle(self)
            assert isinstance(unit, TableUnit)  # noqa: S101 # this class made it
            return unit.attempt(change, one_row=one_row)
        taken = self.writers.acquire()
        try:
            in_place = _always if one_row and self._in_place else None
            pending = Tables(self.table, in_place=in_place)
            result = change(pending)
            if pending.own:
                self.check(pending.own)
                self.keep(pending.own)
            return result
        finally:
            if taken:
                self.writers.release()

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> TableUnit:
        """Opens a transaction, waiting for its turn."""
        return TableUnit(self, taken=self.writers.acquire(keep=True))

    async def abegin(self) -> TableUnit:
        """Opens a transaction; the event loop goes on while it waits for its turn."""
        await self.writers.aacquire(keep=True)
        return TableUnit(self, taken=True)

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work here: it never waits, only the turn to write is awaited."""
        if not write or current_transaction() is not None:
            return work()
        await self.writers.aacquire()
        try:
            return self.writers.run_in_turn(work)
        finally:
            self.writers.release()


class TableUnit:
    """A transaction: changed copies of tables, put in place at the commit.

    Attributes:
        tables: The changed tables.
    """

    def __init__(self, repository: TableRepository, *, taken: bool) -> None:
        self._repository = repository
        self._taken = taken
        self.tables: dict[str, Rows] = {}
        self._marks: dict[str, dict[str, Rows]] = {}
        self._own: set[str] = set()  # tables that no savepoint has
        self._unchecked = type(repository).check is TableRepository.check

    def attempt(self, change: Callable[[Tables], T], *, one_row: bool) -> T:
        """Makes one change, whole or not at all."""
        in_place = self._own.__contains__ if one_row and self._unchecked else None
        pending = Tables(self._repository.table, self.tables, in_place=in_place)
        result = change(pending)
        if pending.own:
            changed = {**self.tables, **pending.own}
            self._repository.check(changed)
            self.tables = changed
            self._own.update(pending.own)
        return result

    def savepoint(self, name: str) -> None:
        """Marks a place to go back to."""
        self._marks[name] = self.tables
        self._own.clear()

    def rollback_to(self, name: str) -> None:
        """Undoes what came after the savepoint, and forgets it."""
        self.tables = self._marks.pop(name)
        self._own.clear()

    def release(self, name: str) -> None:
        """Forgets the savepoint and keeps what came after it."""
        del self._marks[name]

    def commit(self) -> None:
        """Makes everything last, and ends the transaction."""
        try:
            if self.tables:
                self._repository.keep(self.tables)
        finally:
            self.rollback()

    def rollback(self) -> None:
        """Undoes everything, and ends the transaction."""
        if self._taken:
            self._repository.writers.release()


def _always(name: str) -> bool:
    return True
