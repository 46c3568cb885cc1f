"""The toolbar of a table: search, filters, columns, count, and the links to what joins them."""

from __future__ import annotations

from collections.abc import Callable

from nitro_runtime.html import A, Button, Details, Div, Html, Input, Label, P, Summary
from nitro_runtime.html import Form as FormTag
from nitro_runtime.views.model import list_address
from nitro_runtime.views.table_bulk import bulk_bar
from nitro_runtime.views.table_export import export_link
from nitro_runtime.views.table_filter_bar import filter_bar
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.words import say

Part = Callable[[Rendering], Html | None]
"""One part of a toolbar."""


def toolbar(at: Rendering) -> Html:
    """Returns the toolbar with all its parts."""
    return Div([part(at) for part in _PARTS], cls=at.theme["toolbar"])


def count(at: Rendering) -> Html:
    """Returns how many rows there are and which of them are shown, in a live region."""
    return P(_count_text(at), cls=at.theme["count"], role="status", id=at.element_id("count"))


def _count_text(at: Rendering) -> str:
    info, shown = at.table.info, at.shown
    plural, entity = info.plural.lower(), info.label.lower()
    number = {0: "none", 1: "one"}.get(shown.total, "many")
    if shown.pages > 1:
        number = "range"
    word = f"found_{number}" if at.state.limited else f"count_{number}"
    last = shown.first + len(shown.rows) - 1
    return say(word, count=shown.total, entity=entity, plural=plural, first=shown.first, last=last)


def new_link(at: Rendering) -> Html | None:
    """Returns the link to the form for a new one."""
    options, info = at.table.options, at.table.info
    if not (options.new if options.new is not None else "edit" in options.actions):
        return None
    return A(
        say("new", entity=info.label.lower()),
        href=f"{list_address(info)}/new",
        cls=at.theme["button_primary"],
    )


def controls(at: Rendering) -> Html | None:
    """Returns the form of everything that chooses rows; controls outside join it by its id."""
    if not at.table.has_form:
        return None
    visible = at.table.options.search is not None or bool(at.table.filters)
    return FormTag(
        _search(at),
        filter_bar(at),
        _kept(at),
        id=at.element_id("form"),
        method="get",
        role="search" if visible else None,
        aria_label=at.table.label if visible else None,
        autocomplete="off",  # a browser that restores what was typed would show another state
        cls=at.theme["controls"],
        hidden=not visible,
        data_columns=at.parameter("columns") if at.table.options.choose else None,
    )


def _search(at: Rendering) -> Html | None:
    if at.table.options.search is None:
        return None
    return Div(
        Input(
            id=at.element_id("search"),
            type="search",
            name=at.parameter("search"),
            value=at.state.search,
            placeholder=say("search"),
            aria_label=say("search"),
            autocomplete="off",
            cls=at.theme["input"],
            # what was typed since the request left must survive the morph of its answer
            preserve_attr="value",
        ),
        Button(say("search"), type="submit", cls=at.theme["button"]),
        cls=at.theme["search"],
    )


def _kept(at: Rendering) -> list[Html]:
    """Returns what else the address says, for who sends the form."""
    sort = [(at.parameter("sort"), at.state.sort)] if at.state.sort else []
    return [Input(type="hidden", name=name, value=text) for name, text in (*sort, *at.state.rest)]


def chooser(at: Rendering) -> Html | None:
    """Returns the menu of columns that people may hide and show."""
    if not at.table.options.choose:
        return None
    shown = {column.name for column in at.columns}
    boxes = [
        Label(
            Input(
                id=at.element_id(f"column-{column.name}"),
                type="checkbox",
                name=at.parameter("columns"),
                value=column.name,
                checked=column.name in shown,
                form=at.element_id("form"),
            ),
            column.label,
        )
        for column in at.table.columns
    ]
    return Details(
        Summary(say("columns"), cls=at.theme["button"], id=at.element_id("columns")),
        Div(
            boxes,
            Button(
                say("show"), type="submit", form=at.element_id("form"), cls=at.theme["button_small"]
            ),
            cls=at.theme["chooser_list"],
            role="group",
            aria_labelledby=at.element_id("columns"),
        ),
        id=at.element_id("chooser"),
        cls=at.theme["chooser"],
        preserve_attr="open",  # a change of the rows must not close it
    )


_PARTS: tuple[Part, ...] = (controls, bulk_bar, count, chooser, export_link, new_link)
