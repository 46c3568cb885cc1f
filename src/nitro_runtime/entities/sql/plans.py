"""What one entity needs of a database, worked out once: its statements and how its rows convert."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from nitro_runtime.entities.columns import is_mysql
from nitro_runtime.entities.mapper import MappedField, Mapper, Row
from nitro_runtime.entities.repository import EVERYTHING, Query
from nitro_runtime.entities.sql.expressions import Expressions
from nitro_runtime.entities.sql.functions import IsAscii
from nitro_runtime.entities.sql.rows import decoder, encoder
from nitro_runtime.entities.sql.shapes import Shape, Values, change_shape, looks_elsewhere, shape_of
from nitro_runtime.entities.sql.tables import shadow_name
from nitro_runtime.entities.text import fold

Bind = Callable[[Any], Any]
_ALL: Any = sa.literal_column("9223372036854775807", sa.Integer())
_WHOLE = (False, False)  # without limit and offset
_MOST_STATEMENTS = 500
_FLOAT, _NUMERIC = 701, 1700  # what PostgreSQL calls its types; others are not asked


@dataclass(frozen=True)
class Statement:
    """A compiled statement: its text, and which value each parameter takes, made to fit the driver."""

    sql: str
    binds: tuple[tuple[int, Bind | None], ...]

    def parameters(self, values: Sequence[Any]) -> Sequence[Any]:
        """Returns the values as the driver takes them, in the order of the text.

        SQLAlchemy leaves out what cannot matter (``true OR x``), so not every value need occur.
        """
        if self.as_they_are and len(values) == len(self.binds):
            return values
        return [values[i] if bind is None else bind(values[i]) for i, bind in self.binds]

    @cached_property
    def as_they_are(self) -> bool:
        """Whether every value is one parameter, in this order and unchanged."""
        return self.binds == tuple((i, None) for i in range(len(self.binds)))


@dataclass(frozen=True, slots=True)
class Counted:
    """An insert without the key: its text, and the key's place among the parameters of the other."""

    sql: str
    place: int

    def parameters(self, encoded: Sequence[Any]) -> tuple[Any, ...]:
        """Returns the parameters, given those of the insert with the key."""
        return (*encoded[: self.place], *encoded[self.place + 1 :])


class Plan:
    """The statements of one entity on one dialect, each compiled once for each shape.

    Attributes:
        decode: Makes a row of what the driver returned, checking every type.
        encode: Makes the parameters of `insert` of a row.
    """

    def __init__(self, mapper: Mapper, dialect: Dialect) -> None:
        self.mapper = mapper
        self.dialect = dialect
        self.table: sa.Table = mapper.entity.table
        self._statements: dict[Shape, Statement] = {}
        self.shown = [self.table.c[name] for name in mapper.names]
        self.keys = [self.table.c[name] for name in mapper.keys]
        self._locks = dialect.name != "sqlite"
        # They read a table that they change only as the rows of an inner SELECT.
        self._nests = is_mysql(dialect)
        make = self.expressions()
        chosen = (key == make.parameter(key.type) for key in self.keys)
        self.by_key = self._compile(sa.select(*self.shown).where(*chosen)).sql
        self.bind_key = self._key_binder()
        self.insert = self._compile(self._insert()).sql
        self.count_all = self._compile(sa.select(sa.func.count()).select_from(self.table)).sql
        self.decode = decoder(self)
        self.encode = encoder(self)

    def expressions(self) -> Expressions:
        """Returns what writes criteria on the entity's table."""
        return Expressions(self.table, dialect=self.dialect.name)

    # -- compiling ------------------------------------------------------------------------------

    def _bind(self, kind: Any) -> Bind | None:  # noqa: ANN401 # a SQLAlchemy type
        return kind.dialect_impl(self.dialect).bind_processor(self.dialect)

    def _result(self, kind: Any) -> Bind | None:  # noqa: ANN401
        impl = kind.dialect_impl(self.dialect)
        return impl.result_processor(
            self.dialect, _FLOAT if isinstance(impl, sa.Float) else _NUMERIC
        )

    def _compile(self, statement: Any) -> Statement:  # noqa: ANN401 # a SQLAlchemy statement
        compiled: Any = statement.compile(dialect=self.dialect)
        kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
        names: Sequence[str] = compiled.positiontup or ()
        binds = tuple((_number(name) - 1, self._bind(kinds[name])) for name in names)
        return Statement(str(compiled), binds)

    def _key_binder(self) -> Callable[[Any], tuple[Any, ...]]:
        """Returns what makes the parameters of `by_key` of a key."""
        binds = [self._bind(key.type) or _plain(key.type) for key in self.keys]
        if len(binds) == 1:
            (bind,) = binds
            return lambda key: (bind(key),)
        return lambda key: tuple(bind(part) for bind, part in zip(binds, key, strict=True))

    def cached(self, shape: Shape, build: Callable[[], Any]) -> Statement:
        """Returns the statement of a shape, compiled when it is first asked for."""
        found = self._statements.get(shape)
        if found is None:
            if len(self._statements) >= _MOST_STATEMENTS:
                self._statements.clear()  # shapes come from code, not data: this is for IN lists
            found = self._statements[shape] = self._compile(build())
        return found

    def _insert(self, *, counted: bool = False) -> Any:  # noqa: ANN401
        columns = [c for c in self.table.columns if not (counted and c.primary_key)]
        return sa.insert(self.table).values(
            {c.name: sa.bindparam(f"c_{c.name}", type_=c.type) for c in columns}
        )

    @cached_property
    def counted(self) -> Counted:
        """The insert of a row whose key the database counts up, and returns."""
        key = self.keys[0]
        statement = self._insert(counted=True)
        if self.dialect.insert_returning:
            statement = statement.returning(key)
        place = list(self.table.columns).index(key)
        return Counted(str(statement.compile(dialect=self.dialect)), place)

    # -- statements -----------------------------------------------------------------------------

    def select(self, query: Query) -> tuple[str, Sequence[Any]]:
        """Returns the text and parameters that read a query's rows."""
        values = Values(self.dialect.name)
        shape = shape_of(self.table, query.criterion, values)
        window = self._window(query, values)
        full = ("select", shape, query.order, window, query.lock)

        def build() -> Any:  # noqa: ANN401
            make = self.expressions()
            found = self._chosen(make, sa.select(*self.shown), shape, query)
            windowed = _windowed(make, found, window)
            # SQLite has no locks of rows: a transaction writes alone.
            return windowed.with_for_update() if query.lock and self._locks else windowed

        statement = self.cached(full, build)
        return statement.sql, statement.parameters(values.found)

    def _chosen(self, make: Expressions, found: Any, shape: Shape, query: Query) -> Any:  # noqa: ANN401
        if shape != ("and", ()):
            found = found.where(make.criterion(shape))
        return found.order_by(*make.order(query.order, self.mapper.keys))

    def _window(self, query: Query, values: Values) -> tuple[bool, bool]:
        """Whether a query has a limit, and an offset; they become the last parameters."""
        if query.limit is None and not query.offset:
            return _WHOLE
        # SQLite knows no offset without a limit, and SQLAlchemy writes it none the other way round.
        limit = -1 if query.limit is None and self.dialect.name == "sqlite" else query.limit
        if limit is not None:
            values.take(limit)
        values.take(query.offset)
        return limit is not None, True

    def other_texts(self, name: str) -> str:
        """Returns the text of what reads the texts of a field that are not all ASCII."""
        column: Any = self.table.c[name]
        found = sa.select(column).distinct().where(sa.not_(IsAscii(column)))
        return str(found.compile(dialect=self.dialect))

    def count(self, query: Query) -> tuple[str, Sequence[Any]]:
        """Returns the text and parameters that count a query's rows."""
        if query is EVERYTHING:
            return self.count_all, ()
        values = Values(self.dialect.name)
        shape = shape_of(self.table, query.criterion, values)
        window = self._window(query, values)

        def build() -> Any:  # noqa: ANN401
            make = self.expressions()
            if window == _WHOLE:
                found = sa.select(sa.func.count()).select_from(self.table)
                return found if shape == ("and", ()) else found.where(make.criterion(shape))
            inner: Any = sa.select(sa.literal_column("1", sa.Integer())).select_from(self.table)
            if shape != ("and", ()):
                inner = inner.where(make.criterion(shape))
            windowed = _windowed(make, inner, window)
            return sa.select(sa.func.count()).select_from(windowed.subquery())

        statement = self.cached(("count", shape, window), build)
        return statement.sql, statement.parameters(values.found)

    def update_where(self, query: Query, changes: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
        """Returns the text and parameters that change a query's rows."""
        values = Values(self.dialect.name)
        with_shadows = {**changes, **self._shadows(changes)}
        sets = tuple(change_shape(name, value, values) for name, value in with_shadows.items())
        shape = shape_of(self.table, query.criterion, values)
        window = self._window(query, values)

        def build() -> Any:  # noqa: ANN401
            make = self.expressions()
            columns: Any = self.table.c
            new: dict[Any, Any] = {
                columns[name]: make.parameter(columns[name].type)
                if how is None
                else make.arithmetic(how)
                for name, how in sets
            }
            return self._limited(
                make, sa.update(self.table).ordered_values(*new.items()), shape, query, window
            )

        statement = self.cached(("update", sets, shape, query.order, window), build)
        return statement.sql, statement.parameters(values.found)

    def delete_where(self, query: Query) -> tuple[str, Sequence[Any]]:
        """Returns the text and parameters that delete a query's rows."""
        values = Values(self.dialect.name)
        shape = shape_of(self.table, query.criterion, values)
        window = self._window(query, values)

        def build() -> Any:  # noqa: ANN401
            make = self.expressions()
            return self._limited(make, sa.delete(self.table), shape, query, window)

        statement = self.cached(("delete", shape, query.order, window), build)
        return statement.sql, statement.parameters(values.found)

    def _limited(
        self,
        make: Expressions,
        statement: Any,  # noqa: ANN401
        shape: Shape,
        query: Query,
        window: tuple[bool, bool],
    ) -> Any:  # noqa: ANN401
        """Adds the criterion; with a limit, through a subquery, as SQL's UPDATE has none."""
        if window == _WHOLE and not (self._nests and looks_elsewhere(shape)):
            return statement if shape == ("and", ()) else statement.where(make.criterion(shape))
        chosen = _windowed(make, self._chosen(make, sa.select(*self.keys), shape, query), window)
        if self._nests:
            if window == _WHOLE:
                chosen = chosen.limit(_ALL)  # else it would be taken as part of the statement
            chosen = sa.select(*chosen.subquery().c)
        key: Any = self.keys[0] if len(self.keys) == 1 else sa.tuple_(*self.keys)
        return statement.where(key.in_(chosen))

    def change_one(self, changes: Mapping[str, Any], *, guarded: bool) -> Statement:
        """Returns the statement that sets fields of the row with a key, and a version when guarded."""
        shape = ("change", tuple(changes), guarded)
        known = self._statements.get(shape)
        if known is not None:
            return known

        def build() -> Any:  # noqa: ANN401
            make = self.expressions()
            new = [(self.table.c[n], make.parameter(self.table.c[n].type)) for n in changes]
            return self._one(make, sa.update(self.table).ordered_values(*new), guarded)

        return self.cached(shape, build)

    def delete_one(self, *, guarded: bool) -> Statement:
        """Returns the statement that deletes the row with a key, and a version when guarded."""

        def build() -> Any:  # noqa: ANN401
            return self._one(self.expressions(), sa.delete(self.table), guarded)

        return self.cached(("remove", guarded), build)

    def _one(self, make: Expressions, statement: Any, guarded: bool) -> Any:  # noqa: ANN401
        for key in self.keys:
            statement = statement.where(key == make.parameter(key.type))
        if guarded and self.mapper.version:
            version = self.table.c[self.mapper.version]
            statement = statement.where(version == make.parameter(version.type))
        return statement

    def _shadows(self, changes: Mapping[str, Any]) -> Row:
        return {
            shadow_name(name): fold(changes[name]) for name in self.mapper.search if name in changes
        }

    def with_shadows(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns changes with the folded copies of the searched fields among them."""
        shadows = self._shadows(changes)
        return {**changes, **shadows} if shadows else changes

    def result(self, field: MappedField) -> Bind | None:
        """Returns what makes a field's value of what the driver returned, or None."""
        return self._result(self.table.c[field.name].type)

    def bind(self, column: sa.Column[Any]) -> Bind | None:
        """Returns what makes the driver's value of a column's, or None."""
        return self._bind(column.type)


def _plain(kind: Any) -> Bind:  # noqa: ANN401 # a SQLAlchemy type
    return _within_64_bits if isinstance(kind, sa.Integer) else _as_it_is


def _as_it_is(value: Any) -> Any:  # noqa: ANN401
    return value


def _within_64_bits(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError("no database has a key of more than 64 bits")
    return value


def _number(name: str) -> int:
    return int(name[1:]) if name[1:].isdigit() else 0


def _windowed(make: Expressions, statement: Any, window: tuple[bool, bool]) -> Any:  # noqa: ANN401
    limited, moved = window
    if limited:
        statement = statement.limit(make.parameter(sa.Integer()))
    return statement.offset(make.parameter(sa.Integer())) if moved else statement
