"""Criteria as SQLAlchemy expressions, and their values apart: one statement serves one shape."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from nitro_runtime.entities.columns import Duration, ExactDecimal, ExactText
from nitro_runtime.entities.criteria import (
    Comparison,
    Criterion,
    Either,
    Every,
    Negation,
    Ordering,
)
from nitro_runtime.entities.sql.functions import (
    AsciiContains,
    Contains,
    Factor,
    Like,
    LikePattern,
    Members,
    StartsWith,
    ordered,
)
from nitro_runtime.entities.sql.shapes import Shape, Values, shape_of
from nitro_runtime.entities.sql.tables import shadow_name
from nitro_runtime.errors import InvalidQuery

# Written out: a plain number would become a parameter.
_LEAST: Any = sa.literal_column("-9223372036854775807 - 1", sa.Integer())
_REAL: Any = sa.literal_column("'real'", sa.String())
_CHAIN = 100
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "contains": Contains,
    "startswith": StartsWith,
}
_RECKON: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def _unlimited(kind: Any) -> Any:  # noqa: ANN401 # SQLAlchemy types
    """Returns the type that PostgreSQL is told of a parameter: it casts, and must cut nothing off."""
    if isinstance(kind, sa.ARRAY):
        return sa.ARRAY(_unlimited(cast("Any", kind).item_type))
    if isinstance(kind, sa.Integer):
        return sa.BigInteger()
    if isinstance(kind, ExactDecimal):
        return ExactDecimal()
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        return sa.Numeric()
    text = isinstance(kind, ExactText | sa.String) and not isinstance(kind, sa.Enum)
    return ExactText() if text else kind


def _is_whole(kind: Any) -> bool:  # noqa: ANN401 # a SQLAlchemy type
    if isinstance(kind, ExactDecimal):
        return kind.is_scaled
    return isinstance(kind, sa.Integer | Duration)


def _joined(join: Callable[..., Any], start: Any, parts: list[Any]) -> Any:  # noqa: ANN401
    """Joins expressions; many of them in groups, as SQLite takes only 1,000 in one chain."""
    while len(parts) > _CHAIN:
        parts = [
            # type_coerce: SQLAlchemy would take bare brackets away again.
            sa.type_coerce(Grouping(join(start, *parts[first : first + _CHAIN])), sa.Boolean())
            for first in range(0, len(parts), _CHAIN)
        ]
    return join(start, *parts)


class Expressions:
    """Turns criteria on one table into SQLAlchemy expressions with numbered parameters.

    Args:
        table: The table.
        values: The parameters' values, to be written into the expression; None to leave them open.
        dialect: SQLAlchemy's name of the database; empty when any may be meant.
    """

    def __init__(self, table: sa.Table, values: Values | None = None, dialect: str = "") -> None:
        self._table = table
        self._values = values
        self._dialect = dialect
        self._count = [0]  # shared with what is written into subqueries

    def on(self, table: Any) -> Expressions:  # noqa: ANN401 # a table or an alias of one
        """Returns what writes criteria on another table into the same statement."""
        other = Expressions(table, self._values, self._dialect)
        other._count = self._count
        return other

    def parameter(self, kind: Any) -> Any:  # noqa: ANN401 # a SQLAlchemy type and parameter
        """Returns the next parameter, of a column's type."""
        self._count[0] += 1
        if self._dialect == "postgresql":
            kind = _unlimited(kind)
        if self._values is not None:
            value = self._values.found[self._count[0] - 1]
            return sa.bindparam(None, value, type_=kind, unique=True)
        return sa.bindparam(f"p{self._count[0]}", type_=kind)

    def criterion(self, shape: Shape) -> Any:  # noqa: ANN401 # a SQLAlchemy expression
        """Returns the expression of a shape that `shape_of` made."""
        match shape:
            case ("and", parts):
                return _joined(sa.and_, sa.true(), [self.criterion(part) for part in parts])
            case ("or", parts):
                return _joined(sa.or_, sa.false(), [self.criterion(part) for part in parts])
            case ("not", part):
                return sa.not_(self.criterion(part))
            case ("isnull", name, yes):
                return self._isnull(name, yes)
            case ("linked", name, through, column, where):
                return self._linked(name, through, column, where)
            case ("never", name):
                # False, or unknown where the value is missing: as the comparison would be.
                return _BINARY["ne"](self._table.c[name], self._table.c[name])
            case ("always", name):
                return _BINARY["eq"](self._table.c[name], self._table.c[name])
            case (op, name, rest):
                return self._comparison(op, name, rest)
            case _:
                raise InvalidQuery(f"{shape!r} is not a criterion that SQL knows.")

    def _isnull(self, name: str, yes: bool) -> Any:  # noqa: ANN401
        column: Any = self._table.c[name]
        return column.is_(None) if yes else column.is_not(None)

    def _linked(self, name: str, through: type[Any], column: str, where: Shape) -> Any:  # noqa: ANN401
        other: Any = through.table.alias()  # it may be the very table that is asked
        wanted = other.c[column]
        chosen = sa.select(wanted).where(self.on(other).criterion(where), wanted.is_not(None))
        field = self._table.c[name]
        return sa.and_(field.is_not(None), field.in_(chosen))

    def _comparison(self, op: str, name: str, rest: Any) -> Any:  # noqa: ANN401
        column = self._table.c[name]
        if op == "in":
            return self._in(column, rest)
        if isinstance(rest, str):
            return _BINARY[op](column, self._table.c[rest])
        if op == "icontains":
            shadow = self._table.c.get(shadow_name(name))
            folded = sa.func.nitro_fold(column) if shadow is None else shadow
            return Contains(folded, self.parameter(sa.Text()))
        if op == "ascii_icontains":
            return AsciiContains(column, self.parameter(sa.Text()))
        if op == "like":
            return Like(column, self.parameter(LikePattern()))
        return _BINARY[op](column, self.parameter(column.type))

    def _in(self, column: Any, count: int | None) -> Any:  # noqa: ANN401
        if count is not None:
            return column.in_([self.parameter(column.type) for _ in range(count)])
        if self._dialect == "mysql":
            return column.bool_op("IN")(self.parameter(Members(column.type)))
        return column == sa.any_(self.parameter(sa.ARRAY(column.type)))

    def arithmetic(self, change: tuple[str, str]) -> Any:  # noqa: ANN401
        """Returns the expression of an `Arithmetic` shape."""
        name, sign = change
        column = self._table.c[name]
        whole = _is_whole(column.type)
        if self._dialect != "sqlite":
            return self._plain_arithmetic(column, sign)
        if isinstance(column.type, ExactDecimal) and not whole:
            text = sa.type_coerce(column, sa.Text())
            step = sa.literal_column(f"'{sign}'", sa.Text())
            whole = sa.null()
            if column.type.precision is not None:
                digits = column.type.precision - (column.type.scale or 0)
                whole = sa.literal_column(str(digits), sa.Integer())
            return sa.func.nitro_reckon(text, step, self.parameter(column.type), whole)
        # A factor is a plain number, also where the column's numbers are scaled.
        factor = Factor() if whole else sa.Float()
        kind = factor if sign == "*" else column.type
        amount = self.parameter(kind)
        result = _RECKON[sign](sa.type_coerce(column, sa.Integer()), sa.type_coerce(amount, kind))
        if not whole:
            return result
        too_great = sa.func.typeof(result) == _REAL
        if isinstance(column.type, ExactDecimal) and column.type.precision is not None:
            limit = sa.literal_column(str(10**column.type.precision), sa.Integer())
            too_great = sa.or_(too_great, sa.func.abs(result) >= limit)
        # SQLite makes a float of a sum that leaves 64 bits; abs() of the least number raises instead.
        return sa.case((too_great, sa.func.abs(_LEAST)), else_=result)

    def _plain_arithmetic(self, column: Any, sign: str) -> Any:  # noqa: ANN401
        """Reckons where the database itself refuses a number that leaves its range."""
        kind = column.type
        if sign == "*":
            exact = isinstance(kind, ExactDecimal | sa.Numeric) and not isinstance(kind, sa.Float)
            whole = isinstance(kind, sa.Integer | Duration)
            kind = sa.Numeric() if exact else sa.BigInteger() if whole else sa.Float()
        return _RECKON[sign](sa.type_coerce(column, kind), self.parameter(kind))

    def order(self, order: tuple[Ordering, ...], keys: tuple[str, ...]) -> list[Any]:
        """Returns what ORDER BY lists: the order, then the key."""
        named = {item.field for item in order}
        listed = [*order, *(Ordering(key) for key in keys if key not in named)]
        return [
            ordered(self._table.c[i.field], descending=i.descending, dialect=self._dialect)
            for i in listed
        ]


def expression_of(criterion: Criterion) -> Any:  # noqa: ANN401 # a SQLAlchemy expression
    """Returns a criterion as a SQLAlchemy expression with its values in it.

    Raises:
        InvalidQuery: No entity's field is in it.
    """
    from nitro_runtime.entities.lookups import checked

    entity = _entity_of(criterion)
    if entity is None:
        raise InvalidQuery(
            "This criterion names no entity; build it from Product.price or the like."
        )
    values = Values()
    table = entity.table
    shape = shape_of(table, checked(entity.__nitro_mapper__, criterion), values)
    return Expressions(table, values).criterion(shape)


def _entity_of(criterion: Criterion) -> type[Any] | None:
    match criterion:
        case Comparison():
            return criterion.entity
        case Every(parts) | Either(parts):
            return next((e for part in parts if (e := _entity_of(part))), None)
        case Negation(part):
            return _entity_of(part)
        case _:
            return None
