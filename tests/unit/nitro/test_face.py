from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nitro
import nitro.html
import nitro_runtime.html


def imported_for_type_checkers() -> dict[str, str]:
    """Where a type checker is told that each name comes from."""
    tree = ast.parse(Path(nitro.__file__).read_text())
    (block,) = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        alias.asname or alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_a_type_checker_and_the_interpreter_are_told_the_same() -> None:
    assert imported_for_type_checkers() == nitro._HOMES


@pytest.mark.parametrize("name", nitro.__all__)
def test_every_name_can_be_imported(name: str) -> None:
    value = getattr(nitro, name)
    assert value is getattr(sys.modules[nitro._HOMES[name]], name)
    assert name in dir(nitro)


def test_a_name_that_is_none_is_an_error() -> None:
    with pytest.raises(AttributeError, match="module 'nitro' has no attribute 'Prodct'"):
        _ = nitro.Prodct  # pyright: ignore[reportAttributeAccessIssue]


def test_the_tags_are_those_of_the_runtime() -> None:
    assert nitro.html.Div is nitro_runtime.html.Div
    assert nitro.html.__all__ == nitro_runtime.html.__all__


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import nitro", "nitro_runtime.entities nitro_runtime.views pydantic sqlalchemy blinker"),
        ("from nitro import on", "nitro_runtime.views sqlalchemy"),
        ("from nitro import emit_signals", "nitro_runtime.views sqlalchemy pydantic"),
        ("from nitro import Entity", "nitro_runtime.views nitro_runtime.web nitro_runtime.sse"),
        ("import nitro.html", "nitro_runtime.entities nitro_runtime.views pydantic sqlalchemy"),
        ("from nitro import Page", "nitro_runtime.entities nitro_runtime.web sqlalchemy"),
        ("from nitro import install", "fastapi flask nitro_runtime.views"),
    ],
)
def test_a_name_loads_its_own_part_and_no_other(statement: str, unwanted: str) -> None:
    code = f"import sys; {statement}; print(*sorted(set({unwanted.split()!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""
