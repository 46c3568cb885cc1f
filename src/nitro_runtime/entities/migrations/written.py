"""What a project's migrations say of its tables, read from their source; none of it is run.

A database does not tell all: SQLite keeps an `ExactDecimal` as an integer and a UUID as a text. The
migrations say what a column was made as.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from nitro_runtime.entities import columns

Columns = dict[tuple[str, str], Any]
"""Column types by the names of table and column."""


def migration_tables(folder: Path) -> set[str]:
    """Returns the tables that the migrations in a folder make.

    Args:
        folder: The one with ``versions`` in it.
    """
    trees = map(_parsed, sorted(folder.glob("versions/*.py")))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name for call in calls if (name := _made_by(call))}


def written_columns(files: Iterable[str | Path]) -> Columns:
    """Returns the columns as migrations leave them, each with the type that was written for it.

    What cannot be read off, such as a type of the project's own, is left out.

    Args:
        files: The migrations, the oldest first.
    """
    known: Columns = {}
    for file in files:
        for node in _parsed(Path(file)).body:
            if isinstance(node, ast.FunctionDef) and node.name == "upgrade":
                for call, table in _calls(node.body, None):
                    _replay(call, table, known)
    return known


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # Alembic says what is wrong with it, when it runs it
        return ast.Module([], [])


_NAME_AT = {"create_table": 0, "rename_table": 1}


def _made_by(call: ast.Call) -> str | None:
    place = _NAME_AT.get(_method(call))
    return None if place is None else _text(call.args, place)


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(arguments: list[ast.expr], place: int) -> str | None:
    value = arguments[place] if len(arguments) > place else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _calls(body: list[ast.stmt], table: str | None) -> Iterator[tuple[ast.Call, str | None]]:
    """Yields the calls of a body in order, each with the table that it is in a batch for."""
    for node in body:
        if isinstance(node, ast.With):
            opened = node.items[0].context_expr
            batch = isinstance(opened, ast.Call) and _method(opened) == "batch_alter_table"
            name = _text(opened.args, 0) if isinstance(opened, ast.Call) and batch else None
            yield from _calls(node.body, name)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node.value, table


def _replay(call: ast.Call, batch: str | None, known: Columns) -> None:
    """Does to what is known what a call does to the database."""
    method, arguments = _method(call), call.args
    if method in _OF_COLUMNS and batch is None:  # op.add_column("product", ...)
        batch, arguments = _text(arguments, 0), arguments[1:]
    table = batch or _text(arguments, 0)
    change = _CHANGES.get(method)
    if change is not None and table is not None:
        change(table, arguments, call, known)


def _create_table(table: str, arguments: list[ast.expr], _call: ast.Call, known: Columns) -> None:
    for argument in arguments[1:]:
        _add_column(table, [argument], _call, known)


def _add_column(table: str, arguments: list[ast.expr], _call: ast.Call, known: Columns) -> None:
    column = arguments[0] if arguments else None
    if isinstance(column, ast.Call) and _method(column) == "Column" and len(column.args) > 1:
        name, kind = _text(column.args, 0), _type(column.args[1])
        if name is not None and kind is not None:
            known[table, name] = kind


def _alter_column(table: str, arguments: list[ast.expr], call: ast.Call, known: Columns) -> None:
    name = _text(arguments, 0) or ""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "type_" in given:
        known.pop((table, name), None)
        kind = _type(given["type_"])
        if kind is not None:
            known[table, name] = kind
    renamed = given.get("new_column_name")
    if isinstance(renamed, ast.Constant) and (table, name) in known:
        known[table, str(renamed.value)] = known.pop((table, name))


def _drop_column(table: str, arguments: list[ast.expr], _call: ast.Call, known: Columns) -> None:
    known.pop((table, _text(arguments, 0) or ""), None)


def _drop_table(table: str, _arguments: list[ast.expr], _call: ast.Call, known: Columns) -> None:
    for key in [key for key in known if key[0] == table]:
        del known[key]


def _rename_table(table: str, arguments: list[ast.expr], _call: ast.Call, known: Columns) -> None:
    for old, name in [key for key in known if key[0] == table]:
        known[_text(arguments, 1) or "", name] = known.pop((old, name))


_CHANGES: dict[str, Callable[[str, list[ast.expr], ast.Call, Columns], None]] = {
    "create_table": _create_table,
    "add_column": _add_column,
    "alter_column": _alter_column,
    "drop_column": _drop_column,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
}
_OF_COLUMNS = frozenset({"add_column", "alter_column", "drop_column"})


def _type(node: ast.expr) -> Any:  # noqa: ANN401 # a column type
    """Returns the type that source such as ``ExactDecimal(10, 2)`` makes; None when it is another."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        kind = getattr(columns, node.func.id, None)
    else:
        kind = getattr(sa, _method(node), None)
    try:
        values = [ast.literal_eval(value) for value in node.args]
        named = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
    except ValueError:
        return None
    if not (isinstance(kind, type) and issubclass(kind, sa.types.TypeEngine)):
        return None
    return cast("type[Any]", kind)(*values, **named)
