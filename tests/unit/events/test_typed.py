"""Events with a payload: what is emitted is checked before anything runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NotRequired

import blinker
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel
from typing_extensions import TypedDict

from nitro_runtime import context
from nitro_runtime.errors import ConfigurationError, InvalidPayload, NitroError
from nitro_runtime.events import bus, capture_events, emit, emit_async, event, on


class Restocked(BaseModel):
    quantity: int = Field(ge=1)
    note: str = ""


@dataclass
class Moved:
    place: str
    row: int = 0


class Counted(TypedDict):
    number: int
    by: NotRequired[str]


class Odd: ...


@dataclass
class Unchecked:
    odd: Odd


PAYLOADS: list[tuple[type[Any], dict[str, Any], Any]] = [
    (Restocked, {"quantity": 5}, Restocked(quantity=5)),
    (Moved, {"place": "A"}, Moved("A")),
    (Counted, {"number": 3, "by": "me"}, {"number": 3, "by": "me"}),
]


@pytest.mark.parametrize(("kind", "fields", "payload"), PAYLOADS)
async def test_handlers_get_the_fields_by_name_and_the_payload_when_they_ask_for_it(
    kind: type[Any], fields: dict[str, Any], payload: Any
) -> None:
    typed = event("product.changed", payload=kind)
    first = next(iter(fields))
    on(typed)(lambda sender, **data: (sender, data))
    on("product.*")(lambda payload: payload)
    on("product.changed")(lambda sender, payload: (sender, payload))
    everything = {**fields, **({"note": ""} if kind is Restocked else {})}
    everything |= {"row": 0} if kind is Moved else {}
    expected = [("me", everything), payload, ("me", payload)]

    assert emit(typed, "me", **fields) == expected
    assert emit("product.changed", "me", payload=payload) == expected
    assert emit("product.changed", "me", payload=fields) == expected
    assert await emit_async("product.changed", "me", **fields) == expected
    assert await emit_async(typed, "me", payload=payload) == expected
    assert [found for _, found in typed.send("me", **fields)] == expected
    assert [found for _, found in await typed.send_async("me", **fields)] == expected
    assert first in everything


def test_values_reach_the_handlers_as_their_types_say() -> None:
    class Priced(BaseModel):
        price: Decimal

    event("priced", payload=Priced)
    on("priced")(lambda price: price)
    assert emit("priced", None, price="9.50") == [Decimal("9.50")]


@pytest.mark.parametrize("kind", [Restocked, Moved, Counted])
@pytest.mark.parametrize("data", [{"quantity": "many"}, {"place": 7, "x": 1}, {"by": "me"}, {}])
async def test_what_does_not_fit_is_refused_and_nothing_runs(
    kind: type[Any], data: dict[str, Any]
) -> None:
    ran: list[int] = []
    typed = event("x", payload=kind)
    on("x")(lambda: ran.append(1))
    for attempt in (
        lambda: emit("x", None, **data),
        lambda: emit(typed, None, payload=data),
        lambda: typed.send(None, **data),
    ):
        with pytest.raises(InvalidPayload) as caught:
            attempt()
        assert caught.value.event == "x"
        assert caught.value.problems
        assert isinstance(caught.value, NitroError)
    with pytest.raises(InvalidPayload):
        await emit_async("x", None, **data)
    assert ran == []


def test_every_problem_is_named_with_a_suggestion() -> None:
    event("x", payload=Restocked)
    with pytest.raises(InvalidPayload) as caught:
        emit("x", None, quantity=0, nots="late")
    text = str(caught.value)
    assert "'x'" in text
    assert "quantity: " in text
    assert "nots is no field of it (Did you mean 'note'?)" in text
    with pytest.raises(InvalidPayload, match=r"this: zzz is no field of it\.$"):
        emit("x", None, quantity=1, zzz=1)


def test_the_payload_and_fields_together_are_refused_and_so_is_one_of_another_class() -> None:
    event("x", payload=Restocked)
    with pytest.raises(InvalidPayload, match="not both: note"):
        emit("x", None, payload=Restocked(quantity=1), note="?")
    with pytest.raises(InvalidPayload, match="is a Restocked, not a Moved"):
        emit("x", None, payload=Moved("A"))
    with pytest.raises(InvalidPayload, match="not a NoneType"):
        emit("x", None, payload=None)


def test_a_dataclass_that_took_a_wrong_value_unchecked_is_refused() -> None:
    event("x", payload=Moved)
    with pytest.raises(InvalidPayload, match="row"):
        emit("x", None, payload=Moved("A", row="first"))  # pyright: ignore[reportArgumentType]


def test_a_model_that_takes_more_gets_more() -> None:
    class Loose(BaseModel):
        model_config = ConfigDict(extra="allow")
        known: int

    event("x", payload=Loose)
    on("x")(lambda sender, **data: data)
    assert emit("x", None, known="1", more=2) == [{"known": 1, "more": 2}]


def test_fields_are_given_by_their_names_also_when_they_have_aliases() -> None:
    class Aliased(BaseModel):
        quantity: int = Field(alias="qty")

    event("x", payload=Aliased)
    on("x")(lambda quantity: quantity)
    assert emit("x", None, quantity="4") == [4]
    with pytest.raises(InvalidPayload, match="qty is no field"):
        emit("x", None, qty=4)


def test_the_declaration_holds_though_nobody_holds_the_event() -> None:
    event("kept", payload=Restocked)
    gc.collect()
    assert event("kept").payload is Restocked
    with pytest.raises(InvalidPayload):
        emit("kept", None, amount=1)


def test_a_name_has_one_payload_which_may_be_declared_again_after_a_reload() -> None:
    event("x", payload=Restocked)
    event("x", payload=Restocked)
    with pytest.raises(ConfigurationError, match="declared with the payload Restocked"):
        event("x", payload=Moved)
    again: Any = type(
        "Restocked", (BaseModel,), {"__module__": __name__, "__annotations__": {"amount": int}}
    )
    event("x", payload=again)
    on("x")(lambda amount: amount)
    assert emit("x", None, amount=2) == [2]
    assert event("x").payload is again


@pytest.mark.parametrize(
    "wrong", [int, dict, list[int], RootModel[int], Restocked(quantity=1), "Restocked"]
)
def test_a_payload_without_fields_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="model, a dataclass or a TypedDict"):
        event("x", payload=wrong)
    assert event("x").payload is None


@pytest.mark.parametrize("name", ["payload", "sender"])
def test_a_field_with_a_word_that_events_use_is_refused(name: str) -> None:
    kind = type("Wrong", (BaseModel,), {"__annotations__": {name: int}})
    with pytest.raises(ConfigurationError, match=f"cannot have a field '{name}'"):
        event("x", payload=kind)


def test_a_class_that_cannot_be_checked_is_refused_at_the_declaration() -> None:
    with pytest.raises(ConfigurationError, match="cannot be checked"):
        event("x", payload=Unchecked)
    assert event("x").payload is None


def test_a_class_that_names_one_not_yet_defined_is_refused_at_the_emit() -> None:
    class Later: ...

    @dataclass
    class Early:
        later: Later

    event("x", payload=Early)
    with pytest.raises(ConfigurationError, match="not fully defined"):
        emit("x", None, later=1)


def test_an_untyped_event_may_carry_something_named_payload() -> None:
    on("x")(lambda sender, **data: data)
    assert emit("x", None, payload=1) == [{"payload": 1}]


def test_conditions_see_the_checked_fields_and_the_payload() -> None:
    event("x", payload=Restocked)
    on("x", when=lambda quantity: quantity > 3)(lambda: "many")
    on("x", when=lambda payload: payload.note == "late")(lambda: "late")
    assert emit("x", None, quantity="4") == ["many"]
    assert emit("x", None, quantity=1, note="late") == ["late"]


def test_it_is_checked_when_it_is_emitted_and_not_at_the_commit() -> None:
    event("x", payload=Restocked)
    ran: list[int] = []
    on("x")(lambda quantity: ran.append(quantity))
    unit = context.UnitOfWork()
    context.set_unit(unit)
    try:
        with pytest.raises(InvalidPayload):
            emit("x", None, quantity=0)
        emit("x", None, quantity="2")
    finally:
        context.set_unit(None)
    assert ran == []
    unit.run()
    assert ran == [2]


def test_what_comes_beside_is_not_checked_and_reaches_those_who_name_it() -> None:
    event("x", payload=Restocked)
    on("x")(lambda quantity, user: (quantity, user))
    assert bus.emit("x", None, {"quantity": 1}, {"user": "me"}) == [(1, "me")]


def test_captured_events_have_their_fields_and_their_payload() -> None:
    event("x", payload=Restocked)
    with capture_events() as emitted:
        emit("x", "me", quantity="2")
        emit("y", "me", a=1)
    assert [(e.name, e.data, e.payload) for e in emitted] == [
        ("x", {"quantity": 2, "note": ""}, Restocked(quantity=2)),
        ("y", {"a": 1}, None),
    ]


def test_generators_get_it_too() -> None:
    @on("x")
    def handler(sender: str, payload: Restocked) -> Iterator[object]:
        yield sender
        yield payload.quantity

    event("x", payload=Restocked)
    assert emit("x", "me", quantity=3) == [["me", 3]]


def test_a_plain_signal_may_be_typed() -> None:
    signal = blinker.Signal()
    event(signal, payload=Restocked)
    on(signal)(lambda quantity: quantity)
    assert emit(signal, None, quantity="5") == [5]
    with pytest.raises(InvalidPayload):
        signal.send(None, quantity="many")


def test_names_without_a_payload_are_looked_at_as_before() -> None:
    event("typed", payload=Restocked)
    on("plain")(lambda sender, **data: data)
    assert emit("plain", None, anything="goes") == [{"anything": "goes"}]
