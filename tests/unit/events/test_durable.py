"""What the bus does with durable handlers: it hands their jobs over, and runs one for a worker."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import blinker
import pytest
from pydantic import BaseModel

from nitro_runtime import context
from nitro_runtime.context import Job, Taker
from nitro_runtime.errors import ConfigurationError, InvalidPayload
from nitro_runtime.events import Durable, bus, capture_events, emit, emit_async, event, off, on

RAN: list[Any] = []


def note(sender: object, total: int = 0) -> None:
    RAN.append((sender, total))


def add(a: int, b: int) -> int:
    return a + b


async def later(sender: object, **data: object) -> object:
    return sender, data


def steps() -> Iterator[int]:
    yield 1
    yield 2


async def async_steps() -> AsyncIterator[int]:
    yield 3


def whole(payload: Placed) -> Placed:
    return payload


def fails() -> None:
    raise ValueError("not today")


class Placed(BaseModel):
    total: int


NOTE = f"{__name__}:note"


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What was handed over; sync and async alike."""
    taken: list[Job] = []

    async def atake(job: Job) -> None:
        taken.append(job)

    monkeypatch.setattr(context, "_takers", [Taker(taken.append, atake)])
    monkeypatch.setattr(context, "_keepers", [])
    RAN.clear()
    return taken


async def test_an_emit_hands_a_job_over_and_runs_nothing(jobs: list[Job]) -> None:
    on("order.placed", durable=True)(note)
    on("order.placed")(lambda: "here")
    expected = Job(NOTE, "order.placed", "A7", {"total": 3, "more": 4})

    assert emit("order.placed", "A7", total=3, more=4) == ["here"]
    assert await emit_async("order.placed", "A7", total=3, more=4) == ["here"]
    assert [r for _, r in event("order.placed").send("A7", total=3, more=4)] == ["here"]
    assert jobs == [expected] * 3
    assert RAN == []


async def test_an_event_with_durable_handlers_only_gives_nothing_back(jobs: list[Job]) -> None:
    on("x", durable=True)(note)
    assert emit("x") == []
    assert await emit_async("x") == []
    assert len(jobs) == 2
    assert emit("y") == []
    assert len(jobs) == 2


def test_it_is_handed_over_inside_the_transaction_and_the_others_wait(jobs: list[Job]) -> None:
    on("x", durable=True)(note)
    on("x")(lambda: RAN.append("after the commit"))
    unit = context.UnitOfWork()
    context.set_unit(unit)
    try:
        emit("x", "a")
        assert [job.sender for job in jobs] == ["a"]
        assert RAN == []
    finally:
        context.set_unit(None)
    unit.run()
    assert RAN == ["after the commit"]
    assert len(jobs) == 1


def test_conditions_patterns_priorities_and_names_hold_and_each_function_is_handed_over_once(
    jobs: list[Job],
) -> None:
    on("order.*", "order.placed", durable=True, when=lambda total: total > 5)(note)
    on("order.placed", durable=True, sender="me", priority=1)(add)
    emit("order.placed", "me", total=9)
    emit("order.placed", "you", total=9)
    emit("order.placed", "me", total=1)
    emit("orders", "me", total=9)
    assert [(job.handler.partition(":")[2], job.sender, job.data["total"]) for job in jobs] == [
        ("add", "me", 9),
        ("note", "me", 9),
        ("note", "you", 9),
        ("add", "me", 1),
    ]


async def test_when_a_job_cannot_be_kept_the_emit_fails_and_nobody_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def take(job: Job) -> None:
        raise OSError("the database is gone")

    async def atake(job: Job) -> None:
        take(job)

    monkeypatch.setattr(context, "_takers", [Taker(take, atake)])
    RAN.clear()
    on("x", durable=True)(note)
    on("x")(lambda: RAN.append("ran"))
    with pytest.raises(ExceptionGroup) as caught:
        emit("x")
    assert isinstance(caught.value.exceptions[0], OSError)
    with pytest.raises(ExceptionGroup):
        await emit_async("x")
    assert RAN == []


def test_a_condition_that_fails_is_raised_and_the_other_jobs_are_kept(jobs: list[Job]) -> None:
    on("x", durable=True, when=lambda sender, missing: True)(note)
    on("x", durable=True)(add)
    with pytest.raises(ExceptionGroup, match="'x' was not handed over"):
        emit("x")
    assert [job.handler.partition(":")[2] for job in jobs] == ["add"]


def test_a_muted_event_hands_nothing_over(jobs: list[Job]) -> None:
    on("x", durable=True)(note)
    with event("x").muted():
        emit("x")
    assert jobs == []


def test_a_change_of_an_entity_is_handed_over_by_who_keeps_it_and_not_after_the_commit(
    jobs: list[Job],
) -> None:
    on("product.created", durable=True)(note)
    with capture_events() as emitted:
        context.announce(context.Change("created", "product", object()))
    assert jobs == []
    assert [e.name for e in emitted] == ["product.created"]


def test_a_typed_event_is_checked_first_and_its_job_has_the_fields(jobs: list[Job]) -> None:
    event("order.placed", payload=Placed)
    on("order.placed", durable=True)(note)
    with pytest.raises(InvalidPayload):
        emit("order.placed", None, total="many")
    assert jobs == []
    emit("order.placed", None, payload=Placed(total=3))
    assert [job.data for job in jobs] == [{"total": 3}]


def test_what_comes_beside_a_typed_event_is_not_in_its_job(jobs: list[Job]) -> None:
    event("order.placed", payload=Placed)
    on("order.placed", durable=True)(note)
    bus.emit("order.placed", None, {"total": 3}, {"request": object()})
    assert [job.data for job in jobs] == [{"total": 3}]


# -- registrations --------------------------------------------------------------------------------


def test_a_registration_is_found_by_its_key_with_its_options(jobs: list[Job]) -> None:
    on("a", "b.*", durable=True, once=True, retries=2, backoff=0.5, queue="mail")(note)
    on("c")(add)
    found = bus.registration(NOTE)
    assert found is not None
    assert found.function is note
    assert found.durable == Durable(once=True, retries=2, backoff=0.5, queue="mail")
    assert [(r.key, r.event) for r in bus.durable()] == [(NOTE, "a"), (NOTE, "b.*")]
    assert bus.registration("elsewhere:note") is None
    assert [bus.has_durable(name) for name in ("a", "b.x", "c", "d")] == [True, True, False, False]
    off(note)
    assert bus.durable() == []
    assert not bus.has_durable("a")


def test_the_defaults(jobs: list[Job]) -> None:
    on("a", durable=True)(note)
    assert bus.durable()[0].durable == Durable(once=False, retries=5, backoff=2.0, queue="default")


class Shop:
    def heard(self) -> None: ...


@pytest.mark.parametrize(
    "function", [lambda: None, partial(note, total=1), Shop().heard, print, Shop], ids=str
)
def test_what_a_worker_could_not_find_is_refused(function: Any, jobs: list[Job]) -> None:
    with pytest.raises(ConfigurationError, match="a worker could not find it"):
        on("x", durable=True)(function)
    assert bus.names() == []


def test_a_local_function_is_refused_and_so_is_a_plain_signal(jobs: list[Job]) -> None:
    def local() -> None: ...

    with pytest.raises(ConfigurationError, match="local cannot be a durable handler"):
        on("x", durable=True)(local)
    with pytest.raises(ConfigurationError, match="event with a name"):
        on(blinker.Signal(), durable=True)(note)
    assert bus.names() == []


def test_a_function_of_a_script_is_refused_and_one_of_a_program_has_its_modules_name(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("__main__", "__mp_main__"):  # the second in a process that the program spawned
        main = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, main)
        monkeypatch.setattr(note, "__module__", name)
        main.__spec__ = None
        with pytest.raises(ConfigurationError, match="cannot import a script"):
            on("x", durable=True)(note)
        main.__spec__ = SimpleNamespace(name="shop.worker")  # pyright: ignore[reportAttributeAccessIssue]
        on("x", durable=True)(note)
        assert bus.registration("shop.worker:note") is not None
        off(note)


@pytest.mark.parametrize(
    "options", [{"retries": -1}, {"backoff": -0.1}, {"backoff": float("nan")}, {"queue": ""}]
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], jobs: list[Job]) -> None:
    with pytest.raises(ConfigurationError):
        on("x", durable=True, **options)


def test_options_of_durable_handlers_are_refused_for_others() -> None:
    with pytest.raises(ConfigurationError, match="retries, queue: for durable handlers only"):
        on("x", retries=3, queue="mail")


def test_a_handler_that_is_defined_again_counts_once(jobs: list[Job]) -> None:
    on("x", durable=True)(note)

    def again(sender: object) -> None: ...

    again.__qualname__ = "note"
    on("x", "y", durable=True)(again)
    emit("x")
    assert [job.handler for job in jobs] == [NOTE]
    found = bus.registration(NOTE)
    assert found is not None
    assert found.function is again


# -- running one ----------------------------------------------------------------------------------


CASES: list[tuple[Any, dict[str, Any], Any]] = [
    (add, {"a": 1, "b": 2, "more": 3}, 3),
    (later, {"a": 1}, ("me", {"a": 1})),
    (steps, {}, [1, 2]),
    (async_steps, {}, [3]),
]


@pytest.mark.parametrize(("function", "data", "expected"), CASES)
async def test_a_worker_runs_one_handler_to_its_end(
    jobs: list[Job], function: Any, data: dict[str, Any], expected: Any
) -> None:
    on("x", durable=True)(function)
    key = f"{__name__}:{function.__qualname__}"
    assert await bus.perform_async(key, "x", "me", data) == expected


@pytest.mark.parametrize(("function", "data", "expected"), CASES)
def test_a_worker_without_a_loop_does_too(
    jobs: list[Job], function: Any, data: dict[str, Any], expected: Any
) -> None:
    on("x", durable=True)(function)
    key = f"{__name__}:{function.__qualname__}"
    assert bus.perform(key, "x", "me", data) == expected


def test_the_payload_is_made_again(jobs: list[Job]) -> None:
    event("order.placed", payload=Placed)
    on("order.placed", durable=True)(whole)
    key = f"{__name__}:whole"
    assert bus.perform(key, "order.placed", None, {"total": "3"}) == Placed(total=3)
    with pytest.raises(InvalidPayload):
        bus.perform(key, "order.placed", None, {"sum": 3})


def test_what_it_raises_is_raised_by_itself_and_an_unknown_key_says_so(jobs: list[Job]) -> None:
    on("x", durable=True)(fails)
    with pytest.raises(ValueError, match="not today"):
        bus.perform(f"{__name__}:fails", "x", None, {})
    with pytest.raises(LookupError, match="'gone:gone'"):
        bus.perform("gone:gone", "x", None, {})


def test_a_coroutine_cannot_be_a_condition() -> None:
    async def soon() -> bool:
        return True

    with pytest.raises(ConfigurationError, match="answers at once"):
        on("x", when=soon)(note)
