"""What a field's Python type means for comparing, ordering and storing: one table, read from the top."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import EmailStr, TypeAdapter

from nitro_runtime.entities.criteria import Operator

_EQUAL = frozenset[Operator]({"eq", "ne", "in", "isnull"})
_ORDERED = _EQUAL | frozenset[Operator]({"gt", "gte", "lt", "lte", "between"})
_TEXT = _ORDERED | frozenset[Operator]({"contains", "icontains", "startswith", "like"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of field types.

    Attributes:
        name: ``"str"``, ``"decimal"``, ...
        operators: Which comparisons make sense.
        exact: The class of every value, or None when values have many classes.
        numeric: Whether ``+`` works in a database.
        mutable: Whether a value can change in place, unseen by assignment.
    """

    name: str
    operators: frozenset[Operator]
    exact: type[Any] | None = None
    numeric: bool = False
    mutable: bool = False

    @property
    def sortable(self) -> bool:
        """Whether rows can be sorted by such a field."""
        return "gt" in self.operators


JSON = Kind("json", frozenset({"isnull"}), mutable=True)
STR = Kind("str", _TEXT, str)
ENUM = Kind("enum", _ORDERED)
ADAPTED = Kind("adapted", _EQUAL)  # its text does not sort as the values do

_EXACT: dict[Any, Kind] = {
    bool: Kind("bool", _ORDERED, bool),
    int: Kind("int", _ORDERED, int, numeric=True),
    float: Kind("float", _ORDERED, float, numeric=True),
    str: STR,
    EmailStr: STR,
    bytes: Kind("bytes", _ORDERED, bytes),
    Decimal: Kind("decimal", _ORDERED, Decimal, numeric=True),
    datetime: Kind("datetime", _ORDERED, datetime),
    date: Kind("date", _ORDERED, date),
    time: Kind("time", _ORDERED, time),
    timedelta: Kind("timedelta", _ORDERED, timedelta),
    UUID: Kind("uuid", _ORDERED, UUID),
}


def kind_of(plain: Any) -> Kind:  # noqa: ANN401 # any annotation
    """Returns the kind of a type without None; what no database knows is stored as JSON."""
    if get_origin(plain) is Literal:
        values: tuple[Any, ...] = get_args(plain)
        types_of: set[Any] = {type(v) for v in values}
        return _EXACT.get(types_of.pop(), JSON) if len(types_of) == 1 else JSON
    if not isinstance(plain, type) or get_origin(plain) is not None:
        return JSON
    if issubclass(plain, Enum):
        return ENUM
    if plain in _EXACT:
        return _EXACT[plain]
    if issubclass(plain, str):
        return STR
    if issubclass(plain, PurePath) or plain.__module__ in ("ipaddress", "pydantic.networks"):
        return ADAPTED
    return JSON


def split_optional(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 # any annotation
    """Returns an annotation without ``None`` and without ``Annotated``, and whether None was in it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return split_optional(get_args(annotation)[0])
    if origin is Union or origin is types.UnionType:
        members = [part for part in get_args(annotation) if part is not type(None)]
        nullable = len(members) < len(get_args(annotation))
        if len(members) == 1:
            return split_optional(members[0])[0], nullable
        return Union[tuple(members)], nullable  # noqa: UP007 # built from a list
    return annotation, annotation is Any


@lru_cache(maxsize=1024)
def adapter(plain: Any) -> TypeAdapter[Any]:  # noqa: ANN401 # any annotation
    """Returns what pydantic makes of a type, worked out once."""
    return TypeAdapter(plain)


def converter(plain: Any) -> Callable[[Any], Any]:  # noqa: ANN401 # any annotation
    """Returns what makes a value of the type from a query's value, or raises `ValueError`."""
    return adapter(plain).validate_python


def is_exact_number(value: object) -> bool:
    """Whether a value is a number that ``+`` can be used with (bool is none)."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
