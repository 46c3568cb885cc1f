"""Small entities in a list, with the shape that views need: views know no storage."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from nitro_runtime.errors import Duplicate, StaleEntity
from nitro_runtime.schema import (
    EntityInfo,
    FieldInfo,
    RelationInfo,
    _entities,  # pyright: ignore[reportPrivateUsage]
    humanize,
    register_entity,
)

LOOKUPS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "in": lambda own, value: str(own) in map(str, value),
    "isnull": lambda own, value: (own is None) is value,
    "gte": lambda own, value: own is not None and own >= value,
    "lte": lambda own, value: own is not None and own <= value,
    "lt": lambda own, value: own is not None and own < value,
    "icontains": lambda own, value: value.casefold() in str(own or "").casefold(),
}


class FakeRows:
    """A query over a list, with the few verbs that views use."""

    def __init__(self, rows: list[Any], order: tuple[str, ...] = ()) -> None:
        self._rows = rows
        self._order = order

    def where(self, *criteria: Any, **lookups: Any) -> FakeRows:
        assert not criteria, "the fake knows lookups only"

        def holds(row: Any, name: str, value: Any) -> bool:
            field, _, lookup = name.partition("__")
            own = getattr(row, field)
            return LOOKUPS[lookup](own, value)

        return FakeRows([r for r in self._rows if all(holds(r, n, v) for n, v in lookups.items())])

    def search(self, text: str, *fields: str) -> FakeRows:
        def holds(row: Any, word: str) -> bool:
            return any(word.casefold() in str(getattr(row, f)).casefold() for f in fields)

        return FakeRows([r for r in self._rows if all(holds(r, w) for w in text.split())])

    def order_by(self, *names: str) -> FakeRows:
        rows = list(self._rows)
        for name in reversed(names):
            plain = name.removeprefix("-")
            rows.sort(key=lambda r: getattr(r, plain), reverse=name != plain)
        return FakeRows(rows, names)

    def then_stored(self, *, newest: bool = False) -> FakeRows:
        order = self._order
        rows = sorted(self._rows, key=lambda row: row.id, reverse=newest)
        return FakeRows(rows).order_by(*order) if order else FakeRows(rows)

    def page(self, number: int, size: int) -> SimpleNamespace:
        total = len(self._rows)
        number = min(max(1, number), max(1, -(-total // size)))
        items = self._rows[(number - 1) * size : number * size]
        return SimpleNamespace(items=items, number=number, total=total)

    async def apage(self, number: int, size: int) -> SimpleNamespace:
        await asyncio.sleep(0)
        return self.page(number, size)

    def include(self, *names: str) -> FakeRows:
        assert all(names)
        return self

    def limit(self, count: int) -> FakeRows:
        return _Limited(self._rows, count, 0)

    def offset(self, count: int) -> FakeRows:
        return FakeRows(self._rows[count:])

    def all(self) -> list[Any]:
        return list(self._rows)

    def count(self) -> int:
        return len(self._rows)

    async def aall(self) -> list[Any]:
        await asyncio.sleep(0)
        return self.all()

    async def acount(self) -> int:
        await asyncio.sleep(0)
        return self.count()


class _Limited(FakeRows):
    def __init__(self, rows: list[Any], most: int, start: int) -> None:
        super().__init__(rows)
        self._most, self._start = most, start

    def offset(self, count: int) -> FakeRows:
        return _Limited(self._rows, self._most, count)

    def all(self) -> list[Any]:
        return self._rows[self._start : self._start + self._most]


class FakeEntity(BaseModel):
    """An entity kept in a list of its class."""

    model_config = ConfigDict(validate_assignment=True)
    __entity__: ClassVar[EntityInfo]
    kept: ClassVar[list[Any]]
    loaded: ClassVar[list[Any]]
    Input: ClassVar[type[BaseModel]]
    PatchInput: ClassVar[type[BaseModel]]

    @classmethod
    def all(cls) -> FakeRows:
        return FakeRows(cls.kept)

    @classmethod
    def find(cls, key: Any) -> Any:
        return next((row for row in cls.kept if str(row.id) == str(key)), None)

    @classmethod
    async def afind(cls, key: Any) -> Any:
        return cls.find(key)

    @classmethod
    def add(cls, **values: Any) -> Self:
        made = cls(**values)
        cls.kept.append(made)
        return made

    async def asave(self) -> Self:
        for row in self.kept:
            for name, info in self.__entity__.fields.items():
                if info.unique and row is not self and getattr(row, name) == getattr(self, name):
                    raise Duplicate(self.__entity__.name, name)
        if self not in self.kept:
            self.kept.append(self)
        return self

    async def aload(self, *relations: str) -> Self:
        type(self).loaded.append(relations)
        return self

    async def aupdate(self, **values: Any) -> Self:
        if self.find(getattr(self, "id")) is None:  # noqa: B009 # declared by subclasses
            raise StaleEntity(self.__entity__.name, getattr(self, "id"))  # noqa: B009
        type(self).model_validate({**self.model_dump(), **values})
        for name, value in values.items():
            setattr(self, name, value)
        return await self.asave()


class Status(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    OUT_OF_STOCK = "out_of_stock"


def describe(entity: type[FakeEntity], info: EntityInfo) -> None:
    """Gives a fake entity its description, its schemas and an empty list."""
    entity.__entity__ = info
    entity.kept = []
    entity.loaded = []
    editable = {
        name: (model_field.annotation, model_field)
        for name, model_field in entity.model_fields.items()
        if not (f := info.fields[name]).managed and not (f.key or f.secret or f.readonly)
    }
    forbid = ConfigDict(extra="forbid")
    entity.Input = create_model(f"{info.name}Input", __config__=forbid, **editable)  # type: ignore
    optional = {}
    for name, (annotation, model_field) in editable.items():
        with_default = copy(model_field)
        with_default.default = None
        optional[name] = (annotation, with_default)
    entity.PatchInput = create_model(f"{info.name}Patch", __config__=forbid, **optional)  # type: ignore
    register_entity(info.name, entity)
    register_entity(info.table, entity)


def fields(**infos: dict[str, Any]) -> dict[str, FieldInfo]:
    return {
        name: FieldInfo(name, each.pop("type"), each.pop("label", humanize(name)), **each)
        for name, each in infos.items()
    }


@pytest.fixture
def Category() -> Iterator[type[Any]]:  # it is a class
    class Category(FakeEntity):
        id: int = 0
        name: str = Field(max_length=60)

    info = EntityInfo(
        "Category",
        "category",
        "categories",
        "Category",
        "Categories",
        fields(
            id={"type": int, "key": True, "managed": True},
            name={"type": str, "max_length": 60, "unique": True},
        ),
    )
    describe(Category, info)
    yield Category
    _entities.pop("Category", None)
    _entities.pop("category", None)


@pytest.fixture
def Product(Category: type[Any]) -> Iterator[type[Any]]:  # they are classes
    class Product(FakeEntity):
        id: int = 0
        version: int = 1
        name: str = Field(max_length=80, min_length=2)
        price: Decimal = Field(ge=0, max_digits=10, decimal_places=2)
        stock: int = 0
        status: Status = Status.DRAFT
        category_id: int | None = None
        description: str | None = None
        active: bool = True
        secret_note: str = "hush"  # noqa: S105 # a field, not a password
        margin: int = 7

        @property
        def category(self) -> Any:
            return Category.find(self.category_id)

    info = EntityInfo(
        "Product",
        "product",
        "products",
        "Product",
        "Products",
        fields(
            id={"type": int, "key": True, "managed": True},
            version={"type": int, "managed": True},
            name={"type": str, "max_length": 80, "min_length": 2, "search": True, "unique": True},
            price={"type": Decimal, "minimum": 0, "max_digits": 10, "decimal_places": 2},
            stock={"type": int, "default": 0, "has_default": True},
            status={"type": Status, "default": Status.DRAFT, "has_default": True},
            category_id={
                "type": int,
                "nullable": True,
                "default": None,
                "has_default": True,
                "reference": "category.id",
                "relation": "category",
                "label": "Category",
            },
            description={
                "type": str,
                "nullable": True,
                "default": None,
                "has_default": True,
                "multiline": True,
            },
            active={"type": bool, "default": True, "has_default": True},
            secret_note={"type": str, "secret": True, "default": "hush", "has_default": True},
            margin={"type": int, "readonly": True, "default": 7, "has_default": True},
        ),
        {"category": RelationInfo("category", "belongs_to", "Category", "category_id")},
    )
    describe(Product, info)
    yield Product
    _entities.pop("Product", None)
    _entities.pop("product", None)


class FakeQuery(dict[str, str]):
    """A query or a form: each name with one text, or several in a list."""

    def getlist(self, name: str) -> list[str]:
        value: Any = super().get(name)
        if value is None:
            return []
        return list(value) if isinstance(value, list) else [value]


class FakeRequest:
    """What views use of a request."""

    def __init__(
        self, form: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> None:
        self.query = FakeQuery(query or {})
        self.user: Any = None
        self.csrf: Any = None
        self.words: Any = None
        self._form = FakeQuery(form or {})

    async def load_user(self) -> Any:
        return self.user

    async def form(self) -> FakeQuery:
        return self._form


@pytest.fixture
def request_with() -> type[FakeRequest]:
    from nitro_runtime.context import register_request

    register_request(FakeRequest, lambda request: request)
    return FakeRequest
