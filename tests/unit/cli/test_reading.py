"""An entity read out of its class: the same fields as were typed, and whatever was added by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.generators.code import entity_view
from nitro_cli.generators.reading import Found, read_class
from nitro_cli.grammar.parser import parse_entity
from nitro_runtime.errors import UsageError

KNOWN = {"Product": "products", "Category": "categories", "Tag": "tags"}


def source_of(*fields: str) -> str:
    """The class that the generator writes for these fields."""
    view = entity_view(parse_entity("Product", fields), "shop", KNOWN)
    enums = "".join(
        f"class {e.class_name}(StrEnum):\n" + "".join(f"    {m} = {v!r}\n" for m, v in e.members)
        for e in view.enums
    )
    lines = [f.declaration for f in view.fields if f.declaration] + list(view.relation_lines)
    return enums + "class Product(Entity):\n" + "".join(f"    {line}\n" for line in lines)


def read(text: str, path: str = "shop/products/entity.py") -> Found:
    return read_class(path, text, "Product", None, KNOWN)


@pytest.mark.parametrize(
    "field",
    [
        "name:str",
        "name:str.80",
        "name:str.80:opt:unique:search",
        "note:text:opt",
        "note:text",
        "stock:int=3",
        "stock:int:min.0:max.9=3",
        "weight:float:min.0.5",
        "price:decimal.10.2:min.0=9.99",
        "live:bool=true",
        "live:bool",
        "born:date",
        "born:date=2026-01-31",
        "at:datetime:opt",
        "opens:time=12:30",
        "code:uuid:unique",
        "contact:email:index",
        "home:url:opt",
        "extra:json",
        "status:enum.draft.on-hold=draft",
        "status:enum.a.b:opt",
        "category:ref.Category",
        "category:ref.Category:opt:on.null",
        "parent:ref.Product:opt",
        "secret_word:str:opt:secret",
        "tags:many.Tag",
        "words:list.str",
    ],
)
def test_what_the_generator_writes_is_read_as_it_was_typed(field: str) -> None:
    (found,) = read(source_of(field)).spec.fields
    (typed,) = parse_entity("Product", [field]).fields
    assert str(found) == str(typed)


FIELDS = ("a:str.9:opt", "b:int:min.1", "c:decimal.8.3", "d:enum.x.y=x", "e:date:opt", "f:text")


@given(st.permutations(FIELDS), st.integers(1, 6))
def test_any_fields_in_any_order_are_read(fields: list[str], count: int) -> None:
    spec = read(source_of(*fields[:count])).spec
    assert spec == parse_entity("Product", fields[:count])


BY_HAND = '''
import datetime as dt
import typing as t
from decimal import Decimal
from enum import Enum
import nitro
from nitro import Field, belongs_to


class State(str, Enum):
    NEW = "new"
    OLD = "old"


class Helper:
    name: int = 1


class Product(nitro.Entity, timestamps=True):
    """A product."""

    LIMIT: t.ClassVar[int] = 5
    _hidden: int = 0
    id: int
    name: "str"
    price: t.Optional[Decimal] = Field(None, max_digits=8, decimal_places=3)
    born: dt.date | None = None
    state: State = State.NEW
    factor: complex = 1j
    lots: dict = Field(default_factory=dict)
    category_id: str | None = Field(default=None, foreign_key="category.id")
    other_id: str = Field(foreign_key="category.id")
    category = belongs_to("Category")

    def double(self) -> int:
        return 2
'''


def test_a_class_that_was_written_by_hand_is_read_as_far_as_the_grammar_goes() -> None:
    found = read(BY_HAND)
    assert [str(field) for field in found.spec.fields] == [
        "name:str",
        "price:decimal.8.3:opt",
        "born:date:opt",
        "state:enum.new.old=new",
        "lots:json",
        "category:ref.Category:opt",
        "other_id:str",
    ]
    assert found.enums == {"ProductState": "State"}
    assert found.left_out == ("factor: complex",)
    assert found.needed == ()


def test_a_required_field_of_a_type_of_its_own_is_named() -> None:
    found = read("class Product(Entity):\n    where: Point\n    path: Path | None = None\n")
    assert (found.left_out, found.needed) == (("where: Point", "path: Path"), ("where",))


def test_a_field_that_stands_as_it_was_generated_keeps_what_only_the_grammar_says() -> None:
    typed = parse_entity("Product", ["name:str:sort", "stock:int:sort"])
    text = source_of("name:str", "stock:int") + "    extra: int = 5\n"
    text = text.replace("stock: int", "stock: float")
    found = read_class("shop/products/entity.py", text, "Product", typed, KNOWN)
    fields = [str(field) for field in found.spec.fields]
    assert fields == ["name:str:sort", "stock:float", "extra:int=5"]


def test_a_source_that_is_no_python_is_named_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"shop/products/entity\.py, line 2 is not Python"):
        read("x = 1\nclass Product(:\n")


def test_a_folder_that_does_not_fit_the_plural_is_told_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r'class Product\(Entity, plural="stuff"\)'):
        read("class Product(Entity):\n    name: str\n", "shop/stuff/entity.py")
    found = read('class Product(Entity, plural="stuff"):\n    name: str\n', "shop/stuff/entity.py")
    assert (found.spec.package, found.spec.slug) == ("stuff", "stuff")
