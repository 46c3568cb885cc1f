"""Column types, for tables that Nitro builds and for migrations: one type, the same answers everywhere.

A migration names them as their `repr` writes them, without importing the app: ``ExactText(80)``,
``ExactDecimal(10, 2)``, ``EnumText(32)``. Their processors make what a driver's own cursor takes and
gives, as statements run there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, Numeric, String, Text, types
from sqlalchemy import Double as SqlDouble
from sqlalchemy.engine import Dialect

from nitro_runtime.entities.decimals import (
    from_sortable_text,
    is_unusual,
    quantized,
    sortable_text,
    trimmed,
)
from nitro_runtime.entities.json_values import json_safe


class _Processor(Protocol):
    def __call__(self, value: Any) -> Any: ...  # noqa: ANN401 # a value of either side


_SCALED_DIGITS = 18  # what fits into a 64-bit integer with certainty
_INDEXED = 255  # characters, or bytes, that MySQL and MariaDB can index of each of three columns
_VARCHAR = 768  # characters of utf8mb4 that they can index at most
_MYSQL_DIGITS, _MYSQL_PLACES = 65, 30


def is_mysql(dialect: Dialect) -> bool:
    """Whether a dialect is of MySQL or MariaDB."""
    return dialect.name in ("mysql", "mariadb")


def _mysql() -> Any:  # noqa: ANN401 # SQLAlchemy's module, which only an app that uses it has to load
    from sqlalchemy.dialects import mysql

    return mysql


def _text(dialect: Dialect, length: int | None, *, indexed: bool) -> types.TypeEngine[Any]:
    """Returns a text whose order is that of the characters' numbers, and where no two are alike."""
    if is_mysql(dialect):
        known_as_mariadb: bool = getattr(dialect, "is_mariadb", False)
        # Both mind blanks at the end, as utf8mb4_bin does not.
        collation = "utf8mb4_nopad_bin" if known_as_mariadb else "utf8mb4_0900_bin"
        length = _INDEXED if length is None and indexed else length
        if length is None or (length > _VARCHAR and not indexed):
            return _mysql().LONGTEXT(charset="utf8mb4", collation=collation)
        return _mysql().VARCHAR(length, charset="utf8mb4", collation=collation)
    collation = "C" if dialect.name == "postgresql" else None
    return Text(collation=collation) if length is None else String(length, collation=collation)


class ExactText(types.TypeDecorator[str]):
    """Text that differs wherever a character does, and sorts by the characters' numbers.

    Args:
        length: The most characters, or None for any number.
        indexed: Whether a key or an index needs it. Without a length it then has room for 255
            characters on MySQL and MariaDB, which index no longer texts; elsewhere it means nothing.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None, *, indexed: bool = False) -> None:
        self.length = length
        self.indexed = indexed
        super().__init__(length)

    def __repr__(self) -> str:
        if self.length is not None and self.length <= _VARCHAR:
            return f"ExactText({self.length})"
        return f"ExactText({_arguments(self.length, self.indexed)})"

    def room(self, dialect: Dialect) -> int | None:
        """Returns how many characters there is room for; None for any number."""
        return self.length or (_INDEXED if self.indexed and is_mysql(dialect) else None)

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        return _text(dialect, self.length, indexed=self.indexed)

    def bind_processor(self, dialect: Dialect) -> _Processor | None:
        """Returns what checks a text, where the driver does not."""
        return _encodable if is_mysql(dialect) else None

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor | None:
        """Returns None: drivers return text."""
        return None


def _encodable(value: str | None) -> str | None:
    # PyMySQL would send some halves of surrogate pairs as broken bytes.
    if value is not None and not value.isascii():
        value.encode()
    return value


def _arguments(length: int | None, indexed: bool) -> str:
    parts = [] if length is None else [str(length)]
    return ", ".join([*parts, "indexed=True"] if indexed else parts)


class ExactBytes(types.TypeDecorator[bytes]):
    """Bytes, as many as there may be.

    Args:
        length: The most bytes, or None for any number; it counts where they are indexed.
        indexed: Whether a key or an index needs them; see `ExactText`.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, length: int | None = None, *, indexed: bool = False) -> None:
        self.length = length
        self.indexed = indexed
        super().__init__()

    def __repr__(self) -> str:
        return f"ExactBytes({_arguments(self.length if self.indexed else None, self.indexed)})"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        if not is_mysql(dialect):
            return LargeBinary()
        return _mysql().VARBINARY(self.length or _INDEXED) if self.indexed else _mysql().LONGBLOB()


class Double(types.TypeDecorator[float]):
    """A number with a fraction, of 64 bits."""

    impl = SqlDouble
    cache_ok = True

    def __repr__(self) -> str:
        return "Double()"

    def bind_processor(self, dialect: Dialect) -> _Processor | None:
        """Returns None: drivers take floats."""
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor | None:
        """Returns None: drivers return floats."""
        return None


class ExactDecimal(types.TypeDecorator[Decimal]):
    """A Decimal that keeps every digit on every database.

    On SQLite, whose NUMERIC loses digits after 15, it is an integer scaled by the decimal places;
    with no places given, or more than 18 digits, a text that sorts as the numbers do. MySQL and
    MariaDB keep 35 digits before the point and 30 after it where no places are given.

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

    def __repr__(self) -> str:
        if self.scale is None:
            return f"ExactDecimal({'' if self.precision is None else self.precision})"
        return f"ExactDecimal({self.precision}, {self.scale})"

    @property
    def is_scaled(self) -> bool:
        """Whether SQLite keeps it as an integer."""
        return self.scale is not None and (self.precision or _SCALED_DIGITS) <= _SCALED_DIGITS

    def room(self, dialect: Dialect) -> tuple[int, int] | None:
        """Returns how many digits there may be before and after the point; None for any number."""
        if not is_mysql(dialect):
            return None
        digits, places = self._mysql_size()
        return digits - places, places

    def _mysql_size(self) -> tuple[int, int]:
        if self.scale is not None and self.scale <= _MYSQL_PLACES:
            digits = max(self.precision or _SCALED_DIGITS, self.scale)
            if digits <= _MYSQL_DIGITS:
                return digits, self.scale
        return _MYSQL_DIGITS, _MYSQL_PLACES

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        if dialect.name == "sqlite":
            return BigInteger() if self.is_scaled else Text()
        if is_mysql(dialect):
            return _mysql().DECIMAL(*self._mysql_size())
        if self.scale is None:
            return Numeric()
        return Numeric(max(self.precision or _SCALED_DIGITS, self.scale), self.scale)

    def bind_processor(self, dialect: Dialect) -> _Processor | None:
        """Returns what makes the driver's value of a Decimal."""
        if dialect.name != "sqlite":
            return _written_out if is_mysql(dialect) else _usual
        if self.is_scaled:
            scale = self.scale or 0
            return lambda value: None if value is None else int(value.scaleb(scale))
        return lambda value: None if value is None else sortable_text(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor | None:
        """Returns what makes a Decimal of the driver's value."""
        make = self._from_sqlite() if dialect.name == "sqlite" else self._from_numeric()
        return lambda value: None if value is None else make(value)

    def _from_sqlite(self) -> Callable[[Any], Decimal]:
        scale = self.scale or 0
        if self.is_scaled:
            return lambda value: Decimal(value).scaleb(-scale)
        if self.scale is None:
            return from_sortable_text
        quantum = Decimal(1).scaleb(-scale)
        return lambda value: quantized(from_sortable_text(value), quantum)

    def _from_numeric(self) -> Callable[[Decimal], Decimal]:
        if self.scale is None:
            return trimmed
        quantum = Decimal(1).scaleb(-self.scale)
        return lambda value: quantized(value, quantum)


def _usual(value: Decimal | None) -> Decimal | None:
    if value is not None and is_unusual(value):
        raise ValueError(f"{value} is too great to be stored.")
    return value


def _written_out(value: Decimal | None) -> Decimal | None:
    # MySQL takes 1E+3 for a float.
    return Decimal(format(value, "f")) if value is not None and "E" in str(value) else value


class UtcDateTime(types.TypeDecorator[datetime]):
    """A moment, kept in UTC and given back in UTC; one without a zone is taken to be UTC."""

    impl = DateTime
    cache_ok = True

    def __repr__(self) -> str:
        return "UtcDateTime()"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database: with a zone where there is one."""
        if is_mysql(dialect):
            return _mysql().DATETIME(fsp=6)
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


class ExactTime(types.TypeDecorator[time]):
    """A time of day, to the microsecond, without a zone."""

    impl = types.Time
    cache_ok = True

    def __repr__(self) -> str:
        return "ExactTime()"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        if is_mysql(dialect):
            return _mysql().TIME(fsp=6)
        return dialect.type_descriptor(types.Time())

    def process_bind_param(self, value: time | None, dialect: Dialect) -> time | None:
        """Refuses a zone, which would be lost."""
        if value is not None and value.tzinfo is not None:
            raise ValueError("A time of day is kept without a zone.")
        return value


class ExactUuid(types.TypeDecorator[UUID]):
    """A UUID that sorts as its number does: PostgreSQL's own type, elsewhere 32 hexadecimal digits.

    MariaDB's own type sorts the parts of a UUID in another order.
    """

    impl = types.Uuid
    cache_ok = True

    def __repr__(self) -> str:
        return "ExactUuid()"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        return types.Uuid(native_uuid=dialect.name == "postgresql")


class EnumText(types.TypeDecorator[Any]):
    """An enum's value as text: no native type of the database that each new member has to alter.

    Args:
        members: The enum, or, in a migration, only the greatest length of its values.
    """

    impl = String
    cache_ok = True

    def __init__(self, members: type[Enum] | int = 32) -> None:
        self.members = members
        self._by_text: dict[str, Enum] | None = None
        if isinstance(members, int):
            self.length = members
        else:
            self._by_text = {str(member.value): member for member in members.__members__.values()}
            self.length = max(32, *map(len, self._by_text))
        super().__init__(self.length)

    def __repr__(self) -> str:
        return f"EnumText({self.length})"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        return _text(dialect, self.length, indexed=False)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """Makes the stored value of a member."""
        return str(value.value) if isinstance(value, Enum) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes a member of the stored value.

        Raises:
            ValueError: No member has it.
        """
        if value is None or self._by_text is None:
            return value
        members: Any = self.members  # asked last, as an enum may know former values
        return self._by_text[value] if value in self._by_text else members(value)


class EnumInteger(types.TypeDecorator[Any]):
    """An enum whose values are whole numbers; a migration leaves the enum out."""

    impl: Any = BigInteger
    cache_ok = True

    def __init__(self, members: type[Enum] | None = None) -> None:
        self.members = members
        super().__init__()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes the stored value of a member."""
        return value.value if isinstance(value, Enum) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes a member of the stored value.

        Raises:
            ValueError: No member has it.
        """
        return value if value is None or self.members is None else self.members(value)


class EnumDouble(EnumInteger):
    """An enum whose values are numbers, some of them with a fraction."""

    impl: Any = Double

    def process_bind_param(self, value: Any, dialect: Dialect) -> float | None:  # noqa: ANN401
        """Makes the stored value of a member."""
        return None if value is None else float(value.value if isinstance(value, Enum) else value)


class Duration(types.TypeDecorator[timedelta]):
    """A span of time in whole microseconds, so that it sorts and keeps its sign everywhere."""

    impl = BigInteger
    cache_ok = True

    def __repr__(self) -> str:
        return "Duration()"

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Makes the stored value of a span."""
        return None if value is None else value // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:  # noqa: ANN401
        """Makes a span of the stored value."""
        return None if value is None else timedelta(microseconds=value)


class JSON(types.TypeDecorator[Any]):
    """Lists, dictionaries and models as JSON; None is the database's NULL.

    It is kept as text: a database's own form of JSON would round numbers and sort keys.

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

    def __repr__(self) -> str:
        return "JSON()"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        if dialect.name == "postgresql":
            return types.JSON()  # not JSONB: it keeps the text
        return _text(dialect, None, indexed=False)

    def bind_processor(self, dialect: Dialect) -> _Processor:
        """Returns what makes the text of a field's value."""
        dump = self._dump

        def process(value: Any) -> str | None:  # noqa: ANN401
            if value is None:
                return None
            plain = dump(value) if dump else value
            text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            if "\ufffd" in text:  # what pydantic may have put in place of half a surrogate pair
                json.dumps(json_safe(value), ensure_ascii=False).encode()
            return _encodable(text)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> _Processor | None:
        """Returns what makes a field's value of what the driver returns: psycopg reads JSON itself."""
        load, reads = self._load, dialect.name != "postgresql"

        def process(value: Any) -> Any:  # noqa: ANN401
            if value is None:
                return None
            plain = json.loads(value) if reads else value
            return load(plain) if load else plain

        return process if reads or load else None


class AdaptedText(types.TypeDecorator[Any]):
    """A value kept as its text: an IP address, a path, a URL.

    Args:
        load: Makes the value of its text; a migration leaves it out.
        indexed: Whether a key or an index needs it; see `ExactText`.
    """

    impl = Text
    cache_ok = False

    def __init__(self, load: Callable[[Any], Any] | None = None, *, indexed: bool = False) -> None:
        self._load = load
        self.indexed = indexed
        super().__init__()

    def __repr__(self) -> str:
        return f"AdaptedText({_arguments(None, self.indexed)})"

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Chooses the column type of a database."""
        return _text(dialect, None, indexed=self.indexed)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """Makes the stored value."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Makes the value of its text."""
        return self._load(value) if self._load and value is not None else value
