# ruff: noqa: S101 # a suite of tests asserts
"""Rows that somebody else spoiled: never loaded as if nothing were wrong with them."""

from __future__ import annotations

import pytest

from nitro_runtime.entities import Repository
from nitro_runtime.errors import InvalidRow
from nitro_runtime.testing.repository_suite.models import Item, Thing
from nitro_runtime.testing.repository_suite.suite import Suite


class Spoiled(Suite):
    """By hand, by another program, or by an older class."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("moment", "not a moment"),
            ("day", "2024-13-01"),
            ("key", "not a key"),
            ("mood", "lost"),
            ("tags", "{not json"),
        ],
    )
    def test_a_value_that_does_not_fit_its_field_is_named(
        self, repository: Repository, field: str, value: object
    ) -> None:
        """With the table and the key, whichever verb reads it."""
        Thing.create(id=7)
        self.spoil(repository, Thing, 7, field, value)
        with pytest.raises(InvalidRow) as refused:
            Thing.get(7)
        assert (refused.value.table, refused.value.key) == ("suite_thing", 7)
        with pytest.raises(InvalidRow):
            Thing.all().all()
        with pytest.raises(InvalidRow):
            Thing.all().values()
        self.spoil(repository, Thing, 7, field, None)
        assert vars(Thing.get(7))[field] is None

    def test_a_row_is_good_again_when_it_was_mended(self, repository: Repository) -> None:
        """Nothing of the error stays."""
        made = Item.create(name="Tea")
        self.spoil(repository, Item, made.id, "status", "gone")
        with pytest.raises(InvalidRow, match="suite_item"):
            Item.get(made.id)
        self.spoil(repository, Item, made.id, "status", "live")
        assert Item.get(made.id).status == "live"
