"""A row goes into a JSON document and comes back as it was, or is refused."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from nitro_runtime.entities import Entity, Field
from nitro_runtime.entities.documents import from_document, from_json, to_document, to_json
from nitro_runtime.errors import InvalidRow


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Place(Enum):
    HOME = (1, 2)


class Note(BaseModel):
    text: str
    at: datetime


class Everything(Entity, timestamps=True):
    flag: bool
    whole: int
    ratio: float
    text: str
    blob: bytes
    price: Decimal = Field(max_digits=10, decimal_places=2)
    exact: Decimal
    moment: datetime
    day: date
    hour: time
    span: timedelta
    number: UUID
    colour: Colour
    size: Size
    place: Place
    mode: Literal["a", "b"]
    address: IPv4Address
    path: PurePosixPath
    tags: list[int]
    notes: list[Note]
    anything: dict[str, Any]
    maybe: str | None = None


def everything(**values: Any) -> Everything:
    given: dict[str, Any] = {
        "id": "e1",
        "flag": True,
        "whole": 2**63 - 1,
        "ratio": 0.1,
        "text": "Straße 😀",
        "blob": b"\x00\xff",
        "price": Decimal("12.50"),
        "exact": Decimal("0.1234567890123456789012345678901234567890"),
        "moment": datetime(2026, 2, 3, 4, 5, 6, 7, timezone(timedelta(hours=5))),
        "day": date(2024, 2, 29),
        "hour": time(1, 2, 3, 4),
        "span": timedelta(days=-1, microseconds=3),
        "number": UUID(int=7),
        "colour": Colour.RED,
        "size": Size.SMALL,
        "place": Place.HOME,
        "mode": "b",
        "address": IPv4Address("10.0.0.1"),
        "path": PurePosixPath("a/b"),
        "tags": [1, 2],
        "notes": [Note(text="x", at=datetime(2026, 1, 1, tzinfo=UTC))],
        "anything": {"a": [1, None, True]},
        **values,
    }
    return Everything(**given)


def row_of(entity: Entity) -> dict[str, Any]:
    return type(entity).__nitro_mapper__.snapshot(vars(entity))


MAPPER = Everything.__nitro_mapper__


def test_every_kind_of_field_comes_back_as_the_same_value_of_the_same_type() -> None:
    row = row_of(everything())
    again = from_json(MAPPER, to_json(MAPPER, row))
    assert again == row
    assert {n: type(v) for n, v in again.items()} == {n: type(v) for n, v in row.items()}


def test_a_document_is_plain_json_that_a_person_can_read() -> None:
    document = to_document(MAPPER, row_of(everything()))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["price"] == "12.50"
    assert document["moment"] == "2026-02-02T23:05:06.000007+00:00"
    assert document["day"] == "2024-02-29"
    assert document["blob"] == "AP8="
    assert document["span"] == -86399999997
    assert (document["colour"], document["size"], document["place"]) == ("red", 1, "HOME")
    assert document["maybe"] is None


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), 1e308, 5e-324, -0.0])
def test_every_float_is_kept(number: float) -> None:
    row = {**row_of(everything()), "ratio": number}  # a class may allow infinity
    assert repr(from_json(MAPPER, to_json(MAPPER, row))["ratio"]) == repr(number)


def test_a_whole_number_is_a_float_as_javascript_writes_it() -> None:
    document = {**to_document(MAPPER, row_of(everything())), "ratio": 2}
    assert repr(from_document(MAPPER, document)["ratio"]) == "2.0"


@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    exact=st.decimals(allow_nan=False, allow_infinity=False),
    moment=st.datetimes(timezones=st.just(UTC)),
    span=st.timedeltas(),
    blob=st.binary(),
    tags=st.lists(st.integers(-(2**63), 2**63 - 1)),
)
def test_any_value_is_kept_exactly(**values: Any) -> None:
    row = row_of(everything(**values))
    again = from_json(MAPPER, to_json(MAPPER, row))
    assert again == row
    assert again["exact"].as_tuple() == row["exact"].as_tuple()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag", 1),
        ("whole", "1"),
        ("whole", 1.0),
        ("whole", True),
        ("ratio", "0.1"),
        ("text", 5),
        ("text", "\ud800"),
        ("text", None),
        ("blob", "not base64!"),
        ("price", 1.5),
        ("price", "1.234"),
        ("exact", "NaN"),
        ("moment", 1700000000),
        ("moment", "yesterday"),
        ("day", "2026-02-30"),
        ("span", "1"),
        ("number", "7"),
        ("colour", "blue"),
        ("size", True),
        ("size", "1"),
        ("size", [1]),
        ("address", "10.0.0.300"),
        ("address", 1),
        ("tags", "1"),
        ("tags", ["x"]),
        ("notes", [{"text": "x"}]),
        ("anything", []),
    ],
)
def test_a_value_of_a_wrong_type_is_named(name: str, value: object) -> None:
    document = {**to_document(MAPPER, row_of(everything())), name: value}
    with pytest.raises(InvalidRow, match=rf"'e1' of table 'everything' is not valid: {name} is"):
        from_document(MAPPER, document)


@pytest.mark.parametrize("text", ["", "nope", "[]", "3", "NaN", b"\xff", "[" * 100_000])
def test_what_is_no_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidRow):
        from_json(MAPPER, text)


def test_a_document_that_is_older_than_its_class_gets_the_defaults() -> None:
    class Cup(Entity):
        name: str
        size: int = 3
        marks: list[int] = Field(default_factory=list)
        owner: str | None = None

    mapper = Cup.__nitro_mapper__
    row = from_document(mapper, {"id": "c", "name": "x", "former": 1})
    assert row == {
        "id": "c", "name": "x", "size": 3, "marks": [], "owner": None, "version": 1,
    }  # fmt: skip
    with pytest.raises(InvalidRow, match="name is missing"):
        from_document(mapper, {"id": "c"})
    with pytest.raises(InvalidRow, match="id is missing"):
        from_document(mapper, {"name": "x"})
