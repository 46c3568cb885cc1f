r"""Python values in JavaScript: `js` for a value, `expr` for an expression with values in it.

One encoder does it everywhere. Whatever a string holds, it arrives in the browser as that string:
every character with a meaning in HTML, in JavaScript or in Datastar's own rewriting of expressions
(``$``, ``@`` and ``;``) is written as ``\uXXXX``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum

from nitro_runtime.html.annotations import Any, cast
from nitro_runtime.html.markup import refuse, well_formed


class JsExpr(str):
    """JavaScript source, made by `js`, `expr` or an action such as `post`."""

    __slots__ = ()


def js(value: object) -> JsExpr:
    """Returns a Python value as a JavaScript literal that means exactly that value.

    ``None``, bool, int, float, str, lists, tuples and mappings become what JSON has. Decimals, and
    integers that a JavaScript number cannot hold, become strings of their digits; dates and times
    ISO 8601 text; UUIDs text; enumeration members their value. A `JsExpr` stays what it is. Except
    for a `JsExpr` inside and for a key ``__proto__``, the result is also JSON.

    Raises:
        ViewError: The value is of another type, not finite, or holds itself.
    """
    try:
        return JsExpr(_encode(value))
    except RecursionError:
        message = "This value holds itself, or is nested too deeply for JavaScript."
    refuse(message)


def expr(source: str, /, *values: object) -> JsExpr:
    """Returns JavaScript source, each ``{}`` in it replaced by the next value through `js`.

    ``expr("$name = {}", user.name)``. With no values the source is taken as it is; with values,
    write an empty object as ``({ })``. A placeholder stands for a whole value, so it is not put
    in quotes.

    Raises:
        ViewError: There are more or fewer placeholders than values, or one stands inside a string,
            a template or a comment, where a value could become code.
    """
    if not values:
        return JsExpr(source)
    pieces = list(_pieces(source))
    if len(pieces) != len(values) + 1:
        refuse(f"{source!r} has {len(pieces) - 1} placeholders for {len(values)} values.")
    filled = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        filled += (_operand(value, filled[-1]), piece)
    return JsExpr("".join(filled))


def code(value: object) -> str:
    """Returns the source of a developer's expression: a ``str`` as it stands, else through `js`."""
    return value if isinstance(value, str) and not isinstance(value, Enum) else js(value)


def quoted(text: str, quote: str = '"') -> str:
    """Returns a text as a JavaScript string."""
    return f"{quote}{well_formed(text).translate(_ESCAPES)}{quote}"


# -- values -------------------------------------------------------------------------------------

_UNSAFE = [*range(0x20), 0x7F, *map(ord, "\"'`$@<>&\\;"), 0x2028, 0x2029]
_ESCAPES = {character: f"\\u{character:04x}" for character in _UNSAFE}
_LARGEST = 2**53 - 1
"""The largest integer that every JavaScript number up to it holds exactly."""


def _integer(value: int) -> str:
    return str(value) if -_LARGEST <= value <= _LARGEST else f'"{value}"'


def _float(value: float) -> str:
    if value - value != 0:  # only infinities and NaN
        refuse(f"{value} is not a number that JSON has.")
    return repr(value)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _null(_: None) -> str:
    return "null"


_SCALARS: dict[type[Any], Callable[[Any], str]] = {
    str: quoted,
    int: _integer,
    float: _float,
    bool: _boolean,
    type(None): _null,
    JsExpr: str,
    Decimal: lambda value: f'"{value}"',
}
_AS_TEXT = {("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"), ("uuid", "UUID")}


def _encode(value: object) -> str:
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar(value)
    if isinstance(value, Enum):
        return _encode(value.value)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return "{" + ", ".join([f"{_key(key)}: {_encode(item)}" for key, item in pairs]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join([_encode(item) for item in cast("list[object]", value)]) + "]"
    return _encode_subclass(value)


def _encode_subclass(value: object) -> str:
    if hasattr(type(value), "__js__"):  # an expression of signals
        return cast("Any", value).__js__()
    if isinstance(value, str):
        return quoted(str(value))
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _float(float(value))
    kind = type(value)
    if any((base.__module__, base.__name__) in _AS_TEXT for base in kind.__mro__):
        text = getattr(value, "isoformat", value.__str__)()
        return quoted(text)
    refuse(f"A {kind.__name__} has no JavaScript literal; pass text, numbers, lists or dicts.")


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        refuse(f"The key {key!r} of a JavaScript object is not text.")
    # a literal key __proto__ would set the object's prototype instead of a property
    return '["__proto__"]' if key == "__proto__" else quoted(key)


def _operand(value: object, before: str) -> str:
    """A value inside an expression: ``$a -{}`` with -1 must not read as a decrement.

    Nor may ``$a-{}`` with 1 name the signal ``a-1``, as Datastar would read it.
    """
    if hasattr(type(value), "__js_operand__"):
        return cast("Any", value).__js_operand__()
    literal = js(value)
    return f"({literal})" if literal[:1] in "-{" or before[-1:] == "-" else literal


# -- placeholders -------------------------------------------------------------------------------

_TOKENS = r"""(?xs)
    (?P<placeholder>\{\})
    | //[^\n]* | /\*.*?(?:\*/|\Z)
    | "(?:\\.|[^"\\])*(?:"|\Z) | '(?:\\.|[^'\\])*(?:'|\Z) | `(?:\\.|[^`\\])*(?:`|\Z)
"""


def _pieces(source: str) -> Iterator[str]:
    """Yields the parts of the source between its placeholders."""
    start = 0
    for token in re.finditer(_TOKENS, source):
        if token["placeholder"]:
            yield source[start : token.start()]
            start = token.end()
        elif "{}" in token[0]:
            refuse(
                f"{source!r}: a placeholder inside quotes or a comment could become code;"
                " write it without quotes, as in 'Hello ' + {}."
            )
    yield source[start:]
