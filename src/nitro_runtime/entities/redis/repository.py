"""`RedisRepository`: entities on a Redis server."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from nitro_runtime.entities.evaluate import predicate, sort_rows
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.redis.layout import Layout
from nitro_runtime.entities.redis.overlay import Conflict, Found, Overlay, copied
from nitro_runtime.entities.redis.references import References
from nitro_runtime.entities.redis.server import Server
from nitro_runtime.entities.redis.store import Store
from nitro_runtime.entities.redis.unit import RedisUnit
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.storable import reckoned_values, refuse_unstorable
from nitro_runtime.entities.transactions import current_transaction
from nitro_runtime.errors import DatabaseBusy
from nitro_runtime.redis_client import address_of

T = TypeVar("T")


class RedisRepository:
    """Keeps entities on a Redis server: each as a JSON document, with indexes beside it.

    Whatever belongs together is stored by one script that the server runs as a whole. A transaction
    holds no lock and no connection: its commit finds out whether a row that it changes was changed
    by somebody else meanwhile, and raises `StaleEntity`; nothing is stored then.

    Args:
        url: ``redis://user:password@host:6379/0``, or ``rediss://`` for TLS; ``?prefix=shop`` keeps
            the entities apart from others in the same database.
        pool_size: How many connections there are at most.
        patience: Seconds to wait for a connection or an answer, and that a write is tried again
            while others change the same rows.

    Raises:
        MissingExtra: redis-py is not installed.
        ConfigurationError: It is no address of a Redis server.
    """

    name = "redis"
    capabilities = frozenset(
        {"transactions", "unique", "references", "adjust", "ttl", "shared", "nul"}
    )

    def __init__(self, url: str, pool_size: int = 10, patience: float = 5.0) -> None:
        address = address_of(url)
        self.patience = patience
        self.server = Server(address, pool_size, patience)
        self.store = Store(self.server, address.prefix, patience)
        self._references = References(self.store.layout, lambda e: e.repository is self)

    def close(self) -> None:
        """Closes every connection."""
        self.server.close()

    def clear(self) -> None:
        """Deletes everything that begins with the prefix."""
        self.store.clear()

    # -- reading --------------------------------------------------------------------------------

    def get(self, mapper: Mapper, key: Any) -> Row | None:  # noqa: ANN401
        """Returns the row with this key, or None."""
        layout = self.store.layout(mapper)
        text = layout.key_text(key)
        if text is None:
            return None
        found = self._view().read(layout, text)
        return None if found is None else found.row

    def select(self, mapper: Mapper, query: Query) -> list[Row]:
        """Returns the rows of a query, in its order."""
        layout = self.store.layout(mapper)
        view = self._view()
        rows = self._window(layout, view, query)
        return [found.row for found in _chosen(layout, view, query)] if rows is None else rows

    def _window(self, layout: Layout, view: Overlay, query: Query) -> list[Row] | None:
        """Reads a page of all rows in the order of their keys, and no more; None if it cannot be."""
        keys: tuple[str, ...] = layout.mapper.keys
        if (
            query.criterion is not None
            or query.limit is None
            or len(keys) > 1
            or layout.mapper.key not in layout.indexes
            or tuple(item.field for item in query.order) not in ((), keys)
            or layout.ttl
            or view.touches(layout)
        ):
            return None
        if query.limit == 0:
            return []
        descending = any(item.descending for item in query.order)
        last = query.offset + query.limit - 1
        found = self.store.window(layout, query.offset, last, descending=descending)
        return None if found is None else [layout.read(key, document) for key, document in found]

    def count(self, mapper: Mapper, query: Query) -> int:
        """Returns how many rows the query has."""
        layout = self.store.layout(mapper)
        view = self._view()
        if query.criterion is None:
            total = self.store.count(layout) + view.added(layout)
        else:
            total = len(view.find(layout, query.criterion))
        total = max(0, total - query.offset)
        return total if query.limit is None else min(total, query.limit)

    def _view(self) -> Overlay:
        active = current_transaction()
        handle = active.handles.get(self) if active is not None else None
        return handle.overlay if isinstance(handle, RedisUnit) else self._overlay()

    def _overlay(self, *, early: bool = False) -> Overlay:
        return Overlay(self.store, self._references, early=early)

    # -- writing --------------------------------------------------------------------------------

    def insert(self, mapper: Mapper, rows: Sequence[Row]) -> list[Any]:
        """Stores new rows, all or none, and returns their keys."""
        for row in rows:
            refuse_unstorable(mapper, row)
        layout = self.store.layout(mapper)

        def add(overlay: Overlay) -> list[Any]:
            added = [mapper.snapshot(row) for row in rows]
            if mapper.generated_key:
                overlay.give_keys(layout, added)
            for row in added:
                overlay.add(layout, row)
            return [mapper.key_of(row) for row in added]

        return self._write(add)

    def update(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        changes: Mapping[str, Any],
        version: int | None,
    ) -> bool:
        """Stores new values of one row; False when it is gone or its version is another."""
        refuse_unstorable(mapper, changes)

        def change(overlay: Overlay, layout: Layout, found: Found) -> bool:
            overlay.change(layout, found, mapper.snapshot({**found.row, **changes}))
            return True

        return self._write_one(mapper, key, version, change)

    def delete(self, mapper: Mapper, key: Any, version: int | None) -> bool:  # noqa: ANN401
        """Deletes one row; False when it is gone or its version is another."""

        def change(overlay: Overlay, layout: Layout, found: Found) -> bool:
            overlay.remove(layout, [found], mapper.info.name)
            return True

        return self._write_one(mapper, key, version, change)

    def _write_one(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        version: int | None,
        change: Callable[[Overlay, Layout, Found], bool],
    ) -> bool:
        layout = self.store.layout(mapper)
        text = layout.key_text(key)

        def work(overlay: Overlay) -> bool:
            found = None if text is None else overlay.read(layout, text)
            if found is None or not mapper.has_version(found.row, version):
                return False
            return change(overlay, layout, found)

        return self._write(work)

    def update_where(self, mapper: Mapper, query: Query, changes: Mapping[str, Any]) -> int:
        """Changes all rows of a query at once and returns how many."""
        refuse_unstorable(mapper, changes)
        layout = self.store.layout(mapper)

        def work(overlay: Overlay) -> int:
            chosen = _chosen(layout, overlay, query)
            overlay.change_all(
                layout, ((found, _changed(mapper, found.row, changes)) for found in chosen)
            )
            return len(chosen)

        return self._write(work)

    def delete_where(self, mapper: Mapper, query: Query) -> int:
        """Deletes all rows of a query at once and returns how many."""
        layout = self.store.layout(mapper)

        def work(overlay: Overlay) -> int:
            chosen = _chosen(layout, overlay, query)
            overlay.remove(layout, chosen, mapper.info.name)
            return len(chosen)

        return self._write(work)

    def adjust(
        self,
        mapper: Mapper,
        key: Any,  # noqa: ANN401
        query: Query,
        changes: Mapping[str, Any],
        check: Callable[[Row], object],
    ) -> Row | None:
        """Changes one row atomically, and returns it as it then is; None when it does not fit."""
        layout = self.store.layout(mapper)
        text = layout.key_text(key)
        holds = None if query.criterion is None else predicate(mapper, query.criterion)

        def work(overlay: Overlay) -> Row | None:
            found = None if text is None else overlay.read(layout, text)
            if found is None or (holds is not None and holds(found.row) is not True):
                return None
            row = _changed(mapper, found.row, changes)
            check(copied(mapper, row))
            overlay.change(layout, found, row)
            return copied(mapper, row)

        return self._write(work)

    def _write(self, work: Callable[[Overlay], T]) -> T:
        """Runs work on rows and stores what it changed, as one; again when others were faster."""
        active = current_transaction()
        if active is not None:
            unit = active.handle(self)
            assert isinstance(unit, RedisUnit)  # noqa: S101 # this class made it
            return unit.attempt(work)
        deadline = time.monotonic() + self.patience
        while True:
            overlay = self._overlay()
            result = work(overlay)
            try:
                overlay.commit()
            except Conflict as conflict:
                if time.monotonic() > deadline:
                    raise _too_busy(conflict, self.patience) from None
                time.sleep(random.uniform(0, 0.002))  # noqa: S311 # racers that pause unlike one another
            else:
                return result

    # -- transactions and coroutines ------------------------------------------------------------

    def begin(self) -> RedisUnit:
        """Opens a transaction; it holds nothing on the server."""
        return RedisUnit(self._overlay(early=True))

    async def abegin(self) -> RedisUnit:
        """Opens a transaction; it holds nothing on the server."""
        return self.begin()

    async def arun(self, work: Callable[[], T], *, write: bool) -> T:
        """Runs the work in a thread, so that the event loop goes on while the server answers."""
        return await self.server.offload.run(work)


def _chosen(layout: Layout, view: Overlay, query: Query) -> list[Found]:
    """Returns the rows of a query, in its order."""
    found = {id(one.row): one for one in view.find(layout, query.criterion)}
    rows = [one.row for one in found.values()]
    sort_rows(layout.mapper, rows, query.order)
    end = None if query.limit is None else query.offset + query.limit
    return [found[id(row)] for row in rows[query.offset : end]]


def _changed(mapper: Mapper, row: Row, changes: Mapping[str, Any]) -> Row:
    new = reckoned_values(mapper, row, changes)
    return mapper.snapshot({**row, **new})


def _too_busy(conflict: Conflict, patience: float) -> DatabaseBusy:
    return DatabaseBusy(
        f"Others kept changing {conflict.change.layout.mapper.info.name} "
        f"{conflict.change.entity_key!r} for {patience} s; try again later."
    )
