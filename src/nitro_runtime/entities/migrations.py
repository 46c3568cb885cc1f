"""What Alembic needs to write migrations that run: `render_item` and `name_constraints`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nitro_runtime.entities import columns

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation, MigrationScript, OpContainer

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
    if kind != "type" or type(item).__module__ != _MODULE:
        return False
    name = type(item).__name__
    autogenerate.imports.add(f"from {_MODULE} import {name}")
    return f"{name}({_arguments(item)})"


def _arguments(item: Any) -> str:  # noqa: ANN401 # a column type
    if isinstance(item, columns.ExactDecimal) and item.precision is not None:
        return f"{item.precision}, {item.scale}"
    if isinstance(item, columns.EnumText) and not isinstance(item, columns.EnumInteger):
        text: Any = item.impl  # pyright: ignore[reportUnknownMemberType] # its String
        return str(text.length)
    return ""


def name_constraints(
    _context: object, _revision: object, directives: Sequence[MigrationScript]
) -> None:
    """Names what ``alembic revision --autogenerate`` adds to a table that is there.

    Passed to ``context.configure(process_revision_directives=name_constraints)``. SQLite changes a
    table by writing it anew, and takes back only what has a name: ``uq_product_sku``,
    ``fk_product_category_id``.
    """
    for script in directives:
        for upgrade in script.upgrade_ops_list:
            _name_added(_operations(upgrade))
        for downgrade in script.downgrade_ops_list:
            operations = list(_operations(downgrade))
            _name_added(operations)
            _name_dropped(operations)


def _operations(container: OpContainer) -> Iterator[MigrateOperation]:
    from alembic.operations.ops import OpContainer

    for operation in container.ops:
        if isinstance(operation, OpContainer):
            yield from _operations(operation)
        else:
            yield operation


def _name_added(operations: Iterable[MigrateOperation]) -> None:
    from alembic.operations.ops import CreateForeignKeyOp, CreateUniqueConstraintOp

    for operation in operations:
        if isinstance(operation, CreateUniqueConstraintOp) and operation.constraint_name is None:
            operation.constraint_name = _name("uq", operation.table_name, operation.columns)
        elif isinstance(operation, CreateForeignKeyOp) and operation.constraint_name is None:
            operation.constraint_name = _name("fk", operation.source_table, operation.local_cols)


def _name_dropped(operations: Iterable[MigrateOperation]) -> None:
    """Names what a downgrade drops; the upgrade has given it this name."""
    from alembic.operations.ops import DropConstraintOp
    from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

    for operation in operations:
        if not isinstance(operation, DropConstraintOp) or operation.constraint_name is not None:
            continue
        constraint = operation.to_constraint()
        if isinstance(constraint, UniqueConstraint | ForeignKeyConstraint):
            prefix = "uq" if isinstance(constraint, UniqueConstraint) else "fk"
            columns_of = [column.name for column in constraint.columns]
            operation.constraint_name = _name(prefix, operation.table_name, columns_of)


def _name(prefix: str, table: str, column_names: Iterable[Any]) -> str:
    return "_".join([prefix, table, *map(str, column_names)])
