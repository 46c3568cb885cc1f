"""`run_jobs`: works what waits in the outbox here and now, for tests and consoles."""

from __future__ import annotations

from nitro_runtime.durable import store
from nitro_runtime.durable.relay import relay
from nitro_runtime.durable.rows import OutboxRow, State
from nitro_runtime.durable.working import perform


def run_jobs(*, retries: bool = False) -> int:
    """Works the jobs that wait, also those that they cause, in this thread, until none is left.

    What a handler raises does not come out; the job stays in the outbox, to be tried again. An app that
    works its own jobs and serves in this process, as in a test with a client, stops doing so: what it
    has begun is finished first.

    Args:
        retries: Whether jobs that failed are tried again at once, instead of later, until they are
            done or dead.

    Returns:
        How many times a job was worked.
    """
    relay.stop()
    worked = 0
    waiting = [State.NEW, State.RETRY] if retries else [State.NEW]
    while found := OutboxRow.where(state__in=waiting).all():
        for row in found:
            if row.state is State.RETRY:
                store.postpone(row, 0.0, sent=False)
            worked += perform(row.id)
    return worked
