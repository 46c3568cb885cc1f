"""One suite over every backend: a test class for each, with a place of its own there."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest
import sqlalchemy as sa
from services import MARIADB, POSTGRES, REDIS, Service, own_database, own_redis
from sqlalchemy.exc import DatabaseError

from nitro_runtime.context import Visit, current_visit, visiting
from nitro_runtime.entities import Entity, MemoryRepository, Repository
from nitro_runtime.entities.browser.envelope import seal, unseal
from nitro_runtime.entities.browser.repository import BrowserRepository
from nitro_runtime.entities.redis.repository import RedisRepository
from nitro_runtime.entities.sql.opening import open_database
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.schema import known_entities
from nitro_runtime.testing import assert_queries
from nitro_runtime.testing.repository_suite import RepositorySuite
from nitro_runtime.testing.repository_suite.models import Category, Item, Product
from nitro_runtime.testing.repository_suite.suite import as_default

Missing = Callable[[str], NoReturn]


class TestMemory(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Repository:
        return MemoryRepository(patience=5.0)


class OnSql(RepositorySuite):
    """What the SQL databases have in common: rows are spoiled, and tables emptied, behind Nitro's back."""

    engine: ClassVar[sa.Engine]
    address: ClassVar[str]

    @classmethod
    def opened(cls, address: str) -> Any:
        return open_database(
            address, engine=None, create_tables=True, durable=False, patience=5.0, pool_size=10
        )

    def another(self, repository: Repository) -> Repository:
        return self.opened(self.address)

    def spoil(
        self, repository: Repository, entity: type[Entity], key: object, field: str, value: object
    ) -> None:
        table = entity.table
        (name,) = entity.__entity__.key
        change = sa.update(table).where(table.c[name] == key)
        try:
            with self.engine.begin() as connection:
                connection.execute(change.values({field: sa.literal(value, sa.String())}))
        except DatabaseError:
            pytest.skip("The column takes no such value: this database cannot be spoiled so.")

    def test_what_thousands_of_rows_belong_to_is_read_at_once(self) -> None:
        made = Category.create_many({"name": str(i)} for i in range(1_200))
        Product.create_many({"name": c.name, "category_id": c.id} for c in made)
        with assert_queries(2):
            products = Product.all().include("category").all()
        with assert_queries(2):
            categories = Category.all().include("products").all()
        assert [p.category.name for p in products] == [str(i) for i in range(1_200)]
        assert [[p.name for p in c.products] for c in categories] == [[c.name] for c in made]


class TestSqlite(OnSql):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
        cls.address = f"sqlite:///{tmp_path_factory.mktemp('suite')}/suite.db"
        cls.engine = sa.create_engine(cls.address, poolclass=sa.NullPool)
        repository = cls.opened(cls.address)
        yield repository
        repository.close()
        cls.engine.dispose()


class OnServer(OnSql):
    """A database that goes with the tests of a class."""

    service: ClassVar[Service]

    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls, missing: Missing) -> Iterator[Repository]:
        if not cls.service.answers:
            missing(cls.service.missing)
        with own_database(cls.service) as address:
            url = sa.make_url(address).set(drivername=cls.service.driver)
            cls.engine = sa.create_engine(url, poolclass=sa.NullPool)
            cls.address = address
            repository = cls.opened(address)
            yield repository
            repository.close()
            cls.engine.dispose()


class TestPostgres(OnServer):
    service = POSTGRES


class TestMariadb(OnServer):
    service = MARIADB


class TestRedis(RepositorySuite):
    address: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls, missing: Missing) -> Iterator[Repository]:
        if not REDIS.answers:
            missing(REDIS.missing)
        cls.address = own_redis()
        repository = RedisRepository(cls.address)
        yield repository
        repository.clear()
        repository.close()

    def another(self, repository: Repository) -> Repository:
        return RedisRepository(self.address)

    def spoil(
        self, repository: Repository, entity: type[Entity], key: object, field: str, value: object
    ) -> None:
        assert isinstance(repository, RedisRepository)
        layout = repository.store.layout(entity.__nitro_mapper__)
        name = f"{layout.documents}{layout.key_text(key)}"
        document = json.loads(repository.server.run("GET", name))
        repository.server.run("SET", name, json.dumps({**document, field: value}))


class TestBrowser(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Repository:
        return BrowserRepository(most_bytes=10**9, most_rows=10**6)

    def visiting(self) -> AbstractContextManager[object]:
        return visiting(Visit("ann", "", lambda text: None))

    def later(self) -> None:
        visit: Any = current_visit()
        visit.opened = None

    def spoil(
        self, repository: Repository, entity: type[Entity], key: object, field: str, value: object
    ) -> None:
        """As another version of the app would have signed it."""
        visit: Any = current_visit()
        revision, content = unseal(visit.owner, visit.kept)
        for _, document in content[entity.__entity__.table]:
            if document[entity.__entity__.key[0]] == key:
                document[field] = value
        visit.kept, visit.opened = seal(visit.owner, revision, content), None


# -- backends of one's own -----------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-backend.md"


def block_with(words: str) -> str:
    """The block of the page that has these words."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if words in block]
    return found


def test_the_backend_of_the_docs_has_less_than_sixty_lines() -> None:
    source = block_with("class JsonFileRepository")
    (written,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    assert (written.end_lineno or 0) < 60, "imports and all"


def of_the_docs(*blocks: str) -> dict[str, Any]:
    """What blocks of the page define."""
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block_with(block), str(PAGE), "exec"), names)  # noqa: S102
    return names


IN_DOCS = of_the_docs("class JsonFileRepository", "class TestJsonFile")
JsonFileRepository: Any = IN_DOCS["JsonFileRepository"]


class TestJsonFile(IN_DOCS["TestJsonFile"]):
    """As it stands in the docs."""

    def spoil(
        self, repository: Any, entity: type[Entity], key: object, field: str, value: object
    ) -> None:
        documents = json.loads(repository.path.read_text())
        (name,) = entity.__entity__.key
        for document in documents[entity.__entity__.table]:
            if document[name] == key:
                document[field] = value
        repository.path.write_text(json.dumps(documents))
        repository.reread()


WRITER = """
class Note(Entity, table_name="suite_killed_note"):
    number: int

use(JsonFileRepository(Path(sys.argv[1])))
for number in range(int(sys.argv[2]), 10**9):
    with transaction():
        Note.create(number=number)
        Note.create(number=number)
    print(number, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system cannot kill.")
def test_the_file_of_the_docs_has_all_that_a_killed_writer_has_reported(tmp_path: Path) -> None:
    imports = "import sys\nfrom nitro_runtime.entities import Entity, transaction, use\n"
    code = imports + block_with("class JsonFileRepository") + WRITER
    reported = -1
    for _ in range(3):
        command = [sys.executable, "-c", code, str(tmp_path / "rows.json"), str(reported + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            lines = [next(writer.stdout) for _ in range(20)]
            writer.kill()
            reported = int([*lines, *writer.stdout][-1])
        stored = json.loads((tmp_path / "rows.json").read_text())["suite_killed_note"]
        numbers = [document["number"] for document in stored]
        last = max(numbers)
        assert last in (reported, reported + 1)
        assert numbers == [number for number in range(last + 1) for _ in range(2)]
        reported = last


def test_the_file_of_the_docs_is_not_written_over_what_another_process_has_stored(
    tmp_path: Path,
) -> None:
    mine, other = (JsonFileRepository(tmp_path / "rows.json") for _ in range(2))
    with known_entities((Item,)):
        with as_default(other):
            Item.create(name="theirs")
        with as_default(mine):
            with pytest.raises(ConfigurationError, match="another process"):
                Item.create(name="mine")
            mine.reread()
            Item.create(name="mine")
            assert [item.name for item in Item.all()] == ["theirs", "mine"]


class BareRepository(MemoryRepository):
    """Claims next to nothing, and so must not be trusted with anything more than rows."""

    name = "bare"
    capabilities = frozenset({"nul"})


class TestBare(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Repository:
        return BareRepository()
