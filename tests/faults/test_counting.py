"""Many that add to one number, want one name, or are killed: nothing acknowledged is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import entity_writer
import pytest
import sqlalchemy as sa
from entity_writer import Note, Number
from load import add_from_processes, add_from_threads, kill_writers
from services import MARIADB, POSTGRES, Service, own_database

from nitro_runtime.context import Change
from nitro_runtime.entities import MemoryRepository, configure, transaction, use
from nitro_runtime.entities.sql.sqlite_repository import SqliteRepository
from nitro_runtime.errors import DatabaseBusy, Duplicate
from nitro_runtime.schema import known_entities
from nitro_runtime.testing.repository_suite import in_threads

SERVERS: dict[str, Service] = {"postgresql": POSTGRES, "mariadb": MARIADB}
FEW_AND_MANY = pytest.mark.parametrize(
    "times", [50, pytest.param(500, marks=pytest.mark.soak)], ids=["few", "many"]
)


@pytest.fixture(params=["sqlite", *SERVERS])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> Iterator[str]:
    if request.param == "sqlite":
        yield from kept_at(f"sqlite:///{tmp_path}/app.db")
        return
    service = SERVERS[request.param]
    if not service.answers:
        missing(service.missing)
    with own_database(service) as address:
        yield from kept_at(address)


def kept_at(address: str) -> Iterator[str]:
    """Has entities kept there for as long as the test runs."""
    with known_entities((Note, Number)):
        configure(address, patience=30.0)
        yield address
        use(MemoryRepository())


# -- counting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["increment", "save"])
@FEW_AND_MANY
def test_no_addition_of_several_processes_is_lost(address: str, work: str, times: int) -> None:
    add_from_processes(address, work, times)


@pytest.mark.parametrize("work", [lambda: Number.get("n").increment(value=1), entity_writer.save])
@FEW_AND_MANY
def test_no_addition_of_several_threads_is_lost(
    address: str, work: Callable[[], object], times: int
) -> None:
    add_from_threads(work, times)


def test_one_of_fifty_wins_a_unique_value(address: str) -> None:
    results = in_threads(50, lambda: Note.create(name="wanted"))
    lost = [result for result in results if isinstance(result, Duplicate)]
    assert {error.field for error in lost} == {"name"}
    assert (len(results), len(lost), Note.count()) == (50, 49, 1)


# -- writers that are killed ----------------------------------------------------------------------


def is_whole(address: str) -> None:
    """Has SQLite look at its file; a server does so by itself when it starts."""
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()


@pytest.mark.parametrize(
    "times", [5, pytest.param(50, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_a_writer_that_is_killed_has_stored_what_it_said(address: str, times: int) -> None:
    kill_writers(address, times, lambda: is_whole(address))


# -- commits that fail ------------------------------------------------------------------------------


@pytest.fixture
def with_journal(tmp_path: Path) -> Iterator[sa.Engine]:
    """A SQLite file of an application that keeps a rollback journal, where readers block commits."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/app.db")
    with known_entities((Note, Number)):
        configure(engine=engine, patience=0.1)
        Note.create(name="before")
        yield engine
        use(MemoryRepository())
        engine.dispose()


def test_a_write_whose_commit_a_reader_blocked_never_shows_up_later(
    with_journal: sa.Engine, changes: list[Change]
) -> None:
    with with_journal.connect() as reader:
        assert reader.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
        rows = reader.exec_driver_sql("SELECT name FROM note UNION ALL SELECT 'more'")
        assert rows.fetchone() == ("before",)  # it reads on: its lock is held
        with pytest.raises(DatabaseBusy):
            Note.create(name="single")
        with pytest.raises(DatabaseBusy):
            Note.create_many([{"name": "one of two"}, {"name": "two of two"}])
        with pytest.raises(DatabaseBusy), transaction():
            Note.create(name="in a transaction")
        assert changes == []
        rows.close()
    Note.create(name="after")
    assert [note.name for note in Note.all().order_by("name")] == ["after", "before"]
    assert [change.entity.name for change in changes] == ["after"]


@pytest.fixture
def changes() -> Iterator[list[Change]]:
    """What is announced during the test."""
    from nitro_runtime import context

    seen: list[Change] = []
    context.on_change(seen.append)
    yield seen
    context._listeners.remove(seen.append)


def test_an_exception_in_a_transaction_leaves_no_row_and_no_event(
    address: str, changes: list[Change]
) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        Note.create(name="a")
        Note.create(name="b").update(size=3)
        raise ZeroDivisionError
    assert (Note.count(), changes) == (0, [])


def test_durable_files_wait_for_the_disk(tmp_path: Path) -> None:
    with known_entities((Note, Number)):
        repository = configure(f"sqlite:///{tmp_path}/app.db", durable=True)
        assert isinstance(repository, SqliteRepository)
        Note.create(name="a")
        cursor = repository.database.lane().cursor
        assert cursor.execute("PRAGMA synchronous").fetchall() == [(2,)]
        use(MemoryRepository())
