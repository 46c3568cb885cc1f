"""``nitro types``: what a field may be, as one table."""

from __future__ import annotations

import json as json_format
import textwrap
from typing import TYPE_CHECKING, Any

import typer

from nitro_cli.commands.options import Json

if TYPE_CHECKING:
    from nitro_cli.grammar.types import FieldType

WIDTH = 80
_HEADS = ("TYPE", "PYTHON", "DATABASE", "INPUT", "JSON")
_LINE = "{:<16} {:<16} {:<16} {:<15} {}"


def command(json: Json = False) -> None:
    """Show the types and modifiers of fields, with what each becomes."""
    from nitro_cli.grammar.types import MODIFIERS, TYPES

    if json:
        data = {
            "types": [_as_data(row) for row in TYPES.values()],
            "modifiers": [_modifier_as_data(name) for name in MODIFIERS],
        }
        typer.echo(json_format.dumps(data, indent=2))
        return
    typer.echo(_LINE.format(*_HEADS))
    for row in TYPES.values():
        typer.echo(_LINE.format(*_cells(row)).rstrip())
        typer.echo(_indented(_about(row)))
    typer.echo("\nMODIFIER  after a colon: name:str:opt:max.80")
    for row in MODIFIERS.values():
        typer.echo(f"{row.name:<9} {row.summary}")


_TYPED = {
    "str": "str.80",
    "decimal": "decimal.10.2",
    "enum": "enum.draft.live",
    "ref": "ref.Category",
    "list": "list.str",
    "many": "many.Tag",
}
"""How types that take words or numbers are written."""

_PYTHON = {"enum": "a StrEnum", "ref": "str, the key", "list": "list[str]", "many": "a query set"}
_COLUMNS = {"str": "VARCHAR(80)", "decimal": "NUMERIC(10, 2)"}


def _cells(row: FieldType) -> tuple[str, ...]:
    return (
        _TYPED.get(row.name, row.name),
        _PYTHON.get(row.name, row.python),
        _COLUMNS.get(row.name, row.column),
        row.html,
        row.schema,
    )


def _about(row: FieldType) -> str:
    """The second line of a type: what it holds, what else may be typed, a value."""
    parts = [row.summary.partition(":")[0].partition(",")[0]]
    if row.aliases:
        parts.append(f"also {', '.join(row.aliases)}")
    if example := _example(row):
        parts.append(f"such as {example}")
    return "; ".join(parts)


def _example(row: FieldType) -> str:
    named = {"str": "Example", "enum": "draft", "bool": "true", "list": "Example"}
    if row.name in {"ref", "many"}:
        return ""
    return named.get(row.name, row.example)


def _indented(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _as_data(row: FieldType) -> dict[str, Any]:
    typed, python, column, control, schema = _cells(row)
    return {
        "name": row.name,
        "typed": typed,
        "aliases": list(row.aliases),
        "summary": row.summary,
        "python": python,
        "database": column,
        "input": control,
        "json": schema,
        "example": _example(row),
        "modifiers": sorted(_modifiers_of(row)),
    }


def _modifiers_of(row: FieldType) -> set[str]:
    from nitro_cli.grammar.types import MODIFIERS

    everywhere = {each.name for each in MODIFIERS.values() if each.everywhere}
    return set(row.modifiers) | everywhere - {name for name, _ in row.refuses}


def _modifier_as_data(name: str) -> dict[str, Any]:
    from nitro_cli.grammar.types import MODIFIERS

    row = MODIFIERS[name]
    return {"name": name, "summary": row.summary, "aliases": list(row.aliases)}
