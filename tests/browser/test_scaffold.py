"""What a person does with a generated scaffold, in Chromium."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

if TYPE_CHECKING:
    from browser.conftest import Server

pytestmark = pytest.mark.browser


def open_list(page: Page, server: Server) -> None:
    """Opens the list of products and waits until its stream is open."""
    with page.expect_response(lambda response: "/events" in response.url):
        page.goto(f"{server.url}/products")


def names(page: Page) -> list[str]:
    return page.locator("#product-table tbody tr td:first-child").all_inner_texts()


def fill_in(page: Page, **values: str) -> None:
    for field, value in values.items():
        page.locator(f"#product-{field}").fill(value)


def test_a_product_is_created_in_the_browser_and_found_in_the_list(
    tab: Page, server: Server
) -> None:
    server.category("Books")
    open_list(tab, server)
    tab.get_by_role("link", name="New product").click()
    fill_in(tab, name="Field Guide to Owls", price="19.90", stock="3")
    tab.locator("#product-category_id").select_option(label="Books")
    tab.locator("#product-form button[type=submit]").click()
    expect(tab.locator("body")).to_contain_text("Field Guide to Owls created")
    assert re.search(r"/products/[0-9a-f-]+$", tab.url)
    tab.goto(f"{server.url}/products")
    row = tab.locator("#product-table tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Field Guide to Owls")
    expect(row).to_contain_text("19.90")
    expect(row).to_contain_text("Books")


def test_validation_errors_are_shown_at_the_field_and_typed_values_stay(
    tab: Page, server: Server
) -> None:
    server.category("Books")
    tab.goto(f"{server.url}/products/new")
    tab.locator("#product-form").evaluate("form => form.noValidate = true")
    fill_in(tab, name="Owls", price="-5", stock="3")
    tab.locator("#product-form button[type=submit]").click()
    error = tab.locator("#product-price-error")
    expect(error).to_be_visible()
    field = tab.locator("#product-price")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert "product-price-error" in (field.get_attribute("aria-describedby") or "")
    expect(tab.locator("#product-name")).to_have_value("Owls")
    expect(field).to_have_value("-5")
    expect(tab.locator("#product-category_id-error")).to_be_visible()


def test_a_product_is_edited(tab: Page, server: Server) -> None:
    server.product(name="Owls", price="5", category_id=server.category("Books"))
    open_list(tab, server)
    tab.get_by_role("link", name="Edit").first.click()
    expect(tab.locator("#product-name")).to_have_value("Owls")
    fill_in(tab, name="Barn Owls")
    tab.locator("#product-form button[type=submit]").click()
    expect(tab.locator("body")).to_contain_text("Barn Owls saved")
    tab.goto(f"{server.url}/products")
    assert names(tab) == ["Barn Owls"]


def test_deleting_asks_first_and_no_means_no(tab: Page, server: Server) -> None:
    server.product(name="Owls", price="5", category_id=server.category("Books"))
    open_list(tab, server)
    tab.once("dialog", lambda dialog: dialog.dismiss())
    tab.get_by_role("button", name="Delete").first.click()
    assert names(tab) == ["Owls"]
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.get_by_role("button", name="Delete").first.click()
    expect(tab.locator("#product-table tbody tr[id^=product-]")).to_have_count(0)
    expect(tab.locator("body")).to_contain_text("Owls deleted")


def test_search_finds_as_one_types_and_the_box_keeps_the_focus(tab: Page, server: Server) -> None:
    category = server.category("Books")
    for name in ("Barn Owls", "Tawny Owls", "Foxes", "Élan"):
        server.product(name=name, price="5", category_id=category)
    open_list(tab, server)
    box = tab.locator("#product-table input[name=search]")
    box.press_sequentially("OWL", delay=40)
    expect(tab.locator("#product-table tbody tr")).to_have_count(2)
    expect(box).to_be_focused()
    expect(box).to_have_value("OWL")
    box.fill("élan")
    expect(tab.locator("#product-table tbody tr")).to_have_count(1)
    assert names(tab) == ["Élan"]
    expect(tab).to_have_url(re.compile("search=%C3%A9lan"))
    tab.reload()
    assert names(tab) == ["Élan"]


def test_a_click_on_a_column_sorts_and_a_second_one_turns_round(tab: Page, server: Server) -> None:
    category = server.category("Books")
    for name, price in (("B", "2"), ("A", "10"), ("C", "1")):
        server.product(name=name, price=price, category_id=category)
    open_list(tab, server)
    tab.locator("#product-table thead a", has_text="Price").click()
    expect(tab.locator("#product-table tbody tr").first).to_contain_text("C")
    assert names(tab) == ["C", "B", "A"]
    tab.locator("#product-table thead a", has_text="Price").click()
    expect(tab.locator("#product-table tbody tr").first).to_contain_text("A")
    assert names(tab) == ["A", "B", "C"]


def test_a_long_list_has_pages(tab: Page, server: Server) -> None:
    server.run("-m", "nitro_cli", "db", "seed", "--count", "60")
    open_list(tab, server)
    first = names(tab)
    assert len(first) == 25
    tab.locator("#product-table nav a", has_text="Next").click()
    expect(tab).to_have_url(re.compile("page=2"))
    expect(tab.locator("#product-table tbody tr td:first-child").first).not_to_have_text(first[0])
    second = names(tab)
    assert len(second) == 25
    assert not set(first) & set(second) or first != second
    tab.locator("#product-table nav a", has_text="Next").click()
    expect(tab.locator("#product-table tbody tr")).to_have_count(10)


def test_a_second_tab_shows_every_change_within_200_ms_and_without_reload(
    visitor: BrowserContext, tab: Page, server: Server
) -> None:
    books, toys = server.category("Books"), server.category("Toys")
    open_list(tab, server)
    tab.evaluate("window.neverReloaded = true")
    tab.evaluate(
        """() => {
            window.seen = {};
            const look = () => {
                for (const word of ['Owls', 'Foxes'])
                    if (document.body.innerText.includes(word)) window.seen[word] ??= Date.now();
                if (!document.body.innerText.includes('Foxes') && window.seen.Foxes)
                    window.seen.gone ??= Date.now();
            };
            new MutationObserver(look).observe(document.body, {subtree: true, childList: true,
                characterData: true});
        }"""
    )

    def delay(word: str, action: object) -> float:
        assert callable(action)
        action()
        committed = time.time() * 1000
        tab.wait_for_function("word => window.seen[word]", arg=word)
        return tab.evaluate("word => window.seen[word]", word) - committed

    product: list[str] = []
    add = {"name": "Owls", "price": "5", "category_id": books}
    assert delay("Owls", lambda: product.append(server.product(**add))) < 200
    change = {**add, "name": "Foxes", "stock": "2", "status": "live", "category_id": toys}
    assert delay("Foxes", lambda: server.post(f"/products/{product[0]}", change)) < 200
    expect(tab.locator("#product-table tbody tr")).to_contain_text("Toys")
    assert delay("gone", lambda: server.post(f"/products/{product[0]}/delete", {})) < 200
    assert tab.evaluate("window.neverReloaded") is True


def test_both_tabs_reconnect_by_themselves_after_a_restart_and_show_the_current_state(
    visitor: BrowserContext, tab: Page, server: Server
) -> None:
    category = server.category("Books")
    server.product(name="Owls", price="5", category_id=category)
    other = visitor.new_page()
    for page in (tab, other):
        open_list(page, server)
        page.evaluate("window.neverReloaded = true")
    server.kill()
    server.run(
        "-c",
        "from shop.settings import configure_database; configure_database();"
        "from shop.products.entity import Product;"
        f"Product.create(name='Badgers', price='7', category_id='{category}')",
    )
    server.start()
    for page in (tab, other):
        expect(page.locator("#product-table")).to_contain_text("Badgers", timeout=20_000)
    server.product(name="Foxes", price="6", category_id=category)
    for page in (tab, other):
        expect(page.locator("#product-table")).to_contain_text("Foxes")
        assert page.evaluate("window.neverReloaded") is True


def test_a_search_survives_live_updates_of_the_table(tab: Page, server: Server) -> None:
    category = server.category("Books")
    server.product(name="Owls", price="5", category_id=category)
    server.product(name="Foxes", price="5", category_id=category)
    open_list(tab, server)
    with tab.expect_response(lambda response: "/events" in response.url):
        tab.locator("#product-table input[name=search]").press_sequentially("owl")
    expect(tab.locator("#product-table tbody tr")).to_have_count(1)
    server.product(name="More Foxes", price="5", category_id=category)
    server.product(name="More Owls", price="5", category_id=category)
    expect(tab.locator("#product-table tbody tr")).to_have_count(2)
    assert sorted(names(tab)) == ["More Owls", "Owls"]
    expect(tab.locator("#product-table input[name=search]")).to_have_value("owl")


def test_without_javascript_list_create_edit_and_delete_still_work(
    chromium: Browser, server: Server
) -> None:
    server.category("Books")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/products")
    page.get_by_role("link", name="New product").click()
    fill_in(page, name="Owls", price="-1", stock="1")
    page.locator("#product-category_id").select_option(label="Books")
    fill_in(page, price="5")
    page.locator("#product-form button[type=submit]").click()
    expect(page.locator("body")).to_contain_text("Owls created")
    page.get_by_role("link", name="Edit").first.click()
    fill_in(page, name="Barn Owls")
    page.locator("#product-form button[type=submit]").click()
    expect(page.locator("body")).to_contain_text("Barn Owls saved")
    page.goto(f"{server.url}/products?search=barn")
    assert names(page) == ["Barn Owls"]
    page.get_by_role("button", name="Delete").first.click()
    expect(page.locator("body")).to_contain_text("Barn Owls deleted")
    page.goto(f"{server.url}/products")
    expect(page.locator("#product-table tbody tr[id^=product-]")).to_have_count(0)
    context.close()
