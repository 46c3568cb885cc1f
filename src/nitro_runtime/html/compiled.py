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
import re
from collections import Counter
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
        nullable: Whether the value may be None, which shows as ``none``; quicker when said.
        none: What stands for None.
        longest: Characters beyond which a text is shown by ``longer``; 0 for any length.
        longer: What shows such a text.
        spec: How a ``"decimal"`` is written, as in an f-string: ``".2f"``; by `str` when left out.
        show: Makes markup of a value that is not None; the kind has then no say.
        otherwise: Gives the value where the attribute is empty.
    """

    get: str | Callable[[Any], object]
    kind: Kind = "any"
    nullable: bool = False
    none: Html = _EMPTY
    longest: int = 0
    longer: Callable[[str], Html] | None = None
    spec: str = ""
    show: Callable[[Any], Html] | None = None
    otherwise: Callable[[Any], object] | None = None


class CompiledRow(Generic[Item]):
    """A row compiled by `compile_row`. Safe to share between threads.

    Attributes:
        source: The Python source of the function, to read when something is unclear.
    """

    __slots__ = ("_exact", "_quick", "source")

    def __init__(self, parts: Sequence[Html | Value]) -> None:
        getters = _Getters(part.get for part in parts if isinstance(part, Value))
        row = " ".join([_piece(part, getters) for part in parts]) or "''"
        self.source = f"def rows(items):\n    return [{row} for o in items]\n"
        self._quick = _define(self.source, {**getters.names, **_QUICK})
        self._exact = _define(self.source, {**getters.names, **getters.careful, **_EXACT})

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


class _Shown(str):
    """Markup where a number was promised: no format of numbers changes it."""

    __slots__ = ()

    def __format__(self, _: str, /) -> str:
        return str(self)


def _text(value: object) -> str:
    return escape_text(value) if isinstance(value, str) else render(value)


def _number(value: object) -> object:
    return value if type(value) is Decimal else _Shown(render(value))


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0


# each quick one is a C function that refuses other types (MarkupSafe's with a SystemError, the
# others with a TypeError) and does next to
# nothing for the right one: an f-string then takes its text
_QUICK: dict[str, Callable[[Any], object]] = {
    "_text": c_escape,
    "_int": index,
    "_float": float.__repr__,
    "_decimal": Decimal.canonical,
    "_any": render,
    "_len": len,
}
_EXACT: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(_QUICK, render),
    "_text": _text,
    "_decimal": _number,
    "_len": _length,
}


def _piece(part: Html | Value, getters: _Getters) -> str:
    """Returns the source of one part as a literal; literals side by side are one f-string."""
    if isinstance(part, Value):
        value = getters.access(part.get)
        if part.otherwise is not None:
            value = f"({value} or {getters.name(part.otherwise)}(o))"
        if part.longer is not None or part.nullable or part.show is not None:
            return _chosen(part, value, getters)
        return f'f"{{_{part.kind}({value}){_ending(part)}}}"'
    if type(part) is not Html:
        refuse(f"A compiled row is made of Html and Value, not {type(part).__name__}.")
    return repr(str(part))


def _ending(part: Value) -> str:
    """Returns what stands behind a value in an f-string: how it becomes text."""
    if part.kind != "decimal" or not part.spec:
        return "!s"
    if not re.fullmatch(r"[,.0-9]*f", part.spec):
        refuse(f"{part.spec!r} is no way to write a decimal.")
    return f":{part.spec}"


def _chosen(part: Value, value: str, getters: _Getters) -> str:
    """Returns the source of a value that is shown in one of several ways."""
    shown = f"_{part.kind}(v)"
    if part.spec:
        shown = f"f'{{{shown}{_ending(part)}}}'"
    if part.show is not None:
        shown = f"{getters.shower(part.show)}(v)"
    if part.longer is not None:
        longer = getters.name(part.longer)
        shown = f"{longer}(v) if _len(v) > {part.longest:d} else {shown}"
    none = getters.name(str(part.none))
    return f'f"{{(({shown}) if (v := {value}) is not None else {none})!s}}"'


class _Getters:
    """What the source of one row names, and how it reaches each value.

    A function that gives several values of a row (an address in a link and in a form) is called once.
    """

    def __init__(self, used: Iterable[str | Callable[[Any], object]]) -> None:
        self.names: dict[str, object] = {}
        # by identity, since not every function can be hashed
        self._uses = Counter(id(get) for get in used if callable(get))
        self._results: dict[int, str] = {}
        self.careful: dict[str, object] = {}

    def shower(self, show: Callable[[Any], Html]) -> str:
        """Returns a name for what makes markup; with care it renders what it was not made for."""
        name = self.name(show)

        def carefully(value: object) -> str:
            try:
                return show(value)
            except (TypeError, AttributeError, ValueError):
                return render(value)

        self.careful[name] = carefully
        return name

    def name(self, value: object) -> str:
        """Returns a name for a value."""
        name = f"_n{len(self.names)}"
        self.names[name] = value
        return name

    def access(self, get: str | Callable[[Any], object]) -> str:
        """Returns the source of a value of the object ``o``."""
        if callable(get):
            return self._call(get)
        if not all(word.isidentifier() and not keyword.iskeyword(word) for word in get.split(".")):
            refuse(f"{get!r} is not a path of attributes.")
        return f"o.{get}"

    def _call(self, get: Callable[[Any], object]) -> str:
        known = self._results.get(id(get))
        if known is not None:
            return known
        name = self.name(get)
        if self._uses[id(get)] < 2:
            return f"{name}(o)"
        self._results[id(get)] = f"r{name}"
        return f"(r{name} := {name}(o))"


def _define(source: str, names: dict[str, object]) -> Callable[[Sequence[Any]], list[str]]:
    namespace = dict(names)
    # the source holds literals made by repr and checked names only
    exec(compile(source, "<compiled row>", "exec"), namespace)  # noqa: S102
    return cast("Callable[[Sequence[Any]], list[str]]", namespace["rows"])
