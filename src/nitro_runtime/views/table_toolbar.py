"""The toolbar of a table: search, count, the link to the form for a new one, and what joins them."""

from __future__ import annotations

from collections.abc import Callable

from nitro_runtime.html import A, Button, Div, Html, Input, P
from nitro_runtime.html import Form as FormTag
from nitro_runtime.views.model import list_address
from nitro_runtime.views.table_bulk import bulk_bar
from nitro_runtime.views.table_export import export_link
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.table_script import SEARCH_FORM, SEARCH_INPUT
from nitro_runtime.views.words import say

Part = Callable[[Rendering], Html | None]
"""One part of a toolbar."""


def toolbar(at: Rendering) -> Html:
    """Returns the toolbar with all its parts."""
    return Div([part(at) for part in _PARTS], cls=at.theme["toolbar"])


def count(at: Rendering) -> Html:
    """Returns how many rows there are, in a live region."""
    return P(_count_text(at), cls=at.theme["count"], role="status", id=at.element_id("count"))


def _count_text(at: Rendering) -> str:
    info, total = at.table.info, at.shown.total
    word = {0: "count_none", 1: "count_one"}.get(total, "count_many")
    return say(word, count=total, entity=info.label.lower(), plural=info.plural.lower())


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


def search(at: Rendering) -> Html | None:
    """Returns the form with the search box."""
    state, theme = at.state, at.theme
    if at.table.options.search is None:
        return None
    sort = Input(type="hidden", name="sort", value=state.sort) if state.sort else None
    return FormTag(
        Input(
            id=at.element_id("search"),
            type="search",
            name=at.parameter("search"),
            value=state.search,
            placeholder=say("search"),
            aria_label=say("search"),
            autocomplete="off",
            cls=theme["input"],
            on_input__debounce_200ms=SEARCH_INPUT,
            # what was typed since the request left must survive the morph of its answer
            preserve_attr="value",
        ),
        sort,
        Button(say("search"), type="submit", cls=theme["button"]),
        method="get",
        role="search",
        cls=theme["search"],
        on_submit=SEARCH_FORM,
    )


_PARTS: tuple[Part, ...] = (search, bulk_bar, count, export_link, new_link)
