"""Puts right what Alembic proposes for columns: their types, and values for the rows that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from alembic.operations import ops
from sqlmodel import SQLModel

from nitro_runtime.entities.migrations.types import portable
from nitro_runtime.entities.migrations.values import (
    Convert,
    Fill,
    Fold,
    declared_value,
    empty_value,
    is_stored_otherwise,
    mark_conversion,
)
from nitro_runtime.entities.migrations.written import Columns
from nitro_runtime.entities.sql.tables import shadow_name


@dataclass(frozen=True, slots=True)
class Preparation:
    """Prepares the operations of one direction of a migration.

    Attributes:
        upgrading: Whether the classes say what comes; in a downgrade the database does.
        written: What the migrations that are there say of the columns.
    """

    upgrading: bool
    written: Columns

    def prepared(
        self, operations: Iterable[ops.MigrateOperation]
    ) -> Iterator[ops.MigrateOperation]:
        """Yields the operations, and those that they need before and after them."""
        for operation in operations:
            if isinstance(operation, ops.ModifyTableOps):
                yield from self._table(operation)
            else:
                if isinstance(operation, ops.CreateTableOp) and not self.upgrading:
                    self._remake(operation)
                yield operation

    def _remake(self, table: ops.CreateTableOp) -> None:
        """Gives a table that a downgrade makes again types which every database has."""
        for item in table.columns:
            if isinstance(item, sa.Column):
                column = cast("sa.Column[Any]", item)
                column.type = self._former(table.table_name, column.name, column.type)

    def _former(self, table: str, name: str, item: Any) -> Any:  # noqa: ANN401 # a column type
        """Returns the type of a column as it was before the migration."""
        return portable(item, self.written.get((table, name)))

    def _table(self, table: ops.ModifyTableOps) -> Iterator[ops.MigrateOperation]:
        before: list[ops.MigrateOperation] = []
        after: list[ops.MigrateOperation] = []
        required: list[ops.MigrateOperation] = []
        distinct = set(_distinct(table.ops))
        for operation in table.ops:
            if isinstance(operation, ops.AlterColumnOp):
                before += self._alter(operation)
            elif isinstance(operation, ops.AddColumnOp):
                lost = not self.upgrading and operation.column.name in distinct
                after += self._new(operation)
                required += self._fill(operation, after) if not lost else _left_empty(operation)
        yield from before
        yield ops.ModifyTableOps(table.table_name, _freed(table), schema=table.schema)
        yield from after
        if required:
            yield ops.ModifyTableOps(table.table_name, required, schema=table.schema)

    def _new(self, operation: ops.AddColumnOp) -> Iterator[ops.MigrateOperation]:
        table, column = operation.table_name, operation.column
        if not self.upgrading:
            operation.column = _copy(column)
            operation.column.type = self._former(table, column.name, column.type)
            return
        searched = _searched(table, column.name)
        if searched:
            yield Fold(table, searched)

    def _fill(
        self, operation: ops.AddColumnOp, after: list[ops.MigrateOperation]
    ) -> Iterator[ops.MigrateOperation]:
        """Makes a required column optional until it is filled; yields what makes it required."""
        table, column = operation.table_name, operation.column
        if column.nullable or column.server_default is not None:
            return
        kind: Any = column.type
        value = declared_value(table, column.name) if self.upgrading else empty_value(kind)
        after.append(Fill(table, column.name, kind, value))
        yield from _left_empty(operation)
        yield ops.AlterColumnOp(
            table, column.name, existing_type=kind, existing_nullable=True, modify_nullable=False
        )

    def _alter(self, operation: ops.AlterColumnOp) -> Iterator[ops.MigrateOperation]:
        """Names the types of a changed column; yields what converts its values beforehand."""
        table, name = operation.table_name, operation.column_name
        known = SQLModel.metadata.tables.get(table)
        column = None if known is None else known.c.get(name)
        if operation.modify_type is None:
            existing = self._former(table, name, operation.existing_type)
            operation.existing_type = existing if column is None else column.type
            return
        if self.upgrading:
            operation.existing_type = self._former(table, name, operation.existing_type)
        else:
            operation.modify_type = self._former(table, name, operation.modify_type)
        mark_conversion(operation)
        old: Any = operation.existing_type
        if is_stored_otherwise(old, operation.modify_type):
            yield Convert(table, name, old, operation.modify_type)


def _freed(table: ops.ModifyTableOps) -> list[ops.MigrateOperation]:
    """Returns the operations, a foreign key taken off for as long as an index of its column goes.

    MariaDB lets no index go that a foreign key uses, and makes another when it is put on again.
    """
    known = SQLModel.metadata.tables.get(table.table_name)
    links = () if known is None else known.foreign_key_constraints
    touched = {getattr(one, "constraint_name", None) for one in table.ops}
    first = {next(iter(_index_columns(one)), None) for one in table.ops}
    used = [one for one in links if one.column_keys[0] in first and one.name not in touched]
    off = [ops.DropConstraintOp.from_constraint(one) for one in used]
    on = [ops.AddConstraintOp.from_constraint(one) for one in used]
    return [*off, *table.ops, *on]


def _index_columns(operation: ops.MigrateOperation) -> Sequence[str]:
    """Returns the columns of an index that is dropped; none for any other operation."""
    if isinstance(operation, ops.DropIndexOp):
        return operation.to_index().columns.keys()
    if isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "unique":
        constraint = operation.to_constraint()
        return constraint.columns.keys() if isinstance(constraint, sa.UniqueConstraint) else ()
    return ()


def _left_empty(operation: ops.AddColumnOp) -> tuple[()]:
    """Lets a column be empty; a reference or a unique value that is lost cannot be made up."""
    operation.column = _copy(operation.column)
    operation.column.nullable = True
    return ()


def _distinct(operations: Iterable[ops.MigrateOperation]) -> Iterator[str]:
    """Yields the columns that cannot all have the same value, or only one that is elsewhere."""
    for operation in operations:
        if isinstance(operation, ops.CreateForeignKeyOp):
            yield from operation.local_cols
        elif isinstance(operation, ops.CreateUniqueConstraintOp) or (
            isinstance(operation, ops.CreateIndexOp) and operation.unique
        ):
            columns: Sequence[Any] = operation.columns
            yield from (str(getattr(each, "name", each)) for each in columns)


def _copy(column: sa.Column[Any]) -> sa.Column[Any]:
    return column._copy()  # pyright: ignore[reportPrivateUsage] # as Alembic copies one


def _searched(table: str, name: str) -> str | None:
    """Returns the column whose folded copy a column is, or None when it is none."""
    entity: Any = getattr(SQLModel.metadata.tables.get(table), "nitro_entity", None)
    searched = entity.__nitro_mapper__.search if entity is not None else ()
    return next((each for each in searched if shadow_name(each) == name), None)
