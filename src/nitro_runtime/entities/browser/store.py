"""What one visitor's browser keeps, read out: tables in memory for as long as a request lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from nitro_runtime.context import Visit, after_commit
from nitro_runtime.entities.browser.envelope import (
    Content,
    claimed_revision,
    next_revision,
    seal,
    unseal,
)
from nitro_runtime.entities.documents import from_document, to_document
from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.memory import MemoryRepository, Table
from nitro_runtime.errors import BrowserStorageFull, InvalidRow


@dataclass(frozen=True, slots=True)
class Limits:
    """What a browser may keep, and how long.

    Attributes:
        most_bytes: Bytes of the whole signed text.
        most_rows: Rows of all entities together.
        seconds: How long a row lives after it was last saved, unless its class has a ``ttl``.
        clock: The present in seconds since 1970.
    """

    most_bytes: int
    most_rows: int
    seconds: int
    clock: Callable[[], float]

    def expiry(self, mapper: Mapper) -> int:
        """Returns when a row that is saved now expires, in whole seconds since 1970."""
        return ceil(self.clock() + (mapper.options.ttl or self.seconds))


class Store(MemoryRepository):
    """The tables of one visit. What is written here goes back to the browser after the commit.

    Args:
        visit: Whose they are, what came, and where the new text goes.
        limits: What may be kept.
        find: Returns the mapper of a table that is kept in browsers, or None.
    """

    name = "browser"

    def __init__(self, visit: Visit, limits: Limits, find: Callable[[str], Mapper | None]) -> None:
        super().__init__()
        self._visit = visit
        self._limits = limits
        self._revision = claimed_revision(visit.kept)
        self._mappers: dict[str, Mapper] = {}
        self._expiries: dict[tuple[str, Any], int] = {}
        self._unread: Content = {}
        self._broken: dict[str, InvalidRow] = {}
        self._find = find

    def read(self) -> None:
        """Reads what came; rows that have expired count as gone.

        Raises:
            BrowserStorageRefused: It cannot be verified.
        """
        if not self._visit.kept:
            return
        self._revision, content = unseal(self._visit.owner, self._visit.kept)
        now = self._limits.clock()
        for name, rows in content.items():
            alive = [(expires, document) for expires, document in rows if expires > now]
            mapper = self._find(name)
            if mapper is None:  # another app of this site keeps it
                self._unread[name] = alive
                continue
            try:
                self._take(mapper, alive)
            except InvalidRow as error:  # the class has changed; its other rows are kept unread too
                self._unread[name] = alive
                self._broken[name] = error

    def _take(self, mapper: Mapper, alive: list[tuple[int, Any]]) -> None:
        rows = [(expires, from_document(mapper, document)) for expires, document in alive]
        table: Table = {}
        for expires, row in rows:
            key = mapper.key_of(row)
            table[key] = row
            self._expiries[mapper.info.table, key] = expires
        self._mappers[mapper.info.table] = mapper
        self.tables[mapper.info.table] = table

    def known(self, mapper: Mapper) -> Store:
        """Returns the store for work on one entity.

        Raises:
            InvalidRow: A row of it does not fit its class.
        """
        broken = self._broken.get(mapper.info.table)
        if broken is not None:
            raise broken
        self._mappers[mapper.info.table] = mapper
        return self

    # -- writing --------------------------------------------------------------------------------

    def check(self, changed: Mapping[str, Table]) -> None:
        """Refuses changes that a browser could not bring back.

        What shrinks is let through, also while it is more than a limit that has become lower.

        Raises:
            BrowserStorageFull: They are too many bytes or rows.
        """
        tables = {**self.tables, **changed}
        rows, former = _count(tables), _count(self.tables)
        if rows > max(self._limits.most_rows, former):
            raise BrowserStorageFull(rows, self._limits.most_rows, "rows")
        size = len(self._sealed(tables, next_revision(self._revision)))
        if size > max(self._limits.most_bytes, len(self._visit.kept)):
            raise BrowserStorageFull(size, self._limits.most_bytes, "bytes")

    def keep(self, changed: Mapping[str, Table]) -> None:
        """Puts changed tables in place, and sends everything to the browser after the commit."""
        if all(self.tables.get(name, {}) == table for name, table in changed.items()):
            return
        self._expiries = self._expiries_of({**self.tables, **changed})
        super().keep(changed)
        after_commit(self.send)

    def send(self) -> None:
        """Sends everything to the browser."""
        self._revision = next_revision(self._revision)
        text = self._sealed(self.tables, self._revision)
        self._visit.kept = text
        self._visit.send(text)

    def _sealed(self, tables: Mapping[str, Table], revision: int) -> str:
        expiries = self._expiries_of(tables)
        content = dict(self._unread)
        for name, table in tables.items():
            if table:
                mapper = self._mappers[name]
                content[name] = [
                    (expiries[name, key], to_document(mapper, row)) for key, row in table.items()
                ]
        return seal(self._visit.owner, revision, content)

    def _expiries_of(self, tables: Mapping[str, Table]) -> dict[tuple[str, Any], int]:
        """Returns when each row expires: one that is still the same object was not saved again."""
        found: dict[tuple[str, Any], int] = {}
        for name, table in tables.items():
            fresh = self._limits.expiry(self._mappers[name]) if table else 0
            former = self.tables.get(name, {})
            for key, row in table.items():
                is_same = former.get(key) is row
                found[name, key] = self._expiries[name, key] if is_same else fresh
        return found


def _count(tables: Mapping[str, Table]) -> int:
    return sum(map(len, tables.values()))
