"""The tables of durable handlers: `OutboxRow`, a job that is not done, and `OnceKey`.

They are entities of the default backend, so a job is written in the transaction of the change that
it belongs to. What is done to them is announced to nobody: they are machinery, not the app's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nitro_runtime.entities import Entity, Field, QuerySet, Text

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a dead job is due."""


class State(StrEnum):
    """How far a job is."""

    NEW = "new"
    """It waits to be worked for the first time, or was handed to the queue again."""
    RUNNING = "running"
    """A worker has it, until its lease ends."""
    RETRY = "retry"
    """It failed, and is due again later."""
    DEAD = "dead"
    """It failed for good; somebody has to look at it."""


class OutboxRow(Entity, version=False, table_name="nitro_outbox"):
    """A job of a durable handler, from the emit until it is done.

    Attributes:
        id: Sortable; the key of the job, by which its effect happens once.
        event: The name of the event.
        handler: The key of the handler, ``module:qualname``.
        queue: Which queue it goes to.
        sender: The sender of the event, as JSON.
        data: The data of the event, as JSON.
        created: When it was emitted.
        due: When it is looked at next: to be worked, sent again, or taken from a worker that is gone.
        state: How far it is.
        attempts: How often a worker began it.
        failures: How often it raised.
        sends: How often it was handed to the queue again since it was last begun.
        token: Who works it now; empty when nobody does.
        error: What went wrong last, in a sentence.
        trace: Where it went wrong, shortened.
    """

    event: str = Field(max_length=200)
    handler: str = Field(max_length=300)
    queue: str = Field(default="default", max_length=60)
    sender: str = Field(default="null", sa_type=Text)
    data: str = Field(default="{}", sa_type=Text)
    created: datetime
    due: datetime = Field(index=True)
    state: State = State.NEW
    attempts: int = 0
    failures: int = 0
    sends: int = 0
    token: str = Field(default="", max_length=36)
    error: str = Field(default="", sa_type=Text)
    trace: str = Field(default="", sa_type=Text)


class OnceKey(Entity, version=False, table_name="nitro_once"):
    """A key whose effect has happened.

    Attributes:
        id: The key.
        expires: When it may be forgotten.
    """

    id: str = Field(primary_key=True, max_length=200)
    expires: datetime = Field(index=True)


def insert(rows: Sequence[Entity]) -> None:
    """Stores new rows of one class, in the current transaction or one of their own."""
    kind = type(rows[0])
    kind.repository.insert(kind.mapper, [kind.mapper.snapshot(vars(row)) for row in rows])


def change(rows: QuerySet[Any], changes: Mapping[str, Any]) -> int:
    """Changes all rows of a query in one statement and returns how many."""
    kind = rows.entity
    return kind.repository.update_where(kind.mapper, rows.query, changes)


def remove(rows: QuerySet[Any]) -> int:
    """Deletes all rows of a query in one statement and returns how many."""
    kind = rows.entity
    return kind.repository.delete_where(kind.mapper, rows.query)
