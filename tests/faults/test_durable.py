"""Durable handlers whose workers, queues and apps are killed: each event has its effect, and once."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from durable_app import Effect, Nursery, be_configured, emit_numbers, nursery
from redis_server import OwnRedis, is_installed, own_server
from services import POSTGRES, RABBITMQ, own_database, own_queues
from waiting import gone, until

from nitro_runtime.durable import OutboxRow, State
from nitro_runtime.durable.relay import relay
from nitro_runtime.durable.rows import OnceKey
from nitro_runtime.durable.settings import forget_queue
from nitro_runtime.durable.store import revive
from nitro_runtime.entities import MemoryRepository, create_tables, use
from nitro_runtime.events import emit
from nitro_runtime.schema import known_entities

Missing = Callable[[str], NoReturn]
PATIENCE = 60
"""Seconds, on a busy machine."""


@dataclass(frozen=True)
class Place:
    """Where jobs are kept and sent, and the file with what was begun."""

    database: str
    queue: str
    begun: Path

    def begun_numbers(self) -> list[int]:
        return [int(line) for line in self.begun.read_text().split()]


@pytest.fixture(scope="module")
def workers() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory, missing: Missing) -> Iterator[OwnRedis]:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    with own_server(tmp_path_factory.mktemp("durable") / "redis") as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, workers: Nursery) -> Iterator[Callable[[str, str], Place]]:
    """Configures this process, the app that emits; afterwards its workers are killed."""

    def be_at(queue: str, database: str = "") -> Place:
        place = Place(database or f"sqlite:///{tmp_path}/app.db", queue, tmp_path / "begun")
        place.begun.touch()
        be_configured(place.database, place.queue, place.begun)
        create_tables(Effect, OutboxRow, OnceKey)
        return place

    with known_entities((Effect, OutboxRow, OnceKey)):
        yield be_at
        while workers.workers:
            workers.kill()
        relay.stop()
        forget_queue()
        use(MemoryRepository())


def all_done() -> bool:
    return OutboxRow.count() == 0


def effects() -> list[int]:
    return sorted(effect.number for effect in Effect.all())


@contextmanager
def services(
    name: str, tmp_path: Path, request: pytest.FixtureRequest, missing: Missing
) -> Generator[str]:
    """Runs what a queue needs, and yields its address."""
    engine = "celery+" if name.startswith("celery") else ""
    if name == "database":
        yield name
    elif "redis" in name:
        server: OwnRedis = request.getfixturevalue("redis")
        yield f"{engine}{server.url}?prefix={tmp_path.name}"
    else:
        if not RABBITMQ.answers:
            missing(RABBITMQ.missing)
        with own_queues() as url:
            yield f"{engine}{url}"


# -- workers that are killed ------------------------------------------------------------------------

SOAK = pytest.mark.soak


@pytest.mark.parametrize(
    ("queue", "kills"),
    [
        pytest.param("dramatiq-redis", 10, id="dramatiq-redis"),
        pytest.param("dramatiq-rabbitmq", 3, id="dramatiq-rabbitmq"),
        pytest.param("celery-redis", 3, id="celery-redis"),
        pytest.param("celery-rabbitmq", 3, id="celery-rabbitmq"),
        pytest.param("database", 3, id="database"),
        pytest.param("dramatiq-redis", 100, id="dramatiq-redis-soak", marks=SOAK),
        pytest.param("dramatiq-rabbitmq", 100, id="dramatiq-rabbitmq-soak", marks=SOAK),
        pytest.param("celery-redis", 30, id="celery-redis-soak", marks=SOAK),
        pytest.param("celery-rabbitmq", 30, id="celery-rabbitmq-soak", marks=SOAK),
        pytest.param("database", 100, id="database-soak", marks=SOAK),
    ],
)
def test_each_effect_happens_once_whenever_the_worker_is_killed(
    queue: str,
    kills: int,
    start: Callable[..., Place],
    workers: Nursery,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    missing: Missing,
) -> None:
    with services(queue, tmp_path, request, missing) as url:
        place = start(url)
        kill_in_the_middle(place, workers, kills)
        relay.stop()


def kill_in_the_middle(place: Place, workers: Nursery, kills: int) -> None:
    """Kills workers as soon as they have begun something, and looks what became of the events."""
    emitted = 0
    for _ in range(kills):
        emit_numbers(emitted, emitted + 8)
        emitted += 8
        before = len(place.begun_numbers())
        workers.start(place.database, place.queue, place.begun)
        until(lambda n=before: len(place.begun_numbers()) > n + 2, "a worker", PATIENCE)
        workers.kill()
    workers.start(place.database, place.queue, place.begun)
    until(all_done, "all jobs", PATIENCE)
    assert effects() == list(range(emitted))
    assert len(place.begun_numbers()) > emitted, "no worker was killed in the middle of a job"


def test_on_postgres_each_effect_happens_once_as_well(
    start: Callable[..., Place], workers: Nursery, redis: OwnRedis, missing: Missing
) -> None:
    if not POSTGRES.answers:
        missing(POSTGRES.missing)
    with own_database(POSTGRES) as database:
        place = start(f"{redis.url}?prefix=postgres", database)
        kill_in_the_middle(place, workers, 3)
        relay.stop()
        use(MemoryRepository())  # closes the connections


def test_two_workers_share_the_jobs_and_do_each_once(
    start: Callable[..., Place], workers: Nursery, redis: OwnRedis
) -> None:
    place = start(f"{redis.url}?prefix=two")
    pids = [workers.start(place.database, place.queue, place.begun) for _ in range(2)]
    emit_numbers(0, 60)
    until(all_done, "all jobs", PATIENCE)
    assert effects() == list(range(60))
    for _ in pids:
        workers.stop()
    until(lambda: all(map(gone, pids)), "the workers to end")


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has_begun(
    start: Callable[..., Place], workers: Nursery
) -> None:
    place = start("database")
    emit_numbers(0, 40)
    pid = workers.start(place.database, place.queue, place.begun)
    until(lambda: place.begun_numbers(), "a job", PATIENCE)
    workers.stop()
    until(lambda: gone(pid), "the worker to end")
    assert sorted(place.begun_numbers()) == effects()
    assert not OutboxRow.exists(state=State.RUNNING)


# -- apps and queues that die -------------------------------------------------------------------------


def test_a_job_outlives_an_app_that_dies_between_commit_and_sending(
    start: Callable[..., Place], workers: Nursery, redis: OwnRedis
) -> None:
    place = start(f"{redis.url}?prefix=crash")
    pid = workers.crash(place.database, place.queue, place.begun)
    until(lambda: gone(pid), "the app to die")
    assert OutboxRow.count() == 1
    workers.start(place.database, place.queue, place.begun)
    until(all_done, "the job", PATIENCE)
    assert effects() == [0]


def test_a_commit_does_not_wait_for_a_queue_that_is_down_and_its_jobs_are_sent_later(
    start: Callable[..., Place],
    workers: Nursery,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    missing: Missing,
) -> None:
    if not is_installed():
        missing("redis-server is not installed; install Redis")
    with own_server(tmp_path / "redis") as server:
        place = start(server.url)
        server.stop(signal.SIGKILL)
        with caplog.at_level(logging.WARNING, logger="nitro_runtime.durable"):
            before = time.monotonic()
            emit_numbers(0, 20)
            assert time.monotonic() - before < 2
            workers.start(place.database, place.queue, place.begun)
            until(lambda: "does not answer" in caplog.text, "a word of it")
        assert caplog.text.count("does not answer") == 1
        assert OutboxRow.count() == 20
        server.start()
        until(all_done, "all jobs", PATIENCE)
        assert effects() == list(range(20))
        relay.stop()


def test_jobs_that_the_queue_has_lost_are_sent_again(
    start: Callable[..., Place], workers: Nursery, redis: OwnRedis
) -> None:
    place = start(f"{redis.url}?prefix=lost")
    emit_numbers(0, 20)
    until(lambda: redis.tell("LLEN", "lost:lost.default") == b":20\r\n", "the jobs in the queue")
    redis.tell("FLUSHALL")
    workers.start(place.database, place.queue, place.begun)
    until(all_done, "all jobs", PATIENCE)
    assert effects() == list(range(20))


@pytest.mark.parametrize("queue", ["dramatiq-redis", "database"])
def test_a_handler_that_keeps_failing_ends_as_a_dead_letter_and_can_be_tried_again(
    queue: str,
    start: Callable[..., Place],
    workers: Nursery,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    missing: Missing,
) -> None:
    with services(queue, tmp_path, request, missing) as url:
        place = start(url)
        workers.start(place.database, place.queue, place.begun)
        emit("number.refused", number=7)
        emit("number.counted", number=8)
        until(lambda: OutboxRow.exists(state=State.DEAD), "a dead letter", PATIENCE)
        dead = OutboxRow.first(state=State.DEAD)
        assert dead is not None
        assert (dead.failures, dead.error) == (3, "ValueError: 7 is refused")
        assert "in refuse" in dead.trace
        assert place.begun_numbers().count(7) == 3
        assert revive([dead.id]) == 1
        until(lambda: place.begun_numbers().count(7) == 6, "three more tries", PATIENCE)
        until(lambda: effects() == [8], "the job that does not fail")
        relay.stop()
