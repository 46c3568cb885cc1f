"""Rows as JSON documents, exact for every kind of field: what Redis, the browser and files keep.

A number with all its digits is text, a moment is ISO 8601 in UTC, a span of time is whole
microseconds, bytes are base64, an enum's member is its value; what no JSON number can be (infinity)
is text too. Reading is strict: a value of another JSON type than its field's is an `InvalidRow`.

A document may be older than its class: what it lacks is filled with the field's default, and what
the class no longer has is dropped. Nothing here knows where documents are kept.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, NoReturn, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter

from nitro_runtime.entities.columns import quantized
from nitro_runtime.entities.kinds import ADAPTED, ENUM, JSON
from nitro_runtime.entities.mapper import MappedField, Mapper, Row, to_utc
from nitro_runtime.entities.storable import is_storable_text
from nitro_runtime.errors import InvalidRow
from nitro_runtime.strict_json import refuse

Document = dict[str, Any]
"""JSON values by field name."""

Convert = Callable[[Any], Any]

_WRONG = (ValueError, TypeError, LookupError, ArithmeticError)
_MICROSECOND = timedelta(microseconds=1)
_SCALARS = (str, int, float)


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """What makes documents of rows of one entity, and rows of documents, worked out once.

    Attributes:
        encode: Makes the document of a whole row.
        decode: Makes the row of a document; raises `InvalidRow`.
        encoders: By field name, what makes a JSON value of a value that is not None.
    """

    encode: Callable[[Row], Document]
    decode: Callable[[Document], Row]
    encoders: dict[str, Convert]


_codecs: WeakKeyDictionary[Mapper, Codec] = WeakKeyDictionary()


def codec_of(mapper: Mapper) -> Codec:
    """Returns the codec of an entity; it is made at the first call. Safe from every thread."""
    found = _codecs.get(mapper)
    if found is None:
        found = _codecs[mapper] = _codec(mapper)
    return found


def to_document(mapper: Mapper, row: Row) -> Document:
    """Returns a whole row as JSON values by field name."""
    return codec_of(mapper).encode(row)


def from_document(mapper: Mapper, document: object) -> Row:
    """Returns the row of a document, with every type checked.

    Raises:
        InvalidRow: It is no JSON object, a value has a wrong type, or one without a default is missing.
    """
    if not isinstance(document, dict):
        raise InvalidRow(mapper.info.table, None, "it is no JSON object.")
    return codec_of(mapper).decode(cast("Document", document))


def to_json(mapper: Mapper, row: Row) -> str:
    """Returns a whole row as JSON text.

    Raises:
        ValueError: A list or dictionary in it holds infinity or no number (NaN).
    """
    return json_text(codec_of(mapper).encode(row))


def json_text(document: Document) -> str:
    """Returns a document as JSON text: short, and any letter as itself.

    Raises:
        ValueError: A list or dictionary in it holds infinity or no number (NaN).
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(mapper: Mapper, text: str | bytes) -> Row:
    """Returns the row of a JSON text, with every type checked.

    Raises:
        InvalidRow: It is no such text, or `from_document` refuses what it says.
    """
    try:
        document: object = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):  # also bytes that are no UTF-8, and endless brackets
        raise InvalidRow(mapper.info.table, None, "it is no JSON text.") from None
    return from_document(mapper, document)


# -- values ---------------------------------------------------------------------------------------


def _text(value: Any) -> str:  # noqa: ANN401 # any JSON value
    if type(value) is not str:
        raise TypeError
    return value


def _storable(value: Any) -> str:  # noqa: ANN401
    if type(value) is not str or not is_storable_text(value):
        raise TypeError
    return value


def _whole(value: Any) -> int:  # noqa: ANN401
    if type(value) is not int:
        raise TypeError
    return value


def _truth(value: Any) -> bool:  # noqa: ANN401
    if type(value) is not bool:
        raise TypeError
    return value


def _from_float(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _to_float(value: Any) -> float:  # noqa: ANN401
    if type(value) is float:
        return value
    # JavaScript writes 1.0 as 1.
    return float(value) if value in ("inf", "-inf", "nan") else float(_whole(value))


def _to_decimal(quantum: Decimal | None, value: Any) -> Decimal:  # noqa: ANN401
    number = Decimal(_text(value))
    if not number.is_finite():
        raise ValueError
    if quantum is None:
        return number
    exact = quantized(number, quantum)
    if exact != number:
        raise ValueError
    return exact


def _from_moment(value: datetime) -> str:
    return to_utc(value).isoformat()


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value


_Pair = tuple[Convert, Convert]

_BY_CLASS: dict[type[Any], _Pair] = {
    bool: (_plain, _truth),
    int: (_plain, _whole),
    float: (_from_float, _to_float),
    str: (_plain, _storable),
    bytes: (lambda v: b64encode(v).decode(), lambda v: b64decode(_text(v), validate=True)),
    datetime: (_from_moment, lambda v: to_utc(datetime.fromisoformat(_text(v)))),
    date: (date.isoformat, lambda v: date.fromisoformat(_text(v))),
    time: (time.isoformat, lambda v: time.fromisoformat(_text(v))),
    timedelta: (lambda v: v // _MICROSECOND, lambda v: timedelta(microseconds=_whole(v))),
    UUID: (str, lambda v: UUID(_text(v))),
}


def _converters(field: MappedField, quantum: Decimal | None) -> _Pair:
    """Returns what makes a JSON value of a field's value, and back; neither ever sees None."""
    if field.kind is ENUM:
        return _from_member, _member_reader(field.plain)
    if field.kind in (ADAPTED, JSON):
        adapter: TypeAdapter[Any] = TypeAdapter(field.plain)
        if field.kind is ADAPTED:
            return str, lambda v: adapter.validate_python(_storable(v))
        return partial(adapter.dump_python, mode="json"), adapter.validate_python
    exact = field.kind.exact
    assert exact is not None  # noqa: S101 # every other kind has one class
    if exact is Decimal:
        return str, partial(_to_decimal, quantum)
    return _BY_CLASS[exact]


def _from_member(value: Any) -> Any:  # noqa: ANN401 # an enum's member, or its value
    if not isinstance(value, Enum):
        return value
    return value.value if isinstance(value.value, _SCALARS) else value.name


def _member_reader(members: type[Enum]) -> Convert:
    known: dict[tuple[Any, Any], Enum] = {}
    for member in members:
        plain = _from_member(member)
        known[type(plain), plain] = member
    classes = {kind for kind, _ in known}

    def read(value: Any) -> Enum:  # noqa: ANN401
        if type(value) not in classes:
            raise TypeError
        found = known.get((cast("Any", type(value)), value))
        return members(value) if found is None else found  # an enum may know more: `_missing_`

    return read


# -- rows -----------------------------------------------------------------------------------------


def _codec(mapper: Mapper) -> Codec:
    pairs = {
        name: _converters(field, mapper.decimals.get(name)) for name, field in mapper.fields.items()
    }
    encoders = {name: encode for name, (encode, _) in pairs.items()}
    decoders = {name: decode for name, (_, decode) in pairs.items()}
    return Codec(_encoder(mapper, encoders), _decoder(mapper, decoders), encoders)


def _compiled(source: str, mapper: Mapper, name: str, scope: dict[str, Any]) -> Any:  # noqa: ANN401 # a function
    exec(compile(source, f"<documents of {mapper.info.table}>", "exec"), scope)  # noqa: S102 # field names are identifiers
    return scope[name]


def _encoder(mapper: Mapper, encoders: Mapping[str, Convert]) -> Callable[[Row], Document]:
    """Writes and compiles one function with everything in line, as it runs for every row."""
    scope: dict[str, Any] = {}
    parts: list[str] = []
    for i, (name, encode) in enumerate(encoders.items()):
        value = f"row[{name!r}]"
        if encode is not _plain:
            scope[f"e{i}"] = encode
            value = f"None if (v := {value}) is None else e{i}(v)"
        parts.append(f"{name!r}: {value}")
    return _compiled(
        f"def encode(row):\n    return {{{', '.join(parts)}}}\n", mapper, "encode", scope
    )


def _decoder(mapper: Mapper, decoders: Mapping[str, Convert]) -> Callable[[Document], Row]:
    absent = object()
    scope: dict[str, Any] = {"wrong": _WRONG, "absent": absent}
    lines: list[str] = []
    for i, (name, decode) in enumerate(decoders.items()):
        field = mapper.fields[name]
        scope[f"d{i}"], scope[f"m{i}"] = decode, _default(field)
        lines += [
            f"v{i} = get({name!r}, absent)",
            f"if v{i} is None: {'pass' if field.info.nullable else 'raise TypeError'}",
            f"elif v{i} is absent: v{i} = m{i}()",
            f"else: v{i} = d{i}(v{i})",
        ]
    body = "\n        ".join(lines)
    pairs = ", ".join(f"{name!r}: v{i}" for i, name in enumerate(decoders))
    source = (
        f"def decode(document):\n    get = document.get\n    try:\n        {body}\n"
        "    except wrong:\n        raise invalid(document) from None\n"
        f"    return {{{pairs}}}\n"
    )
    scope["invalid"] = _complaint(mapper, decoders)
    return _compiled(source, mapper, "decode", scope)


def _default(field: MappedField) -> Callable[[], Any]:
    """Returns what a document that is older than a field gets for it."""
    if field.info.key or (not field.info.has_default and not field.info.nullable):
        return _missing
    if not field.info.has_default:
        return lambda: None
    return partial(field.source.get_default, call_default_factory=True, validated_data={})


def _missing() -> NoReturn:
    raise LookupError


def _complaint(mapper: Mapper, decoders: Mapping[str, Convert]) -> Callable[[Document], InvalidRow]:
    """Returns what finds the wrong value of a document and makes the error of it."""
    # Nothing of the mapper itself: it is the weak key under which this is kept.
    fields, keys, table = dict(mapper.fields), mapper.keys, mapper.info.table

    def invalid(document: Document) -> InvalidRow:
        problem = "a value has a wrong type."
        for name, field in fields.items():
            if name not in document:
                if field.info.key or not (field.info.has_default or field.info.nullable):
                    problem = f"{name} is missing."
            elif not _fits(field, document[name], decoders[name]):
                expected = getattr(field.plain, "__name__", str(field.plain))
                problem = f"{name} is {document[name]!r}, which is no {expected}."
        key = tuple(document.get(name) for name in keys)
        return InvalidRow(table, key if len(keys) > 1 else key[0], problem)

    return invalid


def _fits(field: MappedField, value: Any, decode: Convert) -> bool:  # noqa: ANN401
    if value is None:
        return field.info.nullable
    try:
        decode(value)
    except _WRONG:
        return False
    return True
