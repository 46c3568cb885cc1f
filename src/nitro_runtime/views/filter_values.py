"""Values of filters: from the text of an address to what a column holds, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, DecimalException
from typing import Any
from uuid import UUID


def value_of(kind: Any, text: str) -> Any:  # noqa: ANN401 # a type and a value of it
    """Returns a text of an address as a value, or None when it is none that makes sense."""
    if not text or not text.isprintable():
        return None
    try:
        value = _read(kind, text)
        str(value).encode()  # half of a surrogate pair is no text; its error is a ValueError
    except (ValueError, DecimalException, OverflowError):
        return None
    return value


def _read(kind: Any, text: str) -> Any:  # noqa: ANN401 # a type and a value of it
    if isinstance(kind, type):
        for base, read in _READERS:
            if issubclass(kind, base):
                return read(text)
    return text


def _whole(text: str) -> int:
    if len(text) > 19 or not text.removeprefix("-").isdecimal():
        raise ValueError(text)
    value = int(text)
    if abs(value) >= 2**63:
        raise ValueError(text)
    return value


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    # what no column holds; an exponent of millions would be written out on its way
    if not value.is_finite() or not -30 <= value.adjusted() <= 30:
        raise ValueError(text)
    return value


def _float(text: str) -> float:
    return float(_decimal(text))


def _moment(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _clock(text: str) -> time:
    value = time.fromisoformat(text)
    if value.tzinfo:
        raise ValueError(text)
    return value


_READERS: tuple[tuple[type[Any], Callable[[str], Any]], ...] = (
    (int, _whole),
    (float, _float),
    (Decimal, _decimal),
    (datetime, _moment),  # before date, of which it is a subclass
    (date, date.fromisoformat),
    (time, _clock),
    (UUID, UUID),
)
