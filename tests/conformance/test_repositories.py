"""One suite over every backend: a test class for each, with a place of its own there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar, NoReturn

import pytest
import sqlalchemy as sa
from services import MARIADB, POSTGRES, REDIS, Service, own_database, own_redis

from nitro_runtime.context import Visit, visiting
from nitro_runtime.entities import Entity, MemoryRepository, Repository
from nitro_runtime.entities.browser.repository import BrowserRepository
from nitro_runtime.entities.redis.repository import RedisRepository
from nitro_runtime.entities.sql.opening import open_database
from nitro_runtime.testing.repository_suite import RepositorySuite

Missing = Callable[[str], NoReturn]


class TestMemory(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Repository:
        return MemoryRepository(patience=5.0)


class OnSql(RepositorySuite):
    """What the SQL databases have in common: rows are spoiled, and tables emptied, behind Nitro's back."""

    quote: ClassVar[str] = '"'
    engine: ClassVar[sa.Engine]

    @classmethod
    def opened(cls, address: str) -> Any:
        options = {"create_tables": True, "durable": False, "patience": 5.0, "pool_size": 10}
        return open_database(address, engine=None, **options)

    def spoil(
        self, repository: Repository, entity: type[Entity], key: object, field: str, value: object
    ) -> None:
        name = entity.__entity__.key[0]
        with self.engine.begin() as connection:
            connection.execute(
                sa.text(f"UPDATE {entity.__entity__.table} SET {field} = :value WHERE {name} = :key"),
                {"value": value, "key": key},
            )


class TestSqlite(OnSql):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
        address = f"sqlite:///{tmp_path_factory.mktemp('suite')}/suite.db"
        cls.engine = sa.create_engine(address, poolclass=sa.NullPool)
        repository = cls.opened(address)
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
            repository = cls.opened(address)
            yield repository
            repository.close()
            cls.engine.dispose()


class TestPostgres(OnServer):
    service = POSTGRES


class TestMariadb(OnServer):
    service = MARIADB


class TestRedis(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls, missing: Missing) -> Iterator[Repository]:
        if not REDIS.answers:
            missing(REDIS.missing)
        repository = RedisRepository(own_redis())
        yield repository
        repository.clear()
        repository.close()


class TestBrowser(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Repository:
        return BrowserRepository(most_bytes=10**9, most_rows=10**6)

    def visiting(self) -> AbstractContextManager[object]:
        return visiting(Visit("ann", "", lambda text: None))
