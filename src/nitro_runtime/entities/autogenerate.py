"""Turns what Alembic finds into a migration that runs: on every database, with rows in the tables.

Alembic compares the entities with one database. What it writes then has that database's own types,
drops an index while a foreign key needs it, adds a required column that no row has a value for. Here
its operations are put right before they are rendered, so that nobody has to edit the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import mysql
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from nitro_runtime.entities import columns
from nitro_runtime.entities.filling import Fill, Fold, declared_value, empty_value, mark_conversion
from nitro_runtime.entities.sql.tables import shadow_name
from nitro_runtime.naming import constraint_name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_MODULE = "nitro_runtime.entities.columns"


def render_item(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:  # noqa: ANN401 # Alembic's own
    """Renders a column type of Nitro's for ``alembic revision --autogenerate``.

    Passed to ``context.configure(render_item=render_item)``. The migration imports just the types
    that it names, and nothing of the app: an enum column is named by its length.

    Args:
        kind: What Alembic renders: ``"type"``, ``"server_default"``, ...
        item: The thing itself.
        autogenerate: Alembic's ``AutogenContext``; its imports are added to.

    Returns:
        Python source, or False to leave it to Alembic.
    """
    if kind != "type":
        return False
    if isinstance(item, AutoString):  # of a SQLModel table
        return f"sa.String({item.length or ''})"
    if type(item).__module__ != _MODULE:
        return False
    autogenerate.imports.add(f"from {_MODULE} import {type(item).__name__}")
    return repr(item)


def render_type(item: Any, context: AutogenContext) -> str:  # noqa: ANN401 # a column type
    """Returns the source of any column type."""
    own = render_item("type", item, context)
    return f"sa.{item!r}" if own is False else own


def portable(item: Any) -> Any:  # noqa: ANN401 # a column type
    """Returns the type that migrations use for one that was read from a database.

    A type of Nitro's is returned as it is; others by their generic kind, which every database has.
    """
    if type(item).__module__ == _MODULE:
        return item
    if isinstance(item, mysql.TINYINT):
        return sa.Boolean() if item.display_width == 1 else sa.SmallInteger()
    try:
        generic = item.as_generic(allow_nulltype=True)
    except NotImplementedError:
        return item
    own = next((make for kind, make in _OWN if isinstance(generic, kind)), None)
    return generic if own is None else own(generic)


# In this order: Double is a kind of Float, Float one of Numeric, Enum one of String.
_OWN: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (sa.Enum, lambda item: item),
    (sa.String, lambda item: columns.ExactText(item.length)),
    (sa.Float, lambda _item: columns.Double()),
    (sa.Numeric, lambda item: columns.ExactDecimal(item.precision, item.scale)),
    (sa.DateTime, lambda _item: columns.UtcDateTime()),
    (sa.Time, lambda _item: columns.ExactTime()),
    (sa.Uuid, lambda _item: columns.ExactUuid()),
    (sa.LargeBinary, lambda _item: columns.ExactBytes()),
    (sa.JSON, lambda _item: columns.JSON()),
)


def prepare_script(
    _context: object, _revision: object, directives: Sequence[ops.MigrationScript]
) -> None:
    """Puts the operations of a new revision right.

    Passed to ``context.configure(process_revision_directives=prepare_script)``.
    """
    for script in directives:
        for upgrade in script.upgrade_ops_list:
            upgrade.ops = list(_in_order(_ready(upgrade.ops, upgrading=True)))
        for downgrade in script.downgrade_ops_list:
            operations = list(_in_order(_ready(downgrade.ops, upgrading=False)))
            _name_dropped(_flat(operations))
            downgrade.ops = operations


# -- order ----------------------------------------------------------------------------------------


def _in_order(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    """Yields what makes tables first and what drops them last: a foreign key needs its target."""
    found = list(operations)
    dropped = {one.table_name for one in found if isinstance(one, ops.DropTableOp)}
    yield from (one for one in found if isinstance(one, ops.CreateTableOp))
    for one in found:
        if isinstance(one, ops.ModifyTableOps):
            yield _unlinked_first(one, dropped)
        elif not isinstance(one, ops.CreateTableOp | ops.DropTableOp):
            yield one
    yield from (one for one in found if isinstance(one, ops.DropTableOp))


def _unlinked_first(table: ops.ModifyTableOps, dropped: set[str]) -> ops.ModifyTableOps:
    """Drops foreign keys first: MariaDB keeps the index that one needs.

    The indexes of a table that goes as a whole go with it.
    """
    kept = [
        one
        for one in table.ops
        if not (isinstance(one, ops.DropIndexOp) and table.table_name in dropped)
    ]
    kept.sort(key=lambda one: not _drops_foreign_key(one))
    return ops.ModifyTableOps(table.table_name, kept, schema=table.schema)


def _drops_foreign_key(operation: ops.MigrateOperation) -> bool:
    return isinstance(operation, ops.DropConstraintOp) and operation.constraint_type == "foreignkey"


# -- columns --------------------------------------------------------------------------------------


def _ready(
    operations: Iterable[ops.MigrateOperation], *, upgrading: bool
) -> Iterator[ops.MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ops.ModifyTableOps):
            _name_added(operation.ops)
            yield from _with_values(operation, upgrading=upgrading)
        else:
            if isinstance(operation, ops.CreateTableOp) and not upgrading:
                _make_portable(operation)
            yield operation


def _make_portable(operation: ops.CreateTableOp) -> None:
    """Gives a table that a downgrade makes again types which every database has."""
    for item in operation.columns:
        if isinstance(item, sa.Column):
            item.type = portable(cast("Any", item).type)


def _with_values(table: ops.ModifyTableOps, *, upgrading: bool) -> Iterator[ops.MigrateOperation]:
    """Yields a change of a table, and what gives its rows values for the columns that are new."""
    after: list[ops.MigrateOperation] = []
    distinct = set(_distinct(table.ops))
    for operation in table.ops:
        if isinstance(operation, ops.AddColumnOp):
            lost = not upgrading and operation.column.name in distinct
            after += _values_for(operation, upgrading=upgrading, lost=lost)
        elif isinstance(operation, ops.AlterColumnOp):
            _alter(operation)
    yield table
    required = [one for one in after if isinstance(one, ops.AlterColumnOp)]
    yield from (one for one in after if not isinstance(one, ops.AlterColumnOp))
    if required:
        yield ops.ModifyTableOps(table.table_name, required, schema=table.schema)


def _distinct(operations: Iterable[ops.MigrateOperation]) -> Iterator[str]:
    """Yields the columns that cannot all have the same value, or only one that is elsewhere."""
    for operation in operations:
        if isinstance(operation, ops.CreateForeignKeyOp):
            yield from operation.local_cols
        elif isinstance(operation, ops.CreateUniqueConstraintOp) or (
            isinstance(operation, ops.CreateIndexOp) and operation.unique
        ):
            yield from map(str, operation.columns)


def _values_for(
    operation: ops.AddColumnOp, *, upgrading: bool, lost: bool
) -> Iterator[ops.MigrateOperation]:
    """Yields what fills a new column.

    Args:
        operation: What adds the column; it becomes optional where it is filled afterwards.
        upgrading: Whether the class says what the column is like; otherwise the database does.
        lost: Whether it had values that cannot be made up; the rows have none when it is back.
    """
    table, column = operation.table_name, operation.column
    if not upgrading:
        column = operation.column = _copy(column)
        column.type = portable(column.type)
    searched = upgrading and _searched(table, column.name)
    if searched:
        yield Fold(table, searched)
    if column.nullable or column.server_default is not None:
        return
    kind: Any = column.type
    value = declared_value(table, column.name) if upgrading else empty_value(kind)
    operation.column = _copy(column)
    operation.column.nullable = True
    if lost:
        return
    yield Fill(table, column.name, kind, value)
    yield ops.AlterColumnOp(
        table, column.name, existing_type=kind, existing_nullable=True, modify_nullable=False
    )


def _copy(column: sa.Column[Any]) -> sa.Column[Any]:
    return column._copy()  # pyright: ignore[reportPrivateUsage] # as Alembic copies one


def _searched(table: str, name: str) -> str | None:
    """Returns the column whose folded copy a column is, or None when it is none."""
    entity: Any = getattr(SQLModel.metadata.tables.get(table), "nitro_entity", None)
    searched = entity.__nitro_mapper__.search if entity is not None else ()
    return next((each for each in searched if shadow_name(each) == name), None)


def _alter(operation: ops.AlterColumnOp) -> None:
    known = SQLModel.metadata.tables.get(operation.table_name)
    column = None if known is None else known.c.get(operation.column_name)
    if operation.modify_type is None and column is not None:
        operation.existing_type = column.type
    else:
        operation.existing_type = portable(operation.existing_type)
    if operation.modify_type is not None:
        operation.modify_type = portable(operation.modify_type)
        mark_conversion(operation)


# -- names ----------------------------------------------------------------------------------------


def name_constraints(
    _context: object, _revision: object, directives: Sequence[ops.MigrationScript]
) -> None:
    """Names what ``alembic revision --autogenerate`` adds to a table that is there.

    `prepare_script` does this and more; environments that name this function still run.
    """
    for script in directives:
        for upgrade in script.upgrade_ops_list:
            _name_added(_flat(upgrade.ops))
        for downgrade in script.downgrade_ops_list:
            operations = list(_flat(downgrade.ops))
            _name_added(operations)
            _name_dropped(operations)


def _flat(operations: Iterable[ops.MigrateOperation]) -> Iterator[ops.MigrateOperation]:
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            yield from _flat(operation.ops)
        else:
            yield operation


def _name_added(operations: Iterable[ops.MigrateOperation]) -> None:
    for operation in operations:
        if isinstance(operation, ops.CreateUniqueConstraintOp):
            if operation.constraint_name is None:
                operation.constraint_name = constraint_name(
                    "uq", operation.table_name, map(str, operation.columns)
                )
        elif isinstance(operation, ops.CreateForeignKeyOp) and operation.constraint_name is None:
            operation.constraint_name = constraint_name(
                "fk", operation.source_table, operation.local_cols
            )


def _name_dropped(operations: Iterable[ops.MigrateOperation]) -> None:
    """Names what a downgrade drops; the upgrade has given it this name."""
    for operation in operations:
        if not isinstance(operation, ops.DropConstraintOp) or operation.constraint_name is not None:
            continue
        constraint = operation.to_constraint()
        if isinstance(constraint, sa.UniqueConstraint):
            names = constraint.columns.keys()
            operation.constraint_name = constraint_name("uq", operation.table_name, names)
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            names = constraint.column_keys
            operation.constraint_name = constraint_name("fk", operation.table_name, names)
