"""How a table looks: the element around everything, headings, rows, the empty state."""

from __future__ import annotations

from typing import Any

from nitro_runtime.html import A, Div, Html, P, Section, Tbody, Th, Thead, Tr, expr, raw
from nitro_runtime.html import Table as TableTag
from nitro_runtime.views.columns import Column
from nitro_runtime.views.csrf import csrf_field
from nitro_runtime.views.table_bulk import bulk_heading
from nitro_runtime.views.table_pager import pager
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.table_rows import align_of, render_rows
from nitro_runtime.views.table_script import HANDLERS
from nitro_runtime.views.table_toolbar import toolbar
from nitro_runtime.views.words import current_words, say

_ROWS = raw("<!--rows-->")  # no text can look like it: texts are escaped


_MOST_FRAMES = 32
"""Frames that a table keeps, for the states that people look at again and again."""


def render_table(at: Rendering) -> Html:
    """Returns the whole table with its toolbar and pager."""
    before, after = _frame(at)
    return render_rows(at, at.shown.rows, before, after)


def _frame(at: Rendering) -> tuple[Html, Html]:
    """Returns what stands before and after the rows, kept by everything that it is made of."""
    shown, frames = at.shown, at.table.frames
    counted = (shown.total, shown.page, shown.pages, shown.first, len(shown.rows))
    key = (at.theme, current_words(), at.csrf, at.state, at.key, at.offered, counted, shown.choices)
    found: tuple[Html, Html] | None = frames.get(key)
    if found is None:
        if len(frames) >= _MOST_FRAMES:
            frames.clear()
        # the rows come in last: each tag around them would copy them all
        before, _, after = _whole(at).partition(_ROWS)
        found = (raw(before), raw(after))
        # what stands where no row is may be made anew for each visitor
        if shown.rows or isinstance(at.table.options.empty, str | None):
            frames[key] = found
    return found


def _whole(at: Rendering) -> Html:
    return Section(
        # for rows that come in later, when the page has no other form
        csrf_field(at.csrf) if "delete" in at.table.options.actions else None,
        toolbar(at),
        _grid(at) if at.shown.rows else empty(at),
        pager(at),
        **frame_attributes(at),
    )


def frame_attributes(at: Rendering) -> dict[str, Any]:
    """Returns the attributes of the element around everything: what it hears and what it shows."""
    table = at.table
    name = table.dom_id.replace("-", "_")
    return {
        "id": table.dom_id,
        "cls": at.theme["table_view"],
        "aria_label": table.label,
        # a signal with a leading underscore is never sent; the stream element reads it
        "signals": {"_views": {name: at.key}} if at.key else None,
        "indicator": f"_busy.{name}",
        "attr": {"aria-busy": expr(f"$_busy.{name} ? 'true' : false")},
        **HANDLERS,
    }


def empty(at: Rendering) -> Html:
    """Returns what stands where rows would be."""
    state = at.state
    if not state.limited:
        return Div(at.table.options.empty or say("empty"), cls=at.theme["empty"])
    word = "nothing_filtered"
    if state.search:
        word = "nothing_found_filtered" if state.filters else "nothing_found"
    return Div(
        P(say(word, search=state.search)),
        A(
            say("show_all", plural=at.table.info.plural.lower()),
            id=at.element_id("all"),
            href=state.address(search="", filters=(), page=1),
            cls=at.theme["button"],
        ),
        cls=at.theme["empty"],
    )


def _grid(at: Rendering) -> Html:
    headings = [bulk_heading(at) if at.offered else None]
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
    )
    direction = ("descending" if descending else "ascending") if sorted_by else None
    return Th(link, scope="col", cls=css, aria_sort=direction)
