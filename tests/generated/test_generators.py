"""Each generator alone, on every framework: what it writes is checked, started and tested there."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from type_checks import complaints

from nitro_cli.frameworks import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Callable

    from generated.conftest import Run

FRAMEWORKS = sorted(path.parent.name for path in BUNDLED.glob("frameworks/*/framework.toml"))
BY_HAND = '''"""Somebody."""

from enum import StrEnum

from nitro import Entity, Field


class Mood(StrEnum):
    Happy = "happy"
    Grumpy = "quite-grumpy"


class Person(Entity):
    name: str = Field(max_length=60)
    mood: Mood = Mood.Happy
'''
COMMANDS = (
    "entity Category name:str.60:unique",
    "entity Product name:str.80:search price:decimal.10.2:min.0 stock:int=0 "
    "status:enum.draft.live=draft category:ref.Category born:date:opt at:datetime:opt "
    "opens:time:opt home:url:opt code:uuid:opt contact:email:opt words:list.str extra:json:opt",
    "form Product",
    "table Product",
    "card Product",
    "handler product.created notify_stock",
    "handler product.updated tell",
    "handler product.deleted mourn",
    "handler product.sold_out warn",
    "handler order.placed thank",
    "command product.restock quantity:int:min.1",
    "command product.reprice price:decimal.10.2:min.0 stock:int:opt",
    "command product.list",
    "command newsletter.subscribe email:email note:text:opt tags:list.str kind:enum.a.b",
    "command ping",
    "seed Category",
    "seed Product",
    "page about",
    "page terms-of-use",
    "routes Category",
    "scaffold Box label",
    "card Box",
    "scaffold Person",
    "seed Person",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Callable[[str], Path]:
    """Makes a project on a framework and runs every generator in it; each once."""

    @cache
    def make(framework: str) -> Path:
        scratch = tmp_path_factory.mktemp(f"parts-{framework}")
        run("nitro_cli", "new", "parts", "--framework", framework, cwd=scratch)
        people = scratch / "parts" / "parts" / "people"
        people.mkdir()
        (people / "__init__.py").touch()
        (people / "entity.py").write_text(BY_HAND)
        for command in COMMANDS:
            run("nitro_cli", "generate", *command.split(), cwd=scratch / "parts")
        return scratch / "parts"

    return make


ONE_OF_EACH_KIND = ("django", "fastapi")
"""A synchronous and an asynchronous one, for what is no matter of the framework."""


@pytest.fixture(params=FRAMEWORKS)
def project(request: pytest.FixtureRequest, made: Callable[[str], Path]) -> Path:
    return made(request.param)


def test_all_frameworks_are_here() -> None:
    assert set(FRAMEWORKS) >= {"django", "fastapi", "fasthtml", "flask", "litestar", "sanic"}


def test_what_the_generators_write_passes_ruff(project: Path, run: Run) -> None:
    run("ruff", "check", "--no-cache", ".", cwd=project)
    run("ruff", "format", "--check", "--no-cache", ".", cwd=project)


def test_what_the_generators_write_passes_pyright(
    made: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    projects = [made(framework) for framework in FRAMEWORKS]
    assert complaints(projects, tmp_path_factory.getbasetemp() / "parts.json") == []


def test_what_the_generators_write_passes_its_own_tests(project: Path, run: Run) -> None:
    done = run("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", cwd=project)
    assert re.search(r"^[3-9]\d passed", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("framework", ONE_OF_EACH_KIND)
def test_the_second_time_everything_is_there_already(
    framework: str, made: Callable[[str], Path], run: Run
) -> None:
    project = made(framework)
    for command in COMMANDS[2:]:
        done = run("nitro_cli", "generate", *command.split(), cwd=project)
        assert done.stdout == "Everything is there already.\n", command


@pytest.mark.parametrize("framework", ONE_OF_EACH_KIND)
def test_the_seeds_are_what_fills_the_database(
    framework: str, made: Callable[[str], Path], run: Run
) -> None:
    project = made(framework)
    run("nitro_cli", "db", "upgrade", cwd=project)
    run("alembic", "revision", "--autogenerate", "-m", "the table written by hand", cwd=project)
    run("nitro_cli", "db", "upgrade", cwd=project)
    run("nitro_cli", "db", "seed", "--count", "7", cwd=project)
    run("nitro_cli", "db", "seed", "--count", "7", cwd=project)
    (file,) = (path for path in project.glob("*.db"))
    database = sqlite3.connect(file)
    try:
        counts = [
            database.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608 # ours
            for table in ("category", "product", "person", "box")
        ]
    finally:
        database.close()
    assert counts == [3, 3, 3, 7]
