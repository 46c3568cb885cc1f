"""Idempotency keys where processes share them: who gets one, for how long, and what becomes of old ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from key_places import PLACES

from nitro_runtime.entities import configure
from nitro_runtime.errors import DatabaseUnavailable
from nitro_runtime.web import idempotency_rows
from nitro_runtime.web.idempotency import Claim
from nitro_runtime.web.idempotency_rows import (
    EntityIdempotency,
    IdempotencyRow,
    NitroIdempotency,
)

MINE, THEIRS = Claim("print", "me"), Claim("print", "them")
OVER = -1.0
"""Seconds of a lease that has ended already."""


class ExpiringKey(IdempotencyRow, ttl=3600):
    """Keys that Redis forgets by itself."""


@pytest.fixture(params=[*PLACES, "redis with a ttl"])
def entity(
    request: pytest.FixtureRequest, address: Callable[[str], str]
) -> Iterator[type[IdempotencyRow]]:
    name, _, expiring = request.param.partition(" ")
    configure(address(name))
    kind = ExpiringKey if expiring else NitroIdempotency
    kind.all().delete()
    yield kind
    configure("memory")


async def test_a_key_is_whose_took_it_first(entity: type[IdempotencyRow]) -> None:
    one, other = EntityIdempotency(entity), EntityIdempotency(entity)
    assert await one.claim("k", MINE, 60) is None
    assert await other.claim("k", THEIRS, 60) == MINE
    await other.release("k", THEIRS)  # not theirs to give back
    await other.keep("k", replace(THEIRS, answer=b"theirs"), 60)  # nor to answer for
    assert await other.claim("k", THEIRS, 60) == MINE
    done = replace(MINE, answer=b"done")
    await one.keep("k", done, 60)
    assert await other.claim("k", THEIRS, 60) == done
    await one.release("k", MINE)
    assert await other.claim("k", THEIRS, 60) is None


@pytest.mark.parametrize("lapsed", [False, True])
async def test_of_many_that_come_at_once_one_gets_a_key(
    entity: type[IdempotencyRow], *, lapsed: bool
) -> None:
    stores = [EntityIdempotency(entity), EntityIdempotency(entity)]
    for key in map(str, range(5)):
        if lapsed:
            assert await stores[0].claim(key, Claim("print", "gone"), OVER) is None
        told = await asyncio.gather(
            *(stores[n % 2].claim(key, Claim("print", str(n)), 60) for n in range(20))
        )
        assert told.count(None) == 1
        winner = str(told.index(None))
        assert {known.owner for known in told if known is not None} <= {winner, ""}


async def test_whoever_is_late_keeps_its_answer_unless_another_has_the_key(
    entity: type[IdempotencyRow],
) -> None:
    store = EntityIdempotency(entity)
    done = replace(MINE, answer=b"late")
    assert await store.claim("k", MINE, OVER) is None
    await store.release("k", THEIRS)
    await store.keep("k", done, 60)
    assert await store.claim("k", THEIRS, 60) == done
    assert await store.claim("l", MINE, OVER) is None
    assert await store.claim("l", THEIRS, 60) is None
    await store.keep("l", done, 60)
    assert await store.claim("l", MINE, 60) == THEIRS


async def test_a_long_answer_comes_back_byte_for_byte(entity: type[IdempotencyRow]) -> None:
    store = EntityIdempotency(entity)
    answer = bytes(range(256)) * 1024
    await store.claim("k", MINE, 60)
    await store.keep("k", replace(MINE, answer=answer), 60)
    known = await store.claim("k", THEIRS, 60)
    assert known is not None
    assert known.answer == answer


async def test_expired_keys_are_deleted_a_few_at_a_time_when_answers_are_kept(
    entity: type[IdempotencyRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency_rows, "_SWEPT", 3)
    store = EntityIdempotency(entity)
    for number in range(7):
        await store.claim(f"old {number}", MINE, OVER)
    await store.claim("runs", THEIRS, 60)
    left: list[int] = []
    for number in range(12):
        await store.claim(f"new {number}", MINE, 60)
        await store.keep(f"new {number}", replace(MINE, answer=b"done"), 60)
        left.append(await entity.where(id__startswith="old").acount())
    assert left == ([7] * 12 if entity is ExpiringKey else [4] * 5 + [1] * 5 + [0] * 2)
    assert await entity.all().acount() == left[-1] + 13


async def test_a_key_that_is_taken_anew_is_not_deleted_as_an_expired_one(
    entity: type[IdempotencyRow],
) -> None:
    class Slow(EntityIdempotency):
        """Another process takes the key between the look and the deletion."""

        def _remove(self, **lookups: Any) -> int:
            if "id__in" in lookups:
                assert lookups["id__in"] == ["k"]
                assert EntityIdempotency(entity)._claim("k", THEIRS, 60) is None
            return super()._remove(**lookups)

    store = Slow(entity)
    assert await store.claim("k", MINE, OVER) is None
    assert await store._run(store._remove_expired) == 0
    assert await store.claim("k", MINE, 60) == THEIRS


async def test_an_answer_is_kept_also_when_old_keys_cannot_be_deleted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Busy(EntityIdempotency):
        def _remove_expired(self) -> int:
            raise DatabaseUnavailable("It went away.")

    store = Busy()
    await store.claim("k", MINE, 60)
    await store.keep("k", replace(MINE, answer=b"done"), 60)
    assert await store.claim("k", THEIRS, 60) == replace(MINE, answer=b"done")
    assert "could not be deleted" in caplog.text
