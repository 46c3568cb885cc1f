"""Filters of tables: which there are, what they read from an address, what they ask of the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nitro_runtime.errors import ViewError
from nitro_runtime.schema import EntityInfo, FieldInfo
from nitro_runtime.views import Column, Table, view_from_key
from nitro_runtime.views.filter_values import value_of
from nitro_runtime.views.table_definition import TableOptions, define_table
from nitro_runtime.views.table_filters import filter_for, filters_for
from nitro_runtime.views.table_state import query_of, state_from


class Colour(Enum):
    RED = 1
    BLUE = 2


def info(**types: Any) -> EntityInfo:
    found = {name: FieldInfo(name, kind, name) for name, kind in types.items()}
    return EntityInfo("Thing", "thing", "things", "Thing", "Things", found)


def names(html: str) -> list[str]:
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        re.sub("<[^>]+>", "", row) for row in re.findall(r"<tr[^>]*><t[hd][^>]*>(.*?)</t", body)
    ]


def lookups(kind: Any, **texts: str) -> dict[str, Any]:
    return filter_for(info(it=kind), "it").lookups(texts)


@pytest.mark.parametrize(
    ("kind", "texts", "found"),
    [
        (Colour, {"it": "2"}, {"it": Colour.BLUE}),
        (Colour, {"it": "3"}, {}),
        (Literal["a", "b"], {"it": "b"}, {"it": "b"}),
        (bool, {"it": "false"}, {"it": False}),
        (bool, {"it": "0"}, {}),
        (int, {"it_min": "3", "it_max": "-4"}, {"it__gte": 3, "it__lte": -4}),
        (int, {"it_min": "3.5"}, {}),
        (int, {"it_min": "9" * 19}, {}),
        (float, {"it_max": "1e3"}, {"it__lte": 1000.0}),
        (float, {"it_max": "nan"}, {}),
        (Decimal, {"it_min": "0.10"}, {"it__gte": Decimal("0.10")}),
        (Decimal, {"it_min": "Infinity"}, {}),
        (Decimal, {"it_min": "1e999999"}, {}),
        (date, {"it_from": "2026-02-03"}, {"it__gte": date(2026, 2, 3)}),
        (date, {"it_to": "2026-02-30"}, {}),
        (datetime, {"it_from": "2026-02-03"}, {"it__gte": datetime(2026, 2, 3, tzinfo=UTC)}),
        (datetime, {"it_to": "2026-02-03"}, {"it__lt": datetime(2026, 2, 4, tzinfo=UTC)}),
        (datetime, {"it_to": "9999-12-31"}, {}),
        (
            datetime,
            {"it_to": "2026-02-03T10:00+00:00"},
            {"it__lte": datetime(2026, 2, 3, 10, tzinfo=UTC)},
        ),
        (time, {"it_from": "10:30"}, {"it__gte": time(10, 30)}),
        (str, {"it": "Ö"}, {"it__icontains": "Ö"}),
        (UUID, {"it": "x"}, {}),
        (UUID, {"it": str(UUID(int=7))}, {"it": UUID(int=7)}),
    ],
)
def test_each_type_has_a_filter_that_reads_its_values(
    kind: Any, texts: dict[str, str], found: dict[str, Any]
) -> None:
    assert lookups(kind, **texts) == found


@pytest.mark.parametrize("kind", [list[str], dict, bytes])
def test_what_has_no_filter_is_told(kind: Any) -> None:
    with pytest.raises(ViewError, match="no table can be filtered by"):
        filter_for(info(it=kind), "it")


@given(st.sampled_from([int, float, Decimal, date, datetime, time, UUID, str]), st.text())
def test_any_text_is_a_value_or_nothing(kind: Any, text: str) -> None:
    value = value_of(kind, text)
    assert value is None or isinstance(value, kind)


def test_a_filter_named_like_something_of_the_table_has_another_name_in_addresses() -> None:
    found = filters_for(info(page=int, search=str), ["page", "search"])
    assert [each.parameters for each in found] == [("by_page_min", "by_page_max"), ("by_search",)]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (["nmae"], "Did you mean 'name'"),
        (["secret_note"], "secret"),
        (["category", "category_id"], "'category' in an address"),
        (["name", "name"], "'name' in an address"),
        ("name", "a list of names"),
    ],
)
def test_filters_that_cannot_be_are_told(Product: Any, filters: Any, message: str) -> None:
    class ProductTable(Table[Any]):
        entity = Product

    ProductTable.filters = filters
    with pytest.raises(ViewError, match=message):
        str(ProductTable())
    if isinstance(filters, list):
        with pytest.raises(ViewError, match=message):
            Table.from_entity(Product).with_filters(*filters)


# -- in a table -----------------------------------------------------------------------------------


@pytest.fixture
def shop(Product: Any, Category: Any) -> Any:
    Category.add(id=1, name="Lamps")
    Category.add(id=2, name="Chairs")
    Product.add(id=1, name="Arc", price="19.9", stock=2, status="live", category_id=1)
    Product.add(id=2, name="Bulb", price="100", stock=0, active=False)
    Product.add(id=3, name="Candle", price="3", stock=7, status="out_of_stock", category_id=2)
    return Product


@pytest.fixture
def table(shop: Any) -> Any:
    class FilteredTable(Table[Any]):
        entity = shop
        name = Column(sort=True)
        price = Column(sort=True)
        search = ["name"]  # noqa: RUF012
        filters = ["status", "active", "category", "price", "description"]  # noqa: RUF012
        reactive = True

    return FilteredTable


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from nitro_runtime.signing import configure_secret

    monkeypatch.setattr("nitro_runtime.signing._configured", None)
    configure_secret("a key for these tests only")
    yield


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "live"}, ["Arc"]),
        ({"active": "false"}, ["Bulb"]),
        ({"category": "2"}, ["Candle"]),
        ({"category": "-"}, ["Bulb"]),
        ({"category": "9"}, []),
        ({"price_min": "19.90"}, ["Bulb", "Arc"]),
        ({"price_min": "4", "price_max": "50"}, ["Arc"]),
        ({"price_min": "4", "active": "true", "search": "a"}, ["Arc"]),
        ({"price_min": "4", "price_max": "3"}, []),
    ],
)
async def test_rows_are_those_that_the_filters_let_through(
    table: Any, request_with: Any, query: dict[str, str], found: list[str]
) -> None:
    html = str(await table.read(request_with(query=query)))
    assert names(html) == found
    assert "matching product" in html.lower()
    assert 'id="product-table-clear"' in html


@pytest.mark.parametrize(
    "query",
    [
        {"status": "sold"},
        {"active": "maybe"},
        {"category": "x"},
        {"category": "9" * 30},
        {"category": "²"},
        {"price_min": "cheap"},
        {"price_max": "1e400"},
        {"price_min": "\x00"},
        {"description": "  "},
        {"description": "a\x00"},
        {"stock_min": "3"},  # no filter of this table
        {"secret_note": "hush"},
    ],
)
async def test_a_filter_that_makes_no_sense_is_passed_over(
    table: Any, request_with: Any, query: dict[str, str]
) -> None:
    html = str(await table.read(request_with(query=query)))
    assert names(html) == ["Candle", "Bulb", "Arc"]
    assert "3 products" in html
    assert "product-table-clear" not in html


async def test_the_controls_show_what_is_on_and_links_keep_it(
    table: Any, request_with: Any
) -> None:
    query = {"status": "live", "price_max": "50", "category": "1", "sort": "-name"}
    html = str(await table.read(request_with(query=query)))
    assert '<option value="live" selected>Live</option>' in html
    assert '<option value="1" selected>Lamps</option>' in html
    assert 'name="price_max" value="50"' in html
    assert 'step="0.01" aria-label="Price from"' in html
    assert 'href="?status=live&amp;category=1&amp;price_max=50&amp;sort=price"' in html
    assert '<a id="product-table-clear" href="?sort=-name"' in html
    assert '<input type="hidden" name="sort" value="-name">' in html


async def test_an_empty_table_says_that_filters_are_on_and_how_to_see_all(
    table: Any, request_with: Any
) -> None:
    html = str(await table.read(request_with(query={"price_min": "500"})))
    assert "Nothing matches these filters." in html
    assert '<a id="product-table-all" href="?" class="btn">Show all products</a>' in html
    assert "No matching products" in html
    html = str(await table.read(request_with(query={"price_min": "500", "search": "<x>"})))
    assert "Nothing matches “&lt;x&gt;” with these filters." in html


async def test_the_key_of_a_live_table_holds_the_filters(
    table: Any, shop: Any, request_with: Any
) -> None:
    first = await table.read(request_with(query={"status": "live", "tab": "2"}))
    again = await view_from_key(first.view_key, request_with())
    assert str(again) == str(first)
    shop.add(id=4, name="Spot", price="1", status="live")
    shop.add(id=5, name="Torch", price="1")
    await again.refresh()
    assert names(str(again)) == ["Spot", "Arc"]
    assert 'href="?sort=name&amp;tab=2"' not in str(again)
    assert 'href="?status=live&amp;sort=name&amp;tab=2"' in str(again)
    other = await table.read(request_with(query={"status": "draft"}))
    assert other.view_key != first.view_key


async def test_a_relation_of_many_rows_is_looked_for_by_name(
    table: Any, Category: Any, request_with: Any
) -> None:
    for number in range(3, 60):
        Category.add(id=number, name=f"Category {number}")
    html = str(await table.read(request_with()))
    assert 'type="search" name="category_name"' in html
    assert "Category 30" not in html
    html = str(await table.read(request_with(query={"category": "30"})))
    assert '<option value="30" selected>Category 30</option>' in html
    assert html.count("<option") == 4 + 3 + 3  # status, active, and all, the chosen, none


def test_filters_may_be_left_to_the_table(shop: Any) -> None:
    html = str(Table.from_entity(shop).with_filters())
    found = re.findall(r'<(?:select|input)[^>]* name="([a-z_]+)"', html)
    assert found == [
        *("price_min", "price_max", "stock_min", "stock_max", "status", "category"),
        *("active", "margin_min", "margin_max"),
    ]
    assert '<button type="submit" class="btn">Filter</button>' in html

    class ProductTable(Table[Any]):
        entity = shop
        columns = ["name", "status"]  # noqa: RUF012
        filters = True

    assert re.findall(r'<select[^>]* name="([a-z_]+)"', str(ProductTable())) == ["status"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("status", "active", "category", "category_name", "price_min", "price_max"),
                *("description", "search", "sort", "page", "size", "columns", "x", "datastar"),
            ]
        ),
        st.text(max_size=12),
    )
)
def test_the_state_of_any_address_reads_back_as_it_was(Product: Any, query: dict[str, str]) -> None:
    options = TableOptions(
        search=("name",),
        filters=("status", "active", "category", "price", "description"),
        choose=True,
        sizes=(5, 10),
    )
    table = define_table(Product, options)
    state = state_from(table, query)
    assert state_from(table, query_of(state.query())) == state
