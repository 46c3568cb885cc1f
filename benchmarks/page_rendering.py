"""A whole page, menu, table of 25 rows with its toolbar, by Nitro's views and its peers.

Nitro makes the page and its table for each call, as a request does; the peers write the same document,
every text escaped, from values that are ready to be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

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
from nitro_runtime.entities import Entity, Field
from nitro_runtime.html import H1, A, Div, Header, Nav
from nitro_runtime.views import Column, Page, PageState, Table

ROWS = 25


class BenchmarkPageProduct(Entity, backend="memory"):
    """What is listed."""

    name: str = Field(max_length=80)
    brand: str = ""
    price: float = 0
    stock: int = 0
    category: str = ""
    available_from: date | None = None


class ProductTable(Table[BenchmarkPageProduct]):
    """The table of six columns and two actions."""

    entity = BenchmarkPageProduct
    name = Column(link=True)
    brand = Column()
    price = Column()
    stock = Column()
    category = Column()
    available_from = Column()
    actions = ("edit", "delete")


_NAMES = ("Desk lamp", 'Shelf 24" & brackets', "Café chair", "<b>Rug</b>", "Clock")
PRODUCTS = [
    BenchmarkPageProduct(
        id=f"p{number}",
        name=f"{_NAMES[number % len(_NAMES)]} {number}",
        brand=("Nord & Süd", "Acme")[number % 2],
        price=19.5 + number,
        stock=number % 57,
        category=("Kitchen & dining", "Office")[number % 2],
        available_from=date(2026, 3, 1 + number),
    )
    for number in range(ROWS)
]
_WORDS = BenchmarkPageProduct(
    id="zzid",
    name="zzname",
    brand="zzbrand",
    price=7101.5,
    stock=7103,
    category="zzcategory",
    available_from=date(1907, 3, 9),
)
"""A row with a word of its own for each value."""

_STATE = PageState(
    tab="zztab", datastar_url="/static/datastar.js", stylesheet_url="/static/app.css"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as texts, made outside of the peers' time."""

    id: str
    name: str
    brand: str
    price: float
    stock: int
    category: str
    available_from: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the peers are given."""

    tab: str
    title: str
    rows: list[Row]


_SHOWN = Shown(
    "tab-7",
    "Products & more",
    [
        Row(p.id, p.name, p.brand, p.price, p.stock, p.category, f"{p.available_from}")
        for p in PRODUCTS
    ],
)
_SLOTS: Mapping[str, Slot] = {
    **{f"zz{name}": Slot(f"p.{name}") for name in ("id", "name", "brand", "category")},
    "7101.5": Slot("p.price", is_text=False),
    "7103": Slot("p.stock", is_text=False),
    "1907-03-09": Slot("p.available_from", is_text=False),
    "zztab": Slot("o.tab"),
    "zztitle": Slot("o.title"),
}


def page_of(rows: list[Any], title: str, state: PageState) -> str:
    """Makes the page and renders it, as an answer to a request does."""
    page = Page(
        H1(title),
        ProductTable(rows),
        title=title,
        header=Header(
            A("Shop", href="/", cls="brand"),
            Nav(A("Products", href="/products"), A("About", href="/about"), cls="nav"),
            Div("Welcome", cls="greeting"),
            cls="header",
        ),
    )
    return page.render(state)


def nitro_page() -> str:
    """The declared table on a page."""
    return page_of(PRODUCTS, _SHOWN.title, _state)


_state = PageState(
    tab=_SHOWN.tab, datastar_url="/static/datastar.js", stylesheet_url="/static/app.css"
)


def _document() -> Document:
    """Renders the page with all its rows, of which one stays, to be repeated."""
    top = parse(page_of([_WORDS] * ROWS, "zztitle", _STATE))
    _keep_one_row(top)
    return Document(top, _SLOTS)


def _keep_one_row(node: Node) -> None:
    for child in node.children:
        if isinstance(child, Node):
            if child.name == "tbody":
                del child.children[1:]
                row = child.children[0]
                assert isinstance(row, Node)
                row.rows = "o.rows"
            else:
                _keep_one_row(child)


def _is_cell(node: Node) -> bool:
    return node.name in {"td", "th"}


def comparisons() -> Iterator[Comparison]:
    """Yields the comparisons of this module."""
    document = _document()
    yield Comparison(
        name=f"Page with a table of {ROWS} rows by 6 columns and 2 actions, escaped",
        contenders={
            "Nitro, Page": nitro_page,
            "Jinja2, macros": partial(jinja2_macros(document, _is_cell), _SHOWN),
            **peers(document, _SHOWN),
        },
        reference="f-strings with C escape",
        number=5,
        rounds=15,
        check=same_document,
        limits=[Limit("Nitro, Page", ["Jinja2, macros"], 1 / 3)],
    )
