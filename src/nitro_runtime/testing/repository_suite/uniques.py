# ruff: noqa: S101, RUF001 # a suite of tests asserts; letters that look alike are on purpose
"""Values that exist once: every violation names the field, under a race too."""

from __future__ import annotations

from typing import Any

import pytest

from nitro_runtime.errors import Duplicate
from nitro_runtime.testing.repository_suite.models import Account, Seat
from nitro_runtime.testing.repository_suite.suite import Suite, in_threads, needs


def refused(work: Any, *arguments: Any, **values: Any) -> str:  # noqa: ANN401
    """Returns the field that a duplicate names."""
    with pytest.raises(Duplicate) as error:
        work(*arguments, **values)
    return error.value.field


@needs("unique")
class Uniques(Suite):
    """Unique fields, and fields that together are unique."""

    def test_a_unique_violation_names_the_entity_and_the_field(self) -> None:
        """Whichever verb it is."""
        Account.create(name="Tea", code="t")
        other = Account.create(name="Coffee", code="c")
        assert refused(Account.create, name="Tea") == "name"
        assert refused(Account.create, name="x", code="t") == "code"
        assert refused(other.update, name="Tea") == "name"
        assert refused(other.reload().update, code="t") == "code"
        assert refused(Account.create_many, [{"name": "y"}, {"name": "Coffee"}]) == "name"
        assert refused(Account.create_many, [{"name": "y"}, {"name": "y"}]) == "name"
        assert refused(Account.where(name="Coffee").update, code="t") == "code"
        assert refused(Account.all().update, code="one for two") == "code"
        assert [(a.name, a.code) for a in Account.all()] == [("Tea", "t"), ("Coffee", "c")]
        with pytest.raises(Duplicate, match="Another Account has this name already"):
            Account.create(name="Tea")

    def test_a_value_is_free_again_when_it_was_changed_or_deleted(self) -> None:
        """And an entity may be saved with its own."""
        tea = Account.create(name="Tea", code="t")
        tea.update(code="t", visits=1)
        tea.update(name="Coffee")
        other = Account.create(name="Tea")
        other.delete()
        Account.create(name="Tea", code="u")
        assert Account.where(name="Tea").update(code="v") == 1
        Account.create(name="New", code="u")
        Account.all().delete()
        Account.create(name="Tea", code="t")

    def test_missing_values_are_not_equal(self) -> None:
        """Any number of rows may have none."""
        Account.create_many({"name": str(i)} for i in range(3))
        assert Account.all().update(code=None, number=None) == 3
        assert Account.count(code=None) == 3

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("a", "A"),
            ("a", "a "),
            ("a", "ä"),
            ("é", "e\u0301"),
            ("ß", "ss"),
            ("a", "a\t"),
            ("", " "),
            ("i", "ı"),
            ("🙂", "🙃"),
        ],
    )
    def test_texts_that_differ_are_not_the_same(self, one: str, other: str) -> None:
        """By case, blank, accent or sign."""
        Account.create_many([{"name": one, "code": one}, {"name": other, "code": other}])
        assert refused(Account.create, name=one) == "name"
        assert refused(Account.create, name="z", code=other) == "code"
        assert Account.where(name=one).one().code == one

    @needs("nul")
    def test_a_text_does_not_end_at_nul(self) -> None:
        """What comes after it counts."""
        Account.create_many([{"name": "a"}, {"name": "a\0"}, {"name": "a\0b"}])
        assert refused(Account.create, name="a\0") == "name"

    def test_a_value_that_was_given_up_may_be_taken(self) -> None:
        """By updates of many."""
        Account.create_many([{"name": "a", "number": 1}, {"name": "b", "number": 2}])
        Account.where(name="b").update(number=None)
        Account.where(name="a").update(number=2)
        Account.where(name="b").update(number=1)
        assert [a.number for a in Account.all()] == [2, 1]

    def test_fields_that_together_are_unique_may_each_repeat(self) -> None:
        """A missing one makes them different."""
        Seat.create_many([{"row": "a", "number": 1}, {"row": "a", "number": 2}])
        moved = Seat.create(row="b", number=1)
        assert refused(Seat.create, row="a", number=1) == "row, number"
        assert refused(moved.update, row="a", number=2) == "row, number"
        assert refused(Seat.where(row="b").update, row="a") == "row, number"
        Seat.create_many([{"row": "a"}, {"row": "a"}])
        with pytest.raises(Duplicate, match="has this row, number already"):
            Seat.create(row="a", number=2)
        assert Seat.count() == 5

    def test_one_of_many_threads_wins_a_value(self) -> None:
        """All others are told so."""
        results = in_threads(50, lambda: Account.create(name="a"))
        assert sum(isinstance(result, Account) for result in results) == 1
        assert sum(isinstance(result, Duplicate) for result in results) == 49
        results = in_threads(10, lambda: Seat.create(row="a", number=1))
        assert sum(isinstance(result, Duplicate) for result in results) == 9
        assert (Account.count(), Seat.count()) == (1, 1)

    @needs("transactions")
    def test_one_of_many_threads_makes_what_all_get_or_create(self) -> None:
        """All have the same afterwards."""
        made = in_threads(10, lambda: Account.get_or_create(name="b"))
        assert sorted(result[1] for result in made if isinstance(result, tuple)) == [
            *[False] * 9,
            True,
        ]
        assert Account.count() == 1

    @needs("transactions")
    def test_many_are_upserted_by_a_unique_field(self) -> None:
        """Those that are there are updated."""
        Account.create_many([{"name": "a", "code": "1"}, {"name": "b", "code": "2"}])
        rows = [{"name": "b", "visits": 5}, {"name": "c", "visits": 6}]
        assert [a.name for a in Account.upsert_many("name", rows)] == ["b", "c"]
        assert [(a.name, a.code, a.visits) for a in Account.all()] == [
            ("a", "1", 0),
            ("b", "2", 5),
            ("c", None, 6),
        ]
        refused_rows = [{"name": "a", "visits": 9}, {"name": "d", "code": "2"}]
        assert refused(Account.upsert_many, "name", refused_rows) == "code"
        assert Account.count(visits=9) == 0
