"""JSON from outside, read as RFC 8259 has it and no further: what Python's own reader lets pass is refused."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

DEEPEST = 20
"""Objects and lists may be nested this deep."""


def decode(text: str, *, bounded: bool = False) -> Any:  # noqa: ANN401 # any JSON value
    """Returns the value of a JSON text; how deep it is nested is asked of `is_deeper`.

    Args:
        text: The text. Of a name that is there twice in an object the last one counts.
        bounded: Whether whole numbers beyond those of JavaScript (1.8e308) are refused too.

    Raises:
        ValueError: It is not JSON, has a number that JSON does not have (``NaN``, ``1e999``) or half a
            surrogate pair.
        RecursionError: It is nested deeper than Python reads.
    """
    is_long = bounded and len(text) > _MOST_DIGITS  # a shorter text has no such number
    value: Any = (_BOUNDED if is_long else _DECODER).decode(text)
    if "\\u" in text:  # the one way to a lone surrogate, which no UTF-8 can carry
        json.dumps(value, ensure_ascii=False).encode()
    return value


def refuse(constant: str) -> NoReturn:
    """Refuses ``NaN`` and the infinities, as ``parse_constant``.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{constant} is no JSON")


def is_deeper(value: Any, most: int = DEEPEST) -> bool:  # noqa: ANN401 # any JSON value
    """Whether objects and lists are nested more than ``most`` deep; level by level, no recursion."""
    level: list[Any] = [value]
    for _ in range(most):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_MOST_DIGITS = 308


def _bounded(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number is too long")
    return int(text)


# json.loads would make one for each call, which takes longer than the decoding.
_DECODER = json.JSONDecoder(parse_constant=refuse, parse_float=_finite)
_BOUNDED = json.JSONDecoder(parse_constant=refuse, parse_float=_finite, parse_int=_bounded)


def _children(value: Any) -> list[Any]:  # noqa: ANN401 # any JSON value
    if isinstance(value, dict):
        return list(value.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
