"""PostgreSQL that is restarted and killed under load: errors meanwhile, everything right afterwards."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from entity_writer import Note, Number
from load import stop_under_load
from postgres_server import OwnPostgres, is_installed, own_server

from nitro_runtime.entities import MemoryRepository, configure, transaction, use
from nitro_runtime.errors import ConfigurationError, DatabaseUnavailable
from nitro_runtime.schema import known_entities


@pytest.fixture
def server(missing: Callable[[str], NoReturn]) -> Iterator[OwnPostgres]:
    if not is_installed():
        missing("PostgreSQL is not installed here; install its server")
    with own_server() as server, known_entities((Note, Number)):
        configure(server.url)
        yield server
        use(MemoryRepository())


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL], ids=["restarted", "killed"])
def test_a_server_that_comes_back_has_all_that_was_acknowledged(
    server: OwnPostgres, sign: signal.Signals
) -> None:
    stop_under_load(server, sign)


async def test_tasks_meet_errors_while_it_is_down_and_none_afterwards(server: OwnPostgres) -> None:
    await Note.acreate(name="before")
    await asyncio.to_thread(server.stop)
    with pytest.raises(DatabaseUnavailable):
        await Note.acount()
    with pytest.raises(DatabaseUnavailable):
        async with transaction():
            await Note.acreate(name="meanwhile")
    await asyncio.to_thread(server.start)
    async with transaction():
        await Note.acreate(name="after")
    assert [note.name async for note in Note.all().order_by("name")] == ["after", "before"]


def test_a_transaction_that_the_server_did_not_outlive_is_undone(server: OwnPostgres) -> None:
    Note.create(name="before")
    with pytest.raises(DatabaseUnavailable), transaction():
        Note.create(name="lost")
        server.stop()
    server.start()
    assert [note.name for note in Note.all()] == ["before"]


@pytest.mark.parametrize("password", ["", ":hidden"])
def test_a_wrong_password_is_told_and_never_shown(server: OwnPostgres, password: str) -> None:
    server.require_passwords("right")
    configure(server.url.replace("nitro@", f"nitro{password}@"))
    with pytest.raises(ConfigurationError, match="does not open the database 'postgres'") as told:
        Note.count()
    assert "hidden" not in str(told.value)
    configure(server.url.replace("nitro@", "nitro:right@"))
    assert Note.count() == 0
