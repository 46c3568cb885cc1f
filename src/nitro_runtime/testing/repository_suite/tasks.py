# ruff: noqa: S101 # a suite of tests asserts
"""Coroutines and threads: every verb's twin, and nobody sees or loses another's writes."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from nitro_runtime.context import Owner, current_owner
from nitro_runtime.entities import retry_stale, transaction
from nitro_runtime.errors import Duplicate, StaleEntity
from nitro_runtime.testing.coroutines import in_a_loop
from nitro_runtime.testing.repository_suite.models import Account, Hooked, Item, Line, Unguarded
from nitro_runtime.testing.repository_suite.suite import Suite, in_threads, needs


class Twins(Suite):
    """Every verb that reads or writes, from a coroutine."""

    @in_a_loop
    async def test_one_entity_from_a_coroutine(self) -> None:
        """Made, changed, found, and deleted."""
        made = await Item.acreate(name="Tea")
        made.stock = 3
        await made.asave()
        await made.aupdate(price=4)
        assert ((await made.areload()).stock, made.version) == (3, 3)
        assert await Item.aget(made.id) == await Item.aget(id=made.id) == made
        assert await Item.afind("nope") is None
        with pytest.raises(Item.NotFound):
            await Item.aget("nope")
        stale = await Item.aget(made.id)
        await made.adelete()
        with pytest.raises(StaleEntity):
            await stale.aupdate(stock=1)
        assert await Item.acount() == 0

    @needs("adjust or transactions")
    @in_a_loop
    async def test_increments_from_a_coroutine(self) -> None:
        """By a key of one field, and of several."""
        made, line = await Item.acreate(name="Tea"), await Line.acreate(order_id="a", line=1)
        assert (await made.aincrement(stock=2)).stock == 2
        await (await Item.aget(made.id)).aincrement(stock=3)
        assert ((await made.aincrement(stock=1)).stock, made.version) == (6, 4)
        assert (await line.aincrement(amount=2)).amount == 3
        with pytest.raises(ValidationError):
            await made.aincrement(stock=-7)

    @in_a_loop
    async def test_many_entities_from_a_coroutine(self) -> None:
        """Queried, changed and deleted at once."""
        await Item.acreate_many([Item(name="Cup"), {"name": "Pot"}, {"name": "Tea", "stock": 4}])
        first = await Item.afirst(stock=4)
        assert first is not None
        assert first.name == "Tea"
        assert (await Item.aexists(name="Cup"), await Item.aexists(name="x")) == (True, False)
        query = Item.where(stock=0)
        assert [item.name for item in await query.aall()] == ["Cup", "Pot"]
        assert [item.name async for item in query.order_by("-name")] == ["Pot", "Cup"]
        assert (await query.apage(2, size=1)).items[0].name == "Pot"
        assert (await query.acount(), await query.aexists(), await Item.acount()) == (2, True, 3)
        assert await query.avalues("name") == [{"name": "Cup"}, {"name": "Pot"}]
        assert (await query.limit(1).aone()).name == "Cup"
        found = await query.afirst()
        assert found is not None
        assert await query.aupdate(stock=Item.stock + 2) == 2
        assert await Item.where(stock=2).adelete() == 2
        assert await Item.acount() == 1

    @needs("transactions")
    @in_a_loop
    async def test_bulk_verbs_from_a_coroutine(self) -> None:
        """Those that find or make, and those that save many."""
        tea, created = await Item.aget_or_create(name="Tea")
        assert (created, (await Item.aget_or_create(name="Tea"))[1]) == (True, False)
        assert await Item.aupsert("name", name="Tea", stock=8) == tea
        one, two = await Item.aupsert_many("name", [{"name": "Tea", "stock": 9}, {"name": "Cup"}])
        one.stock, two.stock = 1, 2
        await Item.aupdate_many([one, two])
        assert await Item.all().avalues("name", "stock") == [
            {"name": "Tea", "stock": 1},
            {"name": "Cup", "stock": 2},
        ]

    @in_a_loop
    async def test_keys_of_several_fields_from_a_coroutine(self) -> None:
        """By tuple and by name."""
        made = await Line.acreate(order_id="a", line=1)
        assert await Line.aget(("a", 1)) == await Line.aget(order_id="a", line=1) == made
        await made.aupdate(amount=2)
        await made.adelete()
        assert await Line.afind(("a", 1)) is None

    @needs("transactions")
    @in_a_loop
    async def test_hooks_run_for_a_coroutine(self) -> None:
        """As for anybody."""
        made = await Hooked.acreate(name="Tea")
        assert (made.slug, Hooked.seen[-1]) == ("tea", "after_save Tea")
        with pytest.raises(RuntimeError):
            await made.aupdate(name="refused")
        await (await made.areload()).adelete()
        assert Hooked.seen[-1] == "after_delete Tea"

    @in_a_loop
    async def test_changes_are_announced_in_the_task_itself(self, tellers: list[Owner]) -> None:
        """Where its event loop is, and once it is stored."""
        made = await Item.acreate(name="Tea")
        await made.aupdate(stock=1)
        await Item.all().adelete()
        assert tellers == [current_owner()] * 3

    @needs("lock", "transactions")
    @in_a_loop
    async def test_locks_from_a_coroutine(self) -> None:
        """In a transaction."""
        made = await Item.acreate(name="Tea")
        async with transaction():
            (row,) = await Item.where(name="Tea").lock().aall()
            await row.aupdate(stock=row.stock + 1)
            await made.alock()
            await made.aupdate(stock=made.stock + 1)
        assert (await Item.aget(made.id)).stock == 2


@needs("transactions")
class Tasks(Suite):
    """A transaction belongs to one task, and others wait for it or work outside it."""

    @in_a_loop
    async def test_a_failed_transaction_of_a_task_leaves_nothing_behind(self) -> None:
        """An inner one undoes its own part."""
        with pytest.raises(ZeroDivisionError):
            async with transaction():
                await Item.acreate(name="Tea")
                raise ZeroDivisionError
        async with transaction():
            await Item.acreate(name="Outer")
            with pytest.raises(ZeroDivisionError):
                async with transaction():
                    await Item.acreate(name="Inner")
                    assert await Item.acount() == 2
                    raise ZeroDivisionError
            async with transaction():
                await Item.acreate(name="Third")
        assert [item.name async for item in Item.all()] == ["Outer", "Third"]

    @in_a_loop
    async def test_two_tasks_never_see_what_the_other_has_not_committed(self) -> None:
        """Nor does a rollback of one lose what the other stored."""
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def fail() -> None:
            async with transaction():
                await Item.acreate(name="Never")
                assert await Item.acount() == 1
                inside.set()
                await go_on.wait()
                raise ZeroDivisionError

        failing = asyncio.create_task(fail())
        await inside.wait()
        assert await Item.acount() == 0
        storing = asyncio.create_task(Item.acreate(name="Kept"))
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(ZeroDivisionError):
            await failing
        await storing
        assert [item.name async for item in Item.all()] == ["Kept"]

    @in_a_loop
    async def test_a_task_started_in_a_transaction_works_outside_it(self) -> None:
        """It inherits the context, not the transaction."""
        async with transaction():
            await Item.acreate(name="Inside")
            assert await asyncio.create_task(Item.acount()) == 0
            child = asyncio.create_task(Item.acreate(name="Child"))
            await asyncio.sleep(0)
        await child
        assert sorted([item.name async for item in Item.all()]) == ["Child", "Inside"]

    @in_a_loop
    async def test_transactions_of_many_tasks_lose_nothing(self) -> None:
        """Each reads what the one before it has stored."""
        made = await Item.acreate(name="Tea")

        @retry_stale(50)
        async def add() -> None:
            async with transaction():
                item = await Item.aget(made.id)
                await asyncio.sleep(0)
                await item.aupdate(stock=item.stock + 1)

        await asyncio.gather(*(add() for _ in range(10)))
        assert (await Item.aget(made.id)).stock == 10

    @in_a_loop
    async def test_a_cancelled_task_leaves_nothing_behind(self) -> None:
        """Neither its rows nor its turn."""
        inside = asyncio.Event()

        async def hold() -> None:
            async with transaction():
                await Item.acreate(name="Never")
                inside.set()
                await asyncio.Event().wait()

        holder = asyncio.create_task(hold())
        await inside.wait()
        waiting = asyncio.create_task(Item.acreate(name="May be"))
        await asyncio.sleep(0)
        waiting.cancel()
        holder.cancel()
        for task in (waiting, holder):
            with pytest.raises(asyncio.CancelledError):
                await task
        await Item.acreate(name="After")
        assert "Never" not in [item.name async for item in Item.all()]
        assert await Item.acount(name="After") == 1


class Races(Suite):
    """Many at the same time, and nothing is lost."""

    @needs("adjust or transactions")
    def test_increments_of_threads_all_count(self) -> None:
        """Four times twenty-five."""
        made = Item.create(name="Tea")

        def add() -> None:
            mine = Item.get(made.id)
            for _ in range(25):
                mine.increment(stock=1)

        assert in_threads(4, add) == [None] * 4
        assert (made.reload().stock, made.version) == (100, 101)

    def test_updates_of_many_by_threads_all_count(self) -> None:
        """Reckoned in the backend."""
        Unguarded.create_many([{"name": "a"}, {"name": "b"}])

        def add() -> None:
            for _ in range(10):
                Unguarded.all().update(stock=Unguarded.stock + 1)

        assert in_threads(4, add) == [None] * 4
        assert [one.stock for one in Unguarded.all()] == [40, 40]

    def test_reading_changing_and_saving_loses_nothing_with_retries(self) -> None:
        """A stale save is refused and tried again."""
        made = Item.create(name="Tea")

        @retry_stale(100)
        def add() -> None:
            item = Item.get(made.id)
            item.update(stock=item.stock + 1)

        def work() -> None:
            for _ in range(10):
                add()

        assert in_threads(4, work) == [None] * 4
        assert made.reload().stock == 40

    def test_one_of_many_threads_creates_a_key(self) -> None:
        """All others are told that it is there."""
        results = in_threads(10, lambda: Item.create(id="one", name="Tea"))
        assert sum(isinstance(result, Item) for result in results) == 1
        assert sum(isinstance(result, Duplicate) for result in results) == 9

    @needs("unique")
    @in_a_loop
    async def test_one_of_many_tasks_wins_a_value(self) -> None:
        """All others are told so."""
        results = await asyncio.gather(
            *(Account.acreate(name="a") for _ in range(50)), return_exceptions=True
        )
        assert sum(isinstance(result, Account) for result in results) == 1
        assert sum(isinstance(result, Duplicate) for result in results) == 49

    @needs("transactions", "unique")
    @in_a_loop
    async def test_one_of_many_tasks_makes_what_all_get_or_create(self) -> None:
        """All have the same afterwards."""
        made = await asyncio.gather(*(Account.aget_or_create(name="b") for _ in range(10)))
        assert (sum(new for _, new in made), await Account.acount()) == (1, 1)

    @needs("adjust or transactions")
    @in_a_loop
    async def test_increments_of_tasks_all_count(self) -> None:
        """In one event loop."""
        made = await Item.acreate(name="Tea")

        async def add() -> None:
            mine = await Item.aget(made.id)
            for _ in range(5):
                await mine.aincrement(stock=1)

        await asyncio.gather(*(add() for _ in range(5)))
        assert (await made.areload()).stock == 25

    @needs("adjust or transactions")
    @in_a_loop
    async def test_tasks_and_threads_write_at_the_same_time_and_lose_nothing(self) -> None:
        """A thread uses the plain verbs."""
        made = await Item.acreate(name="Tea")

        async def in_task() -> None:
            mine = await Item.aget(made.id)
            for _ in range(10):
                await mine.aincrement(stock=1)

        def in_thread() -> None:
            mine = Item.get(made.id)
            for _ in range(10):
                mine.increment(stock=1)

        await asyncio.gather(
            *(in_task() for _ in range(3)), *(asyncio.to_thread(in_thread) for _ in range(3))
        )
        assert (await made.areload()).stock == 60
