"""What a job carries comes back as what it was, or is refused at once."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from nitro_runtime.durable.encoding import decode, encode
from nitro_runtime.errors import UnstorableJob


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    ODD = object()


class Address(BaseModel):
    street: str
    since: date


@dataclass(frozen=True)
class Point:
    x: int
    y: Decimal


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from([Colour.RED, Size.ODD, Point(1, Decimal("2.50"))]),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_comes_back_as_what_it_was(value: object) -> None:
    again = decode(encode(value, "it"))
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        {"$dict": []}, {"$model": ["os:system", {}]}, {"a": {"$enum": 1}}, {1: "a", "b": {(1, 2): {3}}},
        frozenset({Colour.RED}), Address(street="Via", since=date(2026, 1, 2)), float("inf"),
        [Decimal("1.10"), time(1, 2, 3), timedelta(days=1, microseconds=1)], UUID(int=7), datetime(2026, 1, 1),
    ],
)  # fmt: skip
def test_what_looks_like_a_mark_or_is_unusual_comes_back_too(value: Any) -> None:
    assert decode(encode(value, "it")) == value


def test_a_row_can_be_read_by_people() -> None:
    assert json.loads(encode({"total": Decimal("1.10"), "to": "Zoë"}, "it")) == {
        "total": {"$decimal": "1.10"},
        "to": "Zoë",
    }


class Local:
    pass


@pytest.mark.parametrize("value", [object(), Local(), open, {"a": [iter(())]}, lambda: None])
def test_what_cannot_be_read_again_is_refused(value: object) -> None:
    with pytest.raises(UnstorableJob, match=r"cannot be given the data of 'x'"):
        encode(value, "the data of 'x'")


def test_a_class_inside_a_function_is_refused_as_no_worker_finds_it() -> None:
    class Inner(BaseModel):
        pass

    with pytest.raises(UnstorableJob, match="defined inside a function"):
        encode(Inner(), "it")


def test_no_other_class_is_made_of_what_a_row_says() -> None:
    for text in ('{"$model":["os:system",{}]}', '{"$enum":["builtins:dict","x"]}', '{"$x":1}'):
        with pytest.raises((TypeError, KeyError)):
            decode(text)


def test_a_class_of_the_program_itself_is_named_as_a_worker_imports_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``python -m shop`` calls the module ``__main__``."""
    main = ModuleType("__main__")
    main.__dict__.update(Point=Point, __spec__=ModuleSpec("shop", None))
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(Point, "__module__", "__main__")
    text = encode(Point(1, Decimal(2)), "it")
    assert "shop:Point" in text
    assert decode(text) == Point(1, Decimal(2))  # here it is not imported a second time
