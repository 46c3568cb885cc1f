"""The frame of every comparison: contenders take turns, and what counts is the ratio.

Times on a shared machine drift by more than the differences of interest. So each round runs every
contender once, in an order that rotates, and a contender's time is its best round: the one that was
disturbed least. Garbage is collected before each turn and not during it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

T = TypeVar("T")

WIDTH = 80
Contender = Callable[[], object]


class WrongOutput(AssertionError):
    """A contender did not do the work that the others did."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a contender must reach.

    Attributes:
        contender: Who.
        against: Beside whom; the best of them counts.
        at_most: The greatest ratio of their best rounds that will do.
    """

    contender: str
    against: Sequence[str]
    at_most: float


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A contender of coroutines: a turn is one run of the event loop, which awaits call after call.

    So what it takes to start and stop a loop is not counted.

    Attributes:
        make: Makes what is awaited.
        runner: Has the loop.
    """

    make: Callable[[], Awaitable[object]]
    runner: asyncio.Runner

    def __call__(self) -> object:
        """Awaits one and returns its result."""

        async def once() -> object:
            return await self.make()

        return self.runner.run(once())

    def repeat(self, number: int) -> None:
        """Awaits so many, one after another."""

        async def several() -> None:
            for _ in range(number):
                await self.make()

        self.runner.run(several())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Contenders that do the same work.

    Attributes:
        name: What is compared, as a heading.
        contenders: What to call, by the name to print.
        reference: The contender that the others are measured against.
        number: Calls in one turn; a turn should take some milliseconds at least.
        rounds: How many turns each contender gets.
        check: Gets every contender's result by name, once, before anything is timed; it raises
            `WrongOutput` when they are not the same work.
        before: What to do before each turn of a contender, outside of its time, by its name.
        clock: Reads the seconds that count. On a busy machine `time.process_time` (of all threads)
            is steadier, where contenders wait for nothing.
        limits: What must be reached; those whose contenders are not all there are left out.
    """

    name: str
    contenders: Mapping[str, Contender]
    reference: str
    number: int
    rounds: int = 15
    check: Callable[[Mapping[str, object]], None] | None = None
    before: Mapping[str, Contender] = field(default_factory=dict[str, Contender])
    clock: Callable[[], float] = time.perf_counter
    limits: Sequence[Limit] = ()

    def __post_init__(self) -> None:
        if self.reference not in self.contenders:
            raise ValueError(f"{self.name}: the reference {self.reference!r} is no contender")
        if self.number < 1 or self.rounds < 1:
            raise ValueError(f"{self.name}: number and rounds are at least 1")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contender's times.

    Attributes:
        name: The contender.
        best: Seconds a call in its best round.
        typical: Seconds a call in its median round.
        ratio: Its best against the reference's best; below 1 is faster.
    """

    name: str
    best: float
    typical: float
    ratio: float


def measure(comparison: Comparison, clock: Callable[[], float] | None = None) -> list[Measurement]:
    """Runs a comparison and returns the measurements, the fastest first.

    Args:
        comparison: What to run.
        clock: Instead of the comparison's own, for tests.

    Raises:
        WrongOutput: The check found outputs that differ.
    """
    verify(comparison)
    names = list(comparison.contenders)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    gc.freeze()  # what is there by now is no turn's garbage, and takes long to look through
    try:
        for turn in range(comparison.rounds):
            for name in rotated(names, turn):
                _prepare(comparison, name)
                call, now = comparison.contenders[name], clock or comparison.clock
                seconds[name].append(_turn(call, comparison.number, now) / comparison.number)
    finally:
        gc.unfreeze()
    reference = min(seconds[comparison.reference])
    found = [
        Measurement(name, min(times), median(times), min(times) / reference)
        for name, times in seconds.items()
    ]
    return sorted(found, key=lambda one: one.best)


def verify(comparison: Comparison) -> None:
    """Calls every contender once and compares what they gave.

    Raises:
        WrongOutput: They did not do the same work.
    """
    if comparison.check is None:
        return
    results: dict[str, object] = {}
    for name, call in comparison.contenders.items():
        _prepare(comparison, name)
        results[name] = call()
    comparison.check(results)


def _prepare(comparison: Comparison, name: str) -> None:
    if name in comparison.before:
        comparison.before[name]()


def rotated(names: Sequence[T], turn: int) -> list[T]:
    """Returns the names in the order of a turn: each stands at each place once in a full circle."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]


def _turn(call: Contender, number: int, clock: Callable[[], float]) -> float:
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        began = clock()
        if isinstance(call, Awaiting):
            call.repeat(number)
            return clock() - began
        for _ in range(number):
            call()
        return clock() - began
    finally:
        if was_on:
            gc.enable()


# -- printing -----------------------------------------------------------------------------------


def as_text(comparison: Comparison, found: Sequence[Measurement]) -> str:
    """Returns a table of at most 80 columns for a terminal."""
    longest = max(len(one.name) for one in found)
    name_width = min(longest, WIDTH - 42)
    lines = [
        comparison.name[:WIDTH],
        f"{'':{name_width}}  {'best':>12}  {'median':>12}  {'ratio':>9}",
    ]
    for one in found:
        mark = " *" if one.name == comparison.reference else ""
        lines.append(
            f"{one.name[:name_width]:{name_width}}  {microseconds(one.best):>12}"
            f"  {microseconds(one.typical):>12}  {one.ratio:>8.2f}x{mark}"
        )
    lines += verdicts(comparison, found)
    return "\n".join(lines)


def as_markdown(comparison: Comparison, found: Sequence[Measurement]) -> str:
    """Returns a table for the README."""
    lines = [f"**{comparison.name}**", "", "| | µs | ratio |", "|---|---:|---:|"]
    lines += [f"| {one.name} | {one.best * 1e6:,.1f} | {one.ratio:.2f} |" for one in found]
    lines += ["", *verdicts(comparison, found)] if comparison.limits else []
    return "\n".join(lines)


def verdicts(comparison: Comparison, found: Sequence[Measurement]) -> list[str]:
    """Returns a line for each limit: what was to be reached, what was, and whether that will do."""
    best = {one.name: one.best for one in found}
    lines: list[str] = []
    for limit in comparison.limits:
        rivals = {name: best[name] for name in limit.against if name in best}
        if rivals and limit.contender in best:
            rival = min(rivals, key=rivals.__getitem__)
            lines.append(verdict(limit, best[limit.contender] / rivals[rival], rival))
    return lines


def verdict(limit: Limit, ratio: float, rival: str) -> str:
    """Returns whether a ratio keeps to its limit, as a line."""
    word = "met" if ratio <= limit.at_most else "MISSED"
    most = f"limit {limit.at_most:.2f}"
    return f"  {word}: {limit.contender} takes {ratio:.2f} of {rival}, {most}"


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers that are no times of calls, under their headings.

    Attributes:
        name: What was measured.
        columns: The headings of the numbers.
        rows: What each line is about, and its numbers as they are to be shown.
        notes: Lines below it.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    notes: Sequence[str] = ()


def table_as_text(table: Table) -> str:
    """Returns a table for a terminal."""
    first = max(len(name) for name, _ in table.rows)
    widths = [
        max(len(heading), *(len(cells[at]) for _, cells in table.rows))
        for at, heading in enumerate(table.columns)
    ]
    lines = [
        f"{name:{first}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))
        for name, cells in [("", table.columns), *table.rows]
    ]
    return "\n".join([table.name[:WIDTH], *lines, *table.notes])


def table_as_markdown(table: Table) -> str:
    """Returns a table for the documentation."""
    lines = [f"**{table.name}**", "", f"| | {' | '.join(table.columns)} |"]
    lines.append("|---" + "|---:" * len(table.columns) + "|")
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in table.rows]
    lines += ["", *table.notes] if table.notes else []
    return "\n".join(lines)


def microseconds(seconds: float) -> str:
    """Returns a time as ``1,234.5 µs``."""
    return f"{seconds * 1e6:,.1f} µs"
