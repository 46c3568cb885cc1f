"""The pager of a table: the links from page to page."""

from __future__ import annotations

from nitro_runtime.html import A, Html, Nav, Span
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.table_script import FOLLOW
from nitro_runtime.views.words import say


def pager(at: Rendering) -> Html | None:
    """Returns the links from page to page; None when there is one page only."""
    shown = at.shown
    if shown.pages < 2:
        return None
    return Nav(
        _turn(at, "previous", -1),
        Span(say("page_of", page=shown.page, pages=shown.pages)),
        _turn(at, "next", 1),
        cls=at.theme["pager"],
        aria_label=say("pages"),
    )


def _turn(at: Rendering, word: str, step: int) -> Html:
    """A link to the page before or after; without a target at either end."""
    number = at.shown.page + step
    there = 1 <= number <= at.shown.pages
    return A(
        say(word),
        id=at.element_id(word),
        href=at.state.address(page=number) if there else None,
        aria_disabled=None if there else "true",
        rel={"previous": "prev"}.get(word, word) if there else None,
        cls=at.theme["button_small"],
        on_click=FOLLOW if there else None,
    )
