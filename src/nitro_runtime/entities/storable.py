"""Values that a type allows and no database keeps: found, and refused as any invalid value is."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from nitro_runtime.entities.columns import ExactDecimal
from nitro_runtime.entities.criteria import Arithmetic
from nitro_runtime.entities.decimals import WIDE, from_sortable_text, sortable_text
from nitro_runtime.entities.json_values import json_safe
from nitro_runtime.errors import EntityError

if TYPE_CHECKING:
    from nitro_runtime.entities.mapper import MappedField, Mapper

_LEAST, _GREATEST = -(1 << 63), (1 << 63) - 1


def reckoned(old: Any, sign: str, amount: Any) -> Any:  # noqa: ANN401 # numbers
    """Returns ``old + amount`` and the like, of Decimals with every digit; None stays None."""
    if old is None:
        return None
    if isinstance(old, Decimal):
        return _WIDE_STEPS[sign](old, Decimal(amount))
    return _STEPS[sign](old, amount)


_STEPS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_WIDE_STEPS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": WIDE.add,
    "-": WIDE.subtract,
    "*": WIDE.multiply,
}


def reckoned_text(old: str | None, sign: str, amount: str) -> str | None:
    """Does `reckoned` for Decimals that a database keeps as sortable text."""
    if old is None:
        return None
    return sortable_text(reckoned(from_sortable_text(old), sign, from_sortable_text(amount)))


def is_storable_text(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which is no character."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_unstorable(mapper: Mapper, values: Mapping[str, Any]) -> None:
    """Checks values that are about to be stored.

    Raises:
        ValidationError: One or more of them cannot be stored.
    """
    problems: list[InitErrorDetails] = []
    for name, value in values.items():
        kind = _problem(mapper.fields[name], value)
        if kind is not None:
            details: Any = {**kind, "loc": (name,), "input": value}
            problems.append(details)
    if problems:
        raise ValidationError.from_exception_data(mapper.info.name, problems)


def too_great(mapper: Mapper) -> EntityError:
    """Returns the error of a number that was reckoned in a database and left its range."""
    return EntityError(
        f"A number of {mapper.info.name} is greater than a database keeps (64 bits)."
    )


def _problem(field: MappedField, value: Any) -> Any:  # noqa: ANN401 # a part of InitErrorDetails
    if isinstance(value, Arithmetic):
        value = value.amount
    if type(value) is int:
        return _whole(value)
    if isinstance(value, str):
        return None if is_storable_text(value) else {"type": "string_unicode"}
    if isinstance(value, Decimal):
        return _decimal(field, value)
    if field.kind.mutable and not is_storable_text(_as_json(value)):
        return {"type": "string_unicode"}
    return None


def _whole(value: int) -> Any:  # noqa: ANN401
    if value > _GREATEST:
        return {"type": "less_than_equal", "ctx": {"le": _GREATEST}}
    if value < _LEAST:
        return {"type": "greater_than_equal", "ctx": {"ge": _LEAST}}
    return None


def _decimal(field: MappedField, value: Decimal) -> Any:  # noqa: ANN401
    kind = ExactDecimal(field.info.max_digits, field.info.decimal_places)
    try:
        if not kind.is_scaled:
            sortable_text(value)
        elif value.adjusted() + (kind.scale or 0) >= 18:  # digits of 64 bits
            return {"type": "decimal_max_digits", "ctx": {"max_digits": 18}}
    except ValueError:
        return {
            "type": PydanticCustomError("decimal_range", "Input should be a number of usual size")
        }
    return None


def _as_json(value: object) -> str:
    return json.dumps(json_safe(value), ensure_ascii=False)


def clamped(count: int) -> int:
    """Returns a limit or offset that a database takes: there are never more rows than it allows."""
    return min(count, _GREATEST)
