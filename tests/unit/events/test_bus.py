from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any
from unittest.mock import ANY

import pytest

from nitro_runtime import context
from nitro_runtime.events import bus, capture_events, emit, emit_async, event, off, on


def test_four_kinds_of_handlers_give_their_results_in_order_of_registration() -> None:
    @on("order.placed")
    def plain(sender: str, amount: int) -> int:
        return amount

    @on("order.placed")
    async def coroutine(sender: str, amount: int) -> int:
        await asyncio.sleep(0)
        return amount + 1

    @on("order.placed")
    def generator(sender: str, amount: int) -> Iterator[int]:
        yield amount + 2
        yield amount + 3

    @on("order.placed")
    async def async_generator(sender: str, amount: int) -> AsyncIterator[int]:
        yield amount + 4
        await asyncio.sleep(0)
        yield amount + 5

    expected = [10, 11, [12, 13], [14, 15]]
    assert asyncio.run(emit_async("order.placed", "me", amount=10)) == expected
    assert emit("order.placed", "me", amount=10) == expected


def test_higher_priority_runs_first_and_equal_ones_in_order_of_registration() -> None:
    ran: list[str] = []
    on("x")(lambda: ran.append("first"))
    on("x", priority=-1)(lambda: ran.append("last"))
    on("x", priority=9)(lambda: ran.append("urgent"))
    on("x")(lambda: ran.append("second"))

    emit("x")

    assert ran == ["urgent", "first", "second", "last"]


async def test_async_handlers_start_in_order_of_priority_whatever_suspends() -> None:
    ran: list[int] = []

    def handler(number: int, suspends: bool) -> Any:
        async def run() -> int:
            ran.append(number)
            if suspends:
                await asyncio.sleep(0)
            return number

        return run

    for number in range(12):
        on("x", priority=-number)(handler(number, suspends=number % 3 == 0))

    assert await emit_async("x") == list(range(12))
    assert ran == list(range(12))


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (lambda: "nothing", "nothing"),
        (lambda sender: sender, "s"),
        (lambda product: product, "s"),
        (lambda sender, a: (sender, a), ("s", 1)),
        (lambda a, sender: (a, sender), (1, "s")),
        (lambda a: a, 1),
        (lambda b, a: (b, a), (2, 1)),
        (lambda product, b: (product, b), ("s", 2)),
        (lambda sender, *, b=0: (sender, b), ("s", 2)),
        (lambda sender, c=7: (sender, c), ("s", 7)),
        (lambda limit=10: limit, 10),
        (lambda sender, **data: (sender, data), ("s", {"a": 1, "b": 2})),
        (lambda **data: data, {"sender": "s", "a": 1, "b": 2}),
        (lambda *args, **data: (args, data), (("s",), {"a": 1, "b": 2})),
        (lambda *args: args, ("s",)),
        (lambda thing, /, a: (thing, a), ("s", 1)),
    ],
)
def test_a_handler_gets_only_what_its_signature_names(handler: Any, expected: object) -> None:
    on("x")(handler)
    assert emit("x", "s", a=1, b=2) == [expected]


def test_data_may_have_names_that_are_no_identifiers() -> None:
    on("x")(lambda sender, **data: data)
    assert emit("x", None, **{"class": 1, "a-b": 2, "ﬁ": 3}) == [{"class": 1, "a-b": 2, "ﬁ": 3}]


def test_the_same_event_may_be_emitted_with_different_data() -> None:
    on("x")(lambda sender, a=0, b=0: (a, b))
    assert [emit("x", a=1), emit("x", b=2), emit("x"), emit("x", b=2, a=1)] == [
        [(1, 0)],
        [(0, 2)],
        [(0, 0)],
        [(1, 2)],
    ]


def test_a_method_is_a_handler_and_is_kept_alive() -> None:
    class Shop:
        def on_order(self, sender: object, amount: int) -> int:
            return amount

    on("x")(Shop().on_order)
    gc.collect()
    assert emit("x", None, amount=3) == [3]


def test_one_that_raises_stops_none_of_the_others_and_all_errors_are_raised_together() -> None:
    ran: list[str] = []

    @on("x")
    def bad() -> None:
        raise ValueError("one")

    @on("x")
    async def worse() -> None:
        await asyncio.sleep(0)
        raise KeyError("two")

    @on("x")
    def broken_half_way() -> Iterator[int]:
        yield 1
        raise OSError("three")

    @on("x")
    def needs_more(sender: object, missing: int) -> None: ...

    @on("x")
    async def good() -> None:
        ran.append("good")

    for attempt in (lambda: emit("x"), lambda: asyncio.run(emit_async("x"))):
        with pytest.raises(ExceptionGroup) as caught:
            attempt()
        kinds = {type(error) for error in caught.value.exceptions}
        assert kinds == {ValueError, KeyError, OSError, TypeError}
        assert "'x'" in str(caught.value)
    assert ran == ["good", "good"]


def test_unknown_names_leave_nothing_in_memory() -> None:
    on("known.*")(lambda: None)
    gc.collect()
    known = set(bus.registry._known)  # what others hold
    for number in range(500):
        emit(f"junk{number}")
        event(f"other{number}")
        emit(event(f"third{number}"))
    gc.collect()
    assert set(bus.registry._known) <= known
    assert not bus.registry.held
    assert not bus.registry.plans


def test_names_that_match_a_pattern_take_bounded_memory() -> None:
    on("known.*")(lambda: None)
    for number in range(2_000):
        emit(f"known.{number}")
    assert len(bus.registry.plans) <= 256


def test_an_event_is_the_same_object_while_it_has_handlers() -> None:
    on("x")(lambda: None)
    first = id(event("x"))
    gc.collect()
    assert id(event("x")) == first


def test_a_star_stands_for_any_text() -> None:
    seen: list[str] = []
    on("product.*")(lambda: seen.append("product.*"))
    on("*.created")(lambda: seen.append("*.created"))
    on("*")(lambda: seen.append("*"))
    on("product.created")(lambda: seen.append("exact"))

    emit("product.created")
    assert seen == ["product.*", "*.created", "*", "exact"]
    seen.clear()
    emit("order.updated")
    assert seen == ["*"]
    seen.clear()
    emit("productXcreated")  # a dot in a name is a dot
    assert seen == ["*"]


def test_a_function_under_several_matching_names_runs_once() -> None:
    ran: list[int] = []

    @on("product.*", "product.created", "*", priority=1)
    @on("product.created")
    def handler() -> None:
        ran.append(1)

    emit("product.created")
    assert ran == [1]


def test_a_handler_may_ask_for_one_sender_or_for_instances_of_a_class() -> None:
    class Product: ...

    one = Product()
    on("x", sender=one)(lambda sender: "this one")
    on("x", sender=Product)(lambda sender: "a product")
    on("x", sender="tab1")(lambda sender: "tab1")

    assert emit("x", one) == ["this one", "a product"]
    assert emit("x", Product()) == ["a product"]
    assert emit("x", "".join(["tab", "1"])) == ["tab1"]
    assert emit("x") == []
    assert emit("x", ANY) == []  # equals everything, and is no text


def test_what_cannot_be_compared_is_another_sender() -> None:
    class Incomparable:
        def __eq__(self, other: object) -> bool:
            raise TypeError

        def __hash__(self) -> int:
            return 1

    for wanted in ("tab1", 1):
        on("x", sender=wanted)(lambda: "heard")
    assert emit("x", Incomparable()) == []


def test_a_function_registered_for_two_senders_runs_for_each_and_never_twice() -> None:
    on("x", sender="a")(on("x", sender="b")(on("x", when=lambda n: n > 5)(_sender)))
    assert [emit("x", who, n=n) for who, n in [("a", 1), ("b", 9), ("c", 1), ("c", 9)]] == [
        ["a"],
        ["b"],
        [],
        ["c"],
    ]


def _sender(sender: str) -> str:
    return sender


def test_when_gets_keywords_as_a_handler_does_and_its_failure_is_reported() -> None:
    on("x", when=lambda stock: stock < 5)(lambda sender: "low")
    assert emit("x", None, stock=4, other=1) == ["low"]
    assert emit("x", None, stock=5, other=1) == []
    with pytest.raises(ExceptionGroup):
        emit("x", None, stock="many")


async def test_a_condition_holds_for_async_handlers_too() -> None:
    async def low() -> str:
        return "low"

    on("x", when=lambda stock: stock < 5)(low)
    assert await emit_async("x", stock=4) == ["low"]
    assert await emit_async("x", stock=6) == []


def test_handlers_are_held_strongly() -> None:
    def register() -> None:
        word = "kept"
        on("x")(lambda: word)

    register()
    gc.collect()
    assert emit("x") == ["kept"]


def test_off_takes_a_handler_away() -> None:
    def handler() -> int:
        return 1

    on("a", "b", "c.*")(handler)
    off(handler, "a")
    assert (emit("a"), emit("b"), emit("c.d")) == ([], [1], [1])
    off(handler)
    assert (emit("b"), emit("c.d")) == ([], [])
    assert bus.names() == []


def test_on_without_a_name_says_what_to_write() -> None:
    with pytest.raises(TypeError, match="needs the name"):
        on()


def test_inside_a_transaction_handlers_wait_for_the_commit() -> None:
    ran: list[str] = []
    on("x")(ran.append)
    unit = context.UnitOfWork()
    context.set_unit(unit)
    try:
        assert emit("x", "sync") == []
        assert asyncio.run(emit_async("x", "async")) == []
        mark = unit.mark()
        emit("x", "rolled back")
        unit.rewind(mark)
        assert ran == []
    finally:
        context.set_unit(None)
    unit.run()
    assert ran == ["sync", "async"]


def test_a_committed_change_of_an_entity_is_an_event() -> None:
    product = object()
    with capture_events() as emitted:
        context.announce(context.Change("created", "product", product))
        context.announce(context.Change("deleted", "product"))
    assert [(e.name, e.sender, e.data) for e in emitted] == [
        ("product.created", product, {}),
        ("product.deleted", None, {"topic": "product"}),
    ]


def test_handlers_may_be_registered_and_removed_while_others_emit() -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def emitting() -> None:
        try:
            while not stop.is_set():
                assert emit("x", a=1)[0] == "always"
        except BaseException as error:
            failures.append(error)

    on("x", priority=1)(lambda: "always")
    threads = [threading.Thread(target=emitting) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(300):

        def handler() -> None: ...

        on("x")(handler)
        off(handler)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
