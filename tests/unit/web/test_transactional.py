from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nitro_runtime import context
from nitro_runtime.entities import Entity, configure
from nitro_runtime.errors import Refused
from nitro_runtime.events import (
    Context,
    anyone,
    command,
    emit,
    forget_command,
    off,
    on,
    query,
    run_command,
)
from nitro_runtime.web.transactional import transactional

NAME = "transactional_test.run"
CTX = Context(tab="tab1")


class LedgerLine(Entity):
    amount: int


@pytest.fixture(params=["memory", "sqlite"], autouse=True)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    configure(database=f"sqlite:///{tmp_path}/ledger.db" if request.param == "sqlite" else None)
    LedgerLine.all().delete()
    yield
    configure()
    forget_command(NAME)


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    told: list[Any] = []

    def line(sender: Any) -> None:
        told.append((sender.amount, context.current_unit() is None))

    def done(amount: int) -> None:
        told.append(("done", amount, LedgerLine.count(), context.current_unit() is None))

    handlers = [on("ledger_line.created")(line), on(NAME)(done)]
    yield told
    for handler in handlers:
        off(handler)


def booking(how: str) -> Any:
    def plain(amount: int) -> None:
        LedgerLine.create(amount=amount)
        LedgerLine.create(amount=-amount)
        if amount > 10:
            raise Refused(422, "Too much.")

    async def waiting(amount: int) -> None:
        await LedgerLine.acreate(amount=amount)
        await LedgerLine.acreate(amount=-amount)
        if amount > 10:
            raise Refused(422, "Too much.")

    def stepwise(amount: int) -> Iterator[None]:
        LedgerLine.create(amount=amount)
        yield
        LedgerLine.create(amount=-amount)
        if amount > 10:
            raise Refused(422, "Too much.")

    return {"plain": plain, "waiting": waiting, "stepwise": stepwise}[how]


@pytest.mark.parametrize("how", ["plain", "waiting", "stepwise"])
async def test_what_a_command_changes_lasts_together_and_events_come_after_the_commit(
    how: str, heard: list[Any]
) -> None:
    command(NAME, allow=anyone, middleware=[transactional])(booking(how))
    with pytest.raises(Refused, match="Too much"):
        await run_command(NAME, {"amount": 11}, CTX)
    assert (LedgerLine.count(), heard) == (0, [])
    await run_command(NAME, {"amount": 5}, CTX)
    assert heard == [(5, True), (-5, True), ("done", 5, 2, True)]


async def test_async_handlers_are_awaited_and_their_errors_undo_nothing() -> None:
    @command(NAME, allow=anyone, middleware=[transactional])
    async def run() -> None:
        await LedgerLine.acreate(amount=1)
        emit("transactional_test.more")

    async def fail() -> None:
        raise Refused(409, "A handler failed.")

    on("transactional_test.more")(fail)
    try:
        with pytest.raises(Refused, match="A handler failed"):
            await run_command(NAME, {}, CTX)
    finally:
        off(fail)
    assert LedgerLine.count() == 1


async def test_queries_and_strangers_open_none() -> None:
    units: list[Any] = []

    @query(NAME, allow=anyone, middleware=[transactional])
    def ask() -> None:
        units.append(context.current_unit())

    await run_command(NAME, {}, CTX)
    forget_command(NAME)

    def stranger() -> bool:
        units.append(context.current_unit())
        return False

    @command(NAME, allow=stranger, middleware=[transactional])
    def run() -> None: ...

    with pytest.raises(Refused):
        await run_command(NAME, {}, CTX)
    assert units == [None, None]
