"""How a table looks: the element around everything, headings, rows, the empty state."""

from __future__ import annotations

from typing import Any

from nitro_runtime.html import A, Div, Html, P, Section, Tbody, Th, Thead, Tr, raw
from nitro_runtime.html import Table as TableTag
from nitro_runtime.views.columns import Column
from nitro_runtime.views.csrf import csrf_field
from nitro_runtime.views.table_bulk import bulk_heading
from nitro_runtime.views.table_pager import pager
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.table_rows import align_of, render_rows
from nitro_runtime.views.table_script import FOLLOW
from nitro_runtime.views.table_toolbar import toolbar
from nitro_runtime.views.words import say

_ROWS = raw("<!--rows-->")  # no text can look like it: texts are escaped


def render_table(at: Rendering) -> Html:
    """Returns the whole table with its toolbar and pager."""
    frame = Section(
        # for rows that come in later, when the page has no other form
        csrf_field(at.csrf) if "delete" in at.table.options.actions else None,
        toolbar(at),
        _grid(at) if at.shown.rows else empty(at),
        pager(at),
        **frame_attributes(at),
    )
    # the rows come in last: each tag around them would copy them all
    before, _, after = frame.partition(_ROWS)
    return render_rows(at, at.shown.rows, raw(before), raw(after))


def frame_attributes(at: Rendering) -> dict[str, Any]:
    """Returns the attributes of the element around everything, which keep the table live."""
    table = at.table
    # a signal with a leading underscore is never sent; the stream element reads it
    signals = {"_views": {table.dom_id.replace("-", "_"): at.key}} if at.key else None
    return {
        "id": table.dom_id,
        "cls": at.theme["table_view"],
        "aria_label": table.info.plural,
        "signals": signals,
    }


def empty(at: Rendering) -> Html:
    """Returns what stands where rows would be."""
    text: object
    if at.state.search:
        text = say("nothing_found", search=at.state.search)
    else:
        text = at.table.options.empty or say("empty")
    return P(text, cls=at.theme["empty"])


def _grid(at: Rendering) -> Html:
    headings = [bulk_heading(at) if at.table.options.bulk else None]
    headings += [heading(at, column) for column in at.columns]
    if at.table.options.actions:
        headings.append(Th(say("actions"), scope="col", cls=at.theme["row_actions"]))
    return Div(
        TableTag(Thead(Tr(headings)), Tbody(_ROWS), cls=at.theme["table"]),
        cls=at.theme["table_scroll"],
    )


def heading(at: Rendering, column: Column) -> Html:
    """Returns the heading of a column, which sorts by it where people may."""
    table, state = at.table, at.state
    css = align_of(column, at.theme)
    if column.name not in table.sortable:
        return Th(column.label, scope="col", cls=css)
    now = state.sort or table.order
    descending = now == f"-{column.name}"
    sorted_by = now.removeprefix("-") == column.name
    link = A(
        column.label,
        id=at.element_id(f"sort-{column.name}"),
        href=state.address(sort=f"-{column.name}" if now == column.name else column.name, page=1),
        cls=at.theme["sort"],
        on_click=FOLLOW,
    )
    direction = ("descending" if descending else "ascending") if sorted_by else None
    return Th(link, scope="col", cls=css, aria_sort=direction)
