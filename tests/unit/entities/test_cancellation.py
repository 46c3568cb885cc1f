"""Tasks that are cancelled where a transaction begins or ends: nothing is lost, nothing stays open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, NoReturn

import pytest
from services import MARIADB, POSTGRES, own_database

from nitro_runtime.entities import Entity, MemoryRepository, configure, transaction, use
from nitro_runtime.entities.sql.network import NetworkRepository

SERVERS = {"postgresql": POSTGRES, "mariadb": MARIADB}


class Errand(Entity):
    name: str


@pytest.fixture(params=list(SERVERS))
async def repository(
    request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]
) -> AsyncIterator[NetworkRepository]:
    """A server's database with one connection, which has a table."""
    service = SERVERS[request.param]
    if not service.answers:
        missing(service.missing)
    with own_database(service) as address:
        repository = configure(address, pool_size=1, patience=1.0)
        assert isinstance(repository, NetworkRepository)
        await Errand.acreate(name="first")
        yield repository
        use(MemoryRepository())


async def test_a_transaction_that_is_cancelled_while_it_opens_closes_its_connection(
    repository: NetworkRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    begin, discard = repository._begun, repository.pool.discard
    links: list[Any] = []

    def slowly(*, taken: bool) -> Any:
        unit = begin(taken=taken)
        begun.set()
        go_on.wait(10)
        return unit

    def discarded(link: Any) -> None:
        links.append(link)
        discard(link)

    monkeypatch.setattr(repository, "_begun", slowly)
    monkeypatch.setattr(repository.pool, "discard", discarded)

    async def change() -> None:
        async with transaction():
            raise AssertionError

    task = asyncio.create_task(change())
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(links) == 1
    monkeypatch.undo()
    async with transaction():
        await Errand.acreate(name="second")
    assert await Errand.acount() == 2


@pytest.mark.parametrize("fails", [False, True], ids=["committed", "rolled back"])
async def test_a_transaction_that_is_cancelled_before_a_thread_ends_it_is_ended_all_the_same(
    repository: NetworkRepository, *, fails: bool
) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    busy, go_on = threading.Event(), threading.Event()

    async def change() -> None:
        async with transaction():
            await Errand.acreate(name="second")
            entered.set()
            await leave.wait()
            if fails:
                raise ValueError

    def hold_the_thread() -> None:
        busy.set()
        go_on.wait(10)

    task = asyncio.create_task(change())
    await entered.wait()
    holding = asyncio.create_task(repository.offload.run(hold_the_thread, held=True))
    await asyncio.to_thread(busy.wait, 10)
    leave.set()
    for _ in range(5):  # until it waits for the thread
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await holding
    assert await Errand.acount() == (1 if fails else 2)
    async with transaction():
        await Errand.acreate(name="third")
