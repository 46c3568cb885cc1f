"""What a job carries, as JSON: every value of an event that can be read back as what it was.

Plain JSON values stand for themselves; any other is an object with one key that begins with ``$``
and names its kind. Text, so that people can read a row of the outbox.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from nitro_runtime.errors import UnstorableJob
from nitro_runtime.events.handlers import importable_name

_MAIN = "__main__"
_NUMBERS = frozenset({"nan", "inf", "-inf"})


def encode(value: object, what: str) -> str:
    """Returns a value as JSON text.

    Args:
        value: None, numbers, texts, bytes, dates and times, ``Decimal``, ``UUID``, enums, entities,
            pydantic models, dataclasses, and lists, tuples, sets and dictionaries of these.
        what: What it is, for the error: ``the sender of 'order.placed'``.

    Raises:
        UnstorableJob: It holds something else.
    """
    try:
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    except (TypeError, RecursionError, ValueError) as problem:
        raise UnstorableJob(what, str(problem)) from problem


def decode(text: str) -> Any:  # noqa: ANN401 # whatever was encoded
    """Returns the value of a text that `encode` made.

    An entity is read anew; one that is gone comes back with the values that it had.

    Raises:
        Exception: A class is not where it was, or has other fields: the text cannot be read.
    """
    return _value(json.loads(text))


# -- writing --------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:  # noqa: ANN401 # any value; JSON's
    kind = cast("type[Any]", type(value))
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind is list:
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return _mapping(cast("Mapping[Any, Any]", value))
    for base, (tag, write, _) in _KINDS.items():
        if isinstance(value, base):
            return {tag: write(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        values = {
            f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(kind) if f.init
        }
        return {"$dataclass": [_name_of(kind), values]}
    raise TypeError(f"a {kind.__module__}.{kind.__qualname__} cannot be kept in a queue")


def _mapping(value: Mapping[Any, Any]) -> Any:  # noqa: ANN401 # JSON's
    plain = all(type(key) is str and not key.startswith("$") for key in value)
    if plain:
        return {key: _plain(each) for key, each in value.items()}
    return {"$dict": [[_plain(key), _plain(each)] for key, each in value.items()]}


def _name_of(kind: type[Any]) -> str:
    if "<locals>" in kind.__qualname__:
        raise TypeError(
            f"{kind.__qualname__} is defined inside a function, where no worker finds it"
        )
    return f"{importable_name(kind.__module__) or kind.__module__}:{kind.__qualname__}"


def _enum(value: Enum) -> list[Any]:
    return [_name_of(type(value)), value.name]


def _model(value: BaseModel) -> list[Any]:
    entity = getattr(type(value), "__nitro_mapper__", None)
    if entity is None:
        return [_name_of(type(value)), value.model_dump(mode="json", by_alias=False)]
    key = entity.key_of(vars(value))
    return [
        _name_of(type(value)),
        _plain(key),
        {name: _plain(vars(value)[name]) for name in entity.names},
    ]


# -- reading --------------------------------------------------------------------------------------


def _value(plain: Any) -> Any:  # noqa: ANN401 # JSON's; any value
    if isinstance(plain, list):
        return [_value(each) for each in cast("list[Any]", plain)]
    if not isinstance(plain, dict):
        return plain
    given = cast("dict[str, Any]", plain)
    if len(given) == 1:
        ((key, value),) = given.items()
        if key.startswith("$"):
            return _READERS[key](value)
    return {key: _value(each) for key, each in given.items()}


def _class_of(name: str, base: type[Any] = object) -> type[Any]:
    module, _, path = name.partition(":")
    module = (
        _MAIN if module == importable_name(_MAIN) else module
    )  # imported anew it would be another
    # A module that is just being imported is there, and importing it would wait for its end.
    found: Any = sys.modules.get(module) or import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    if not isinstance(found, type) or not issubclass(found, base):
        raise TypeError(f"{name} is no {base.__name__} any more")
    return found


def _read_enum(value: list[Any]) -> Any:  # noqa: ANN401 # a member of its class
    kind: Any = _class_of(value[0], Enum)
    return kind[value[1]]


def _read_model(value: list[Any]) -> Any:  # noqa: ANN401 # a model of its class
    kind = _class_of(value[0], BaseModel)
    if len(value) == 2:
        return kind.model_validate(value[1])
    key, row = _value(value[1]), {name: _value(each) for name, each in value[2].items()}
    found = cast("Any", kind).find(key) if key is not None else None
    if found is not None:
        return found
    mapper = cast("Any", kind).__nitro_mapper__
    if set(row) != set(mapper.names):
        raise TypeError(f"{value[0]} has other fields than it had, and this one is gone")
    return mapper.load(row)


def _read_dataclass(value: list[Any]) -> Any:  # noqa: ANN401 # of its class
    kind = _class_of(value[0])
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{value[0]} is no dataclass any more")
    return kind(**{name: _value(each) for name, each in value[1].items()})


def _read_float(value: str) -> float:
    if value not in _NUMBERS:
        raise ValueError(f"{value!r} is no such number")
    return float(value)


_DURATION = TypeAdapter(timedelta)

_KINDS: dict[type[Any], tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    Enum: ("$enum", _enum, _read_enum),
    BaseModel: ("$model", _model, _read_model),
    Decimal: ("$decimal", str, Decimal),
    datetime: ("$datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("$date", date.isoformat, date.fromisoformat),
    time: ("$time", time.isoformat, time.fromisoformat),
    timedelta: (
        "$timedelta",
        lambda v: _DURATION.dump_python(v, mode="json"),
        _DURATION.validate_python,
    ),
    UUID: ("$uuid", str, UUID),
    bytes: ("$bytes", lambda v: b64encode(v).decode(), b64decode),
    tuple: ("$tuple", lambda v: [_plain(e) for e in v], lambda v: tuple(map(_value, v))),
    frozenset: (
        "$frozenset",
        lambda v: [_plain(e) for e in v],
        lambda v: frozenset(map(_value, v)),
    ),
    set: ("$set", lambda v: [_plain(e) for e in v], lambda v: set(map(_value, v))),
    list: ("$list", lambda v: [_plain(e) for e in v], lambda v: [_value(e) for e in v]),
    str: ("$text", str, str),
    int: ("$int", int, int),
    float: ("$real", float, float),
}
"""The kinds of values beside JSON's own, in the order in which they are looked for: an enum may be a
text, a moment is a date. How each is called, written and read; a subclass of a plain type comes back
as the plain type."""

_READERS: dict[str, Callable[[Any], Any]] = {
    **{tag: read for tag, _, read in _KINDS.values()},
    "$dict": lambda v: {_value(key): _value(each) for key, each in v},
    "$float": _read_float,
    "$dataclass": _read_dataclass,
}
