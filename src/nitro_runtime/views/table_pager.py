"""The pager of a table: the links from page to page, and how many rows a page has."""

from __future__ import annotations

from collections.abc import Iterator

from nitro_runtime.html import A, Button, Div, Html, Label, Nav, Option, Select, Span
from nitro_runtime.html import Noscript as NoScript
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.words import say

_AROUND = 1
"""How many pages before and after the present one are linked."""


def pager(at: Rendering) -> Html | None:
    """Returns the links from page to page and the number of rows; None when there is neither."""
    links = _links(at) if at.shown.pages > 1 else None
    sizes = _sizes(at) if at.table.options.sizes and _has_sizes(at) else None
    if links is None or sizes is None:
        return links or sizes
    return Div(links, sizes, cls=at.theme["pager_bar"])


def _links(at: Rendering) -> Html:
    return Nav(
        _turn(at, "previous", -1),
        [_number(at, page) if page else _GAP for page in _numbers(at.shown.page, at.shown.pages)],
        _turn(at, "next", 1),
        cls=at.theme["pager"],
        aria_label=_label(at),
    )


_GAP = Span("…", aria_hidden="true")


def _numbers(page: int, pages: int) -> Iterator[int]:
    """Yields the numbers of the pages to link: the first, the last, those around; 0 for a gap."""
    low, high = page - _AROUND, page + _AROUND
    # a gap of one page is that page
    low, high = (low if low > 3 else 1), (high if high < pages - 2 else pages)
    if low > 1:
        yield from (1, 0)
    yield from range(low, high + 1)
    if high < pages:
        yield from (0, pages)


def _number(at: Rendering, page: int) -> Html:
    return A(
        str(page),
        id=at.element_id(f"page-{page}"),
        href=at.state.address(page=page),
        aria_label=say("page_of", page=page, pages=at.shown.pages),
        aria_current="page" if page == at.shown.page else None,
        cls=at.theme["page_number"],
    )


def _label(at: Rendering) -> str:
    """What the links are called: two tables of a page have not the same."""
    return f"{say('pages')}: {at.table.label}" if at.table.options.prefix else say("pages")


def _turn(at: Rendering, word: str, step: int) -> Html:
    """A link to the page before or after; without a target at either end."""
    number = at.shown.page + step
    there = 1 <= number <= at.shown.pages
    return A(
        say(word),
        id=at.element_id(word),
        href=at.state.address(page=number) if there else None,
        aria_disabled=None if there else "true",
        # who came to the end with the keyboard keeps the focus, and the next Tab goes on from here
        tabindex=None if there else -1,
        role=None if there else "link",
        rel={"previous": "prev"}.get(word, word) if there else None,
        cls=at.theme["button_small"],
    )


# -- rows on a page -------------------------------------------------------------------------------


def _has_sizes(at: Rendering) -> bool:
    """Whether another number of rows would make a difference."""
    return at.shown.total > min(*at.table.options.sizes, at.table.options.per_page)


def _sizes(at: Rendering) -> Html:
    own = at.table.options.per_page
    now = at.state.size or own
    control_id = at.element_id("size")
    options = [
        Option(str(size), value="" if size == own else str(size), selected=size == now)
        for size in sorted({own, *at.table.options.sizes})
    ]
    form = at.element_id("form")
    return Div(
        Label(say("rows_on_a_page"), for_=control_id),
        Select(
            options, id=control_id, name=at.parameter("size"), form=form, cls=at.theme["select"]
        ),
        NoScript(Button(say("show"), type="submit", form=form, cls=at.theme["button_small"])),
        cls=at.theme["page_size"],
    )
