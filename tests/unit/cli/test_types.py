"""`nitro types` says what each type becomes, from the table that the generators use."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from nitro_cli.grammar.types import MODIFIERS, TYPES
from nitro_cli.main import build
from nitro_runtime.entities import columns


def run(*words: str) -> str:
    done = CliRunner().invoke(build(["types"]), ["types", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_type_alias_and_modifier_is_shown_in_80_columns() -> None:
    said = run()
    assert max(map(len, said.splitlines())) <= 80
    for row in TYPES.values():
        assert re.search(rf"^{row.name}[ .]", said, re.MULTILINE), row.name
        for alias in row.aliases:
            assert alias in said
    for name in MODIFIERS:
        assert re.search(rf"^{name} ", said, re.MULTILINE), name


def test_a_tool_gets_the_same_as_data() -> None:
    data = json.loads(run("--json"))
    assert [row["name"] for row in data["types"]] == list(TYPES)
    assert [row["name"] for row in data["modifiers"]] == list(MODIFIERS)
    many = next(row for row in data["types"] if row["name"] == "many")
    assert many["modifiers"] == ["as", "hidden", "readonly"]
    assert data["types"][0] == {
        "name": "str",
        "typed": "str.80",
        "aliases": ["string", "varchar", "char"],
        "summary": "a line of text, str.80 for at most 80 characters",
        "python": "str",
        "database": "VARCHAR(80)",
        "input": "text",
        "json": "string",
        "example": "Example",
        "modifiers": [
            "hidden", "index", "max", "min", "opt", "readonly", "search", "secret", "sort", "unique",
        ],
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in TYPES if name != "many"])
def test_the_name_of_the_column_is_what_a_database_calls_it(name: str) -> None:
    row = TYPES[name]
    source = re.sub(r"\{\w+\}(, )?", "", row.sql.replace("{length}", "32"))
    made = eval(source, {"sa": sa, **vars(columns)})  # noqa: S307 # the table is our own source
    kind: Any = made.impl if isinstance(made, columns.JSON) else made  # a text but on PostgreSQL
    assert str(kind.compile()).partition("(")[0] == row.column.partition("(")[0]
