# pyright: reportUnusedClass=false
from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nitro_runtime import context, schema
from nitro_runtime.entities import Entity, Field
from nitro_runtime.errors import ConfigurationError, NotFound, Refused, StaleEntity
from nitro_runtime.events import (
    Context,
    anyone,
    capture_events,
    find_command,
    forget_command,
    registered,
    run_command,
)
from nitro_runtime.events.actions import action, action_name, open_actions
from nitro_runtime.sse import emit_signals

ANN = Context(user=SimpleNamespace(name="Ann"), tab="tab1")


class Shade(StrEnum):
    LIGHT = "light"
    DARK = "dark"


async def test_a_method_of_an_entity_is_opened_under_its_table() -> None:
    class ActedProduct(Entity):
        stock: int = 0

        @action
        def restock(self, quantity: int = 1) -> int:
            self.stock += quantity
            self.save()
            return self.stock

    product = ActedProduct.create()
    assert product.restock(2) == 2
    with capture_events("acted_product.restock") as emitted:
        sent = {"id": product.id, "quantity": "3"}
        assert await run_command("acted_product.restock", sent, ANN) == 5
        assert await run_command("acted_product.restock", {"id": product.id}, ANN) == 6
    assert ActedProduct.get(product.id).stock == 6
    assert [each.data["quantity"] for each in emitted] == [3, 1]
    spec = find_command("acted_product.restock")
    assert spec is not None
    assert (spec.input.fields, spec.function) == (("id", "quantity"), ActedProduct.restock)


async def test_class_methods_and_static_ones_take_no_key() -> None:
    class ActedShelf(Entity):
        full: bool = False

        @action(allow=anyone)
        @classmethod
        def fill_all(cls, limit: int = 10) -> str:
            return f"{cls.__name__} {limit}"

        @classmethod
        @action(allow=anyone, kind="query")
        def total(cls) -> int:
            return 7

        @action(allow=anyone)
        @staticmethod
        async def tidy(day: date) -> date:
            return day

    assert await run_command("acted_shelf.fill_all", {"limit": 3}, Context()) == "ActedShelf 3"
    assert await run_command("acted_shelf.total", {}, Context()) == 7
    tidied = await run_command("acted_shelf.tidy", {"day": "2026-11-26"}, Context())
    assert tidied == date(2026, 11, 26)
    assert ActedShelf.fill_all(1) == "ActedShelf 1"
    assert {spec.kind for name, spec in registered().items() if name.endswith("total")} == {"query"}


async def test_each_entity_that_inherits_an_action_has_its_own_command() -> None:
    class Ranked(Entity, abstract=True):
        rank: int = 0

        @action
        def raise_rank(self, by: int) -> None:
            self.rank += by
            self.save()

    class RankedSong(Ranked): ...

    class RankedFilm(Ranked):
        @action
        def raise_rank(self, by: int) -> None:
            self.rank += 10 * by
            self.save()

    class RankedHidden(Ranked):
        def raise_rank(self, by: int) -> None: ...

    song, film = RankedSong.create(), RankedFilm.create()
    await run_command("ranked_song.raise_rank", {"id": song.id, "by": 2}, ANN)
    await run_command("ranked_film.raise_rank", {"id": film.id, "by": 2}, ANN)
    assert (RankedSong.get(song.id).rank, RankedFilm.get(film.id).rank) == (2, 20)
    assert action_name(song.raise_rank) == "ranked_song.raise_rank"
    assert {name for name in registered() if name.endswith("raise_rank")} == {
        "ranked_song.raise_rank",
        "ranked_film.raise_rank",
    }


async def test_enums_decimals_dates_and_entities_are_parameters() -> None:
    class ActedCategory(Entity):
        name: str

    class ActedLamp(Entity):
        price: Decimal = Decimal(0)
        shade: Shade = Shade.LIGHT

        @action
        async def change(
            self, price: Decimal, shade: Shade, since: date, category: ActedCategory | None = None
        ) -> Any:
            return price, shade, since, category and category.name

    lamp, category = ActedLamp.create(), ActedCategory.create(name="Office")
    sent = {"id": lamp.id, "price": "9.90", "shade": "dark", "since": "2026-01-02"}
    done = await run_command("acted_lamp.change", sent, ANN)
    assert done == (Decimal("9.90"), Shade.DARK, date(2026, 1, 2), None)
    done = await run_command("acted_lamp.change", {**sent, "category": category.id}, ANN)
    assert done[3] == "Office"
    with pytest.raises(NotFound):
        await run_command("acted_lamp.change", {**sent, "category": "none"}, ANN)
    forged = {**sent, "category": {"id": category.id, "name": "Forged"}}
    with pytest.raises(Refused) as refused:
        await run_command("acted_lamp.change", forged, ANN)
    assert refused.value.status == 422


async def test_a_composite_key_is_taken_field_by_field() -> None:
    class ActedLine(Entity, version=False):
        order_id: int = Field(primary_key=True)
        number: int = Field(primary_key=True)
        quantity: int = 1

        @action
        def double(self) -> None:
            self.quantity *= 2
            self.save()

    ActedLine.create(order_id=1, number=2)
    await run_command("acted_line.double", {"order_id": "1", "number": 2}, ANN)
    assert ActedLine.get((1, 2)).quantity == 2
    with pytest.raises(NotFound):
        await run_command("acted_line.double", {"order_id": 1, "number": 3}, ANN)


async def test_the_rule_may_ask_for_fields_and_for_the_entity() -> None:
    asked: list[Any] = []

    def by_id(user: Any, id: str) -> bool:
        asked.append(id)
        return id != "locked"

    async def own(user: Any, entity: Any, quantity: int) -> bool:
        return entity.owner == user.name and quantity < 10

    class ActedBox(Entity):
        owner: str = "Ann"

        @action(allow=own)
        def pack(self, quantity: int) -> str:
            return "packed"

        @action(allow=by_id)
        def open(self) -> None: ...

    mine, other = ActedBox.create(), ActedBox.create(owner="Bob")
    assert await run_command("acted_box.pack", {"id": mine.id, "quantity": 1}, ANN) == "packed"
    for sent in ({"id": other.id, "quantity": 1}, {"id": mine.id, "quantity": 10}):
        with pytest.raises(Refused) as refused:
            await run_command("acted_box.pack", sent, ANN)
        assert refused.value.status == 403
    with pytest.raises(Refused):  # before anything is read
        await run_command("acted_box.open", {"id": "locked"}, ANN)
    with pytest.raises(NotFound):
        await run_command("acted_box.open", {"id": "none"}, ANN)
    assert asked == ["locked", "none"]


async def test_a_rule_that_asks_for_what_there_is_not_is_refused() -> None:
    class ActedVault(Entity):
        @action(allow=lambda password: True)
        def unlock(self) -> None: ...

    vault = ActedVault.create()
    with pytest.raises(ConfigurationError, match="asks for 'password'"):
        await run_command("acted_vault.unlock", {"id": vault.id}, ANN)


async def test_only_the_key_and_the_parameters_are_taken() -> None:
    class ActedSafe(Entity):
        is_open: bool = False

        @action
        def touch(self) -> None: ...

    safe = ActedSafe.create()
    for extra in ("is_open", "version", "self", "user", "__proto__"):
        with pytest.raises(Refused) as refused:
            await run_command("acted_safe.touch", {"id": safe.id, extra: 1}, ANN)
        assert str(refused.value) == "A field was sent that is not known here."


async def test_a_stale_entity_is_told() -> None:
    class ActedStale(Entity):
        stock: int = 0

        @action
        def take(self) -> None:
            ActedStale.get(self.id).update(stock=1)
            self.stock = 2
            self.save()

    entity = ActedStale.create()
    with pytest.raises(StaleEntity):
        await run_command("acted_stale.take", {"id": entity.id}, ANN)


async def test_a_method_may_yield_patches() -> None:
    class ActedStep(Entity):
        @action
        def steps(self) -> Iterator[Any]:
            yield emit_signals({"step": 1})

        @action
        async def more_steps(self) -> AsyncIterator[Any]:
            yield emit_signals({"step": 2})

    entity = ActedStep.create()
    taken: list[Any] = []
    with context.outlet(taken.append):
        await run_command("acted_step.steps", {"id": entity.id}, ANN)
        await run_command("acted_step.more_steps", {"id": entity.id}, ANN)
    assert [each.signals for each in taken] == [{"step": 1}, {"step": 2}]


async def test_the_caller_is_filled_in() -> None:
    class ActedNote(Entity):
        @action
        def sign(self, user: Any = None, ctx: Context | None = None) -> Any:
            return user, ctx

    note = ActedNote.create()
    assert await run_command("acted_note.sign", {"id": note.id}, ANN) == (ANN.user, ANN)
    assert note.sign() == (None, None)


def test_what_cannot_be_opened_is_refused_with_its_class() -> None:
    with pytest.raises(ConfigurationError, match="called by name"):

        class ActedWide(Entity):
            @action
            def all_at_once(self, *names: str) -> None: ...

    with pytest.raises(ConfigurationError, match="tells of a change"):

        class ActedDeed(Entity):
            @action
            def updated(self) -> None: ...

    with pytest.raises(ConfigurationError, match="methods of entities"):
        action(5)


async def test_a_parameter_named_as_the_key_is_refused() -> None:
    class ActedClash(Entity):
        @action
        def swap(self, id: str) -> None: ...

    with pytest.raises(ConfigurationError, match="'id' is a field of the key"):
        await run_command("acted_clash.swap", {"id": "1"}, ANN)


def test_a_class_may_be_defined_again() -> None:
    def define() -> type[Entity]:
        class ActedAgain(Entity):
            @action
            def go(self) -> None: ...

        return ActedAgain

    define()
    second: Any = define()
    spec = find_command("acted_again.go")
    assert spec is not None and spec.input.instance_of is second


def test_actions_are_opened_of_classes_that_were_there_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class ActedEarly(Entity):
        @action
        def go(self) -> None: ...

        @action
        def stop(self) -> None: ...

    forget_command("acted_early.go")
    monkeypatch.setattr(schema, "_openers", [])
    schema.on_entity(open_actions)
    assert find_command("acted_early.go") is not None
    assert ActedEarly.__entity__.table == "acted_early"


LATER = """
from __future__ import annotations

from pydantic import BaseModel

from nitro_runtime.entities import Entity
from nitro_runtime.events import anyone
from nitro_runtime.events.actions import action


class Parcel(Entity):
    lines: list[ParcelLine] = []

    @action(allow=anyone)
    def close(self, reason: str = "") -> None: ...


class ParcelLine(BaseModel):
    name: str
"""


def test_a_class_that_names_a_later_one_is_opened_too(tmp_path: Path) -> None:
    file = tmp_path / "parcels.py"
    file.write_text(
        f"{LATER}\nassert Parcel.create(lines=[{{'name': 'x'}}]).lines[0].name == 'x'\n"
    )
    subprocess.run([sys.executable, str(file)], check=True, timeout=60)
