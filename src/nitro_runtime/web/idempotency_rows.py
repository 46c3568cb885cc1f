"""Idempotency keys that processes share: rows of a SQL database, or of Redis.

Importing this makes the table ``nitro_idempotency`` one of the app's, so that its next migration
(``nitro db revision``) creates it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from nitro_runtime.entities import Entity, Field, Text
from nitro_runtime.errors import Duplicate
from nitro_runtime.web.idempotency import Claim

T = TypeVar("T")

_SWEPT = 100
"""Expired rows that are deleted at a time."""


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

    Each step is one statement, which one of several wins. What is done to the rows is announced to
    nobody: they are no data of the app.

    Args:
        entity: The class of the rows; by default a table of the default backend.
    """

    def __init__(self, entity: type[IdempotencyRow] = NitroIdempotency) -> None:
        self._entity = entity

    async def claim(self, key: str, claim: Claim, seconds: float) -> Claim | None:
        """Takes a key, unless somebody has it."""
        return await self._run(lambda: self._claim(key, claim, seconds))

    async def keep(self, key: str, claim: Claim, seconds: float) -> None:
        """Keeps the answer, unless the key is another owner's by now."""
        answer = b64encode(claim.answer or b"").decode()
        changes = {"answer": answer, "expires": _in(seconds)}
        await self._run(lambda: self._change(key, claim, changes))
        await self._run(self._sweep)

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
                known = self._entity.find(key)
                if known is not None and known.expires > datetime.now(UTC):
                    answer = None if known.answer is None else b64decode(known.answer)
                    return Claim(known.fingerprint, known.owner, answer)
                if known is not None:  # of several that find it expired one makes it its own
                    self._remove(id=key, owner=known.owner)
            else:
                return None
        return Claim(claim.fingerprint, "")  # others are faster each time: one of them runs

    def _change(self, key: str, claim: Claim, changes: dict[str, Any]) -> int:
        entity: Any = self._entity
        found = entity.where(id=key, owner=claim.owner)
        return entity.repository.update_where(entity.mapper, found.query, changes)

    def _remove(self, **lookups: Any) -> int:  # noqa: ANN401 # of the fields' types
        entity: Any = self._entity
        return entity.repository.delete_where(entity.mapper, entity.where(**lookups).query)

    def _sweep(self) -> None:
        entity: Any = self._entity
        if getattr(entity.__entity_options__, "ttl", None) is not None:
            return  # Redis forgets them itself
        old = entity.where(entity.expires < datetime.now(UTC)).limit(_SWEPT).all()
        if old:
            self._remove(id__in=[row.id for row in old])

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._entity.repository.arun(work, write=True)


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
