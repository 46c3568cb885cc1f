"""Layouts: what stands around the content of many pages, one inside another if need be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Child


class Layout:
    """What stands around the content of a page; subclasses say which parts.

    ```python
    class Site(Layout):
        def header(self) -> Child:
            return Header(A("Shop", href="/"))

        def title(self, title: str) -> str:
            return f"{title} · Shop"


    class Admin(Layout):
        outer = Site()

        def content(self, *children: Child) -> Child:
            return Div(Aside(Nav(A("Orders", href="/admin/orders"))), Div(*children), cls="admin")


    Page(OrderTable(), title="Orders", layout=Admin())
    ```

    The layout of an ``outer`` one stands around this one: its header comes first, its footer last,
    and its ``content`` gets what this ``content`` returned. A layout belongs to no request, unless it
    is made for one: ``Admin(user)``.

    Attributes:
        outer: The layout around this one.
    """

    outer: ClassVar[Layout | None] = None

    def title(self, title: str) -> str:
        """Returns the document's title; by default the page's own."""
        return title

    def head(self) -> Iterable[Child]:
        """Returns further elements of ``<head>``."""
        return ()

    def header(self) -> Child:
        """Returns what stands before ``<main>``: navigation."""
        return None

    def content(self, *children: Child) -> Child:
        """Returns what stands in ``<main>``, with the page's children somewhere in it."""
        return children

    def footer(self) -> Child:
        """Returns what stands after ``<main>``."""
        return None


def chain(layout: Layout | None) -> list[Layout]:
    """Returns a layout and those around it, from the inside out.

    Raises:
        ViewError: It is no layout, or stands around itself.
    """
    found = list(_outwards(layout))
    for each in found:
        if not isinstance(each, Layout):  # pyright: ignore[reportUnnecessaryIsInstance] # the app's
            raise ViewError(f"layout= takes a Layout, as in layout=Site(), not {each!r}.")
    return found


_MOST_LAYOUTS = 50


def _outwards(layout: Layout | None) -> Iterator[Layout]:
    for _ in range(_MOST_LAYOUTS):
        if layout is None:
            return
        yield layout
        layout = getattr(layout, "outer", None)
    raise ViewError("These layouts stand around themselves.")
