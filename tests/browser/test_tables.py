"""Tables in Chromium: what a visitor chose is in the address, and back, reload and a copied link show it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import httpx
import pytest
from accessibility import violations
from playwright.sync_api import BrowserContext, Page, expect

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "tables"
COUNT = "#lamp-table-count"


@pytest.fixture
def lamps(address: str) -> str:
    """The address of the table, whose rows are as at the beginning."""
    httpx.post(f"{address}/fill/60").raise_for_status()
    return f"{address}/lamps"


def names(page: Page, table: str = "lamp-table") -> list[str]:
    return page.locator(f"#{table} tbody tr th[scope=row]").all_inner_texts()


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id")


def test_each_state_has_an_address_that_back_forward_reload_and_a_copied_link_show(
    tab: Page, visitor: BrowserContext, lamps: str
) -> None:
    tab.set_viewport_size({"width": 900, "height": 500})
    tab.goto(lamps)
    tab.evaluate("window.neverReloaded = true")
    seen: list[tuple[str, list[str], str]] = []

    def note(query: str, count: str) -> None:
        expect(tab.locator(COUNT)).to_have_text(re.compile(count))
        expect(tab).to_have_url(f"{lamps}{query}")
        status = tab.locator("#lamp-table-filter-status").input_value()
        seen.append((tab.url, names(tab), status))

    note("", "1.10 of 60 lamps")
    tab.locator("#lamp-table-sort-price").click()
    expect(tab.locator("th[aria-sort]")).to_have_text("Price")
    note("?sort=price", "1.10 of 60")
    tab.locator("#lamp-table-sort-price").click()
    expect(tab.locator("th[aria-sort=descending]")).to_have_text("Price")
    note("?sort=-price", "1.10 of 60")
    tab.locator("#lamp-table-next").scroll_into_view_if_needed()
    down = tab.evaluate("scrollY")
    assert down > 100
    tab.locator("#lamp-table-next").click()
    note("?sort=-price&page=2", "11.20 of 60")
    assert tab.evaluate("scrollY") == down
    tab.locator("#lamp-table-filter-status").select_option("live")
    note("?status=live&sort=-price", "1.10 of 20 matching")
    tab.locator("#lamp-table-filter-price_min").fill("40")
    note("?status=live&price_min=40&sort=-price", "7 matching")
    tab.locator("#lamp-table-clear").click()
    note("?sort=-price", "1.10 of 60")
    assert tab.locator("#lamp-table-filter-price_min").input_value() == ""

    def shows(page: Page, at: int) -> None:
        url, rows, status = seen[at]
        expect(page).to_have_url(url)
        expect(page.locator("#lamp-table tbody tr th[scope=row]")).to_have_text(rows)
        expect(page.locator("#lamp-table-filter-status")).to_have_value(status)

    for at in (5, 4, 3, 2, 1, 0):
        tab.go_back()
        shows(tab, at)
    for at in (1, 2, 3, 4, 5):
        tab.go_forward()
        shows(tab, at)
    expect(tab.locator("#lamp-table-filter-price_min")).to_have_value("40")
    assert tab.evaluate("window.neverReloaded") is True
    tab.reload()
    shows(tab, 5)
    other = visitor.new_page()
    other.goto(tab.url)
    shows(other, 5)


def test_a_search_that_is_typed_is_one_step_back_and_escape_takes_it_away(
    tab: Page, lamps: str
) -> None:
    tab.goto(f"{lamps}?status=live")
    length = tab.evaluate("history.length")
    box = tab.locator("#lamp-table-search")
    box.press_sequentially("lamp", delay=250)
    box.press_sequentially(" 01", delay=50)
    expect(tab.locator(COUNT)).to_have_text("5 matching lamps")
    expect(tab).to_have_url(f"{lamps}?search=lamp+01&status=live")
    assert tab.evaluate("history.length") == length + 1
    assert focused(tab) == "lamp-table-search"
    tab.go_back()
    expect(tab.locator(COUNT)).to_contain_text("20 matching")
    expect(box).to_have_value("")
    tab.go_forward()
    expect(tab.locator(COUNT)).to_have_text("5 matching lamps")
    expect(box).to_have_value("lamp 01")
    box.press("Escape")
    expect(tab.locator(COUNT)).to_contain_text("20 matching")
    expect(tab).to_have_url(f"{lamps}?status=live")
    assert focused(tab) == "lamp-table-search"


def test_a_late_answer_comes_over_no_newer_one_and_the_table_says_that_it_waits(
    tab: Page, lamps: str
) -> None:
    tab.goto(lamps)
    table = tab.locator("#lamp-table")
    expect(table).not_to_have_attribute("aria-busy", "true")
    with tab.expect_request_finished(lambda request: "search=slow" not in request.url):
        tab.locator("#lamp-table-search").fill("slow")
        expect(table).to_have_attribute("aria-busy", "true")
        tab.locator("#lamp-table-search").fill("lamp 02")
        expect(tab.locator(COUNT)).to_contain_text("11 matching")
    expect(table).not_to_have_attribute("aria-busy", "true")
    tab.wait_for_timeout(1200)  # by when the slow answer would have come
    expect(tab.locator(COUNT)).to_contain_text("11 matching")
    expect(tab).to_have_url(f"{lamps}?search=lamp+02")


def test_live_updates_keep_what_was_chosen(tab: Page, lamps: str) -> None:
    with tab.expect_response(lambda response: "/events" in response.url):
        tab.goto(lamps)
    with tab.expect_response(lambda response: "/events" in response.url):
        tab.locator("#lamp-table-filter-status").select_option("live")
    tab.locator("#lamp-table-columns").click()
    for column in ("price", "maker"):
        with tab.expect_response(lambda response: "/events" in response.url):
            tab.locator(f"#lamp-table-column-{column}").uncheck()
    headings = tab.locator("#lamp-table thead th")
    expect(headings).to_have_text(["Name", "Status", "Made on"])
    httpx.post(f"{lamps}/A new one").raise_for_status()
    expect(tab.locator("#lamp-table")).to_contain_text("A new one")
    expect(tab.locator(COUNT)).to_contain_text("of 21 matching")
    expect(headings).to_have_text(["Name", "Status", "Made on"])
    expect(tab.locator("#lamp-table-column-maker")).to_be_visible()  # the menu stays open
    tab.locator("#lamp-table-column-maker").press("Escape")
    expect(tab.locator("#lamp-table-column-maker")).to_be_hidden()
    assert focused(tab) == "lamp-table-columns"
    for column in ("status", "made_on"):
        tab.locator("#lamp-table-chooser").evaluate("menu => menu.open = true")
        tab.locator(f"#lamp-table-column-{column}").uncheck()
    expect(headings).to_have_text(["Name"])
    tab.locator("#lamp-table-column-name").click()  # the last one stays
    expect(tab.locator("#lamp-table-column-name")).to_be_checked()
    tab.reload()
    expect(headings).to_have_text(["Name"])
    expect(tab.locator("#lamp-table-column-price")).not_to_be_checked()
    tab.locator("#lamp-table-size").select_option("50")
    expect(tab.locator("#lamp-table tbody tr")).to_have_count(21)
    tab.go_back()
    expect(tab.locator("#lamp-table tbody tr")).to_have_count(10)
    expect(tab.locator("#lamp-table-size")).to_have_value("")


def test_two_tables_of_one_page_are_chosen_apart(tab: Page, lamps: str) -> None:
    two = lamps.replace("/lamps", "/two")
    tab.goto(two)
    tab.locator("#left-lamp-table-next").click()
    expect(tab.locator("#left-lamp-table-count")).to_contain_text(re.compile("^6.10 of 60"))
    tab.locator("#right-lamp-table-search").fill("lamp 04")
    expect(tab.locator("#right-lamp-table-count")).to_contain_text("matching")
    right = names(tab, "right-lamp-table")
    expect(tab).to_have_url(f"{two}?right_search=lamp+04&left_page=2")
    tab.locator("#left-lamp-table-sort-price").click()
    expect(tab).to_have_url(f"{two}?left_sort=price&right_search=lamp+04")
    expect(tab.locator("#left-lamp-table th[aria-sort]")).to_have_text("Price")
    assert names(tab, "right-lamp-table") == right
    tab.go_back()
    expect(tab.locator("#left-lamp-table-count")).to_contain_text(re.compile("^6.10 of 60"))
    assert names(tab, "right-lamp-table") == right
    tab.go_back()
    expect(tab.locator("#right-lamp-table-count")).to_contain_text("of 20")
    expect(tab.locator("#right-lamp-table-search")).to_have_value("")


def test_the_keyboard_reaches_everything_and_keeps_its_place(tab: Page, lamps: str) -> None:
    tab.goto(f"{lamps}?page=5")
    tab.locator("#lamp-table-search").focus()
    reached: list[str] = []
    while focused(tab) != "lamp-table-size":
        reached.append(focused(tab))
        tab.keyboard.press("Tab")
        assert len(reached) < 60
    for part in ("search", "filter-status", "filter-price_min", "columns", "sort-price", "page-1"):
        assert f"lamp-table-{part}" in reached
    tab.locator("#lamp-table-sort-name").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("th[aria-sort=descending]")).to_have_text("Name")
    assert focused(tab) == "lamp-table-sort-name"
    tab.locator("#lamp-table-page-6").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#lamp-table-page-6")).to_have_attribute("aria-current", "page")
    assert focused(tab) == "lamp-table-page-6"
    tab.locator("#lamp-table-previous").focus()
    for number in (5, 4, 3, 2, 1):  # to the end, where the link leads nowhere any more
        tab.keyboard.press("Enter")
        expect(tab.locator(f"#lamp-table-page-{number}")).to_have_attribute("aria-current", "page")
    assert focused(tab) == "lamp-table-previous"


def test_axe_finds_nothing_wrong_with_what_people_choose_with(
    tab: Page, lamps: str, missing: Callable[[str], NoReturn]
) -> None:
    tab.goto(f"{lamps}?status=live&price_min=2&page=2&size=10")
    tab.locator("#lamp-table-columns").click()
    assert violations(tab, missing) == []
    tab.goto(f"{lamps}?price_min=900&search=x")
    assert violations(tab, missing) == []
    tab.goto(lamps.replace("/lamps", "/two"))
    assert violations(tab, missing) == []


def test_without_javascript_links_and_one_form_do_the_same(people: People, lamps: str) -> None:
    page = people.come(java_script_enabled=False).new_page()
    page.goto(f"{lamps}?tab=2")
    page.locator("#lamp-table-sort-price").click()
    page.locator("#lamp-table-filter-status").select_option("live")
    page.locator("#lamp-table-filter-price_max").fill("30")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(COUNT)).to_contain_text("10 matching lamps")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Price")
    assert names(page)[0] == "Lamp 001"
    page.locator("#lamp-table-columns").click()
    page.locator("#lamp-table-column-maker").uncheck()
    page.locator("#lamp-table-chooser button").click()
    expect(page.locator("#lamp-table thead th")).to_have_text(
        ["Name", "Price", "Status", "Made on"]
    )
    expect(page.locator(COUNT)).to_contain_text("10 matching lamps")
    page.locator("#lamp-table-clear").click()
    page.locator("#lamp-table-next").click()
    assert names(page)[0] == "Lamp 011"
    page.locator("#lamp-table-size").select_option("50")
    page.locator(".page-size button").click()
    expect(page.locator("#lamp-table tbody tr")).to_have_count(50)
    assert "tab=2" in page.url
    expect(page.locator("#lamp-table thead th")).to_have_count(4)
    page.goto(f"{lamps}?price_min=900")
    page.get_by_role("link", name="Show all lamps").click()
    expect(page.locator(COUNT)).to_contain_text("60 lamps")
