"""Samples: believable, valid, the same each time, and never in one another's way."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from nitro_runtime.entities import Entity, Field, belongs_to, has_many, samples
from nitro_runtime.errors import EntityError
from nitro_runtime.schema import known_entities

pytestmark = pytest.mark.usefixtures("backend")


class Country(Entity):
    code: str = Field(primary_key=True)
    name: str


class City(Entity):
    name: str = Field(search=True)
    country_code: str = Field(foreign_key="country.code")

    country = belongs_to("Country", "country_code")


class Ticket(Entity):
    id: int | None = Field(default=None, primary_key=True)  # type: ignore[assignment]
    title: str = ""


class Badge(Entity):
    ticket_id: int = Field(foreign_key="ticket.id", unique=True)


class Node(Entity):
    parent_id: str = Field(foreign_key="node.id")


class Category(Entity):
    name: str = Field(unique=True)
    parent_id: str | None = Field(default=None, foreign_key="category.id", ondelete="SET NULL")

    products = has_many("Product")


class Product(Entity):
    name: str
    price: Decimal = Field(default=Decimal(1), max_digits=10, decimal_places=2, ge=0)
    category_id: str | None = Field(default=None, foreign_key="category.id")


class Lists(Entity):
    words: list[str] = Field(default_factory=list[str], max_length=3)
    counts: list[int] = Field(min_length=1)


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """The classes above are found by name in every test, and no others."""
    with known_entities((Country, City, Ticket, Badge, Node, Category, Product, Lists)):
        yield


def test_samples_are_valid_stored_and_never_repeat_unique_values() -> None:
    categories = Category.create_many(samples(Category, 100))
    assert 10 <= len(categories) == len({c.name for c in categories})
    products = Product.create_many(samples(Product, 50))
    assert len(products) == 50
    assert {p.category_id for p in products} <= {None, *(c.id for c in categories)}
    assert [p.name for p in samples(Product, 5)] == [p.name for p in samples(Product, 5)]


def test_a_unique_reference_is_used_once() -> None:
    Ticket.create_many([{}, {}])
    assert len(Badge.create_many(samples(Badge, 10))) == 2


@pytest.mark.parametrize("entity", [City, Node, Badge])
def test_samples_say_what_is_missing(entity: type[Entity]) -> None:
    with pytest.raises(EntityError, match="must point at a"):
        samples(entity, 3)


def test_lists_have_as_many_members_as_they_may() -> None:
    for sample in samples(Lists, 20):
        assert 1 <= len(sample.counts) <= 3
        assert len(sample.words) <= 3


class Listing(Entity):
    site: str = Field(regex=r"^https?://\S+$")
    reach: str = Field(max_length=60, regex=r"^[^@\s]+@[^@\s]+$")
    odd: str | None = Field(default=None, regex=r"^qq\d{9}$")


def test_texts_with_a_pattern_have_its_shape_or_stay_empty_where_nobody_knows_it() -> None:
    for listing in samples(Listing, 20):
        assert listing.site.startswith("https://")
        assert "@" in listing.reach
        assert listing.odd is None


class Sealed(Entity):
    odd: str = Field(regex=r"^qq\d{9}$")


def test_a_shape_that_nobody_knows_is_told() -> None:
    with pytest.raises(EntityError, match="No valid sample of Sealed"):
        samples(Sealed, 1)
