"""An application's engine is shared, and its open transaction joined: both see each other's rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from services import MARIADB, POSTGRES, own_database
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from nitro_runtime.context import Change, after_commit
from nitro_runtime.entities import (
    Entity,
    Field,
    MemoryRepository,
    configure,
    transaction,
    use,
)
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import ConfigurationError, Duplicate, EntityError, Unsupported

Missing = Callable[[str], NoReturn]


class Thing(Entity):
    name: str = Field(unique=True)
    size: int = 0


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, missing: Missing) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        yield from _shared(sa.create_engine(f"sqlite:///{tmp_path}/app.db"))
        return
    service = POSTGRES if request.param == "postgresql" else MARIADB
    if not service.answers:
        missing(service.missing)
    with own_database(service) as address:
        url = sa.make_url(address).set(drivername=service.driver)
        yield from _shared(sa.create_engine(url))


def _shared(engine: sa.Engine) -> Iterator[sa.Engine]:
    configure(engine=engine, patience=2.0)
    Thing.create(name="first")
    yield engine
    use(MemoryRepository())
    engine.dispose()


def names(connection: Any) -> list[str]:
    return sorted(connection.execute(sa.select(Thing.table.c.name)).scalars())


def insert(connection: Any, name: str) -> None:
    values = {"id": name, "name": name, "size": 0, "version": 1}
    connection.execute(sa.insert(Thing.table).values(values))


# -- the engine ---------------------------------------------------------------------------------


def test_connections_are_opened_as_the_engine_opens_its_own(engine: sa.Engine) -> None:
    opened: list[object] = []
    again = sa.create_engine(engine.url)
    event.listen(again, "connect", lambda driver, record: opened.append(driver))
    configure(engine=again)
    Thing.create(name="second")
    assert opened
    again.dispose()


def test_the_engines_own_pool_keeps_its_connections(engine: sa.Engine) -> None:
    small = sa.create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=1)
    configure(engine=small)
    Thing.create(name="second")
    with small.connect() as connection:
        assert names(connection) == ["first", "second"]
        assert Thing.count() == 2
    small.dispose()


def test_an_engine_of_another_driver_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="uses pysqlite, not this AsyncEngine that uses a"):
        configure(engine=create_async_engine("sqlite+aiosqlite:///app.db"))


def test_an_engine_on_a_memory_database_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="give create_engine\\(\\) a file"):
        configure(engine=sa.create_engine("sqlite://", poolclass=sa.StaticPool))


# -- joining ------------------------------------------------------------------------------------


def test_a_joined_block_and_the_session_see_each_others_rows(engine: sa.Engine) -> None:
    with Session(engine) as session:
        insert(session, "theirs")
        with transaction(session):
            assert Thing.count(name="theirs") == 1
            Thing.create(name="ours")
        assert names(session) == ["first", "ours", "theirs"]
        session.commit()
    assert Thing.count() == 3


def test_a_joined_block_goes_with_the_sessions_rollback(engine: sa.Engine) -> None:
    with Session(engine) as session:
        insert(session, "theirs")
        with transaction(session):
            ours = Thing.create(name="ours")
            assert not ours.is_new
        session.rollback()
    assert ours.is_new
    assert [thing.name for thing in Thing.all()] == ["first"]


def test_a_connection_is_joined_as_a_session_is(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        insert(connection, "theirs")
        with transaction(connection):
            Thing.create(name="ours")
            Thing.where(name="theirs").one().update(size=7)
        connection.commit()
    assert [(t.name, t.size) for t in Thing.all().order_by("name")] == [
        ("first", 0), ("ours", 0), ("theirs", 7),
    ]  # fmt: skip


def test_a_block_that_joins_first_begins_the_transaction(engine: sa.Engine) -> None:
    with Session(engine) as session:
        with transaction(session):
            Thing.create(name="ours")
        session.rollback()
    assert Thing.count() == 1


def test_an_exception_undoes_the_blocks_own_part_only(engine: sa.Engine) -> None:
    with Session(engine) as session:
        insert(session, "theirs")
        with pytest.raises(ZeroDivisionError), transaction(session):
            Thing.create(name="ours")
            raise ZeroDivisionError
        with transaction(session):
            Thing.create(name="second try")
        session.commit()
    assert [t.name for t in Thing.all().order_by("name")] == ["first", "second try", "theirs"]


def test_a_caught_duplicate_leaves_the_transaction_usable(engine: sa.Engine) -> None:
    with Session(engine) as session:
        with transaction(session):
            Thing.create(name="ours")
            with pytest.raises(Duplicate, match="name"):
                Thing.create(name="ours")
            Thing.create(name="another")
        session.commit()
    assert Thing.count() == 3


def test_blocks_nest_in_a_joined_one(engine: sa.Engine) -> None:
    with Session(engine) as session:
        with transaction(session):
            Thing.create(name="outer")
            with pytest.raises(ZeroDivisionError), transaction():
                Thing.create(name="inner")
                raise ZeroDivisionError
            with transaction(session):
                Thing.create(name="again")
        session.commit()
    assert [t.name for t in Thing.all().order_by("name")] == ["again", "first", "outer"]


def test_events_wait_for_the_sessions_commit(engine: sa.Engine, changes: list[Change]) -> None:
    done: list[str] = []
    with Session(engine) as session:
        with transaction(session):
            Thing.create(name="ours")
            after_commit(lambda: done.append(str(Thing.count(name="ours"))))
        assert (changes, done) == ([], [])
        session.commit()
        assert ([change.entity.name for change in changes], done) == (["ours"], ["1"])
        session.commit()
    assert (len(changes), done) == (1, ["1"])


def test_events_of_a_rolled_back_session_are_forgotten(
    engine: sa.Engine, changes: list[Change]
) -> None:
    with engine.connect() as connection:
        with transaction(connection):
            Thing.create(name="ours")
        connection.rollback()
        insert(connection, "theirs")
        connection.commit()
    with Session(engine) as session, transaction(session):
        Thing.create(name="never committed")
    assert changes == []
    assert [t.name for t in Thing.all().order_by("name")] == ["first", "theirs"]


def test_events_inside_a_rolled_back_savepoint_are_forgotten(
    engine: sa.Engine, changes: list[Change]
) -> None:
    with Session(engine) as session:
        with transaction(session):
            Thing.create(name="kept")
        inner = session.begin_nested()
        with transaction(session):
            Thing.create(name="lost")
        inner.rollback()
        session.commit()
    assert [change.entity.name for change in changes] == ["kept"]
    assert [t.name for t in Thing.all().order_by("name")] == ["first", "kept"]


async def test_asynchronous_verbs_join_too(engine: sa.Engine) -> None:
    with Session(engine) as session:
        insert(session, "theirs")
        async with transaction(session):
            assert await Thing.acount() == 2
            await Thing.acreate(name="ours")
        await asyncio.sleep(0)
        session.commit()
    assert await Thing.acount() == 3


def test_a_table_is_created_in_a_joined_transaction(engine: sa.Engine) -> None:
    class Fresh(Entity):
        thing_id: str = Field(foreign_key="thing.id")

    with Session(engine) as session:
        insert(session, "theirs")
        with transaction(session):
            Fresh.create(thing_id="theirs")
        session.commit()
    assert Fresh.count() == 1


# -- what cannot be joined ----------------------------------------------------------------------


def test_a_joined_transaction_is_the_outermost_block(engine: sa.Engine) -> None:
    outermost = pytest.raises(EntityError, match="let it be the outermost one")
    with Session(engine) as session, transaction(), outermost:
        transaction(session).__enter__()
    assert current_transaction() is None


def test_an_asynchronous_session_gets_a_sentence(engine: sa.Engine) -> None:
    with pytest.raises(EntityError, match="cannot join an AsyncSession"):
        transaction(AsyncSession()).__enter__()


def test_something_else_gets_a_sentence(engine: sa.Engine) -> None:
    with pytest.raises(EntityError, match="joins a SQLAlchemy Session or Connection, not 'name'"):
        transaction("name").__enter__()


def test_a_session_on_another_kind_of_database_is_refused(
    engine: sa.Engine, tmp_path: Path
) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("It is the same kind.")
    other = pytest.raises(EntityError, match="this is a connection to sqlite through pysqlite")
    with Session(sa.create_engine(f"sqlite:///{tmp_path}/x.db")) as session, other:
        transaction(session).__enter__()


def test_a_backend_without_sql_cannot_join(tmp_path: Path) -> None:
    use(MemoryRepository())
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    with Session(engine) as session, pytest.raises(Unsupported):
        transaction(session).__enter__()
