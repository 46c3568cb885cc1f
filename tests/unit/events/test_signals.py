"""Plain Blinker signals: they may stand wherever an event may, and their own receivers still work."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import blinker
import pytest

from nitro_runtime import context
from nitro_runtime.events import (
    bus,
    capture_events,
    emit,
    emit_async,
    event,
    off,
    on,
)


def test_what_a_signal_sends_reaches_handlers_in_order_and_each_once() -> None:
    signal = blinker.Signal()
    ran: list[str] = []

    @on(signal, priority=5)
    @on(signal)
    def twice(sender: str, n: int) -> None:
        ran.append(f"twice {sender} {n}")

    on(signal)(lambda: ran.append("last"))
    on(signal, priority=9)(lambda: ran.append("first"))
    signal.send("me", n=1, other=2)
    assert ran == ["first", "twice me 1", "last"]


def test_emit_reaches_handlers_and_after_them_the_plain_receivers() -> None:
    signal = blinker.Signal()
    ran: list[object] = []

    def receiver(sender: object, **data: object) -> str:
        ran.append(("receiver", sender, data))
        return "receiver"

    signal.connect(receiver)
    assert emit(signal, "me", a=1) == ["receiver"]
    on(signal)(lambda sender: ran.append("handler") or "handler")
    assert emit(signal, "me", a=1) == ["handler", "receiver"]
    assert ran == [("receiver", "me", {"a": 1}), "handler", ("receiver", "me", {"a": 1})]


async def test_emit_async_awaits_both() -> None:
    signal = blinker.Signal()

    async def receiver(sender: object) -> str:
        await asyncio.sleep(0)
        return "receiver"

    @on(signal)
    async def handler() -> str:
        await asyncio.sleep(0)
        return "handler"

    signal.connect(receiver)
    assert await emit_async(signal) == ["handler", "receiver"]


def test_plain_receivers_keep_their_senders_and_their_weakness() -> None:
    signal = blinker.Signal()
    one = object()

    def for_one(sender: object) -> str:
        return "one"

    def weak(sender: object) -> str:
        return "weak"

    signal.connect(for_one, sender=one)
    signal.connect(weak)
    assert sorted(emit(signal, one)) == ["one", "weak"]
    assert emit(signal, object()) == ["weak"]
    del weak
    gc.collect()
    assert emit(signal, one) == ["one"]


def test_conditions_hold_for_what_a_signal_sends() -> None:
    signal = blinker.Signal()
    ran: list[str] = []
    on(signal, sender="me")(lambda: ran.append("me"))
    on(signal, when=lambda n: n > 1)(lambda: ran.append("many"))
    signal.send("me", n=1)
    signal.send("you", n=2)
    assert ran == ["me", "many"]


def test_off_takes_a_handler_away_and_the_last_one_leaves_the_signal_as_it_was() -> None:
    signal = blinker.Signal()

    def handler() -> int:
        return 1

    on(signal)(handler)
    assert bus.has_handlers(signal)
    off(handler, signal)
    assert not signal.receivers
    assert not bus.has_handlers(signal)
    on(signal)(handler)
    off(handler)
    assert not signal.receivers
    assert emit(signal) == []


def test_a_signal_that_nobody_uses_any_more_is_not_kept() -> None:
    signal = blinker.Signal()
    gone = weakref.ref(signal)

    def handler() -> None: ...

    on(signal)(handler)
    emit(signal)
    event(signal)
    off(handler, signal)
    del signal
    gc.collect()
    assert gone() is None


def test_a_muted_signal_reaches_nobody() -> None:
    signal = blinker.Signal()
    on(signal)(lambda: 1)
    signal.connect(str)
    with signal.muted():
        assert emit(signal) == []
    assert len(emit(signal)) == 2


def test_a_signal_is_not_the_event_of_its_name() -> None:
    named = blinker.signal("order-placed")
    elsewhere = blinker.Namespace().signal("order-placed")
    on("order-placed")(lambda: "event")
    on(named)(lambda: "named")
    on(elsewhere)(lambda: "elsewhere")
    on("*")(lambda: "star")
    assert emit("order-placed") == ["event", "star"]
    assert emit(named) == ["named"]
    assert emit(elsewhere) == ["elsewhere"]


def test_errors_of_handlers_leave_send_together() -> None:
    signal = blinker.Signal()

    @on(signal)
    def bad() -> None:
        raise ValueError("bad")

    with pytest.raises(ExceptionGroup) as caught:
        signal.send(None)
    assert isinstance(caught.value.exceptions[0], ValueError)


def test_inside_a_transaction_handlers_wait_for_the_commit() -> None:
    signal = blinker.Signal()
    ran: list[object] = []
    on(signal)(ran.append)
    unit = context.UnitOfWork()
    context.set_unit(unit)
    try:
        signal.send("sent")
        emit(signal, "emitted")
        assert ran == []
    finally:
        context.set_unit(None)
    unit.run()
    assert ran == ["sent", "emitted"]


def test_captures_see_signals_by_their_names_and_can_be_asked_for_one() -> None:
    named, other = blinker.NamedSignal("known"), blinker.Signal()
    on(named)(lambda: None)
    on(other)(lambda: None)
    with capture_events() as everything, capture_events(named) as one:
        named.send("a")
        emit(named, "b")
        emit(other, "c")
        emit("known", "d")
    assert [(e.name, e.sender) for e in one] == [("known", "a"), ("known", "b")]
    assert [e.sender for e in everything] == ["a", "b", "c", "d"]


def test_the_event_of_a_signal_is_the_same_while_it_is_held() -> None:
    signal = blinker.NamedSignal("x")
    held = event(signal)
    assert event(signal) is held
    assert held.name == "x"
    held.connect(len)
    assert bus.handlers(signal) == [len]


# -- receivers that were connected to an event as Blinker does ------------------------------------


class Shop: ...


def test_a_sender_given_to_connect_is_held_weakly() -> None:
    shop = Shop()
    gone = weakref.ref(shop)
    event("x").connect(lambda sender: "mine", sender=shop)
    assert emit("x", shop) == ["mine"]
    del shop
    gc.collect()
    assert gone() is None
    assert not bus.has_handlers("x")


def test_a_sender_given_to_on_is_held() -> None:
    on("x", sender=Shop())(lambda: 1)
    gc.collect()
    assert bus.has_handlers("x")


def test_disconnecting_from_one_sender_leaves_the_others() -> None:
    def receiver(sender: object) -> object:
        return sender

    one, other = Shop(), Shop()
    event("x").connect(receiver, sender=one)
    event("x").connect(receiver, sender=other)
    event("x").connect(receiver, sender="text")
    event("x").disconnect(receiver, sender=one)
    assert emit("x", one) == []
    assert emit("x", other) == [other]
    assert emit("x", "".join(["te", "xt"])) == ["text"]


def test_connected_to_and_connect_via_work_on_events() -> None:
    def receiver(sender: object) -> str:
        return "temporary"

    with event("x").connected_to(receiver):
        assert emit("x") == ["temporary"]
    assert emit("x") == []

    @event("x").connect_via("me")
    def via(sender: object) -> str:
        return "via"

    assert emit("x", "me") == ["via"]
    assert emit("x", "you") == []


def test_off_forgets_a_connected_receiver_wholly() -> None:
    def receiver(sender: object) -> int:
        return 1

    held = event("x")
    held.connect(receiver)
    gone = weakref.ref(receiver)
    off(receiver)
    del receiver
    gc.collect()
    assert gone() is None
    assert not held.receivers


def test_a_weak_receiver_is_named_in_what_send_returns() -> None:
    def receiver(sender: object) -> str:
        return "alive"

    event("x").connect(receiver, weak=True)
    assert event("x").send(None) == [(receiver, "alive")]


def test_a_weak_method_goes_with_its_object() -> None:
    class Listener:
        def heard(self, sender: object) -> str:
            return "heard"

    listener = Listener()
    event("x").connect(listener.heard, weak=True)
    assert emit("x") == ["heard"]
    del listener
    gc.collect()
    assert emit("x") == []


def test_blinkers_own_signals_of_connections_are_sent() -> None:
    seen: list[Any] = []
    held = event("x")

    def noted(signal: object, receiver: object, **data: Any) -> None:
        seen.append(receiver)

    held.receiver_connected.connect(noted)
    held.connect(len)
    assert seen == [len]
