"""What a visitor chose in a table: columns, sizes, pages, and tables that stand beside each other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import A, Html, P
from nitro_runtime.signing import configure_secret
from nitro_runtime.views import Column, Table, ViewKey, view_from_key


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nitro_runtime.signing._configured", None)
    configure_secret("a key for these tests only")


@pytest.fixture
def shop(Product: Any, Category: Any) -> Any:
    Category.add(id=1, name="Lamps")
    for number in range(1, 31):
        Product.add(id=number, name=f"Lamp {number:02}", price=number, category_id=1)
    return Product


@pytest.fixture
def table(shop: Any) -> Any:
    class ChosenTable(Table[Any]):
        entity = shop
        columns = ["name", "price", "category"]  # noqa: RUF012
        search = ["name"]  # noqa: RUF012
        order = "name"
        choose = True
        per_page = 4
        sizes = (4, 20)

    return ChosenTable


def headings(html: str) -> list[str]:
    return re.findall(r'<th[^>]*scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', html)


def links(html: str) -> dict[str, str]:
    """Returns the addresses of links by the ends of their ids."""
    found = re.findall(r'<a[^>]*id="[a-z-]*product-table-([^"]+)"[^>]*href="([^"]*)"', html)
    return {end: address.replace("&amp;", "&") for end, address in found}


# -- columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (["price"], ["Price"]),
        (["price,name"], ["Name", "Price"]),
        (["price", "name"], ["Name", "Price"]),
        (["name", "price", "category"], ["Name", "Price", "Category"]),
        (["secret_note"], ["Name", "Price", "Category"]),
        (["", ","], ["Name", "Price", "Category"]),
    ],
)
async def test_people_choose_the_columns_that_are_shown(
    table: Any, request_with: Any, columns: list[str], shown: list[str]
) -> None:
    made = await table.read(request_with(query={"columns": columns}))
    html = str(made)
    assert headings(html) == shown
    assert [column.label for column in made.columns] == shown
    row = html.partition("<tbody>")[2].partition("</tr>")[0]
    assert len(re.findall("<t[hd]", row)) == len(shown)
    ticked = re.findall(r'type="checkbox" name="columns" value="([a-z]+)" checked', html)
    assert [name.title() for name in ticked] == shown


async def test_links_keep_the_columns_and_sizes_that_were_chosen(
    table: Any, request_with: Any
) -> None:
    query = {"columns": "name,price", "size": "20", "page": "2"}
    html = str(await table.read(request_with(query=query)))
    assert links(html)["sort-price"] == "?sort=price&columns=name%2Cprice&size=20"
    assert links(html)["page-1"] == "?columns=name%2Cprice&size=20"
    assert "21\N{EN DASH}30 of 30 products" in html
    assert '<option value="20" selected>20</option>' in html
    assert '<option value="">4</option>' in html


@pytest.mark.parametrize("size", ["5", "0", "-4", "1e9", "²", "99999999999999999999", "4"])
async def test_a_size_that_is_not_offered_is_the_tables_own(
    table: Any, request_with: Any, size: str
) -> None:
    html = str(await table.read(request_with(query={"size": size})))
    assert "1\N{EN DASH}4 of 30 products" in html
    assert "size=" not in links(html)["next"]


async def test_a_hidden_column_needs_no_relation(table: Any, request_with: Any, shop: Any) -> None:
    seen: list[tuple[str, ...]] = []
    rows = type(shop.all())
    include = rows.include

    def watched(self: Any, *names: str) -> Any:
        seen.append(names)
        return include(self, *names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "include", watched)
        await table.read(request_with(query={"columns": "name"}))
        await table.read(request_with())
    assert seen == [("category",)]


def test_what_a_class_says_of_its_columns_can_be_built_upon(table: Any) -> None:
    assert table.columns == ["name", "price", "category"]

    class More(table):  # type: ignore[misc, valid-type]
        columns = [*table.columns, "stock"]  # noqa: RUF012

    assert headings(str(More())) == ["Name", "Price", "Category", "Stock"]
    assert headings(str(table())) == ["Name", "Price", "Category"]


# -- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "numbers"),
    [
        (1, "1 2 … 8"),
        (3, "1 2 3 4 … 8"),
        (4, "1 2 3 4 5 … 8"),
        (5, "1 … 4 5 6 7 8"),
        (6, "1 … 5 6 7 8"),
        (8, "1 … 7 8"),
    ],
)
async def test_the_pager_links_the_first_the_last_and_those_around(
    table: Any, request_with: Any, page: int, numbers: str
) -> None:
    html = str(await table.read(request_with(query={"page": str(page)})))
    nav = html.partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r">(\d+|…)<", nav) == numbers.split()
    current = re.search(r'id="product-table-page-(\d+)"[^>]*aria-current="page"', nav)
    assert current
    assert current[1] == str(page)
    assert f'aria-label="Page {page} of 8"' in nav


async def test_who_comes_to_an_end_with_the_keyboard_keeps_the_focus(
    table: Any, request_with: Any
) -> None:
    html = str(await table.read(request_with(query={"page": "8"})))
    assert re.search(r'id="product-table-next" aria-disabled="true" tabindex="-1"', html)
    assert "29\N{EN DASH}30 of 30 products" in html


# -- beside each other ----------------------------------------------------------------------------


async def test_two_tables_of_one_entity_keep_out_of_each_others_way(
    table: Any, request_with: Any
) -> None:
    query = {"left_sort": "-price", "right_page": "2", "page": "3", "tab": "b"}
    left = await table.read(request_with(query=query), prefix="left")
    right = await table.read(request_with(query=query), prefix="right", where={"stock": 0})
    first, second = str(left), str(right)
    assert left.dom_id == "left-product-table"
    assert not set(re.findall(r' id="([^"]+)"', first)) & set(re.findall(r' id="([^"]+)"', second))
    assert left.rows[0].name == "Lamp 30"
    assert right.rows[0].name == "Lamp 05"
    assert 'aria-label="Products: Left"' in first
    assert 'aria-label="Pages: Products: Right"' in second
    # what the other table and the app say stays in every link, and in the form
    assert links(first)["sort-name"] == "?left_sort=name&right_page=2&page=3&tab=b"
    assert links(second)["page-1"] == "?left_sort=-price&page=3&tab=b"
    assert '<input type="hidden" name="right_page" value="2">' in first
    assert '<input type="hidden" name="left_sort" value="-price">' in second


async def test_a_live_table_with_a_prefix_comes_back_with_it(shop: Any, request_with: Any) -> None:
    built = Table.from_entity(shop, prefix="left").with_columns("name", choose=True).with_search()
    query = {"left_search": "lamp 3", "search": "x"}
    made = await built.with_empty(P("None.")).reactive().read(request_with(query=query))
    again = await view_from_key(made.view_key or "", request_with())
    assert str(again) == str(made)
    assert again.dom_id == "left-product-table"
    assert "4 matching products" in str(again)

    class LeftTable(Table[Any]):
        entity = shop
        reactive = True

    declared = await LeftTable.read(request_with(query=query), prefix="left")
    again = await view_from_key(declared.view_key or "", request_with())
    assert str(again) == str(declared)
    assert "_views" in str(again)
    assert "left_product_table" in str(again)


async def test_the_key_of_a_built_table_says_what_was_chosen_and_no_more(
    Product: Any, request_with: Any
) -> None:
    table = Table.from_entity(Product).with_empty(P("<None>")).with_filters("status").reactive()
    key = (await table.read(request_with())).view_key or ""
    assert str(await view_from_key(key, request_with())) == str(table)
    assert "<p>&lt;None&gt;</p>" in str(table)
    assert ViewKey.read(key).data["options"] == {
        "empty": {"html": "<p>&lt;None&gt;</p>"},
        "filters": ["status"],
    }


@pytest.mark.parametrize("prefix", ["Left", "1", "a b", "a-b", '"'])
def test_a_prefix_is_a_name(shop: Any, prefix: str) -> None:
    with pytest.raises(ViewError, match="small letters"):
        str(Table.from_entity(shop, prefix=prefix))


async def test_what_else_an_address_says_is_kept_up_to_a_length(
    table: Any, request_with: Any
) -> None:
    long = await table.read(request_with(query={"a": "x" * 3000, "b": "y"}))
    assert links(str(long))["next"] == "?page=2"
    many = await table.read(request_with(query={"a": ["1", "2"], "datastar": "{}"}))
    assert links(str(many))["next"] == "?page=2&a=1&a=2"


# -- markup of one's own --------------------------------------------------------------------------


async def test_a_table_gives_its_parts_for_markup_of_ones_own(
    table: Any, request_with: Any
) -> None:
    made = await table.read(request_with(query={"search": "lamp", "page": "2"}))
    assert [column.name for column in made.columns] == ["name", "price", "category"]
    assert [row.name for row in made.rows] == ["Lamp 05", "Lamp 06", "Lamp 07", "Lamp 08"]
    assert made.row_count == 30
    assert made.cell(made.rows[0], "name") == "Lamp 05"
    assert "Lamps" in made.cell(made.rows[0], "category")
    assert made.attributes.startswith(' id="product-table"')
    assert 'data-on:popstate__window="' in made.attributes
    whole = str(made)
    for part in (made.attributes, made.toolbar, made.pager):
        assert isinstance(part, Html)
        assert str(part) in whole
    with pytest.raises(ViewError, match="Did you mean 'price'"):
        made.cell(made.rows[0], "prcie")


def test_a_method_makes_the_cells_for_markup_of_ones_own_too(shop: Any) -> None:
    class Loud(Table[Any]):
        entity = shop
        name = Column()

        def cell_name(self, product: Any) -> str:
            return f"<{product.name}>"

    assert Loud().cell(shop.kept[0], "name") == "&lt;Lamp 01&gt;"


def test_an_empty_table_may_say_what_to_do_next(Product: Any) -> None:
    class EmptyTable(Table[Any]):
        entity = Product
        empty = P("Nothing. ", A("Make one", href="/products/new"))

    assert '<div class="empty"><p>Nothing. <a href="/products/new">Make one</a></p></div>' in str(
        EmptyTable()
    )
    built = Table.from_entity(Product).with_empty("<none>")
    assert '<div class="empty">&lt;none&gt;</div>' in str(built)


# -- slips ----------------------------------------------------------------------------------------


def test_what_is_no_entity_class_is_told(Product: Any) -> None:
    with pytest.raises(ViewError, match="'int' is not an entity class"):
        Table.from_entity(int)
    with pytest.raises(ViewError, match="Did you mean 'Product'"):
        Table.from_entity("Prodct")  # type: ignore[arg-type]
    with pytest.raises(ViewError, match="for the class Product, not for one Product"):
        Table.from_entity(Product.add(name="Lamp", price=1))
    with pytest.raises(ViewError, match="Did you mean 'price'"):
        Table.from_entity(Product).with_sorting("-prcie")
    with pytest.raises(ViewError, match="at least one row"):
        Table.from_entity(Product).with_pagination(5, sizes=(0, 5))
