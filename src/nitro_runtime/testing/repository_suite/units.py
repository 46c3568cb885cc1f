# ruff: noqa: S101 # a suite of tests asserts
"""Transactions: all or nothing, nested, unseen before the commit; what is announced, and when."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from nitro_runtime.context import Change, after_commit, current_unit
from nitro_runtime.entities import MemoryRepository, QuerySet, transaction, use
from nitro_runtime.errors import (
    BrokenReference,
    ConfigurationError,
    Duplicate,
    EntityError,
    StaleEntity,
    Unsupported,
)
from nitro_runtime.testing.repository_suite.criteria import GOODS
from nitro_runtime.testing.repository_suite.models import (
    Account,
    Hooked,
    Item,
    Product,
    Thing,
    Ticket,
    Unguarded,
)
from nitro_runtime.testing.repository_suite.suite import Suite, in_threads, lacks, needs


def names(query: QuerySet[Any]) -> list[str]:
    """Returns the names of the rows, as they come."""
    return [one.name for one in query]


class Announcements(Suite):
    """Whoever listens is told of what was stored."""

    def test_saves_are_announced_with_the_entity(self, changes: list[Change]) -> None:
        """A save without a change is none."""
        made = Item.create(name="Tea")
        made.update(stock=1)
        made.save()
        made.delete()
        assert [(c.kind, c.topic, c.entity) for c in changes] == [
            ("created", "suite_item", made),
            ("updated", "suite_item", made),
            ("deleted", "suite_item", made),
        ]

    @needs("adjust or transactions")
    def test_an_increment_is_announced_with_the_entity(self, changes: list[Change]) -> None:
        """As it then is."""
        made = Item.create(name="Tea")
        made.increment(stock=2)
        assert [(c.kind, c.entity.stock) for c in changes] == [("created", 2), ("updated", 2)]

    def test_changes_of_many_are_announced_once(self, changes: list[Change]) -> None:
        """Without an entity; where nothing was changed, not at all."""
        Item.create_many(GOODS)
        Item.all().update(stock=1)
        Item.where(stock=77).update(stock=1)
        Item.where(stock=77).delete()
        Item.all().delete()
        assert [(c.kind, c.entity) for c in changes] == [
            ("created", None),
            ("updated", None),
            ("deleted", None),
        ]

    def test_what_was_refused_is_not_announced(self, changes: list[Change]) -> None:
        """Whatever the reason."""
        made = Thing.create(id=1)
        changes.clear()
        with pytest.raises(Duplicate):
            Thing.create(id=1)
        with pytest.raises(ValidationError):
            made.update(amount="many")
        stale = Item.get(Item.create(name="Tea").id)
        Item.get(stale.id).update(stock=1)
        with pytest.raises(StaleEntity):
            stale.update(stock=2)
        assert [c.kind for c in changes] == ["created", "updated"]


@needs("transactions")
class Hooks(Suite):
    """Business logic around what is stored."""

    @pytest.fixture(autouse=True)
    def fresh(self) -> None:
        """Nothing ran yet."""
        Hooked.seen.clear()

    def test_hooks_run_around_each_save_and_deletion(self) -> None:
        """What they fill in is stored."""
        made = Hooked.create(name="Green Tea")
        assert Hooked.get(made.id).slug == made.slug == "green-tea"
        made.update(name="Cup")
        assert Hooked.get(made.id).slug == "cup"
        made.delete()
        assert Hooked.seen == [
            "before_save Green Tea",
            "after_save Green Tea",
            "before_save Cup",
            "after_save Cup",
            "before_delete Cup",
            "after_delete Cup",
        ]

    def test_what_a_hook_refuses_is_not_stored(self) -> None:
        """Before it is stored."""
        with pytest.raises(RuntimeError, match="refused before"):
            Hooked.create(name="refused")
        made = Hooked.create(name="Tea", stock=1)
        with pytest.raises(RuntimeError, match="refused before"):
            made.update(name="refused")
        with pytest.raises(RuntimeError, match="stock"):
            made.delete()
        assert [(h.name, h.version) for h in Hooked.all()] == [("Tea", 1)]

    def test_what_a_hook_refuses_afterwards_is_taken_back(self, changes: list[Change]) -> None:
        """With everything that the hook did, and nothing is announced."""
        with pytest.raises(RuntimeError, match="refused after"):
            Hooked.create(name="refused afterwards")
        assert (Hooked.count(), changes) == (0, [])
        made = Hooked.create(name="Tea")
        changes.clear()
        with pytest.raises(RuntimeError, match="refused after"):
            made.update(name="refused afterwards")
        assert ([h.name for h in Hooked.all()], made.version, changes) == (["Tea"], 1, [])

    def test_hooks_do_not_run_for_what_is_changed_in_the_backend(self) -> None:
        """No entity is there to run them on."""
        made = Hooked.create(name="Tea")
        Hooked.seen.clear()
        made.increment(stock=1)
        Hooked.all().update(name="x")
        Hooked.all().delete()
        assert Hooked.seen == []

    def test_hooks_run_for_many(self) -> None:
        """Once for each; one that refuses refuses all."""
        one, two = Hooked.create_many([{"name": "A"}, {"name": "B"}])
        assert [h.slug for h in Hooked.all()] == ["a", "b"]
        assert sorted(Hooked.seen) == [
            "after_save A",
            "after_save B",
            "before_save A",
            "before_save B",
        ]
        with pytest.raises(RuntimeError):
            Hooked.create_many([{"name": "C"}, {"name": "refused afterwards"}])
        one.name, two.name = "D", "E"
        Hooked.update_many([one, two])
        assert [h.slug for h in Hooked.all()] == ["d", "e"]


@needs("transactions")
class Transactions(Suite):
    """What is done in a block lasts together or not at all."""

    def test_a_transaction_is_stored_and_announced_at_its_end(self, changes: list[Change]) -> None:
        """It sees itself before."""
        ran: list[str] = []
        with transaction():
            made = Item.create(name="Tea")
            made.update(stock=4)
            after_commit(lambda: ran.append("after"))
            assert (Item.get(made.id).stock, Item.count(stock=4)) == (4, 1)
            assert (changes, ran) == ([], [])
        assert ([c.kind for c in changes], ran) == (["created", "updated"], ["after"])
        assert Item.get(made.id).stock == 4
        assert current_unit() is None

    def test_a_failed_transaction_leaves_nothing_behind(self, changes: list[Change]) -> None:
        """Neither rows nor events, nor what the entities believe of themselves."""
        kept = Item.create(name="Kept")
        gone = Item.create(name="Gone")
        made = Item(name="Tea")
        changes.clear()
        with pytest.raises(ZeroDivisionError), transaction():
            made.save()
            kept.update(stock=9)
            kept.increment(stock=1)
            gone.delete()
            Item.all().update(stock=7)
            Item.create_many([{"name": "a"}, {"name": "b"}])
            after_commit(lambda: pytest.fail("ran after a rollback"))
            raise ZeroDivisionError
        assert [(i.name, i.stock, i.version) for i in Item.all()] == [
            ("Kept", 0, 1),
            ("Gone", 0, 1),
        ]
        assert changes == []
        assert (made.is_new, gone.is_new, kept.version) == (True, False, 1)
        made.save()
        gone.update(stock=2)
        assert kept.reload().stock == 0

    def test_an_inner_transaction_undoes_only_its_own_part(self, changes: list[Change]) -> None:
        """What comes after it goes on."""
        inner = Item(name="Inner")
        with transaction():
            outer = Item.create(name="Outer")
            with pytest.raises(ZeroDivisionError), transaction():
                inner.save()
                outer.update(stock=5)
                assert Item.count() == 2
                raise ZeroDivisionError
            assert (Item.count(), Item.get(outer.id).stock) == (1, 0)
            with transaction():
                Item.create(name="Third")
        assert names(Item.all()) == ["Outer", "Third"]
        assert [c.entity.name for c in changes] == ["Outer", "Third"]
        assert (inner.is_new, outer.version, outer.reload().stock) == (True, 1, 0)

    def test_transactions_nest_as_deep_as_one_likes(self) -> None:
        """A failure outside undoes what succeeded inside."""
        with pytest.raises(ZeroDivisionError), transaction():
            with transaction():
                with transaction():
                    Item.create(name="deep")
                with pytest.raises(KeyError), transaction():
                    Item.create(name="deeper")
                    raise KeyError
                assert names(Item.all()) == ["deep"]
            assert Item.count() == 1
            raise ZeroDivisionError
        assert Item.count() == 0

    def test_a_refused_key_leaves_the_transaction_usable(self) -> None:
        """A duplicate is caught, and the rest goes on."""
        with transaction():
            Thing.create(id=1)
            with pytest.raises(Duplicate):
                Thing.create(id=1)
            with pytest.raises(Duplicate):
                Thing.create_many([{"id": 2}, {"id": 1}])
            Thing.create(id=3)
        assert [thing.id for thing in Thing.all()] == [1, 3]

    @needs("unique")
    def test_a_refused_value_leaves_the_transaction_usable(self) -> None:
        """Whichever verb it was."""
        with transaction():
            tea = Account.create(name="Tea")
            with pytest.raises(Duplicate):
                Account.create(name="Tea")
            cup = Account.create(name="Cup")
            with pytest.raises(Duplicate):
                cup.update(name="Tea")
            with pytest.raises(Duplicate):
                Account.all().update(name="all the same")
            cup.reload().update(visits=1)
            tea.increment(visits=2)
        assert [(a.name, a.visits) for a in Account.all()] == [("Tea", 2), ("Cup", 1)]

    @needs("references")
    def test_a_broken_reference_leaves_the_transaction_usable(self) -> None:
        """At the statement, not at the commit."""
        with transaction():
            Product.create(name="Tea")
            with pytest.raises(BrokenReference):
                Product.create(name="Cup", category_id="nope")
            Product.create(name="Pot")
        assert names(Product.all()) == ["Tea", "Pot"]

    def test_others_do_not_see_a_transaction_before_its_commit(self) -> None:
        """Neither what is new nor what is changed or gone."""
        old = Item.create(name="Old")
        with transaction():
            Item.create(name="Tea")
            old.update(stock=5)
            (seen,) = in_threads(1, lambda: [(i.name, i.stock) for i in Item.all()])
        assert seen == [("Old", 0)]
        assert Item.count(name="Tea") == 1

    def test_a_counted_key_is_known_inside(self) -> None:
        """And one that was rolled back is no trouble later."""
        with pytest.raises(ZeroDivisionError), transaction():
            assert Ticket.get(Ticket.create(title="a").id).title == "a"
            raise ZeroDivisionError
        Ticket.create_many([{"title": "b"}, {"title": "c"}])
        assert [ticket.title for ticket in Ticket.all()] == ["b", "c"]

    def test_the_backend_is_not_changed_inside(self) -> None:
        """And a block is entered once."""
        block = transaction()
        with block:
            Item.create(name="Tea")
            with pytest.raises(ConfigurationError):
                use(MemoryRepository())
        with pytest.raises(EntityError), block:
            pass
        assert Item.count() == 1

    # -- locks ----------------------------------------------------------------------------------

    @needs("lock")
    def test_locked_rows_are_read_fresh_and_changed_one_after_the_other(self) -> None:
        """Nothing is lost, and nothing is stale."""
        made = Unguarded.create(name="Tea")

        def add() -> None:
            for _ in range(5):
                with transaction():
                    (row,) = Unguarded.where(name="Tea").lock()
                    row.update(stock=row.stock + 1)
                with transaction():
                    row.lock()
                    row.update(stock=row.stock + 1)

        assert in_threads(4, add) == [None] * 4
        assert made.reload().stock == 40

    @needs("lock")
    def test_a_lock_needs_a_transaction(self) -> None:
        """It would be gone at once."""
        made = Item.create(name="Tea")
        with pytest.raises(EntityError):
            Item.all().lock().all()
        with pytest.raises(EntityError):
            made.lock()

    @lacks("lock")
    def test_without_locks_one_is_refused(self) -> None:
        """By a sentence, not by going on without it."""
        made = Item.create(name="Tea")
        with pytest.raises(Unsupported, match="lock"), transaction():
            Item.all().lock().all()
        with pytest.raises(Unsupported, match="lock"), transaction():
            made.lock()
