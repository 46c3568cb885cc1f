"""Backends where one writes at a time: tasks of one event loop queue, and never stop it."""

import asyncio
import threading

import pytest

from nitro_runtime.entities import Entity, configure, transaction
from nitro_runtime.errors import ConfigurationError, DatabaseBusy

pytestmark = pytest.mark.usefixtures("backend")


class Product(Entity):
    name: str
    stock: int = 0


async def test_tasks_queue_for_their_transactions_and_lose_nothing() -> None:
    made = await Product.acreate(name="Tea")

    async def add() -> None:
        async with transaction():
            product = await Product.aget(made.id)
            await asyncio.sleep(0)
            await product.aupdate(stock=product.stock + 1)

    await asyncio.gather(*(add() for _ in range(20)))
    assert (await Product.aget(made.id)).stock == 20


async def test_single_saves_wait_for_another_tasks_transaction() -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await Product.acreate(name="Held")
            inside.set()
            await go_on.wait()

    holder = asyncio.create_task(hold())
    await inside.wait()
    saver = asyncio.create_task(Product.acreate(name="Second"))
    with pytest.raises(DatabaseBusy):
        Product.create(name="A sync write would stop the loop that the other task needs")
    assert await Product.acount() == 0
    go_on.set()
    await asyncio.gather(holder, saver)
    assert await Product.acount() == 2


async def test_a_waiting_task_can_be_cancelled() -> None:
    async with transaction():
        waiter = asyncio.create_task(Product.acreate(name="Never"))
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
    await Product.acreate(name="After")
    assert [p.name async for p in Product.all()] == ["After"]


def test_threads_that_read_and_save_in_transactions_lose_nothing() -> None:
    made = Product.create(name="Tea")

    def work() -> None:
        for _ in range(10):
            with transaction():
                product = Product.get(made.id)
                product.update(stock=product.stock + 1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Product.get(made.id).stock == 80


def test_the_backend_cannot_be_configured_anew_inside_a_transaction() -> None:
    with transaction():
        Product.create(name="Tea")
        with pytest.raises(ConfigurationError):
            configure("memory")
    assert Product.count() == 1
