"""How a table looks: toolbar, headings, compiled rows, pager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nitro_runtime.html import (
    A,
    Button,
    Div,
    Fragment,
    Html,
    Input,
    Nav,
    P,
    Section,
    Span,
    Tbody,
    Td,
    Th,
    Thead,
    Tr,
    expr,
    raw,
)
from nitro_runtime.html import Form as FormTag
from nitro_runtime.html import Table as TableTag
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.views.columns import Column, cell_of
from nitro_runtime.views.csrf import CsrfNames, csrf_field, csrf_option
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import key_of, label_of, list_address
from nitro_runtime.views.table_definition import Action, TableDefinition
from nitro_runtime.views.table_state import Shown, TableState
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

# Every control is a form or a link first. With JavaScript, a GET of the page's own address patches
# the table; one request replaces the other, because Datastar cancels by method and address ("?").
# The code reads addresses and texts from the elements, so no data is ever part of it.
_SEARCH = (
    "history.replaceState(null, '', '?' + new URLSearchParams("
    "[...new FormData({form})].filter(pair => pair[1]))); @get('?', {{contentType: 'form'}})"
)
_SEARCH_FORM = expr(_SEARCH.format(form="el"))
_SEARCH_INPUT = expr(_SEARCH.format(form="el.form"))
_FOLLOW = expr(
    "if (!evt.ctrlKey && !evt.metaKey && !evt.shiftKey) { evt.preventDefault();"
    " history.replaceState(null, '', el.getAttribute('href')); @get(el.getAttribute('href')) }"
)
_CONFIRMED_POST = (
    "confirm(el.dataset.confirm) && @post(el.getAttribute('action'), {{contentType: 'form'{csrf}}})"
)


class Row(NamedTuple):
    """A row for a table whose methods make some of the cells."""

    item: Any
    table: Any


_NOTHING = raw("")
_ROWS = raw("<!--rows-->")  # no text can look like it: texts are escaped


def render_table(
    table: TableDefinition,
    state: TableState,
    shown: Shown,
    theme: Theme,
    *,
    view: object = None,
    key: str | None = None,
    csrf: CsrfNames | None = None,
) -> Html:
    """Returns the whole table with its toolbar and pager.

    Args:
        table: The table.
        state: What somebody looks at.
        shown: The rows and how many there are.
        theme: The classes.
        view: What has the methods that make computed cells.
        key: The signed key of a reactive table, or None.
        csrf: What the host asks of posts.
    """
    # a signal with a leading underscore is never sent; the stream element reads it
    signals = {"_views": {table.dom_id.replace("-", "_"): key}} if key else None
    frame = Section(
        # for rows that come in later, when the page has no other form
        csrf_field(csrf) if "delete" in table.options.actions else None,
        _toolbar(table, state, shown, theme),
        _grid(table, state, theme) if shown.rows else _empty(table, state, theme),
        _pager(table, state, shown, theme),
        id=table.dom_id,
        cls=theme["table_view"],
        aria_label=table.info.plural,
        signals=signals,
    )
    # the rows come in last: each tag around them would copy them all
    before, _, after = frame.partition(_ROWS)
    return render_rows(table, shown.rows, theme, view, csrf, raw(before), raw(after))


# -- around the rows ----------------------------------------------------------------------------


def _toolbar(table: TableDefinition, state: TableState, shown: Shown, theme: Theme) -> Html:
    options = table.options
    new = options.new if options.new is not None else "edit" in options.actions
    label = table.info.label.lower()
    return Div(
        _search(table, state, theme) if options.search is not None else None,
        P(_count(table, shown), cls=theme["count"], role="status", id=f"{table.dom_id}-count"),
        A(
            say("new", entity=label),
            href=f"{list_address(table.info)}/new",
            cls=theme["button_primary"],
        )
        if new
        else None,
        cls=theme["toolbar"],
    )


def _count(table: TableDefinition, shown: Shown) -> str:
    info = table.info
    word = {0: "count_none", 1: "count_one"}.get(shown.total, "count_many")
    return say(word, count=shown.total, entity=info.label.lower(), plural=info.plural.lower())


def _search(table: TableDefinition, state: TableState, theme: Theme) -> Html:
    sort = Input(type="hidden", name="sort", value=state.sort) if state.sort else None
    return FormTag(
        Input(
            id=f"{table.dom_id}-search",
            type="search",
            name="search",
            value=state.search,
            placeholder=say("search"),
            aria_label=say("search"),
            autocomplete="off",
            cls=theme["input"],
            on_input__debounce_200ms=_SEARCH_INPUT,
            # what was typed since the request left must survive the morph of its answer
            preserve_attr="value",
        ),
        sort,
        Button(say("search"), type="submit", cls=theme["button"]),
        method="get",
        role="search",
        cls=theme["search"],
        on_submit=_SEARCH_FORM,
    )


def _empty(table: TableDefinition, state: TableState, theme: Theme) -> Html:
    if state.search:
        text = say("nothing_found", search=state.search)
    else:
        text = table.options.empty or say("empty")
    return P(text, cls=theme["empty"])


def _pager(table: TableDefinition, state: TableState, shown: Shown, theme: Theme) -> Html | None:
    if shown.pages < 2:
        return None
    return Nav(
        _turn(table, state, shown, theme, "previous", -1),
        Span(say("page_of", page=shown.page, pages=shown.pages)),
        _turn(table, state, shown, theme, "next", 1),
        cls=theme["pager"],
        aria_label=say("pages"),
    )


def _turn(
    table: TableDefinition, state: TableState, shown: Shown, theme: Theme, word: str, step: int
) -> Html:
    """A link to the page before or after; without a target at either end."""
    number = shown.page + step
    there = 1 <= number <= shown.pages
    return A(
        say(word),
        id=f"{table.dom_id}-{word}",
        href=state.address(page=number) if there else None,
        aria_disabled=None if there else "true",
        rel={"previous": "prev"}.get(word, word) if there else None,
        cls=theme["button_small"],
        on_click=_FOLLOW if there else None,
    )


def _grid(table: TableDefinition, state: TableState, theme: Theme) -> Html:
    headings = [_heading(table, column, state, theme) for column in table.columns]
    if table.options.actions:
        headings.append(Th(say("actions"), scope="col", cls=theme["row_actions"]))
    return Div(
        TableTag(Thead(Tr(headings)), Tbody(_ROWS), cls=theme["table"]),
        cls=theme["table_scroll"],
    )


def _heading(table: TableDefinition, column: Column, state: TableState, theme: Theme) -> Html:
    css = _align(column, theme)
    if column.name not in table.sortable:
        return Th(column.label, scope="col", cls=css)
    now = state.sort or table.order
    descending = now == f"-{column.name}"
    sorted_by = now.removeprefix("-") == column.name
    link = A(
        column.label,
        id=f"{table.dom_id}-sort-{column.name}",
        href=state.address(sort=f"-{column.name}" if now == column.name else column.name, page=1),
        cls=theme["sort"],
        on_click=_FOLLOW,
    )
    direction = ("descending" if descending else "ascending") if sorted_by else None
    return Th(link, scope="col", cls=css, aria_sort=direction)


def _align(column: Column, theme: Theme) -> str | None:
    return {"right": theme["number"], "center": theme["center"]}.get(column.align or "")


# -- rows ---------------------------------------------------------------------------------------


def render_rows(
    table: TableDefinition,
    rows: Sequence[Any],
    theme: Theme,
    view: object,
    csrf: CsrfNames | None = None,
    before: Html = _NOTHING,
    after: Html = _NOTHING,
) -> Html:
    """Returns the rows; ``view`` has the methods that make computed cells."""
    key = (theme, csrf)
    compiled: CompiledRow[Any] | None = table.compiled.get(key)
    if compiled is None:
        compiled = table.compiled[key] = compile_rows(table, theme, csrf)
    items = [Row(item, view) for item in rows] if table.computed else rows
    return compiled.each(items, before, after)


def compile_rows(
    table: TableDefinition, theme: Theme, csrf: CsrfNames | None = None
) -> CompiledRow[Any]:
    """Compiles the row of a table; tables with computed cells render `Row`s."""
    marks = Marks[Any](prefix="item." if table.computed else "")
    cells = [_cell(table, column, theme, marks) for column in table.columns]
    actions = row_actions(table.info.slug, table.options.actions, theme, marks, csrf)
    last = Td(actions, cls=theme["row_actions"]) if table.options.actions else None
    # the key as it is, not quoted: an element id is no address
    row_id = "-".join([table.stem, *(marks.place(name) for name in table.info.key)])
    return marks.compile(Tr(cells, last, id=row_id))


def _cell(table: TableDefinition, column: Column, theme: Theme, marks: Marks[Any]) -> Html:
    method = table.computed.get(column.name)
    if method is not None:
        content = marks.place_whole(lambda row: getattr(row.table, method)(row.item))
    else:
        cell = cell_of(column, theme)
        content = marks.place(cell.get, cell.kind, nullable=cell.nullable)
    if column.link:
        content = A(content, href=f"/{table.info.slug}/{marks.place(key_of)}")
    return Td(content, cls=_align(column, theme))


def row_actions(
    slug: str,
    actions: Sequence[Action],
    theme: Theme,
    marks: Marks[Any],
    csrf: CsrfNames | None = None,
) -> Html:
    """Returns what can be done with one entity, for a compiled row or card."""
    made = [
        _MAKERS[a](slug, theme, marks, csrf) if isinstance(a, str) else marks.place(a)
        for a in actions
    ]
    return Fragment(*made)


def _edit(slug: str, theme: Theme, marks: Marks[Any], _: CsrfNames | None) -> Html:
    return A(
        say("edit"),
        href=f"/{slug}/{marks.place(key_of)}/edit",
        aria_label=say("edit_one", label=marks.place(label_of)),
        cls=theme["button_small"],
    )


def _delete(slug: str, theme: Theme, marks: Marks[Any], csrf: CsrfNames | None) -> Html:
    return FormTag(
        csrf_field(csrf),
        Button(
            say("delete"),
            type="submit",
            aria_label=say("delete_one", label=marks.place(label_of)),
            cls=theme["button_delete"],
        ),
        method="post",
        action=f"/{slug}/{marks.place(key_of)}/delete",
        cls=theme["inline_form"],
        data_confirm=say("confirm_delete", label=marks.place(label_of)),
        on_submit=expr(_CONFIRMED_POST.format(csrf=csrf_option(csrf))),
    )


_MAKERS: Mapping[str, Any] = {"edit": _edit, "delete": _delete}
