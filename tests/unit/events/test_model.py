"""The bus beside a simple model of it: random registrations, random emits, the same outcome."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.events import bus, emit, emit_async, off, on
from nitro_runtime.events.registry import Registry

NAMES = ["a", "a.b", "a.b.c", "b", "ab"]
PATTERNS = [*NAMES, "a.*", "*.b", "*", "a*", "*b*", "**"]


class Thing: ...


class Special(Thing): ...


THING, SPECIAL = Thing(), Special()
SENDERS: list[Any] = [None, "tab", "other", THING, SPECIAL]
WANTED: list[Any] = [..., "tab", THING, SPECIAL, Thing, Special]
KINDS = ["function", "coroutine", "generator", "async generator"]


@dataclass(frozen=True)
class Handler:
    """One handler, and how it behaves."""

    number: int
    kind: str
    pauses: int
    fails: bool

    def function(self, log: list[int]) -> Any:
        number, pauses, fails = self.number, self.pauses, self.fails

        def begin() -> None:
            log.append(number)

        def end() -> None:
            if fails:
                raise ValueError(number)

        def function(sender: object) -> tuple[int, object]:
            begin()
            end()
            return number, sender

        async def coroutine(sender: object) -> tuple[int, object]:
            begin()
            for _ in range(pauses):
                await asyncio.sleep(0)
            end()
            return number, sender

        def generator(sender: object) -> Iterator[object]:
            begin()
            yield number
            end()
            yield sender

        async def async_generator(sender: object) -> AsyncIterator[object]:
            begin()
            yield number
            for _ in range(pauses):
                await asyncio.sleep(0)
            end()
            yield sender

        return {
            "function": function,
            "coroutine": coroutine,
            "generator": generator,
            "async generator": async_generator,
        }[self.kind]

    def result(self, sender: object) -> object:
        pair = (self.number, sender)
        return list(pair) if "generator" in self.kind else pair


@dataclass(frozen=True)
class Entry:
    """One registration."""

    handler: int
    name: str
    sender: Any = ...
    priority: int = 0
    least: int | None = None
    concurrent: bool = True

    def accepts(self, name: str, sender: object, n: int) -> bool:
        pattern = ".*".join(map(re.escape, self.name.split("*")))
        if not re.fullmatch(pattern, name):
            return False
        if self.least is not None and n < self.least:
            return False
        if self.sender is ...:
            return True
        if isinstance(self.sender, type):
            return isinstance(sender, self.sender)
        return sender is self.sender or (isinstance(sender, str) and sender == self.sender)


@dataclass
class Model:
    """What the bus should do, written as plainly as can be."""

    handlers: list[Handler]
    entries: list[Entry] = field(default_factory=list[Entry])

    def emit(self, name: str, sender: object, n: int) -> tuple[list[int], list[Any], list[int]]:
        """Returns who runs in what order, the results, and who fails."""
        matching = [
            entry
            for entry in sorted(self.entries, key=lambda entry: -entry.priority)  # stable
            if re.fullmatch(".*".join(map(re.escape, entry.name.split("*"))), name)
        ]
        order = dict.fromkeys(entry.handler for entry in matching)
        runs = [
            number
            for number in order
            if any(e.accepts(name, sender, n) for e in matching if e.handler == number)
        ]
        chosen = [self.handlers[number] for number in runs]
        results = [handler.result(sender) for handler in chosen if not handler.fails]
        return runs, results, [handler.number for handler in chosen if handler.fails]


def handlers() -> st.SearchStrategy[list[Handler]]:
    one = st.tuples(
        st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 5).map(lambda n: n == 0)
    )
    return st.lists(one, min_size=4, max_size=25).map(
        lambda found: [Handler(number, *each) for number, each in enumerate(found)]
    )


ENTRY = st.tuples(
    st.integers(0, 24),
    st.sampled_from(PATTERNS),
    st.sampled_from(WANTED),
    st.integers(-1, 1),
    st.sampled_from([None, None, 3]),
    st.sampled_from([True, True, True, False]),
)
EMIT = st.tuples(st.sampled_from(NAMES), st.sampled_from(SENDERS), st.integers(0, 5))
STEP = st.one_of(
    EMIT.map(lambda values: ("emit", values)),
    ENTRY.map(lambda values: ("on", values)),
    st.integers(0, 24).map(lambda number: ("off", number)),
    EMIT.map(lambda values: ("emit", values)),
)
STEPS = st.tuples(
    st.lists(ENTRY.map(lambda values: ("on", values)), min_size=6, max_size=30),
    st.lists(STEP, min_size=6, max_size=20),
).map(lambda both: [*both[0], *both[1]])
How = Callable[[str, object, int], list[Any]]


def play(found: list[Handler], steps: list[tuple[str, Any]], how: How, *, ordered: bool) -> None:
    """Does the same steps with the bus and with the model, and compares each emit."""
    bus.registry = Registry(bus)
    log: list[int] = []
    model = Model(found)
    functions = [handler.function(log) for handler in found]
    for kind, values in steps:
        if kind == "off":
            number = values % len(found)
            off(functions[number])
            model.entries = [entry for entry in model.entries if entry.handler != number]
        elif kind == "on":
            entry = Entry(values[0] % len(found), *values[1:])
            model.entries.append(entry)
            register(functions[entry.handler], entry)
        else:
            compare(model, log, values, how, ordered=ordered)


def register(function: Any, entry: Entry) -> None:
    options: dict[str, Any] = {} if entry.sender is ... else {"sender": entry.sender}
    least = entry.least
    if least is not None:
        options["when"] = lambda *, n: n >= least
    on(entry.name, priority=entry.priority, concurrent=entry.concurrent, **options)(function)


def compare(
    model: Model, log: list[int], values: tuple[str, Any, int], how: How, *, ordered: bool
) -> None:
    name, sender, n = values
    log.clear()
    runs, results, failed = model.emit(name, sender, n)
    try:
        assert how(name, sender, n) == results
        assert not failed
    except ExceptionGroup as group:
        assert sorted(error.args[0] for error in group.exceptions) == sorted(failed)
        assert failed
    assert (log if ordered else sorted(log)) == (runs if ordered else sorted(runs))


def awaited(name: str, sender: object, n: int) -> list[Any]:
    return asyncio.run(emit_async(name, sender, n=n))


def started(name: str, sender: object, n: int) -> list[Any]:
    """``emit`` where a loop runs: what it started is awaited, and the errors are put together."""
    errors: list[Exception] = []
    bus.on_error = lambda error, _: errors.append(cast("Exception", error))

    async def run() -> list[Any]:
        results: list[Any] = []
        try:
            results = emit(name, sender, n=n)
        except ExceptionGroup as group:
            errors.extend(group.exceptions)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)  # pyright: ignore[reportArgumentType]
        await asyncio.sleep(0)  # for what the tasks call when they are done
        return [
            r.result() if isinstance(r, asyncio.Task) and not r.exception() else r for r in results
        ]

    results = asyncio.run(run())
    if errors:
        raise ExceptionGroup("all", errors)
    return results


def at_once(name: str, sender: object, n: int) -> list[Any]:
    return emit(name, sender, n=n)


@pytest.mark.parametrize(("how", "ordered"), [(at_once, True), (awaited, True), (started, False)])
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=handlers(), steps=STEPS)
def test_the_bus_does_what_the_model_says(
    how: How, ordered: bool, found: list[Handler], steps: list[tuple[str, Any]]
) -> None:
    play(found, steps, how, ordered=ordered)
