"""An event is a Blinker signal: what was written for Blinker connects to it."""

from __future__ import annotations

import gc

import blinker
import pytest

from nitro_runtime.events import emit, emit_async, event, on


def test_a_receiver_written_for_blinker_gets_sender_and_data() -> None:
    signal = event("x")
    assert isinstance(signal, blinker.Signal)

    @signal.connect
    def receiver(sender: object, **extra: object) -> tuple[object, object]:
        return sender, extra

    assert emit("x", "me", a=1) == [("me", {"a": 1})]
    assert signal.send("me", a=1) == [(receiver, ("me", {"a": 1}))]


def test_receivers_are_held_strongly_unless_weak_is_asked_for() -> None:
    def connect() -> None:
        event("x").connect(lambda sender: "strong")
        event("y").connect(lambda sender: "weak", weak=True)

    connect()
    gc.collect()
    assert emit("x") == ["strong"]
    assert emit("y") == []
    assert not event("y").has_receivers_for(None)


def test_a_weak_receiver_runs_while_it_lives() -> None:
    def receiver(sender: object, a: int) -> int:
        return a

    event("x").connect(receiver, weak=True)
    assert emit("x", None, a=1, b=2) == [1]


def test_a_receiver_connected_for_a_sender_gets_only_that_one() -> None:
    one, other = object(), object()
    event("x").connect(lambda sender: "yes", sender=one)
    assert emit("x", one) == ["yes"]
    assert emit("x", other) == []


def test_disconnect_takes_it_away() -> None:
    def receiver(sender: object) -> int:
        return 1

    event("x").connect(receiver)
    event("x").disconnect(receiver)
    assert emit("x") == []


def test_a_muted_event_reaches_nobody() -> None:
    on("x")(lambda: 1)
    with event("x").muted():
        assert emit("x") == []
        assert emit(event("x")) == []
    assert emit("x") == [1]


async def test_send_async_pairs_handlers_with_results() -> None:
    async def later(sender: object) -> str:
        return "later"

    def never(sender: object) -> None:
        raise AssertionError

    on("x", when=lambda: False)(never)
    on("x")(later)
    assert await event("x").send_async(None) == [(later, "later")]


async def test_emit_async_takes_the_event_itself() -> None:
    on("x")(lambda sender: sender)
    assert await emit_async(event("x"), "me") == ["me"]


def test_an_event_says_its_name() -> None:
    assert repr(event("x.y")) == "<Event 'x.y'>"
    assert event("x.y").name == "x.y"


@pytest.mark.parametrize("name", ["x", "a.b", "ü", ""])
def test_any_text_can_be_a_name(name: str) -> None:
    on(name)(lambda: name)
    assert emit(name) == [name]
