"""Takes the jobs that the event bus hands over: a row of the outbox in the current transaction.

The row is written at the end of the transaction, right before its commit, so a coroutine's event
loop does not wait for it. After the commit the key goes to the queue, in a thread of its own.
"""

from __future__ import annotations

import logging
from functools import partial

from nitro_runtime import context
from nitro_runtime.context import Change, Job
from nitro_runtime.durable import store
from nitro_runtime.durable.encoding import encode
from nitro_runtime.durable.relay import relay
from nitro_runtime.durable.rows import OutboxRow, insert
from nitro_runtime.durable.settings import current_queue, timing
from nitro_runtime.entities.transactions import before_commit, current_transaction
from nitro_runtime.events.bus import bus

log = logging.getLogger(__name__)

_said: set[str] = set()


def take(job: Job) -> None:
    """Keeps a job with the current transaction, or at once when there is none.

    Raises:
        UnstorableJob: It carries something that cannot be kept.
    """
    row = _row(job)
    before_commit(partial(insert, [row]))
    context.after_commit(partial(relay.send, row.queue, row.id))


async def atake(job: Job) -> None:
    """As `take`, without stalling the event loop."""
    if current_transaction() is not None:
        take(job)
        return
    row = _row(job)
    await OutboxRow.repository.arun(partial(insert, [row]), write=True)
    relay.send(row.queue, row.id)


def _row(job: Job) -> OutboxRow:
    registration = bus.registration(job.handler)
    options = None if registration is None else registration.durable
    if OutboxRow.repository.name == "memory" and not _said:
        _said.add("memory")
        log.warning(
            "jobs of durable handlers are kept in memory, and gone when this program ends; set "
            "NITRO_DATABASE_URL"
        )
    return OutboxRow(
        event=job.event,
        handler=job.handler,
        queue="default" if options is None else options.queue,
        sender=encode(job.sender, f"the sender of {job.event!r}"),
        data=encode(dict(job.data), f"the data of {job.event!r}"),
        created=store.now(),
        due=store.after(timing().grace if current_queue().carries else 0.0),
    )


# -- changes of entities --------------------------------------------------------------------------


def is_kept(topic: str) -> bool:
    """Whether a durable handler waits for changes of this table."""
    return any([bus.has_durable(f"{topic}.{kind}") for kind in ("created", "updated", "deleted")])


def keep(change: Change) -> None:
    """Hands an entity's change to the durable handlers of its event, inside its transaction."""
    data = {} if change.entity is not None else {"topic": change.topic}
    bus.hand_over(f"{change.topic}.{change.kind}", change.entity, data)


def install() -> None:
    """Has the jobs of durable handlers taken, and those of entities' changes."""
    context.on_enqueue(context.Taker(take, atake))
    context.keep_changes(is_kept, keep)
    context.when_serving(relay.serve)
