"""A table of 1,000 rows by 6 columns, every value escaped, by Nitro and its peers.

All contenders render the same rows; their outputs are compared as parsed documents first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import dominate.tags
import htpy
import jinja2
import mako.template
import minijinja
import rusty_tags
from fasthtml import common as fasthtml

from benchmarks.frame import Comparison, Limit, WrongOutput
from nitro_runtime.html import Html, Table, Tbody, Td, Tr, raw, rusty
from nitro_runtime.html.compiled import Value, compile_row
from nitro_runtime.html.markup import c_escape

ROWS = 1000


@dataclass(frozen=True, slots=True)
class Product:
    """A row, with what catalogues hold: quotes, ampersands, accents, an attack."""

    id: int
    name: str
    price: Decimal
    stock: int
    status: str
    category: str


_NAMES = ("Desk lamp", 'Shelf 24" & brackets', "Café chair", "<b>Rug</b>", "Clock", "Tea pot")
PRODUCTS = [
    Product(
        id=number,
        name=f"{_NAMES[number % len(_NAMES)]} {number}",
        price=Decimal(1990 + number) / 100,
        stock=number % 57,
        status=("live", "draft", "retired")[number % 3],
        category=("Kitchen & dining", "Office", "Garden")[number % 3],
    )
    for number in range(ROWS)
]


def f_strings() -> str:
    """The limit: one f-string a row, MarkupSafe's C escape on what is text."""
    e = c_escape
    body = "".join(
        [
            f'<tr id="product-{p.id}"><td>{p.id}</td><td>{e(p.name)}</td><td>{p.price!s}</td>'
            f"<td>{p.stock}</td><td>{e(p.status)}</td><td>{e(p.category)}</td></tr>"
            for p in PRODUCTS
        ]
    )
    return f"<table><tbody>{body}</tbody></table>"


_ROW = compile_row(
    [
        raw('<tr id="product-'),
        Value("id", "int"),
        raw('"><td>'),
        Value("id", "int"),
        raw("</td><td>"),
        Value("name", "text"),
        raw("</td><td>"),
        Value("price", "decimal"),
        raw("</td><td>"),
        Value("stock", "int"),
        raw("</td><td>"),
        Value("status", "text"),
        raw("</td><td>"),
        Value("category", "text"),
        raw("</td></tr>"),
    ]
)


def nitro_compiled() -> Html:
    """Rows that know their columns, compiled once: what Nitro's tables do."""
    return _ROW.each(PRODUCTS, raw("<table><tbody>"), raw("</tbody></table>"))


def nitro_tags() -> Html:
    """Free-form tags."""
    return Table(
        Tbody(
            Tr(
                Td(p.id),
                Td(p.name),
                Td(p.price),
                Td(p.stock),
                Td(p.status),
                Td(p.category),
                id=f"product-{p.id}",
            )
            for p in PRODUCTS
        )
    )


def nitro_rusty() -> Html:
    """Free-form tags put together by RustyTags, behind the same escaping."""
    tr, td = rusty.element("tr"), rusty.element("td")
    table, tbody = rusty.element("table"), rusty.element("tbody")
    return table(
        tbody(
            tr(
                td(p.id),
                td(p.name),
                td(p.price),
                td(p.stock),
                td(p.status),
                td(p.category),
                id=f"product-{p.id}",
            )
            for p in PRODUCTS
        )
    )


def rusty_tags_escaped() -> str:
    """RustyTags escapes nothing itself, so each text goes through the fastest escape there is."""
    tr, td, e = rusty_tags.Tr, rusty_tags.Td, c_escape
    rows = [
        tr(
            td(p.id),
            td(e(p.name)),
            td(str(p.price)),
            td(p.stock),
            td(e(p.status)),
            td(e(p.category)),
            id=e(f"product-{p.id}"),
        )
        for p in PRODUCTS
    ]
    return str(rusty_tags.Table(rusty_tags.Tbody(*rows)))


def htpy_elements() -> str:
    """The htpy library."""
    tr, td = htpy.tr, htpy.td
    rows = [
        tr(id=f"product-{p.id}")[
            td[p.id], td[p.name], td[str(p.price)], td[p.stock], td[p.status], td[p.category]
        ]
        for p in PRODUCTS
    ]
    return str(htpy.table[htpy.tbody[rows]])


def dominate_tags() -> str:
    """The dominate library."""
    table: Any = dominate.tags.table()
    body: Any = table.add(dominate.tags.tbody())
    td = dominate.tags.td
    for p in PRODUCTS:
        cells = (str(p.id), p.name, str(p.price), str(p.stock), p.status, p.category)
        body.add(dominate.tags.tr(*[td(cell) for cell in cells], id=f"product-{p.id}"))
    return table.render(pretty=False)


def fasthtml_elements() -> str:
    """FastHTML's FT components."""
    tr, td = fasthtml.Tr, fasthtml.Td
    rows = [
        tr(
            td(p.id),
            td(p.name),
            td(str(p.price)),
            td(p.stock),
            td(p.status),
            td(p.category),
            id=f"product-{p.id}",
        )
        for p in PRODUCTS
    ]
    return fasthtml.to_xml(fasthtml.Table(fasthtml.Tbody(*rows)), indent=False)


_CELLS = ("id", "name", "price", "stock", "status", "category")
_JINJA = (
    "<table><tbody>{% for p in products %}"
    '<tr id="product-{{ p.id }}">'
    + "".join(f"<td>{{{{ p.{cell} }}}}</td>" for cell in _CELLS)
    + "</tr>{% endfor %}</tbody></table>"
)
_MAKO = (
    "<table><tbody>\n% for p in products:\n"
    '<tr id="product-${p.id}">'
    + "".join(f"<td>${{p.{cell}}}</td>" for cell in _CELLS)
    + "</tr>\n% endfor\n</tbody></table>"
)
_jinja = jinja2.Environment(autoescape=True).from_string(_JINJA)
_mako = mako.template.Template(_MAKO, default_filters=["h"])  # noqa: S702 # the filter escapes
_minijinja = minijinja.Environment(templates={"table.html": _JINJA})
# minijinja knows no Decimal: it gets what it can show, made outside the clock
_PLAIN = [
    {name: str(value) if name == "price" else value for name, value in row.items()}
    for row in ({cell: getattr(p, cell) for cell in _CELLS} for p in PRODUCTS)
]


def jinja2_template() -> str:
    """Jinja2 with autoescape."""
    return _jinja.render(products=PRODUCTS)


def mako_template() -> str:
    """Mako with its ``h`` filter on everything."""
    return str(_mako.render(products=PRODUCTS))


def minijinja_template() -> str:
    """minijinja, from plain dicts."""
    return _minijinja.render_template("table.html", products=_PLAIN)


# -- the same work ------------------------------------------------------------------------------


class _Tokens(HTMLParser):
    """What a parser sees: tags, attributes, texts, with entities decoded."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a start tag."""
        self.seen.append((tag, sorted(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Notes an end tag."""
        self.seen.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        """Notes a text that is more than layout."""
        if data.strip():
            self.seen.append(re.sub(r"\s+", " ", data.strip()))


def same_document(outputs: Mapping[str, object]) -> None:
    """Checks that all outputs are the same document.

    Raises:
        WrongOutput: One differs from the first.
    """
    expected: list[object] | None = None
    for name, output in outputs.items():
        tokens = _Tokens()
        tokens.feed(str(output))
        tokens.close()
        expected = tokens.seen if expected is None else expected
        if tokens.seen != expected:
            raise WrongOutput(f"{name} rendered another document than {next(iter(outputs))}")


def comparisons() -> Iterator[Comparison]:
    """Yields the comparisons of this module."""
    yield Comparison(
        name=f"Table of {ROWS:,} rows by 6 columns, escaped",
        contenders={
            "f-strings with C escape": f_strings,
            "Nitro, compiled rows": nitro_compiled,
            "minijinja": minijinja_template,
            "Nitro, tags": nitro_tags,
            "Nitro, tags on RustyTags": nitro_rusty,
            "RustyTags with escaping": rusty_tags_escaped,
            "Jinja2": jinja2_template,
            "Mako": mako_template,
            "dominate": dominate_tags,
            "htpy": htpy_elements,
            "FastHTML": fasthtml_elements,
        },
        reference="f-strings with C escape",
        number=1,
        rounds=15,
        check=same_document,
        limits=[
            Limit("Nitro, compiled rows", ["f-strings with C escape"], 1.2),
            Limit("Nitro, compiled rows", ["Jinja2", "RustyTags with escaping"], 1 / 5),
            Limit("Nitro, compiled rows", ["htpy", "FastHTML"], 1 / 50),
            Limit("Nitro, tags", ["RustyTags with escaping"], 1.0),
            Limit("Nitro, tags", ["htpy"], 1 / 10),
        ],
    )
