"""Emitting an event to 1, 10 and 100 handlers: Nitro's bus, Blinker, pyee and asyncio.gather.

All call the same handlers, each with a sender and one keyword, and give back what they returned; only
pyee gives none of it back. Coroutines are compared twice: where none of them waits for anything, and
where each waits once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

import blinker
from pyee.asyncio import AsyncIOEventEmitter
from pyee.base import EventEmitter

from benchmarks.frame import Awaiting, Comparison, Limit, WrongOutput
from nitro_runtime.events import emit, emit_async, on

COUNTS = (1, 10, 100)
SENDER = "tab"

Handler = Callable[..., Any]
AsyncHandler = Callable[..., Coroutine[Any, Any, int]]


def plain() -> Handler:
    """A handler that returns at once."""

    def handler(sender: str, quantity: int) -> int:
        return quantity

    return handler


def ready() -> AsyncHandler:
    """A coroutine that waits for nothing."""

    async def handler(sender: str, quantity: int) -> int:
        return quantity

    return handler


def waiting() -> AsyncHandler:
    """A coroutine that waits once, as for an answer that comes in the next turn of the loop."""

    async def handler(sender: str, quantity: int) -> int:
        await asyncio.sleep(0)
        return quantity

    return handler


def comparisons() -> Iterator[Comparison]:
    """Yields the comparisons of this module."""
    for count in COUNTS:
        yield synchronous(count)
    runner = asyncio.Runner()
    for count in COUNTS:
        yield asynchronous(count, ready, "that wait for nothing", runner)
    for count in COUNTS:
        yield asynchronous(count, waiting, "that wait once", runner)
    runner.close()


def synchronous(count: int) -> Comparison:
    """Compares plain functions."""
    handlers = [plain() for _ in range(count)]
    name = f"benchmark.plain.{count}"
    signal, emitter = blinker.Signal(), EventEmitter()
    for handler in handlers:
        on(name)(handler)
        signal.connect(handler, weak=False)
        emitter.on("event", handler)

    def loop() -> list[int]:
        return [handler(SENDER, quantity=5) for handler in handlers]

    return Comparison(
        name=f"emit to {count} handlers",
        contenders={
            "Nitro, emit": lambda: emit(name, SENDER, quantity=5),
            "Blinker, send": lambda: signal.send(SENDER, quantity=5),
            "pyee, emit (no results)": lambda: emitter.emit("event", SENDER, quantity=5),
            "a bare loop": loop,
        },
        reference="Blinker, send",
        number=max(40, 4_000 // count),
        rounds=25,
        check=_same_results(count),
        clock=time.process_time,
        limits=[Limit("Nitro, emit", ["Blinker, send"], 1.0 if count == 1 else 1 / 2.3)],
    )


def asynchronous(
    count: int, make: Callable[[], AsyncHandler], kind: str, runner: asyncio.Runner
) -> Comparison:
    """Compares coroutine functions."""
    handlers = [make() for _ in range(count)]
    name = f"benchmark.{make.__name__}.{count}"
    signal, emitter = blinker.Signal(), AsyncIOEventEmitter()
    for handler in handlers:
        on(name)(handler)
        signal.connect(handler, weak=False)
        emitter.on("event", handler)

    async def pyee() -> bool:
        emitter.emit("event", SENDER, quantity=5)
        await emitter.wait_for_complete()
        return True

    def gather() -> asyncio.Future[list[int]]:
        return asyncio.gather(*[handler(SENDER, quantity=5) for handler in handlers])

    async def in_turn() -> list[int]:
        return [await handler(SENDER, quantity=5) for handler in handlers]

    return Comparison(
        name=f"emit_async to {count} coroutines {kind}",
        contenders={
            "Nitro, emit_async": Awaiting(lambda: emit_async(name, SENDER, quantity=5), runner),
            "asyncio.gather": Awaiting(gather, runner),
            "Blinker, send_async (in turn)": Awaiting(
                lambda: signal.send_async(SENDER, quantity=5), runner
            ),
            "pyee, emit (no results)": Awaiting(pyee, runner),
            "a bare loop (in turn)": Awaiting(in_turn, runner),
        },
        reference="asyncio.gather",
        number=max(20, 2_000 // count),
        rounds=25,
        check=_same_results(count),
        clock=time.process_time,
        limits=_limits(count, make),
    )


def _limits(count: int, make: Callable[[], AsyncHandler]) -> list[Limit]:
    if make is waiting:
        return [Limit("Nitro, emit_async", ["asyncio.gather"], 1.0)]
    limits = [Limit("Nitro, emit_async", ["asyncio.gather"], 1 / 6)]
    if count > 1:
        limits.append(Limit("Nitro, emit_async", ["Blinker, send_async (in turn)"], 1 / 2))
    return limits


def _same_results(count: int) -> Callable[[Mapping[str, object]], None]:
    """Makes a check that each handler ran once and its result came back."""

    def check(results: Mapping[str, object]) -> None:
        for name, found in results.items():
            if found is True:  # pyee: whether anybody listens
                continue
            values: Any = [each[1] if isinstance(each, tuple) else each for each in _listed(found)]
            if values != [5] * count:
                raise WrongOutput(f"{name} gave {values}")

    return check


def _listed(found: object) -> list[Any]:
    return found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType]
