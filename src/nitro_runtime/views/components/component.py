"""What all components share: children of any kind, a theme, an id of their own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Child, Html
from nitro_runtime.views.theme import Theme, current_theme


class Component:
    """The base of components; one of your own says in `render` what it is.

    Views among its children are read with the page, and their status is the page's.
    """

    def __init__(self, *children: Child, theme: Theme | None = None) -> None:
        """Makes a component.

        Args:
            children: What it holds.
            theme: The classes of its parts; the current theme when left out.
        """
        self.children = children
        self._theme = theme

    def render(self, theme: Theme) -> Html:
        """Returns the component's markup."""
        raise NotImplementedError

    @property
    def http_status(self) -> int:
        """The status of a page with it: that of a form in it, or 200."""
        return max((int(getattr(v, "http_status", 200)) for v in self._views()), default=200)

    async def load_for(self, request: Any) -> None:  # noqa: ANN401 # a neutral request
        """Reads what the views in it have not read yet; what a page does with its views."""
        for view in self._views():
            load = getattr(view, "load_for", None)
            if load is not None:
                await load(request)

    def _views(self) -> Iterator[Any]:
        return _views(self.children)

    def __html__(self) -> Html:
        return self.render(self._theme or current_theme())

    def __str__(self) -> str:
        return self.__html__()


def _views(children: Iterable[object]) -> Iterator[Any]:
    for child in children:
        if isinstance(child, Mapping):
            continue
        if isinstance(child, list | tuple):
            yield from _views(cast("list[object]", child))
        elif hasattr(child, "__html__") and not isinstance(child, str):
            yield child


def element_id(given: str | None, title: str, what: str) -> str:
    """Returns the id of a component: the one that was given, or one made of its title.

    Args:
        given: What the app says.
        title: What people read.
        what: The component, for the error.

    Raises:
        ViewError: It can be no id, or the title has no letters to make one of.
    """
    if given is not None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", given):
            raise ViewError(
                f"The id {given!r} of a {what} needs a letter first, then letters, digits, '-' and '_'."
            )
        return given
    made = slug(title)
    if not re.match("[a-z]", made):
        raise ViewError(f"No id can be made of {title!r}: give the {what} one, id='more'.")
    return made


def slug(text: str) -> str:
    """Returns a text as part of an id: ``new-product`` for ``New product…``; it may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def signal_name(kind: str, element: str) -> str:
    """Returns the name of a component's signal, which the page keeps to itself."""
    return f"_{kind}_{re.sub('[^A-Za-z0-9]+', '_', element)}"
