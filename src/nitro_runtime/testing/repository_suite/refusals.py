# ruff: noqa: S101 # a suite of tests asserts
"""What a backend cannot do is said before anything is stored, and never done by halves."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nitro_runtime.entities import Entity, transaction
from nitro_runtime.errors import Unsupported
from nitro_runtime.testing.coroutines import in_a_loop
from nitro_runtime.testing.repository_suite.models import (
    Account,
    Category,
    Contract,
    Fleeting,
    Item,
    Photo,
    Seat,
)
from nitro_runtime.testing.repository_suite.suite import Suite, lacks, needs


class Refusals(Suite):
    """Capabilities that are missing."""

    @lacks("transactions")
    def test_a_block_is_refused_without_transactions(self) -> None:
        """It would be half of one."""
        with pytest.raises(Unsupported, match="transactions"), transaction():
            Item.create(name="Tea")
        assert Item.count() == 0

    @lacks("transactions")
    @in_a_loop
    async def test_a_block_of_a_coroutine_is_refused_without_transactions(self) -> None:
        """As any other."""
        with pytest.raises(Unsupported, match="transactions"):
            async with transaction():
                await Item.acreate(name="Tea")
        assert await Item.acount() == 0

    @lacks("unique")
    @pytest.mark.parametrize(("entity", "values"), [(Account, {"name": "a"}), (Seat, {"row": "a"})])
    def test_a_class_with_unique_values_is_refused_where_they_are_not_kept_so(
        self, entity: type[Entity], values: dict[str, Any]
    ) -> None:
        """At its first use, whatever it is."""
        with pytest.raises(Unsupported, match="unique"):
            entity.create(**values)
        with pytest.raises(Unsupported, match="unique"):
            entity.count()

    @lacks("references")
    @pytest.mark.parametrize("entity", [Photo, Category, Contract])
    def test_a_class_whose_deletions_have_rules_is_refused_where_nobody_keeps_them(
        self, entity: type[Entity]
    ) -> None:
        """At its first use, whatever it is."""
        with pytest.raises(Unsupported, match="references"):
            entity.count()

    @lacks("ttl")
    def test_a_class_whose_rows_expire_is_refused_where_they_last(self) -> None:
        """At its first use, whatever it is."""
        with pytest.raises(Unsupported, match="ttl"):
            Fleeting.create(name="a")
        with pytest.raises(Unsupported, match="ttl"):
            Fleeting.count()

    @needs("ttl")
    def test_rows_expire(self) -> None:
        """Each after its time, for every verb."""
        made = Fleeting.create(name="a")
        assert Fleeting.get(made.id).name == "a"
        assert Fleeting.count(name="a") == 1
        deadline = time.monotonic() + 10
        while Fleeting.find(made.id) is not None:
            assert time.monotonic() < deadline, "the row is still there after ten seconds"
            time.sleep(0.05)
            self.later()
        assert (Fleeting.all().all(), Fleeting.count()) == ([], 0)
        Fleeting.create(id=made.id, name="a")
