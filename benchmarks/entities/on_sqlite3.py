# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""SQL by hand: one held connection, one thread, tuples that nobody checks."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.entities.products import CATEGORY, CHOSEN, INSERT, KEY, Supply

SELECT = f"SELECT {CHOSEN} FROM product WHERE id = ?"
FILTER = f"SELECT {CHOSEN} FROM product WHERE category = ? ORDER BY id"
COUNT = "SELECT count(*) FROM product"
COUNT_SOME = "SELECT count(*) FROM product WHERE category = ?"
UPDATE = "UPDATE product SET stock = ?, version = ? WHERE id = ? AND version = ?"
DELETE = "DELETE FROM product WHERE id = ?"

DELETE_READ = "DELETE FROM product WHERE id = ? AND version = ?"


class Sqlite3:
    """The reference."""

    name: ClassVar[str] = "raw sqlite3"

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.supply = Supply()
        self.stock: Any = self.get()[4]
        self.versions = itertools.count(1)

    def get(self) -> tuple[object, ...]:
        return self.db.execute(SELECT, (KEY,)).fetchone()

    def filter(self) -> list[tuple[object, ...]]:
        return self.db.execute(FILTER, (CATEGORY,)).fetchall()

    def count(self) -> int:
        return self.db.execute(COUNT).fetchone()[0]

    def count_some(self) -> int:
        return self.db.execute(COUNT_SOME, (CATEGORY,)).fetchone()[0]

    def create(self) -> None:
        self.db.execute(INSERT, tuple(self.supply.new().values()))

    def update(self) -> int:
        version = next(self.versions)
        self.stock += 1
        return self.db.execute(UPDATE, (self.stock, version + 1, KEY, version)).rowcount

    def delete(self) -> int:
        return self.db.execute(DELETE, (self.supply.doomed(),)).rowcount

    def read(self, key: str) -> tuple[object, ...]:
        return self.db.execute(SELECT, (key,)).fetchone()

    def delete_read(self, one: tuple[object, ...]) -> int:
        return self.db.execute(DELETE_READ, (one[0], one[7])).rowcount

    def insert_many(self) -> None:
        self.db.execute("BEGIN")
        self.db.executemany(INSERT, [tuple(row.values()) for row in self.supply.many()])
        self.db.execute("COMMIT")
