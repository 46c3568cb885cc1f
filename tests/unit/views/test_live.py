"""Reactive views: their keys, their groups, their topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.entities import Entity
from nitro_runtime.errors import BadSignature, ViewError
from nitro_runtime.signing import configure_secret, sign
from nitro_runtime.views import Column, Table, ViewKey, view_from_key


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nitro_runtime.signing._configured", None)
    configure_secret("a key for these tests only")


@pytest.fixture
def live_table(Product: Any, Category: Any) -> Any:
    Category.add(id=1, name="Lamps")
    for number in range(1, 8):
        Product.add(id=number, name=f"Lamp {number}", price="1.00", category_id=1, stock=number % 2)

    class LiveTable(Table[Any]):
        entity = Product
        name = Column(sort=True)
        category = Column()
        search = ["name"]  # noqa: RUF012
        reactive = True
        per_page = 3

        @classmethod
        def scope(cls, request: Any) -> Any:
            return request.user

    return LiveTable


async def test_a_key_makes_the_same_view_again(live_table: Any, request_with: Any) -> None:
    query = {"search": "lamp", "sort": "-name", "page": "2"}
    table = await live_table.read(request_with(query=query))
    again = await view_from_key(table.view_key, request_with())
    assert str(again) == str(table)
    assert again.view_group == table.view_group
    assert again.view_topics == {"product", "category"}
    assert again.dom_id == "product-table"


async def test_a_key_makes_a_built_table_again(Product: Any, request_with: Any) -> None:
    Product.add(id=1, name="Lamp", price="1.00")
    table = (
        Table.from_entity(Product, where={"stock": 0})
        .with_columns("name", "price")
        .with_actions(["edit", "delete"])
        .with_search()
        .with_sorting("name")
        .with_pagination(5)
        .reactive()
    )
    await table.read(request_with(query={"search": "la"}))
    again = await view_from_key(table.view_key or "", request_with())
    assert str(again) == str(table)
    assert "Lamp" in str(again)


async def test_the_element_carries_the_key_where_no_request_takes_it(
    live_table: Any, request_with: Any
) -> None:
    table = await live_table.read(request_with())
    assert table.view_key in str(table)
    assert "&#34;_views&#34;: {&#34;product_table&#34;:" in str(table)


async def test_a_refresh_shows_what_is_stored_now(
    live_table: Any, Product: Any, request_with: Any
) -> None:
    table = await live_table.read(request_with())
    key = table.view_key
    Product.add(id=9, name="New lamp", price="2.00", category_id=1)
    assert "New lamp" in str(await table.refresh())
    assert table.view_key == key


@pytest.mark.parametrize("change", ["x", "", "a.b", "e30.AAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_key_that_was_not_signed_here_is_refused(request_with: Any, change: str) -> None:
    with pytest.raises(BadSignature):
        await view_from_key(change, request_with())


async def test_a_key_signed_for_another_purpose_is_refused(
    live_table: Any, request_with: Any
) -> None:
    with pytest.raises(BadSignature):
        await view_from_key(sign("tab", '{"view":"Table"}'), request_with())


async def test_a_key_of_a_view_that_is_gone_is_refused(request_with: Any) -> None:
    for key in [
        ViewKey("no:Such", {}),
        ViewKey("Table", {"entity": "Gone"}),
        ViewKey("Table", {}),
    ]:
        with pytest.raises(BadSignature):
            await view_from_key(key.sign(), request_with())


async def test_the_scope_comes_from_the_request_and_never_from_the_key(
    live_table: Any, request_with: Any
) -> None:
    mine, yours = request_with(), request_with()
    mine.user, yours.user = {"stock": 0}, {"stock": 1}
    table = await live_table.read(mine)
    other = await view_from_key(table.view_key, yours)
    assert "3 products" in str(table)
    assert "4 products" in str(other)
    assert other.view_group != table.view_group


@dataclass(frozen=True)
class Owned:
    by: int


@dataclass(frozen=True)
class Unseen:
    """Shows nothing of what tells one from another."""

    by: int = field(repr=False)


@dataclass
class Laden:
    """Holds more than its fields."""

    by: int

    def __post_init__(self) -> None:
        self.more = object()


class Disguised(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "'plain'"


class Size(StrEnum):
    SMALL = "s"


class Order(Entity):
    owner: int


def by(owner: object) -> object:
    """A criterion, as ``scope`` may return one; type checkers take it for a bool."""
    return (Order.owner == owner) & (Order.id != "x")


def endless() -> list[object]:
    found: list[object] = []
    found.append(found)
    return found


TENANT = "6f1a3c1e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        ({"stock": 1}, {"stock": 1}, True),
        ({"stock": 1}, {"stock": 2}, False),
        ({"stock": 1}, {"stock": "1"}, False),
        ({"stock": 1}, {"stock": True}, False),
        ({"stock": 1}, None, False),
        (Owned(1), Owned(1), True),
        (Owned(1), Owned(2), False),
        ({"by": Owned(1)}, {"by": Owned(1)}, True),
        (Unseen(1), Unseen(2), False),
        (Laden(1), Laden(1), False),  # not plain: never shared
        (object(), object(), False),
        ({"by": object()}, {"by": object()}, False),
        (endless(), endless(), False),
        # equal for Python, and not of the same type
        ({"stock": 1}, {"stock": 1.0}, False),
        ({"stock": 0}, {"stock": False}, False),
        ({"by": "plain"}, {"by": Disguised("plain")}, False),
        ({"by": Disguised("one")}, {"by": Disguised("other")}, False),
        ({"size": "s"}, {"size": Size.SMALL}, False),
        ({"size": Size.SMALL}, {"size": Size.SMALL}, True),
        ({"by": TENANT}, {"by": UUID(TENANT)}, False),
        ({"by": UUID(TENANT)}, {"by": UUID(TENANT)}, True),
        ({"at": date(2026, 1, 1)}, {"at": datetime(2026, 1, 1)}, False),
        ({"price": Decimal("1.0")}, {"price": Decimal("1.00")}, False),
        ({1: "a", "b": 2}, {"b": 2, 1: "a"}, True),
        # what could run into another when it is written down
        ({"a": "1, 'b': 2"}, {"a": 1, "b": 2}, False),
        ({"a": ["b", "c"]}, {"a": ["b, c"]}, False),
        ({"a": ["b"]}, {"a": ("b",)}, False),
        ({"a": {1, 2}}, {"a": {2, 1}}, True),
        ({"a": "\ud800"}, {"a": "\udfff"}, False),
        (by(1), by(1), True),
        (by(1), by(2), False),
        (by(1), by(True), False),
        (by(object()), by(object()), False),
    ],
)
def test_views_share_a_group_only_when_their_scopes_surely_are_equal(
    one: object, other: object, same: bool
) -> None:
    from nitro_runtime.views.live import group_of

    assert (group_of("key", one) == group_of("key", other)) is same


async def test_what_cannot_be_made_again_from_plain_data_is_told(
    Product: Any, request_with: Any
) -> None:
    with pytest.raises(ViewError, match="plain values"):
        str(Table.from_entity(Product, where={"stock": object()}).reactive())
    with pytest.raises(ViewError, match="declared as a class"):
        str(Table.from_entity(Product).with_actions([lambda p: p.name]).reactive())
    with pytest.raises(ViewError, match="declared as a class"):
        str(Table.from_entity(Product).with_columns(name=Column(link=True)).reactive())


@given(
    st.text(min_size=1),
    st.dictionaries(st.text().filter(lambda name: name != "view"), st.text() | st.integers()),
)
def test_every_key_reads_back_as_it_was(view: str, data: dict[str, Any]) -> None:
    key = ViewKey(view, data)
    assert ViewKey.read(key.sign()) == key
    assert key.sign() == ViewKey(view, dict(reversed(list(data.items())))).sign()
