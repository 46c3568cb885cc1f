"""Relations as they are declared: their tables, and what cannot be meant."""

from collections.abc import Iterator

import pytest

from nitro_runtime.entities import Entity, Field, build_tables, many_to_many
from nitro_runtime.errors import EntityDefinitionError, EntityError, InvalidQuery
from nitro_runtime.schema import known_entities

pytestmark = pytest.mark.usefixtures("backend")


class Tag(Entity):
    name: str

    products = many_to_many("Product", reverse_of="tags")


class Product(Entity):
    name: str

    tags = many_to_many("Tag")
    related = many_to_many("Product")


class Owner(Entity):
    number: int | None = Field(default=None, primary_key=True)
    name: str

    friends = many_to_many("Owner")


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """The classes above are found by name in every test, and no others."""
    with known_entities((Tag, Product, Owner)):
        yield


@pytest.fixture
def tags() -> list[Tag]:
    return Tag.create_many([{"name": "red"}, {"name": "green"}, {"name": "blue"}])


def test_the_wrong_class_a_new_entity_and_an_assignment_are_refused(tags: list[Tag]) -> None:
    tea = Product.create(name="Tea")
    with pytest.raises(EntityError, match="tags are Tag entities, not Product"):
        tea.tags.add(tea)  # pyright: ignore[reportArgumentType]
    with pytest.raises(EntityError, match="Save the Product before its tags"):
        Product(name="Cup").tags.add(tags[0])
    with pytest.raises(EntityError, match=r"product.tags.set\(\[...\]\)"):
        tea.tags = tags  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(InvalidQuery, match="tags"):
        Product.all().include("tag")


def test_migrations_see_the_tables_between() -> None:
    tables = build_tables().tables
    columns = {column.name: column for column in tables["product_tag"].columns}
    assert list(columns) == ["id", "product_id", "tag_id"]
    assert {key.ondelete for key in tables["product_tag"].foreign_keys} == {"CASCADE"}
    assert columns["tag_id"].index
    assert [c.name for c in tables["product_related"].columns] == ["id", "product_id", "related_id"]
    assert str(tables["owner_friend"].c.friend_id.type) == "BIGINT"


def test_a_relation_whose_other_side_does_not_fit_is_told() -> None:
    class Label(Entity):
        name: str

        goods = many_to_many("Product", reverse_of="name")

    with pytest.raises(
        EntityDefinitionError, match=r"Label\.goods is the other side of Product\.name"
    ):
        _ = Label.create(name="x").goods.count()

    class ProductLabel(Entity):  # pyright: ignore[reportUnusedClass] # known by its name
        name: str

    class Ware(Entity, table_name="product"):
        labels = many_to_many("Label")

    with pytest.raises(EntityDefinitionError, match="through='ProductLabel'"):
        Ware.labels.link(Ware)


def test_a_group_of_unknown_fields_is_refused() -> None:
    class Seat(Entity, unique_together=(("row", "number"),)):
        row: int

    with pytest.raises(EntityDefinitionError, match="takes groups of its fields"):
        Seat.create(row=1)
