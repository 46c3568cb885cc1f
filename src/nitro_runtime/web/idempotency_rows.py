"""Idempotency keys that processes share: rows of a SQL database, or of Redis.

Importing this makes the table ``nitro_idempotency`` one of the app's, so that its next migration
(``nitro db revision``) creates it.
"""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from nitro_runtime.entities import Entity, Field, Text
from nitro_runtime.errors import DatabaseBusy, Duplicate, NitroError
from nitro_runtime.web.idempotency import Claim

log = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSE, _SWEPT = 5, 20
"""Once in so many answers that are kept, so many expired rows are deleted at most."""


class IdempotencyRow(Entity, abstract=True, version=False):
    """A key, and the answer that it got.

    Attributes:
        id: The key, with whose it is.
        fingerprint: Of the command and its input.
        owner: Who runs it.
        answer: The answer, in base64; None while it runs.
        expires: When it is forgotten.
    """

    id: str = Field(primary_key=True, max_length=64)
    fingerprint: str = Field(max_length=64)
    owner: str = Field(max_length=32)
    answer: str | None = Field(default=None, sa_type=Text)
    expires: datetime = Field(index=True)


class NitroIdempotency(IdempotencyRow, table_name="nitro_idempotency"):
    """The row of a key in the default backend."""


class EntityIdempotency:
    """Keys in a table that all processes of an app share.

    ```python
    use_idempotency(EntityIdempotency())

    class Key(IdempotencyRow, backend="redis", ttl=24 * 3600): ...

    use_idempotency(EntityIdempotency(Key))
    ```

    Each step that changes something is one statement, which one of several wins. What is done to the
    rows is announced to nobody: they are no data of the app. Expired ones are deleted now and then,
    a few at a time, when an answer is kept; Redis forgets those of a class with a ``ttl`` itself, which
    must not be shorter than ``kept`` and ``lease``.

    Args:
        entity: The class of the rows; by default a table of the default backend.
    """

    def __init__(self, entity: type[IdempotencyRow] = NitroIdempotency) -> None:
        self._entity = entity
        self._kept = count()

    async def claim(self, key: str, claim: Claim, seconds: float) -> Claim | None:
        """Takes a key, unless somebody has it."""
        # Whoever waits for an answer only reads, so that no turn to write is waited for as well.
        known = await self._entity.repository.arun(lambda: self._known(key), write=False)
        return known or await self._run(lambda: self._claim(key, claim, seconds))

    async def keep(self, key: str, claim: Claim, seconds: float) -> None:
        """Keeps the answer, unless the key is another owner's by now."""
        answer = b64encode(claim.answer or b"").decode()
        changes = {"answer": answer, "expires": _in(seconds)}
        await self._run(lambda: self._change(key, claim, changes))
        if next(self._kept) % _PAUSE == 0:
            await self._sweep()

    async def release(self, key: str, claim: Claim) -> None:
        """Gives a key back, unless it is another owner's."""
        await self._run(lambda: self._remove(id=key, owner=claim.owner))

    def _claim(self, key: str, claim: Claim, seconds: float) -> Claim | None:
        entity: Any = self._entity
        row = entity(id=key, fingerprint=claim.fingerprint, owner=claim.owner, expires=_in(seconds))
        for _ in range(3):
            try:
                entity.repository.insert(entity.mapper, [entity.mapper.snapshot(vars(row))])
            except Duplicate:
                known = self._known(key)
                if known is not None:
                    return known
                self._remove(id=key, expires__lte=datetime.now(UTC))
            else:
                return None
        return Claim(claim.fingerprint, "")  # others are faster each time: one of them runs

    def _known(self, key: str) -> Claim | None:
        row = self._entity.find(key)
        if row is None or row.expires <= datetime.now(UTC):
            return None
        return Claim(
            row.fingerprint, row.owner, None if row.answer is None else b64decode(row.answer)
        )

    def _change(self, key: str, claim: Claim, changes: dict[str, Any]) -> int:
        entity: Any = self._entity
        found = entity.where(id=key, owner=claim.owner)
        return entity.repository.update_where(entity.mapper, found.query, changes)

    def _remove(self, **lookups: Any) -> int:  # noqa: ANN401 # of the fields' types
        entity: Any = self._entity
        return entity.repository.delete_where(entity.mapper, entity.where(**lookups).query)

    async def _sweep(self) -> None:
        if self._entity.__entity_options__.ttl is not None:
            return  # Redis forgets them itself
        try:
            await self._run(self._remove_expired)
        except NitroError:  # the answer is kept, whatever becomes of old ones
            log.warning("expired idempotency keys could not be deleted this time", exc_info=True)

    def _remove_expired(self) -> int:
        now = datetime.now(UTC)
        old = self._entity.where(expires__lt=now).limit(_SWEPT).values("id")
        # One that was taken anew since then is not among them.
        return self._remove(id__in=[row["id"] for row in old], expires__lt=now) if old else 0

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._entity.repository.arun(lambda: _insistently(work), write=True)


def _insistently(work: Callable[[], T]) -> T:
    """Does a step again that the database has undone, as one of two that stood in each other's way."""
    for _ in range(2):
        try:
            return work()
        except DatabaseBusy:
            continue
    return work()


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
