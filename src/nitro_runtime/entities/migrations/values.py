"""Values for the rows that are there when a migration adds a column, and changes of a column's type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import sqlalchemy as sa
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from pydantic_core import PydanticUndefined, to_jsonable_python
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from nitro_runtime.entities import columns
from nitro_runtime.entities.decimals import quantized
from nitro_runtime.entities.migrations.types import python_type, render_type
from nitro_runtime.entities.text import fold
from nitro_runtime.schema import MISSING

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_HOME = "nitro_runtime.entities.migrations"
_USING = "postgresql_using"
_EMPTY: dict[type[Any], Any] = {
    str: "",
    int: 0,
    float: 0.0,
    bool: False,
    bytes: b"",
    Decimal: Decimal(0),
    datetime: datetime(1970, 1, 1, tzinfo=UTC),
    date: date(1970, 1, 1),
    time: time(0),
    UUID: UUID(int=0),
    dict: {},
    list: [],
}
"""What a column that a downgrade brings back gets, its values being lost."""


class Fill(ops.MigrateOperation):
    """Gives every row a value in a column that is new.

    Attributes:
        table: The table's name.
        column: The column's name.
        type: Its type.
        value: The value, as Python has it, or `MISSING` when nobody knows one.
    """

    def __init__(self, table: str, column: str, type: sa.types.TypeEngine[Any], value: Any) -> None:  # noqa: ANN401 # SQLAlchemy's word; any value
        self.table = table
        self.column = column
        self.type = type
        self.value = value


class Fold(ops.MigrateOperation):
    """Writes the folded copy of a column that is searched from now on.

    Attributes:
        table: The table's name.
        column: The column that is searched.
    """

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column


def declared_value(table: str, name: str) -> Any:  # noqa: ANN401 # any value
    """Returns the default of an entity's field, as plain as a migration can write it.

    A factory counts where it makes the same for every row, such as an empty list; what it makes is
    then not shared by rows that must differ.

    Returns:
        The value, or `MISSING` when there is none.
    """
    entity: Any = getattr(SQLModel.metadata.tables.get(table), "nitro_entity", None)
    field = None if entity is None else entity.__nitro_mapper__.fields.get(name)
    if field is None:
        return MISSING
    value, factory = field.source.default, field.source.default_factory
    if factory is not None:
        made: Any = factory()
        value = made if type(made) in (list, dict, date, datetime) else PydanticUndefined
    return MISSING if value is PydanticUndefined or value is None else _plain(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 # any value
    if isinstance(value, Enum):
        return value.value
    if type(value) in _EMPTY and not isinstance(value, list | dict):
        return value
    return to_jsonable_python(value)


def empty_value(type: sa.types.TypeEngine[Any]) -> Any:  # noqa: ANN401 # SQLAlchemy's word; any value
    """Returns what stands for nothing in a column of a type; `MISSING` when nothing does."""
    if isinstance(type, sa.JSON | columns.JSON):
        return {}
    return _EMPTY.get(python_type(type) or object, MISSING)


@renderers.dispatch_for(Fill)
def _render_fill(context: AutogenContext, operation: Fill) -> str:
    if operation.value is MISSING:
        return (
            f"# {operation.table}.{operation.column} is required and has no default: this fails "
            "where there are rows."
        )
    kind = render_type(operation.type, context)
    return (
        f'op.execute(sa.table("{operation.table}", sa.column("{operation.column}", {kind}))'
        f'.update().values({{"{operation.column}": {_source(operation.value, context)}}}))'
    )


_IMPORTS: dict[type[Any], str] = {
    Decimal: "from decimal import Decimal",
    date: "from datetime import date",
    time: "from datetime import time",
    UUID: "from uuid import UUID",
}


def _source(value: Any, context: AutogenContext) -> str:  # noqa: ANN401 # any value
    """Returns the source of a value, and lets the migration import what it names."""
    if isinstance(value, datetime):
        context.imports.add("from datetime import datetime")
        return f'datetime.fromisoformat("{value.isoformat()}")'
    if type(value) in _IMPORTS:
        context.imports.add(_IMPORTS[type(value)])
    return repr(value).removeprefix("datetime.")


@renderers.dispatch_for(Fold)
def _render_fold(context: AutogenContext, operation: Fold) -> str:
    context.imports.add(f"from {_HOME} import fold_column")
    return f'fold_column("{operation.table}", "{operation.column}")'


def fold_column(table: str, column: str) -> None:
    """Writes the folded copy of a column's texts, in a migration.

    Args:
        table: The table's name.
        column: The searched column; its copy is ``<column>_search``.
    """
    from alembic import op

    shadow = f"{column}_search"
    rows = sa.table(table, sa.column(column, sa.Text()), sa.column(shadow, sa.Text()))
    connection = op.get_bind()
    texts = connection.execute(sa.select(rows.c[column]).distinct()).scalars().all()
    for text in texts:
        if text is not None:
            change = rows.update().where(rows.c[column] == text).values({shadow: fold(text)})
            connection.execute(change)


# -- changes of type ------------------------------------------------------------------------------


class Convert(ops.MigrateOperation):
    """Stores the values of a column in the manner of another type, before the column has it.

    Attributes:
        table: The table's name.
        column: The column's name.
        old: Its type.
        new: The type that it gets.
    """

    def __init__(self, table: str, column: str, old: Any, new: Any) -> None:  # noqa: ANN401 # column types
        self.table = table
        self.column = column
        self.old = old
        self.new = new


def is_stored_otherwise(old: object, new: object) -> bool:
    """Whether SQLite keeps values of two types in ways that no cast brings together."""
    return any(isinstance(each, columns.ExactDecimal) for each in (old, new))


@renderers.dispatch_for(Convert)
def _render_convert(context: AutogenContext, operation: Convert) -> str:
    context.imports.add(f"from {_HOME} import convert_column")
    types = ", ".join(render_type(each, context) for each in (operation.old, operation.new))
    return f'convert_column("{operation.table}", "{operation.column}", {types})'


def convert_column(
    table: str, column: str, old: sa.types.TypeEngine[Any], new: sa.types.TypeEngine[Any]
) -> None:
    """Makes ready, in a migration, what a column holds for a type that it gets next.

    SQLite keeps a `Decimal` as a whole number or as text of its own kind, which a cast would take at
    its word. Other databases convert by themselves; there nothing happens.

    Args:
        table: The table's name.
        column: The column's name.
        old: Its type.
        new: The type that it gets.

    Raises:
        ValueError: A value has no place in the new type.
    """
    from alembic import op

    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    make = _MAKE.get(python_type(new), lambda value: value)
    quantum = _quantum(new)
    before = sa.table(table, sa.column("rowid", sa.Integer()), sa.column(column, old))
    after = sa.table(table, sa.column("rowid", sa.Integer()), sa.column(column, new))
    held = sa.select(before.c.rowid, before.c[column]).where(before.c[column].is_not(None))
    for row, value in connection.execute(held).all():
        made = make(value) if quantum is None else quantized(make(value), quantum)
        connection.execute(after.update().where(after.c.rowid == row).values({column: made}))


def _quantum(kind: object) -> Decimal | None:
    scale = kind.scale if isinstance(kind, columns.ExactDecimal) else None
    return None if scale is None else Decimal(1).scaleb(-scale)


_MAKE: dict[Any, Callable[[Any], Any]] = {
    Decimal: lambda value: Decimal(str(value)),
    float: float,
    int: int,
    str: str,
}


def mark_conversion(operation: ops.AlterColumnOp) -> None:
    """Lets PostgreSQL convert what it would not by itself; other databases need no word for it."""
    old, new = operation.existing_type, operation.modify_type
    if old is None or new is None or type(old) is type(new):
        return
    target = cast("sa.types.TypeEngine[Any]", new).compile(dialect=postgresql.dialect())
    target = target.partition(" COLLATE")[0]
    through = "::int" if bool in (python_type(old), python_type(new)) else ""
    operation.kw[_USING] = f'"{operation.column_name}"{through}::{target}'


_render_alter: Callable[[AutogenContext, ops.AlterColumnOp], str] = renderers.dispatch(
    ops.AlterColumnOp("", "")
)


@renderers.dispatch_for(ops.AlterColumnOp, replace=True)
def _render_conversion(context: AutogenContext, operation: ops.AlterColumnOp) -> str:
    text = _render_alter(context, operation)
    using = operation.kw.get(_USING)
    return text if using is None else f"{text.removesuffix(')')}, {_USING}={using!r})"
