from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from contextvars import ContextVar

import pytest

from nitro_runtime.errors import NitroError
from nitro_runtime.web.portal import Portal

who: ContextVar[str] = ContextVar("who")


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    portal.close()


async def where() -> int:
    return threading.get_ident()


async def name() -> str:
    await asyncio.sleep(0)
    return who.get()


def test_coroutines_of_all_threads_run_on_one_other_thread(portal: Portal) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(portal.run(where()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert threading.get_ident() not in found


def test_a_coroutine_sees_the_context_of_its_caller(portal: Portal) -> None:
    who.set("ann")
    assert portal.run(name()) == "ann"


def test_an_error_comes_back(portal: Portal) -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        portal.run(fail())


def test_a_cancelled_coroutine_does_not_hang_its_caller(portal: Portal) -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CancelledError):
        portal.run(give_up())


def test_an_iterator_is_read_as_it_comes_and_closed_early(portal: Portal) -> None:
    closed: list[bool] = []

    async def count() -> AsyncIterator[int]:
        try:
            for number in range(1_000):
                yield number
        finally:
            closed.append(True)

    chunks = portal.iterate(count())
    assert [next(chunks), next(chunks)] == [0, 1]
    chunks.close()
    assert closed == [True]
    assert list(portal.iterate(count()))[-1] == 999


def test_a_call_on_the_portals_own_loop_is_refused_instead_of_waiting_for_ever(
    portal: Portal,
) -> None:
    async def inner() -> None:
        portal.run(where())

    with pytest.raises(NitroError, match="await the coroutine"):
        portal.run(inner())


def _in_child(portal: Portal, found: multiprocessing.Queue[int]) -> None:
    found.put(portal.run(where()))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_it_works_in_a_forked_process(portal: Portal) -> None:
    portal.run(where())
    context = multiprocessing.get_context("fork")
    found: multiprocessing.Queue[int] = context.Queue()
    child = context.Process(target=_in_child, args=(portal, found))
    child.start()
    assert found.get(timeout=10)
    child.join(timeout=10)
    assert child.exitcode == 0


def test_what_nobody_read_to_its_end_is_closed_on_the_portal_s_own_loop_too(portal: Portal) -> None:
    """As when the garbage collector happens to run there."""
    ended = threading.Event()

    async def chunks() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            ended.set()

    reading = portal.iterate(chunks())
    assert next(reading) == 1

    async def collect() -> None:
        reading.close()

    portal.run(collect())
    assert ended.wait(5)
