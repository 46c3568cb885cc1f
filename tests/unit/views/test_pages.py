"""Pages, notices, cards and themes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.html import H1, Div, Header, Main, P
from nitro_runtime.views import (
    Card,
    Column,
    Form,
    Notice,
    Page,
    PageState,
    Table,
    Theme,
    card_for,
    form_for,
    use_theme,
)


def test_a_page_is_a_whole_document() -> None:
    html = str(Page(P("Hello"), title="A < B", lang="de", header=Header("top"), footer="end"))
    assert html.startswith('<!DOCTYPE html><html lang="de"><head><meta charset="utf-8">')
    assert "<title>A &lt; B</title>" in html
    order = [
        "<header>top</header>",
        'id="notices"',
        '<main id="main"',
        "<p>Hello</p>",
        "end</body>",
    ]
    places = [html.index(part) for part in order]
    assert places == sorted(places)
    assert "nitro-stream" not in html
    assert "<script" not in html


def test_a_page_with_a_tab_ends_in_the_stream() -> None:
    state = PageState(
        tab="a b&c",
        notices=[Notice("Saved <b>", "success")],
        events_url="/x/events",
        datastar_url="/static/datastar.js",
        stylesheet_url="/static/app.css",
    )
    html = Page("Hi", title="T").render(state)
    assert '<script type="module" src="/static/datastar.js"></script>' in html
    assert '<link rel="stylesheet" href="/static/app.css">' in html
    assert '<div class="notice notice-success" data-on-interval__duration.10s=' in html
    assert "<p>Saved &lt;b&gt;</p>" in html
    assert re.search(r'<div id="nitro-stream" hidden [^>]*></div></body></html>$', html)
    assert "/x/events?tab=a%20b%25" not in html
    assert "a%20b%26c" in html.replace("\\u0026", "&")
    assert "nitro-stream" not in Page("Hi", title="T", live=False).render(state)


async def test_a_page_answers_with_the_status_of_its_form(Product: Any, request_with: Any) -> None:
    form = await Form.from_entity(Product).receive(request_with({"name": "x"}))
    assert Page(form, title="T").status == 422
    assert Page([H1("New"), form], title="T").status == 422
    assert Page(form, title="T", status=200).status == 200
    assert Page(Form.from_entity(Product), title="T").status == 200


def test_the_parts_of_a_page_are_its_views(Product: Any) -> None:
    table, form = Table.from_entity(Product), Form.from_entity(Product)
    assert Page(table, [form, None], title="T").parts == [table, form]
    assert Page(table, [form, None], title="T").is_made_of_parts
    assert not Page(H1("x"), table, title="T").is_made_of_parts
    assert not Page(Div(table), title="T").is_made_of_parts
    assert not Page(title="T").is_made_of_parts


def test_a_view_without_a_request_follows_the_query_of_its_page(Product: Any) -> None:
    Product.add(id=1, name="Arc", price="1.00")
    Product.add(id=2, name="Bulb", price="1.00")
    page = Page(Table.from_entity(Product).with_search(), title="T")
    html = page.render(PageState(query={"search": "arc"}))
    assert "Arc" in html
    assert "Bulb" not in html
    (patch,) = Page(Table.from_entity(Product).with_search(), title="T").patches(
        PageState(query={"search": "arc"})
    )
    assert patch in html
    (main,) = Page(P("x"), title="T").patches(PageState())
    assert main == '<main id="main" class="main"><p>x</p></main>'


async def test_a_page_reads_its_views_for_the_request(Product: Any, request_with: Any) -> None:
    Product.add(id=1, name="Arc", price="1.00")
    Product.add(id=2, name="Bulb", price="1.00")
    table = Table.from_entity(Product).with_search()
    page = Page(table, title="T")
    await page.load(request_with(query={"search": "bulb"}))
    Product.kept.clear()
    assert "Bulb" in str(page)
    assert "Arc" not in str(page)


def test_a_page_refuses_a_second_main() -> None:
    with pytest.raises(ViewError, match="into <main> itself"):
        Page(Header("x"), Main("y"), title="T")


def test_a_card_shows_an_entity(Product: Any, Category: Any) -> None:
    Category.add(id=1, name="<Lamps>")
    product = Product.add(id=1, name="Arc & Co", price="2.5", category_id=1)
    html = str(Card.from_entity(product).with_actions(["edit", "delete"]).with_link())
    assert html.startswith('<article id="product-card-1" class="card">')
    assert '<h3 class="card-title"><a href="/products/1">Arc &amp; Co</a></h3>' in html
    assert "<dt>Price</dt><dd>2.50</dd>" in html
    assert "<dt>Category</dt><dd>&lt;Lamps&gt;</dd>" in html
    assert 'action="/products/1/delete"' in html
    assert "hush" not in html


def test_a_card_can_leave_its_title_to_the_page(Product: Any) -> None:
    product = Product(name="Owls", price=1)
    assert "Owls</h3>" in str(Card.from_entity(product))
    assert "Owls" not in str(Card.from_entity(product).without_title())


async def test_a_card_reads_the_relations_that_it_shows(Product: Any) -> None:
    product = Product.add(id=1, name="Arc", price="2.50")
    card = Card.from_entity(product)
    assert await card.load() is card
    assert Product.loaded == [("category",)]


def test_a_declared_card_is_the_entitys_own(Product: Any) -> None:
    class ProductCard(Card[Any]):  # pyright: ignore[reportUnusedClass]
        entity = Product
        price = Column(label="Costs")
        actions = ["edit"]  # noqa: RUF012

        def cell_price(self, product: Any) -> object:
            return f"{product.price} <€>"

    product = Product.add(id=1, name="Arc", price="2.50")
    html = str(card_for(product))
    assert "<dt>Costs</dt><dd>2.50 &lt;€&gt;</dd></dl>" in html
    assert 'href="/products/1/edit"' in html


def test_a_declared_form_is_the_entitys_own(Product: Any) -> None:
    class Other(Form[Any]):  # pyright: ignore[reportUnusedClass]
        entity = Product
        fields = ["price"]  # noqa: RUF012

    class ProductForm(Form[Any]):
        entity = Product
        fields = ["name"]  # noqa: RUF012

    class Third(Form[Any]):  # pyright: ignore[reportUnusedClass]
        entity = Product
        fields = ["stock"]  # noqa: RUF012

    product = Product.add(id=1, name="Arc", price="2.50")
    assert type(form_for(product)) is ProductForm
    assert type(Form.from_entity(product)) is not ProductForm


def test_a_theme_replaces_classes_part_by_part(
    Product: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Product.add(id=1, name="Arc", price="2.50")
    before = str(Table.from_entity(Product))
    theme = Theme(Theme(table="w-full", badge="pill"), badge="tag")
    monkeypatch.setattr("nitro_runtime.views.theme._current", Theme())
    use_theme(theme)
    after = str(Table.from_entity(Product))
    assert '<table class="table">' in before
    assert '<table class="w-full">' in after
    assert '<span class="tag badge-draft">' in after

    class Plain(Table[Any]):
        entity = Product
        theme = Theme()

    assert '<table class="table">' in str(Plain())
    with pytest.raises(ViewError, match="Did you mean 'button'"):
        Theme(buton="x")
