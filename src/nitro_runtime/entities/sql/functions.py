"""What databases call differently, as SQLAlchemy constructs that each dialect writes in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from nitro_runtime.entities.text import like_escaped, like_glob


class _Test(FunctionElement[bool]):
    """A condition on a column and a value."""

    inherit_cache = True
    type = sa.Boolean()


class Contains(_Test):
    """Whether a text has another in it. No LIKE: nothing is escaped, and the case is minded."""

    inherit_cache = True
    name = "nitro_contains"


class IsAscii(FunctionElement[bool]):
    """Whether a text has no character but ASCII's."""

    inherit_cache = True
    type = sa.Boolean()
    name = "nitro_is_ascii"


class AsciiContains(_Test):
    """Whether a text of ASCII characters has another in it, in any case of its letters."""

    inherit_cache = True
    name = "nitro_ascii_contains"


class StartsWith(_Test):
    """Whether a text begins with another."""

    inherit_cache = True
    name = "nitro_starts_with"


class Like(_Test):
    """Whether a text fits a pattern with ``%`` and ``_``; the case is minded."""

    inherit_cache = True
    name = "nitro_like"


class LikePattern(types.TypeDecorator[str]):
    """The pattern of `Like`, as each database takes it."""

    impl = types.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Makes the database's pattern of Nitro's."""
        if value is None:
            return None
        return like_glob(value) if dialect.name == "sqlite" else like_escaped(value)


class Factor(types.TypeDecorator[int]):
    """What a whole number is multiplied by on SQLite, whose driver takes no Decimal."""

    impl = types.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int:  # noqa: ANN401 # a number
        """Makes the driver's value."""
        return int(value)


class Members(types.TypeDecorator[Any]):
    """Several values of a column as one parameter: PyMySQL writes a tuple out.

    Args:
        kind: The column's type.
    """

    impl = types.NullType
    cache_ok = True

    def __init__(self, kind: types.TypeEngine[Any]) -> None:
        self.kind = kind
        super().__init__()

    def bind_processor(self, dialect: Dialect) -> Any:  # noqa: ANN401 # a function
        """Returns what makes the driver's values of a list of them."""
        process: Any = self.kind.dialect_impl(dialect).bind_processor(dialect)

        def written(value: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(value) if process is None else tuple(map(process, value))

        return written


def _operands(element: Any, compiler: Any, **kw: Any) -> tuple[str, str]:  # noqa: ANN401
    left, right = element.clauses
    return compiler.process(left, **kw), compiler.process(right, **kw)


@compiles(Contains)
def _contains(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    # instr minds case, needs no escaping and is not stopped by a NUL character.
    return "instr({}, {}) > 0".format(*_operands(element, compiler, **kw))


@compiles(Contains, "postgresql")
def _contains_postgres(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    return "strpos({}, {}) > 0".format(*_operands(element, compiler, **kw))


@compiles(IsAscii)
def _is_ascii(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    (column,) = element.clauses
    text = compiler.process(column, **kw)
    return f"octet_length({text}) = char_length({text})"


@compiles(IsAscii, "postgresql")
def _is_ascii_postgres(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    (column,) = element.clauses
    text = compiler.process(column, **kw)
    return f"octet_length(convert_to({text}, 'UTF8')) = char_length({text})"


@compiles(AsciiContains)
def _ascii_contains(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    column, _ = element.clauses
    plain = compiler.process(IsAscii(column), **kw)
    return "({} AND instr(lower({}), {}) > 0)".format(plain, *_operands(element, compiler, **kw))


@compiles(AsciiContains, "postgresql")
def _ascii_contains_postgres(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    column, _ = element.clauses
    plain = compiler.process(IsAscii(column), **kw)
    # "C": in Turkish, the small I would be another letter.
    return '({} AND strpos(lower({} COLLATE "C"), {}) > 0)'.format(
        plain, *_operands(element, compiler, **kw)
    )


@compiles(StartsWith)
def _starts_with(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    return "instr({}, {}) = 1".format(*_operands(element, compiler, **kw))


@compiles(StartsWith, "postgresql")
def _starts_with_postgres(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    return "starts_with({}, {})".format(*_operands(element, compiler, **kw))


@compiles(Like)
def _like(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    return "{} LIKE {}".format(*_operands(element, compiler, **kw))


@compiles(Like, "sqlite")
def _like_sqlite(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    return "{} GLOB {}".format(*_operands(element, compiler, **kw))  # its LIKE folds ASCII


def ordered(column: Any, *, descending: bool, dialect: str) -> Any:  # noqa: ANN401
    """Returns a column as ORDER BY lists it: a missing value is smaller than any other."""
    order = column.desc() if descending else column.asc()
    if dialect != "postgresql" or not column.nullable:
        return order  # where missing values are the smallest by themselves
    return order.nulls_last() if descending else order.nulls_first()
