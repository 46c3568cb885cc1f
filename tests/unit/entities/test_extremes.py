"""What types allow and databases do not, and uses at the edge: both backends answer alike."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cached_property, reduce
from operator import or_
from typing import Any

import pytest
from pydantic import ValidationError, model_validator

from nitro_runtime.entities import Entity, Field, belongs_to, has_many, samples, transaction
from nitro_runtime.errors import (
    BrokenReference,
    Duplicate,
    EntityDefinitionError,
    EntityError,
    InvalidQuery,
)

pytestmark = pytest.mark.usefixtures("backend")

HALF = "\ud800"  # half of a surrogate pair: Python holds it, no encoding does


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

    remarks = has_many("Remark")


class Remark(Entity):
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")

    ticket = belongs_to("Ticket")


class Badge(Entity):
    ticket_id: int = Field(foreign_key="ticket.id", unique=True)


class Node(Entity):
    parent_id: str = Field(foreign_key="node.id")


class Item(Entity):
    name: str = Field(default="", search=True)
    code: str | None = Field(default=None, unique=True)
    stock: int = 0
    most: int = 100
    price: Decimal = Field(default=Decimal(1), max_digits=6, decimal_places=2, gt=0)
    cents: Decimal = Field(default=Decimal(0), decimal_places=2)
    long: Decimal = Field(default=Decimal(0), max_digits=38, decimal_places=10)
    exact: Decimal = Decimal(0)
    at: datetime | None = None
    tags: list[int] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)

    @cached_property
    def shout(self) -> str:
        return self.name.upper()

    @model_validator(mode="after")
    def _bounded(self) -> "Item":
        if 0 < self.most < self.stock < 2**40:
            raise ValueError("more than there may be")
        return self


@pytest.fixture(autouse=True)
def known() -> None:
    """The classes above are found by name in every test, whatever others defined."""
    from nitro_runtime.schema import register_entity

    for entity in (Country, City, Ticket, Remark, Badge, Node, Item):
        register_entity(entity.__name__, entity)
        register_entity(entity.__entity__.table, entity)


# -- values that no database keeps --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stock", 2**63),
        ("stock", -(2**63) - 1),
        ("name", HALF),
        ("data", {"deep": [HALF]}),
        ("cents", "1e17"),
        ("cents", "1e30"),
        ("exact", "1e9000"),
        ("at", "0001-01-01T00:00:00+05:00"),
    ],
)
def test_a_value_that_cannot_be_stored_is_invalid_and_named(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as created:
        Item.create(**{name: value})
    assert created.value.errors()[0]["loc"] == (name,)
    with pytest.raises(ValidationError):
        Item.create_many([{}, {name: value}])
    kept = Item.create()
    with pytest.raises(ValidationError) as saved:
        kept.update(**{name: value})
    assert saved.value.errors()[0]["loc"] == (name,)
    if name != "data":
        with pytest.raises(ValidationError):
            Item.all().update(**{name: value})
    assert [item.version for item in Item.all()] == [1]


def test_the_greatest_values_that_can_be_stored_come_back() -> None:
    made = Item.create(
        stock=2**63 - 1,
        most=0,
        cents="1234567890123456.78",
        long="1234567890123456789012345678.0123456789",
        exact="1e4000",
    )
    assert vars(Item.get(made.id)) == vars(made)


def test_a_sum_that_leaves_64_bits_is_refused_and_changes_nothing() -> None:
    made = Item.create(stock=2**62, most=0)
    with pytest.raises(EntityError, match="64 bits"):
        made.increment(stock=2**62)
    with pytest.raises(EntityError, match="64 bits"):
        Item.all().update(stock=Item.stock * 2)
    assert Item.get(made.id).stock == 2**62
    assert Item.all().update(stock=Item.stock - 1) == 1
    assert Item.get(made.id).stock == 2**62 - 1


def test_decimals_of_any_length_are_reckoned_exactly_in_the_database() -> None:
    made = Item.create(exact="0.1", long="1234567890123456789012345678.0123456789")
    made.increment(exact=Decimal("0.2"), long=Decimal("0.0000000001"))
    assert made.exact == Item.get(made.id).exact == Decimal("0.3")
    assert str(Item.get(made.id).long) == "1234567890123456789012345678.0123456790"
    Item.all().update(exact=Item.exact * 3)
    assert Item.get(made.id).exact == Decimal("0.9")


@pytest.mark.parametrize(
    "amounts",
    [{"price": -5}, {"price": Decimal("9999.99")}, {"stock": 101}],
    ids=["an open bound", "too many digits", "a validator of the whole entity"],
)
def test_an_increment_breaks_no_rule_that_an_assignment_would_keep(amounts: dict[str, Any]) -> None:
    made = Item.create()
    with pytest.raises(ValidationError):
        made.increment(**amounts)
    assert vars(Item.get(made.id)) == vars(made)


# -- questions ----------------------------------------------------------------------------------


def test_text_that_is_no_text_finds_nothing_or_is_refused() -> None:
    Item.create(name="Tea")
    assert Item.find(HALF) is None
    assert Item.all().search(HALF).all() == []
    with pytest.raises(InvalidQuery):
        Item.where(name=HALF)


def test_a_limit_beyond_any_table_keeps_everything() -> None:
    Item.create_many([{}, {}])
    assert len(Item.all().limit(10**30).all()) == 2
    assert Item.all().offset(10**30).all() == []
    assert len(Item.all().page(10**30, size=10**30).items) == 2


def test_long_questions_are_answered() -> None:
    Item.create(name="w7 w8", stock=7)
    assert Item.all().search(" ".join(f"w{i}" for i in range(1500))).count() == 0
    assert Item.all().search("w7 " * 1500).count() == 1
    criteria: list[Any] = [Item.stock == i for i in range(1500)]
    assert Item.where(reduce(or_, criteria)).count() == 1
    assert Item.count(stock__in=range(3000)) == 1


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "[a]", "*?", "\\", "100% _x'"])
def test_signs_that_mean_something_to_sql_are_searched_as_they_are(text: str) -> None:
    Item.create(name='100% _x\' "q" [a]*? \\')
    Item.create(name="plain")
    assert [i.name[:4] for i in Item.all().search(text)] == ["100%"]


@pytest.mark.parametrize("order", ["name; DROP TABLE item", "-name DESC, (SELECT 1)", "", "-"])
def test_an_order_can_only_be_a_field(order: str) -> None:
    with pytest.raises(InvalidQuery):
        Item.all().order_by(order)


def test_an_order_is_a_field_of_the_same_entity() -> None:
    with pytest.raises(InvalidQuery, match=r"City\.name"):
        Item.all().order_by(City.name)


@pytest.mark.parametrize("key", [None, 1.5, [], {}, object(), b"x", "", 10**40, -1])
def test_a_key_that_cannot_be_one_finds_nothing(key: object) -> None:
    assert (Item.find(key), Ticket.find(key)) == (None, None)
    with pytest.raises(Item.NotFound):
        Item.get(id=key)


# -- relations ----------------------------------------------------------------------------------


def test_a_relation_to_an_entity_with_a_key_of_its_own_is_asked_for_by_that_key() -> None:
    portugal = Country.create(code="pt", name="Portugal")
    City.create(name="Porto", country=portugal)
    assert City.where(country=portugal).count() == 1


def test_nothing_belongs_to_what_is_not_stored_yet() -> None:
    Remark.create()
    fresh = Ticket()
    assert fresh.remarks.all() == []
    assert Remark.where(ticket=fresh).all() == []
    with pytest.raises(EntityError, match="Save the Ticket before"):
        Remark.create(ticket=fresh)
    with pytest.raises(EntityError, match="Save the Ticket before"):
        Remark().ticket = fresh


def test_what_is_referred_to_is_not_deleted_and_the_error_names_it() -> None:
    portugal = Country.create(code="pt", name="Portugal")
    City.create(name="Porto", country=portugal)
    with pytest.raises(BrokenReference, match=r"Country cannot be .*deleted"):
        portugal.delete()


# -- many at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [True, False])
def test_creating_many_stores_all_or_none_also_inside_a_transaction(inside: bool) -> None:
    def create() -> None:
        with pytest.raises(Duplicate):
            Item.create_many([{"code": "a"}, {"code": "b"}, {"code": "a"}])

    _inside_a_transaction(create) if inside else create()
    assert Item.count() == 0


def _inside_a_transaction(work: Callable[[], None]) -> None:
    with transaction():
        work()


def test_creating_many_checks_entities_that_were_changed_in_place() -> None:
    item = Item()
    item.tags.append("x")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Item.create_many([item])
    assert Item.count() == 0


def test_a_unique_reference_is_used_once_by_samples() -> None:
    Ticket.create_many([{}, {}])
    assert len(Badge.create_many(samples(Badge, 10))) == 2


@pytest.mark.parametrize("entity", [City, Node, Badge])
def test_samples_say_what_is_missing(entity: type[Entity]) -> None:
    with pytest.raises(EntityError, match="must point at a"):
        samples(entity, 3)


# -- objects ------------------------------------------------------------------------------------


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


def test_a_change_of_type_inside_json_is_a_change() -> None:
    made = Item.create(data={"on": 1, "list": [0]})
    made.data["list"][0] = False
    made.save()
    made.data["on"] = True
    made.save()
    assert str(Item.get(made.id).data) == "{'on': True, 'list': [False]}"
    assert (made.version, made.save().version) == (3, 3)


def test_upsert_names_what_it_lacks() -> None:
    with pytest.raises(InvalidQuery, match="code"):
        Item.upsert("code", name="x")


def test_the_column_of_a_searched_field_cannot_be_taken() -> None:
    class Clash(Entity):
        name: str = Field(search=True)
        name_search: str = ""

    with pytest.raises(EntityDefinitionError, match="name_search"):
        Clash.create(name="x")
