"""The entities of the suite. They are known by name to its tests alone, whatever the app has.

Each stands for what one part of the contract needs, so that a backend without a capability can have
the others: `Item`, `Thing`, `Everything` and the keys need none.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, model_validator

from nitro_runtime.entities import Entity, Field, belongs_to, has_many, has_one, many_to_many
from nitro_runtime.schema import known_entities

_definitions = ExitStack()
_definitions.enter_context(known_entities())


class Status(StrEnum):
    """An enum of texts, which sort otherwise than they are declared."""

    LIVE = "live"
    DRAFT = "draft"
    SOLD = "sold"


class Level(IntEnum):
    """An enum of numbers, which sort otherwise than their names."""

    HIGH = 10
    LOW = 2


class Shade(Enum):
    """An enum that is neither text nor number itself."""

    DARK = "dark"
    LIGHT = "light"


class Point(BaseModel):
    """A model inside an entity."""

    x: int
    y: Decimal


# -- without any capability -----------------------------------------------------------------------


class Item(Entity, table_name="suite_item", timestamps=True):
    """What most verbs are tried with."""

    name: str = Field(max_length=80, search=True)
    price: Decimal = Field(default=Decimal(1), max_digits=10, decimal_places=2, ge=0)
    stock: int = Field(default=0, ge=0, le=1000)
    status: Status = Status.DRAFT
    description: str | None = None
    tags: list[int] = Field(default_factory=list[int])
    data: dict[str, Any] = Field(default_factory=dict[str, Any])

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        if self.name == "impossible" and self.stock:
            raise ValueError("There is no stock of the impossible.")
        return self


class Unguarded(Entity, table_name="suite_unguarded", version=False):
    """Without a version."""

    name: str = ""
    stock: int = 0


class Thing(Entity, table_name="suite_thing", version=False):
    """A field of every kind that can be compared, each of which may be missing."""

    id: int = Field(primary_key=True)  # type: ignore[assignment] # a key of its own kind
    name: str | None = None
    other: str | None = None
    searched: str | None = Field(default=None, search=True)
    price: Decimal | None = Field(default=None, max_digits=9, decimal_places=2)
    exact: Decimal | None = None
    long: Decimal | None = Field(default=None, max_digits=38, decimal_places=10)
    amount: int | None = None
    weight: float | None = None
    day: date | None = None
    clock: time | None = None
    moment: datetime | None = None
    span: timedelta | None = None
    mood: Status | None = None
    level: Level | None = None
    key: UUID | None = None
    raw: bytes | None = None
    flag: bool | None = None
    choice: Literal["a", "b"] | None = None
    address: IPv4Address | None = None
    tags: list[str] | None = None
    data: dict[str, Any] | None = None


class Everything(Entity, table_name="suite_everything", version=False):
    """A field of every kind, with a value."""

    flag: bool
    whole: int
    real: float
    exact: Decimal
    money: Decimal = Field(max_digits=12, decimal_places=2)
    long: Decimal = Field(max_digits=38, decimal_places=10)
    text: str
    short: str = Field(max_length=40, search=True)
    day: date
    clock: time
    moment: datetime
    span: timedelta
    key: UUID
    raw: bytes
    status: Status
    level: Level
    shade: Shade
    choice: Literal["a", "b"]
    number: Literal[1, 2]
    address: IPv4Address
    newer: IPv6Address
    point: Point
    numbers: dict[str, list[Decimal]]
    mixed: dict[str, Any]
    maybe: int | None = None
    points: list[Point] | None = None


class Lists(Entity, table_name="suite_lists"):
    """A list of every kind."""

    words: list[str] = Field(default_factory=list[str], max_length=3)
    counts: list[int] = Field(min_length=1)
    ratios: list[float] = Field(default_factory=list[float])
    prices: list[Decimal] = Field(default_factory=list[Decimal])
    flags: list[bool] | None = None
    days: list[date] = Field(default_factory=list[date])
    hours: list[time] = Field(default_factory=list[time])
    moments: list[datetime] = Field(default_factory=list[datetime])
    keys: list[UUID] = Field(default_factory=list[UUID])


class Ticket(Entity, table_name="suite_ticket"):
    """A key that the backend counts up."""

    id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]
    title: str = ""

    remarks = has_many("Remark")


class Asset(Entity, table_name="suite_asset", version=False):
    """A UUID for a key, of another name."""

    key: UUID = Field(primary_key=True)
    name: str = ""


class Country(Entity, table_name="suite_country"):
    """A natural key, which every entity brings along."""

    code: str = Field(primary_key=True, max_length=20)
    name: str = ""


class Line(Entity, table_name="suite_line"):
    """A key of two fields."""

    order_id: str = Field(primary_key=True, max_length=40)
    line: int = Field(primary_key=True)
    title: str = ""
    amount: int = Field(default=1, ge=0)


class Hooked(Entity, table_name="suite_hooked"):
    """Business logic around what is stored."""

    seen: ClassVar[list[str]] = []
    """What ran, in order."""

    name: str = Field(default="", max_length=80)
    slug: str = ""
    stock: int = 0

    def before_save(self) -> None:
        """Fills in a field, and refuses some."""
        self._note("before_save")
        if self.name == "refused":
            raise RuntimeError("refused before it was stored")
        self.slug = self.name.lower().replace(" ", "-")

    def after_save(self) -> None:
        """May refuse as well: then nothing was stored."""
        self._note("after_save")
        if self.name == "refused afterwards":
            raise RuntimeError("refused after it was stored")

    def before_delete(self) -> None:
        """Refuses some."""
        self._note("before_delete")
        if self.stock:
            raise RuntimeError("there is stock of it")

    def after_delete(self) -> None:
        """Runs with the deletion."""
        self._note("after_delete")

    def _note(self, hook: str) -> None:
        self.seen.append(f"{hook} {self.name}")


class Fleeting(Entity, table_name="suite_fleeting", ttl=1):
    """Lasts a second."""

    name: str = ""


# -- unique ---------------------------------------------------------------------------------------


class Account(Entity, table_name="suite_account"):
    """Unique values, one of which may be missing."""

    name: str = Field(unique=True, max_length=80)
    code: str | None = Field(default=None, unique=True, max_length=80)
    number: int | None = Field(default=None, unique=True)
    visits: int = 0


class Seat(Entity, table_name="suite_seat", unique_together=(("row", "number"),)):
    """Two fields that together are unique."""

    row: str = Field(max_length=20)
    number: int | None = None
    guest: str = ""


# -- relations ------------------------------------------------------------------------------------


class Category(Entity, table_name="suite_category"):
    """Belongs to another one, or to none."""

    name: str = Field(max_length=80, search=True)
    parent_id: str | None = Field(
        default=None, foreign_key="suite_category.id", ondelete="SET NULL"
    )

    parent = belongs_to("Category")
    children = has_many("Category", "parent_id")
    products = has_many("Product")


class Product(Entity, table_name="suite_product"):
    """Belongs to a category, which cannot be deleted before it."""

    name: str = Field(max_length=80)
    stock: int = 0
    category_id: str | None = Field(default=None, foreign_key="suite_category.id")

    category = belongs_to("Category")
    photos = has_many("Photo")


class Photo(Entity, table_name="suite_photo"):
    """Goes with its product."""

    title: str = ""
    product_id: str = Field(foreign_key="suite_product.id", ondelete="CASCADE")

    product = belongs_to("Product")
    labels = has_many("Label")


class Label(Entity, table_name="suite_label"):
    """Goes with its photo, and so with the product of it."""

    photo_id: str = Field(foreign_key="suite_photo.id", ondelete="CASCADE")

    photo = belongs_to("Photo")


class Contract(Entity, table_name="suite_contract"):
    """Holds its country fast."""

    country_code: str = Field(foreign_key="suite_country.code", ondelete="RESTRICT", max_length=20)

    country = belongs_to("Country", "country_code")


class Remark(Entity, table_name="suite_remark"):
    """Belongs to something whose key is counted up."""

    ticket_id: int | None = Field(default=None, foreign_key="suite_ticket.id")

    ticket = belongs_to("Ticket")


class Owner(Entity, table_name="suite_owner"):
    """Has at most one passport, and friends among its own kind."""

    number: int | None = Field(default=None, primary_key=True)
    name: str = ""

    passport = has_one("Passport")
    friends = many_to_many("Owner")


class Passport(Entity, table_name="suite_passport"):
    """Belongs to one owner alone."""

    owner_id: int = Field(foreign_key="suite_owner.number", unique=True)

    owner = belongs_to("Owner")


class Tag(Entity, table_name="suite_tag"):
    """Has many articles, and is one of many."""

    name: str = Field(default="", max_length=80)

    articles = many_to_many("Article", reverse_of="tags")


class Article(Entity, table_name="suite_article"):
    """Has many tags, and articles that go with it."""

    name: str = Field(default="", max_length=80)

    tags = many_to_many("Tag")
    related = many_to_many("Article")
    related_by = many_to_many("Article", reverse_of="related")


class Enrolment(Entity, table_name="suite_enrolment", unique_together=(("pupil_id", "course_id"),)):
    """Links a pupil with a course, and says more."""

    pupil_id: str = Field(foreign_key="suite_pupil.id", ondelete="CASCADE")
    course_id: str = Field(foreign_key="suite_course.id", ondelete="CASCADE")
    mark: int = 0


class Pupil(Entity, table_name="suite_pupil"):
    """Takes many courses."""

    name: str = ""

    courses = many_to_many("Course", through="Enrolment")


class Course(Entity, table_name="suite_course"):
    """Has many pupils."""

    name: str = ""

    pupils = many_to_many("Pupil", reverse_of="courses")
    enrolments = has_many("Enrolment")


ENTITIES: tuple[type[Entity], ...] = (
    Item, Unguarded, Thing, Everything, Lists, Ticket, Asset, Country, Line, Hooked, Fleeting,
    Account, Seat,
    Category, Product, Photo, Label, Contract, Remark, Owner, Passport, Tag, Article, Pupil, Course,
    Enrolment,
)  # fmt: skip
"""All of them; none comes before one that its foreign keys point at."""

_definitions.close()
