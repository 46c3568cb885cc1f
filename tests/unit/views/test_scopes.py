"""What limits a table's rows for a visitor limits everything that the table tells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, belongs_to, use
from nitro_runtime.errors import InvalidQuery
from nitro_runtime.html import P
from nitro_runtime.views import Page, Table


class Kind(Entity):
    title: str
    tenant: str = ""


class Thing(Entity):
    name: str
    tenant: str = "a"
    kind_id: str | None = Field(default=None, foreign_key="kind.id")

    kind = belongs_to(Kind)


class ThingTable(Table[Thing]):
    entity = Thing
    filters = ("kind",)
    limit: ClassVar[Any] = None

    @classmethod
    def scope(cls, request: Any) -> Any:
        return cls.limit


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    known = dict(schema._entities)
    for entity in (Kind, Thing):
        schema.register_entity(entity.__entity__.name, entity)
        schema.register_entity(entity.__entity__.table, entity)
    use(MemoryRepository())
    Thing.create(name="Mine")
    Thing.create(name="Theirs", tenant="b")
    Kind.create(title="Secret kind", tenant="b")
    yield
    schema._entities.clear()
    schema._entities.update(known)


def read(limit: Any, request_with: Any) -> str:
    table = type("Limited", (ThingTable,), {"limit": limit})
    return str(asyncio.run(table.read(request_with())))


@pytest.mark.parametrize("limit", [{"tenant": "a"}, Thing.tenant == "a"])
def test_lookups_and_criteria_limit(limit: Any, request_with: Any) -> None:
    html = read(limit, request_with)
    assert "Mine" in html
    assert "Theirs" not in html


@pytest.mark.parametrize("limit", [None, {}])
def test_nothing_limits_nothing(limit: Any, request_with: Any) -> None:
    assert "Theirs" in read(limit, request_with)


@pytest.mark.parametrize("limit", [False, [], "", 0])
def test_what_is_no_limit_shows_nothing_at_all(limit: Any, request_with: Any) -> None:
    with pytest.raises(InvalidQuery):
        read(limit, request_with)


def test_a_filter_lists_no_related_rows_of_which_the_scope_says_nothing(request_with: Any) -> None:
    html = read({"tenant": "a"}, request_with)
    assert "Secret kind" not in html
    assert 'name="kind_name"' in html
    assert "Secret kind" in read(None, request_with)


def test_what_stands_for_no_rows_is_made_for_each_visitor() -> None:
    visitors = iter(["Ann", "Bob"])
    table = Table.from_entity(Thing, rows=[]).with_empty(lambda: P(next(visitors)))
    assert "Ann" in str(table)
    assert "Bob" in str(table)


def test_attributes_of_a_page_may_be_of_any_type() -> None:
    first = Page("x", title="T", body_attributes={"signals": {"a": 1}, "cls": ["one", "two"]})
    assert '<body class="one two" data-signals="{&#34;a&#34;: 1}">' in str(first)
    assert '<body class="page" data-x>' in str(
        Page("", title="T", body_attributes={"data-x": True})
    )
    assert 'data-x="1">' in str(Page("", title="T", body_attributes={"data-x": 1}))
