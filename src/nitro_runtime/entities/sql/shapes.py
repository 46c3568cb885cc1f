"""The shapes of criteria: what a statement depends on, and the values apart.

A value that no column keeps, a number beyond 64 bits or the like, is answered here: its comparison
is always or never true, and the database is asked nothing that it refuses.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isfinite
from typing import Any

import sqlalchemy as sa

from nitro_runtime.entities.columns import Duration, ExactDecimal
from nitro_runtime.entities.criteria import (
    Arithmetic,
    Comparison,
    Criterion,
    Either,
    Every,
    Linked,
    Negation,
    compared_field,
)
from nitro_runtime.entities.decimals import is_unusual
from nitro_runtime.errors import InvalidQuery

Shape = tuple[Any, ...]
"""What a statement depends on, without the values: hashable."""

_INT64 = 1 << 63
_ROUNDING = {"gt": ROUND_FLOOR, "lte": ROUND_FLOOR, "gte": ROUND_CEILING, "lt": ROUND_CEILING}


class Values:
    """Collects the values of a criterion, in the order of its statement's parameters.

    Args:
        dialect: SQLAlchemy's name of the database; empty when any may be meant.
    """

    def __init__(self, dialect: str = "") -> None:
        self.found: list[Any] = []
        self.dialect = dialect

    def take(self, value: Any) -> None:  # noqa: ANN401 # of any field's type
        """Adds one."""
        self.found.append(value)


def shape_of(table: sa.Table, criterion: Criterion | None, values: Values) -> Shape:
    """Returns the shape of a checked criterion, and collects its values."""
    match criterion:
        case None:
            return ("and", ())
        case Every(parts):
            return ("and", tuple(shape_of(table, part, values) for part in parts))
        case Either(parts):
            return ("or", tuple(shape_of(table, part, values) for part in parts))
        case Negation(part):
            return ("not", shape_of(table, part, values))
        case Comparison():
            return _comparison_shape(table, criterion, values)
        case Linked(field, through, column, where):
            return ("linked", field, through, column, shape_of(through.table, where, values))
        case _:
            raise InvalidQuery(f"{criterion!r} is not a criterion that SQL knows.")


def _comparison_shape(table: sa.Table, node: Comparison, values: Values) -> Shape:
    if node.operator == "isnull":
        return ("isnull", node.field, node.value)
    other = compared_field(node.value)
    if other is not None:
        return (node.operator, node.field, other)
    kind: Any = table.c[node.field].type
    if node.operator == "in":
        return _in_shape(kind, node, values)
    constant = _constant(kind, node.operator, node.value)
    if constant is not None:
        return ("always" if constant else "never", node.field)
    if values.dialect == "postgresql" and isinstance(node.value, str) and "\0" in node.value:
        return _beyond_nul(node, values)
    if isinstance(kind, ExactDecimal) and kind.is_scaled:
        # A number of more places than are kept is rounded so that the answer stays right.
        rounding = _ROUNDING.get(node.operator, ROUND_FLOOR)
        exact: Any = node.value
        values.take(_round(exact, kind.scale or 0, rounding))
    else:
        values.take(node.value)
    return (node.operator, node.field, 1)


def _beyond_nul(node: Comparison, values: Values) -> Shape:
    """Compares with a text that PostgreSQL cannot keep, and so no column has or has in it."""
    if node.operator not in ("lt", "lte", "gt", "gte"):
        return ("always" if node.operator == "ne" else "never", node.field)
    values.take(node.value.partition("\0")[0])  # nothing lies between this and the whole text
    return ("lte" if node.operator in ("lt", "lte") else "gt", node.field, 1)


def _in_shape(kind: Any, node: Comparison, values: Values) -> Shape:  # noqa: ANN401
    possible = [value for value in node.value if _constant(kind, "eq", value) is None]
    if values.dialect == "postgresql":
        possible = [v for v in possible if not (isinstance(v, str) and "\0" in v)]
    if not possible:
        return ("never", node.field)
    if values.dialect in ("postgresql", "mysql"):  # which take them as one parameter
        values.take(possible)
        return ("in", node.field, None)
    for value in possible:
        values.take(value)
    return ("in", node.field, len(possible))


def _constant(kind: Any, op: str, value: Any) -> bool | None:  # noqa: ANN401
    """Returns what a comparison says of every value of a column, where that is always the same."""
    scaled: Any
    if isinstance(value, float) and not isfinite(value):
        return _not_finite(op, value)
    if isinstance(kind, ExactDecimal) and isinstance(value, Decimal):
        if not kind.is_scaled:
            return _not_finite(op, value) if is_unusual(value) else None
        scaled = value.scaleb(kind.scale or 0)
        if op in ("eq", "ne") and scaled != scaled.to_integral_value():
            return op == "ne"
    elif isinstance(kind, sa.Integer) and type(value) is int:
        scaled = value
    elif isinstance(kind, Duration) and isinstance(value, timedelta):
        scaled = value // timedelta(microseconds=1)
    else:
        return None
    if -_INT64 <= scaled < _INT64:
        return None
    return op == "ne" or op in (("lt", "lte") if scaled > 0 else ("gt", "gte"))


def _not_finite(op: str, value: float | Decimal) -> bool:
    """Compares with what no column keeps: infinity, no number, a Decimal beyond all that are usual."""
    if op in ("eq", "ne") or value != value:
        return op == "ne"
    return op in (("lt", "lte") if value > 0 else ("gt", "gte"))


def _round(value: Decimal, scale: int, rounding: str) -> Decimal:
    return value.scaleb(scale).to_integral_value(rounding).scaleb(-scale)


def looks_elsewhere(shape: Shape) -> bool:
    """Whether a shape asks for rows of other tables, or of the same one once more."""
    parts: list[Shape] = [part for part in shape if isinstance(part, tuple)]
    return shape[:1] == ("linked",) or any(map(looks_elsewhere, parts))


def change_shape(name: str, value: Any, values: Values) -> Shape:  # noqa: ANN401
    """Returns the shape of one new value of an update, and collects its values."""
    if isinstance(value, Arithmetic):
        values.take(value.amount)
        return (name, (value.field, value.operator))
    values.take(value)
    return (name, None)
