"""The SQL backend: entities in the tables of a database.

`SqlRepository` knows statements and rows; how they reach a database is the business of the classes
that derive from it: `nitro_runtime.entities.sql.sqlite_repository` for a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.sql.plans import Plan
from nitro_runtime.entities.sql.tables import with_references
from nitro_runtime.entities.statements import note, watchers
from nitro_runtime.entities.storable import refuse_overflow, refuse_unstorable
from nitro_runtime.errors import EntityError

T = TypeVar("T")


class SqlRepository:
    """Keeps entities in the tables of a database.

    Args:
        url: Where the database is.
        dialect: SQLAlchemy's dialect of it; statements are compiled for it once.
        create_tables: Whether a missing table is created at its first write.
    """

    name = "sql"
    capabilities = frozenset(
        {"transactions", "unique", "references", "links", "lock", "nul", "shared"}
    )

    def __init__(self, url: sa.URL, dialect: Any, *, create_tables: bool) -> None:  # noqa: ANN401
        self.url = url
        self.dialect: Any = dialect
        self.create_tables = create_tables
        self._plans: dict[Mapper, Plan] = {}

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
        except (UnicodeEncodeError, OverflowError):
            return None  # half of a surrogate pair, a number beyond 64 bits: nothing has such a key
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
        """Runs a statement that reads, and returns all that it finds."""
        raise NotImplementedError

    # -- writing --------------------------------------------------------------------------------

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        try:
            return self._insert(mapper, rows)
        except (OverflowError, UnicodeError, ValueError):
            for row in rows:  # asked only now, as it hardly ever happens: which value was it?
                refuse_unstorable(mapper, row, self.dialect)
            raise

    def _insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        plan = self.plan(mapper)
        work = [plan.encode(row) for row in rows]
        if watchers:
            note(plan.insert)
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
        refuse_unstorable(mapper, changes, self.dialect)
        plan = self.plan(mapper)
        full = plan.with_shadows(changes) if mapper.search else changes
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
        refuse_unstorable(mapper, changes, self.dialect)
        try:
            return self._change(mapper, *self.plan(mapper).update_where(query, changes))
        except EntityError as error:
            if type(error) is EntityError and error.__cause__ is not None:  # the driver's
                refuse_overflow(mapper, changes)
            raise

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        return self._change(mapper, *self.plan(mapper).delete_where(query))

    def _change(self, mapper: Mapper, sql: str, parameters: Sequence[Any]) -> int:
        if watchers:
            note(sql)
        return self._write(mapper, lambda cursor: cursor.execute(sql, parameters).rowcount)

    def _write(self, mapper: Mapper, work: Callable[[Any], T], *, several: bool = False) -> T:
        """Gives the work a driver's cursor to write with; ``several`` statements last together or not at all."""
        raise NotImplementedError

    # -- tables ---------------------------------------------------------------------------------

    def _create(self, mapper: Mapper, cursor: Any) -> None:  # noqa: ANN401 # a driver's cursor
        for table in with_references(mapper):
            for statement in _definition(table, self.dialect):
                cursor.execute(statement)

    def create(self, mappers: Sequence[Mapper]) -> None:
        """Creates the tables of entities, where they are missing."""
        for mapper in mappers:
            self._write(mapper, lambda cursor, m=mapper: self._create(m, cursor))


def _inserted(mapper: Mapper, row: Row, cursor: Any) -> Any:  # noqa: ANN401
    key = mapper.key_of(row)
    return cursor.lastrowid if key is None else key


def _definition(table: sa.Table, dialect: Any) -> list[str]:  # noqa: ANN401 # a SQLAlchemy dialect
    """Returns the statements that create a table and its indexes, where they are missing."""
    return [
        *_types(table, dialect),
        str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)),
        *(
            str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ),
    ]


def _types(table: sa.Table, dialect: Any) -> list[str]:  # noqa: ANN401
    """Returns the statements that create what types PostgreSQL has to know before a table."""
    if dialect.name != "postgresql":
        return []
    from sqlalchemy.dialects.postgresql.named_types import ENUM, CreateEnumType

    kinds = {
        kind.name: kind
        for kind in (c.type.dialect_impl(dialect) for c in table.columns)
        if isinstance(kind, ENUM)
    }
    return [
        f"DO $$ BEGIN {CreateEnumType(kind).compile(dialect=dialect)}; "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for kind in kinds.values()
    ]
