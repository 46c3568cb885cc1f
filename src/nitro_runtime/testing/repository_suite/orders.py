# ruff: noqa: S101 # a suite of tests asserts
"""The order of rows, and parts of it: limits, pages, the first and the only one, plain values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from nitro_runtime.entities import col
from nitro_runtime.errors import EntityError, InvalidQuery
from nitro_runtime.testing.repository_suite.criteria import GOODS, ids, names
from nitro_runtime.testing.repository_suite.models import Item, Line, Thing
from nitro_runtime.testing.repository_suite.suite import Suite

ROWS = [(None, "b"), (1, None), (None, None), (1, "a"), (0, "b"), (1, "a"), (None, "a"), (1, "B")]
"""Amounts and names of the things 1 to 8."""


class Orders(Suite):
    """Rows come in the order that was asked for, and never in another."""

    @pytest.fixture
    def things(self) -> None:
        """Eight things, stored in an order that is none."""
        rows = [{"id": i, "amount": a, "name": n} for i, (a, n) in enumerate(ROWS, 1)]
        Thing.create_many(rows[4:] + rows[:4][::-1])

    @pytest.fixture
    def goods(self) -> None:
        """Four items."""
        Item.create_many(GOODS)

    @pytest.mark.usefixtures("things")
    @pytest.mark.parametrize(
        ("order", "found"),
        [
            ((), [1, 2, 3, 4, 5, 6, 7, 8]),
            (("id",), [1, 2, 3, 4, 5, 6, 7, 8]),
            (("-id",), [8, 7, 6, 5, 4, 3, 2, 1]),
            (("amount",), [1, 3, 7, 5, 2, 4, 6, 8]),
            (("+amount",), [1, 3, 7, 5, 2, 4, 6, 8]),
            (("-amount",), [2, 4, 6, 8, 5, 1, 3, 7]),
            (("amount", "name"), [3, 7, 1, 5, 2, 8, 4, 6]),
            (("amount", "-name"), [1, 7, 3, 5, 4, 6, 8, 2]),
            (("-amount", "name"), [2, 8, 4, 6, 5, 3, 7, 1]),
            (("-amount", "-name"), [4, 6, 8, 2, 5, 1, 7, 3]),
            (("name", "-id"), [3, 2, 8, 7, 6, 4, 5, 1]),
            (("-name", "amount", "-id"), [1, 5, 7, 6, 4, 8, 3, 2]),
        ],
        ids=str,
    )
    def test_missing_values_are_the_least_and_the_key_breaks_ties(
        self, order: tuple[str, ...], found: list[int]
    ) -> None:
        """Also where the order is descending, and of several fields."""
        query = Thing.all().order_by(*order)
        assert ids(query) == found
        assert ids(query.limit(3)) == found[:3]
        assert ids(query.offset(3)) == found[3:]
        assert ids(query.offset(2).limit(3)) == found[2:5]
        assert ids(query.where(amount=1)) == [i for i in found if i in (2, 4, 6, 8)]

    @pytest.mark.usefixtures("things")
    def test_an_order_is_said_by_name_or_by_attribute_and_replaces_a_former_one(self) -> None:
        """None leaves the order of keys."""
        amount: Any = col(Thing.amount)
        assert ids(Thing.all().order_by(amount, col(Thing.id).desc())) == [7, 3, 1, 5, 8, 6, 4, 2]
        assert ids(Thing.all().order_by(amount.desc())) == ids(Thing.all().order_by("-amount"))
        assert ids(Thing.all().order_by("-amount").order_by("id")) == [1, 2, 3, 4, 5, 6, 7, 8]
        assert ids(Thing.all().order_by("-amount").order_by()) == [1, 2, 3, 4, 5, 6, 7, 8]

    @pytest.mark.parametrize(
        "order", ["name; DROP TABLE suite_item", "-name DESC", "", "-", "tags"]
    )
    def test_an_order_can_only_be_a_field(self, order: str) -> None:
        """Addresses carry it, and so it is typed by anybody."""
        with pytest.raises(InvalidQuery):
            Item.all().order_by(order)
        with pytest.raises(InvalidQuery, match=r"Thing\.name"):
            Item.all().order_by(Thing.name)

    @pytest.mark.usefixtures("things")
    @pytest.mark.parametrize(
        ("limit", "offset", "found"),
        [
            (None, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
            (0, 0, []),
            (3, 0, [1, 2, 3]),
            (3, 6, [7, 8]),
            (8, 8, []),
            (99, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
            (None, 99, []),
            (10**30, 7, [8]),
            (1, 10**30, []),
        ],
    )
    def test_limits_and_offsets_cut_and_are_counted(
        self, limit: int | None, offset: int, found: list[int]
    ) -> None:
        """Beyond any table too."""
        query = Thing.all().offset(offset)
        query = query if limit is None else query.limit(limit)
        assert ids(query) == found
        assert query.count() == len(found)
        assert query.exists() is bool(found)
        assert [row["id"] for row in query.values("id")] == found
        first = query.first()
        assert (first and first.id) == (found[0] if found else None)

    @pytest.mark.parametrize("count", [-1, 1.0, "1", True, None])
    def test_a_limit_is_a_whole_number(self, count: Any) -> None:  # noqa: ANN401
        """From 0."""
        with pytest.raises(InvalidQuery):
            Thing.all().limit(count)
        with pytest.raises(InvalidQuery):
            Thing.all().offset(count)

    @pytest.mark.usefixtures("goods")
    def test_pages_are_cut_and_counted(self) -> None:
        """A number past the end gives the last page."""
        query = Item.all().order_by("price")
        page = query.page(2, size=3)
        assert (names_on(page.items), page.total, page.pages, page.has_next) == (
            ["Espresso"],
            4,
            2,
            False,
        )
        assert names_on(query.page(1, size=3).items) == ["ÜBERTEE", "black tea", "Green Tea"]
        assert (query.page(99, size=3).number, query.page(-1, size=3).number) == (2, 1)
        assert len(query.page(10**30, size=10**30).items) == 4
        nothing = Item.where(stock=77).page(3)
        assert (nothing.items, nothing.number, nothing.pages) == ([], 1, 1)
        with pytest.raises(InvalidQuery):
            query.page(1, size=0)

    @pytest.mark.usefixtures("things")
    @pytest.mark.parametrize("order", [(), ("amount",), ("-amount",), ("-name", "amount")], ids=str)
    @pytest.mark.parametrize(
        "lookups",
        [{}, {"amount": 1}, {"amount__gte": 0}, {"name__icontains": "B"}, {"id__in": [2, 3, 7, 8]}],
        ids=str,
    )
    def test_pages_show_every_row_once(
        self, order: tuple[str, ...], lookups: dict[str, Any]
    ) -> None:
        """Forwards and from the end, by an index and without, in the order of all rows at once."""
        query = Thing.all().where(**lookups).order_by(*order)
        steady = {False: query.then_stored(), True: query.then_stored(newest=True)}
        for size in (1, 2, 3, 8):
            assert paged(query, size) == ids(query)
            for newest, stored in steady.items():
                found = paged(stored, size)
                assert sorted(found) == sorted(ids(query))
                assert [told(order, i) for i in found] == [told(order, i) for i in ids(query)]
                if not order:
                    assert found == sorted(found, reverse=newest)  # they were stored so, or keyed

    @pytest.mark.usefixtures("goods")
    def test_equal_rows_are_steady_from_page_to_page_when_the_order_says_nothing_more(self) -> None:
        """Also when it is said before the criteria, or twice."""
        query = Item.all().order_by("-status").then_stored(newest=True).then_stored(newest=True)
        pages = [query.page(number, size=1) for number in (1, 2, 3, 4)]
        assert (
            len({page.items[0].id for page in pages}) == {page.total for page in pages}.pop() == 4
        )
        assert query.all() == Item.all().order_by("-status", "-id").all()
        assert query.order_by("price").all() == Item.all().order_by("price").all()
        assert query.where(stock=9).page(5, size=2).total == 1

    @pytest.mark.usefixtures("goods")
    def test_the_first_the_only_one_and_whether_there_is_any(self) -> None:
        """The only one must be the only one."""
        first = Item.first(stock=5)
        assert first is not None
        assert first.name == "Green Tea"
        assert Item.first(stock=77) is None
        assert Item.first() == Item.all().first() == first
        assert Item.where(stock=9).one().name == "Espresso"
        with pytest.raises(Item.NotFound, match="No Item fits the query"):
            Item.where(stock=77).one()
        with pytest.raises(EntityError):
            Item.where(stock=5).one()
        assert Item.where(stock=5).order_by("-name").limit(1).one().name == "ÜBERTEE"
        assert (Item.count(stock=5), Item.count()) == (2, 4)
        assert (Item.exists(stock=9), Item.exists(stock=77)) == (True, False)

    @pytest.mark.usefixtures("goods")
    def test_values_are_plain_dictionaries(self) -> None:
        """Of the named fields, or of all."""
        assert Item.where(stock=9).values("name", "price") == [
            {"name": "Espresso", "price": Decimal("10.00")}
        ]
        (every,) = Item.where(stock=9).values()
        assert every == {name: vars(Item.where(stock=9).one())[name] for name in every}
        with pytest.raises(InvalidQuery):
            Item.all().values("nope")

    @pytest.mark.usefixtures("goods")
    def test_a_query_set_is_read_each_time_and_never_changes(self) -> None:
        """What narrows it makes another one."""
        query = Item.where(stock=5)
        assert len(query.limit(1).all()) == 1
        assert (query.count(), len(query.all())) == (2, 2)
        Item.create(name="More", stock=5)
        assert names(query) == ["Green Tea", "ÜBERTEE", "More"]
        with pytest.raises(InvalidQuery, match="before limit"):
            query.limit(1).where(stock=1)

    def test_the_fields_of_a_key_break_ties_one_after_the_other(self) -> None:
        """Each by its own type."""
        Line.create_many({"order_id": o, "line": n} for o, n in (("b", 1), ("a", 10), ("a", 9)))
        assert [(line.order_id, line.line) for line in Line.all()] == [
            ("a", 9),
            ("a", 10),
            ("b", 1),
        ]
        found = Line.all().order_by("-order_id")
        assert [(line.order_id, line.line) for line in found] == [("b", 1), ("a", 9), ("a", 10)]


def paged(query: Any, size: int) -> list[Any]:  # noqa: ANN401 # a query set of any entity
    """Returns the ids on all pages, one page after the other."""
    pages = query.page(1, size=size).pages
    return [item.id for number in range(1, pages + 1) for item in query.page(number, size=size)]


def told(order: tuple[str, ...], key: int) -> list[Any]:
    """Returns what an order goes by, of one of the things."""
    amount, name = ROWS[key - 1]
    return [{"amount": amount, "name": name}[field.lstrip("-")] for field in order]


def names_on(items: list[Item]) -> list[str]:
    """Returns the names of items."""
    return [item.name for item in items]
