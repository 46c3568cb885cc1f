"""What `nitro doctor` finds: in no project, beside SQL, and on Redis servers of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from redis_server import OwnRedis, is_installed, own_server

from nitro_cli.doctor import _redis_broker

ENTITIES = """
from nitro_runtime.entities import Entity

class Product(Entity):
    name: str
"""

BASKETS = """
from nitro_runtime.entities import Entity

class Basket(Entity, backend="redis", ttl=3600):
    note: str
"""

TABLES = """
from enum import StrEnum

from nitro import Column, Entity, Field, Table, belongs_to

class Status(StrEnum):
    DRAFT = "draft"

class Maker(Entity):
    name: str = Field(unique=True)

class Product(Entity):
    name: str
    price: int = Field(default=0, index=True)
    stock: int = 0
    status: Status = Status.DRAFT
    maker_id: str | None = Field(default=None, foreign_key="maker.id")

    maker = belongs_to("Maker")

class ProductTable(Table[Product]):
    entity = Product
    name = Column()
    price = Column()
    filters = ["name", "status", "maker", "stock"]

class StockTable(ProductTable):
    order = "-stock"

class MakerTable(Table[Maker]):
    entity = Maker
"""

ENV = "from nitro_runtime.entities.migrations import run_migrations\n\nrun_migrations()\n"

REVISION = '''"""Create products"""

revision = "0001"
down_revision = None


def upgrade():
    pass
'''


@pytest.fixture
def server(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[OwnRedis]:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    with own_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


def doctor(folder: Path, *words: str, **variables: str) -> tuple[int, str]:
    """Runs it in a folder, with these settings alone; returns its exit code and what it said."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    done = subprocess.run(
        [sys.executable, "-m", "nitro_cli", "doctor", *words],
        cwd=folder,
        env={**plain, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert words or all(len(line) <= 80 for line in done.stdout.splitlines())
    return done.returncode, done.stdout


def told(text: str) -> str:
    """What was said, as one line."""
    return " ".join(text.split())


def test_an_app_without_settings_is_told_that_memory_forgets(app: Path) -> None:
    code, said = doctor(app)
    assert code == 0
    assert said == (
        "ok       Entities    0 found, in 0 modules\n"
        "warning  Database    none is configured, so rows are kept in memory and gone\n"
        "                     when the program ends; set NITRO_DATABASE_URL\n"
    )


def test_migrations_that_are_missing_and_that_are_not_applied_are_told(app: Path) -> None:
    (app / "shop.py").write_text(ENTITIES)
    url = f"sqlite:///{app}/app.db"
    code, said = doctor(app, NITRO_DATABASE_URL=url)
    assert code == 0
    assert said == (
        "ok       Entities    1 found, in 1 modules\n"
        "ok       Database    sqlite answers\n"
        "warning  Migrations  there are none; write them with: nitro db init\n"
    )
    (app / "migrations" / "versions").mkdir(parents=True)
    (app / "migrations" / "env.py").write_text(ENV)
    (app / "migrations" / "versions" / "0001.py").write_text(REVISION)
    code, said = doctor(app, NITRO_DATABASE_URL=url)
    assert code == 0
    assert "1 of 1 not applied, next 0001; apply them with: nitro db upgrade" in told(said)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "broken Database The database cannot be reached"),
        ("redis://127.0.0.1:1/0", "broken Redis Redis at 127.0.0.1:1 cannot be reached"),
        ("oracle://host/name", "broken Entities There is no database 'oracle'"),
    ],
)
def test_a_database_that_does_not_answer_is_broken(app: Path, url: str, sentence: str) -> None:
    code, said = doctor(app, NITRO_DATABASE_URL=url)
    assert code == 1
    assert sentence in told(said)


def test_a_module_that_cannot_be_imported_is_broken(app: Path) -> None:
    (app / "shop.py").write_text(f"{ENTITIES}\nimport nowhere\n")
    code, said = doctor(app)
    assert code == 1
    assert "broken Entities shop, which defines Product, cannot be imported" in told(said)


def test_a_table_that_is_sorted_or_filtered_by_what_has_no_index_is_told_of(app: Path) -> None:
    url = f"sqlite:///{app}/app.db"
    (app / "shop.py").write_text(TABLES)
    code, said = doctor(app, "--json", NITRO_DATABASE_URL=url)
    assert code == 0
    found = [f for f in json.loads(said)["findings"] if f["about"] == "Tables"]
    advice = "and has no index, so each row is looked at: add Field(index=True) and run nitro db revision"
    assert [(each["state"], each["sentence"]) for each in found] == [
        ("warning", f"Product.name is sorted by in ProductTable, StockTable {advice}"),
        ("warning", f"Product.status is filtered by in ProductTable, StockTable {advice}"),
        ("warning", f"Product.maker_id is filtered by in ProductTable, StockTable {advice}"),
        (
            "warning",
            f"Product.stock is filtered and sorted by in ProductTable, StockTable {advice}",
        ),
    ]
    mended = (
        TABLES.replace("name: str\n", "name: str = Field(index=True)\n")
        .replace("= Status.DRAFT\n", "= Field(default=Status.DRAFT, index=True)\n")
        .replace("stock: int = 0", "stock: int = Field(default=0, index=True)")
        .replace('"maker.id"', '"maker.id", index=True')
    )
    (app / "shop.py").write_text(mended)
    _, said = doctor(app, NITRO_DATABASE_URL=url)
    assert "ok Tables all 6 columns that they sort and filter by have an index" in told(said)
    _, said = doctor(app)  # in memory no index is of use
    assert "Tables" not in said


def test_a_class_on_redis_needs_its_address(app: Path, server: OwnRedis) -> None:
    (app / "shop.py").write_text(BASKETS)
    code, said = doctor(app)
    assert code == 1
    assert 'broken Entities A class has backend="redis", and nothing says' in told(said)
    assert "set NITRO_REDIS_URL" in told(said)
    code, said = doctor(app, NITRO_REDIS_URL=server.url)
    assert code == 0
    assert f"ok Redis 127.0.0.1:{server.port} answers" in told(said)


def test_redis_that_forgets_is_warned_of(app: Path, server: OwnRedis) -> None:
    server.tell("CONFIG", "SET", "appendonly", "no")
    server.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    code, said = doctor(app, NITRO_DATABASE_URL=server.url)
    assert code == 0
    assert "warning Redis appendonly is no: a restart loses" in told(said)
    assert "maxmemory-policy is allkeys-lru: a full server deletes any row" in told(said)
    server.tell("CONFIG", "SET", "maxmemory-policy", "volatile-ttl")
    _, said = doctor(app, NITRO_DATABASE_URL=server.url)
    assert "a full server deletes rows of classes with a ttl" in told(said)


def test_redis_that_does_not_let_itself_be_seen_is_said_so(app: Path, server: OwnRedis) -> None:
    server.tell("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-info", "-config")
    url = f"redis://app:secret@127.0.0.1:{server.port}/0"
    code, said = doctor(app, NITRO_DATABASE_URL=url)
    assert code == 0
    assert "it does not let its state be seen" in told(said)
    assert "secret" not in said


def test_data_for_a_tool_says_the_same(app: Path) -> None:
    code, said = doctor(app, "--json", NITRO_DATABASE_URL="redis://127.0.0.1:1/0")
    assert code == 1
    assert [(f["about"], f["state"]) for f in json.loads(said)["findings"]] == [
        ("Entities", "ok"),
        ("Redis", "broken"),
    ]


# -- the broker -------------------------------------------------------------------------------------


def test_a_broker_that_answers_and_what_it_may_lose_are_told(app: Path, server: OwnRedis) -> None:
    _, said = doctor(app, NITRO_BROKER_URL=server.url)
    assert f"ok Broker 127.0.0.1:{server.port} answers" in told(said)
    assert "warning Broker" not in told(said)
    server.tell("CONFIG", "SET", "appendonly", "no")
    server.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    (app / ".env").write_text(f"NITRO_BROKER_URL={server.url}\n")
    code, said = doctor(app)
    assert code == 0
    assert f"ok Broker 127.0.0.1:{server.port} answers" in told(said)
    assert "warning Broker appendonly is no: what is said while it restarts is lost" in told(said)
    assert "warning Broker maxmemory-policy is allkeys-lru: a full server deletes" in told(said)


def test_a_broker_that_does_not_answer_or_is_none_is_broken(app: Path) -> None:
    for url, sentence in (
        ("redis://:hidden@127.0.0.1:1/0", "Redis at 127.0.0.1:1 cannot be reached"),
        ("amqp://:hidden@host", "A broker's address begins with redis:// or rediss://"),
    ):
        code, said = doctor(app, NITRO_BROKER_URL=url)
        assert code == 1
        assert "broken Broker" in told(said)
        assert sentence in told(said)
        assert "hidden" not in said


def test_a_server_that_is_too_old_for_streams_is_broken() -> None:
    [(state, sentence)] = _redis_broker("host:1", {"redis_version": "4.0.14"})
    assert state == "broken"
    assert "host:1 is Redis 4.0.14, and streams came with 5.0" in sentence
    assert [state for state, _ in _redis_broker("host:1", {"redis_version": "10.2.1"})] == ["ok"]
