"""`once`: an effect that happens one time for a key, whatever runs twice."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import TracebackType

from nitro_runtime.durable.rows import OnceKey, insert, remove
from nitro_runtime.entities import transaction
from nitro_runtime.errors import Duplicate

KEPT = timedelta(days=30)
_LONGEST = 200
_PAUSE = 3600.0
"""Seconds between two looks for keys that may be forgotten."""


class once:  # reads as a word: with once(key) as first:
    """Says whether this is the first time that a key is met: ``with once(key) as first:``.

    The key is stored in the transaction of the block, together with what the block changes. So on a
    SQL database the effect and the key last both or not at all, and of several that come with one
    key at the same time the second waits for the first. ``async with`` does not stall the event
    loop. What happens outside the database, such as a mail, is not undone by a rollback.

    Args:
        key: Any text: the key of a job, the number of an order.
        keep: How long the key is remembered at least, 30 days by default.
    """

    def __init__(self, key: str, *, keep: timedelta = KEPT) -> None:
        self._key = key if len(key) <= _LONGEST else sha256(key.encode()).hexdigest()
        self._keep = keep
        self._transaction = transaction()

    def __enter__(self) -> bool:
        self._transaction.__enter__()
        try:
            return self._is_first()
        except BaseException as error:
            self._transaction.__exit__(type(error), error, error.__traceback__)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._transaction.__exit__(kind, error, trace)

    async def __aenter__(self) -> bool:
        await self._transaction.__aenter__()
        try:
            return await OnceKey.repository.arun(self._is_first, write=True)
        except BaseException as error:
            await self._transaction.__aexit__(type(error), error, error.__traceback__)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._transaction.__aexit__(kind, error, trace)

    def _is_first(self) -> bool:
        row = OnceKey(id=self._key, expires=datetime.now(UTC) + self._keep)
        try:
            with transaction():  # a savepoint: PostgreSQL gives up a transaction at its first error
                insert([row])
        except Duplicate:
            return False
        return True


def forget_expired(most: int = 1000) -> int:
    """Deletes keys that need not be remembered any more, and returns how many."""
    now = datetime.now(UTC)
    keys = [key.id for key in OnceKey.where(OnceKey.expires < now).limit(most)]
    # looked at again as it is deleted: another process may have forgotten it and kept it anew
    return remove(OnceKey.where(OnceKey.expires < now, id__in=keys)) if keys else 0


class Tidying:
    """Forgets expired keys now and then. One thread of a process uses it."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def look(self) -> None:
        """Forgets them when the last time is an hour ago."""
        if time.monotonic() - self._last > _PAUSE:
            self._last = time.monotonic()
            while forget_expired():
                pass
