# ruff: noqa: S101 # a suite of tests asserts
"""Values of every kind: stored, loaded, compared and sorted as Python does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import col
from nitro_runtime.entities.evaluate import plain_value
from nitro_runtime.errors import EntityError, InvalidQuery
from nitro_runtime.testing.repository_suite.models import (
    Everything,
    Level,
    Lists,
    Shade,
    Status,
    Thing,
)
from nitro_runtime.testing.repository_suite.suite import Suite, needs

EAST = timezone(timedelta(hours=5, minutes=30))

VALUES: dict[str, Any] = {
    "flag": True,
    "whole": -(2**62),
    "real": 0.1,
    "exact": Decimal("12345678901234567890.123456789"),
    "money": Decimal("1234567890.10"),
    "long": Decimal("1234567890123456789012345678.0123456789"),
    "text": "a\tb\n'\"\\ 🙂 é e\u0301 ",
    "short": " Straße ",
    "day": date(2024, 2, 29),
    "clock": time(23, 59, 59, 999999),
    "moment": datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=EAST),
    "span": timedelta(days=-3, microseconds=7),
    "key": UUID(int=2**127 + 1),
    "raw": b"\0\xff'\\",
    "status": Status.SOLD,
    "level": Level.HIGH,
    "shade": Shade.LIGHT,
    "choice": "b",
    "number": 2,
    "address": "10.0.0.1",
    "newer": "2001:db8::1",
    "point": {"x": 1, "y": "0.10"},
    "numbers": {"z": ["1.50"], "a": []},
    "mixed": {"n": None, "t": True, "i": 2**60, "f": 0.5, "l": [1, [2, {}]], "ü": "🙂"},
}
"""For `Everything`."""

SORTED: dict[str, list[Any]] = {
    "price": [Decimal("-2000000.01"), Decimal("-0.01"), Decimal(0), Decimal("0.10"), Decimal("9999999.99")],
    "exact": [Decimal("-1e30"), Decimal("-1.000000000000000000001"), Decimal(-1), Decimal("-1e-30"), Decimal(0), Decimal("1e-30"), Decimal("0.1"), Decimal("0.3"), Decimal(9), Decimal(10), Decimal("1e30")],
    "long": [Decimal("-1234567890123456789012345678.0123456789"), Decimal("-0.0000000001"), Decimal(0), Decimal("0.0000000001"), Decimal("1234567890123456789012345678.0123456788"), Decimal("1234567890123456789012345678.0123456789")],
    "amount": [-(2**63), -10, -9, 0, 2, 10, 2**53, 2**53 + 1, 2**63 - 1],
    "weight": [-1e300, -1.5, -5e-324, 0.0, 5e-324, 0.1, 0.30000000000000004, 1e300],
    "day": [date(1, 1, 1), date(1969, 12, 31), date(2024, 2, 29), date(9999, 12, 31)],
    "clock": [time(0), time(0, 0, 0, 1), time(9, 59), time(10), time(23, 59, 59, 999999)],
    "moment": [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)],
    "span": [timedelta(days=-10_000), timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1), timedelta(days=1), timedelta(days=10_000, microseconds=1)],
    "mood": [Status.DRAFT, Status.LIVE, Status.SOLD],
    "level": [Level.LOW, Level.HIGH],
    "key": [UUID(int=0), UUID(int=1), UUID(int=2**64), UUID(int=2**128 - 1)],
    "raw": [b"", b"\0", b"\0\0", b"A", b"a", b"a\0", b"\x7f", b"\x80", b"\xff"],
    "flag": [False, True],
    "choice": ["a", "b"],
}  # fmt: skip
"""Values of `Thing` from the least to the greatest."""

LISTS: dict[str, Any] = {
    "words": ["a, b", "é\n\0", ""],
    "counts": [1, -2],
    "ratios": [0.1, 1e300],
    "prices": [Decimal("0.10"), Decimal("123456789012345678901234567890.123")],
    "flags": [True, False],
    "days": [date(2026, 1, 31)],
    "hours": [time(12, 30, 15)],
    "moments": [datetime(2026, 1, 31, 12, 30, tzinfo=UTC)],
    "keys": [UUID(int=1)],
}


def stored(field: str, *values: object) -> None:
    """Stores things with these values, the last one first, and one without."""
    Thing.create_many(
        [{"id": 1}, *({"id": i, field: v} for i, v in enumerate(reversed(values), 2))]
    )


def found(field: str, *criteria: Any, **lookups: Any) -> list[Any]:  # noqa: ANN401
    """Returns the values of a field that a question finds, sorted by it."""
    return [vars(thing)[field] for thing in Thing.where(*criteria, **lookups).order_by(field)]


class Values(Suite):
    """What is stored comes back as it was, and is compared as it is."""

    def test_values_of_every_type_come_back_as_they_were(self) -> None:
        """Of the same type, with every digit."""
        made = Everything.create(**VALUES)
        loaded = Everything.get(made.id)
        assert vars(loaded) == vars(made)
        assert _types(loaded) == _types(made)
        assert str(loaded.numbers) == str(made.numbers)
        assert loaded.changed == {}
        assert str(loaded.money) == "1234567890.10"
        assert loaded.moment.isoformat() == "2024-01-01T06:30:00.000001+00:00"

    def test_values_of_every_type_are_found(self) -> None:
        """By themselves, and by what can be made of a text."""
        made = Everything.create(**VALUES)
        Everything.create(**{**VALUES, "whole": 1, "real": 2.0, "text": ""})
        for name in set(VALUES) - {"point", "numbers", "mixed", "whole", "real", "text"}:
            assert Everything.count(**{name: VALUES[name]}) == 2, name
            assert Everything.count(**{f"{name}__ne": VALUES[name]}) == 0, name
            assert Everything.count(**{f"{name}__in": [VALUES[name]]}) == 2, name
        for name in ("whole", "real", "text"):
            assert Everything.where(**{name: VALUES[name]}).all() == [made], name

    def test_the_empty_is_not_the_missing(self) -> None:
        """Of texts, bytes, lists and dictionaries."""
        stored_as: dict[str, Any] = {"name": "", "raw": b"", "tags": [], "data": {}}
        Thing.create(id=1, **stored_as)
        Thing.create(id=2)
        for name, value in stored_as.items():
            assert vars(Thing.get(1))[name] == value
            assert vars(Thing.get(2))[name] is None
            assert [t.id for t in Thing.where(**{f"{name}__isnull": True})] == [2], name
            assert [t.id for t in Thing.where(**{f"{name}__isnull": False})] == [1], name

    def test_zero_has_no_sign_to_comparisons(self) -> None:
        """Of floats and Decimals."""
        Thing.create(id=1, weight=-0.0, exact="-0", price="-0.00")
        for name in ("weight", "exact", "price"):
            assert Thing.count(**{name: 0}) == 1, name
            assert Thing.count(**{f"{name}__lt": 0}) == 0, name
            assert vars(Thing.get(1))[name] == 0, name

    @pytest.mark.parametrize("field", sorted(SORTED))
    def test_values_sort_as_in_python_and_missing_ones_are_the_least(self, field: str) -> None:
        """Upwards and downwards."""
        values = SORTED[field]
        assert values == sorted(values, key=plain_value)
        stored(field, *values)
        up = [vars(t)[field] for t in Thing.all().order_by(field)]
        assert up == [None, *values]
        assert [type(v) for v in up[1:]] == [type(v) for v in values]
        down = [vars(t)[field] for t in Thing.all().order_by(f"-{field}")]
        assert down == [*reversed(values), None]

    @pytest.mark.parametrize("field", sorted(SORTED))
    def test_values_are_compared_as_in_python(self, field: str) -> None:
        """With every one of them; the missing one never takes part."""
        values = SORTED[field]
        stored(field, *values)
        for place, value in enumerate(values):
            assert found(field, **{field: value}) == [value]
            assert found(field, **{f"{field}__ne": value}) == values[:place] + values[place + 1 :]
            assert found(field, **{f"{field}__lt": value}) == values[:place]
            assert found(field, **{f"{field}__lte": value}) == values[: place + 1]
            assert found(field, **{f"{field}__gt": value}) == values[place + 1 :]
            assert found(field, **{f"{field}__gte": value}) == values[place:]
            assert found(field, **{f"{field}__between": (values[0], value)}) == values[: place + 1]
            assert found(field, **{f"{field}__in": (value, values[0], None)}) == [
                None,
                *dict.fromkeys((values[0], value)),
            ]
            greater: Any = col(getattr(Thing, field)) > value
            assert found(field, ~greater) == values[: place + 1]

    @pytest.mark.parametrize("field", ["tags", "data", "address"])
    def test_what_has_no_order_is_not_sorted_by(self, field: str) -> None:
        """Lists, dictionaries, and addresses, whose text sorts otherwise."""
        with pytest.raises(InvalidQuery, match="no order to sort by"):
            Thing.all().order_by(field)

    def test_addresses_are_found_by_value(self) -> None:
        """And by their text."""
        Thing.create(id=1, address="10.0.0.1")
        Thing.create(id=2)
        for value in ("10.0.0.1", IPv4Address("10.0.0.1")):
            assert [t.id for t in Thing.where(address=value)] == [1]
            assert Thing.count(address__ne=value) == 0
        with pytest.raises(InvalidQuery):
            Thing.where(address__gt="10.0.0.0")

    # -- numbers --------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("lookups", "count"),
        [
            ({"amount__lt": 10**30}, 3),
            ({"amount__gt": 10**30}, 0),
            ({"amount__gt": -(10**30)}, 3),
            ({"amount": 10**30}, 0),
            ({"amount__ne": 10**30}, 3),
            ({"amount__in": [10**30, 5, -(2**64)]}, 1),
            ({"amount__between": (-(2**70), 2**70)}, 3),
            ({"price__gt": "1.995"}, 2),
            ({"price__gte": "2.001"}, 1),
            ({"price__lt": "2.001"}, 2),
            ({"price__lte": "1.999"}, 1),
            ({"price": "2.001"}, 0),
            ({"price__ne": "2.001"}, 3),
            ({"price__in": ["2.001", "2.00"]}, 1),
            ({"price__between": ("0.985", "2.004")}, 2),
            ({"price__lt": "1e40"}, 3),
            ({"price__gt": "-1e40"}, 3),
            ({"price__gt": "1e40"}, 0),
            ({"exact": "0.10"}, 1),
            ({"exact": "0.1000000000000000000000000000000000000000001"}, 0),
            ({"exact__lt": "0.1000000000000000000000000000000000000000001"}, 2),
            ({"exact__gt": "0.0999999999999999999999999999999999999999999"}, 2),
            ({"long": "0.00000000001"}, 0),
            ({"long__lt": "0.00000000011"}, 2),
            ({"weight": 0.1}, 1),
            ({"weight": 0.1 + 2**-54}, 0),
            ({"weight__gt": 0.30000000000000004 - 2**-54}, 2),
            ({"weight": 1}, 1),
        ],
        ids=str,
    )
    def test_numbers_are_compared_exactly(self, lookups: dict[str, Any], count: int) -> None:
        """Also with what no column can hold."""
        Thing.create_many([
            {"id": 1, "amount": 5, "price": "2.00", "exact": "0.1", "long": "0.0000000001", "weight": 0.1},
            {"id": 2, "amount": 2**63 - 1, "price": "0.99", "exact": "0.3", "long": "5", "weight": 0.1 + 0.2},
            {"id": 3, "amount": -(2**63), "price": "10", "exact": "-1", "long": "-5", "weight": 1.0},
            {"id": 4},
        ])  # fmt: skip
        assert Thing.count(**lookups) == count

    def test_infinity_is_compared_and_never_stored(self) -> None:
        """It is greater than any number."""
        Thing.create(id=1, weight=1e300, exact="1e30")
        assert Thing.count(weight__lt=float("inf")) == 1
        assert Thing.count(weight__gt=float("-inf")) == 1
        assert Thing.count(weight=float("inf")) == 0
        with pytest.raises(ValidationError):
            Thing.create(id=2, weight=float("inf"))
        with pytest.raises(ValidationError):
            Thing.create(id=2, exact="NaN")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("amount", 2**63),
            ("amount", -(2**63) - 1),
            ("exact", "1e9000"),
            ("price", "99999999"),
            ("moment", "0001-01-01T00:00:00+05:00"),
            ("name", "\ud800"),
            ("tags", ["\ud800"]),
            ("data", {"\ud800": 1}),
        ],
    )
    def test_a_value_that_no_backend_keeps_is_invalid(self, name: str, value: object) -> None:
        """On this one too, even if it could."""
        with pytest.raises(ValidationError) as refused:
            Thing.create(id=1, **{name: value})
        assert refused.value.errors()[0]["loc"] == (name,)
        Thing.create(id=1)
        if name not in ("tags", "data"):
            with pytest.raises(ValidationError):
                Thing.all().update(**{name: value})
        assert vars(Thing.get(1))[name] is None

    @needs("adjust or transactions")
    def test_a_sum_that_leaves_64_bits_is_refused_and_changes_nothing(self) -> None:
        """It neither wraps around nor becomes a float."""
        made = Thing.create(id=1, amount=2**62)
        with pytest.raises(EntityError, match="64 bits"):
            made.increment(amount=2**62)
        with pytest.raises(EntityError, match="64 bits"):
            Thing.all().update(amount=Thing.amount * 2)  # type: ignore[operator]
        assert Thing.get(1).amount == 2**62

    @needs("adjust or transactions")
    def test_a_decimal_reckoned_beyond_its_digits_is_refused_and_changes_nothing(self) -> None:
        """Whether the database reckons or Python does."""
        Thing.create(id=1, price=Decimal("9999999.99"), long=Decimal("7") * 10**27)
        for change in ({"price": Thing.price * 3}, {"price": Thing.price + Decimal("0.01")}):  # type: ignore[operator]
            with pytest.raises(ValidationError, match="no more than 9 digits"):
                Thing.all().update(**change)
        with pytest.raises(ValidationError, match="no more than 38 digits"):
            Thing.all().update(long=Thing.long * 100)  # type: ignore[operator]
        assert Thing.get(1).price == Decimal("9999999.99")
        assert Thing.all().update(price=Thing.price * -1) == 1  # type: ignore[operator]
        assert Thing.get(1).price == Decimal("-9999999.99")

    @needs("adjust or transactions")
    def test_decimals_of_any_length_are_reckoned_exactly(self) -> None:
        """By increments and by updates of many."""
        long = "1234567890123456789012345678.0123456789"
        made = Thing.create(id=1, exact="0.1", long=long)
        made.increment(exact=Decimal("0.2"), long=Decimal("0.0000000001"))
        assert made.exact == Thing.get(1).exact == Decimal("0.3")
        assert str(Thing.get(1).long) == "1234567890123456789012345678.0123456790"
        Thing.all().update(exact=Thing.exact * 3)  # type: ignore[operator]
        assert Thing.get(1).exact == Decimal("0.9")

    # -- moments --------------------------------------------------------------------------------

    def test_moments_in_other_zones_are_kept_and_compared_in_utc(self) -> None:
        """One without a zone is in UTC."""
        Thing.create(id=1, moment="2024-01-01T12:00:00+05:00")
        Thing.create(id=2, moment="2024-01-01T07:00:00.000001")
        assert Thing.get(1).moment == datetime(2024, 1, 1, 7, tzinfo=UTC)
        assert Thing.get(1).moment.tzinfo is UTC  # type: ignore[union-attr]
        assert [t.id for t in Thing.where(moment="2024-01-01T07:00:00Z")] == [1]
        assert [t.id for t in Thing.where(moment="2024-01-01T07:00:00")] == [1]
        assert [t.id for t in Thing.where(moment=datetime(2024, 1, 1, 12, 30, tzinfo=EAST))] == [1]
        assert [t.id for t in Thing.where(moment__gt=datetime(2024, 1, 1, 7, tzinfo=UTC))] == [2]

    # -- lists ----------------------------------------------------------------------------------

    def test_lists_of_every_kind_come_back_as_they_were(self) -> None:
        """Each member of its own type."""
        made = Lists.create(**LISTS)
        loaded = Lists.get(made.id)
        for name, values in LISTS.items():
            kept = vars(loaded)[name]
            assert kept == values, name
            assert [type(each) for each in kept] == [type(each) for each in values], name
        assert loaded.changed == {}
        assert str(loaded.prices[0]) == "0.10"

    def test_a_list_changed_in_place_is_seen_checked_and_stored(self) -> None:
        """Compared by value with what was loaded."""
        made = Lists.create(counts=[1])
        made.counts.append(2)
        assert made.changed == {"counts": ([1], [1, 2])}
        made.save()
        assert Lists.get(made.id).counts == [1, 2]
        made.counts[:] = [2, 1]
        assert "counts" in made.changed
        made.counts[:] = [1, 2]
        assert made.changed == {}
        wrong: Any = 3
        made.words.append(wrong)
        with pytest.raises(ValidationError, match="valid string"):
            made.save()
        assert Lists.get(made.id).words == []

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
        ids=ascii,
    )
    def test_a_list_that_is_not_right_is_refused(self, values: dict[str, Any]) -> None:
        """Before anything is stored."""
        with pytest.raises(ValidationError):
            Lists.create(**values)
        assert Lists.count() == 0

    def test_lists_can_be_asked_for_as_missing_alone(self) -> None:
        """What is in them is not asked for."""
        Lists.create(counts=[1], flags=[True])
        Lists.create(counts=[1])
        assert Lists.where(flags__isnull=True).count() == 1
        with pytest.raises(InvalidQuery, match="cannot be compared by 'eq'"):
            Lists.where(counts=[1])


def _types(entity: object) -> dict[str, type[Any]]:
    return {name: type(value) for name, value in vars(entity).items()}
