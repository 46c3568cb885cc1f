# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""Tortoise, which has coroutines only: its connection lives in a thread that they wait for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tortoise import Model, Tortoise, fields

from benchmarks.entities.products import CATEGORY, KEY, Supply


class Row(Model):
    """The product."""

    id = fields.CharField(max_length=36, primary_key=True)
    name = fields.CharField(max_length=80)
    category = fields.CharField(max_length=80)
    price = fields.FloatField()
    stock = fields.BigIntField(default=0)
    active = fields.BooleanField(default=True)
    sku = fields.CharField(max_length=80)
    version = fields.BigIntField(default=1)

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride] # Tortoise's way
        """Where it is kept."""

        table = "product"


class TortoiseOrm:
    """The asynchronous ORM; `start` comes before the verbs."""

    name: ClassVar[str] = "Tortoise"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.row: Any = Row
        self.supply = Supply()
        self.held: Any = None

    async def start(self) -> None:
        await Tortoise.init(
            db_url=f"sqlite://{self.path}?journal_mode=WAL&synchronous=NORMAL",
            modules={"models": [__name__]},
            _enable_global_fallback=True,
        )
        self.held = await self.get()

    async def stop(self) -> None:
        await Tortoise.close_connections()

    async def get(self) -> Any:  # noqa: ANN401
        return await self.row.get(id=KEY)

    async def filter(self) -> list[Any]:
        return await self.row.filter(category=CATEGORY).order_by("id")

    async def count(self) -> int:
        return await self.row.all().count()

    async def count_some(self) -> int:
        return await self.row.filter(category=CATEGORY).count()

    async def create(self) -> Any:  # noqa: ANN401
        return await self.row.create(**self.supply.new())

    async def update(self) -> None:
        self.held.stock += 1
        self.held.version += 1
        await self.held.save(update_fields=["stock", "version"])

    async def delete(self) -> int:
        return await self.row.filter(id=self.supply.doomed()).delete()

    async def read(self, key: str) -> Any:  # noqa: ANN401
        return await self.row.get(id=key)

    async def delete_read(self, one: Any) -> None:  # noqa: ANN401
        await one.delete()

    async def insert_many(self) -> Any:  # noqa: ANN401
        return await self.row.bulk_create([self.row(**row) for row in self.supply.many()])
