"""A form of twelve fields, filled with an entity, by Nitro's compiled form and its peers.

The peers write the same document, every text escaped; what they are given is ready to be shown, while
Nitro's form takes the entity itself and reads it within its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial

from benchmarks.frame import Comparison, Limit
from benchmarks.rewriting import (
    Document,
    Node,
    Slot,
    jinja2_macros,
    parse,
    peers,
    same_document,
)
from nitro_runtime.entities import Entity, Field, Text
from nitro_runtime.views import (
    CheckboxField,
    DateField,
    EmailField,
    Form,
    NumberField,
    SelectField,
    TextArea,
    TextField,
    UrlField,
)


class Status(StrEnum):
    """Where a product stands."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


class BenchmarkFormProduct(Entity, backend="memory"):
    """What is edited."""

    name: str = Field(max_length=80)
    brand: str = Field(max_length=80)
    contact: str = ""
    homepage: str = ""
    price: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    weight: Decimal = Field(max_digits=10, decimal_places=2, ge=0)
    stock: int = 0
    position: int = 0
    available_from: date | None = None
    description: str = Field(default="", sa_type=Text)
    status: Status = Status.DRAFT
    active: bool = True


class ProductForm(Form[BenchmarkFormProduct]):
    """The form of twelve fields."""

    entity = BenchmarkFormProduct
    name = TextField(max_length=80, help="As it stands on the label.")
    brand = TextField(max_length=80)
    contact = EmailField(required=False)
    homepage = UrlField(required=False)
    price = NumberField(min=0, step="0.01")
    weight = NumberField(min=0, step="0.01")
    stock = NumberField()
    position = NumberField()
    available_from = DateField(required=False)
    description = TextArea(required=False)
    status = SelectField(Status)
    active = CheckboxField()


PRODUCT = BenchmarkFormProduct(
    id="7",
    name='Shelf 24" & brackets',
    brand="Café <Nord>",
    contact="shop@example.org",
    homepage="https://example.org/?a=1&b=2",
    price=Decimal("1990.50"),
    weight=Decimal("12.25"),
    stock=17,
    position=3,
    available_from=date(2026, 3, 9),
    description="Two lines,\nand <b>no</b> markup.",
    status=Status.LIVE,
    active=True,
)
_WORDS = BenchmarkFormProduct(
    id="zzid",
    name="zzname",
    brand="zzbrand",
    contact="zzcontact",
    homepage="zzhomepage",
    price=Decimal("7101.11"),
    weight=Decimal("7102.12"),
    stock=7103,
    position=7104,
    available_from=date(1907, 3, 9),
    description="zzdescription",
)
"""The same with a word of its own for each value."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The values as texts, made outside of the peers' time."""

    id: str
    name: str
    brand: str
    contact: str
    homepage: str
    price: str
    weight: str
    stock: int
    position: int
    available_from: str
    description: str
    status: str
    active: bool


_SHOWN = Shown(
    **{
        **{name: getattr(PRODUCT, name) for name in Shown.__slots__},  # pyright: ignore
        "price": "1990.50",
        "weight": "12.25",
        "available_from": "2026-03-09",
        "status": "live",
    }
)
_SLOTS = {
    **{f"zz{name}": Slot(f"o.{name}") for name in ("id", "name", "brand", "contact", "homepage")},
    "zzdescription": Slot("o.description"),
    "7101.11": Slot("o.price", is_text=False),
    "7102.12": Slot("o.weight", is_text=False),
    "7103": Slot("o.stock", is_text=False),
    "7104": Slot("o.position", is_text=False),
    "1907-03-09": Slot("o.available_from", is_text=False),
}


def nitro_form() -> str:
    """The declared form, made for the entity and rendered."""
    return str(ProductForm(PRODUCT))


def _compiled() -> Callable[[], object]:
    """The same form with its values at hand, as the peers have them: only rendered again."""
    form = ProductForm(PRODUCT)
    return form.__html__


def _document() -> Document:
    top = parse(str(ProductForm(_WORDS)))
    _choose(top)
    return Document(top, _SLOTS)


def _is_field(node: Node) -> bool:
    return "field" in (node.attributes.get("class") or "").split()


def _choose(node: Node) -> None:
    """Notes on what the choices depend."""
    if node.name == "option" and node.attributes.get("value"):
        node.attributes["selected"] = None
        node.conditions["selected"] = f"o.status == '{node.attributes['value']}'"
    if node.attributes.get("type") == "checkbox":
        node.attributes["checked"] = None
        node.conditions["checked"] = "o.active"
    for child in node.children:
        if isinstance(child, Node):
            _choose(child)


def comparisons() -> Iterator[Comparison]:
    """Yields the comparisons of this module."""
    document = _document()
    yield Comparison(
        name="Form of 12 fields, filled, escaped",
        contenders={
            "Nitro, compiled form": _compiled(),
            "Nitro, Form of an entity": nitro_form,
            "Jinja2, macros": partial(jinja2_macros(document, _is_field), _SHOWN),
            **peers(document, _SHOWN),
        },
        reference="f-strings with C escape",
        number=50,
        rounds=15,
        check=same_document,
        limits=[Limit("Nitro, compiled form", ["Jinja2, macros"], 1 / 5)],
    )
