"""Which rows a criterion can be true for, by keys or by ranges of indexes.

A way is a list of ranges that hold every such row together, and may hold others: rows are looked at
again. There may be several ways; the server takes the shortest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nitro_runtime.entities.criteria import (
    Comparison,
    Criterion,
    Either,
    Every,
    compared_field,
)
from nitro_runtime.entities.redis.layout import Index, Layout
from nitro_runtime.entities.redis.values import (
    AFTER_MISSING,
    AFTER_PRESENT,
    MISSING,
    PRESENT,
    beginning_range,
    equal_range,
    high_end,
    low_end,
)


@dataclass(frozen=True, slots=True)
class Range:
    """Members of an index.

    Attributes:
        index: Which one.
        low: The first member, or what comes before it.
        high: What comes after the last one.
    """

    index: Index
    low: str
    high: str


Way = tuple[Range, ...]


def keys_of(layout: Layout, criterion: Criterion) -> list[str] | None:
    """Returns the keys of the only rows that a criterion can be true for, or None if it names none."""
    values: dict[str, list[Any]] = {}
    for node in _comparisons(criterion):
        if node.field in layout.mapper.keys and compared_field(node.value) is None:
            if node.operator == "eq":
                values[node.field] = [node.value]
            elif node.operator == "in" and len(layout.mapper.keys) == 1:
                values.setdefault(node.field, list(node.value))
    if values.keys() != set(layout.mapper.keys):
        return None
    if len(layout.mapper.keys) == 1:
        keys: Iterable[Any] = values[layout.mapper.key]
    else:
        keys = [tuple(values[name][0] for name in layout.mapper.keys)]
    texts = map(layout.key_text, keys)
    return list(dict.fromkeys(text for text in texts if text is not None))


def ways_of(layout: Layout, criterion: Criterion) -> list[Way]:
    """Returns the ways to the rows of a criterion; none when no index helps."""
    match criterion:
        case Comparison():
            way = _way(layout, criterion)
            return [] if way is None else [way]
        case Every(parts):
            return _ways_of_every(layout, parts)
        case Either(parts):
            return _ways_of_either(layout, parts)
        case _:
            return []


def _comparisons(criterion: Criterion) -> list[Comparison]:
    if isinstance(criterion, Comparison):
        return [criterion]
    if isinstance(criterion, Every):
        return [node for part in criterion.parts for node in _comparisons(part)]
    return []


def _ways_of_every(layout: Layout, parts: Iterable[Criterion]) -> list[Way]:
    ranges: dict[str, Range] = {}
    ways: list[Way] = []
    for part in parts:
        for way in ways_of(layout, part):
            if len(way) != 1:
                ways.append(way)
                continue
            (found,) = way
            known = ranges.get(found.index.key)
            if known is not None:  # both hold: between
                found = Range(found.index, max(known.low, found.low), min(known.high, found.high))
            ranges[found.index.key] = found
    return [*((found,) for found in ranges.values()), *ways]


def _ways_of_either(layout: Layout, parts: Iterable[Criterion]) -> list[Way]:
    joined: list[Range] = []
    for part in parts:
        ways = ways_of(layout, part)
        if not ways:
            return []
        joined += ways[0]
    return [tuple(joined)]


def _way(layout: Layout, node: Comparison) -> Way | None:
    index = layout.indexes.get(node.field)
    if index is None or compared_field(node.value) is not None:
        return None
    if node.operator == "isnull":
        low, high = (MISSING, AFTER_MISSING) if node.value else (PRESENT, AFTER_PRESENT)
        return (Range(index, low, high),)
    ends = _ENDS.get(node.operator)
    if ends is None:
        return None
    values: tuple[Any, ...] = node.value if node.operator == "in" else (node.value,)
    try:
        return tuple(Range(index, *ends(index.text(value))) for value in values)
    except (ValueError, ArithmeticError):  # a number that no row can have, such as infinity
        return None


_ENDS: dict[str, Callable[[str], tuple[str, str]]] = {
    "eq": equal_range,
    "in": equal_range,
    "gt": lambda text: (low_end(text), AFTER_PRESENT),
    "gte": lambda text: (low_end(text), AFTER_PRESENT),
    "lt": lambda text: (PRESENT, high_end(text)),
    "lte": lambda text: (PRESENT, high_end(text)),
    "startswith": beginning_range,
}
