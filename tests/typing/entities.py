"""Entities as an application uses them; a type checker must have nothing to say, and know every type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, assert_type
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, PrivateAttr, computed_field, field_validator
from sqlalchemy import Table

from nitro import (
    BelongsTo,
    Entity,
    Field,
    HasMany,
    HasOne,
    ManyToMany,
    QuerySet,
    RelatedSet,
    Repository,
    belongs_to,
    col,
    has_many,
    has_one,
    many_to_many,
    retry_stale,
    transaction,
)
from nitro_runtime.entities import Attribute, Criterion, Query, QueryPage


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"


class Timed(BaseModel):
    opened: datetime | None = None

    def is_open(self) -> bool:
        return self.opened is not None


class Category(Entity):
    name: str = Field(max_length=60, unique=True)
    parent_id: str | None = Field(default=None, foreign_key="category.id")

    parent: BelongsTo[Category | None] = belongs_to("Category")
    products: HasMany[Product] = has_many("Product")


class Tag(Entity):
    name: str


class Product(Timed, Entity, timestamps=True):
    model_config = ConfigDict(str_strip_whitespace=True)

    name: str = Field(max_length=80, search=True)
    price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    stock: int = 0
    status: Status = Status.DRAFT
    note: str | None = None
    tags_text: Annotated[str, Field(secret=True)] = ""
    category_id: str | None = Field(default=None, foreign_key="category.id")
    _seen: int = PrivateAttr(default=0)

    category = belongs_to(Category)
    tags = many_to_many(Tag)
    label: HasOne[Label] = has_one("Label")

    @computed_field
    @property
    def title(self) -> str:
        return f"{self.name} ({self.price})"

    @field_validator("name")
    @classmethod
    def named(cls, value: str) -> str:
        return value.title()

    def before_save(self) -> None:
        super().before_save()
        self.note = self.note or "none"

    def after_delete(self) -> None:
        print(self.name)


class Label(Entity):
    text: str = ""
    product_id: str = Field(foreign_key="product.id", unique=True)

    others: ManyToMany[Tag] = many_to_many("Tag")


class Ticket(Entity, version=False):
    id: UUID = Field(default_factory=uuid4, primary_key=True)  # type: ignore[assignment] # pyright: ignore[reportIncompatibleVariableOverride]


class Line(Entity):
    order_id: str = Field(primary_key=True)
    line: int = Field(primary_key=True)


def finding(category: Category) -> None:
    assert_type(Product.get("1"), Product)
    assert_type(Product.get(id="1"), Product)
    assert_type(Product.find("1"), Product | None)
    assert_type(Line.get(("a", 1)), Line)
    assert_type(Product.all(), QuerySet[Product])
    assert_type(Product.where(Product.price > 10, name__icontains="x"), QuerySet[Product])
    assert_type(Product.where((Product.price > 10) & (Product.stock == 1)), QuerySet[Product])
    assert_type(Product.where(category=category, stock__gte=1).first(), Product | None)
    assert_type(Product.first(stock=1), Product | None)
    assert_type(Product.where(stock=1).one(), Product)
    assert_type(Product.count(stock=1), int)
    assert_type(Product.exists(), bool)
    assert_type(list(Product.all().order_by("-price", col(Product.name).asc())), list[Product])
    assert_type(Product.all().search("tea").limit(3).offset(1).lock(), QuerySet[Product])
    assert_type(Product.all().page(2).items, list[Product])
    assert_type(Product.all().page(2, size=5), QueryPage[Product])
    assert_type(Product.all().values("name"), list[dict[str, Any]])
    assert_type(Product.all().update(stock=col(Product.stock) + 1), int)
    assert_type(Product.all().delete(), int)
    assert_type(Product.all().include("category", "tags"), QuerySet[Product])


def comparing() -> None:
    assert_type(col(Product.name), Attribute[str])
    assert_type(col(Product.name).icontains("x") & (Product.price > 1), Criterion)
    assert_type(col(Product.price) > 3, Criterion)
    assert_type(col(Product.price) <= Decimal("2.5"), Criterion)
    assert_type(col(Product.status).in_([Status.DRAFT]), Criterion)
    assert_type(col(Product.note).is_(None), Criterion)
    assert_type(~col(Product.stock).between(1, 5), Criterion)
    assert_type(col(Product.created_at) > datetime(2024, 1, 1), Criterion)
    assert_type(Product.where(~col(Product.name).startswith("x")), QuerySet[Product])


def making() -> None:
    product = Product(name="Lamp", price=Decimal("19.90"), opened=None)
    assert_type(product.save(), Product)
    assert_type(Product.create(name="Lamp", price=1), Product)
    assert_type(Product.create_many([product, {"name": "Cup", "price": 1}]), list[Product])
    assert_type(Product.get_or_create(name="Lamp", defaults={"price": 1}), tuple[Product, bool])
    assert_type(Product.upsert("name", name="Lamp", price=2), Product)
    assert_type(Product.upsert_many(["name"], [{"name": "Lamp"}]), list[Product])
    assert_type(Product.update_many([product]), int)
    assert_type({Category(name="x"): 1}, dict[Category, int])


def changing(product: Product) -> None:
    assert_type(product.update(stock=3), Product)
    assert_type(product.increment(stock=5), Product)
    assert_type(product.reload(), Product)
    with transaction():
        assert_type(product.lock().stock, int)
    assert_type(product.changed, dict[str, tuple[Any, Any]])
    assert_type(product.signals, dict[str, dict[str, Any]])
    assert_type(product.is_new, bool)
    assert_type(product.model_copy(update={"stock": 1}), Product)
    assert_type(Product.model_validate(Product.Input(name="x")), Product)
    assert_type(Product.PatchInput().model_dump(exclude_unset=True), dict[str, Any])
    product.delete()
    try:
        Product.get("2")
    except Product.NotFound as error:
        print(error.key)


def fields(product: Product) -> None:
    assert_type(product.id, str)
    assert_type(product.version, int)
    assert_type(product.created_at, datetime)
    assert_type(product.name, str)
    assert_type(product.price, Decimal)
    assert_type(product.status, Status)
    assert_type(product.note, str | None)
    assert_type(product.title, str)
    assert_type(product.opened, datetime | None)
    assert_type(product.is_open(), bool)
    assert_type(Ticket().id, UUID)


def relations(product: Product, category: Category, label: Label) -> None:
    assert_type(product.category, Category)
    assert_type(product.tags, RelatedSet[Tag])
    assert_type(product.tags.where(name="x").all(), list[Tag])
    assert_type(product.label, Label | None)
    assert_type(category.parent, Category | None)
    assert_type(category.products, QuerySet[Product])
    assert_type(category.products.where(stock=1).first(), Product | None)
    assert_type(label.others, RelatedSet[Tag])
    product.category = category
    product.tags.add(Tag(name="x"), "key")
    child = Category(name="child", parent=category)
    assert_type(child.parent, Category | None)


async def twins(product: Product) -> None:
    assert_type(await Product.aget("1"), Product)
    assert_type(await Product.afind("1"), Product | None)
    assert_type(await Product.afirst(stock=1), Product | None)
    assert_type(await Product.acount(), int)
    assert_type(await Product.aexists(), bool)
    assert_type(await Product.acreate(name="x", price=1), Product)
    assert_type(await Product.acreate_many([product]), list[Product])
    assert_type(await Product.aupdate_many([product]), int)
    assert_type(await Product.aupsert("name", name="x"), Product)
    assert_type(await Product.aupsert_many("name", [{"name": "x"}]), list[Product])
    assert_type(await Product.aget_or_create(name="x"), tuple[Product, bool])
    assert_type([p async for p in Product.all()], list[Product])
    assert_type(await Product.all().aall(), list[Product])
    assert_type(await Product.where(stock=1).aone(), Product)
    assert_type(await Product.all().apage(1), QueryPage[Product])
    assert_type(await Product.all().aupdate(stock=1), int)
    assert_type(await product.asave(), Product)
    assert_type(await product.aupdate(stock=1), Product)
    assert_type(await product.aincrement(stock=1), Product)
    assert_type(await product.areload(), Product)
    assert_type(await product.aload("category"), Product)
    async with transaction():
        assert_type(await product.alock(), Product)
    await product.tags.aset([Tag(name="x")])
    await product.adelete()


@retry_stale(3)
def sell(key: str, count: int) -> Product:
    product = Product.get(key)
    return product.update(stock=product.stock - count)


@retry_stale()
async def asell(key: str) -> Product:
    return await (await Product.aget(key)).aupdate(stock=0)


async def below() -> None:
    assert_type(sell("1", count=2), Product)
    assert_type(await asell("1"), Product)
    assert_type(Product.repository, Repository)
    assert_type(Product.table, Table)
    row = Product.repository.get(Product.mapper, "1")
    assert_type(row, dict[str, Any] | None)
    assert_type(Product.repository.count(Product.mapper, Query()), int)
    values: Mapping[str, Any] = Product.repository.select(Product.mapper, Product.all().query)[0]
    print(values)
