"""Values that a type allows and no database keeps: found, and refused as any invalid value is."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from nitro_runtime.entities.columns import ExactDecimal, ExactText
from nitro_runtime.entities.criteria import Arithmetic
from nitro_runtime.entities.decimals import WIDE, from_sortable_text, sortable_text, trimmed
from nitro_runtime.entities.json_values import json_safe
from nitro_runtime.errors import EntityError

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

    from nitro_runtime.entities.mapper import MappedField, Mapper, Row

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


def reckoned_values(mapper: Mapper, row: Mapping[str, Any], changes: Mapping[str, Any]) -> Row:
    """Returns the new values of a row's changes, for backends that reckon `Arithmetic` themselves.

    Raises:
        ValidationError: A Decimal has more digits than its field.
        EntityError: A number is greater than any backend keeps.
    """
    new = {
        name: reckoned(row[value.field], value.operator, value.amount)
        if isinstance(value, Arithmetic)
        else value
        for name, value in changes.items()
    }
    if any(_has_too_many_digits(mapper.fields[name], value) for name, value in new.items()):
        refuse_overflow(mapper, changes)
    try:
        refuse_unstorable(mapper, new)
    except ValidationError:
        raise too_great(mapper) from None
    return new


def _has_too_many_digits(field: MappedField, value: Any) -> bool:  # noqa: ANN401
    digits, places = field.info.max_digits, field.info.decimal_places
    if digits is None or places is None or not isinstance(value, Decimal):
        return False
    return abs(value) >= Decimal(10) ** (digits - places)


def reckoned_text(old: str | None, sign: str, amount: str, whole: int | None) -> str | None:
    """Does `reckoned` for Decimals that a database keeps as sortable text.

    Raises:
        ArithmeticError: The result has more digits before the point than ``whole``.
    """
    if old is None:
        return None
    result = reckoned(from_sortable_text(old), sign, from_sortable_text(amount))
    if whole is not None and abs(result) >= Decimal(10) ** whole:
        # Not OverflowError: SQLite takes that for a text that is too long.
        raise ArithmeticError("more digits than the column has")
    return sortable_text(result)


def is_storable_text(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which is no character."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_unstorable(
    mapper: Mapper, values: Mapping[str, Any], dialect: Dialect | None = None
) -> None:
    """Checks values that are about to be stored.

    Args:
        mapper: The entity.
        values: Its values by field name.
        dialect: SQLAlchemy's, of a database that may keep less than others do.

    Raises:
        ValidationError: One or more of them cannot be stored.
    """
    problems: list[InitErrorDetails] = []
    strict = None if dialect is None or dialect.name == "sqlite" else dialect
    for name, value in values.items():
        if strict is None and _is_harmless(value):
            continue
        kind = _problem(mapper.fields[name], value)
        if kind is None and strict is not None:
            kind = _problem_there(mapper.entity.table.c[name].type, value, strict)
        if kind is not None:
            details: Any = {**kind, "loc": (name,), "input": value}
            problems.append(details)
    if problems:
        raise ValidationError.from_exception_data(mapper.info.name, problems)


def _is_harmless(value: Any) -> bool:  # noqa: ANN401
    """Whether any field of any database that keeps NULs keeps a value: most of them are so."""
    if type(value) is int:
        return _LEAST <= value <= _GREATEST
    return type(value) is str and value.isascii()


def too_great(mapper: Mapper) -> EntityError:
    """Returns the error of a number that was reckoned in a database and left its range."""
    return EntityError(
        f"A number of {mapper.info.name} is greater than a database keeps (64 bits)."
    )


def refuse_overflow(mapper: Mapper, changes: Mapping[str, Any]) -> None:
    """Tells of a Decimal that was reckoned in a database and left the digits of its column.

    Raises:
        ValidationError: One of the changes may be what did.
    """
    for name, change in changes.items():
        digits = mapper.fields[name].info.max_digits
        if isinstance(change, Arithmetic) and digits is not None:
            problem: InitErrorDetails = {
                "type": "decimal_max_digits",
                "loc": (name,),
                "input": change.amount,
                "ctx": {"max_digits": digits},
            }
            raise ValidationError.from_exception_data(mapper.info.name, [problem])


def _problem(field: MappedField, value: Any) -> Any:  # noqa: ANN401 # a part of InitErrorDetails
    if isinstance(value, Arithmetic):
        value = value.amount
    if type(value) is int:
        return _whole(value)
    if isinstance(value, str):
        return None if is_storable_text(value) else {"type": "string_unicode"}
    if isinstance(value, Decimal):
        return _decimal(field, value)
    if isinstance(value, time):
        return {"type": "timezone_naive"} if value.tzinfo is not None else None
    if isinstance(value, timedelta):
        return _whole(value // timedelta(microseconds=1))
    if field.kind.mutable and not is_storable_text(_as_json(value)):
        return {"type": "string_unicode"}
    return None


def _problem_there(kind: object, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
    """Returns what one database minds of a value."""
    if isinstance(value, Arithmetic):
        value = value.amount
    if isinstance(value, str) and "\0" in value and dialect.name == "postgresql":
        return {
            "type": PydanticCustomError("string_nul", "PostgreSQL keeps no text with a NUL in it")
        }
    if isinstance(kind, ExactText) and isinstance(value, str):
        most = kind.room(dialect)
        if most is not None and len(value) > most:
            return {"type": "string_too_long", "ctx": {"max_length": most}}
    if isinstance(kind, ExactDecimal) and isinstance(value, Decimal):
        return _cramped(kind.room(dialect), trimmed(value))
    return None


def _cramped(room: tuple[int, int] | None, value: Decimal) -> Any:  # noqa: ANN401
    if room is None:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > room[1]:
        return {"type": "decimal_max_places", "ctx": {"decimal_places": room[1]}}
    if value.adjusted() >= room[0]:
        return {"type": "decimal_whole_digits", "ctx": {"whole_digits": room[0]}}
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
