"""One page of a query on SQLite, and how many rows all pages have, in milliseconds from 100,000 rows.

An index of SQLite ends in the number of the row (``rowid``), so rows that are told apart by that number
come out of an index in order, and none of them need be looked at before the page begins. What no index
answers, such as a search, is looked for once: the numbers of the rows that fit give the count, and the
page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from nitro_runtime.entities.criteria import Comparison, Criterion, Every, Ordering
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.sql.plans import Plan, Statement
from nitro_runtime.entities.sql.shapes import Shape, Values, shape_of

MOST_NUMBERS = 200_000
"""Rows whose numbers are held at once; of more the database is asked twice."""

_INDEXED = frozenset({"eq", "in", "gt", "gte", "lt", "lte", "isnull", "startswith"})
# a column with a plus before it is in no index
_AS_IT_IS: Any = operators.custom_op("+")  # pyright: ignore[reportUnknownVariableType]
_ROWID: Any = sa.literal_column("rowid", sa.Integer())

_MOST_PARAMETERS = 500

Fetch = Callable[[str, Sequence[Any]], list[Any]]
"""Runs a statement that reads."""


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads one page of a query.

    Attributes:
        plan: The statements of the entity.
        query: The query, without limit and offset.
        fetch: Runs a statement.
        count: Counts the query's rows.
    """

    plan: Plan
    query: Query
    fetch: Fetch
    count: Callable[[], int]

    def read(self, number: int, size: int) -> tuple[list[Row], int, int]:
        """Returns the rows of a page, how many all pages have, and the page's number.

        A number past the end gives the last page.
        """
        if size > _MOST_PARAMETERS or _one_index_tells(self.query.criterion):
            return self._counted(number, size)
        numbers = [row[0] for row in self.fetch(*self._numbers())]
        if len(numbers) > MOST_NUMBERS:
            return self._counted(number, size)
        number = _fitting(number, size, len(numbers))
        chosen = numbers[(number - 1) * size : number * size]
        return self._rows_of(chosen), len(numbers), number

    def _counted(self, number: int, size: int) -> tuple[list[Row], int, int]:
        total = self.count()
        number = _fitting(number, size, total)
        offset = (number - 1) * size
        size = min(size, total - offset)
        if not size:
            return [], total, number
        # the second half is nearer from the end
        backwards = offset > total // 2
        window = (size, total - offset - size if backwards else offset)
        return self._window(window, backwards=backwards), total, number

    # -- statements -----------------------------------------------------------------------------

    def _numbers(self) -> tuple[str, Sequence[Any]]:
        """Returns the statement for the numbers of all rows that fit, in order."""
        values = Values(self.plan.dialect.name)
        shape = shape_of(self.plan.table, self.query.criterion, values)
        for each in (MOST_NUMBERS + 1, 0):
            values.take(each)

        def build() -> Any:  # noqa: ANN401 # a SQLAlchemy statement
            make = self.plan.expressions()
            found = _where(make, self._from(_ROWID), shape)
            # with an index for the order every row of the table would be looked up one by one
            return _limited(make, found.order_by(*self._order(as_it_is=True)))

        return _ready(self.plan.cached(self._shape("numbers", shape), build), values)

    def _window(self, window: tuple[int, int], *, backwards: bool) -> list[Row]:
        """Reads so many rows after so many others; the others are passed over in the index alone."""
        values = Values(self.plan.dialect.name)
        shape = shape_of(self.plan.table, self.query.criterion, values)
        for each in window:
            values.take(each)

        def build() -> Any:  # noqa: ANN401
            make = self.plan.expressions()
            inner = _where(make, self._from(_ROWID), shape)
            inner = _limited(make, inner.order_by(*self._order(backwards=backwards)))
            return self._from(*self.plan.shown).where(_ROWID.in_(inner)).order_by(*self._order())

        statement = self.plan.cached(self._shape("window", shape, backwards), build)
        decode = self.plan.decode
        return [decode(row) for row in self.fetch(*_ready(statement, values))]

    def _rows_of(self, numbers: Sequence[int]) -> list[Row]:
        """Reads the rows of these numbers, in the query's order."""
        if not numbers:
            return []

        def build() -> Any:  # noqa: ANN401
            make = self.plan.expressions()
            each = [make.parameter(sa.Integer()) for _ in numbers]
            return self._from(*self.plan.shown).where(_ROWID.in_(each)).order_by(*self._order())

        statement = self.plan.cached(self._shape("of numbers", len(numbers)), build)
        decode = self.plan.decode
        return [decode(row) for row in self.fetch(statement.sql, statement.parameters(numbers))]

    def _from(self, *columns: Any) -> Any:  # noqa: ANN401
        return sa.select(*columns).select_from(self.plan.table)

    def _shape(self, *parts: Any) -> Shape:  # noqa: ANN401 # what tells statements apart
        return (*parts, self.query.order, self.query.ties)

    def _order(self, *, backwards: bool = False, as_it_is: bool = False) -> list[Any]:
        """Returns what ORDER BY lists: the order, then what tells equal rows apart."""
        order, ties = self.query.order, self.query.ties
        told = order[: len(order) - ties]
        listed: list[tuple[Any, bool]] = [(self._column(each), each.descending) for each in told]
        if as_it_is:
            listed = [(UnaryExpression(c, operator=_AS_IT_IS, type_=c.type), d) for c, d in listed]
        if ties:
            listed.append((_ROWID, order[-1].descending))
        else:
            named = {each.field for each in told}
            keys = (key for key in self.plan.mapper.keys if key not in named)
            listed += [(self._column(Ordering(key)), False) for key in keys]
        return [c.desc() if descending is not backwards else c.asc() for c, descending in listed]

    def _column(self, each: Ordering) -> Any:  # noqa: ANN401
        return self.plan.table.c[each.field]


def _where(make: Any, statement: Any, shape: Shape) -> Any:  # noqa: ANN401
    return statement if shape == ("and", ()) else statement.where(make.criterion(shape))


def _limited(make: Any, statement: Any) -> Any:  # noqa: ANN401
    # SQLAlchemy writes an offset for SQLite in any case, and would make a parameter of its own for it
    return statement.limit(make.parameter(sa.Integer())).offset(make.parameter(sa.Integer()))


def _ready(statement: Statement, values: Values) -> tuple[str, Sequence[Any]]:
    return statement.sql, statement.parameters(values.found)


def _fitting(number: int, size: int, total: int) -> int:
    """Returns the number of a page that there is."""
    return min(max(1, number), max(1, -(-total // size)))


def _one_index_tells(criterion: Criterion | None) -> bool:
    """Whether an index of one field, if there is one, tells which rows fit, without looking at any."""
    match criterion:
        case None:
            return True
        case Comparison():
            return criterion.operator in _INDEXED
        case Every(parts):
            fields = {part.field for part in parts if isinstance(part, Comparison)}
            return len(fields) == 1 and all(map(_one_index_tells, parts))
        case _:
            return False


def has_numbers(mapper: Mapper, plan: Plan, cursor: sqlite3.Cursor) -> bool:
    """Whether the rows have numbers: those of a view and of a table WITHOUT ROWID have none."""
    if any(name.lower() == "rowid" for name in mapper.names):
        return False
    asked = sa.select(_ROWID).select_from(plan.table).where(sa.false())
    kind = "SELECT type FROM sqlite_master WHERE name = ? AND type = 'view'"
    if cursor.execute(kind, (plan.table.name,)).fetchone():
        return False  # some builds of SQLite give its rows the number NULL
    try:
        cursor.execute(str(asked.compile(dialect=plan.dialect)))
    except sqlite3.OperationalError as error:
        return "no such column" not in str(error)  # a table that is missing is made with numbers
    return True
