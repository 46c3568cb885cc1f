"""What renders leave behind in memory, and what a million rows take while they are sent."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator

from benchmarks.frame import Table
from nitro_runtime.html import Body, Button, Div, HtmlTag, P, Signal, Td, Tr, chunks, doctype
from nitro_runtime.html import Table as TableTag

RENDERS = 100_000
ROWS = 1_000_000


def tables(rounds: int | None) -> Iterator[Table]:
    """Yields one table; bytes are the same in every round, so there is one."""
    _renders(5_000)  # what is kept once: the names of attributes
    yield Table(
        "Memory of tags",
        ("bytes",),
        [
            (f"left behind by {RENDERS:,} renders", (f"{_left_by(_renders, RENDERS):,}",)),
            ("at most, while 1,000 rows are sent", (f"{_most_of(_stream, 1_000):,}",)),
            (f"at most, while {ROWS:,} rows are sent", (f"{_most_of(_stream, ROWS):,}",)),
        ],
        [],
    )


def _renders(times: int) -> None:
    for number in range(times):
        count = Signal("count", number)
        Div(
            P(f"text {number}", id=f"p{number}", **{f"data-n{number % 9_000}": number}),
            Button("x", on_click=count.add(number), cls={f"c{number}": True}),
            signals=count,
        )


def _stream(rows: int) -> None:
    body = (Tr(Td(number), Td("<text>")) for number in range(rows))
    for _ in chunks(doctype, HtmlTag.stream(Body.stream(TableTag.stream(body)))):
        pass


def _left_by(work: Callable[[int], None], times: int) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        work(times)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def _most_of(work: Callable[[int], None], times: int) -> int:
    tracemalloc.start()
    try:
        work(times)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
