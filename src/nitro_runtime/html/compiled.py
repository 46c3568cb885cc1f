"""Compiled rows: markup around values, known once, becomes one Python function.

A table renders the same columns for every row. `compile_row` writes them out as the source of one
f-string, so a row costs no call per tag, only one per value that needs escaping.

```python
row = compile_row(
    [raw("<tr><td>"), Value("name"), raw("</td><td>"), Value("stock", "int"), raw("</td></tr>")]
)
row.each(products)  # all rows as one Html
```
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import index
from typing import Any, Generic, Literal, TypeVar, cast

from nitro_runtime.html.children import render
from nitro_runtime.html.markup import Html, c_escape, escape_text, is_encodable, refuse

Item = TypeVar("Item", contravariant=True)

_EMPTY = Html("")

Kind = Literal["text", "int", "float", "decimal", "any"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the row's object.

    Attributes:
        get: The path of an attribute, ``"name"`` or ``"category.name"``, or a function of the
            object that returns the value.
        kind: ``"text"`` for a ``str``, always escaped; ``"int"``, ``"float"`` and ``"decimal"`` for numbers of
            exactly that type; ``"any"`` for any child of an element, `Html` included. The first four
            are quicker; a value that is something else after all is rendered as ``"any"`` is.
        nullable: Whether the value may be None, which shows as nothing; quicker when said.
    """

    get: str | Callable[[Any], object]
    kind: Kind = "any"
    nullable: bool = False


class CompiledRow(Generic[Item]):
    """A row compiled by `compile_row`. Safe to share between threads.

    Attributes:
        source: The Python source of the function, to read when something is unclear.
    """

    __slots__ = ("_exact", "_quick", "source")

    def __init__(self, parts: Sequence[Html | Value]) -> None:
        getters: dict[str, object] = {}
        row = " ".join([_piece(part, getters) for part in parts]) or "''"
        self.source = f"def rows(items):\n    return [{row} for o in items]\n"
        self._quick = _define(self.source, {**getters, **_QUICK})
        self._exact = _define(self.source, {**getters, **_EXACT})

    def __call__(self, item: Item) -> Html:
        """Renders one row."""
        return self.each((item,))

    def each(self, items: Iterable[Item], before: Html = _EMPTY, after: Html = _EMPTY) -> Html:
        """Renders the rows of all items, one after the other.

        Args:
            items: What to render, in order.
            before: Markup in front of the rows, such as ``<table><tbody>``: cheaper here than around
                the result, which would copy it.
            after: Markup behind them.
        """
        rows = items if isinstance(items, list | tuple) else list(items)
        try:
            markup = "".join([before, *self._quick(rows), after])
        except (
            TypeError,
            AttributeError,
            SystemError,
        ):  # a value is not of the kind that was promised
            return self._carefully(rows, before, after)
        # looking through the whole once is cheaper than looking at each value
        if "\r" in markup or "\0" in markup or not is_encodable(markup):
            return self._carefully(rows, before, after)
        return Html(markup)

    def _carefully(self, rows: Sequence[Item], before: Html, after: Html) -> Html:
        return Html("".join([before, *self._exact(rows), after]))


def compile_row(parts: Sequence[Html | Value]) -> CompiledRow[Any]:
    """Compiles a row from trusted markup and values, in order.

    Values are escaped for content and for quoted attributes alike.

    Raises:
        ViewError: A part is neither `Html` nor a `Value`, or a path is not one of attributes.
    """
    return CompiledRow(parts)


def _text(value: object) -> str:
    return escape_text(value) if isinstance(value, str) else render(value)


# each quick one is a C function that refuses other types (MarkupSafe's with a SystemError, the
# others with a TypeError) and does next to
# nothing for the right one: an f-string then takes its text
_QUICK: dict[str, Callable[[Any], object]] = {
    "_text": c_escape,
    "_int": index,
    "_float": float.__repr__,
    "_decimal": Decimal.canonical,
    "_any": render,
}
_EXACT: dict[str, Callable[[Any], str]] = {name: render for name in _QUICK} | {"_text": _text}


def _piece(part: Html | Value, getters: dict[str, object]) -> str:
    """Returns the source of one part as a literal; literals side by side are one f-string."""
    if isinstance(part, Value):
        value = _access(part.get, getters)
        if part.nullable:
            return f"f\"{{_{part.kind}(v) if (v := {value}) is not None else ''!s}}\""
        return f'f"{{_{part.kind}({value})!s}}"'
    if type(part) is not Html:
        refuse(f"A compiled row is made of Html and Value, not {type(part).__name__}.")
    return repr(str(part))


def _access(get: str | Callable[[Any], object], getters: dict[str, object]) -> str:
    if callable(get):
        name = f"_get{len(getters)}"
        getters[name] = get
        return f"{name}(o)"
    if not all(word.isidentifier() and not keyword.iskeyword(word) for word in get.split(".")):
        refuse(f"{get!r} is not a path of attributes.")
    return f"o.{get}"


def _define(source: str, names: dict[str, object]) -> Callable[[Sequence[Any]], list[str]]:
    namespace = dict(names)
    # the source holds literals made by repr and checked names only
    exec(compile(source, "<compiled row>", "exec"), namespace)  # noqa: S102
    return cast("Callable[[Sequence[Any]], list[str]]", namespace["rows"])
