"""Tables: what is read, what is shown, what people may do."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import B, Html
from nitro_runtime.views import Column, Table, row_for


def cells(html: str) -> list[list[str]]:
    """Returns the text of each cell, row by row."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body)
    return [
        [re.sub("<[^>]+>", "", c) for c in re.findall(r"<t[dh].*?>(.*?)</t[dh]>", r)] for r in rows
    ]


def names(html: str) -> list[str]:
    return [row[0] for row in cells(html)]


@pytest.fixture
def shop(Product: Any, Category: Any) -> Any:
    Category.add(id=1, name="Lamps")
    Product.add(id=1, name="Arc", price="19.9", stock=2, status="live", category_id=1)
    Product.add(id=2, name="Bulb", price="100", stock=0, active=False)
    Product.add(id=3, name="Candle", price="3.00", stock=7, status="out_of_stock", category_id=1)
    return Product


@pytest.fixture
def product_table(shop: Any) -> Any:
    class ProductTable(Table[Any]):
        entity = shop
        name = Column(sort=True, link=True)
        price = Column(sort=True)
        category = Column()
        actions = ["edit", "delete"]  # noqa: RUF012
        search = ["name"]  # noqa: RUF012

    return ProductTable


def test_an_entity_gives_a_table_of_what_is_short_and_no_secret(shop: Any) -> None:
    html = str(Table.from_entity(shop))
    assert re.findall(r"<th[^>]*col[^>]*>(?:<a[^>]*>)?([^<]+)", html) == [
        "Name",
        "Price",
        "Stock",
        "Status",
        "Category",
        "Active",
        "Margin",
    ]
    assert cells(html) == [
        ["Candle", "3.00", "7", "Out of stock", "Lamps", "Yes", "7"],
        ["Bulb", "100.00", "0", "Draft", "—", "No", "7"],
        ["Arc", "19.90", "2", "Live", "Lamps", "Yes", "7"],
    ]
    assert '<span class="badge badge-out-of-stock">Out of stock</span>' in html
    assert '<td class="num" data-label="Price">3.00</td>' in html
    assert "hush" not in html


def test_rows_at_hand_are_shown_as_they_are(shop: Any) -> None:
    html = str(Table.from_entity(shop, rows=[shop.kept[1], shop.kept[0]]))
    assert names(html) == ["Bulb", "Arc"]
    assert "2 products" in html


async def test_a_request_searches_sorts_and_turns_pages(
    product_table: Any, request_with: Any
) -> None:
    table = await product_table.read(request_with(query={"search": " CAN ", "sort": "-price"}))
    assert names(str(table)) == ["Candle"]
    by_price = await product_table.read(request_with(query={"sort": "price"}))
    assert names(str(by_price)) == ["Candle", "Arc", "Bulb"]
    assert 'aria-sort="ascending"' in str(by_price)
    assert 'href="?sort=-price"' in str(by_price)


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "secret_note"},
        {"sort": "stock"},  # stored, but no column of this table
        {"sort": "-"},
        {"sort": "name; drop table product"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "99999999999999999999"},
        {"page": "²"},
        {"search": ""},
    ],
)
async def test_a_query_that_makes_no_sense_gives_the_default(
    product_table: Any, request_with: Any, query: dict[str, str]
) -> None:
    table = await product_table.read(request_with(query=query))
    assert names(str(table)) == ["Candle", "Bulb", "Arc"]


async def test_a_page_past_the_end_is_the_last_page(shop: Any, request_with: Any) -> None:
    table = Table.from_entity(shop).with_pagination(2)
    html = str(await table.read(request_with(query={"page": "9"})))
    assert names(html) == ["Arc"]
    assert "Page 2 of 2" in html
    assert 'href="?"' in html  # back to the first page
    assert 'id="product-table-next" aria-disabled="true"' in html


async def test_links_keep_what_else_was_asked_for(shop: Any, request_with: Any) -> None:
    table = Table.from_entity(shop).with_search().with_pagination(1)
    html = str(await table.read(request_with(query={"search": "a&b c", "sort": "-name"})))
    assert "Nothing matches “a&amp;b c”." in html
    assert 'name="sort" value="-name"' in html
    html = str(await table.read(request_with(query={"search": "c", "sort": "-name"})))
    assert 'href="?search=c&amp;sort=-name&amp;page=2"' in html
    assert 'href="?search=c&amp;sort=name"' in html


def test_an_empty_table_says_so(Product: Any) -> None:
    html = str(Table.from_entity(Product))
    assert '<div class="empty">Nothing here yet.</div>' in html
    assert "<table" not in html
    assert "No products" in html


async def test_actions_are_a_link_and_a_form_first(product_table: Any, request_with: Any) -> None:
    html = str(await product_table.read(request_with()))
    assert '<a href="/products/new" class="btn btn-primary">New product</a>' in html
    assert (
        '<tr id="product-1"><th scope="row" data-label="Name"><a href="/products/1">Arc</a></th>'
        in html
    )
    assert '<a href="/products/1/edit" aria-label="Edit Arc"' in html
    assert '<form method="post" action="/products/1/delete"' in html
    assert 'data-confirm="Delete Arc? This cannot be undone."' in html
    assert "confirm(el.dataset.confirm)) &amp;&amp; @post(el.getAttribute(" in html


def test_an_action_may_be_a_function_and_its_text_is_escaped(shop: Any) -> None:
    table = Table.from_entity(shop).with_actions(
        ["edit", lambda p: f"<{p.name}>", lambda p: B("!")]
    )
    assert "&lt;Arc&gt;<b>!</b></td>" in str(table)


def test_a_method_makes_the_cells_of_its_column(shop: Any) -> None:
    class ProductTable(Table[Any]):
        entity = shop
        columns = ["name", "price", "total"]  # noqa: RUF012

        def cell_price(self, product: Any) -> object:
            return f"<{product.price}>"

        def cell_total(self, product: Any) -> Html:
            return B(product.price * product.stock)

    html = str(ProductTable())
    assert '<td class="num" data-label="Price">&lt;3.00&gt;</td>' in html
    assert '<td data-label="Total"><b>21.00</b></td>' in html
    assert row_for(shop.kept[2]) == ProductTable.row(shop.kept[2])
    assert '<tr id="product-3"><th scope="row" data-label="Name">Candle</th>' in str(
        row_for(shop.kept[2])
    )


def test_a_column_named_like_an_option_hides_nothing(Product: Any) -> None:
    class Odd(Table[Any]):
        entity = Product
        name = Column()
        search = Column(label="Found")  # pyright: ignore

        def cell_search(self, product: Any) -> str:
            return f"{product.name}!"

    Product.add(id=1, name="Arc", price="1.00")
    assert cells(str(Odd())) == [["Arc", "Arc!"]]
    assert 'type="search"' not in str(Odd())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda t: t.with_columns("nmae"), "Did you mean 'name'"),
        (lambda t: t.with_columns("secret_note"), "is secret"),
        (lambda t: t.with_search("secret_note"), "is secret"),
        (lambda t: t.with_search("nmae"), "Did you mean 'name'"),
        (lambda t: t.with_actions(["edti"]), "Did you mean 'edit'"),
        (lambda t: t.with_pagination(0), "at least one row"),
    ],
)
def test_what_a_table_cannot_have_is_told_where_it_is_written(
    Product: Any, build: Any, message: str
) -> None:
    with pytest.raises(ViewError, match=message):
        build(Table.from_entity(Product))


def test_rows_given_by_hand_cannot_be_reactive(shop: Any) -> None:
    with pytest.raises(ViewError, match="given by hand"):
        Table.from_entity(shop, rows=[]).reactive()

    class ProductTable(Table[Any]):
        entity = shop
        reactive = True

    with pytest.raises(ViewError, match="given by hand"):
        str(ProductTable(rows=shop.kept))


async def test_a_scope_limits_the_rows_and_cannot_be_forgotten(
    shop: Any, request_with: Any
) -> None:
    class Mine(Table[Any]):
        entity = shop

        @classmethod
        async def scope(cls, request: Any) -> Any:
            return {"stock": request.user}

    request = request_with()
    request.user = 7
    assert names(str(await Mine.read(request))) == ["Candle"]
    with pytest.raises(ViewError, match="needs a request"):
        str(Mine())


async def test_a_table_may_be_limited_where_it_is_used(shop: Any, request_with: Any) -> None:
    limited = Table.from_entity(shop, where={"category_id": 1})
    assert names(str(limited)) == ["Candle", "Arc"]
    assert names(str(await limited.read(request_with(query={"sort": "name"})))) == ["Arc", "Candle"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'); alert(1); ('",
        "${alert(1)}",
        "@post('/x') $name",
        "&amp;",
        "\ue0000\ue001",
    ],
)
async def test_whatever_a_row_or_a_search_holds_is_only_ever_text(
    Product: Any, Category: Any, request_with: Any, text: str
) -> None:
    from html.parser import HTMLParser

    class Seen(HTMLParser):
        def __init__(self, source: str) -> None:
            super().__init__()
            self.tags: list[str] = []
            self.code: list[str] = []
            self.texts = ""
            self.feed(source)

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            self.code += [v or "" for n, v in attrs if re.match(r"data-(on|attr|effect|init)", n)]
            assert not any(re.match("on", name) for name, _ in attrs)

        def handle_data(self, data: str) -> None:
            self.texts += data

    def table() -> Any:
        made = Table.from_entity(Product).with_search("name").with_actions(["edit", "delete"])
        return made.reactive().read(request_with(query={"search": text}))

    category = Category.add(id=1, name="Lamps")
    product = Product.add(id=1, name=f"a {text}", price=Decimal("1.00"), category_id=1)
    first = Seen(str(await table()))
    product.name = f"b {text}"
    category.name = text
    second = Seen(str(await table()))
    assert first.tags == second.tags
    assert first.code == second.code
    assert not any(text in code for code in second.code)
    assert second.texts.count(text) == 2  # its own cell and the category's
