"""Names that come from outside leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable

import blinker
import pytest
from pydantic import BaseModel

from nitro_runtime.events import bus, emit, emit_async, event, off, on

MEGABYTE = 1024 * 1024


async def use_as_a_name(number: int) -> None:
    """Uses one junk name as an application would that takes names from outside."""
    way = number % 3
    name = f"junk.{number}"
    if number % 10 == 0:  # it takes longest
        emit(event(name), name)
    elif way == 1:
        emit(name, name, junk=name)
    elif way == 2:
        await emit_async(name, name, **{name: name})
    else:
        bus.has_handlers(name)


async def use_all_ways(number: int) -> None:
    """Uses one junk name in every way."""
    name = f"junk.{number}"
    held = event(name)
    emit(held, name)
    emit(name, name, junk=name)
    await emit_async(held, name)
    await emit_async(name, name, **{name: name})
    bus.has_handlers(name)
    bus.has_durable(name)
    bus.handlers(name)


def traced(work: Callable[[], object]) -> tuple[int, int]:
    """Returns the bytes kept and the most bytes held meanwhile."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        most = tracemalloc.get_traced_memory()[1]
        gc.collect()
        return tracemalloc.get_traced_memory()[0], most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("use", [use_as_a_name, pytest.param(use_all_ways, marks=pytest.mark.soak)])
def test_100_000_junk_names_leave_nothing(use: Callable[[int], Awaitable[None]]) -> None:
    event("typed", payload=Payload)
    on("known", "known.*")(lambda: None)

    async def use_them() -> None:
        for number in range(100_000):
            await use(number)

    kept, most = traced(lambda: asyncio.run(use_them()))
    assert most < 5 * MEGABYTE
    assert kept < MEGABYTE // 5  # a loop leaves something of its own
    assert set(bus.registry._known) == {"typed", "known"}
    assert set(bus.registry.held) == {"typed", "known"}
    assert not bus.registry.plans


def test_junk_that_matches_a_pattern_keeps_a_bounded_number_of_plans() -> None:
    on("junk.*")(lambda: None)
    kept, most = traced(lambda: [emit(f"junk.{number}") for number in range(5_000)] and None)
    assert most < 5 * MEGABYTE
    assert kept < MEGABYTE
    assert len(bus.registry.plans) <= 256


def test_signals_handlers_and_connections_that_came_and_went_leave_nothing() -> None:
    def work() -> None:
        for number in range(200):
            signal = blinker.Signal()

            def handler(sender: object) -> None: ...

            on(signal, f"name.{number}", "pattern.*")(handler)
            event("lasting").connect(handler, sender=signal)
            emit(signal)
            off(handler)

    held = event("lasting")
    work()
    kept, _ = traced(work)
    assert kept < MEGABYTE // 20
    assert not held.receivers
    assert bus.names() == []


class Payload(BaseModel):
    n: int
