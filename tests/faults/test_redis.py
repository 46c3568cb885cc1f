"""Redis that is restarted, killed, full or slow, and writers that are killed: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import entity_writer
import pytest
from entity_writer import Note, Number
from load import add_from_processes, add_from_threads, kill_writers, stop_under_load
from redis_checks import disagreements
from redis_server import OwnRedis, is_installed, own_server
from waiting import until

from nitro_runtime.entities import MemoryRepository, transaction, use
from nitro_runtime.entities.redis.repository import RedisRepository
from nitro_runtime.errors import DatabaseUnavailable
from nitro_runtime.schema import known_entities


@pytest.fixture
def server(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[OwnRedis]:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    with own_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def repository(server: OwnRedis) -> Iterator[RedisRepository]:
    with known_entities((Note, Number)):
        yield from kept_at(server.url)


def kept_at(url: str, patience: float = 5.0) -> Iterator[RedisRepository]:
    """Has entities kept there for as long as the test runs."""
    repository = RedisRepository(url, patience=patience)
    use(repository)
    yield repository
    use(MemoryRepository())


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL], ids=["restarted", "killed"])
def test_a_server_that_comes_back_has_all_that_was_acknowledged(
    server: OwnRedis, repository: RedisRepository, sign: signal.Signals
) -> None:
    stop_under_load(server, sign)
    assert disagreements(repository, Note, Number) == []


def _agree(repository: RedisRepository) -> None:
    assert disagreements(repository, Note) == []


def test_a_writer_that_is_killed_leaves_rows_indexes_and_unique_values_whole(
    server: OwnRedis, repository: RedisRepository
) -> None:
    kill_writers(server.url, 5, lambda: _agree(repository))


@pytest.mark.soak
def test_many_writers_that_are_killed_leave_all_whole(
    server: OwnRedis, repository: RedisRepository
) -> None:
    kill_writers(server.url, 50, lambda: _agree(repository))


@pytest.mark.parametrize("work", ["increment", "save"])
@pytest.mark.parametrize(
    "times", [50, pytest.param(500, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_no_addition_of_several_processes_is_lost(
    server: OwnRedis, repository: RedisRepository, work: str, times: int
) -> None:
    add_from_processes(server.url, work, times)
    assert disagreements(repository, Number) == []


@pytest.mark.parametrize("work", [lambda: Number.get("n").increment(value=1), entity_writer.save])
@pytest.mark.parametrize(
    "times", [50, pytest.param(500, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_no_addition_of_several_threads_is_lost(
    repository: RedisRepository, work: Callable[[], object], times: int
) -> None:
    add_from_threads(work, times)
    assert disagreements(repository, Number) == []


# -- servers that do not serve ----------------------------------------------------------------------


def test_a_full_server_stores_nothing_of_a_change(
    server: OwnRedis, repository: RedisRepository
) -> None:
    Note.create(id="a", name="a")
    server.tell("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(DatabaseUnavailable, match=r"does not serve now: .*maxmemory"):
        Note.create(name="b")
    assert [note.name for note in Note.all()] == ["a"]
    server.tell("CONFIG", "SET", "maxmemory", "0")
    Note.create(name="b")
    assert disagreements(repository, Note) == []


def test_a_server_that_does_not_answer_in_time_is_unavailable(server: OwnRedis) -> None:
    for repository in kept_at(server.url, patience=0.2):
        Note.count()
        server.tell("CLIENT", "PAUSE", "2000", "ALL")
        before = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="did not answer within"):
            Note.count()
        assert time.monotonic() - before < 1.5
        server.tell("CLIENT", "UNPAUSE")
        until(lambda r=repository: _answers(r), "the server")


def _answers(repository: RedisRepository) -> bool:
    try:
        return repository.server.run("PING") == b"PONG"
    except DatabaseUnavailable:
        return False


def test_a_wrong_password_is_told_and_never_shown(server: OwnRedis) -> None:
    server.tell("CONFIG", "SET", "requirepass", "right")
    for password in ("wrong", ""):
        address = f"redis://:{password}@127.0.0.1:{server.port}/0"
        for _ in kept_at(address):
            with pytest.raises(DatabaseUnavailable, match="refuses the login") as raised:
                Note.count()
            assert "wrong" not in str(raised.value).replace("WRONGPASS", "").replace(
                "wrong pass", ""
            )
    for _ in kept_at(f"redis://:right@127.0.0.1:{server.port}/0"):
        assert Note.count() == 0


async def test_the_event_loop_goes_on_while_the_server_sleeps(
    server: OwnRedis, repository: RedisRepository
) -> None:
    await Note.acreate(name="a")
    server.tell("CLIENT", "PAUSE", "1500", "ALL")
    stalls: list[float] = []
    over = asyncio.Event()

    async def watch() -> None:
        while not over.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.005)
            stalls.append(time.monotonic() - before)

    watcher = asyncio.create_task(watch())
    before = time.monotonic()
    async with transaction():
        assert await Note.acount() == 1
        await Note.acreate(name="b")
    waited = time.monotonic() - before
    over.set()
    await watcher
    assert waited > 1.0
    assert max(stalls) < 0.5
    assert len(stalls) > 20


# -- clusters -------------------------------------------------------------------------------------


def in_cluster(server: OwnRedis) -> bool:
    return b"cluster_state:ok" in server.tell("CLUSTER", "INFO")


def test_a_cluster_takes_every_script_and_sends_who_asks_the_wrong_node_on(
    tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    options = ("--cluster-enabled", "yes")
    with (
        own_server(tmp_path / "one", *options) as one,
        own_server(tmp_path / "two", *options) as two,
    ):
        one.tell("CLUSTER", "ADDSLOTSRANGE", "0", "8191")
        two.tell("CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
        one.tell("CLUSTER", "MEET", "127.0.0.1", str(two.port))
        until(lambda: in_cluster(one) and in_cluster(two), "the cluster", 60)
        with known_entities((Note, Number)):
            for number, url in enumerate((one.url, two.url, one.url)):
                for repository in kept_at(url):
                    note = Note.create(name=f"{number}", size=number)
                    note.update(size=number + 1)
                    with transaction():
                        Note.create(name=f"{number}+")
                        Number.create(id=f"n{number}").increment(value=2)
                    assert Note.where(size=number + 1).count() >= 1
                    assert Note.count() == 2 * (number + 1)
                    assert disagreements(repository, Note, Number) == []
