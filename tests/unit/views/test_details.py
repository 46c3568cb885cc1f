"""Details: everything about one entity, with what belongs to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, belongs_to, has_many, use
from nitro_runtime.errors import ViewError
from nitro_runtime.views import Card, Column, Detail
from nitro_runtime.views.model import open_pages


class Shop(Entity):
    name: str = Field(max_length=80)
    town: str = ""
    street: str = ""
    code: str = Field(default="hush", secret=True)
    opened: datetime | None = None

    lamps = has_many("Lamp")


class Lamp(Entity):
    label: str
    shop_id: str = Field(foreign_key="shop.id")

    shop = belongs_to(Shop)


class ShopDetail(Detail[Shop]):
    entity = Shop
    opened = Column()
    town = Column()
    street = Column(label="Street and number")
    sections = {"Address": ["street", "town"]}  # noqa: RUF012 # a declaration
    actions = ("edit", "delete")

    def cell_opened(self, shop: Shop) -> object:
        return f"since {shop.opened:%Y}"


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    known = dict(schema._entities)
    for entity in (Shop, Lamp):
        schema.register_entity(entity.__name__, entity)
        schema.register_entity(entity.__entity__.table, entity)
    use(MemoryRepository())
    yield
    schema._entities.clear()
    schema._entities.update(known)


@pytest.fixture
def shop() -> Shop:
    return Shop.create(
        id="s1", name="Lamps & <more>", town="Bonn", opened=datetime(2024, 5, 1, tzinfo=UTC)
    )


def test_all_facts_are_shown_but_secrets(shop: Shop) -> None:
    html = str(Detail.from_entity(shop))
    assert html.startswith('<article id="shop-detail-s1" class="detail">')
    assert '<h2 class="detail-title">Lamps &amp; &lt;more&gt;</h2>' in html
    assert "<dt>Town</dt><dd>Bonn</dd>" in html
    assert "hush" not in html


def test_what_belongs_to_it_is_listed_up_to_a_limit(shop: Shop) -> None:
    assert "Nothing here yet." in str(Detail.from_entity(shop))
    Lamp.create_many([Lamp(label=f"Lamp <{n}>", shop_id=shop.id) for n in range(13)])
    html = str(Detail.from_entity(shop))
    assert html.count("<li>Lamp &lt;") == 10
    assert "And 3 more." in html
    open_pages("/lamps")
    linked = str(Detail.from_entity(shop))
    assert linked.count('<li><a href="/lamps/') == 10


def test_sections_gather_facts(shop: Shop) -> None:
    html = str(ShopDetail(shop).without_title())
    first, _, rest = html.partition('<section class="detail-section">')
    assert "<dt>Opened</dt><dd>since 2024</dd>" in first
    assert "Bonn" not in first
    assert rest.startswith('<h2 class="detail-heading">Address</h2><dl class="facts">')
    assert rest.index("Street and number") < rest.index("Bonn")
    assert 'action="/shops/s1/delete"' in html


def test_an_entity_gives_the_detail_that_the_app_declared(shop: Shop) -> None:
    assert type(shop.to_detail()) is ShopDetail
    assert "since 2024" in str(shop.to_detail())


def test_asynchronous_code_loads_first(shop: Shop) -> None:
    Lamp.create(label="Desk", shop_id=shop.id)

    async def show() -> str:
        return str(await Detail.from_entity(await Shop.aget(shop.id)).load())

    assert "<li>" in asyncio.run(show())
    lamp = Lamp.first()
    assert lamp is not None

    async def show_lamp() -> str:
        return str(await Detail.from_entity(await Lamp.aget(lamp.id)).load())

    assert "Lamps &amp; &lt;more&gt;" in asyncio.run(show_lamp())


@pytest.mark.parametrize("view", [Card, Detail])
def test_what_is_no_entity_is_refused(view: Any, shop: Shop) -> None:
    del shop
    with pytest.raises(ViewError, match=r"shows one entity, not the class Shop: \w+\.from_entity"):
        view.from_entity(Shop)
    with pytest.raises(ViewError, match="'str' is not an entity class"):
        str(view.from_entity("Shop"))


def test_unknown_names_are_refused_with_the_nearest(shop: Shop) -> None:
    class Wrong(Detail[Shop]):
        entity = Shop
        sections = {"Address": ["streat"]}  # noqa: RUF012 # a declaration

    class Worse(Detail[Shop]):
        entity = Shop
        lists = ("lamp",)

    with pytest.raises(ViewError, match=r"no field 'streat'\. Did you mean 'street'\?"):
        str(Wrong(shop))
    with pytest.raises(ViewError, match=r"no has_many relation 'lamp'\. Did you mean 'lamps'\?"):
        str(Worse(shop))
    with pytest.raises(ViewError, match="no action 'edti'"):
        Detail.from_entity(shop).with_actions(["edti"])
