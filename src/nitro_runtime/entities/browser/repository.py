"""`BrowserRepository`: entities that live in their visitor's browser, in its localStorage.

They come with each request that Datastar makes, are in memory while it is answered, and go back as a
patch of signals. Nothing of them stays on the server, and outside such a request there are none. They
are input from outside: signed and checked, but an older copy of one's own is as good as the newest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from nitro_runtime.context import Visit, current_visit
from nitro_runtime.entities.browser.store import Limits, Store
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import BrowserStorageMissing, EntityDefinitionError, EntityError
from nitro_runtime.schema import find_entity

T = TypeVar("T")

MOST_BYTES = 3_000
"""A query string carries it: some servers take 4,094 bytes for the whole first line of a request."""

MOST_ROWS = 200
SECONDS = 30 * 24 * 3600


class BrowserRepository:
    """Keeps rows in the browser of whoever is being answered. Safe from every thread and task.

    Register one with other limits before the first request:
    ``register_backend(BrowserRepository(most_bytes=6_000))``.

    Args:
        most_bytes: Bytes that one visitor's browser may keep, signature and all.
        most_rows: Rows that it may keep, of all entities together.
        seconds: How long a row lives after it was last saved, unless its class has a ``ttl``.
        clock: The present in seconds since 1970.
    """

    name = "browser"
    capabilities = frozenset({"transactions", "unique", "references", "ttl", "nul", "visit"})

    def __init__(
        self,
        most_bytes: int = MOST_BYTES,
        most_rows: int = MOST_ROWS,
        seconds: int = SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limits = Limits(most_bytes, most_rows, seconds, clock)
        self._checked: WeakKeyDictionary[Mapper, Mapper] = WeakKeyDictionary()

    # -- reading --------------------------------------------------------------------------------

    def get(self, mapper: Mapper, key: Any) -> Row | None:  # noqa: ANN401 # of the key's type
        """Returns the row with this key, or None."""
        return self._store(mapper).get(mapper, key)

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        return self._store(mapper).select(mapper, query)

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows the query has."""
        return self._store(mapper).count(mapper, query)

    # -- writing --------------------------------------------------------------------------------

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        return self._store(mapper).insert(self._own(mapper), rows)

    def update(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401 # of the key's type
        changes: Mapping[str, Any],
        version: int | None,
    ) -> bool:
        """Stores new values of one row; False when it is gone or its version is another."""
        return self._store(mapper).update(self._own(mapper), key, changes, version)

    def delete(self, mapper: Mapper, key: Any, version: int | None) -> bool:  # noqa: ANN401
        """Deletes one row; False when it is gone or its version is another."""
        return self._store(mapper).delete(mapper, key, version)

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many."""
        return self._store(mapper).update_where(self._own(mapper), query, changes)

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        return self._store(mapper).delete_where(mapper, query)

    def clear(self) -> None:
        """Forgets all that the visitor's browser keeps for this site, also what cannot be verified.

        It is the way out for a visitor whose storage is refused, and the app's to offer.

        Raises:
            BrowserStorageMissing: No storage came with the request.
            EntityError: A transaction is open, and this cannot be undone.
        """
        if current_transaction() is not None:
            raise EntityError("clear() cannot be undone: call it outside a transaction().")
        visit = _visit(None)
        with visit.lock:
            visit.opened = store = Store(visit, self._limits, self._find)
        store.send()

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> _Nothing:
        """Opens nothing: each visit takes part in a transaction from its first write on."""
        return _Nothing()

    async def abegin(self) -> _Nothing:
        """Opens nothing, as `begin`."""
        return _Nothing()

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work here: only the turn to write is awaited, which is the visit's own."""
        visit = current_visit()
        store: Store | None = None if visit is None else visit.opened
        return work() if store is None else await store.arun(work, write=write)

    # -- the visit ------------------------------------------------------------------------------

    def _store(self, mapper: Mapper) -> Store:
        self._own(mapper)
        visit = _visit(mapper)
        store: Store | None = visit.opened
        if store is None:
            with visit.lock:
                store = visit.opened
                if store is None:
                    store = Store(visit, self._limits, self._find)
                    store.read()
                    visit.opened = store
        return store.known(mapper)

    def _find(self, table: str) -> Mapper | None:
        entity = find_entity(table)
        return entity.__nitro_mapper__ if entity is not None and self._keeps(entity) else None

    def _keeps(self, entity: type[Any]) -> bool:
        return entity.repository is self  # pyright: ignore[reportAttributeAccessIssue] # an entity's

    def _own(self, mapper: Mapper) -> Mapper:
        """Returns the mapper with those foreign keys alone that point into browsers.

        Raises:
            EntityDefinitionError: The class cannot be kept in a browser.
        """
        known = self._checked.get(mapper)
        if known is None:
            _refuse_secrets(mapper)
            known = copy(mapper)
            known.references = [one for one in mapper.references if self._points_here(one[1])]
            self._checked[mapper] = known
        return known

    def _points_here(self, table: str) -> bool:
        entity = find_entity(table)
        return entity is None or self._keeps(entity)


class _Nothing:
    """The part of a transaction that is no visit's."""

    def savepoint(self, name: str) -> None:
        """Marks nothing."""

    def rollback_to(self, name: str) -> None:
        """Undoes nothing."""

    def release(self, name: str) -> None:
        """Forgets nothing."""

    def commit(self) -> None:
        """Makes nothing last."""

    def rollback(self) -> None:
        """Undoes nothing."""


def _visit(mapper: Mapper | None) -> Visit:
    visit = current_visit()
    if visit is None:
        raise BrowserStorageMissing(mapper.info.name if mapper else "This")
    return visit


def _refuse_secrets(mapper: Mapper) -> None:
    for field in mapper.fields.values():
        if field.info.secret:
            raise EntityDefinitionError(
                f"{mapper.info.name}.{field.name} is secret, and whoever has a browser can read what "
                "it keeps: leave the field out, or choose another backend for the class."
            )
