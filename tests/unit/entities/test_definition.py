"""What an entity class may be, and what is refused when it is written."""

from __future__ import annotations

import copy
import importlib.util
import pickle
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import ValidationError, field_validator, model_validator
from sqlalchemy import Text, select
from sqlmodel import Field as SQLModelField
from sqlmodel import Relationship

from nitro_runtime import schema
from nitro_runtime.entities import Entity, Field, MemoryRepository, belongs_to, has_many, use
from nitro_runtime.errors import EntityDefinitionError, EntityError
from nitro_runtime.schema import find_entity


@pytest.fixture(autouse=True)
def memory() -> None:
    use(MemoryRepository())


class Product(Entity):
    name: str
    price: float
    stock: int = 0


def test_an_entity_is_valid_from_its_construction_on() -> None:
    with pytest.raises(ValidationError):
        Product(name="Tea", price="cheap")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Product(name="Tea", price=1, colour="red")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Product(name="Tea", price=float("nan"))


def test_a_failed_assignment_keeps_the_old_value() -> None:
    product = Product(name="Tea", price=1)
    with pytest.raises(ValidationError):
        product.price = "cheap"  # type: ignore[assignment]
    assert product.price == 1
    with pytest.raises(ValueError, match="colour"):
        product.colour = "red"  # type: ignore[attr-defined]


class Span(Entity):
    start: int
    end: int
    length: int = 0

    @model_validator(mode="after")
    def in_order(self) -> Span:
        if self.start > self.end:
            raise ValueError("ends before it starts")
        self.length = self.end - self.start
        return self


def test_a_validator_of_the_whole_entity_guards_every_assignment() -> None:
    span = Span(start=1, end=3)
    with pytest.raises(ValidationError, match="ends before it starts"):
        span.start = 9
    assert (span.start, span.length) == (1, 2)
    with pytest.raises(ValidationError):
        span.update(start=9)
    span.update(start=10, end=15)
    assert (span.start, span.end, span.length) == (10, 15, 5)
    with pytest.raises(ValidationError):
        span.update(end=20, start=30)
    assert (span.start, span.end, span.length) == (10, 15, 5)


def test_save_does_not_apply_a_validator_a_second_time() -> None:
    class Account(Entity):
        password: str

        @field_validator("password")
        @classmethod
        def hashed(cls, value: str) -> str:
            return f"hash({value})"

    account = Account.create(password="x")
    account.save()
    assert Account.get(account.id).password == "hash(x)"  # noqa: S105


def test_save_validates_what_went_round_assignment() -> None:
    product = Product.create(name="Tea", price=1)
    vars(product)["price"] = "cheap"
    with pytest.raises(ValidationError):
        product.save()


def test_the_description_of_a_class_is_plain_data() -> None:
    class OrderItem(Entity, timestamps=True):
        sku: str = Field(
            max_length=10, min_length=2, unique=True, label="Article", help="As printed"
        )
        amount: Decimal = Field(max_digits=6, decimal_places=2, ge=0, le=99)
        note: str | None = Field(default=None, sa_type=Text, search=True)
        code: Annotated[str, Field(secret=True)] = "x"
        product_id: str = Field(foreign_key="product.id")

        product = belongs_to("Product")

    info = OrderItem.__entity__
    assert (info.name, info.table, info.slug, info.label, info.plural, info.key) == (
        "OrderItem", "order_item", "order-items", "Order item", "Order items", ("id",),
    )  # fmt: skip
    assert list(info.fields) == [
        "id", "sku", "amount", "note", "code", "product_id", "version", "created_at", "updated_at",
    ]  # fmt: skip
    assert [n for n, f in info.fields.items() if f.managed] == [
        "id", "version", "created_at", "updated_at",
    ]  # fmt: skip
    sku, amount, note = info.fields["sku"], info.fields["amount"], info.fields["note"]
    assert (sku.max_length, sku.min_length, sku.unique, sku.label, sku.help) == (
        10, 2, True, "Article", "As printed",
    )  # fmt: skip
    assert (amount.type, amount.max_digits, amount.decimal_places) == (Decimal, 6, 2)
    assert (amount.minimum, amount.maximum) == (0, 99)
    assert (note.type, note.nullable, note.multiline, note.search) == (str, True, True, True)
    assert info.fields["code"].secret
    assert info.fields["product_id"].reference == "product.id"
    assert info.fields["product_id"].relation == "product"
    assert info.fields["product_id"].label == "Product"
    assert info.relations["product"] == schema.RelationInfo(
        "product", "belongs_to", "Product", "product_id"
    )
    assert find_entity("OrderItem") is find_entity("order_item") is OrderItem
    assert hasattr(OrderItem(sku="ab", amount=Decimal(1), product_id="x"), "__entity__")


def test_input_takes_nothing_that_is_not_the_visitors() -> None:
    class User(Entity, timestamps=True):
        name: str = Field(min_length=2)
        password: str = Field(default="", secret=True)
        score: int = Field(default=0, readonly=True)

    assert set(User.Input.model_fields) == {"name"}
    assert User.Input(name="Ada").model_dump() == {"name": "Ada"}
    for bad in ({"name": "A"}, {}, {"name": "Ada", "id": "1"}, {"name": "Ada", "score": 1}):
        with pytest.raises(ValidationError):
            User.Input.model_validate(bad)
    assert User.PatchInput().model_dump(exclude_unset=True) == {}
    with pytest.raises(ValidationError):
        User.PatchInput.model_validate({"name": None})
    user = User(name="Ada")
    assert "password" not in user.signals["user"]


@pytest.mark.parametrize(
    "field", ["save", "all", "count", "table", "metadata", "registry", "model_x", "signals", "a__b"]
)
def test_a_field_that_would_hide_something_is_refused(field: str) -> None:
    with pytest.raises(EntityDefinitionError, match=f"Bad.{field}"):
        type(Entity)("Bad", (Entity,), {"__annotations__": {field: str}, "__module__": __name__})  # pyright: ignore


def test_mapped_models_are_refused_with_the_line_to_write() -> None:
    with pytest.raises(EntityDefinitionError, match=r"class Bad\(Entity\):"):

        class Bad(Entity, table=True):  # type: ignore[call-arg] # pyright: ignore
            name: str

    with pytest.raises(EntityDefinitionError, match=r'owner = belongs_to\("..."\)'):

        class Worse(Entity):  # pyright: ignore[reportUnusedClass]
            owner: Any = Relationship()


def test_what_needs_a_key_of_one_field_says_so_where_the_key_has_several() -> None:
    class Line(Entity):
        a: int = Field(primary_key=True)
        b: int = Field(primary_key=True)

    mapper = Line.__nitro_mapper__
    assert mapper.keys == ("a", "b")
    assert mapper.key_of({"b": 2, "a": 1}) == (1, 2)
    with pytest.raises(EntityError, match=r"key of Line has several fields \(a, b\)"):
        _ = mapper.key


def test_a_relation_needs_its_field_and_its_target() -> None:
    class Lonely(Entity):
        owner = belongs_to("Owner")

    class Stray(Entity):
        name: str
        parts = has_many("Nobody")

    with pytest.raises(EntityDefinitionError, match="needs the field owner_id"):
        _ = Lonely.__entity__
    with pytest.raises(EntityDefinitionError, match="'Nobody'"):
        _ = Stray.create(name="x").parts


def test_a_class_can_do_without_version_and_take_other_names() -> None:
    class Person(Entity, version=False):
        name: str

    class Staff(Entity, table_name="legacy_staff", plural="staff_members"):
        name: str

    assert "version" not in Person.__entity__.fields
    assert Person.__entity__.slug == "people"
    assert (Staff.__entity__.table, Staff.__entity__.slug) == ("legacy_staff", "staff-members")
    person = Person.create(name="Ada")
    person.update(name="Eve")
    assert Person.get(person.id).name == "Eve"


def test_classes_inherit_fields_and_each_has_its_own_table() -> None:
    class Named(Entity, abstract=True, timestamps=True):
        name: str

        def shout(self) -> str:
            return self.name.upper()

    class Plain:
        def hello(self) -> str:
            return "hello"

    class Animal(Plain, Named):
        legs: int = 4

    class Dog(Animal):
        name: str = "Rex"
        loud: bool = True

    assert not hasattr(Named, "__entity__")
    dog = Dog.create()
    assert (dog.shout(), dog.hello(), dog.legs, dog.loud) == ("REX", "hello", 4, True)
    assert Animal.count() == 0
    assert list(Dog.__entity__.fields)[:2] == ["id", "name"]
    assert Dog.__entity__.table == "dog"
    assert Dog.table is not Animal.table
    assert Dog.NotFound.__mro__[1] is Animal.NotFound


def test_a_class_may_be_defined_again() -> None:
    made = []
    for default in (1, 2):

        class Again(Entity):
            name: str = "x"
            amount: int = default

        made.append(Again)
        assert Again.table.c.keys() == ["id", "name", "amount", "version"]
        Again.create()
    assert find_entity("Again") is made[1]
    assert made[0].create().amount == 1


def test_equal_names_in_two_modules_do_not_disturb_one_another(tmp_path: Path) -> None:
    modules = []
    for folder in ("shop", "crm"):
        path = tmp_path / f"{folder}_orders.py"
        path.write_text(
            "from __future__ import annotations\n"
            "from nitro_runtime.entities import Entity, Field, belongs_to\n"
            f"class Order(Entity, table_name='{folder}_order'):\n"
            f"    {folder}_number: int = 1\n"
            "    lines: list[Line] = []\n"
            "class Line(Entity):\n"
            "    text: str = ''\n"
        )
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        modules.append(module)
    for module in modules:
        order = module.Order.create(lines=[{"text": "a"}])
        assert module.Order.get(order.id).lines[0].text == "a"
        del sys.modules[module.__name__]


def test_local_names_are_found_in_annotations() -> None:
    class Inner(Entity):
        text: str = "x"

    class Outer(Entity):
        inner: Inner
        many: list[Inner] = Field(default_factory=list)

    outer = Outer.create(inner=Inner())
    assert Outer.get(outer.id).inner.text == "x"


def test_an_annotation_that_is_not_defined_says_so() -> None:
    class Broken(Entity):
        other: NotDefinedAnywhere  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(EntityDefinitionError, match="'NotDefinedAnywhere'"):
        _ = Broken.__entity__


def test_sqlmodels_own_field_works() -> None:
    class Item(Entity):
        code: str = SQLModelField(index=True, unique=True, max_length=5)

    assert Item.__entity__.fields["code"].unique
    assert Item.__entity__.fields["code"].max_length == 5


def test_sqlalchemy_takes_attributes_and_criteria() -> None:
    statement = select(Product.name).where((Product.price > 3) | (Product.name == "x"))  # type: ignore[call-overload]
    text = str(statement.compile(compile_kwargs={"literal_binds": True}))
    assert " ".join(text.split()) == (
        "SELECT product.name FROM product WHERE product.price > 3.0 OR product.name = 'x'"
    )


def test_a_criterion_has_no_truth_value() -> None:
    with pytest.raises(ValueError, match=r"& \| ~"):
        _ = Product.price > 3 and Product.stock > 1


def test_pickles_and_copies_keep_what_they_know() -> None:
    product = Product.create(name="Tea", price=1)
    for twin in (pickle.loads(pickle.dumps(product)), copy.copy(product), copy.deepcopy(product)):  # noqa: S301
        assert twin == product
        assert not twin.is_new
        assert twin.changed == {}
        assert hash(twin) == hash(product)


def test_signals_are_strict_json() -> None:
    class Mixed(Entity, version=False):
        id: int = Field(primary_key=True)  # type: ignore[assignment]
        price: Decimal = Decimal("1.10")
        at: datetime = datetime(2024, 1, 2)
        tags: list[Decimal] = Field(default_factory=lambda: [Decimal("0.1")])

    assert Mixed(id=1).signals == {
        "mixed": {"id": 1, "price": "1.10", "at": "2024-01-02T00:00:00+00:00", "tags": ["0.1"]}
    }


def test_the_constitutions_product_runs_as_it_is_written() -> None:
    source = '''
class Product(Entity):
    name: str
    price: float
    stock: int = 0

    def restock(self, quantity: int):
        """Business logic lives here"""
        self.stock += quantity
        self.save()
        emit('product_restocked', self)
'''
    emitted: list[tuple[str, Any]] = []
    scope: dict[str, Any] = {
        "Entity": Entity,
        "emit": lambda name, sender: emitted.append((name, sender)),
        "__name__": __name__,
    }
    exec(source, scope)  # noqa: S102
    scope["Product"].create(id="123", name="Tea", price=2.5)
    exec('product = Product.get(id="123")\nproduct.restock(50)', scope)  # noqa: S102
    assert scope["Product"].get("123").stock == 50
    assert emitted == [("product_restocked", scope["product"])]


def test_importing_entities_loads_neither_views_nor_events() -> None:
    code = (
        "import sys, nitro_runtime.entities\n"
        "print(sorted(m for m in sys.modules if m.startswith('nitro_runtime.') "
        "and m.split('.')[1] in ('views', 'events', 'sse', 'html', 'web', 'adapters')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
