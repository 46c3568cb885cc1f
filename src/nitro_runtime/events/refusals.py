"""What is refused of an input, and what a visitor is told of it: nothing of what was sent, no classes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from nitro_runtime.errors import Refused

if TYPE_CHECKING:
    from pydantic import ValidationError

_TOLD = 5
_MOST_BITS = 1024
_MOST_DIGITS = 308
_PART = re.compile(r"[a-z_][a-z0-9_]{0,63}|[0-9]{1,6}")
_SAID = {
    **dict.fromkeys(
        ("model_type", "model_attributes_type", "dataclass_type"), "Input should be an object"
    ),
    **dict.fromkeys(("is_instance_of", "is_subclass_of"), "Input is of the wrong kind"),
    "union_tag_invalid": "Input has a tag that is not known here",
}
"""What is said in place of a message that names a class or holds what was sent, by pydantic's type."""


def refuse_unusual(values: Mapping[str, Any]) -> None:
    """Refuses numbers that JavaScript has not: those that are not finite, and those beyond 1.8e308.

    As text they pass pydantic (``"NaN"``, ``"1e999"``, 4,300 digits), and whatever calculates with them,
    stores them or sends them back fails.

    Args:
        values: The checked values by field.

    Raises:
        Refused: 422.
    """
    for name, value in values.items():
        if not _is_usual(value):
            raise Refused(422, f"{name}: Input should be a finite number, less than 1e308.")


def _is_usual(value: Any) -> bool:  # noqa: ANN401 # any value of an input
    if isinstance(value, str | bytes | bool) or value is None:
        return True
    if isinstance(value, int):
        return value.bit_length() <= _MOST_BITS
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS
    if isinstance(value, Mapping):
        return all(map(_is_usual, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_usual, cast("Iterable[Any]", value)))
    if is_dataclass(value):
        return all(_is_usual(getattr(value, each.name)) for each in fields(value))
    if hasattr(value, "model_fields_set"):  # a model inside
        return all(map(_is_usual, cast("dict[str, Any]", vars(value)).values()))
    return True


def sentence_of(error: ValidationError) -> str:
    """Says what does not fit, in one line."""
    problems: list[str] = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        if problem["type"] == "extra_forbidden":
            problems.append("A field was sent that is not known here.")
        else:
            # the key of a mapping is the visitor's, and a choice of several types is told by its class
            parts = [str(part) for part in problem["loc"]]
            field = ".".join(part for part in parts if _PART.fullmatch(part))
            said = _SAID.get(problem["type"], problem["msg"])
            problems.append(f"{field}: {said}." if field else f"{said}.")
    told = " ".join(list(dict.fromkeys(problems))[:_TOLD])
    return "".join(letter if letter.isprintable() else "?" for letter in told)
