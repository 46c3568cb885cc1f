"""Column types in migrations: how they are written, compared, and named for every database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlmodel.sql.sqltypes import AutoString

from nitro_runtime.entities import columns

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.runtime.migration import MigrationContext

    from nitro_runtime.entities.migrations.written import Columns

_MODULE = columns.__name__
WRITTEN = "nitro_written_columns"
"""The option by which Alembic's context carries what the migrations say of the columns."""


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
    if not is_own(item):
        return False
    autogenerate.imports.add(f"from {_MODULE} import {type(item).__name__}")
    return repr(item)


def render_type(item: Any, context: AutogenContext) -> str:  # noqa: ANN401 # a column type
    """Returns the source of any column type."""
    own = render_item("type", item, context)
    return f"sa.{item!r}" if own is False else own


def is_own(item: object) -> bool:
    """Whether a column type is one of Nitro's."""
    return type(item).__module__ == _MODULE


def compare_type(
    context: MigrationContext,
    inspected: sa.Column[Any],
    declared: sa.Column[Any],
    _inspected_type: object,
    declared_type: object,
) -> bool | None:
    """Says whether a column's type has changed, where a database does not tell all of it.

    Passed to ``context.configure(compare_type=compare_type)``. A column that a migration made with a
    type of Nitro's is compared by that; others are left to Alembic.

    Returns:
        True when it has, False when not, None when Alembic is to say.
    """
    written: Columns = context.opts.get(WRITTEN, {})
    former = written.get((declared.table.name, inspected.name))
    if not (is_own(former) and is_own(declared_type)):
        return None
    return repr(former) != repr(declared_type)


def portable(item: Any, written: Any = None) -> Any:  # noqa: ANN401 # a column type
    """Returns the type that migrations use for one that was read from a database.

    Args:
        item: The type; one of Nitro's is returned as it is.
        written: The type that the migrations gave the column, which says more; None for none.
    """
    if is_own(item) or written is not None:
        return item if is_own(item) else written
    if isinstance(item, mysql.TINYINT):
        return sa.Boolean() if item.display_width == 1 else sa.SmallInteger()
    try:
        generic = item.as_generic(allow_nulltype=True)
    except NotImplementedError:
        return item
    make = next((make for kind, make in _OWN.items() if isinstance(generic, kind)), None)
    return generic if make is None else make(generic)


# In this order: Double is a kind of Float, Float one of Numeric, Enum one of String.
_OWN: Mapping[type[Any], Callable[[Any], Any]] = {
    sa.Enum: lambda item: item,
    sa.String: lambda item: columns.ExactText(item.length),
    sa.Float: lambda _item: columns.Double(),
    sa.Numeric: lambda item: columns.ExactDecimal(item.precision, item.scale),
    sa.DateTime: lambda _item: columns.UtcDateTime(),
    sa.Time: lambda _item: columns.ExactTime(),
    sa.Uuid: lambda _item: columns.ExactUuid(),
    sa.LargeBinary: lambda _item: columns.ExactBytes(),
    sa.JSON: lambda _item: columns.JSON(),
}


def python_type(item: Any) -> type[Any] | None:  # noqa: ANN401 # a column type
    """Returns what a column type's values are in Python; None when it does not say."""
    try:
        return getattr(item, "impl_instance", item).python_type
    except NotImplementedError:
        return None
