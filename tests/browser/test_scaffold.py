"""What a person does with a generated scaffold, in Chromium, on each framework's own server."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from bundled import FRAMEWORKS
from playwright.sync_api import BrowserContext, Locator, Page, expect
from questions import answer

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=[*FRAMEWORKS, "flask+jinja"])
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


def open_list(page: Page, server: Server) -> None:
    """Opens the list of products and waits until its stream is open."""
    with page.expect_response(lambda response: "/events" in response.url):
        page.goto(f"{server.url}/products")


def names(page: Page) -> list[str]:
    return page.locator("#product-table tbody tr th[scope=row]").all_inner_texts()


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
    tab.evaluate("window.neverReloaded = true")
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
    assert tab.evaluate("window.neverReloaded") is True
    fill_in(tab, price="5")
    tab.locator("#product-category_id").select_option(label="Books")
    tab.locator("#product-form button[type=submit]").click()
    expect(tab.locator("body")).to_contain_text("Owls created")


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
    tab.get_by_role("button", name="Delete Owls").click()
    assert answer(tab, agrees=False) == "Delete Owls? This cannot be undone."
    assert names(tab) == ["Owls"]
    tab.get_by_role("button", name="Delete Owls").click()
    answer(tab)
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
    shown = tab.locator("#product-table tbody tr th[scope=row]")
    expect(shown).to_have_text(["C", "B", "A"])
    tab.locator("#product-table thead a", has_text="Price").click()
    expect(shown).to_have_text(["A", "B", "C"])


def test_a_long_list_has_pages(tab: Page, server: Server) -> None:
    server.run("-m", "nitro_cli", "db", "seed", "--count", "60")
    open_list(tab, server)
    first = names(tab)
    assert len(first) == 25
    tab.locator("#product-table nav a", has_text="Next").click()
    expect(tab).to_have_url(re.compile("page=2"))
    expect(tab.locator("#product-table tbody tr th[scope=row]").first).not_to_have_text(first[0])
    second = names(tab)
    assert len(second) == 25
    assert not set(first) & set(second) or first != second
    tab.locator("#product-table nav a", has_text="Next").click()
    expect(tab.locator("#product-table tbody tr")).to_have_count(10)


def test_a_second_tab_shows_every_change_within_200_ms_and_without_reload(
    tab: Page, server: Server
) -> None:
    books, toys = server.category("Books"), server.category("Toys")
    open_list(tab, server)
    tab.evaluate("window.neverReloaded = true")
    tab.evaluate(
        """() => {
            window.seen = {};
            new MutationObserver(() => {
                const cell = document.querySelector('tr[id^=product-] th[scope=row]');
                window.seen[cell ? cell.innerText : 'nothing'] ??= Date.now();
            }).observe(document.body, {subtree: true, childList: true, characterData: true});
        }"""
    )
    delays: dict[str, list[float]] = {"created": [], "updated": [], "deleted": []}

    def seen(change: str, shown: str, committed: float) -> None:
        tab.wait_for_function("shown => window.seen[shown]", arg=shown)
        delays[change].append(tab.evaluate("shown => window.seen[shown]", shown) - committed)
        tab.evaluate("window.seen = {}")

    for turn in range(5):  # the quickest of five tells what it can do, on a busy machine too
        owls = {"name": f"Owls {turn}", "price": "5", "category_id": books}
        key = server.product(**owls)
        seen("created", f"Owls {turn}", now())
        foxes = {**owls, "name": f"Foxes {turn}", "stock": "2", "status": "live"}
        server.post(f"/products/{key}", {**foxes, "category_id": toys})
        seen("updated", f"Foxes {turn}", now())
        expect(tab.locator("#product-table tbody tr")).to_contain_text("Toys")
        server.post(f"/products/{key}/delete", {})
        seen("deleted", "nothing", now())
    assert all(min(each) < 200 for each in delays.values()), delays
    assert tab.evaluate("window.neverReloaded") is True


def now() -> float:
    """Milliseconds since the epoch, as a browser counts them."""
    return time.time() * 1000


def test_both_tabs_reconnect_by_themselves_after_a_restart_and_show_the_current_state(
    visitor: BrowserContext, tab: Page, server: Server
) -> None:
    category = server.category("Books")
    server.product(name="Owls", price="5", category_id=category)
    other = visitor.new_page()
    for page in (tab, other):
        open_list(page, server)
        page.evaluate("window.neverReloaded = true")
    for end, renamed in ((server.stop, "Badgers"), (server.kill, "Hedgehogs")):
        end()
        server.sql("UPDATE product SET name = ?", renamed)
        server.start()
        for page in (tab, other):
            expect(page.locator("#product-table")).to_contain_text(renamed)
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


def test_what_one_visitor_saves_another_sees_and_each_is_told_only_of_what_is_their_own(
    people: People, server: Server
) -> None:
    server.category("Books")
    ann, ben = people.come().new_page(), people.come().new_page()
    open_list(ben, server)
    create(ann, server, "Barn owls")
    expect(notices(ann)).to_have_text(["Barn owls created"])
    expect(ben.locator("#product-table tbody tr")).to_contain_text("Barn owls")
    open_list(ann, server)
    create(ben, server, "Foxes")
    expect(notices(ben)).to_have_text(["Foxes created"])  # and nothing of Ann's
    expect(ann.locator("#product-table tbody tr")).to_have_count(2)
    expect(notices(ann)).to_have_count(0)
    open_list(ben, server)
    expect(notices(ben)).to_have_count(0)
    row(ann, "Foxes").get_by_role("button", name="Delete").click()
    answer(ann)
    expect(notices(ann)).to_have_text(["Foxes deleted"])
    expect(ben.locator("#product-table tbody tr")).to_have_count(1)
    expect(notices(ben)).to_have_count(0)
    ben.reload()
    expect(notices(ben)).to_have_count(0)
    ben.goto(f"{server.url}/categories")
    expect(notices(ben)).to_have_count(0)


def notices(page: Page) -> Locator:
    """What a person is told, without the button that takes it away."""
    return page.locator("#notices p")


def row(page: Page, name: str) -> Locator:
    return page.locator("#product-table tbody tr", has_text=name)


def create(page: Page, server: Server, name: str) -> None:
    page.goto(f"{server.url}/products/new")
    fill_in(page, name=name, price="5")
    page.locator("#product-category_id").select_option(label="Books")
    page.locator("#product-form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/products/[0-9a-f-]{30,}$"))


def test_without_javascript_list_create_edit_and_delete_still_work(
    people: People, server: Server
) -> None:
    server.category("Books")
    page = people.come(java_script_enabled=False).new_page()
    page.goto(f"{server.url}/products")
    page.get_by_role("link", name="New product").click()
    page.locator("#product-form").locator("button[type=submit]").wait_for()
    fill_in(page, name="Owls", price="5", stock="1")
    page.locator("#product-name").fill(" ")  # a browser takes it for filled in
    page.locator("#product-category_id").select_option(label="Books")
    page.locator("#product-form button[type=submit]").click()
    expect(page.locator("#product-name-error")).to_be_visible()
    expect(page.locator("#product-price")).to_have_value("5")
    fill_in(page, name="Owls")
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
