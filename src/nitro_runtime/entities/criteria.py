"""Criteria: what a query asks of a row, as a small tree that every backend evaluates the same way.

``Product.price > 10``, ``col(Product.name).icontains("tea")`` and the keyword lookup ``price__gt=10``
all build the same nodes. Logic has three values, as in SQL: a comparison with a missing value (None)
is neither true nor false, so neither ``price > 10`` nor ``~(price > 10)`` finds a row without a price;
ask for it with ``price == None`` or ``price__isnull=True``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast, overload

from nitro_runtime.errors import InvalidQuery

T = TypeVar("T")

Operator = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "between",
    "isnull", "contains", "icontains", "startswith", "like",
]  # fmt: skip


class Criterion:
    """A condition on a row; join them with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def __and__(self, other: Criterion | bool) -> Criterion:
        return Every((*_parts_of(self, Every), as_criterion(other)))

    def __or__(self, other: Criterion | bool) -> Criterion:
        return Either((*_parts_of(self, Either), as_criterion(other)))

    def __invert__(self) -> Criterion:
        return Negation(self)

    def __bool__(self) -> bool:
        # `a and b` would silently drop a; `1 < Product.price < 5` would drop half of it.
        raise InvalidQuery(
            "A criterion has no truth value: join criteria with & | ~, not and, or, not."
        )

    def __clause_element__(self) -> Any:  # noqa: ANN401 # SQLAlchemy's protocol
        """Returns the SQLAlchemy expression of this criterion, which SQLAlchemy asks for."""
        from nitro_runtime.entities.sql.expressions import expression_of

        return expression_of(self)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Criterion):
    """One field compared with a value.

    Attributes:
        field: The field's name.
        operator: How it is compared.
        value: What with: a value, a tuple of them (``in``, ``between``), or another `Attribute`.
        entity: The class whose field it is; None before a query set knows.
    """

    field: str
    operator: Operator
    value: Any
    entity: type[Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Every(Criterion):
    """All the parts hold; with no part, always."""

    parts: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Either(Criterion):
    """At least one of the parts holds; with no part, never."""

    parts: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Negation(Criterion):
    """The part does not hold."""

    part: Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Linked(Criterion):
    """The row's field stands in rows of another entity: how tags of a product are found.

    False, and never unknown, where the field is None.

    Attributes:
        field: The field, mostly a key or a foreign key.
        through: The other entity.
        column: The field of the other entity in which it stands.
        where: What the other entity's rows fulfil, checked.
    """

    field: str
    through: type[Any]
    column: str
    where: Criterion


def _parts_of(criterion: Criterion, joint: type[Every] | type[Either]) -> tuple[Criterion, ...]:
    """Keeps a long chain of ``|`` or ``&`` flat."""
    return criterion.parts if isinstance(criterion, joint) else (criterion,)


def as_criterion(value: object) -> Criterion:
    """Returns the value if it is a criterion.

    Type checkers see ``Product.price > 10`` as a bool, so signatures admit one; a real bool is a
    comparison of two plain values, made by mistake.

    Raises:
        InvalidQuery: It is something else.
    """
    if isinstance(value, Criterion):
        return value
    raise InvalidQuery(
        f"{value!r} is not a criterion; compare a field of the class, as in Product.price > 10."
    )


@dataclass(frozen=True, slots=True)
class Ordering:
    """One field to sort by, made by `Attribute.asc` and `Attribute.desc`."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A field's new value reckoned from its old one in the database: ``Product.stock + 5``."""

    field: str
    operator: Literal["+", "-", "*"]
    amount: Any


_Exact: TypeAlias = "Attribute[Decimal] | Attribute[Decimal | None]"
"""A field of Decimals, which whole numbers are compared with as well."""


class Attribute(Generic[T]):
    """A field of an entity class: what ``Product.price`` is on the class."""

    __slots__ = ("entity", "name")

    def __init__(self, entity: type[Any], name: str) -> None:
        self.entity: type[Any] = entity
        self.name: str = name

    def _compare(self, operator: Operator, value: object) -> Criterion:
        return Comparison(self.name, operator, value, self.entity)

    def __eq__(self, value: T | None) -> Criterion:  # type: ignore[override] # as SQLAlchemy's columns
        return self._compare("eq", value)

    def __ne__(self, value: T | None) -> Criterion:  # type: ignore[override]
        return self._compare("ne", value)

    @overload
    def __gt__(self: _Exact, value: Decimal | int) -> Criterion: ...
    @overload
    def __gt__(self, value: T) -> Criterion: ...
    def __gt__(self, value: Any) -> Criterion:
        return self._compare("gt", value)

    @overload
    def __ge__(self: _Exact, value: Decimal | int) -> Criterion: ...
    @overload
    def __ge__(self, value: T) -> Criterion: ...
    def __ge__(self, value: Any) -> Criterion:
        return self._compare("gte", value)

    @overload
    def __lt__(self: _Exact, value: Decimal | int) -> Criterion: ...
    @overload
    def __lt__(self, value: T) -> Criterion: ...
    def __lt__(self, value: Any) -> Criterion:
        return self._compare("lt", value)

    @overload
    def __le__(self: _Exact, value: Decimal | int) -> Criterion: ...
    @overload
    def __le__(self, value: T) -> Criterion: ...
    def __le__(self, value: Any) -> Criterion:
        return self._compare("lte", value)

    def __hash__(self) -> int:
        return hash((self.entity, self.name))

    def __add__(self, amount: T) -> Arithmetic:
        return Arithmetic(self.name, "+", amount)

    def __sub__(self, amount: T) -> Arithmetic:
        return Arithmetic(self.name, "-", amount)

    def __mul__(self, amount: T) -> Arithmetic:
        return Arithmetic(self.name, "*", amount)

    def in_(self, values: Iterable[T | None]) -> Criterion:
        """The field is one of the values; None among them means a missing value."""
        return self._compare("in", tuple(values))

    def not_in(self, values: Iterable[T]) -> Criterion:
        """The field is none of the values."""
        return Negation(self.in_(values))

    def between(self, low: T, high: T) -> Criterion:
        """The field lies between the two, both included."""
        return self._compare("between", (low, high))

    def is_(self, value: T | None) -> Criterion:
        """The field is the value; mostly written as ``is_(None)``."""
        return self._compare("eq", value)

    def is_not(self, value: T | None) -> Criterion:
        """The field is not the value; mostly written as ``is_not(None)``."""
        return self._compare("ne", value)

    def contains(self, text: str) -> Criterion:
        """The text occurs in the field, exactly as written."""
        return self._compare("contains", text)

    def icontains(self, text: str) -> Criterion:
        """The text occurs in the field, in any case of letters of any language."""
        return self._compare("icontains", text)

    def startswith(self, text: str) -> Criterion:
        """The field begins with the text, exactly as written."""
        return self._compare("startswith", text)

    def like(self, pattern: str) -> Criterion:
        r"""The whole field fits the pattern, case mattering: ``%`` any text, ``_`` one character, ``\`` escapes."""
        return self._compare("like", pattern)

    def asc(self) -> Ordering:
        """Sorts by this field, smallest first."""
        return Ordering(self.name)

    def desc(self) -> Ordering:
        """Sorts by this field, greatest first."""
        return Ordering(self.name, descending=True)

    def __clause_element__(self) -> Any:  # noqa: ANN401 # SQLAlchemy's protocol
        """Returns the SQLAlchemy column, so that ``select(Product.price)`` works."""
        return self.entity.table.c[self.name]

    def __repr__(self) -> str:
        return f"{self.entity.__name__}.{self.name}"


def col(field: T) -> Attribute[T]:
    """Returns the attribute of a class as what it is, for type checkers.

    ``Product.name`` is a `str` to a type checker; ``col(Product.name).icontains("tea")`` is typed.

    Raises:
        InvalidQuery: It is not an attribute of an entity class.
    """
    if isinstance(field, Attribute):
        return cast("Attribute[T]", field)
    raise InvalidQuery(
        f"col() takes a field of an entity class, as in col(Product.name), not {field!r}."
    )


def compared_field(value: object) -> str | None:
    """Returns the field's name if a comparison's value is another field of the row, else None."""
    return cast("Attribute[Any]", value).name if isinstance(value, Attribute) else None
