# ruff: noqa: S101 # a suite of tests asserts
"""Many at once: created, changed, replaced and deleted, all of them or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import col
from nitro_runtime.errors import Duplicate, InvalidQuery, StaleEntity
from nitro_runtime.testing.repository_suite.criteria import GOODS, names
from nitro_runtime.testing.repository_suite.models import Item, Status, Thing, Unguarded
from nitro_runtime.testing.repository_suite.suite import Suite, needs

stock: Any = col(Item.stock)


class Bulk(Suite):
    """What changes many rows with one verb."""

    @pytest.fixture
    def goods(self) -> None:
        """Four items."""
        Item.create_many(GOODS)

    # -- create_many ----------------------------------------------------------------------------

    def test_many_are_created_of_entities_and_of_values(self) -> None:
        """In the order given, each with its own key."""
        made = Item.create_many([Item(name="a"), {"name": "b"}, {"name": "c", "stock": "3"}])
        assert [(item.name, item.version, item.is_new) for item in made] == [
            ("a", 1, False),
            ("b", 1, False),
            ("c", 1, False),
        ]
        assert Item.all().all() == made
        assert made[2].update(stock=4).stock == 4
        assert Item.create_many([]) == []
        assert Item.create_many({"name": str(i)} for i in range(2)) == Item.all().offset(3).all()

    def test_creating_many_stores_all_or_none(self) -> None:
        """Whatever one of them has wrong."""
        Thing.create(id=3)
        with pytest.raises(Duplicate) as refused:
            Thing.create_many([{"id": 1}, {"id": 2}, {"id": 3}])
        assert (refused.value.entity, refused.value.field) == ("Thing", "id")
        with pytest.raises(Duplicate):
            Thing.create_many([{"id": 4}, {"id": 5}, {"id": 4}])
        with pytest.raises(ValidationError):
            Thing.create_many([{"id": 6}, {"id": 7, "amount": "many"}])
        assert [thing.id for thing in Thing.all()] == [3]

    def test_entities_that_were_changed_in_place_are_checked_before_they_are_created(self) -> None:
        """No assignment has told of it."""
        item = Item(name="a")
        wrong: Any = "x"
        item.tags.append(wrong)
        with pytest.raises(ValidationError):
            Item.create_many([item])
        assert Item.count() == 0

    def test_thousands_are_created_at_once(self) -> None:
        """However many values one statement may have."""
        made = Unguarded.create_many({"name": f"n{i}", "stock": i} for i in range(2500))
        assert len({one.id for one in made}) == Unguarded.count() == 2500
        assert [one.stock for one in Unguarded.all()] == list(range(2500))
        assert Unguarded.count(id__in=[one.id for one in made]) == 2500
        assert Unguarded.where(stock__gte=500).delete() == 2000

    # -- update ---------------------------------------------------------------------------------

    @pytest.mark.usefixtures("goods")
    def test_many_are_changed_at_once_and_their_versions_counted(self) -> None:
        """A value may be reckoned from what is there."""
        before = Item.first(stock=5)
        assert Item.where(stock=5).update(stock=stock + 1, status="live") == 2
        changed = Item.where(stock=6).all()
        assert [(item.version, item.status) for item in changed] == [(2, Status.LIVE)] * 2
        assert before is not None
        assert changed[0].updated_at > before.updated_at
        with pytest.raises(StaleEntity):
            before.update(name="stale")
        assert Item.where(stock=77).update(stock=1) == 0
        assert Item.all().update(price=col(Item.price) * 2) == 4  # type: ignore[operator]
        assert [item.price for item in Item.all()] == [Decimal("7.00"), 4, 20, Decimal("1.98")]

    @pytest.mark.usefixtures("goods")
    def test_a_field_is_reckoned_from_another_of_before_the_change(self) -> None:
        """All of them at once, as in SQL."""
        Thing.create(id=1, amount=5, weight=2.0)
        Thing.create(id=2)
        assert Thing.all().update(amount=Thing.amount - 1, weight=Thing.weight * 2) == 2  # type: ignore[operator]
        assert (Thing.get(1).amount, Thing.get(1).weight) == (4, 4.0)
        assert (Thing.get(2).amount, Thing.get(2).weight) == (None, None)

    @pytest.mark.usefixtures("goods")
    def test_what_is_changed_at_once_is_found_by_it(self) -> None:
        """In any case of letters, where the field is searched."""
        assert Item.all().order_by("price").limit(1).update(name="Ünique") == 1
        assert names(Item.where(name__icontains="ÜNI")) == ["Ünique"]
        assert names(Item.where(name__icontains="über")) == []

    @pytest.mark.usefixtures("goods")
    def test_only_a_part_in_an_order_is_changed(self) -> None:
        """By limit and offset, the same rows that would be read."""
        query = Item.all().order_by("-price").offset(1).limit(2)
        assert names(query) == ["Green Tea", "black tea"]
        assert query.update(stock=100) == 2
        assert names(Item.where(stock=100)) == ["Green Tea", "black tea"]

    @pytest.mark.usefixtures("goods")
    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"stock": -1}, ValidationError),
            ({"stock": None}, ValidationError),
            ({"name": "x" * 81}, ValidationError),
            ({"nope": 1}, InvalidQuery),
            ({"id": "x"}, InvalidQuery),
            ({"version": 7}, InvalidQuery),
            ({"stock": col(Item.price) + 1}, InvalidQuery),  # type: ignore[operator]
            ({"name": stock + 1}, InvalidQuery),
            ({"stock": stock + 0.5}, InvalidQuery),
            ({"stock": stock + "1"}, InvalidQuery),
            ({"price": col(Item.price) + Decimal("0.001")}, InvalidQuery),  # type: ignore[operator]
            ({}, InvalidQuery),
        ],
        ids=str,
    )
    def test_values_for_many_are_checked_against_their_fields(
        self, values: dict[str, Any], error: type[Exception]
    ) -> None:
        """Before anything is changed."""
        with pytest.raises(error):
            Item.all().update(**values)
        assert {item.version for item in Item.all()} == {1}

    # -- delete ---------------------------------------------------------------------------------

    @pytest.mark.usefixtures("goods")
    def test_many_are_deleted_at_once(self) -> None:
        """All of a query, or a part of it in its order."""
        assert Item.where(stock=5).delete() == 2
        assert Item.all().order_by("-price").limit(1).delete() == 1
        assert names(Item.all()) == ["black tea"]
        assert Item.where(stock=77).delete() == 0
        assert Item.all().delete() == 1

    @pytest.mark.usefixtures("goods")
    def test_a_part_is_deleted_by_offset(self) -> None:
        """The same rows that would be read."""
        assert Item.all().order_by("price").offset(1).limit(2).delete() == 2
        assert names(Item.all().order_by("price")) == ["ÜBERTEE", "Espresso"]

    # -- update_many ----------------------------------------------------------------------------

    @needs("transactions")
    def test_many_entities_are_saved_at_once(self) -> None:
        """Each with its own changes; what has none stays as it is."""
        one, two, three = Item.create_many([{"name": "a"}, {"name": "b"}, {"name": "c"}])
        one.stock, two.name = 1, "B"
        Item.update_many([one, two, three])
        assert [(i.name, i.stock, i.version) for i in Item.all()] == [
            ("a", 1, 2),
            ("B", 0, 2),
            ("c", 0, 1),
        ]
        assert (one.version, one.changed) == (2, {})
        one.update(stock=2)

    @needs("transactions")
    def test_saving_many_saves_all_or_none(self) -> None:
        """Whatever one of them has wrong, or somebody else has changed."""
        one, two = Item.create_many([{"name": "a"}, {"name": "b"}])
        Item.get(two.id).update(stock=9)
        one.stock, two.stock = 1, 2
        with pytest.raises(StaleEntity):
            Item.update_many([one, two])
        assert [(i.stock, i.version) for i in Item.all()] == [(0, 1), (9, 2)]
        assert (one.version, one.changed) == (1, {"stock": (0, 1)})
        wrong: Any = "x"
        two.reload().tags.append(wrong)
        with pytest.raises(ValidationError):
            Item.update_many([one, two])
        assert Item.get(one.id).stock == 0

    # -- get_or_create, upsert ------------------------------------------------------------------

    @needs("transactions")
    def test_one_is_found_or_created(self) -> None:
        """With the defaults only if it is created."""
        tea, made = Item.get_or_create({"stock": 3}, name="Tea")
        again, made_again = Item.get_or_create({"stock": 4}, name="Tea")
        assert (made, made_again, again, again.stock) == (True, False, tea, 3)

    @needs("transactions")
    def test_one_is_updated_or_created(self) -> None:
        """By the fields that tell which one is meant."""
        made = Item.upsert("name", name="Cup", stock=1)
        assert Item.upsert("name", name="Cup", stock=2) == made
        assert (Item.get(made.id).stock, Item.get(made.id).version) == (2, 2)
        assert Item.upsert(["name", "stock"], name="Cup", stock=3) != made
        assert Item.count() == 2
        with pytest.raises(InvalidQuery, match="stock"):
            Item.upsert(["name", "stock"], name="Cup")
        with pytest.raises(InvalidQuery):
            Item.upsert("nope", nope=1)

    @needs("transactions")
    def test_many_are_updated_or_created(self) -> None:
        """All or none, and in the order given."""
        kept = Item.create(name="a", stock=1)
        found = Item.upsert_many("name", [{"name": "a", "stock": 2}, {"name": "b", "stock": 3}])
        assert [item.name for item in found] == ["a", "b"]
        assert found[0] == kept
        assert [(i.name, i.stock, i.version) for i in Item.all()] == [("a", 2, 2), ("b", 3, 1)]
        with pytest.raises(ValidationError):
            Item.upsert_many("name", [{"name": "a", "stock": 9}, {"name": "c", "stock": -1}])
        assert [(i.name, i.stock) for i in Item.all()] == [("a", 2), ("b", 3)]
