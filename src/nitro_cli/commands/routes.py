"""``nitro routes``: what an app answers, who may, and where that is written."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nitro_cli.commands.options import App, Json

if TYPE_CHECKING:
    from nitro_cli.route_list import RouteList, Row

WIDTH = 80
_GAP = "  "
_Cells = tuple[str, str, str, str]
_SECTIONS = (
    ("app", "The app's own", ("METHOD", "ADDRESS", "NAME", "WHERE")),
    ("nitro", "Nitro's", ("METHOD", "ADDRESS", "NAME", "WHERE")),
    ("command", "Commands", ("METHOD", "ADDRESS", "WHO MAY", "WHERE")),
    ("query", "Queries", ("METHOD", "ADDRESS", "WHO MAY", "WHERE")),
    ("topic", "Live topics", ("METHOD", "TOPIC", "WHO MAY", "WHERE")),
)


def command(
    word: Annotated[
        str | None,
        typer.Argument(metavar="WORD", help="Show only what has this word in it: product."),
    ] = None,
    app: App = None,
    json: Json = False,
    openapi: Annotated[
        bool, typer.Option("--openapi", help="Print commands and queries as OpenAPI, in JSON.")
    ] = False,
) -> None:
    """List what the app answers: its routes, Nitro's, commands and queries, who may, and where.

    The app is imported, as its server imports it.
    """
    from nitro_cli.database.environment import inside
    from nitro_cli.loading import load_app, root_of
    from nitro_cli.route_list import list_routes

    with inside(root_of(Path.cwd(), needed=app is None)):
        found = list_routes(load_app(Path.cwd(), app))
        if openapi:
            typer.echo(json_format.dumps(_document(found), indent=2))
            return
    rows = [row for row in found.rows if word is None or row.has(word)]
    if json:
        data = {"routes": [asdict(row) for row in rows], "notes": found.notes}
        typer.echo(json_format.dumps(data, indent=2))
        return
    if not rows:
        typer.echo(f"Nothing that the app answers has {word!r} in it." if word else "Nothing.")
    for line in _lines(rows):
        typer.echo(line)
    for note in found.notes:
        typer.echo(f"\n{note}")


def _document(found: RouteList) -> dict[str, object]:
    from nitro_runtime.web.openapi import document

    [endpoint] = [row for row in found.rows if row.name == "nitro_commands"] or [None]
    prefix = endpoint.address.partition("/cmds/")[0] if endpoint else ""
    return document(Path.cwd().name, prefix=prefix)


def _lines(rows: Sequence[Row]) -> list[str]:
    lines: list[str] = []
    for kind, title, heads in _SECTIONS:
        cells = [_cells(row) for row in rows if row.kind == kind]
        if cells:
            lines += ["", title, *_table(heads, cells)]
    return lines[1:]


def _cells(row: Row) -> _Cells:
    methods = " ".join(row.methods) or ("" if row.kind == "topic" else "any")
    where = "" if row.kind == "nitro" else row.where  # of no use to whoever reads
    return methods, row.address, row.allow or row.name, where


_LEAST = ((0, 8), (2, 8), (1, 24))
"""Columns that are made narrower than what is in them, in this order, and to which width at most."""


def _table(heads: _Cells, rows: Sequence[_Cells]) -> list[str]:
    """Lays a table out. No cell is cut, so that an address or a place can be copied.

    A cell that is wider than its column moves those behind it; a last one for which there is no room
    stands on a line of its own.
    """
    shown = fitted = [n for n in range(4) if any(row[n] for row in rows)]
    every = (heads, *rows)
    usual = [row for row in every if len(_GAP.join(row)) <= WIDTH]
    if len(usual) <= len(every) / 2:  # most have their last cell on the next line anyway
        fitted = shown[:-1]
        usual = [row for row in every if len(_GAP.join(row[:-1])) <= WIDTH]
    widths = _widths(usual, shown)
    for n, least in _LEAST:
        excess = sum(widths[one] for one in fitted) + len(_GAP) * (len(fitted) - 1) - WIDTH
        if excess > 0 and n in widths:
            widths[n] = max(min(least, widths[n]), widths[n] - excess)
    return _laid_out(every, widths, shown)


def _widths(rows: Sequence[_Cells], shown: Sequence[int]) -> dict[int, int]:
    return {n: max(len(row[n]) for row in rows) for n in shown}


def _laid_out(rows: Sequence[_Cells], widths: Mapping[int, int], shown: Sequence[int]) -> list[str]:
    return [line for row in rows for line in _line([row[n] for n in shown], [*widths.values()])]


def _line(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    line = ""
    lines: list[str] = []
    for cell, width in zip(row, widths, strict=True):
        if line and len(f"{line}{cell}") > WIDTH:
            lines.append(line.rstrip())
            line = " " * (widths[0] + len(_GAP))
        line += f"{cell:<{width}}{_GAP}"
    return [*lines, line.rstrip()]
