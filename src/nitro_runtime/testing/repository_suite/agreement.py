# ruff: noqa: S101, RUF001 # a suite of tests asserts; letters that look alike are on purpose
"""Whatever is asked, the backend gives the rows that memory gives, in the same order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.entities import Arithmetic, Criterion, MemoryRepository, Query, Repository, col
from nitro_runtime.testing.repository_suite.models import Level, Status, Thing
from nitro_runtime.testing.repository_suite.suite import Suite

# A small alphabet with case pairs beyond ASCII, wildcards and a quote, so that things collide.
_MAPPER = Thing.mapper
_ALPHABET = "aAbßẞÉéEe\u0301İıΣσς%_*?[]\\' 🙂"
_texts = st.text(_ALPHABET, max_size=5)
_cents = st.integers(-2000, 2000).map(lambda n: Decimal(n) / 100)
_exacts = st.tuples(st.integers(-(10**15), 10**15), st.integers(0, 25)).map(
    lambda pair: Decimal(pair[0]).scaleb(-pair[1])
)
_whole = st.integers(-3, 3)
_moments = st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 2)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": _texts,
    "other": _texts,
    "searched": _texts,
    "price": _cents,
    "exact": _exacts,
    "amount": _whole,
    "weight": st.sampled_from([-1.5, -0.0, 0.0, 0.1, 1e300]),
    "day": st.dates(date(2024, 1, 1), date(2024, 1, 9)),
    "moment": _moments,
    "span": st.integers(-3, 3).map(lambda n: timedelta(microseconds=n)),
    "mood": st.sampled_from(Status),
    "level": st.sampled_from(Level),
    "key": st.integers(0, 3).map(lambda n: UUID(int=n)),
    "raw": st.binary(max_size=2),
    "flag": st.booleans(),
}
ASKED = {
    **VALUES,
    "price": st.one_of(_cents, _exacts),
    "amount": st.one_of(_whole, st.just(2**70)),
}
TEXTS = ("name", "other", "searched")

_rows = st.lists(st.fixed_dictionaries({n: st.none() | s for n, s in VALUES.items()}), max_size=6)

_COMPARE: list[Callable[[Any, Any], Any]] = [
    lambda field, value: field == value,
    lambda field, value: field != value,
    lambda field, value: field > value,
    lambda field, value: field >= value,
    lambda field, value: field < value,
    lambda field, value: field <= value,
]


@st.composite
def _comparisons(draw: st.DrawFn) -> Criterion:
    name = draw(st.sampled_from(sorted(VALUES)))
    field: Any = col(getattr(Thing, name))
    match draw(st.integers(0, 5)):
        case 0:
            return field.in_(draw(st.lists(st.none() | ASKED[name], max_size=3)))
        case 1:
            return field.between(draw(ASKED[name]), draw(ASKED[name]))
        case 2:
            return draw(st.sampled_from([field.is_(None), field.is_not(None)]))
        case 3 if name in TEXTS:
            method = draw(st.sampled_from(["contains", "icontains", "startswith", "like"]))
            text = draw(_texts)
            return getattr(field, method)(text)
        case 4 if name in TEXTS:
            other = col(getattr(Thing, draw(st.sampled_from(TEXTS))))
            return draw(st.sampled_from(_COMPARE))(field, other)
        case _:
            return draw(st.sampled_from(_COMPARE))(field, draw(ASKED[name]))


def _joined(inner: st.SearchStrategy[Criterion]) -> st.SearchStrategy[Criterion]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda pair: pair[0] & pair[1]),
        pairs.map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda one: ~one),
    )


_criteria = st.recursive(_comparisons(), _joined, max_leaves=4)
_orders = st.lists(
    st.tuples(st.sampled_from(["", "-"]), st.sampled_from(sorted(VALUES))).map("".join), max_size=2
)


class Agreement(Suite):
    """Random rows and random questions; needs hypothesis."""

    examples: ClassVar[int] = 150
    """How many sets of rows, each of which is asked five questions."""

    def test_the_answers_are_those_of_memory(self, repository: Repository) -> None:
        """With every kind of criterion and order; and so are the rows that are changed and deleted."""

        @settings(
            max_examples=self.examples,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(_rows, st.lists(_questions(), min_size=5, max_size=5))
        def agree(rows: list[dict[str, Any]], questions: list[Query]) -> None:
            memory = MemoryRepository()
            stored = [Thing(id=i, **row).model_dump() for i, row in enumerate(rows)]
            repository.delete_where(_MAPPER, Query())
            for backend in (memory, repository):
                if stored:
                    backend.insert(_MAPPER, stored)
            for asked in questions:
                found = repository.select(_MAPPER, asked)
                assert found == memory.select(_MAPPER, asked)
                assert repository.count(_MAPPER, asked) == len(found)
            _same_changes(memory, repository, questions[0], questions[1])

        agree()


def _same_changes(
    memory: MemoryRepository, repository: Repository, changed: Query, deleted: Query
) -> None:
    changes = {"amount": Arithmetic("amount", "+", 1), "searched": "ẞ changed"}
    assert repository.update_where(_MAPPER, changed, changes) == memory.update_where(
        _MAPPER, changed, changes
    )
    assert repository.select(_MAPPER, Query()) == memory.select(_MAPPER, Query())
    assert repository.delete_where(_MAPPER, deleted) == memory.delete_where(_MAPPER, deleted)
    assert repository.select(_MAPPER, Query()) == memory.select(_MAPPER, Query())


@st.composite
def _questions(draw: st.DrawFn) -> Query:
    query = Thing.where(draw(_criteria)).order_by(*draw(_orders)).offset(draw(st.integers(0, 2)))
    limit = draw(st.none() | st.integers(0, 4))
    return (query if limit is None else query.limit(limit)).query
