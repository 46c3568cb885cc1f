"""Migrations and seeds of a project, on an SQLite file, with a plain Alembic environment."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from nitro_cli.commands.db import agree, app
from nitro_cli.database import DatabaseFailed, Tables, downgrade, seed, status, upgrade
from nitro_runtime.errors import UsageError

ENV = """
import sqlalchemy
from alembic import context

engine = sqlalchemy.create_engine("sqlite:///shop.db")
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""

REVISION = '''"""{message}"""

from alembic import op

revision = "{id}"
down_revision = {down}


def upgrade():
    op.execute("{up}")


def downgrade():
    op.execute("drop table {table}")
'''


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    path, folder = list(sys.path), Path.cwd()
    yield
    assert sys.path == path
    assert Path.cwd() == folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Its folder has a % in its name, which Alembic would take for a reference."""
    root = tmp_path / "100% shop"
    (root / "migrations" / "versions").mkdir(parents=True)
    (root / "migrations" / "env.py").write_text(ENV)
    return root


def migration(root: Path, id: str, down: str | None, table: str, up: str | None = None) -> None:
    text = REVISION.format(
        message=f"create {table}",
        id=id,
        down=repr(down),
        table=table,
        up=up or f"create table {table} (id integer)",
    )
    (root / "migrations" / "versions" / f"{id}.py").write_text(text)


def tables(root: Path) -> set[str]:
    connection = sqlite3.connect(root / "shop.db")
    try:
        rows = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
    finally:
        connection.close()
    return {name for (name,) in rows} - {"alembic_version"}


def test_upgrade_applies_what_is_missing_in_order_and_only_once(project: Path) -> None:
    migration(project, "a1", None, "category")
    assert [(one.id, one.message) for one in upgrade(project)] == [("a1", "create category")]
    migration(project, "b2", "a1", "product")
    migration(project, "c3", "b2", "tag")
    assert [one.id for one in upgrade(project)] == ["b2", "c3"]
    assert tables(project) == {"category", "product", "tag"}
    assert upgrade(project) == []


def test_upgrade_goes_up_to_a_revision(project: Path) -> None:
    migration(project, "a1", None, "category")
    migration(project, "b2", "a1", "product")
    assert [one.id for one in upgrade(project, "a1")] == ["a1"]
    assert tables(project) == {"category"}


def test_status_says_which_are_applied_and_changes_nothing(project: Path) -> None:
    migration(project, "a1", None, "category")
    migration(project, "b2", "a1", "product")
    assert [(one.id, one.applied) for one in status(project)] == [("a1", False), ("b2", False)]
    assert tables(project) == set()
    upgrade(project, "a1")
    assert [(one.id, one.applied) for one in status(project)] == [("a1", True), ("b2", False)]


def test_downgrade_takes_the_last_back_or_all_down_to_a_revision(project: Path) -> None:
    for id, down, table in [("a1", None, "category"), ("b2", "a1", "product"), ("c3", "b2", "tag")]:
        migration(project, id, down, table)
    upgrade(project)
    assert [one.id for one in downgrade(project)] == ["c3"]
    assert [one.id for one in downgrade(project, "base")] == ["b2", "a1"]
    assert tables(project) == set()
    assert downgrade(project) == []


def test_a_project_without_migrations_has_nothing_to_apply(project: Path) -> None:
    assert upgrade(project) == []
    assert status(project) == []


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no migrations/env\.py in "):
        upgrade(tmp_path)


def test_an_unknown_revision_is_one_sentence(project: Path) -> None:
    migration(project, "a1", None, "category")
    with pytest.raises(UsageError, match="Alembic: Can't locate revision identified by 'zz'"):
        upgrade(project, "zz")


def test_a_database_that_cannot_be_reached_is_one_sentence(project: Path) -> None:
    migration(project, "a1", None, "category")
    env = project / "migrations" / "env.py"
    env.write_text(ENV.replace("shop.db", "no/such/folder/shop.db"))
    with pytest.raises(DatabaseFailed) as caught:
        upgrade(project)
    assert str(caught.value) == (
        "The database cannot be reached (unable to open database file); check NITRO_DATABASE_URL"
    )


def test_a_migration_that_fails_is_named_and_the_earlier_ones_stay(project: Path) -> None:
    migration(project, "a1", None, "category")
    migration(project, "b2", "a1", "product", up="create table category (id integer)")
    with pytest.raises(DatabaseFailed) as caught:
        upgrade(project)
    assert str(caught.value) == (
        "The database refused this: create table category (id integer) "
        "(table category already exists)."
    )
    assert [(one.id, one.applied) for one in status(project)] == [("a1", True), ("b2", False)]


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_seed_runs_main_in_the_project_with_its_modules(project: Path, kind: str) -> None:
    (project / "believable.py").write_text("WORD = 'row'\n")
    (project / "seeds.py").write_text(
        "from pathlib import Path\n"
        "import believable\n"
        f"{kind} main(count):\n"
        "    Path('rows').write_text(f'{count} {believable.WORD}s')\n"
    )
    try:
        seed(project, 7)
    finally:
        sys.modules.pop("believable")
    assert (project / "rows").read_text() == "7 rows"


def test_no_seeds_and_no_main_are_one_sentence_each(project: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no seeds\.py in "):
        seed(project, 1)
    (project / "seeds.py").write_text("rows = 200\n")
    with pytest.raises(UsageError, match=r"seeds\.py has no function main\(count\)"):
        seed(project, 1)


# -- the commands ---------------------------------------------------------------------------------


def test_the_commands_say_what_they_did(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "seeds.py").write_text(
        "from pathlib import Path\ndef main(count):\n    Path('rows').write_text(str(count))\n"
    )

    def nitro_db(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    no_migrations = (
        "There are no migrations yet; `nitro generate scaffold` or `nitro db revision` writes the "
        "first\n"
    )
    assert nitro_db("upgrade") == nitro_db("status") == no_migrations
    migration(project, "a1", None, "category")
    migration(project, "b2", "a1", "product")
    assert nitro_db("upgrade", "a1") == "applied a1  create category\n"
    assert nitro_db("status") == "[x] a1  create category\n[ ] b2  create product\n1 of 2 applied\n"
    assert nitro_db("upgrade") == "applied b2  create product\n"
    assert nitro_db("upgrade") == "The database is up to date\n"
    assert nitro_db("downgrade") == "took back b2  create product\n"
    assert nitro_db("downgrade") == "took back a1  create category\n"
    assert nitro_db("downgrade") == "There is nothing to take back\n"
    assert nitro_db("seed") == nitro_db("seed", "--count", "200") == "Ran seeds.py\n"
    assert (project / "rows").read_text() == "200"


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose migrations have run, with a terminal in front of it."""
    migration(project, "a1", None, "category")
    upgrade(project)
    with contextlib.closing(sqlite3.connect(project / "shop.db")) as database:
        database.execute("insert into category values (1)")
        database.commit()
    monkeypatch.chdir(project)
    monkeypatch.setattr("nitro_cli.commands.db._is_terminal", lambda: True)
    return project


def rows(root: Path) -> int:
    with contextlib.closing(sqlite3.connect(root / "shop.db")) as database:
        return database.execute("select count(*) from category").fetchone()[0]


def test_reset_goes_on_when_the_name_of_the_database_is_typed(shop: Path) -> None:
    done = CliRunner().invoke(app, ["reset", "--all"], input="shop.db\n", catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout.startswith(
        "This drops 2 tables with all their rows: alembic_version, category\n"
        "Type the name of the database, shop.db, to go on: "
    )
    assert "applied a1  create category\n" in done.stdout
    assert rows(shop) == 0


@pytest.mark.parametrize("answer", ["\n", "y\n", "other.db\n"])
def test_reset_changes_nothing_when_another_name_is_typed(shop: Path, answer: str) -> None:
    done = CliRunner().invoke(app, ["reset"], input=answer * 3)
    assert done.exit_code != 0
    assert rows(shop) == 1


def test_a_database_on_another_machine_must_be_named() -> None:
    engine = create_engine("postgresql+psycopg://ada:secret@db.example.com/shop")
    tables = Tables(("product",), (), str(engine.url), "shop", False, engine)
    with pytest.raises(UsageError) as caught:
        agree(tables, ("product",), "", yes=True)
    assert str(caught.value) == (
        "postgresql+psycopg://ada:***@db.example.com/shop is on another machine, so its name is "
        "needed, too; lose all its rows with: nitro db reset --yes --database shop"
    )
    agree(tables, ("product",), "shop", yes=True)
    with pytest.raises(UsageError, match="The database is 'shop'"):
        agree(tables, ("product",), "shop2", yes=True)


def test_the_command_imports_no_alembic_before_it_runs() -> None:
    source = (
        "import sys, nitro_cli.commands.db, nitro_cli.commands.dev\n"
        "print([name for name in ('alembic', 'sqlalchemy', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert done.stdout == "[]\n"
