"""The rows that all contenders keep, and the verbs that they have in common."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

ROWS = 10_000
MANY = 1_000
CATEGORIES = ROWS // 20
KEY = "key-05000"
CATEGORY = "c7"
COLUMNS = ("id", "name", "category", "price", "stock", "active", "sku", "version")
CHOSEN = ", ".join(COLUMNS)
SCHEMA = """CREATE TABLE product (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, category VARCHAR NOT NULL,
    price FLOAT NOT NULL, stock BIGINT NOT NULL, active BOOLEAN NOT NULL, sku VARCHAR NOT NULL,
    version BIGINT NOT NULL)"""
INDEX = "CREATE INDEX ix_product_category ON product (category)"
INSERT = f"INSERT INTO product ({CHOSEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def values(number: int) -> dict[str, Any]:
    """Returns one product, whose key sorts as its number does."""
    return {
        "id": f"key-{number:05}",
        "name": f"Product {number}",
        "category": f"c{number % CATEGORIES}",
        "price": number * 1.5,
        "stock": number,
        "active": True,
        "sku": f"s{number}",
        "version": 1,
    }


class Supply:
    """What one contender is to store and to delete next; each contender has its own, all alike."""

    def __init__(self) -> None:
        self._numbers = itertools.count(ROWS)
        self._doomed = (key for n in reversed(range(ROWS)) if (key := values(n)["id"]) != KEY)

    def new(self) -> dict[str, Any]:
        """Returns a product that is not stored yet."""
        return values(next(self._numbers))

    def many(self) -> list[dict[str, Any]]:
        """Returns 1,000 of them."""
        return [self.new() for _ in range(MANY)]

    def doomed(self) -> str:
        """Returns the key of a stored product that was not deleted yet."""
        return next(self._doomed)


class Peer(Protocol):
    """One way to keep products, used as its own documentation does in a web application.

    A verb may be a coroutine function; then it is awaited in one event loop, call after call.

    Attributes:
        name: What it is called in the tables.
    """

    name: ClassVar[str]

    def get(self) -> Any:  # noqa: ANN401 # of each peer's own kind, or awaitable
        """Reads the product with the key."""
        ...

    def filter(self) -> Any:  # noqa: ANN401
        """Reads the 20 products of a category, by key."""
        ...

    def count(self) -> Any:  # noqa: ANN401
        """Counts all products."""
        ...

    def count_some(self) -> Any:  # noqa: ANN401
        """Counts the products of a category."""
        ...

    def create(self) -> Any:  # noqa: ANN401
        """Stores a new product."""
        ...

    def update(self) -> Any:  # noqa: ANN401
        """Adds one to the stock and to the version of a product that was read before.

        Who has a session for each unit of work reads it in that unit.
        """
        ...

    def delete(self) -> Any:  # noqa: ANN401
        """Deletes a product of which only the key is known, without reading it."""
        ...

    def read(self, key: str) -> Any:  # noqa: ANN401
        """Reads the product with this key, for `delete_read`."""
        ...

    def delete_read(self, one: Any) -> Any:  # noqa: ANN401
        """Deletes a product that was read."""
        ...

    def insert_many(self) -> Any:  # noqa: ANN401
        """Stores 1,000 new products, all or none."""
        ...


VERBS = ("get", "filter", "count", "count_some", "create", "update", "delete", "insert_many")


def identity(one: Any) -> str:  # noqa: ANN401 # a row or an object, of any peer
    """Returns the key of what a peer has read."""
    return one[0] if isinstance(one, tuple) else one.id


def identities(many: Sequence[Any]) -> list[str]:
    """Returns the keys of what a peer has read, in its order."""
    return [identity(one) for one in many]


READ: dict[str, Callable[[Any], object]] = {
    "get": identity,
    "filter": identities,
    "count": int,
    "count_some": int,
}
"""What all contenders must find alike, by verb; the other verbs are compared by what they leave."""


def make_file(path: Path, rows: int = ROWS) -> None:
    """Makes a SQLite file of products, in WAL mode, which stays with the file."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(SCHEMA)
    db.execute(INDEX)
    db.execute("BEGIN")
    db.executemany(INSERT, (tuple(values(i).values()) for i in range(rows)))
    db.execute("COMMIT")
    db.close()
