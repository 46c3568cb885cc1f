# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""The drivers of servers, by hand: one held connection, each statement a transaction of its own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.engine import make_url

from benchmarks.entities.products import (
    CATEGORY,
    CHOSEN,
    COLUMNS,
    KEY,
    ROWS,
    Supply,
    identity,
    values,
)

INSERT = f"INSERT INTO product ({CHOSEN}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"
SELECT = f"SELECT {CHOSEN} FROM product WHERE id = %s"
FILTER = f"SELECT {CHOSEN} FROM product WHERE category = %s ORDER BY id"
COUNT = "SELECT count(*) FROM product"
COUNT_SOME = "SELECT count(*) FROM product WHERE category = %s"
UPDATE = "UPDATE product SET stock = %s, version = %s WHERE id = %s AND version = %s"
DELETE = "DELETE FROM product WHERE id = %s"


class ByHand:
    """The verbs in SQL, for a driver that writes its parameters ``%s``."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.supply = Supply()
        self.stock: Any = self.get()[4]
        self.versions = itertools.count(1)

    def rows(self, sql: str, given: Sequence[Any] = ()) -> Sequence[Any]:
        """Runs a statement that reads."""
        raise NotImplementedError

    def change(self, sql: str, given: Sequence[Any]) -> int:
        """Runs a statement that writes."""
        raise NotImplementedError

    def several(self, sql: str, given: Iterable[Sequence[Any]]) -> None:
        """Runs a statement for each, all or none."""
        raise NotImplementedError

    def get(self) -> Any:  # noqa: ANN401
        return self.rows(SELECT, (KEY,))[0]

    def filter(self) -> Sequence[Any]:
        return self.rows(FILTER, (CATEGORY,))

    def count(self) -> int:
        return self.rows(COUNT)[0][0]

    def count_some(self) -> int:
        return self.rows(COUNT_SOME, (CATEGORY,))[0][0]

    def create(self) -> int:
        return self.change(INSERT, tuple(self.supply.new().values()))

    def update(self) -> int:
        version = next(self.versions)
        self.stock += 1
        return self.change(UPDATE, (self.stock, version + 1, KEY, version))

    def delete(self) -> int:
        return self.change(DELETE, (self.supply.doomed(),))

    def insert_many(self) -> None:
        self.several(INSERT, [tuple(row.values()) for row in self.supply.many()])


class Psycopg(ByHand):
    """PostgreSQL: autocommit, and statements that the server has prepared."""

    name: ClassVar[str] = "psycopg by hand"

    def __init__(self, address: str) -> None:
        import psycopg

        self.db: Any = psycopg.connect(address, autocommit=True)
        super().__init__()

    def rows(self, sql: str, given: Sequence[Any] = ()) -> Sequence[Any]:
        return self.db.execute(sql, given, prepare=True).fetchall()

    def change(self, sql: str, given: Sequence[Any]) -> int:
        return self.db.execute(sql, given, prepare=True).rowcount

    def several(self, sql: str, given: Iterable[Sequence[Any]]) -> None:
        with self.db.transaction(), self.db.cursor() as cursor:
            cursor.executemany(sql, given)


class PyMySql(ByHand):
    """MariaDB: autocommit; this driver prepares nothing."""

    name: ClassVar[str] = "pymysql by hand"

    def __init__(self, address: str) -> None:
        import pymysql

        url = make_url(address)
        self.db: Any = pymysql.connect(
            host=url.host,
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
            autocommit=True,
        )
        self.cursor = self.db.cursor()
        super().__init__()

    def rows(self, sql: str, given: Sequence[Any] = ()) -> Sequence[Any]:
        self.cursor.execute(sql, given)
        return self.cursor.fetchall()

    def change(self, sql: str, given: Sequence[Any]) -> int:
        return self.cursor.execute(sql, given)

    def several(self, sql: str, given: Iterable[Sequence[Any]]) -> None:
        self.db.begin()
        self.cursor.executemany(sql, given)
        self.db.commit()


class Redis:
    """Redis: one JSON document a key, a set for all keys and one for each category."""

    name: ClassVar[str] = "redis-py by hand"

    def __init__(self, address: str) -> None:
        import redis

        self.db: Any = redis.Redis.from_url(address, decode_responses=True)
        self.supply = Supply()
        with self.db.pipeline() as pipe:
            for number in range(ROWS):
                self._put(pipe, values(number))
            pipe.execute()
        self.held = self.read(KEY)

    def _put(self, pipe: Any, row: dict[str, Any]) -> None:  # noqa: ANN401 # redis has no types
        pipe.set(f"hand:product:{row['id']}", json.dumps(row))
        pipe.sadd("hand:products", row["id"])
        pipe.sadd(f"hand:products:{row['category']}", row["id"])

    def read(self, key: str) -> Any:  # noqa: ANN401
        return tuple(json.loads(self.db.get(f"hand:product:{key}")).values())

    def get(self) -> Any:  # noqa: ANN401
        return self.read(KEY)

    def filter(self) -> Sequence[Any]:
        keys = [f"hand:product:{key}" for key in self.db.smembers(f"hand:products:{CATEGORY}")]
        found = [tuple(json.loads(text).values()) for text in self.db.mget(keys)]
        return sorted(found, key=identity)

    def count(self) -> int:
        return self.db.scard("hand:products")

    def count_some(self) -> int:
        return self.db.scard(f"hand:products:{CATEGORY}")

    def create(self) -> None:
        with self.db.pipeline() as pipe:
            self._put(pipe, self.supply.new())
            pipe.execute()

    def update(self) -> None:
        row = dict(zip(COLUMNS, self.held, strict=True))
        row["stock"] += 1
        row["version"] += 1
        self.held = tuple(row.values())
        self.db.set(f"hand:product:{KEY}", json.dumps(row))

    def insert_many(self) -> None:
        with self.db.pipeline() as pipe:
            for row in self.supply.many():
                self._put(pipe, row)
            pipe.execute()
