"""The memory backend: entities in dictionaries of this process, gone when it ends.

It keeps the same promises as a database: unique fields, foreign keys, transactions that others do
not see before their commit. Nothing stored is shared with an entity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import ValidationError

from nitro_runtime.entities.criteria import Arithmetic
from nitro_runtime.entities.evaluate import predicate, sort_rows
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.storable import reckoned, refuse_unstorable, too_great
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.entities.writers import WriterQueue
from nitro_runtime.errors import BrokenReference, Duplicate
from nitro_runtime.schema import find_entity, registered_entities

T = TypeVar("T")
Table = dict[Any, Row]


class MemoryRepository:
    """Keeps rows in this process; the default when nothing is configured.

    Args:
        patience: Seconds that a writer waits for another before `DatabaseBusy`.
    """

    name = "memory"
    capabilities = frozenset({"transactions", "unique", "references"})

    def __init__(self, patience: float = 5.0) -> None:
        self.tables: dict[str, Table] = {}
        self.writers = WriterQueue(patience)

    # -- reading --------------------------------------------------------------------------------

    def get(self, mapper: Mapper, key: Any) -> Row | None:  # noqa: ANN401
        """Returns the row with this key, or None."""
        row = self._read(mapper.info.table).get(key)
        return None if row is None else self._copy(mapper, row)

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        return [self._copy(mapper, row) for row in self._matching(mapper, query)]

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows the query has."""
        return len(self._matching(mapper, query))

    def _read(self, table: str) -> Table:
        active = current_transaction()
        handle = active.handles.get(self) if active is not None else None
        if isinstance(handle, _MemoryUnit) and table in handle.tables:
            return handle.tables[table]
        return self.tables.get(table) or {}

    def _matching(self, mapper: Mapper, query: Query) -> list[Row]:
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
        for row in rows:
            refuse_unstorable(mapper, row)
        return self._write(lambda tables: _insert(tables, mapper, rows))

    def update(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        changes: Mapping[str, Any],
        version: int | None,
    ) -> bool:
        """Stores new values of one row; False when it is gone or its version is another."""
        refuse_unstorable(mapper, changes)

        def change(tables: _Tables) -> bool:
            row = tables.read(mapper.info.table).get(key)
            if row is None or not _has_version(mapper, row, version):
                return False
            _replace(tables, mapper, key, {**row, **changes})
            return True

        return self._write(change)

    def delete(self, mapper: Mapper, key: Any, version: int | None) -> bool:  # noqa: ANN401
        """Deletes one row; False when it is gone or its version is another."""

        def change(tables: _Tables) -> bool:
            row = tables.read(mapper.info.table).get(key)
            if row is None or not _has_version(mapper, row, version):
                return False
            _remove(tables, mapper, [row], mapper.info.name)
            return True

        return self._write(change)

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many."""
        refuse_unstorable(mapper, changes)

        def change(tables: _Tables) -> int:
            rows = self._matching(mapper, query)
            for row in rows:
                _replace(
                    tables, mapper, mapper.key_of(row), {**row, **_reckon(mapper, row, changes)}
                )
            return len(rows)

        return self._write(change)

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""

        def change(tables: _Tables) -> int:
            rows = self._matching(mapper, query)
            _remove(tables, mapper, rows, mapper.info.name)
            return len(rows)

        return self._write(change)

    def _write(self, change: Callable[[_Tables], T]) -> T:
        active = current_transaction()
        if active is not None:
            unit = active.handle(self)
            assert isinstance(unit, _MemoryUnit)  # noqa: S101 # this class made it
            return unit.attempt(change)
        taken = self.writers.acquire()
        try:
            pending = _Tables(self.tables)
            result = change(pending)
            self.check(pending.own)
            self.keep(pending.own)
            return result
        finally:
            if taken:
                self.writers.release()

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> _MemoryUnit:
        """Opens a transaction, waiting for its turn."""
        return _MemoryUnit(self, taken=self.writers.acquire(keep=True))

    async def abegin(self) -> _MemoryUnit:
        """Opens a transaction; the event loop goes on while it waits for its turn."""
        await self.writers.aacquire(keep=True)
        return _MemoryUnit(self, taken=True)

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work here: memory never waits, only the turn to write is awaited."""
        if not write or current_transaction() is not None:
            return work()
        await self.writers.aacquire()
        try:
            return self.writers.run_in_turn(work)
        finally:
            self.writers.release()

    def check(self, changed: Mapping[str, Table]) -> None:
        """Looks at changed tables as soon as they are written to; a subclass may raise."""

    def keep(self, changed: Mapping[str, Table]) -> None:
        """Puts changed tables in the place of the former ones."""
        self.tables.update(changed)

    def clear(self) -> None:
        """Forgets everything."""
        self.tables = {}


class _Tables:
    """Tables to write to: a table is copied before its first change, so others never see half."""

    def __init__(
        self, base: Mapping[str, Table], shared: Mapping[str, Table] | None = None
    ) -> None:
        self._base = base
        self._shared: dict[str, Table] = dict(shared or {})
        self.own: dict[str, Table] = {}

    def read(self, name: str) -> Table:
        for layer in (self.own, self._shared, self._base):
            if name in layer:
                return layer[name]
        return {}

    def write(self, name: str) -> Table:
        if name not in self.own:
            self.own[name] = dict(self.read(name))
        return self.own[name]


class _MemoryUnit:
    """A transaction: changed copies of tables, put in place at the commit."""

    def __init__(self, repository: MemoryRepository, *, taken: bool) -> None:
        self._repository = repository
        self._taken = taken
        self.tables: dict[str, Table] = {}
        self._marks: dict[str, dict[str, Table]] = {}

    def attempt(self, change: Callable[[_Tables], T]) -> T:
        pending = _Tables(self._repository.tables, self.tables)
        result = change(pending)
        changed = {**self.tables, **pending.own}
        self._repository.check(changed)
        self.tables = changed
        return result

    def savepoint(self, name: str) -> None:
        self._marks[name] = self.tables

    def rollback_to(self, name: str) -> None:
        self.tables = self._marks.pop(name)

    def release(self, name: str) -> None:
        del self._marks[name]

    def commit(self) -> None:
        self._repository.keep(self.tables)
        self.rollback()

    def rollback(self) -> None:
        if self._taken:
            self._repository.writers.release()


def _has_version(mapper: Mapper, row: Row, version: int | None) -> bool:
    return version is None or mapper.version is None or row[mapper.version] == version


def _reckon(mapper: Mapper, row: Row, changes: Mapping[str, Any]) -> Row:
    new = {
        name: reckoned(row[value.field], value.operator, value.amount)
        if isinstance(value, Arithmetic)
        else value
        for name, value in changes.items()
    }
    try:
        refuse_unstorable(mapper, new)
    except ValidationError:
        raise too_great(mapper) from None
    return new


def _insert(tables: _Tables, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
    keys: list[Any] = []
    for row in rows:
        stored = mapper.snapshot(row)
        key = mapper.key_of(stored)
        if key is None and mapper.generated_key:
            key = stored[mapper.key] = max(tables.read(mapper.info.table), default=0) + 1
        if key in tables.read(mapper.info.table):
            raise Duplicate(mapper.info.name, ", ".join(mapper.keys))
        _replace(tables, mapper, key, stored)
        keys.append(key)
    return keys


def _replace(tables: _Tables, mapper: Mapper, key: Any, row: Row) -> None:  # noqa: ANN401
    stored = mapper.snapshot(row)
    table = tables.read(mapper.info.table)
    for field in mapper.fields.values():
        value = stored[field.name]
        if not field.info.unique or value is None:
            continue
        if any(k != key and other.get(field.name) == value for k, other in table.items()):
            raise Duplicate(mapper.info.name, field.name)
    for group in mapper.together:
        pair = [stored[name] for name in group]
        if None not in pair and any(
            k != key and [other.get(name) for name in group] == pair for k, other in table.items()
        ):
            raise Duplicate(mapper.info.name, ", ".join(group))
    for name, target, column, _ in mapper.references:
        value = stored[name]
        missing = value is not None and not any(
            other[column] == value for other in _candidates(tables, target, column, value)
        )
        if missing and not (target == mapper.info.table and value == key):
            raise BrokenReference(mapper.info.name)
    tables.write(mapper.info.table)[key] = stored


def _candidates(tables: _Tables, target: str, column: str, value: Any) -> list[Row]:  # noqa: ANN401
    entity = find_entity(target)
    rows = tables.read(target)
    if entity is not None and entity.__nitro_mapper__.keys == (column,):
        return [rows[value]] if value in rows else []
    return list(rows.values())


def _remove(tables: _Tables, mapper: Mapper, rows: Sequence[Row], blamed: str) -> None:
    """Deletes rows, then does to those that refer to them what their foreign keys say."""
    table = tables.write(mapper.info.table)
    for row in rows:
        table.pop(mapper.key_of(row), None)
    for entity in registered_entities():
        other: Mapper = entity.__nitro_mapper__
        for name, target, column, rule in other.references:
            if target == mapper.info.table:
                _unlink(tables, other, name, {row[column] for row in rows}, rule, blamed)


def _unlink(
    tables: _Tables, mapper: Mapper, name: str, gone: set[Any], rule: str | None, blamed: str
) -> None:
    orphans = [r for r in tables.read(mapper.info.table).values() if r.get(name) in gone]
    if not orphans:
        return
    if rule == "CASCADE":
        _remove(tables, mapper, orphans, blamed)
    elif rule == "SET NULL":
        for row in orphans:
            tables.write(mapper.info.table)[mapper.key_of(row)] = {**row, name: None}
    else:
        raise BrokenReference(blamed)
