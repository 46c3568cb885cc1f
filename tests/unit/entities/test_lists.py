"""A field may hold several values of one kind: checked, compared by value, the same on each backend."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import Entity, Field, samples
from nitro_runtime.errors import InvalidQuery

pytestmark = pytest.mark.usefixtures("backend")


class Everything(Entity):
    words: list[str] = Field(default_factory=list[str], max_length=3)
    counts: list[int] = Field(min_length=1)
    ratios: list[float] = Field(default_factory=list[float])
    prices: list[Decimal] = Field(default_factory=list[Decimal])
    flags: list[bool] | None = None
    days: list[date] = Field(default_factory=list[date])
    hours: list[time] = Field(default_factory=list[time])
    moments: list[datetime] = Field(default_factory=list[datetime])
    keys: list[UUID] = Field(default_factory=list[UUID])


VALUES: dict[str, Any] = {
    "words": ["a, b", "é\n", ""],
    "counts": [1, -2],
    "ratios": [0.1, 1e300],
    "prices": [Decimal("0.10"), Decimal("123456789012345678901234567890.123")],
    "flags": [True, False],
    "days": [date(2026, 1, 31)],
    "hours": [time(12, 30, 15)],
    "moments": [datetime(2026, 1, 31, 12, 30, tzinfo=UTC)],
    "keys": [UUID(int=1)],
}


def test_every_kind_of_value_comes_back_as_it_was() -> None:
    made = Everything.create(**VALUES)
    found = Everything.get(made.id)
    for name, values in VALUES.items():
        stored = getattr(found, name)
        assert stored == values, name
        assert [type(each) for each in stored] == [type(each) for each in values], name
    assert found.changed == {}
    assert str(found.prices[0]) == "0.10"


def test_texts_become_values_and_moments_are_kept_in_utc() -> None:
    made = Everything(counts=["7"], moments=["2026-01-31T12:30"])  # pyright: ignore[reportArgumentType]
    assert made.counts == [7]
    assert made.moments == [datetime(2026, 1, 31, 12, 30, tzinfo=UTC)]
    zone = timezone(timedelta(hours=2))
    made.moments = [datetime(2026, 1, 31, 12, 30, tzinfo=zone)]
    assert made.moments[0].utcoffset() == timedelta(0)
    assert made.moments[0].hour == 10


def test_a_change_in_place_is_seen_checked_and_stored() -> None:
    made = Everything.create(counts=[1])
    made.counts.append(2)
    assert made.changed == {"counts": ([1], [1, 2])}
    made.save()
    assert Everything.get(made.id).counts == [1, 2]
    made.counts[:] = [2, 1]
    assert "counts" in made.changed
    made.counts[:] = [1, 2]
    assert made.changed == {}
    made.words.append(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValidationError, match="valid string"):
        made.save()
    assert Everything.get(made.id).words == []


@pytest.mark.parametrize(
    "values",
    [
        {"counts": []},
        {"counts": ["x"]},
        {"counts": [1.5]},
        {"counts": [None]},
        {"counts": "12"},
        {"counts": [1], "words": ["a"] * 4},
        {"counts": [1], "ratios": [float("nan")]},
        {"counts": [1], "words": ["\ud800"]},
        {"counts": [1], "words": None},
    ],
)
def test_a_list_that_is_not_right_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Everything.create(**values)
    assert Everything.count() == 0


def test_lists_can_be_asked_for_as_missing_and_not_be_sorted_by() -> None:
    Everything.create(counts=[1], flags=[True])
    Everything.create(counts=[1])
    assert Everything.where(flags__isnull=True).count() == 1
    with pytest.raises(InvalidQuery, match="no order to sort by"):
        Everything.all().order_by("counts")
    with pytest.raises(InvalidQuery, match="cannot be compared by 'eq'"):
        Everything.where(counts=[1])


def test_the_column_is_json_text_and_samples_are_made_up() -> None:
    assert type(Everything.table.c.words.type).__name__ == "JSON"
    for sample in samples(Everything, 20):
        assert 1 <= len(sample.counts) <= 3
        assert len(sample.words) <= 3
