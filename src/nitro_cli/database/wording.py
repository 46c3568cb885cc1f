"""What the operations of a migration do, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from alembic.operations import ops

_WORDS: tuple[tuple[type[ops.MigrateOperation], Callable[[Any], str]], ...] = (
    (ops.CreateTableOp, lambda one: f"create {one.table_name}"),
    (ops.DropTableOp, lambda one: f"drop {one.table_name}"),
    (ops.AddColumnOp, lambda one: f"add {one.table_name}.{one.column.name}"),
    (ops.DropColumnOp, lambda one: f"drop {one.table_name}.{one.column_name}"),
    (ops.AlterColumnOp, lambda one: f"change {one.table_name}.{one.column_name}"),
    (ops.CreateForeignKeyOp, lambda one: f"change {one.source_table}"),
    (ops.MigrateOperation, lambda one: f"change {getattr(one, 'table_name', 'something')}"),
)
"""How each kind is said; the first that fits."""


def described(containers: Iterable[ops.MigrateOperation]) -> list[str]:
    """Returns what operations do, a line each: ``add product.sku``.

    An index or a constraint is worth a line only where nothing else is said of its table.
    """
    lines = list(dict.fromkeys(line for one in containers for line in _lines(one)))
    said = {_table(line) for line in lines if "." in line or not line.startswith("change ")}
    return [
        line for line in lines if line.startswith(_WHOLE) or "." in line or line[7:] not in said
    ]


_WHOLE = ("create ", "drop ")


def _lines(operation: ops.MigrateOperation) -> Iterator[str]:
    if isinstance(operation, ops.OpContainer):
        for one in operation.ops:
            yield from _lines(one)
    else:
        yield next(say(operation) for kind, say in _WORDS if isinstance(operation, kind))


def _table(line: str) -> str:
    return line.split()[1].partition(".")[0]


def message_of(changes: Sequence[str]) -> str:
    """Returns the message of a migration that nobody gave one."""
    if len(changes) == 1:
        return changes[0]
    made = [line for line in changes if line.startswith("create ")]
    tables = list(dict.fromkeys(map(_table, made or changes)))
    return f"{'create' if made else 'change'} {' and '.join(tables[:3])}"
