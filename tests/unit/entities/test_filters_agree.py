"""Whatever is asked, memory and SQLite give the same rows in the same order."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.entities import (
    Criterion,
    Entity,
    Field,
    MemoryRepository,
    Repository,
    col,
    configure,
    use,
)
from nitro_runtime.entities.columns import from_sortable_text, sortable_text
from nitro_runtime.entities.text import fold, like_glob, like_regex


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Thing(Entity, version=False):
    id: int = Field(primary_key=True)  # type: ignore[assignment]
    name: str | None = None
    searched: str | None = Field(default=None, search=True)
    price: Decimal | None = Field(default=None, max_digits=9, decimal_places=2)
    exact: Decimal | None = None
    amount: int | None = None
    weight: float | None = None
    day: date | None = None
    moment: datetime | None = None
    mood: Mood | None = None
    flag: bool | None = None


# A small alphabet with case pairs beyond ASCII, wildcards and a quote, so that things collide.
texts = st.text("aAbßẞéÉéİıΣσς%_*?[]\\' \0", max_size=5)  # noqa: RUF001 # on purpose
cents = st.integers(-2000, 2000).map(lambda n: Decimal(n) / 100)
exacts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
whole = st.integers(-3, 3)
weights = st.sampled_from([-1.5, -0.0, 0.0, 0.1, 1e300])
days = st.dates(date(2024, 1, 1), date(2024, 1, 9))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 2)).map(
    lambda m: m.replace(tzinfo=UTC)
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": texts,
    "searched": texts,
    "price": cents,
    "exact": exacts,
    "amount": whole,
    "weight": weights,
    "day": days,
    "moment": moments,
    "mood": st.sampled_from(Mood),
    "flag": st.booleans(),
}
ASKED = {**VALUES, "price": st.one_of(cents, exacts), "amount": st.one_of(whole, st.just(2**70))}
rows = st.lists(st.fixed_dictionaries({n: st.none() | s for n, s in VALUES.items()}), max_size=6)

COMPARE: list[Callable[[Any, Any], Any]] = [
    lambda field, value: field == value,
    lambda field, value: field != value,
    lambda field, value: field > value,
    lambda field, value: field >= value,
    lambda field, value: field < value,
    lambda field, value: field <= value,
]


@st.composite
def comparisons(draw: st.DrawFn) -> Criterion:
    name = draw(st.sampled_from(sorted(VALUES)))
    field: Any = col(getattr(Thing, name))
    match draw(st.integers(0, 4)):
        case 0:
            return field.in_(draw(st.lists(st.none() | ASKED[name], max_size=3)))
        case 1:
            return field.between(draw(ASKED[name]), draw(ASKED[name]))
        case 2 if name in ("name", "searched"):
            text = draw(texts)
            method = draw(st.sampled_from(["contains", "icontains", "startswith", "like"]))
            if method == "like":
                text = text.replace("\0", "")
            return getattr(field, method)(text)
        case 3 if name in ("name", "searched"):
            return draw(st.sampled_from(COMPARE))(field, col(Thing.name))
        case _:
            return draw(st.sampled_from(COMPARE))(field, draw(ASKED[name]))


criteria = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=4,
)
orders = st.lists(
    st.tuples(st.sampled_from(["", "-"]), st.sampled_from(sorted(VALUES))).map("".join), max_size=2
)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    yield configure(f"sqlite:///{tmp_path_factory.mktemp('db')}/agree.db")
    use(MemoryRepository())


@given(rows, criteria, orders, st.none() | st.integers(0, 4), st.integers(0, 2))
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_memory_and_sqlite_agree(
    sqlite: Repository,
    rows: list[dict[str, Any]],
    criterion: Criterion,
    order: list[str],
    limit: int | None,
    offset: int,
) -> None:
    mapper = Thing.__nitro_mapper__
    memory = MemoryRepository()
    query = Thing.where(criterion).order_by(*order).offset(offset)
    asked = (query if limit is None else query.limit(limit)).query
    stored = [Thing(id=i, **row).model_dump() for i, row in enumerate(rows)]
    sqlite.delete_where(mapper, Thing.all().query)
    answers = []
    for backend in (memory, sqlite):
        if stored:
            backend.insert(mapper, stored)
        found = backend.select(mapper, asked)
        assert backend.count(mapper, asked) == len(found)
        answers.append(found)
    assert answers[0] == answers[1]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_a_decimal_survives_its_sortable_text(value: Decimal) -> None:
    assert from_sortable_text(sortable_text(value)) == value


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
        min_size=2,
    )
)
def test_sortable_texts_sort_as_the_numbers_do(values: list[Decimal]) -> None:
    assert sorted(values) == sorted(values, key=sortable_text)


@given(texts, texts)
def test_folding_makes_case_not_matter(first: str, second: str) -> None:
    assert fold(fold(first)) == fold(first)
    assert fold(first.casefold()) == fold(first)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("%", "", True),
        ("a_c", "abc", True),
        ("a_c", "aBBc", False),
        ("a%c", "a\nc", True),
        ("A%", "abc", False),
        (r"50\%", "50%", True),
        (r"50\%", "50x", False),
        ("[a]*", "[a]*", True),
        ("[a]*", "a", False),
    ],
)
def test_like_patterns_fit_the_same_in_python_and_sqlite(
    pattern: str, text: str, fits: bool
) -> None:
    import sqlite3

    assert (like_regex(pattern).fullmatch(text) is not None) is fits
    db = sqlite3.connect(":memory:")
    assert db.execute("SELECT ? GLOB ?", (text, like_glob(pattern))).fetchone() == (int(fits),)
    db.close()


def test_moments_in_other_zones_are_compared_in_utc() -> None:
    use(MemoryRepository())
    Thing.create(id=1, moment="2024-01-01T12:00:00+05:00")
    assert Thing.count(moment="2024-01-01T07:00:00Z") == 1
    assert Thing.count(moment__lt=datetime(2024, 1, 1, 7, tzinfo=UTC) + timedelta(seconds=1)) == 1
