"""Migrations on SQLite, PostgreSQL and MariaDB: written, run up and down over rows, taken back, refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import sqlalchemy as sa
from existing_apps import start_project
from services import MARIADB, POSTGRES, own_database
from warm import Done, Warm

from nitro_runtime.entities.sql.urls import normalised
from nitro_runtime.testing.serving import free_port

SERVERS = {"postgresql": POSTGRES, "mariadb": MARIADB}
AGREE = "The entities and the database agree; there is nothing to do.\n"


@dataclass(frozen=True)
class App:
    """A project in a folder, and the database that its commands use."""

    root: Path
    url: str

    warm: Warm

    @property
    def environment(self) -> dict[str, str]:
        return {"NITRO_DATABASE_URL": self.url, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *words: str) -> Done:
        """What comes of `nitro` with some words, or, after ``-c``, of a script."""
        return self.warm.run(words, self.root, self.environment)

    def started(self, *words: str) -> subprocess.Popen[str]:
        """A fresh Python with some words, under way."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("NITRO_")}
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.root,
            env={**kept, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def alembic(self, *words: str) -> str:
        """What plain Alembic says when all is well."""
        process = self.started("-m", "alembic", *words)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    def db(self, *words: str) -> str:
        """What `nitro db` says when all is well."""
        done = self.run("db", *words)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def refused(self, *words: str) -> tuple[int, str]:
        """The exit code of `nitro db`, and the one sentence that it complains with."""
        done = self.run("db", *words)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        return done.returncode, done.stderr.rstrip("\n")

    def python(self, source: str) -> str:
        """What a script says that uses the entities."""
        done = self.run("-c", f"from shop.things.models import *\n{source}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def models(self, text: str) -> None:
        (self.root / "shop/things/models.py").write_text(HEAD + text)

    def migration(self, down: str, up: str, *, id: str = "0099") -> None:
        (self.root / f"migrations/versions/{id}_by_hand.py").write_text(
            f'"""By hand."""\n\nfrom alembic import op\n\nrevision = "{id}"\n'
            f'down_revision = "{down}"\n\n\ndef upgrade():\n{up}\n\n\ndef downgrade():\n    pass\n'
        )

    @property
    def dialect(self) -> str:
        return normalised(self.url).get_backend_name()

    def tables(self) -> set[str]:
        return set(self.inspected(lambda seen: seen.get_table_names())) - {"alembic_version"}

    def inspected(self, look: Callable[[sa.Inspector], list[str]]) -> list[str]:
        engine = sa.create_engine(normalised(self.url), poolclass=sa.NullPool)
        with engine.connect() as connection:
            return look(sa.inspect(connection))

    def sql(self, *statements: str) -> None:
        engine = sa.create_engine(normalised(self.url), poolclass=sa.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


HEAD = """
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from nitro import Entity, Field, Text, belongs_to, many_to_many

"""

BEFORE = """
class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Shelf(Entity):
    name: str = Field(max_length=40, unique=True)


class Item(Entity):
    name: str = Field(max_length=80)
    price: Decimal = Field(max_digits=8, decimal_places=2)
    weight: float
    code: int
    note: str = Field(sa_type=Text)
    colour: Colour
    made: datetime
    key: UUID
    sku: str = Field(max_length=20, unique=True)
    shelf_id: str = Field(foreign_key="shelf.id", index=True)
"""

AFTER = """
class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Shelf(Entity):
    name: str = Field(max_length=40)


class Tag(Entity):
    name: str = Field(unique=True)
    item_id: str | None = Field(default=None, foreign_key="item.id", ondelete="CASCADE")


class Item(Entity):
    name: str = Field(max_length=90, search=True, unique=True)
    price: Decimal = Field(max_digits=9, decimal_places=3)
    weight: Decimal = Field(max_digits=8, decimal_places=3)
    code: str = Field(max_length=30)
    colour: Colour | None = None
    key: str
    shelf_id: str = Field(foreign_key="shelf.id")
    rank: int = 3
    cost: Decimal = Field(default=Decimal("1.50"), max_digits=6, decimal_places=2)
    mood: Colour = Colour.BLUE
    extra: list[str] = Field(default_factory=list[str])
    comment: str | None = None
    parent_id: str | None = Field(default=None, foreign_key="item.id", index=True)

    tags = many_to_many("Tag")
"""

ROWS = """
shelf = Shelf.create(id="s", name="top")
Item.create(
    id="a", name="ÄPFEL", price=Decimal("9.99"), weight=1.5, code=7, note="n", colour=Colour.RED,
    made=datetime(2026, 1, 2, tzinfo=UTC), key=UUID(int=5), sku="x", shelf_id="s",
)
Item.create(
    id="b", name="nuts", price=Decimal("10.00"), weight=2.25, code=-12, note="m", colour=Colour.BLUE,
    made=datetime(2026, 1, 3, tzinfo=UTC), key=UUID(int=6), sku="y", shelf_id="s",
)
"""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(
    request: pytest.FixtureRequest, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> Iterator[str]:
    """The address of an empty database, on each kind."""
    service = SERVERS.get(request.param)
    if service is not None and not service.answers:
        missing(service.missing)
    file = f"sqlite:///{tmp_path}/app.db"
    with nullcontext(file) if service is None else own_database(service) as address:
        yield address


@pytest.fixture
def app(tmp_path: Path, url: str, warm: Warm) -> App:
    """An app that Nitro did not make, with entities somewhere in it, and its first migration run."""
    root = tmp_path / "an app"
    (root / "shop/things").mkdir(parents=True)
    (root / "shop/__init__.py").write_text("")
    (root / "shop/things/__init__.py").write_text("")
    (root / "run_me.py").write_text("raise SystemExit('a script was imported')\n")
    made = App(root, url, warm)
    made.models(BEFORE)
    made.db("init")
    made.db("revision", "-m", "begin")
    made.db("upgrade")
    return made


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """A project as the command makes it, with every type of field."""
    scratch = tmp_path_factory.mktemp("generated")
    first = App(scratch, "memory", warm)
    shop = App(scratch / "shop", "memory", warm)
    assert first.run("new", "shop", "--framework", "flask").returncode == 0
    for words in (
        "scaffold Category name:str.60:unique",
        "scaffold Product name:str.80:search price:decimal.10.2 stock:int=0 category:ref.Category "
        "status:enum.draft.live tags:list.str notes:text:search sku:str.20:unique:index "
        "home:url:unique:opt at:datetime labels:many.Category owner:ref.Category:one:on.cascade",
        "entity Writer name email:email:unique on:date at:time code:uuid:unique weight:float ok:bool "
        "photo:image:opt extra:json big:bigint mentor:ref.Writer:opt key:str:index",
    ):
        done = shop.run("generate", *words.split())
        assert done.returncode == 0, done.stderr
    return scratch / "shop"


def test_generated_migrations_run_up_down_and_up_and_the_entities_agree(
    generated: Path, url: str, warm: Warm
) -> None:
    shop = App(generated, url, warm)
    code, said = shop.refused("seed")
    assert (code, said[-44:]) == (1, "'category'; create it with: nitro db upgrade")
    assert "CREATE TABLE category" in shop.alembic("upgrade", "head", "--sql")
    applied = ["applied 0001", "applied 0002", "applied 0003"]
    assert [line[:12] for line in shop.db("upgrade").splitlines()] == applied
    assert shop.db("revision") == AGREE
    assert shop.alembic("check").startswith("No new upgrade operations")
    assert shop.tables() == {"category", "product", "product_label", "writer"}
    shop.db("seed", "--count", "3")
    assert shop.db("downgrade", "base").count("took back") == 3
    assert shop.tables() == set()
    assert [line[:12] for line in shop.db("upgrade").splitlines()] == applied
    shop.db("seed", "--count", "3")
    assert shop.db("revision") == AGREE
    assert shop.db("status").endswith("3 of 3 applied\n")


def test_a_changed_entity_becomes_a_migration_that_keeps_the_rows_up_and_down(app: App) -> None:
    assert app.db("revision") == AGREE
    app.python(ROWS)
    app.models(AFTER)
    said = app.db("revision", "-m", "more of it")
    assert "  create    migrations/versions/0002_more_of_it.py\n" in said
    assert any(
        'drop_constraint(batch_op.f("uq_shelf_name"), type_="unique")' in file.read_text()
        for file in app.root.glob("migrations/versions/0002*.py")
    )
    assert {line.strip() for line in said.splitlines()} >= {
        "create tag", "create item_tag", "add item.rank", "add item.name_search", "drop item.note",
        "change item.price", "change item.weight", "change item.code", "change shelf",
    }  # fmt: skip
    assert app.db("upgrade") == "applied 0002  more of it.\n"
    assert app.db("revision") == AGREE
    row = (
        "for i in Item.all().order_by('id'): print(i.name, i.price, i.weight, i.code, i.key, i.rank"
    )
    assert app.python(f"{row}, i.cost, i.mood, i.extra, i.comment, i.parent_id)").splitlines() == [
        f"ÄPFEL 9.990 1.500 7 {_stored_uuid(app, 5)} 3 1.50 blue [] None None",
        f"nuts 10.000 2.250 -12 {_stored_uuid(app, 6)} 3 1.50 blue [] None None",
    ]
    assert app.python("print(Item.where(name__icontains='äpf').count())") == "1"
    assert app.db("downgrade") == "took back 0002  more of it.\n"
    app.models(BEFORE)
    assert app.tables() == {"shelf", "item"}
    app.sql("update item set sku = id")  # what was unique cannot be made up
    row = "for i in Item.all().order_by('id').values('name', 'price', 'weight', 'code', 'note', 'key')"
    assert app.python(f"{row}: print(*i.values())").splitlines() == [
        f"ÄPFEL 9.99 1.5 7  {UUID_5}",
        f"nuts 10.00 2.25 -12  {UUID_6}",
    ]
    app.models(AFTER)
    app.db("upgrade")
    assert app.db("revision") == AGREE


UUID_5 = "00000000-0000-0000-0000-000000000005"
UUID_6 = "00000000-0000-0000-0000-000000000006"


def _stored_uuid(app: App, last: int) -> str:
    """A UUID as it reads when its column has become text: what the database kept of it."""
    whole = f"00000000-0000-0000-0000-{last:012}"
    return whole if app.dialect == "postgresql" else whole.replace("-", "")


def test_a_migration_runs_on_another_database_than_it_was_written_on(
    app: App, tmp_path: Path
) -> None:
    embedded = App(app.root, f"sqlite:///{tmp_path}/other.db", app.warm)
    embedded.db("upgrade")
    assert embedded.db("revision") == AGREE
    app.python(ROWS)
    app.models(AFTER)
    embedded.db("revision")
    for database in (app, embedded):
        for words in ("upgrade", "downgrade", "upgrade"):
            database.db(words)
        assert database.db("revision") == AGREE


def test_a_member_of_an_enum_is_added_without_a_migration(app: App) -> None:
    app.python(ROWS)
    app.models(BEFORE.replace('BLUE = "blue"', 'BLUE = "blue"\n    GREEN = "green"'))
    assert app.db("revision") == AGREE
    app.python("Item.get('a').update(colour=Colour.GREEN)")
    assert app.python("print(Item.get('a').colour)") == "green"


def test_an_entity_that_went_takes_its_table_and_what_refers_to_it(app: App) -> None:
    app.python(ROWS)
    app.models(
        BEFORE.replace(
            '    shelf_id: str = Field(foreign_key="shelf.id", index=True)\n', ""
        ).replace("class Shelf(Entity):\n    name: str = Field(max_length=40, unique=True)\n", "")
    )
    said = app.db("revision").splitlines()
    assert [line.strip() for line in said if line.startswith("    ")] == [
        "drop shelf",
        "drop item.shelf_id",
    ]
    app.db("upgrade")
    assert app.tables() == {"item"}
    assert app.db("revision") == AGREE
    app.db("downgrade")
    assert app.tables() == {"item", "shelf"}
    app.db("upgrade")


def test_entities_that_refer_to_each_other_can_be_migrated(app: App) -> None:
    app.models(
        BEFORE
        + 'class Hen(Entity):\n    egg_id: str | None = Field(default=None, foreign_key="egg.id")\n'
        + 'class Egg(Entity):\n    hen_id: str | None = Field(default=None, foreign_key="hen.id")\n'
    )
    app.db("revision")
    app.db("upgrade")
    assert app.db("revision") == AGREE
    app.db("downgrade")
    assert app.tables() == {"item", "shelf"}


def test_a_required_field_without_a_default_fits_an_empty_table_only(app: App) -> None:
    app.models(BEFORE.replace("class Shelf(Entity):\n", "class Shelf(Entity):\n    room: str\n"))
    app.db("revision")
    (written,) = app.root.glob("migrations/versions/0002*.py")
    assert "# shelf.room is required and has no default" in written.read_text()
    app.db("upgrade")
    app.db("downgrade")
    app.models(BEFORE)
    app.python("Shelf.create(name='top')")
    code, said = app.refused("upgrade")
    assert (code, said.startswith("The database refused this: ")) == (1, True)


def test_what_is_not_the_projects_is_never_dropped_unless_it_is_asked_for(app: App) -> None:
    app.sql("create table theirs (id int)", "insert into theirs values (1)")
    assert app.db("revision") == AGREE
    app.python(ROWS)
    assert "kept theirs: not of this project" in app.db("reset", "--yes")
    assert app.tables() == {"item", "shelf", "theirs"}
    assert app.python("print(Item.count())") == "0"
    app.db("reset", "--yes", "--all")
    assert app.tables() == {"item", "shelf"}


def test_reset_loses_nothing_unless_somebody_agreed(app: App) -> None:
    app.python(ROWS)
    code, said = app.refused("reset")
    assert code == 2
    assert said.startswith("Nobody was asked, so nothing was changed; lose all rows of ")
    assert app.refused("reset", "--yes", "--database", "other")[0] == 2
    assert "no seeds.py" in app.refused("reset", "--yes", "--seed")[1]
    assert app.db("reset", "--dry-run").startswith("would drop alembic_version, item, shelf in ")
    assert app.python("print(Item.count())") == "2"
    done = json.loads(app.db("reset", "--yes", "--json"))
    assert (done["status"], done["dropped"]) == ("done", ["alembic_version", "item", "shelf"])
    assert app.python("print(Item.count())") == "0"


def test_a_migration_that_fails_is_named_and_reset_brings_the_database_back(app: App) -> None:
    up = '    op.execute("create table half (id int)")\n    op.execute("insert into nowhere values (1)")'
    app.migration("0001", up)
    code, said = app.refused("upgrade")
    assert code == 1
    assert said.startswith("The database refused this: insert into nowhere values (1) (")
    stays = app.dialect == "mysql"
    assert ("takes no change of a table back" in said) is stays
    assert ("half" in app.tables()) is stays
    (app.root / "migrations/versions/0099_by_hand.py").unlink()
    app.db("reset", "--yes", "--all")
    assert app.tables() == {"item", "shelf"}
    assert app.db("revision") == AGREE


@pytest.mark.parametrize(
    ("up", "sentence"),
    [
        (
            "    nothing()",
            "migrations/versions/0099_by_hand.py, line 10: NameError: name 'nothing'",
        ),
        ("    op.execute(", "migrations/versions/0099_by_hand.py, line 10: SyntaxError: "),
    ],
)
def test_a_migration_that_is_wrong_is_named_with_its_line(app: App, up: str, sentence: str) -> None:
    app.migration("0001", up)
    code, said = app.refused("upgrade")
    assert (code, said[: len(sentence)]) == (1, sentence)


def test_the_database_has_to_be_up_to_date_before_a_revision_is_written(app: App) -> None:
    app.db("downgrade")
    assert app.refused("revision") == (
        2,
        "The database lacks 1 of the migrations that are there (0001); apply them first with: "
        "nitro db upgrade",
    )


def test_revisions_that_nobody_knows_are_refused(app: App) -> None:
    code, said = app.refused("upgrade", "zz")
    assert (code, "Can't locate revision identified by 'zz'" in said) == (2, True)
    app.sql("update alembic_version set version_num = 'lost'")
    for command in ("status", "upgrade", "revision"):
        code, said = app.refused(command)
        assert code == 2
        assert said.startswith("The database stands at the migration lost, which is not in ")
    app.db("reset", "--yes")
    assert app.db("status").endswith("1 of 1 applied\n")


def test_two_that_upgrade_at_once_both_succeed(app: App) -> None:
    app.db("downgrade", "base")
    app.models(AFTER)
    pause = "    import time\n    time.sleep(0.5)\n    op.execute('create table slow (id int)')"
    app.migration("0001", pause)
    all_at_once = [app.started("-m", "nitro_cli", "db", "upgrade") for _ in range(3)]
    said = [process.communicate(timeout=120)[0] for process in all_at_once]
    assert [process.returncode for process in all_at_once] == [0, 0, 0], said
    assert app.tables() == {"item", "shelf", "slow"}


# -- databases that cannot be reached -------------------------------------------------------------


@pytest.fixture
def lost(tmp_path: Path, warm: Warm) -> Callable[[str], App]:
    """An app with migrations, and an address that leads nowhere."""

    def make(url: str) -> App:
        app = App(tmp_path / "lost", url, warm)
        app.root.mkdir()
        (app.root / "models.py").write_text(
            "from nitro import Entity\nclass A(Entity):\n    b: int\n"
        )
        app.db("init")
        return app

    return make


@pytest.mark.parametrize("backend", ["postgresql", "mysql"])
def test_a_server_that_is_down_is_one_sentence(lost: Callable[[str], App], backend: str) -> None:
    app = lost(f"{backend}://somebody:secret@127.0.0.1:{free_port()}/shop")
    for words in (("status",), ("upgrade",), ("revision",), ("reset", "--yes")):
        code, said = app.refused(*words)
        assert code == 1
        assert said.startswith("The database cannot be reached (")
        assert "secret" not in said


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_database_or_user_that_is_not_there_is_one_sentence(
    lost: Callable[[str], App], name: str, missing: Callable[[str], NoReturn]
) -> None:
    service = SERVERS[name]
    if not service.answers:
        missing(service.missing)
    known = sa.make_url(service.url)
    app = lost(known.set(database="no_such_database").render_as_string(hide_password=False))
    assert app.refused("upgrade")[0] == 1
    stranger = known.set(username="no_such_user", password="wrong").render_as_string(False)
    code, said = App(app.root, stranger, app.warm).refused("status")
    assert code == 1
    assert said.startswith("The database cannot be reached (")
    assert "no_such_user" in said
    assert "wrong" not in said


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("memory", 1, "The memory backend has no SQL database; set NITRO_DATABASE_URL to one"),
        ("oracle://somewhere/x", 1, "There is no database 'oracle'"),
        ("sqlite:////no/such/folder/app.db", 1, ""),
    ],
)
def test_an_address_of_no_use_is_one_sentence(
    lost: Callable[[str], App], url: str, code: int, sentence: str
) -> None:
    given, said = lost(url).refused("upgrade")
    assert (given, said[: len(sentence)]) == (code, sentence)


# -- apps that others made ------------------------------------------------------------------------


def test_plain_alembic_does_the_same_in_an_app_that_nitro_did_not_make(app: App) -> None:
    assert "0001 (head)" in app.alembic("current")
    app.models(AFTER)
    app.alembic("revision", "--autogenerate", "-m", "plain")
    app.alembic("upgrade", "head")
    assert app.db("revision") == AGREE


def test_a_project_that_lost_its_migrations_gets_them_back(
    generated: Path, tmp_path: Path, warm: Warm
) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(generated, copy)
    before = (copy / "migrations/env.py").read_text()
    shutil.rmtree(copy / "migrations")
    shop = App(copy, f"sqlite:///{tmp_path}/app.db", warm)
    assert "migrations/env.py" in shop.db("init")
    assert (copy / "migrations/env.py").read_text() == before
    assert "create writer" in shop.db("revision")
    shop.db("upgrade")
    assert shop.db("revision") == AGREE
    assert shop.db("init") == "There are migrations already; nothing was changed.\n"


def test_entities_beside_djangos_models_are_found_and_its_tables_stay(
    tmp_path: Path, warm: Warm
) -> None:
    start_project(tmp_path)
    site = App(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", warm)
    for words in (("init", "--yes"), ("generate", "entity", "Product", "name:str")):
        assert site.run(*words).returncode == 0
    (tmp_path / "blog").mkdir()
    (tmp_path / "blog/models.py").write_text(
        "from django.contrib.auth.models import User\nfrom nitro import Entity\n\n\n"
        "class Note(Entity):\n    text: str\n    owner: int = User._meta.pk.unique\n"
    )
    assert "OK" in site.started("manage.py", "migrate").communicate(timeout=120)[0]
    site.db("upgrade")
    assert "    create note\n" in site.db("revision")
    site.db("upgrade")
    assert site.db("revision") == AGREE
    site.db("reset", "--yes")
    assert {"note", "product", "auth_user", "django_session"} <= site.tables()
