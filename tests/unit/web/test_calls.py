# pyright: reportUnusedClass=false
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nitro_runtime.entities import Entity, Field
from nitro_runtime.errors import ViewError
from nitro_runtime.events import anyone, command, forget_command, query, registered
from nitro_runtime.events.actions import action
from nitro_runtime.events.messages import Command, Query
from nitro_runtime.html import Button, Signal, expr
from nitro_runtime.views import Page, PageState
from nitro_runtime.web.calls import call

HOSTILE: list[str] = json.loads(
    (Path(__file__).parents[2] / "browser" / "hostile.json").read_text()
)


@pytest.fixture(autouse=True)
def closed_again() -> Iterator[None]:
    before = set(registered())
    yield
    for name in set(registered()) - before:
        forget_command(name)


class CalledProduct(Entity):
    stock: int = 0

    @action
    def restock(self, quantity: int, since: date | None = None) -> None: ...

    @action(allow=anyone)
    @classmethod
    def archive_all(cls) -> None: ...

    @action(kind="query")
    @staticmethod
    def total(least: Decimal = Decimal(0)) -> int:
        return 0

    @action
    def move(self, to: CalledProduct) -> None: ...


@pytest.fixture
def product() -> CalledProduct:
    return CalledProduct(id="p1")


@pytest.fixture(autouse=True)
def opened() -> None:
    from nitro_runtime.events.actions import open_actions

    open_actions(CalledProduct)


def test_an_action_is_called_with_the_key_of_its_entity(product: CalledProduct) -> None:
    assert call(product.restock, quantity=5) == (
        "@post($_cmds + 'called_product.restock/' + $_tab, "
        '{"payload": {"id": "p1", "quantity": 5}, "retryMaxCount": 0})'
    )


def test_actions_of_classes_and_static_ones_need_none(product: CalledProduct) -> None:
    assert call(CalledProduct.archive_all) == (
        "@post($_cmds + 'called_product.archive_all/' + $_tab, {\"retryMaxCount\": 0})"
    )
    assert call(product.archive_all) == call(CalledProduct.archive_all)
    assert call(CalledProduct.total, least=Decimal("1.50")) == (
        '@get($_cmds + \'called_product.total/\' + $_tab, {"payload": {"least": "1.50"}})'
    )


def test_a_method_of_the_class_is_called_with_a_key_at_hand() -> None:
    made = call(CalledProduct.restock, id="p2", quantity=1)
    assert made == call("called_product.restock", id="p2", quantity=1)


def test_names_functions_and_classes_are_called_alike() -> None:
    @command("called.add")
    def add(amount: int) -> None: ...

    @query("called.find")
    def find(text: str = "") -> None: ...

    class CalledMove(Command):
        to: str
        on: date

        def handle(self) -> None: ...

    class CalledStock(Query[int]):
        id: str

    assert call(add, amount=1) == call("called.add", amount=1)
    assert call(find) == "@get($_cmds + 'called.find/' + $_tab)"
    sent = '{"payload": {"to": "a", "on": "2026-11-26"}, "retryMaxCount": 0}'
    expected = f"@post($_cmds + 'called_move/' + $_tab, {sent})"
    assert call(CalledMove(to="a", on=date(2026, 11, 26))) == expected
    assert call(CalledMove, to="a", on=date(2026, 11, 26)) == expected
    assert call(CalledStock(id="1")).startswith("@get($_cmds + 'called_stock/'")


def test_signals_are_read_when_it_is_called(product: CalledProduct) -> None:
    quantity = Signal("quantity", 1)
    assert '"quantity": $quantity}' in call(product.restock, quantity=quantity)
    assert '"quantity": $quantity + 1}' in call(product.restock, quantity=quantity + 1)
    assert '"quantity": el.value}' in call(product.restock, quantity=expr("el.value"))


def test_an_entity_is_sent_by_its_key(product: CalledProduct) -> None:
    assert '{"id": "p1", "to": "p2"}' in call(product.move, to=CalledProduct(id="p2"))


def test_entities_and_models_are_sent_in_lists_and_dicts_too() -> None:
    class Point(BaseModel):
        at: date

    @command("called.all")
    def send_all(items: list[Any], by_name: dict[str, Any]) -> None: ...

    point = Point(at=date(2024, 5, 6))
    made = call(send_all, items=[CalledProduct(id="p2"), point], by_name={"a": (point,)})
    assert (
        '{"items": ["p2", {"at": "2024-05-06"}], "by_name": {"a": [{"at": "2024-05-06"}]}}' in made
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_stay_values(text: str) -> None:
    @command("called.say")
    def say(text: str) -> None: ...

    made = call(say, text=text)
    (sent,) = re.findall(r'"payload": (\{"text": "[^"]*"\})', made)
    assert json.loads(sent) == {"text": text}
    assert not set("<>&'`@;") & set(sent)


@pytest.mark.parametrize("target", [None, 5, print, "called.restok"])
def test_what_was_not_opened_is_not_called(target: Any) -> None:
    with pytest.raises(ViewError, match=r"not opened|no command"):
        call(target)


def test_fields_are_looked_at_when_the_page_is_made(product: CalledProduct) -> None:
    with pytest.raises(ViewError, match=r"no field 'quantiy'. Did you mean 'quantity'"):
        call(product.restock, quantiy=5)
    with pytest.raises(ViewError, match="needs quantity too"):
        call(product.restock)


def test_of_which_class_a_shared_method_is_must_be_told() -> None:
    class CalledBase(Entity, abstract=True):
        @action
        @staticmethod
        def sweep() -> None: ...

    class CalledOne(CalledBase): ...

    class CalledTwo(CalledBase): ...

    with pytest.raises(ViewError, match="call it by its name"):
        call(CalledOne.sweep)
    assert "called_two.sweep/" in call("called_two.sweep")


def test_a_key_goes_with_each_click_that_asks_for_one(product: CalledProduct) -> None:
    made = call(product.restock, quantity=1, idempotent=True)
    assert "'Idempotency-Key': crypto.getRandomValues(" in made
    assert made.startswith("el.nitroCalls || (el.nitroCalls = true, @post(")
    assert "Idempotency" not in call(CalledProduct.total, idempotent=True)


def test_it_is_an_attribute_like_any_other(product: CalledProduct) -> None:
    button = str(Button("5 more", on_click=call(product.restock, quantity=5)))
    assert button == (
        '<button data-on:click="@post($_cmds + &#39;called_product.restock/&#39; + $_tab, '
        '{&#34;payload&#34;: {&#34;id&#34;: &#34;p1&#34;, &#34;quantity&#34;: 5}, &#34;retryMaxCount&#34;: 0})">5 more</button>'
    )


def test_a_live_page_says_where_commands_are_before_anything_calls_one() -> None:
    page = Page("content", title="T")
    markup = str(page.render(PageState(tab="a.b", commands_url="/shop/cmds/")))
    body = markup[markup.index("<body") :]
    assert body.index('id="nitro-calls"') < body.index("content")
    assert "&#34;_cmds&#34;: &#34;/shop/cmds/&#34;, &#34;_tab&#34;: &#34;a.b&#34;" in body
    assert "nitro-calls" not in page.render(PageState())


class CalledLine(Entity, version=False):
    order_id: int = Field(primary_key=True)
    number: int = Field(primary_key=True)

    @action
    def drop(self) -> None: ...


def test_a_composite_key_is_sent_field_by_field() -> None:
    from nitro_runtime.events.actions import open_actions

    open_actions(CalledLine)
    made = call(CalledLine(order_id=1, number=2).drop)
    assert '{"order_id": 1, "number": 2}' in made
