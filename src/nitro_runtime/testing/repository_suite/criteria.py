# ruff: noqa: S101 # a suite of tests asserts
"""Criteria and lookups: which rows are chosen, with values missing, and what makes no sense."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from nitro_runtime.entities import Criterion, QuerySet, col
from nitro_runtime.errors import InvalidQuery
from nitro_runtime.testing.repository_suite.models import Item, Status, Thing
from nitro_runtime.testing.repository_suite.suite import Suite

AMOUNTS = (None, -3, 0, 0, 7)
"""Of the things 1 to 5."""

GOODS: list[dict[str, Any]] = [
    {"name": "Green Tea", "price": "3.50", "stock": 5, "status": "live"},
    {"name": "black tea", "price": "2.00", "stock": 0, "description": "Strong"},
    {"name": "Espresso", "price": "10.00", "stock": 9, "status": "live"},
    {"name": "ÜBERTEE", "price": "0.99", "stock": 5, "description": "Grün"},
]


def ids(query: QuerySet[Thing]) -> list[int]:
    """Returns the keys of the rows, as they come."""
    return [thing.id for thing in query]


def names(query: QuerySet[Item]) -> list[str]:
    """Returns the names of the rows, as they come."""
    return [item.name for item in query]


amount: Any = col(Thing.amount)
id_: Any = col(Thing.id)
name: Any = col(Thing.name)

EXPRESSIONS: list[Any] = [
    (amount == 0, [3, 4]),
    (amount != 0, [2, 5]),
    (amount > -3, [3, 4, 5]),
    (amount >= 7, [5]),
    (amount < 7, [2, 3, 4]),
    (amount <= -3, [2]),
    (amount.in_([0, 7]), [3, 4, 5]),
    (amount.not_in([0]), [2, 5]),
    (amount.not_in([]), [1, 2, 3, 4, 5]),
    (amount.not_in([None]), [2, 3, 4, 5]),
    (amount.between(0, 7), [3, 4, 5]),
    (amount.is_(None), [1]),
    (amount.is_not(None), [2, 3, 4, 5]),
    (amount == None, [1]),  # noqa: E711 # an expression
    (amount != None, [2, 3, 4, 5]),  # noqa: E711
    ((amount == 7) | (amount == -3), [2, 5]),
    ((amount > -3) & (amount < 7), [3, 4]),
    ((amount == 0) & (id_ == 4) | amount.is_(None), [1, 4]),
    ((amount == 0) & ((id_ == 4) | amount.is_(None)), [4]),
    (id_ > amount, [2, 3, 4]),
    (name == col(Thing.other), []),
]
"""Criteria, and the things that fulfil them."""

NEGATIONS: list[Any] = [
    (~(amount == 0), [2, 5]),
    (~(amount != 0), [3, 4]),
    (~(amount > 0), [2, 3, 4]),
    (~amount.in_([0]), [2, 5]),
    (~amount.in_([]), [1, 2, 3, 4, 5]),
    (~amount.in_([None, 0]), [2, 5]),
    (~amount.between(0, 7), [2]),
    (~amount.is_(None), [2, 3, 4, 5]),
    (~amount.is_not(None), [1]),
    (~~(amount == 0), [3, 4]),
    (~((amount == 0) & (id_ == 3)), [1, 2, 4, 5]),
    (~((amount == 0) & (id_ < 4)), [2, 4, 5]),
    (~((amount == 0) | (id_ == 1)), [2, 5]),
    ((amount == 0) | ~(amount == 0), [2, 3, 4, 5]),
    (~(name == "a"), []),
    (~(name.contains("a")), []),
    (~(name.icontains("a")), []),
    (~(name.like("%")), []),
    (~(id_ > amount), [5]),
]


class Criteria(Suite):
    """What a query asks of a row."""

    @pytest.fixture
    def amounts(self) -> None:
        """Five things, one without an amount."""
        Thing.create_many({"id": i, "amount": n} for i, n in enumerate(AMOUNTS, 1))

    @pytest.fixture
    def goods(self) -> None:
        """Four items."""
        Item.create_many(GOODS)

    @pytest.mark.usefixtures("amounts")
    @pytest.mark.parametrize(
        ("lookups", "found"),
        [
            ({"amount": 0}, [3, 4]),
            ({"amount__exact": 0}, [3, 4]),
            ({"amount__eq": 0}, [3, 4]),
            ({"amount__ne": 0}, [2, 5]),
            ({"amount__gt": 0}, [5]),
            ({"amount__gte": 0}, [3, 4, 5]),
            ({"amount__lt": 0}, [2]),
            ({"amount__lte": 0}, [2, 3, 4]),
            ({"amount__in": [7, -3, 99]}, [2, 5]),
            ({"amount__in": []}, []),
            ({"amount__in": [None]}, [1]),
            ({"amount__in": [None, 7]}, [1, 5]),
            ({"amount__in": range(-5, 1)}, [2, 3, 4]),
            ({"amount__in": (7, 7)}, [5]),
            ({"amount__in": {0: "keys"}}, [3, 4]),
            ({"amount__between": (-3, 0)}, [2, 3, 4]),
            ({"amount__between": [1, 7]}, [5]),
            ({"amount__between": (7, 1)}, []),
            ({"amount__isnull": True}, [1]),
            ({"amount__isnull": False}, [2, 3, 4, 5]),
            ({"amount": None}, [1]),
            ({"amount__ne": None}, [2, 3, 4, 5]),
            ({"amount__gte": 0, "id__lt": 5}, [3, 4]),
            ({"amount": "7"}, [5]),
            ({}, [1, 2, 3, 4, 5]),
        ],
        ids=str,
    )
    def test_lookups(self, lookups: dict[str, Any], found: list[int]) -> None:
        """Each one alone, and joined."""
        assert ids(Thing.where(**lookups)) == found
        assert Thing.count(**lookups) == len(found)
        assert Thing.exists(**lookups) is bool(found)

    @pytest.mark.usefixtures("amounts")
    @pytest.mark.parametrize(("criterion", "found"), EXPRESSIONS)
    def test_expressions(self, criterion: Criterion, found: list[int]) -> None:
        """And what joins them; a field may be compared with another one."""
        assert ids(Thing.where(criterion)) == found

    @pytest.mark.usefixtures("amounts")
    @pytest.mark.parametrize(("criterion", "found"), NEGATIONS)
    def test_a_missing_value_is_neither_equal_nor_unequal(
        self, criterion: Criterion, found: list[int]
    ) -> None:
        """Logic has three values: the negation of what is unknown is unknown."""
        assert ids(Thing.where(criterion)) == found
        assert Thing.where(criterion).count() == len(found)

    @pytest.mark.usefixtures("goods")
    def test_criteria_and_lookups_choose_the_same(self) -> None:
        """Whichever way it is said."""
        assert names(Item.where(Item.price > 2)) == ["Green Tea", "Espresso"]
        assert names(Item.where(price__gt="2")) == ["Green Tea", "Espresso"]
        assert names(Item.where((Item.stock == 5) & (Item.price < 1))) == ["ÜBERTEE"]
        assert names(Item.where(Item.stock == 5).where(price__lt=1)) == ["ÜBERTEE"]
        assert names(Item.where(Item.stock == 5, price__lt=1)) == ["ÜBERTEE"]
        assert names(Item.where(status=Status.LIVE)) == names(Item.where(status="live"))

    @pytest.mark.usefixtures("goods")
    def test_search_wants_every_word_in_one_of_the_fields(self) -> None:
        """In any case of letters, in any order."""
        assert names(Item.all().search("tea green")) == ["Green Tea"]
        assert names(Item.all().search("TEE")) == ["ÜBERTEE"]
        assert names(Item.all().search("strong black", "name", "description")) == ["black tea"]
        assert len(Item.all().search("  ").all()) == 4
        assert Item.all().search("\ud800").all() == []
        with pytest.raises(InvalidQuery):
            Item.all().search("x", "stock")

    @pytest.mark.parametrize("text", ["%", "_", "'", '"', "[a]", "*?", "\\", "100% _x'", "^$", "."])
    def test_signs_that_mean_something_to_a_database_are_searched_as_they_are(
        self, text: str
    ) -> None:
        """A text is a text."""
        Item.create(name='100% _x\' "q" [a]*? \\ ^$.', description=text)
        Item.create(name="plain")
        assert [i.name[:4] for i in Item.all().search(text)] == ["100%"]
        assert Item.count(description=text) == 1
        assert Item.count(description__contains=text) == 1
        assert Item.count(description__icontains=text) == 1
        assert Item.count(description__startswith=text) == 1

    @pytest.mark.parametrize(
        "lookups",
        [
            {"nam": "x"},
            {"name__foo": "x"},
            {"name__": "x"},
            {"stock": "many"},
            {"stock": 1.5},
            {"stock__contains": "1"},
            {"stock__isnull": 1},
            {"tags": [1]},
            {"tags__contains": 1},
            {"data__gt": {}},
            {"name__in": "abc"},
            {"name__in": 5},
            {"stock__in": ["x"]},
            {"stock__between": 1},
            {"stock__between": (1, 2, 3)},
            {"description__isnull": "yes"},
            {"status": "lost"},
            {"name": 5},
            {"name": "\ud800"},
            {"name__contains": 5},
            {"name__gt__lt": 5},
            {"status__icontains": "l"},
        ],
        ids=str,
    )
    def test_a_question_that_makes_no_sense_is_refused(self, lookups: dict[str, object]) -> None:
        """By a sentence, and never answered."""
        with pytest.raises(InvalidQuery):
            Item.where(**lookups).count()

    def test_an_unknown_name_is_refused_with_a_suggestion(self) -> None:
        """In lookups and orders."""
        with pytest.raises(InvalidQuery, match="Did you mean 'price'"):
            Item.all().order_by("-prise")
        with pytest.raises(InvalidQuery, match="Did you mean 'price'"):
            Item.where(prise=1)
        with pytest.raises(InvalidQuery, match="Did you mean 'startswith'"):
            Item.where(name__startwith="x")

    @pytest.mark.usefixtures("amounts")
    def test_long_questions_are_answered(self) -> None:
        """However many criteria, words and values they have."""
        Item.create(name="w7 w8", stock=7)
        assert Item.all().search(" ".join(f"w{i}" for i in range(1500))).count() == 0
        assert Item.all().search("w7 " * 1500).count() == 1
        every: list[Any] = [amount == i for i in range(-3, 1500)]
        assert ids(Thing.where(reduce(lambda some, one: some | one, every))) == [2, 3, 4, 5]
        assert Thing.count(amount__in=range(3000)) == 3
