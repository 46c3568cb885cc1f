# ruff: noqa: S101 # a suite of tests asserts
"""Two processes on one store, each with a repository of its own: the same rows, and the same rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.entities import Query, Repository, retry_stale, transaction
from nitro_runtime.errors import Duplicate, StaleEntity
from nitro_runtime.testing.repository_suite.models import Account, Item, Ticket
from nitro_runtime.testing.repository_suite.suite import Suite, as_default, in_threads, needs


@needs("shared")
class Sharing(Suite):
    """What one process stores, the other has."""

    @pytest.fixture
    def other(self, repository: Repository) -> Iterator[Repository]:
        """As another process has it."""
        other = self.another(repository)
        yield other
        close = getattr(other, "close", None)
        if close is not None:
            close()

    def test_what_one_stores_the_other_has_at_once(self, other: Repository) -> None:
        """In both directions, with versions, orders and counted keys."""
        mine = Item.create(name="Tea", tags=[1])
        ticket = Ticket.create(title="a")
        with as_default(other):
            theirs = Item.get(mine.id)
            assert vars(theirs) == vars(mine)
            theirs.update(stock=3)
            Item.create(name="Cup")
            assert (Ticket.create(title="b").id or 0) > (ticket.id or 0)
            assert Item.count(name__icontains="te") == 1
        assert [(item.name, item.stock) for item in Item.all()] == [("Tea", 3), ("Cup", 0)]
        with pytest.raises(StaleEntity):
            mine.update(stock=9)
        mine.reload().delete()
        with as_default(other):
            assert Item.find(mine.id) is None
            with pytest.raises(StaleEntity):
                theirs.update(stock=4)

    @needs("unique")
    def test_unique_values_are_unique_in_both(self, other: Repository) -> None:
        """Also those that one has just given up."""
        mine = Account.create(name="Tea")
        with as_default(other):
            with pytest.raises(Duplicate):
                Account.create(name="Tea")
            Account.create(name="Cup")
        with pytest.raises(Duplicate):
            mine.update(name="Cup")
        mine.reload().delete()
        with as_default(other):
            Account.create(name="Tea")

    @needs("transactions")
    def test_the_other_sees_nothing_before_the_commit(self, other: Repository) -> None:
        """And everything afterwards."""

        def seen() -> int:
            return other.count(Item.mapper, Query())

        with transaction():
            Item.create(name="Tea")
            assert in_threads(1, seen) == [0]
        assert in_threads(1, seen) == [1]

    def test_both_change_one_row_and_lose_nothing(
        self, repository: Repository, other: Repository
    ) -> None:
        """Below the verbs, as each knows its own repository alone."""
        made = Item.create(name="Tea")
        turns = iter([repository, other] * 2)

        @retry_stale(100)
        def add(mine: Repository) -> None:
            row = mine.get(Item.mapper, made.id)
            assert row is not None
            changed = {"stock": row["stock"] + 1, "version": row["version"] + 1}
            if not mine.update(Item.mapper, made.id, changed, row["version"]):
                raise StaleEntity("Item", made.id)

        def work() -> None:
            mine = next(turns)
            for _ in range(10):
                add(mine)

        assert in_threads(4, work) == [None] * 4
        assert (made.reload().stock, made.version) == (40, 41)
