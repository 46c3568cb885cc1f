"""What a product is."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from nitro import Entity, Field, Text, belongs_to


class ProductStatus(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


class Product(Entity, timestamps=True):
    name: str = Field(max_length=80, search=True)
    price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    stock: int = 0
    status: ProductStatus = ProductStatus.DRAFT
    category_id: str = Field(foreign_key="category.id", index=True)
    description: str | None = Field(default=None, sa_type=Text)
    available_from: date | None = None

    category = belongs_to("Category")
