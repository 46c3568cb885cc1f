"""Tests that count queries count those of their block, whoever runs them, and no others."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from nitro_runtime.entities import Entity, MemoryRepository, statements, use
from nitro_runtime.entities.offload import Offload
from nitro_runtime.testing import assert_queries


class Cup(Entity):
    size: int = 0


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    use(MemoryRepository())
    yield
    assert statements.watchers == []


def test_exactly_so_many_are_wanted() -> None:
    with assert_queries(2) as seen:
        Cup.create()
        assert Cup.count() == 1
    assert seen == ["insert cup", "count cup"]
    with assert_queries(0):
        pass


@pytest.mark.parametrize("count", [0, 1, 3])
def test_another_number_fails_and_lists_the_statements(count: int) -> None:
    with pytest.raises(AssertionError) as failed, assert_queries(count):
        Cup.count()
        Cup.all().all()
    assert str(failed.value) == (
        f"The block took 2 queries where {count} were expected.\n1. count cup\n2. select cup"
    )


def test_fewer_are_welcome_when_a_limit_is_given() -> None:
    with assert_queries(at_most=2):
        Cup.count()
    with (
        pytest.raises(AssertionError, match="took 2 queries where at most 1 were"),
        assert_queries(at_most=1),
    ):
        Cup.count()
        Cup.count()


def test_blocks_nest() -> None:
    with assert_queries(3):
        Cup.count()
        with assert_queries(1):
            Cup.count()
        Cup.count()


def test_an_error_of_the_block_is_the_one_that_is_raised() -> None:
    with pytest.raises(ZeroDivisionError), assert_queries(5):
        raise ZeroDivisionError


def test_a_number_or_a_limit_is_needed() -> None:
    for arguments in ({}, {"count": 1, "at_most": 1}):
        with pytest.raises(TypeError), assert_queries(**arguments):
            pass


def test_what_another_thread_does_is_not_counted() -> None:
    def others() -> None:
        for _ in range(10):
            Cup.count()

    with assert_queries(1):
        thread = threading.Thread(target=others)
        thread.start()
        thread.join()
        Cup.count()


async def test_coroutines_count_their_own_and_those_of_tasks_they_start() -> None:
    go_on = asyncio.Event()

    async def other() -> None:
        await go_on.wait()
        await Cup.acount()

    stranger = asyncio.create_task(other())
    with assert_queries(3):
        await Cup.acount()
        go_on.set()
        await stranger
        await asyncio.gather(Cup.acount(), Cup.acount())


async def test_work_that_a_thread_does_for_a_coroutine_is_counted() -> None:
    offload = Offload(2, 5.0, "a server")
    with assert_queries(2):
        await offload.run(Cup.count)
        await asyncio.to_thread(Cup.count)
    offload.close()
