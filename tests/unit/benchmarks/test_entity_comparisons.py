import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def frame(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("benchmarks.frame")


def run(*words: str) -> list[str]:
    # Django's settings, Tortoise's models and the configured database are there once in a process
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()[1:]


def test_all_contenders_read_and_store_the_same_in_their_files() -> None:
    assert run("entity_sqlite", "--check") == [
        f"entity: {what}: the same work"
        for what in (
            "get one of 10,000 by id",
            "filter 20 of 10,000",
            "count 10,000",
            "count 20 of 10,000",
            "update one",
            "create one",
            "delete one by id, unread",
            "delete one that was read",
            "insert 1,000 at once",
        )
    ]


def test_what_is_constructed_has_the_same_values() -> None:
    assert run("entity_construct", "--check") == ["entity: construct, id given: the same work"]


def test_a_contender_that_stored_something_else_is_told(frame: Any, tmp_path: Path) -> None:
    comparison = importlib.import_module("benchmarks.entity_sqlite")
    products = importlib.import_module("benchmarks.entities.products")
    files = {"raw sqlite3": tmp_path / "one.db", "other": tmp_path / "two.db"}
    products.make_file(files["raw sqlite3"], 3)
    products.make_file(files["other"], 2)
    with pytest.raises(frame.WrongOutput, match=r"other gave \(2, .*raw sqlite3 \(3, "):
        comparison.same_results("create", files, {})


def test_memory_is_shown_beside_plain_models_and_its_limit(frame: Any) -> None:
    shown = importlib.import_module("benchmarks.entity_memory").shown
    table = shown({"plain pydantic": 100_000_000, "nitro": 131_000_000})
    assert table.rows == [
        ("plain pydantic", ("1,000", "1.00x")),
        ("nitro", ("1,310", "1.31x")),
    ]
    assert table.notes == ["  MISSED: nitro takes 1.31 of plain pydantic, limit 1.30"]


def test_the_memory_of_what_is_loaded_is_counted_and_nothing_else(
    frame: Any, tmp_path: Path
) -> None:
    loading = importlib.import_module("benchmarks.entities.loading")
    assert (
        10_000_000 < loading.taken(lambda: [bytes(1_000_000 + i) for i in range(11)]) < 12_000_000
    )


def test_every_limit_names_a_verb_of_the_contenders(frame: Any) -> None:
    limits = importlib.import_module("benchmarks.entities.limits")
    products = importlib.import_module("benchmarks.entities.products")
    verbs = {*products.VERBS, "delete_read"}
    assert set(limits.AT_MOST) == verbs
    assert set(limits.SERVER_AT_MOST) <= verbs
    assert limits.on_server("get", "pymysql by hand") == []


def test_several_comparisons_run_each_in_a_process_of_its_own() -> None:
    told = run("entity_construct", "entity_sqlite", "--check")
    assert [line for line in told if line.startswith("Python")] == told[1:2]
    assert len(told) == 1 + 1 + 9


def test_the_mapped_class_has_the_same_values_and_its_definition_is_compared() -> None:
    assert run("entity_mapped", "--check") == [
        f"mapped or not: {what}: the same work"
        for what in (
            "construct, validated",
            "get one of 10,000 by id",
            "define a class and its table",
        )
    ]


def test_what_breaks_with_a_mapped_class_is_told_beside_what_an_entity_does() -> None:
    told = run("entity_mapped", "--rounds", "1")
    assert [line.rsplit(maxsplit=2)[-2:] for line in told[-5:]] == [
        ["works", "ValueError"],
        ["works", "ValueError"],
        ["works", "TypeError"],
        ["works", "InvalidRequestError"],
        ["ValidationError", "works"],
    ]
