import asyncio
import importlib
import itertools
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def frame(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("benchmarks.frame")


def test_every_round_runs_every_contender_in_a_rotated_order(frame: Any) -> None:
    ran: list[str] = []
    comparison = frame.Comparison(
        name="x",
        contenders={name: (lambda name=name: ran.append(name)) for name in "abc"},
        reference="a",
        number=1,
        rounds=3,
    )
    frame.measure(comparison)
    assert "".join(ran) == "abc" + "bca" + "cab"


def test_a_contender_counts_with_its_best_round_and_its_ratio_to_the_reference(frame: Any) -> None:
    # each turn reads the clock twice: a takes 4, 2 and 6 seconds for two calls, b takes 1 each time
    spent = {"a": [4, 2, 6], "b": [1, 1, 1]}
    turns = [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    now = itertools.accumulate(
        itertools.chain.from_iterable((0, spent[name][at]) for name, at in turns)
    )
    comparison = frame.Comparison(
        "x", {"a": lambda: None, "b": lambda: None}, reference="a", number=2, rounds=3
    )
    fast, slow = frame.measure(comparison, clock=lambda: float(next(now)))
    assert (fast.name, fast.best, fast.ratio) == ("b", 0.5, 0.5)
    assert (slow.name, slow.best, slow.typical, slow.ratio) == ("a", 1.0, 2.0, 1.0)


def test_outputs_are_checked_before_anything_is_timed(frame: Any) -> None:
    def check(outputs: dict[str, object]) -> None:
        raise frame.WrongOutput(f"{sorted(outputs)}")

    comparison = frame.Comparison("x", {"a": int, "b": str}, "a", number=1, check=check)
    with pytest.raises(frame.WrongOutput, match=r"\['a', 'b'\]"):
        frame.measure(comparison, clock=lambda: pytest.fail("timed"))


def test_what_a_turn_needs_is_made_before_it_and_outside_of_its_time(frame: Any) -> None:
    done: list[str] = []
    comparison = frame.Comparison(
        "x",
        {"a": lambda: done.append("a"), "b": lambda: done.append("b")},
        "a",
        number=2,
        rounds=1,
        check=lambda _: done.append("checked"),
        before={"a": lambda: done.append("before a")},
    )

    def clock() -> float:
        done.append("clock")
        return 0.0

    with pytest.raises(ZeroDivisionError):
        frame.measure(comparison, clock=clock)
    assert done[:4] == ["before a", "a", "b", "checked"]
    assert done[4:9] == ["before a", "clock", "a", "a", "clock"]
    assert done[9:] == ["clock", "b", "b", "clock"]


def test_other_numbers_are_shown_in_columns(frame: Any) -> None:
    table = frame.Table("latency", ["median ms", "p95"], [("sanic", ["1.5", "12.0"])])
    assert frame.table_as_text(table).splitlines() == [
        "latency",
        "       median ms   p95",
        "sanic        1.5  12.0",
    ]
    assert frame.table_as_markdown(table).splitlines()[2:] == [
        "| | median ms | p95 |",
        "|---|---:|---:|",
        "| sanic | 1.5 | 12.0 |",
    ]


def test_a_reference_that_is_no_contender_is_refused(frame: Any) -> None:
    with pytest.raises(ValueError, match="'c' is no contender"):
        frame.Comparison("x", {"a": int}, "c", number=1)


def test_the_tables_fit_a_terminal_and_a_readme(frame: Any) -> None:
    comparison = frame.Comparison("x" * 90, {"y" * 90: int}, "y" * 90, number=1)
    found = [frame.Measurement("y" * 90, 1.5e-3, 2e-3, 1.0)]
    text = frame.as_text(comparison, found)
    assert max(map(len, text.splitlines())) <= 80
    assert "1,500.0 µs" in text
    assert "1.00x *" in text
    assert (
        frame.as_markdown(comparison, found).splitlines()[-1] == f"| {'y' * 90} | 1,500.0 | 1.00 |"
    )


def test_the_outputs_of_the_table_comparison_are_compared_as_documents(frame: Any) -> None:
    same = importlib.import_module("benchmarks.table_rendering").same_document
    same({"a": '<p id="1" title="x">a&amp;b</p>', "b": "<p title=x id=1>\na&#38;b </p>"})
    with pytest.raises(frame.WrongOutput, match="b rendered another document than a"):
        same({"a": "<p>a</p>", "b": "<p>b</p>"})


def test_a_limit_is_met_or_missed_beside_the_best_of_its_rivals(frame: Any) -> None:
    comparison = frame.Comparison(
        "x",
        dict.fromkeys(("nitro", "raw", "orm", "slow"), int),
        "raw",
        number=1,
        limits=[
            frame.Limit("nitro", ("raw",), 1.5),
            frame.Limit("nitro", ("slow", "orm", "absent"), 1.0),
            frame.Limit("nitro", ("absent",), 1.0),
        ],
    )
    found = [
        frame.Measurement(name, best, best, best)
        for name, best in (("raw", 1.0), ("orm", 1.5), ("nitro", 1.6), ("slow", 4.0))
    ]
    told = [
        "  MISSED: nitro takes 1.60 of raw, limit 1.50",
        "  MISSED: nitro takes 1.07 of orm, limit 1.00",
    ]
    assert frame.as_text(comparison, found).splitlines()[-2:] == told
    assert frame.as_markdown(comparison, found).splitlines()[-2:] == told
    assert frame.verdict(frame.Limit("a", ("b",), 1.0), 1.0, "b").startswith("  met: ")


def test_coroutines_are_awaited_one_after_another_in_one_run_of_the_loop(frame: Any) -> None:
    ran: list[str] = []

    async def work() -> int:
        ran.append("begun")
        await asyncio.sleep(0)
        ran.append("done")
        return 7

    with asyncio.Runner() as runner:
        call = frame.Awaiting(work, runner)
        assert call() == 7
        ran.clear()
        comparison = frame.Comparison("x", {"a": call}, "a", number=3, rounds=1)
        frame.measure(comparison)
    assert ran == ["begun", "done"] * 3
