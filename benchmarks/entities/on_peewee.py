# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""peewee, on the connection that it holds for each thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import peewee as pw

from benchmarks.entities.products import CATEGORY, KEY, Supply


class Row(pw.Model):
    """The product."""

    id = pw.CharField(primary_key=True)
    name = pw.CharField()
    category = pw.CharField()
    price = pw.FloatField()
    stock = pw.BigIntegerField(default=0)
    active = pw.BooleanField(default=True)
    sku = pw.CharField()
    version = pw.BigIntegerField(default=1)

    class Meta:
        """Where it is kept."""

        table_name = "product"


class Peewee:
    """The small ORM."""

    name: ClassVar[str] = "peewee"

    def __init__(self, path: Path) -> None:
        self.database: Any = pw.SqliteDatabase(str(path), pragmas={"synchronous": "normal"})
        self.row: Any = Row
        self.database.bind([Row])
        self.supply = Supply()
        self.held = self.get()

    def get(self) -> Any:  # noqa: ANN401
        return self.row.get_by_id(KEY)

    def filter(self) -> list[Any]:
        return list(self.row.select().where(self.row.category == CATEGORY).order_by(self.row.id))

    def count(self) -> int:
        return self.row.select().count()

    def count_some(self) -> int:
        return self.row.select().where(self.row.category == CATEGORY).count()

    def create(self) -> Any:  # noqa: ANN401
        return self.row.create(**self.supply.new())

    def update(self) -> int:
        self.held.stock += 1
        self.held.version += 1
        return self.held.save(only=[self.row.stock, self.row.version])

    def delete(self) -> int:
        return self.row.delete().where(self.row.id == self.supply.doomed()).execute()

    def read(self, key: str) -> Any:  # noqa: ANN401
        return self.row.get_by_id(key)

    def delete_read(self, one: Any) -> int:  # noqa: ANN401
        return one.delete_instance()

    def insert_many(self) -> Any:  # noqa: ANN401
        rows = [self.row(**values) for values in self.supply.many()]
        with self.database.atomic():
            return self.row.bulk_create(rows, batch_size=100)
