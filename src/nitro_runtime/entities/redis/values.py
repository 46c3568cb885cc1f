"""Values as texts: what sorts as the values do, and what stands for one value alone.

An index is a sorted set whose members are compared as bytes. A member is a mark, the value's text,
a digest and the row's key, with a NUL between: ``v<text>NUL<digest>NUL<key>``, or ``nNULNUL<key>`` for
a missing value, which so comes before all others. The text is cut short; a value that does not fit
has a digest besides, so that equal values still have a range of their own. A range of texts may hold
more than was asked for and never less: every row is looked at again.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import Any
from uuid import UUID

from nitro_runtime.entities.columns import sortable_text
from nitro_runtime.entities.kinds import ADAPTED, ENUM, JSON
from nitro_runtime.entities.mapper import MappedField, to_utc

Text = Callable[[Any], str]

MISSING = "n"
PRESENT = "v"
AFTER_MISSING, AFTER_PRESENT = "o", "w"
_LONGEST = 64
_LONGEST_UNIQUE = 200
_BIAS = 1 << 79  # beyond 64 bits, and beyond the microseconds of a timedelta
_MICROSECOND = timedelta(microseconds=1)
_GREATEST_CHARACTER = 0x10FFFF


def _whole(value: int) -> str:
    return f"{min(max(value, -_BIAS), _BIAS - 1) + _BIAS:020x}"


def _real(value: float) -> str:
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))  # -0.0 becomes 0.0
    return f"{bits ^ ((1 << 64) - 1 if bits >> 63 else 1 << 63):016x}"


def _clock(value: time) -> str:
    # Times of day with a zone are compared as Python does it: by their moment in UTC.
    day = timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    return _whole((day - (value.utcoffset() or timedelta())) // _MICROSECOND)


_BY_CLASS: dict[type[Any], Text] = {
    bool: lambda v: "1" if v else "0",
    int: _whole,
    float: _real,
    str: str,
    bytes: bytes.hex,
    Decimal: sortable_text,
    datetime: lambda v: to_utc(v).isoformat(timespec="microseconds"),
    date: date.isoformat,
    time: _clock,
    timedelta: lambda v: _whole(v // _MICROSECOND),
    UUID: lambda v: v.hex,
}


def index_text(field: MappedField) -> Text | None:
    """Returns what makes a text of a field's value that sorts as the values do; None if nothing can."""
    if field.kind is ENUM:
        classes: set[type[Any]] = {type(member.value) for member in field.plain}
        plain = _BY_CLASS.get(classes.pop()) if len(classes) == 1 else None
        return None if plain is None else lambda v: plain(v.value if isinstance(v, Enum) else v)
    if field.kind is ADAPTED:
        return str
    return None if field.kind.exact is None else _BY_CLASS[field.kind.exact]


def distinct_text(field: MappedField) -> Text:
    """Returns what makes one text of all equal values of a field, and others of others."""
    if field.kind is JSON or (found := index_text(field)) is None:
        return lambda v: json.dumps(v, sort_keys=True, default=str)
    return found


def key_text(field: MappedField) -> Text:
    """Returns what makes the text of a key that stands in the names of Redis's keys, to be read."""
    if field.kind.exact in (int, UUID):
        return str
    return distinct_text(field)


def unique_text(texts: list[str]) -> str:
    """Returns the text of a unique value, or of several that together are unique."""
    text = texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False)
    return f"={text}" if len(text) <= _LONGEST_UNIQUE else f"#{_digest(text)}"


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def cut(text: str) -> tuple[str, str]:
    """Returns a text as it stands in an index, without a NUL, and the digest of one that was cut."""
    if len(text) <= _LONGEST and "\0" not in text:
        return text, ""
    return text[:_LONGEST].partition("\0")[0], _digest(text)


def prefix_of(text: str | None) -> str:
    """Returns what the members of all rows with a value begin with, and no others."""
    if text is None:
        return f"{MISSING}\0\0"
    short, digest = cut(text)
    return f"{PRESENT}{short}\0{digest}\0"


def equal_range(text: str) -> tuple[str, str]:
    """Returns the first member with a value and what comes after the last one."""
    prefix = prefix_of(text)
    return prefix, f"{prefix[:-1]}\1"


def low_end(text: str) -> str:
    """Returns what no member of this value or a greater one comes before."""
    return f"{PRESENT}{cut(text)[0]}"


def high_end(text: str) -> str:
    """Returns what every member of this value or a smaller one comes before."""
    return f"{PRESENT}{cut(text)[0]}\1"


def beginning_range(text: str) -> tuple[str, str]:
    """Returns the first member whose text begins so and what comes after the last one."""
    short = cut(text)[0]
    return f"{PRESENT}{short}", _successor(short)


def _successor(text: str) -> str:
    while text and ord(text[-1]) == _GREATEST_CHARACTER:
        text = text[:-1]
    if not text:
        return AFTER_PRESENT
    following = ord(text[-1]) + 1
    if following == 0xD800:  # half a surrogate pair is no character
        following = 0xE000
    return f"{PRESENT}{text[:-1]}{chr(following)}"
