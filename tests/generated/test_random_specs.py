"""Whatever is typed, what is written works: it imports, migrates, renders, and passes its own tests.

Each example is a copy of one project that gets from one to three scaffolds, all in this process.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import importlib.util
import inspect
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, Phase, given, note, settings
from specs import Typed, worlds
from sqlmodel import SQLModel

from nitro_cli.carrying import Flags, carry_out
from nitro_cli.generators.scaffold import plan
from nitro_cli.generators.words import Words
from nitro_cli.project import find_project
from nitro_runtime import schema
from nitro_runtime.entities import MemoryRepository, configure, use
from nitro_runtime.storage import use_storage
from nitro_runtime.views import registry
from nitro_runtime.views.fields import split_keys
from nitro_runtime.web.request import Request

PACKAGE = "rand"

# An example takes a second: it is not shrunk, which would take hundreds of them.
HEAVY = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    print_blob=True,
    report_multiple_bugs=False,
)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., object]) -> Path:
    """A new project, to be copied."""
    scratch = tmp_path_factory.mktemp("random")
    run("nitro_cli", "new", PACKAGE, "--framework", "fastapi", cwd=scratch)
    return scratch / PACKAGE


@given(world=worlds())
@settings(parent=HEAVY, max_examples=15)
def test_a_random_scaffold_imports_migrates_renders_and_passes_its_tests(
    blank: Path, tmp_path_factory: pytest.TempPathFactory, world: list[Typed]
) -> None:
    check(blank, tmp_path_factory.mktemp("world"), world)


@pytest.mark.soak
@given(world=worlds())
@settings(parent=HEAVY, max_examples=400)
def test_many_random_scaffolds_work(
    blank: Path, tmp_path_factory: pytest.TempPathFactory, world: list[Typed]
) -> None:
    check(blank, tmp_path_factory.mktemp("world"), world)


def check(blank: Path, scratch: Path, world: list[Typed]) -> None:
    """Makes a project of the entities and looks at it from every side."""
    for typed in world:
        note(str(typed))
    root = scratch / PACKAGE
    shutil.copytree(blank, root)
    for typed in world:
        project = find_project(root)
        carry_out(plan(project, Words(typed.spec.name, typed.fields)), root, Flags(yes=True))
    for source in (*root.glob(f"{PACKAGE}/*/*.py"), *root.glob("tests/*.py")):
        ast.parse(source.read_text())
    with loaded(root):
        migrate(root, scratch / "migrated.db")
        for typed in world:
            render(typed, scratch)
        for test in sorted((root / "tests").glob("test_*.py")):
            run_tests(root, test, scratch)
    shutil.rmtree(scratch)


# -- the process as the project finds it --------------------------------------------------------


@contextmanager
def loaded(root: Path) -> Generator[None]:
    """Lets the project be imported, and forgets it afterwards."""
    tables = dict(SQLModel.metadata.tables)
    known = dict(schema._entities)
    views = dict(registry._declared)
    folder = Path.cwd()
    schema._entities.clear()
    SQLModel.metadata.clear()
    sys.path.insert(0, str(root))
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(folder)
        sys.path.remove(str(root))
        for name in [n for n in sys.modules if n.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        importlib.invalidate_caches()
        schema._entities.clear()
        schema._entities.update(known)
        registry._declared.clear()
        registry._declared.update(views)
        SQLModel.metadata.clear()
        for name, table in tables.items():
            SQLModel.metadata._add_table(name, table.schema, table)
        use(MemoryRepository())
        use_storage(None)


def migrate(root: Path, database: Path) -> None:
    """Runs the migrations up, compares the outcome with the entities, and runs them down."""
    os.environ["NITRO_DATABASE_URL"] = f"sqlite:///{database}"
    try:
        config = Config(root / "alembic.ini" if (root / "alembic.ini").exists() else None)
        config.set_main_option("script_location", str(root / "migrations"))
        command.upgrade(config, "head")
        command.check(config)
        command.downgrade(config, "base")
    finally:
        del os.environ["NITRO_DATABASE_URL"]
    with sqlite3.connect(database) as connection:
        left = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
    connection.close()
    assert left == [("alembic_version",)]


def render(typed: Typed, scratch: Path) -> None:
    """Shows an entity in its form, table and card."""
    from nitro_runtime.testing import make

    configure(f"sqlite:///{scratch}/{typed.spec.table}.db", uploads=scratch / "uploads")
    module = importlib.import_module(f"{PACKAGE}.{typed.spec.package}.entity")
    views = importlib.import_module(f"{PACKAGE}.{typed.spec.package}.views")
    entity: Any = getattr(module, typed.spec.name)
    made = make(entity)
    assert entity.get(made.id) == made
    form = getattr(views, f"{typed.spec.name}Form")
    shown = str(asyncio.run(form.new()))
    assert shown.startswith("<form")
    stored = entity.get(made.id)
    again = asyncio.run(form.edit(stored))
    assert 'name="version"' in str(again)
    check_round_trip(form, again, stored)
    assert str(getattr(views, f"{typed.spec.name}Table")()).count("<tr") == 2
    assert str(asyncio.run(show_card(stored))).startswith("<article")


def check_round_trip(form: Any, shown: Any, stored: Any) -> None:
    """Posts what a form shows back: nothing is wrong with it, and nothing changes."""
    fields = form._form()
    pairs = [
        (name, text)
        for name, shown_text in shown._reading.shown.items()
        if name not in fields.uploads
        for text in (split_keys(shown_text) if name in fields.many else [shown_text])
    ]
    body = urlencode(pairs).encode()

    async def read(limit: int) -> bytes:
        return body

    headers = {"content-type": "application/x-www-form-urlencoded"}
    posted = asyncio.run(form.receive(Request("POST", "/", headers, read=read), stored))
    assert posted.valid, posted.errors
    before = {name: getattr(stored, name) for name in stored.__entity__.fields}
    assert asyncio.run(posted.save()) is stored
    assert {name: getattr(stored, name) for name in before} == before


async def show_card(entity: Any) -> Any:
    return await entity.to_card().load()


# -- its own tests --------------------------------------------------------------------------------


def run_tests(root: Path, source: Path, scratch: Path) -> None:
    """Calls the test functions of a file with what its conftest makes, as pytest would."""
    conftest = load(root / "tests" / "conftest.py", f"{PACKAGE}_conftest")
    module = load(source, f"{PACKAGE}_{source.stem}")
    tests = [each for name, each in vars(module).items() if name.startswith("test_")]
    assert tests
    for number, test in enumerate(tests):
        folder = scratch / f"{source.stem}-{number}"
        folder.mkdir()
        with ExitStack() as stack:
            plain(conftest.database)(folder)
            given: dict[str, Any] = {}
            for name in inspect.signature(test).parameters:
                made = {"tmp_path": folder}.get(name) or plain(getattr(conftest, name))()
                given[name] = (
                    stack.enter_context(closing(made)) if inspect.isgenerator(made) else made
                )
            test(**given)


@contextmanager
def closing(fixture: Any) -> Generator[Any]:
    try:
        yield next(fixture)
    finally:
        assert next(fixture, None) is None


def plain(fixture: Any) -> Callable[..., Any]:
    """Returns the function under a fixture."""
    return fixture._get_wrapped_function()


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
