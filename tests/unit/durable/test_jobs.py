"""Jobs of durable handlers in one process: when they are kept, how they are worked, how they end."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from waiting import until

from nitro_runtime import context
from nitro_runtime.durable import OnceKey, OutboxRow, State, once, run_jobs, store, use_queue
from nitro_runtime.durable.once import Tidying, forget_expired
from nitro_runtime.durable.relay import relay
from nitro_runtime.durable.rows import change, insert
from nitro_runtime.durable.settings import forget_queue
from nitro_runtime.durable.working import perform
from nitro_runtime.entities import (
    Entity,
    MemoryRepository,
    configure,
    create_tables,
    transaction,
    use,
)
from nitro_runtime.errors import (
    ConfigurationError,
    MissingExtra,
    QueueUnavailable,
    UnstorableJob,
)
from nitro_runtime.events import emit, emit_async, on
from nitro_runtime.events.bus import bus
from nitro_runtime.schema import known_entities
from nitro_runtime.web import Request


class Parcel(Entity):
    weight: int = 1


class Trace(Entity, version=False):
    text: str


seen: list[Any] = []
updated: list[Any] = []


@on("parcel.sent", durable=True)
def note(parcel: Parcel, **data: Any) -> None:
    seen.append((parcel, data))


@on("parcel.created", sender=Parcel, durable=True)
async def note_created(parcel: Parcel, key: str) -> None:
    seen.append((parcel.id, key))


@on("parcel.updated", durable=True)
def note_updated(parcel: Parcel | None) -> None:
    updated.append(parcel)


@on("parcel.weighed", durable=True, once=True, retries=1, backoff=0.0)
def weigh(parcel: Parcel, fail: bool = False) -> None:
    Trace.create(text=str(parcel.weight))
    if fail:
        raise ValueError("too heavy")


@on("parcel.counted", durable=True, once=True)
async def count(_: object, number: int) -> None:
    await Trace.acreate(text=str(number))


@pytest.fixture(params=["sqlite", "memory"])
def _kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    with known_entities((Parcel, Trace, OutboxRow, OnceKey)):
        configure(f"sqlite:///{tmp_path}/app.db" if request.param == "sqlite" else "memory")
        use_queue("app", poll=0.05)
        seen.clear()
        updated.clear()
        yield
        relay.stop()
        forget_queue()
        use(MemoryRepository())


pytestmark = pytest.mark.usefixtures("_kept")


def _waiting() -> list[str]:
    return [row.event for row in OutboxRow.all()]


# -- when a job is kept -----------------------------------------------------------------------------


def test_an_emit_keeps_a_job_and_runs_nothing() -> None:
    assert emit("parcel.sent", "A7", to="Rome") == []
    assert (_waiting(), seen) == (["parcel.sent"], [])
    assert run_jobs() == 1
    assert (_waiting(), seen) == ([], [("A7", {"to": "Rome"})])


def test_a_rollback_leaves_no_job_also_of_a_savepoint() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        emit("parcel.sent", "lost")
        raise ZeroDivisionError
    with transaction():
        emit("parcel.sent", "kept")
        with pytest.raises(ZeroDivisionError), transaction():
            emit("parcel.sent", "lost as well")
            raise ZeroDivisionError
    run_jobs()
    assert seen == [("kept", {})]


def test_the_job_of_a_saved_entity_is_kept_with_it_or_not_at_all() -> None:
    parcel = Parcel.create()
    assert _waiting() == ["parcel.created"]
    with pytest.raises(ZeroDivisionError), transaction():
        Parcel.create()
        raise ZeroDivisionError
    (row,) = OutboxRow.all()
    run_jobs()
    assert seen == [(parcel.id, row.id)]


def test_what_cannot_be_kept_undoes_the_save_that_it_belongs_to() -> None:
    with pytest.raises(ExceptionGroup) as raised, transaction():
        Parcel.create()
        emit("parcel.sent", "A7", file=object())
    assert raised.group_contains(UnstorableJob, match="the data of 'parcel.sent'")
    assert (Parcel.count(), _waiting()) == (0, [])


async def test_coroutines_keep_jobs_in_and_outside_of_transactions() -> None:
    async with transaction():
        await emit_async("parcel.sent", "in")
        assert await OutboxRow.acount() == 0
    await emit_async("parcel.sent", "outside")
    assert await OutboxRow.acount() == 2


def test_changes_of_many_rows_keep_one_job_with_the_change_or_none() -> None:
    Parcel.create_many([{}, {}])
    OutboxRow.all().delete()
    Parcel.all().update(weight=5)
    with pytest.raises(ZeroDivisionError), transaction():
        Parcel.all().update(weight=6)
        raise ZeroDivisionError
    run_jobs()
    assert updated == [None]
    Parcel.create().increment(weight=1)
    assert _waiting() == ["parcel.created", "parcel.updated"]


def test_a_job_joins_a_transaction_of_the_application(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/joined.db")
    configure(engine=engine)
    create_tables(OutboxRow)
    with engine.connect() as connection:
        for kept in (False, True):
            begun = connection.begin()
            with transaction(connection):
                emit("parcel.sent", kept)
            (begun.commit if kept else begun.rollback)()
    engine.dispose()
    run_jobs()
    assert seen == [(True, {})]


def test_a_condition_decides_at_the_emit() -> None:
    Trace.create(text="no parcel")
    emit("parcel.created", Trace(text="no parcel"))
    assert _waiting() == []


# -- how it is worked -------------------------------------------------------------------------------


def test_an_entity_is_read_anew_and_one_that_is_gone_comes_as_it_was() -> None:
    parcel = Parcel.create(weight=1)
    run_jobs()
    seen.clear()
    emit("parcel.sent", parcel)
    parcel.update(weight=2)
    run_jobs()
    assert seen[0][0].weight == 2
    emit("parcel.sent", parcel)
    parcel.delete()
    run_jobs()
    assert (seen[1][0].id, seen[1][0].weight) == (parcel.id, 2)


def test_the_effect_and_the_end_of_a_job_last_both_or_not_at_all() -> None:
    emit("parcel.weighed", Parcel(weight=3), fail=True)
    run_jobs()
    (row,) = OutboxRow.all()
    assert (row.state, row.failures, row.error) == (State.RETRY, 1, "ValueError: too heavy")
    assert Trace.count() == 0


def test_a_job_that_was_given_to_another_worker_has_no_effect() -> None:
    emit("parcel.counted", number=1)
    (row,) = OutboxRow.all()
    change(OutboxRow.where(id=row.id), {"due": store.now() - timedelta(seconds=1)})
    first = store.claim(row.id, -1.0)  # with a lease that has ended
    second = store.claim(row.id, 60.0)
    assert first is not None
    assert second is not None
    assert not store.finish(first)
    assert not store.extend(first, 60.0)
    assert store.claim(row.id, 60.0) is None
    assert perform(row.id) is False
    assert store.finish(second)


def test_a_job_dies_after_its_last_try_and_can_be_revived(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(bus, "on_error", lambda error, name: told.append((str(error), name)))
    with caplog.at_level(logging.WARNING):
        emit("parcel.weighed", Parcel(), fail=True)
        assert run_jobs(retries=True) == 2
    (row,) = store.dead()
    assert (row.failures, "in weigh" in row.trace) == (2, True)
    assert told == [("too heavy", "parcel.weighed")]
    assert store.due(10) == []
    assert store.revive() == 1
    assert run_jobs(retries=True) == 2
    assert store.drop([row.id]) == 1


@pytest.mark.parametrize(
    ("change_to", "said"),
    [
        ({"handler": "parcels:gone"}, "no durable handler parcels:gone"),
        ({"sender": "{"}, "Expecting property name"),
        ({"sender": '{"$model":["parcels:Gone",{}]}'}, "No module named 'parcels'"),
        ({"attempts": 30}, "its worker ended 30 times"),
    ],
)
def test_a_job_that_no_try_can_do_is_dead_at_once(
    change_to: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "on_error", lambda error, name: None)
    emit("parcel.sent", "A7")
    change(OutboxRow.all(), change_to)
    run_jobs()
    (row,) = store.dead()
    assert said in row.error
    assert seen == []


def test_pauses_double_with_jitter_and_have_an_end() -> None:
    for failures, least in [(1, 2), (2, 4), (3, 8)]:
        pauses = {store.pause_after(failures, 2.0) for _ in range(50)}
        assert least <= min(pauses) < max(pauses) <= least * 1.5
    assert store.pause_after(1000, 2.0) == store.LONGEST_PAUSE


def test_an_app_works_its_own_jobs_once_it_serves_and_leaves_those_of_others() -> None:
    emit("parcel.sent", "before")  # as by a process that has died since
    emit("parcel.sent", "unknown here")
    change(OutboxRow.where(sender='"unknown here"'), {"handler": "elsewhere:gone"})
    relay.serve()
    until(lambda: seen == [("before", {})], "the job of before")
    emit("parcel.sent", "now")
    until(lambda: len(seen) == 2, "the new job")
    relay.stop()
    assert [row.state for row in OutboxRow.all()] == [State.NEW]


def test_the_first_request_is_what_tells_that_a_process_serves() -> None:
    began: list[int] = []
    context.when_serving(lambda: began.append(1))
    Request("GET", "/")  # a test's own
    assert began == []
    for _ in range(2):
        Request("GET", "/", native=object())
    assert began == [1]


def test_jobs_that_are_run_by_hand_are_not_run_by_the_app_as_well() -> None:
    relay.serve()
    emit("parcel.sent", "either")
    run_jobs()
    assert seen == [("either", {})]
    emit("parcel.sent", "by hand")
    assert run_jobs() == 1
    assert seen[1:] == [("by hand", {})]


# -- once -------------------------------------------------------------------------------------------


def test_a_key_is_met_once_and_not_at_all_when_its_effect_is_undone() -> None:
    with pytest.raises(ZeroDivisionError), once("a") as first:
        assert first
        raise ZeroDivisionError
    for expected in (True, False):
        with once("a") as first:
            assert first is expected
    with once("k" * 1000) as first:
        assert first


async def test_a_key_is_met_once_by_coroutines_as_well() -> None:
    for expected in (True, False):
        async with once("a") as first:
            assert first is expected


def test_keys_are_forgotten_when_they_have_expired() -> None:
    with once("new"):
        pass
    insert([OnceKey(id="old", expires=datetime.now(UTC) - timedelta(days=1))])
    assert forget_expired() == 1
    assert [key.id for key in OnceKey.all()] == ["new"]


def test_expired_keys_are_looked_for_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    tidying = Tidying()
    insert([OnceKey(id="old", expires=datetime.now(UTC) - timedelta(days=1))])
    tidying.look()
    assert OnceKey.count() == 1
    later = time.monotonic() + 3601
    monkeypatch.setattr(time, "monotonic", lambda: later)
    tidying.look()
    assert OnceKey.count() == 0


# -- settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("rediss+celery://x", "There is no queue for an address with 'rediss\\+celery'"),
        ("redi://x", "Did you mean 'redis'"),
        ("redis://x?prefix=a%20b", "The prefix of a queue"),
        ("redis://x:port", "The port of a queue's address is a number"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        use_queue(url)


@pytest.mark.parametrize("scheme", ["redis", "amqp", "celery+redis", "celery+amqp"])
def test_a_server_that_is_down_is_one_sentence_with_the_reason_of_the_system(scheme: str) -> None:
    queue = use_queue(f"{scheme}://:hidden@127.0.0.1:1")
    server = scheme.removeprefix("celery+")
    with pytest.raises(QueueUnavailable) as raised:
        queue.depth(["default"])
    sentence = f"The queue at {server}://127.0.0.1:1 does not answer (Connection refused)."
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("url", "gone", "extras"),
    [
        ("redis://localhost", "dramatiq", "dramatiq,redis"),
        ("amqp://localhost", "pika", "dramatiq,rabbitmq"),
        ("celery+redis://localhost", "redis", "celery,redis"),
        ("celery+amqp://localhost", "celery", "celery"),
    ],
)
def test_a_package_that_is_missing_is_told_with_what_installs_it(
    url: str, gone: str, extras: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == gone]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, gone, None)
    with pytest.raises(MissingExtra, match=re.escape(f"'nitro-kit[{extras}]'")):
        use_queue(url)
