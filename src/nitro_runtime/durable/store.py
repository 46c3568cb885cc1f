"""What happens to the rows of the outbox, each step one statement that only one worker can win.

A worker takes a job with a token and a lease. Whatever it says of the job later counts only as long
as the token is its own: a worker that was taken for dead changes nothing any more.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nitro_runtime.durable import rows
from nitro_runtime.durable.rows import NEVER, OutboxRow, State
from nitro_runtime.entities import QuerySet
from nitro_runtime.entities.ids import new_id

LONGEST_PAUSE = 3600.0
"""Seconds that a retry waits at most."""
_LONGEST_TRACE = 8000
_LONGEST_ERROR = 500


def now() -> datetime:
    """Returns this moment, in UTC."""
    return datetime.now(UTC)


def after(seconds: float) -> datetime:
    """Returns the moment so many seconds from now."""
    return now() + timedelta(seconds=seconds)


# -- looking --------------------------------------------------------------------------------------


def due(most: int, queues: Iterable[str] = (), handlers: Iterable[str] = ()) -> list[OutboxRow]:
    """Returns jobs that are due, the longest due first.

    Args:
        most: How many at most.
        queues: Only of these queues, if any are given.
        handlers: Only for these handlers, if any are given.
    """
    found = OutboxRow.where(OutboxRow.due <= now())
    if chosen := list(queues):
        found = found.where(queue__in=chosen)
    if known := list(handlers):
        found = found.where(handler__in=known)
    return found.order_by("due").limit(most).all()


def dead() -> list[OutboxRow]:
    """Returns the jobs that failed for good, the oldest first."""
    return OutboxRow.where(state=State.DEAD).all()


def counts() -> tuple[int, int]:
    """Returns how many jobs wait or are worked, and how many are dead."""
    failed = OutboxRow.where(state=State.DEAD).count()
    return OutboxRow.count() - failed, failed


# -- working --------------------------------------------------------------------------------------


def claim(key: str, lease: float) -> OutboxRow | None:
    """Takes a job for so many seconds; None when somebody else has it, or it is not due or done."""
    found = OutboxRow.find(key)
    if found is None or not _is_open(found):
        return None
    token = new_id()
    taken = {
        "state": State.RUNNING,
        "token": token,
        "due": after(lease),
        "attempts": found.attempts + 1,
        "sends": 0,
    }
    # As it was seen: whoever else takes it changes its token.
    seen = OutboxRow.where(id=key, token=found.token, state=found.state, attempts=found.attempts)
    if not rows.change(seen, taken):
        return None
    vars(found).update(taken)
    return found


def _is_open(row: OutboxRow) -> bool:
    if row.state is State.NEW:
        return True
    return row.state is not State.DEAD and row.due <= now()


def extend(row: OutboxRow, lease: float) -> bool:
    """Keeps a job for so many seconds more; False when it was lost."""
    return bool(rows.change(_mine(row), {"due": after(lease)}))


def finish(row: OutboxRow) -> bool:
    """Takes a job that is done out of the outbox; False when it was lost to somebody else."""
    return bool(rows.remove(_mine(row)))


def fail(row: OutboxRow, error: BaseException, retries: int, backoff: float) -> bool:
    """Notes that a job failed; it is tried again later, or is dead after its last try.

    Returns:
        Whether it is dead.
    """
    failures = row.failures + 1
    if failures > retries:
        bury(row, error, failures)
        return True
    noted = _noted(error, failures)
    pause = pause_after(failures, backoff)
    rows.change(_mine(row), {**noted, "state": State.RETRY, "due": after(pause), "token": ""})
    return False


def bury(row: OutboxRow, error: BaseException, failures: int | None = None) -> None:
    """Notes that a job failed for good."""
    noted = _noted(error, row.failures + 1 if failures is None else failures)
    rows.change(_mine(row), {**noted, "state": State.DEAD, "due": NEVER, "token": ""})


def pause_after(failures: int, backoff: float) -> float:
    """Returns the seconds until the next try: twice as long each time, with up to half as much jitter."""
    pause = backoff * 2.0 ** min(failures - 1, 40) * random.uniform(1.0, 1.5)  # noqa: S311 # no secret
    return min(pause, LONGEST_PAUSE)


def _mine(row: OutboxRow) -> QuerySet[OutboxRow]:
    return OutboxRow.where(id=row.id, token=row.token)


def _noted(error: BaseException, failures: int) -> dict[str, Any]:
    sentence = f"{type(error).__name__}: {error}".replace("\0", "")
    trace = "".join(traceback.format_exception(error)).replace("\0", "")
    return {
        "failures": failures,
        "error": sentence[:_LONGEST_ERROR],
        "trace": trace[-_LONGEST_TRACE:],
    }


# -- sending --------------------------------------------------------------------------------------


def postpone(row: OutboxRow, seconds: float, *, sent: bool) -> None:
    """Notes that a due job was handed to the queue, or that its turn there is to be awaited."""
    seen = OutboxRow.where(id=row.id, token=row.token, state=row.state, attempts=row.attempts)
    noted = {"state": State.NEW, "token": "", "due": after(seconds), "sends": row.sends + sent}
    rows.change(seen, noted)


def revive(keys: Sequence[str] | None = None) -> int:
    """Has dead jobs tried again from the start; all of them, or those with these keys.

    Returns:
        How many.
    """
    found = OutboxRow.where(state=State.DEAD)
    if keys is not None:
        found = found.where(id__in=list(keys))
    again = {"state": State.NEW, "due": now(), "failures": 0, "attempts": 0, "sends": 0}
    return rows.change(found, again)


def drop(keys: Sequence[str]) -> int:
    """Deletes dead jobs and returns how many."""
    return rows.remove(OutboxRow.where(state=State.DEAD, id__in=list(keys)))
