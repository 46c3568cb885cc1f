"""Entities on a database server: the event loop goes on, connections are shared fairly and given back."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from services import MARIADB, POSTGRES, Service, own_database
from sqlalchemy.engine import make_url
from waiting import until

from nitro_runtime.context import after_commit
from nitro_runtime.entities import Entity, Field, MemoryRepository, configure, transaction, use
from nitro_runtime.entities.offload import BlockingVerb
from nitro_runtime.entities.sql.network import NetworkRepository
from nitro_runtime.entities.sql.pool import Errand
from nitro_runtime.errors import ConfigurationError, DatabaseBusy, DatabaseUnavailable, Duplicate
from nitro_runtime.events import off, on
from nitro_runtime.testing import assert_queries

Missing = Callable[[str], NoReturn]
SERVERS = {"postgresql": POSTGRES, "mariadb": MARIADB}


class Thing(Entity):
    name: str = Field(unique=True)
    size: int = 0


@pytest.fixture(params=list(SERVERS))
def service(request: pytest.FixtureRequest, missing: Missing) -> Service:
    service = SERVERS[request.param]
    if not service.answers:
        missing(service.missing)
    return service


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    with own_database(service) as address:
        yield address
        use(MemoryRepository())


def opened(address: str, **options: Any) -> NetworkRepository:
    repository = configure(address, **options)
    assert isinstance(repository, NetworkRepository)
    return repository


@contextmanager
def held(service: Service, address: str, key: str) -> Generator[None]:
    """Has another connection hold the lock of a row."""
    engine = sa.create_engine(make_url(address).set(drivername=service.driver))
    with engine.begin() as connection:
        connection.execute(sa.update(Thing.table).where(Thing.table.c.id == key).values(size=99))
        yield
        connection.rollback()
    engine.dispose()


# -- the event loop -----------------------------------------------------------------------------


async def test_the_loop_goes_on_while_the_server_makes_a_verb_wait(
    service: Service, address: str
) -> None:
    opened(address)
    thing = Thing.where(name="a")  # asked only below
    made = await Thing.acreate(name="a")
    ticks: list[float] = []
    with held(service, address, made.id):
        waiting = asyncio.create_task(made.aincrement(size=1))
        while len(ticks) < 100:
            await asyncio.sleep(0.01)
            ticks.append(time.monotonic())
        assert not waiting.done()
    await waiting
    gaps = [after - before for before, after in pairwise(ticks)]
    assert sum(gaps) > 0.9
    assert max(gaps) < 0.5
    assert (await thing.aone()).size == 1


async def test_a_synchronous_verb_in_asynchronous_code_warns_once(address: str) -> None:
    opened(address)
    with pytest.warns(BlockingVerb, match="await the verb with the prefix a"):
        Thing.create(name="a")
    assert Thing.count() == 1


async def test_tasks_never_see_each_others_changes(address: str) -> None:
    opened(address)
    await Thing.acreate(name="first")
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with transaction():
            await Thing.acreate(name="second")
            inside.set()
            await go_on.wait()

    writer = asyncio.create_task(write())
    await inside.wait()
    assert await Thing.acount() == 1
    go_on.set()
    await writer
    assert await Thing.acount() == 2


async def test_many_tasks_share_few_connections_and_lose_nothing(address: str) -> None:
    opened(address, pool_size=3, patience=30)
    made = await Thing.acreate(name="a")

    async def add() -> None:
        async with transaction():
            thing = await Thing.aget(made.id)
            await thing.alock()
            await thing.aupdate(size=thing.size + 1)

    await asyncio.gather(*(add() for _ in range(30)))
    assert (await Thing.aget(made.id)).size == 30


async def test_after_the_commit_work_runs_in_the_loop_that_awaited(address: str) -> None:
    opened(address)
    loops: list[object] = []

    @on("thing.created")
    async def note(_: object) -> None:
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    await Thing.acreate(name="a")
    async with transaction():
        await Thing.acreate(name="b")
        after_commit(lambda: loops.append(asyncio.get_running_loop()))
    async with asyncio.timeout(10):
        while len(loops) < 3:
            await asyncio.sleep(0.01)
    off(note)
    assert set(loops) == {asyncio.get_running_loop()}


# -- connections --------------------------------------------------------------------------------


async def test_a_task_that_finds_no_connection_gets_a_clear_error(address: str) -> None:
    opened(address, pool_size=1, patience=0.3)
    await Thing.acreate(name="a")
    async with transaction():
        other = asyncio.create_task(Thing.acount())
        sentence = "All 1 connections to .* were in use for 0.3 s; .* a greater pool_size"
        with pytest.raises(DatabaseBusy, match=sentence):
            await other
    assert await Thing.acount() == 1


def test_a_thread_that_finds_no_connection_gets_a_clear_error(address: str) -> None:
    opened(address, pool_size=1, patience=0.3)
    errors: list[Exception] = []

    def count() -> None:
        try:
            Thing.count()
        except DatabaseBusy as error:
            errors.append(error)

    Thing.create(name="a")
    with transaction():
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
    assert "were in use for 0.3 s" in str(errors)
    assert Thing.count() == 1


async def test_the_error_comes_after_five_seconds_when_nothing_else_is_said(address: str) -> None:
    opened(address, pool_size=1)
    await Thing.acreate(name="a")
    async with transaction():
        began = time.monotonic()
        with pytest.raises(DatabaseBusy, match=r"were in use for 5\.0 s"):
            await asyncio.create_task(Thing.acount())
        assert 4.9 < time.monotonic() - began < 7


async def test_a_cancelled_task_gives_its_connection_back_and_its_statement_stops(
    service: Service, address: str
) -> None:
    repository = opened(address, pool_size=1)
    made = await Thing.acreate(name="a")
    with held(service, address, made.id):
        waiting = asyncio.create_task(made.aincrement(size=1))
        await in_use(repository)
        began = time.monotonic()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert time.monotonic() - began < 2  # the server was told to stop: the lock is held on
        assert await Thing.acount() == 1
    assert (await Thing.aget(made.id)).size == 0


async def test_a_cancelled_transaction_is_undone_and_gives_its_connection_back(
    service: Service, address: str
) -> None:
    repository = opened(address, pool_size=1)
    made = await Thing.acreate(name="a")

    async def change() -> None:
        async with transaction():
            await Thing.acreate(name="b")
            await made.aincrement(size=1)

    with held(service, address, made.id):
        waiting = asyncio.create_task(change())
        await in_use(repository)
        while waiting_statements(service) == 0:
            await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert [thing.name async for thing in Thing.all()] == ["a"]
    await Thing.acreate(name="b")


async def in_use(repository: NetworkRepository) -> None:
    """Waits until a connection is taken, and a thread works with it."""
    slots: Any = repository.offload.slots
    while slots._lock._value == slots.size:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def waiting_statements(service: Service) -> int:
    """Returns how many statements wait for a lock on the server."""
    question = {
        "PostgreSQL": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        "MariaDB": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    }[service.name]
    engine = sa.create_engine(make_url(service.url).set(drivername=service.driver))
    with engine.connect() as connection:
        found = connection.exec_driver_sql(question).scalar_one()
    engine.dispose()
    return found


async def test_a_stream_holds_no_connection_while_it_waits(address: str) -> None:
    repository = opened(address, pool_size=1, patience=0.3)
    await Thing.acreate(name="a")

    async def page() -> AsyncGenerator[str, None]:
        while True:
            yield ", ".join([thing.name async for thing in Thing.all().order_by("name")])

    first, second = page(), page()
    assert [await anext(first), await anext(second)] == ["a", "a"]
    slots: Any = repository.offload.slots
    assert slots._lock._value == 1
    await Thing.acreate(name="b")
    assert [await anext(first), await anext(second)] == ["a, b", "a, b"]
    await first.aclose()
    await second.aclose()


def test_a_thread_leaves_no_connection_behind(address: str) -> None:
    repository = opened(address)
    for number in range(5):
        thread = threading.Thread(target=Thing.create, kwargs={"name": str(number)})
        thread.start()
        thread.join()
    assert len(repository.pool) == 1


def test_a_connection_that_may_still_be_interrupted_is_closed_and_never_lent_again(
    address: str,
) -> None:
    repository = opened(address)
    link = repository.pool.take()
    link.doubtful = True
    repository.pool.give(link)
    assert len(repository.pool) == 0
    again = repository.pool.take()
    assert again is not link
    repository.pool.give(again)
    assert len(repository.pool) == 1


def test_an_interrupted_connection_is_not_lent_again(address: str) -> None:
    repository = opened(address)
    link = repository.pool.take()
    Errand(repository.server, link).interrupt()
    repository.pool.give(link)
    assert len(repository.pool) == 0


def test_no_more_connections_are_kept_than_the_pool_has_room_for(address: str) -> None:
    repository = opened(address, pool_size=1)
    links = [repository.pool.take(), repository.pool.take()]  # a new table needs a second one
    for link in links:
        repository.pool.give(link)
    assert len(repository.pool) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here.")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_opens_connections_of_its_own(address: str) -> None:
    opened(address)
    Thing.create(name="parent")
    child = os.fork()
    if child == 0:
        try:
            Thing.create(name="child")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    Thing.create(name="parent again")
    assert Thing.count() == 3


def test_a_connection_that_the_server_ended_is_replaced_unseen(
    service: Service, address: str
) -> None:
    opened(address)
    Thing.create(name="a")
    end_connections(service, address)
    assert Thing.count() == 1
    end_connections(service, address)
    Thing.create(name="b")
    assert Thing.count() == 2


def test_a_connection_that_breaks_in_a_transaction_undoes_it(
    service: Service, address: str
) -> None:
    opened(address)
    Thing.create(name="a")
    with pytest.raises(DatabaseUnavailable, match="went away"), transaction():
        Thing.create(name="b")
        end_connections(service, address)
        Thing.create(name="c")
    assert [thing.name for thing in Thing.all()] == ["a"]


def end_connections(service: Service, address: str) -> None:
    """Has the server end every connection to the database but its own."""
    name = make_url(address).database
    engine = sa.create_engine(
        make_url(service.url).set(drivername=service.driver), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        if service is POSTGRES:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.exec_driver_sql(end, (name,))
            left = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        else:
            listed = "SELECT id FROM information_schema.processlist WHERE db = %s"
            for (number,) in connection.exec_driver_sql(listed, (name,)).all():
                connection.exec_driver_sql(f"KILL {number}")
            left = "SELECT count(*) FROM information_schema.processlist WHERE db = %s"
        until(
            lambda: connection.exec_driver_sql(left, (name,)).scalar_one() == 0,
            "the connections to end",
        )
    engine.dispose()


# -- statements ---------------------------------------------------------------------------------


def test_single_verbs_are_single_round_trips(address: str) -> None:
    opened(address)
    made = Thing.create(name="a")
    with assert_queries(1):
        Thing.create(name="b")
    with assert_queries(1):
        Thing.get(made.id)
    with assert_queries(1):
        made.update(size=3)
    with assert_queries(1):
        Thing.where(name__in=[str(number) for number in range(10_000)]).all()


def test_a_caught_duplicate_leaves_the_transaction_usable(address: str) -> None:
    opened(address)
    with transaction():
        Thing.create(name="a")
        for _ in range(3):
            with pytest.raises(Duplicate, match="name"):
                Thing.create(name="a")
        Thing.create(name="b")
        with pytest.raises(Duplicate, match="name"):
            Thing.create_many([{"name": "c"}, {"name": "a"}])
        Thing.create(name="c")
    assert [thing.name for thing in Thing.all().order_by("name")] == ["a", "b", "c"]


def test_part_of_a_text_is_found_in_any_case_without_a_folded_copy(address: str) -> None:
    opened(address)
    Thing.create_many([{"name": name} for name in ("STRASSE", "Straße", "Gasse", "ÉTÉ")])
    assert {t.name for t in Thing.where(name__icontains="strasse")} == {"STRASSE", "Straße"}
    assert Thing.where(name__icontains="été").update(size=5) == 1
    assert Thing.count(name__icontains="ss") == 3


# -- what is not there --------------------------------------------------------------------------


def test_a_server_that_does_not_run_is_told_by_its_address(service: Service) -> None:
    url = make_url(service.url).set(port=1)
    configure(url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseUnavailable, match=r"cannot be reached at 127.0.0.1:1; is it runn"):
        Thing.count()
    use(MemoryRepository())


@pytest.mark.parametrize("part", ["database", "username"])
def test_a_database_or_user_that_is_not_there_is_told_without_the_password(
    service: Service, part: str
) -> None:
    url = make_url(service.url).set(password="hidden")
    url = url.set(database="nitro_nowhere") if part == "database" else url.set(username="nobody")
    configure(url.render_as_string(hide_password=False))
    with pytest.raises(ConfigurationError) as refused:
        Thing.count()
    sentence = str(refused.value)
    assert "hidden" not in sentence
    assert ("nitro_nowhere" if part == "database" else "nobody") in sentence
    assert "\n" not in sentence
    use(MemoryRepository())


async def test_many_tables_are_created_at_once_by_many_tasks(address: str) -> None:
    opened(address, patience=30)

    class Alpha(Entity):
        name: str

    class Beta(Entity):
        alpha_id: str = Field(foreign_key="alpha.id")

    async def work(number: int) -> None:
        alpha = await Alpha.acreate(name=str(number))
        await Beta.acreate(alpha_id=alpha.id)

    await asyncio.gather(*(work(number) for number in range(10)))
    assert (await Alpha.acount(), await Beta.acount()) == (10, 10)
