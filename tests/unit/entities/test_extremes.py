"""What types allow and databases hardly do, and uses at the edge."""

from decimal import Decimal
from functools import cached_property

import pytest

from nitro_runtime.entities import Entity, Field
from nitro_runtime.errors import EntityDefinitionError

pytestmark = pytest.mark.usefixtures("backend")


class Item(Entity):
    name: str = Field(default="", search=True)
    stock: int = 0
    cents: Decimal = Field(default=Decimal(0), decimal_places=2)
    long: Decimal = Field(default=Decimal(0), max_digits=38, decimal_places=10)
    exact: Decimal = Decimal(0)

    @cached_property
    def shout(self) -> str:
        return self.name.upper()


def test_the_greatest_values_that_can_be_stored_come_back() -> None:
    made = Item.create(
        stock=2**63 - 1,
        cents="1234567890123456.78",
        long="1234567890123456789012345678.0123456789",
        exact="1e4000",
    )
    assert vars(Item.get(made.id)) == vars(made)


def test_a_cached_property_does_not_get_in_the_way_of_saving() -> None:
    made = Item.create(name="tea")
    assert made.shout == "TEA"
    made.stock = 1
    made.save()
    made.update(stock=2)
    assert Item.get(made.id).stock == 2


def test_a_field_with_an_alias_is_saved() -> None:
    class Letter(Entity):
        subject: str = Field(alias="title")

    made = Letter(title="Hello").save()
    assert made.update(subject="Bye").subject == "Bye"
    assert Letter.get(made.id).subject == "Bye"


def test_the_column_of_a_searched_field_cannot_be_taken() -> None:
    class Clash(Entity):
        name: str = Field(search=True)
        name_search: str = ""

    with pytest.raises(EntityDefinitionError, match="name_search"):
        Clash.create(name="x")
