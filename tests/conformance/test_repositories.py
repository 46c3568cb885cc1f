"""One suite over every backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.entities import MemoryRepository, Repository
from nitro_runtime.testing.repository_suite import RepositorySuite


class TestMemory(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls) -> Repository:
        return MemoryRepository(patience=2.0)


class TestSqlite(RepositorySuite):
    @pytest.fixture(scope="class")
    @classmethod
    def repository(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
        import sqlalchemy as sa

        from nitro_runtime.entities.sql.sqlite_repository import SqliteRepository

        repository = SqliteRepository(
            sa.make_url(f"sqlite:///{tmp_path_factory.mktemp('db')}/suite.db"), patience=2.0
        )
        yield repository
        repository.close()
