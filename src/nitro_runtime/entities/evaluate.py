"""Criteria and orders evaluated on rows in Python, as a database would."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import Any

from nitro_runtime.entities.criteria import (
    Comparison,
    Criterion,
    Either,
    Every,
    Negation,
    Ordering,
    compared_field,
)
from nitro_runtime.entities.kinds import ENUM
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.text import fold, like_regex
from nitro_runtime.errors import InvalidQuery

Predicate = Callable[[Row], bool | None]
"""Whether a row fulfils a criterion; None is SQL's unknown."""


def _folded_contains(text: str, part: str) -> bool:
    return part in (fold(text) or "")


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, members: value in members,
    "contains": lambda text, part: part in text,
    "icontains": _folded_contains,
    "startswith": str.startswith,
    "like": lambda text, pattern: like_regex(pattern).fullmatch(text) is not None,
}


def predicate(mapper: Mapper, criterion: Criterion) -> Predicate:
    """Returns a function that tells whether a row fulfils a checked criterion."""
    match criterion:
        case Comparison():
            return _comparison(mapper, criterion)
        case Every(parts):
            return _every([predicate(mapper, part) for part in parts])
        case Either(parts):
            return _either([predicate(mapper, part) for part in parts])
        case Negation(part):
            return _negation(predicate(mapper, part))
        case _:
            raise InvalidQuery(f"{criterion!r} cannot be told from one row.")


def plain_value(value: Any) -> Any:  # noqa: ANN401 # of any field's type
    """Returns what a value is compared and sorted by: an enum's is its stored value."""
    return value.value if isinstance(value, Enum) else value


def _comparison(mapper: Mapper, node: Comparison) -> Predicate:
    name = node.field
    if node.operator == "isnull":
        return lambda row: (row[name] is None) is node.value
    compare = _COMPARE[node.operator]
    other = compared_field(node.value)
    if other is not None:
        return _known(lambda row: (plain_value(row[name]), plain_value(row[other])), compare)
    value: Any = node.value
    if mapper.fields[name].kind is ENUM:
        value = tuple(map(plain_value, value)) if node.operator == "in" else plain_value(value)
    if node.operator == "in":
        value = _members(value)
    return _known(lambda row: (plain_value(row[name]), value), compare)


def _members(values: Collection[Any]) -> Collection[Any]:
    """Returns values in which others are looked up, without going through them all if possible."""
    try:
        return frozenset(values)
    except TypeError:  # a list or a dictionary is among them
        return values


def _known(
    sides: Callable[[Row], tuple[Any, Any]], compare: Callable[[Any, Any], bool]
) -> Predicate:
    def holds(row: Row) -> bool | None:
        left, right = sides(row)
        return None if left is None or right is None else compare(left, right)

    return holds


def _every(parts: Sequence[Predicate]) -> Predicate:
    def holds(row: Row) -> bool | None:
        found: bool | None = True
        for part in parts:
            result = part(row)
            if result is False:
                return False
            if result is None:
                found = None
        return found

    return holds


def _either(parts: Sequence[Predicate]) -> Predicate:
    def holds(row: Row) -> bool | None:
        found: bool | None = False
        for part in parts:
            result = part(row)
            if result is True:
                return True
            if result is None:
                found = None
        return found

    return holds


def _negation(part: Predicate) -> Predicate:
    def holds(row: Row) -> bool | None:
        result = part(row)
        return None if result is None else not result

    return holds


def sort_rows(mapper: Mapper, rows: list[Row], order: Sequence[Ordering]) -> None:
    """Sorts rows in place: by the order, then by key; missing values are the smallest."""
    for item in reversed((*order, *map(Ordering, mapper.keys))):
        name = item.field

        def by(row: Row, name: str = name) -> tuple[bool, Any]:
            value = row[name]
            return (False, 0) if value is None else (True, plain_value(value))

        rows.sort(key=by, reverse=item.descending)
