"""Children of an element: what each kind of Python value looks like as markup."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from decimal import Decimal
from enum import Enum

from nitro_runtime.html.annotations import Any, cast
from nitro_runtime.html.markup import Html, escape_text, markup_of, refuse

Child = object
"""What may stand inside an element: see `render`. ``object``, since any class may have ``__html__``."""


def render(child: Child) -> str:
    """Returns the markup of one child.

    ``None`` and booleans are nothing; text is escaped; numbers are exact; an object with
    ``__html__`` is trusted (also elements of RustyTags, htpy, FastHTML and MarkupSafe, and
    dominate's); an enumeration member is its value; iterables are flattened; a callable is called.

    Raises:
        ViewError: The child is bytes, a mapping, a class, a coroutine, an entity, an object without
            a text of its own, or holds itself.
    """
    simple = _SIMPLE.get(type(child))
    if simple is not None:
        return simple(child)
    try:
        return _render_object(child)
    except RecursionError:
        # raised from here, so that the thousand frames below are not shown
        raise circular() from None


def join(children: Iterable[Child]) -> str:
    """Returns the markup of several children, one after the other."""
    return "".join([child if type(child) is Html else render(child) for child in children])


def _nothing(_: object) -> str:
    return ""


_SIMPLE: dict[type[Any], Callable[[Any], str]] = {
    str: escape_text,
    Html: str,
    int: str,
    float: str,
    Decimal: str,
    type(None): _nothing,
    bool: _nothing,
}


def _render_object(child: Child) -> str:
    kind = type(child)
    if kind in _REFUSED or isinstance(child, type):
        refuse(_REFUSED.get(kind, f"The class {child!r} is not a child; pass an instance of it."))
    if hasattr(child, "__html__"):
        return markup_of(cast("Any", child))
    if hasattr(kind, "__js__"):
        refuse(f"{child} is known in the browser only: show it as text, as in Span(text=…).")
    if isinstance(child, Enum):
        return render(child.value)
    if isinstance(child, str):
        return escape_text(str(child))
    if hasattr(child, "__await__") or hasattr(child, "__aiter__"):
        refuse(f"A {kind.__name__} is not a child: await it first.")
    if callable(child):
        return render(_called(child))
    return _render_data(child, kind)


def _called(child: Callable[[], object]) -> object:
    """Returns the child that a callable one stands for."""
    kind = cast("type[object]", type(child))
    # an element of dominate has no __html__, and is called for something else
    if any(base.__module__ == "dominate.dom_tag" for base in kind.__mro__):
        return Html(cast("Any", child).render(pretty=False))
    return child()


def _render_data(child: Child, kind: type[Any]) -> str:
    if _is_data(child):
        refuse(f"A {kind.__name__} is data, not a view: show its fields, or use to_card().")
    if isinstance(child, Iterable):
        return join(cast("Iterable[object]", child))
    if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
        refuse(f"A {kind.__name__} has no text to show; give it __html__ or __str__.")
    return escape_text(str(child))


_BYTES = "Bytes are not text: decode them first, as in data.decode()."
_REFUSED: dict[type[Any], str] = {
    bytes: _BYTES,
    bytearray: _BYTES,
    memoryview: _BYTES,
    dict: "A dict is attributes and stands directly among an element's children.",
}


def circular() -> Exception:
    """Returns the error of children that never end; imported only here, see `refuse`."""
    from nitro_runtime.errors import ViewError

    return ViewError("These children hold themselves, or are nested too deeply to render.")


def open_child(
    child: Child,
) -> str | Iterator[object] | AsyncIterator[object] | Awaitable[object]:
    """Returns the markup of one child, or an iterator over those that it holds, not yet begun.

    Awaitables and async iterables, which `render` refuses, are returned as well.

    Raises:
        ViewError: As in `render`.
    """
    simple = _SIMPLE.get(type(child))
    if simple is not None:
        return simple(child)
    kind = type(child)
    if (
        isinstance(child, type | str | Enum)
        or hasattr(child, "__html__")
        or hasattr(kind, "__js__")
    ):
        return render(child)
    if hasattr(child, "__aiter__"):
        return aiter(cast("Any", child))
    if hasattr(child, "__await__"):
        return cast("Awaitable[object]", child)
    if callable(child):
        return iter((_called(child),))
    if kind in _REFUSED or _is_data(child) or not hasattr(child, "__iter__"):
        return render(child)
    return iter(cast("Iterable[object]", child))


def _is_data(child: object) -> bool:
    return hasattr(child, "__entity__") or hasattr(child, "model_fields_set")
