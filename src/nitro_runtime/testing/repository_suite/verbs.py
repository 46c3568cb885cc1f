# ruff: noqa: S101 # a suite of tests asserts
"""One entity: made, found, changed, deleted, and always valid."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from nitro_runtime.entities import retry_stale
from nitro_runtime.errors import InvalidQuery, StaleEntity
from nitro_runtime.testing.repository_suite.models import Item, Status, Unguarded
from nitro_runtime.testing.repository_suite.suite import Suite, needs

NAMELESS: Any = "x"


class Verbs(Suite):
    """The verbs of one entity."""

    def test_a_created_entity_is_found_with_the_values_it_was_given(self) -> None:
        """As another object of the same values."""
        made = Item.create(name="Tea", price="2.5", tags=[1, 2], data={"a": [1, None]})
        found = Item.get(made.id)
        assert vars(found) == vars(made)
        assert (found.price, found.status) == (Decimal("2.50"), Status.DRAFT)
        assert found == made
        assert found is not made

    def test_get_takes_the_key_by_position_and_by_name(self) -> None:
        """Other fields are asked for by `first`."""
        made = Item.create(name="Tea")
        assert Item.get(id=made.id) == Item.get(made.id) == made
        with pytest.raises(InvalidQuery):
            Item.get(name="Tea")

    def test_an_unknown_key_is_not_found(self) -> None:
        """By the class's own error, or as None."""
        with pytest.raises(Item.NotFound, match="no Item with id 'nope'"):
            Item.get("nope")
        assert Item.find("nope") is None

    @pytest.mark.parametrize("key", [None, 1.5, [], {}, object(), b"x", "", "\ud800", 10**40, -1])
    def test_what_cannot_be_a_key_finds_nothing(self, key: object) -> None:
        """It is no error: addresses are typed by anybody."""
        assert Item.find(key) is None
        with pytest.raises(Item.NotFound):
            Item.get(id=key)

    def test_save_stores_what_is_new_and_what_changed(self) -> None:
        """And counts the version; without a change nothing happens."""
        made = Item(name="Tea").save()
        assert (made.is_new, made.version) == (False, 1)
        made.stock = 5
        assert made.changed == {"stock": (0, 5)}
        made.save()
        made.save()
        assert (made.version, made.changed) == (2, {})
        assert (Item.get(made.id).stock, Item.get(made.id).version) == (5, 2)

    def test_update_assigns_together_and_saves(self) -> None:
        """Only the outcome must be valid; when it is not, nothing is kept."""
        made = Item.create(name="Tea", stock=1)
        assert made.update(name="Cup", stock=2) is made
        with pytest.raises(ValidationError):
            made.update(name="impossible", stock=3)
        with pytest.raises(ValidationError):
            made.update(name="Pot", stock=-1)
        assert (made.name, made.stock, made.changed) == ("Cup", 2, {})
        made.update(name="impossible", stock=0)
        assert (Item.get(made.id).name, Item.get(made.id).stock) == ("impossible", 0)

    def test_a_list_changed_in_place_is_seen_and_checked(self) -> None:
        """By value, as no assignment tells of it."""
        made = Item.create(name="Tea", tags=[1])
        made.tags.append(3)
        made.save()
        assert Item.get(made.id).tags == [1, 3]
        made.tags.append(NAMELESS)
        with pytest.raises(ValidationError):
            made.save()
        assert Item.get(made.id).tags == [1, 3]

    def test_a_change_of_type_inside_json_is_a_change(self) -> None:
        """To Python, True equals 1."""
        made = Item.create(name="Tea", data={"on": 1, "list": [0]})
        made.data["list"][0] = False
        made.save()
        made.data["on"] = True
        made.save()
        assert str(Item.get(made.id).data) == "{'on': True, 'list': [False]}"
        assert made.version == 3

    def test_what_is_stored_is_not_shared_with_the_entity(self) -> None:
        """Neither on the way in nor on the way out."""
        made = Item.create(name="Tea", tags=[1], data={"a": {"b": 1}})
        made.tags.append(2)
        made.data["a"]["b"] = 2
        found = Item.get(made.id)
        found.tags.append(9)
        found.data["a"]["b"] = 9
        assert (Item.get(made.id).tags, Item.get(made.id).data) == ([1], {"a": {"b": 1}})

    def test_a_stale_save_and_a_stale_delete_are_refused(self) -> None:
        """Whoever loaded first and saves last has not seen what is there now."""
        first = Item.create(name="Tea")
        second = Item.get(first.id)
        first.update(stock=1)
        second.stock = 2
        with pytest.raises(StaleEntity):
            second.save()
        with pytest.raises(StaleEntity):
            second.delete()
        assert (second.version, Item.get(first.id).stock) == (1, 1)

    def test_a_version_that_was_posted_is_the_one_that_guards(self) -> None:
        """A form carries it along."""
        made = Item.create(name="Tea")
        made.update(stock=1)
        fresh = Item.get(made.id)
        fresh.version = 1
        fresh.stock = 7
        with pytest.raises(StaleEntity):
            fresh.save()

    def test_a_save_of_what_somebody_deleted_is_refused(self) -> None:
        """It does not come back to life."""
        made = Item.create(name="Tea")
        Item.get(made.id).delete()
        made.stock = 1
        with pytest.raises(StaleEntity):
            made.save()
        with pytest.raises(Item.NotFound):
            made.reload()
        assert Item.count() == 0

    @needs("adjust or transactions")
    def test_an_increment_of_what_somebody_deleted_is_refused(self) -> None:
        """There is nothing to add to."""
        made = Item.create(name="Tea")
        Item.get(made.id).delete()
        with pytest.raises(StaleEntity):
            made.increment(stock=1)
        with pytest.raises(StaleEntity):
            made.increment(stock=1000)
        assert Item.count() == 0

    def test_without_a_version_the_last_save_wins(self) -> None:
        """Field by field: only what was changed is written."""
        first = Unguarded.create(name="Tea")
        second = Unguarded.get(first.id)
        first.update(stock=1)
        second.update(name="Cup")
        assert (first.reload().name, first.stock) == ("Cup", 1)
        second.delete()
        first.stock = 2
        with pytest.raises(StaleEntity):
            first.save()

    def test_a_deleted_entity_is_gone(self) -> None:
        """It is not stored again but by making a new one, which may have its key."""
        made = Item.create(name="Tea")
        made.delete()
        assert (Item.count(), Item.find(made.id)) == (0, None)
        with pytest.raises(StaleEntity):
            made.delete()
        with pytest.raises(StaleEntity):
            made.save()
        assert Item.create(**made.model_dump()) == made
        assert Item.get(made.id).name == "Tea"

    def test_reload_forgets_unsaved_values(self) -> None:
        """And reads what others have stored."""
        made = Item.create(name="Tea")
        Item.get(made.id).update(stock=3)
        made.name = "Coffee"
        assert made.reload() is made
        assert (made.name, made.stock, made.changed) == ("Tea", 3, {})

    def test_a_copy_knows_that_it_is_stored(self) -> None:
        """And saves a change of its own."""
        made = Item.create(name="Tea")
        made.model_copy(deep=True).update(stock=3)
        assert Item.get(made.id).stock == 3

    def test_timestamps_are_kept_in_utc(self) -> None:
        """To the microsecond."""
        before = datetime.now(UTC)
        made = Item.create(name="Tea")
        assert before <= made.created_at <= datetime.now(UTC)
        made.update(stock=1)
        found = Item.get(made.id)
        assert (found.created_at, found.updated_at) == (made.created_at, made.updated_at)
        assert found.created_at < found.updated_at
        assert found.updated_at.tzinfo is UTC

    @needs("adjust or transactions")
    def test_increment_adds_in_the_backend_and_keeps_other_changes(self) -> None:
        """What was changed here and is not saved stays as it is."""
        made = Item.create(name="Tea", stock=1)
        Item.get(made.id).increment(stock=5)
        made.name = "Coffee"
        made.increment(stock=2)
        assert made.stock == 8
        assert made.changed == {"name": ("Tea", "Coffee")}
        assert (Item.get(made.id).stock, Item.get(made.id).version) == (8, 3)

    @needs("adjust or transactions")
    def test_increment_adds_decimals_exactly_and_several_at_once(self) -> None:
        """A negative amount takes away."""
        made = Item.create(name="Tea", price="0.10", stock=5)
        made.increment(price=Decimal("0.20"), stock=-5)
        assert (Item.get(made.id).price, Item.get(made.id).stock) == (Decimal("0.30"), 0)

    @needs("adjust or transactions")
    @pytest.mark.parametrize("amounts", [{"stock": -2}, {"stock": 1000}, {"price": Decimal(-2)}])
    def test_increment_beyond_a_bound_changes_nothing(self, amounts: dict[str, Any]) -> None:
        """It is refused as an assignment would be."""
        made = Item.create(name="Tea", stock=1)
        with pytest.raises(ValidationError):
            made.increment(**amounts)
        assert vars(Item.get(made.id)) == vars(made)

    @needs("adjust or transactions")
    def test_increment_breaks_no_rule_of_the_whole_entity(self) -> None:
        """Validators that no database knows hold all the same."""
        made = Item.create(name="impossible")
        with pytest.raises(ValidationError):
            made.increment(stock=1)
        assert vars(Item.get(made.id)) == vars(made)

    @pytest.mark.parametrize("amounts", [{"name": "x"}, {"id": 1}, {"version": 1}, {"nope": 1}])
    def test_only_numbers_are_incremented(self, amounts: dict[str, Any]) -> None:
        """Anything else is a mistake of the caller."""
        with pytest.raises(InvalidQuery):
            Item.create(name="Tea").increment(**amounts)

    def test_retry_stale_tries_again_with_fresh_values(self) -> None:
        """And gives up after so many tries."""
        made = Item.create(name="Tea")
        tries: list[int] = []

        def sell(disturbed: int) -> int:
            item = Item.get(made.id)
            if len(tries) < disturbed:
                Item.get(made.id).update(stock=item.stock + 10)
            tries.append(1)
            return item.update(stock=item.stock + 1).stock

        assert retry_stale(3)(sell)(1) == 11
        assert len(tries) == 2
        tries.clear()
        with pytest.raises(StaleEntity):
            retry_stale(3)(sell)(9)
        assert len(tries) == 3

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("stock", 2**63),
            ("name", "\ud800"),
            ("data", {"deep": ["\ud800"]}),
            ("price", "1e17"),
            ("name", "x" * 81),
            ("stock", "many"),
            ("status", "lost"),
        ],
    )
    def test_a_value_that_cannot_be_stored_is_invalid_and_named(
        self, name: str, value: object
    ) -> None:
        """Before anything is stored."""
        given: dict[str, Any] = {"name": "Tea", name: value}
        with pytest.raises(ValidationError) as refused:
            Item.create(**given)
        assert refused.value.errors()[0]["loc"] == (name,)
        with pytest.raises(ValidationError):
            Item.create_many([{"name": "Cup"}, given])
        kept = Item.create(name="Kept")
        with pytest.raises(ValidationError):
            kept.update(**{name: value})
        assert [item.version for item in Item.all()] == [1]
