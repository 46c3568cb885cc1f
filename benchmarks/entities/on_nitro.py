# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""Entities, as a program uses them: validated, versioned, through the shipped pool."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from benchmarks.entities.products import CATEGORY, KEY, Supply
from nitro_runtime.entities import Entity, Field, configure


class Product(Entity):
    """The entity that all others imitate."""

    name: str
    category: str = Field(index=True)
    price: float
    stock: int = 0
    active: bool = True
    sku: str


class Nitro:
    """The synchronous verbs.

    Args:
        database: A file, or the address of a server.
    """

    name: ClassVar[str] = "nitro"

    def __init__(self, database: Path | str) -> None:
        configure(f"sqlite:///{database}" if isinstance(database, Path) else database)
        self.supply = Supply()
        self.held = Product.get(KEY)

    def get(self) -> Product:
        return Product.get(KEY)

    def filter(self) -> list[Product]:
        return Product.where(Product.category == CATEGORY).all()

    def count(self) -> int:
        return Product.count()

    def count_some(self) -> int:
        return Product.count(category=CATEGORY)

    def create(self) -> Product:
        return Product.create(**self.supply.new())

    def update(self) -> Product:
        self.held.stock += 1
        return self.held.save()

    def delete(self) -> int:
        return Product.where(id=self.supply.doomed()).delete()

    def read(self, key: str) -> Product:
        return Product.get(key)

    def delete_read(self, one: Product) -> None:
        one.delete()

    def insert_many(self) -> list[Product]:
        return Product.create_many(self.supply.many())


class NitroAsync:
    """The asynchronous twins, on what the synchronous contender has configured."""

    name: ClassVar[str] = "nitro async"

    def __init__(self) -> None:
        self.supply = Supply()

    async def get(self) -> Product:
        return await Product.aget(KEY)

    async def filter(self) -> list[Product]:
        return await Product.where(Product.category == CATEGORY).aall()

    async def count(self) -> int:
        return await Product.acount()

    async def count_some(self) -> int:
        return await Product.acount(category=CATEGORY)


def plain_model() -> Any:  # noqa: ANN401 # a class
    """Returns a plain pydantic model with the fields of the entity."""
    from pydantic import BaseModel

    class Plain(BaseModel):
        id: str
        name: str
        category: str
        price: float
        stock: int = 0
        active: bool = True
        sku: str
        version: int = 1

    return Plain
