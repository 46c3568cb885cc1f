"""The rows of a table, compiled once: cells, a checkbox before them, actions behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import A, Fragment, Html, Td, Th, Tr, raw
from nitro_runtime.html.compiled import CompiledRow, Kind
from nitro_runtime.views.cells import key_value
from nitro_runtime.views.columns import Column, cell_of
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import label_field
from nitro_runtime.views.row_actions import row_actions as row_actions
from nitro_runtime.views.table_bulk import bulk_cell
from nitro_runtime.views.table_definition import TableDefinition
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import current_words, say

_NOTHING = raw("")
_MOST_COMPILED = 64
"""Compiled rows of one table: visitors choose columns, and no memory may grow with what they choose."""


class Row(NamedTuple):
    """A row for a table whose methods make some of the cells."""

    item: Any
    table: Any


def render_rows(
    at: Rendering, rows: Sequence[Any], before: Html = _NOTHING, after: Html = _NOTHING
) -> Html:
    """Returns the rows between two pieces of markup, joined at once."""
    table = at.table
    key = (
        at.theme,
        current_words(),
        at.csrf,
        bool(at.offered),
        table.options.prefix,
        at.state.columns,
    )
    compiled: CompiledRow[Any] | None = table.compiled.get(key)
    if compiled is None:
        compiled = _keep(table, key, compile_rows(at))
    items = [Row(item, at.view) for item in rows] if table.computed else rows
    return compiled.each(items, before, after)


def render_cell(at: Rendering, item: object, name: str) -> Html:
    """Returns what stands in one cell.

    Raises:
        ViewError: The table has no such column.
    """
    table = at.table
    column = next((column for column in table.columns if column.name == name), None)
    if column is None:
        known = [column.name for column in table.columns]
        raise ViewError(
            f"The table of {table.info.plural} has no column {name!r}.{suggestion(name, known)}"
        )
    key = (at.theme, current_words(), name)
    compiled: CompiledRow[Any] | None = table.compiled.get(key)
    if compiled is None:
        marks = Marks[Any](prefix="item." if table.computed else "")
        content = cell_content(table, column, at.theme, marks)
        compiled = _keep(table, key, marks.compile(Fragment(content)))
    return compiled(Row(item, at.view) if table.computed else item)


def _keep(table: TableDefinition, key: object, compiled: CompiledRow[Any]) -> CompiledRow[Any]:
    if len(table.compiled) >= _MOST_COMPILED:
        table.compiled.clear()
    table.compiled[key] = compiled
    return compiled


def compile_rows(at: Rendering) -> CompiledRow[Any]:
    """Compiles the row of a table; tables with computed cells render `Row`s."""
    table, theme = at.table, at.theme
    marks = Marks[Any](prefix="item." if table.computed else "")
    first = bulk_cell(at, marks) if at.offered else None
    header = row_header(at)
    cells = [_cell(table, column, theme, marks, column is header) for column in at.columns]
    actions = row_actions(table.info.slug, table.options.actions, theme, marks, at.csrf, table.info)
    last = (
        Td(actions, cls=theme["row_actions"], data_label=say("actions"))
        if table.options.actions
        else None
    )
    # the key as it is, not quoted: an element id is no address
    row_id = "-".join([table.row_stem, *(marks.place(*key) for key in _key_parts(table))])
    return marks.compile(Tr(first, cells, last, id=row_id))


def _key_parts(table: TableDefinition) -> list[tuple[str, Kind]]:
    fields = table.info.fields
    return [(name, _KEY_KINDS.get(fields[name].type, "any")) for name in table.info.key]


_KEY_KINDS: Mapping[object, Kind] = {str: "text", int: "int"}


def row_header(at: Rendering) -> Column | None:
    """Returns the column that names the row for who hears the table: one that links, or the label's."""
    name = label_field(at.table.info)
    linking = [column for column in at.columns if column.link]
    named = [column for column in at.columns if column.name == name]
    return next(iter(linking + named), None)


def _cell(
    table: TableDefinition,
    column: Column,
    theme: Theme,
    marks: Marks[Any],
    header: bool,  # noqa: FBT001, RUF100
) -> Html:
    content = cell_content(table, column, theme, marks)
    css = align_of(column, theme)
    # on a phone a row is a card, and each cell says itself what it is
    if header:
        return Th(content, scope="row", cls=css, data_label=column.label)
    return Td(content, cls=css, data_label=column.label)


def cell_content(
    table: TableDefinition, column: Column, theme: Theme, marks: Marks[Any]
) -> Html | str:
    """Places what stands in the cells of a column."""
    method = table.computed.get(column.name)
    if method is not None:
        content = marks.place_whole(lambda row: getattr(row.table, method)(row.item))
    else:
        content = marks.put(cell_of(column, theme))
    if column.link:
        return A(content, href=f"/{table.info.slug}/{marks.put(key_value(table.info))}")
    return content


def align_of(column: Column, theme: Theme) -> str | None:
    """Returns the classes that say where a cell's content stands."""
    return {"right": theme["number"], "center": theme["center"]}.get(column.align or "")
