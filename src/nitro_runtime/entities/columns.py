"""Column types, for tables that Nitro builds and for migrations.

A migration names them without importing the app: ``ExactDecimal(10, 2)``, ``EnumText(32)``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Numeric, String, Text, types
from sqlalchemy.engine import Dialect

_SCALED_DIGITS = 18  # what fits into a 64-bit integer with certainty
_BIAS = 5000  # above every exponent of a Decimal that a person writes
_GREATEST_PLACE = 9999
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


# Python's own context has 28 digits; a column may have more.
WIDE = Context(prec=5_100, traps=[InvalidOperation])


def quantized(value: Decimal, quantum: Decimal) -> Decimal:
    """Returns a number with exactly the decimal places of the quantum, however many digits it has.

    Raises:
        InvalidOperation: It has more digits than any column.
    """
    return value.quantize(quantum, context=WIDE)


class ExactDecimal(types.TypeDecorator[Decimal]):
    """A Decimal that keeps every digit on every database.

    On SQLite, whose NUMERIC loses digits after 15, it is an integer scaled by the decimal places;
    with no places given, or more than 18 digits, a text that sorts as the numbers do.

    Args:
        precision: Digits in all, or None for any number.
        scale: Digits after the point, or None for any number.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None) -> None:
        self.precision = precision
        self.scale = scale
        super().__init__(precision, scale)

    @property
    def is_scaled(self) -> bool:
        """Whether SQLite keeps it as an integer."""
        return self.scale is not None and (self.precision or _SCALED_DIGITS) <= _SCALED_DIGITS

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(Numeric(self.precision, self.scale))
        return dialect.type_descriptor(BigInteger() if self.is_scaled else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes the stored value of a Decimal."""
        if value is None or dialect.name != "sqlite":
            return value
        return int(value.scaleb(self.scale or 0)) if self.is_scaled else sortable_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ANN401
        """Makes a Decimal of the stored value."""
        if value is None or dialect.name != "sqlite":
            return value
        if not self.is_scaled:
            number = from_sortable_text(value)
            return (
                number if self.scale is None else quantized(number, Decimal(1).scaleb(-self.scale))
            )
        return Decimal(value).scaleb(-(self.scale or 0))


def sortable_text(value: Decimal) -> str:
    """Returns a text that sorts among others as the numbers do, and holds every digit.

    ``1`` zero, ``2`` a positive number, ``0`` a negative one; then the exponent and the digits, of a
    negative number complemented, and there a ``~`` so that the shorter comes last.
    """
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("Only finite decimals can be stored.")
    # By hand: Decimal.normalize would round to the digits of the current context.
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "1"
    place = exponent + len(text) + _BIAS
    if not 0 <= place <= _GREATEST_PLACE:
        raise ValueError(f"{value} is too great or too small to be stored.")
    body = f"{place:04d}{text.rstrip('0')}"
    return f"0{body.translate(_COMPLEMENT)}~" if sign else f"2{body}"


def from_sortable_text(text: str) -> Decimal:
    """Returns the number that `sortable_text` made the text of."""
    if text == "1":
        return Decimal(0)
    negative = text[0] == "0"
    body = text[1:-1].translate(_COMPLEMENT) if negative else text[1:]
    digits, exponent = body[4:], int(body[:4]) - _BIAS - len(body[4:])
    # Whole numbers are written out: 100 and not 1E+2.
    whole = digits + "0" * max(0, exponent)
    return Decimal((int(negative), tuple(map(int, whole)), min(exponent, 0)))


class UtcDateTime(types.TypeDecorator[datetime]):
    """A moment, kept in UTC and given back in UTC; one without a zone is taken to be UTC."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database: with a zone where there is one."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Makes the stored value of a moment."""
        if value is None:
            return None
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Makes a moment of the stored value."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(types.TypeDecorator[Any]):
    """An enum's value as text: no native type of the database that each new member has to alter.

    Args:
        members: The enum, or, in a migration, only the greatest length of its values.
    """

    impl = String
    cache_ok = True

    def __init__(self, members: type[Enum] | int = 32) -> None:
        self.members = members
        if isinstance(members, int):
            length = members
        else:
            length = max(32, *(len(str(member.value)) for member in members))
        super().__init__(length)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """Makes the stored value of a member."""
        return value.value if isinstance(value, Enum) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes a member of the stored value.

        Raises:
            ValueError: No member has it.
        """
        return value if value is None or isinstance(self.members, int) else self.members(value)


class EnumInteger(EnumText):
    """An enum whose values are whole numbers."""

    impl = BigInteger

    def __init__(self, members: type[Enum] | int = 0) -> None:
        self.members = members
        types.TypeDecorator.__init__(self)  # pyright: ignore[reportUnknownMemberType]


class Duration(types.TypeDecorator[timedelta]):
    """A span of time in whole microseconds, so that it sorts and keeps its sign everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Makes the stored value of a span."""
        return None if value is None else value // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:  # noqa: ANN401
        """Makes a span of the stored value."""
        return None if value is None else timedelta(microseconds=value)


class JSON(types.TypeDecorator[Any]):
    """Lists, dictionaries and models as JSON; None is the database's NULL.

    Args:
        dump: Makes plain JSON values of a field's value; a migration leaves it out.
        load: Makes a field's value of plain JSON values.
    """

    impl = types.JSON
    cache_ok = False

    def __init__(
        self, dump: Callable[[Any], Any] | None = None, load: Callable[[Any], Any] | None = None
    ) -> None:
        self._dump = dump
        self._load = load
        super().__init__()

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else types.JSON(True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes the stored value."""
        if value is None:
            return None
        plain = self._dump(value) if self._dump else value
        if dialect.name != "sqlite":
            return plain
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes the field's value of the stored one."""
        if value is None:
            return None
        plain = json.loads(value) if dialect.name == "sqlite" else value
        return self._load(plain) if self._load else plain


class AdaptedText(types.TypeDecorator[Any]):
    """A value kept as its text: an IP address, a path, a URL.

    Args:
        load: Makes the value of its text; a migration leaves it out.
    """

    impl = Text
    cache_ok = False

    def __init__(self, load: Callable[[Any], Any] | None = None) -> None:
        self._load = load
        super().__init__()

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """Makes the stored value."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes the value of its text."""
        return self._load(value) if self._load and value is not None else value
