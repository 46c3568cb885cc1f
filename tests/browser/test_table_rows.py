"""What a person does with the rows of a live table: reads cells, chooses some, takes all as a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from questions import answer

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "toys"


@pytest.fixture
def keys(address: str) -> dict[str, str]:
    """The toys as they are at first, by name."""
    return httpx.get(f"{address}/reset").json()


def open_list(page: Page, address: str, query: str = "") -> None:
    with page.expect_response(lambda response: "/events" in response.url):
        page.goto(f"{address}/toys{query}")


def names(page: Page) -> Locator:
    return page.locator("tbody th[scope=row]")


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {name}", exact=True)


def bar(page: Page) -> Locator:
    return page.locator("#toy-table-bulk")


def told(page: Page) -> Locator:
    return page.locator("#toy-table-bulk-count")


def test_rows_are_chosen_stay_chosen_in_live_updates_and_are_changed_at_once(
    tab: Page, address: str, keys: dict[str, str]
) -> None:
    open_list(tab, address)
    tab.evaluate("window.neverReloaded = true")
    expect(names(tab)).to_have_text(["Ape", "Bear", "Cat", "Dog"])
    expect(bar(tab)).to_be_hidden()
    whole = tab.get_by_role("checkbox", name="Select all on this page")
    box(tab, "Bear").check()
    expect(bar(tab)).to_be_visible()
    expect(told(tab)).to_have_text("1 selected")
    assert whole.evaluate("box => box.indeterminate") is True
    # somebody else changes rows meanwhile: what is chosen stays so
    httpx.get(f"{address}/rename/{keys['Cat']}/Cow")
    expect(names(tab)).to_have_text(["Ape", "Bear", "Cow", "Dog"])
    expect(box(tab, "Bear")).to_be_checked()
    expect(told(tab)).to_have_text("1 selected")
    whole.check()
    expect(told(tab)).to_have_text("4 selected")
    box(tab, "Ape").press("Space")
    expect(told(tab)).to_have_text("3 selected")
    expect(whole).not_to_be_checked()
    bar(tab).get_by_role("button", name="Sell").click()
    expect(tab.locator("#notices")).to_contain_text("3 sold")
    # done: nothing is chosen any more
    expect(bar(tab)).to_be_hidden()
    expect(box(tab, "Bear")).not_to_be_checked()
    sold = tab.locator("td[data-label=Sold]")
    expect(sold).to_have_text(["No", "Yes", "Yes", "Yes"])
    # a question first, and no means no
    box(tab, "Ape").check()
    box(tab, "Dog").check()
    bar(tab).get_by_role("button", name="Delete").click()
    assert answer(tab, agrees=False) == "Delete 2 toys? This cannot be undone."
    expect(told(tab)).to_have_text("2 selected")
    bar(tab).get_by_role("button", name="Delete").click()
    answer(tab)
    expect(names(tab)).to_have_text(["Bear", "Cow", "Eel", "Fox"])
    expect(tab.locator("#notices")).to_contain_text("2 toys deleted.")
    assert tab.evaluate("window.neverReloaded") is True


def test_what_was_refused_is_told_and_the_rows_stay_chosen(
    tab: Page, address: str, keys: dict[str, str]
) -> None:
    open_list(tab, address, "?page=2")
    expect(names(tab)).to_have_text(["Eel", "Fox"])
    box(tab, "Eel").check()
    box(tab, "Fox").check()
    bar(tab).get_by_role("button", name="Delete").click()
    answer(tab)
    expect(tab.locator("#notices")).to_contain_text(
        "Fox is still used elsewhere, so nothing was deleted."
    )
    expect(box(tab, "Eel")).to_be_checked()
    expect(told(tab)).to_have_text("2 selected")
    # a row that somebody else made comes in, and is not chosen
    httpx.get(f"{address}/add/Gnu")
    expect(names(tab)).to_have_text(["Eel", "Fox", "Gnu"])
    expect(box(tab, "Gnu")).not_to_be_checked()
    expect(told(tab)).to_have_text("2 selected")


def test_all_that_match_are_chosen_without_posting_them(
    tab: Page, address: str, keys: dict[str, str]
) -> None:
    open_list(tab, address)
    box(tab, "Ape").check()
    tab.get_by_role("checkbox", name="Select all 6 that match").check()
    expect(told(tab)).to_have_text("6 selected")
    expect(box(tab, "Dog")).to_be_checked()
    with tab.expect_request(lambda request: request.method == "POST") as posted:
        bar(tab).get_by_role("button", name="Sell").click()
    body = posted.value.post_data or ""
    assert "every=1" in body
    assert "row=" not in body
    expect(tab.locator("#notices")).to_contain_text("6 sold")
    expect(bar(tab)).to_be_hidden()
    # another page has other rows, of which none is chosen
    box(tab, "Ape").check()
    tab.get_by_role("link", name="Next").click()
    expect(names(tab)).to_have_text(["Eel", "Fox"])
    expect(bar(tab)).to_be_hidden()


def test_all_rows_that_match_come_as_a_file(tab: Page, address: str, keys: dict[str, str]) -> None:
    open_list(tab, address, "?sort=-name")
    tab.get_by_role("searchbox").fill("e")
    expect(names(tab)).to_have_text(["Eel", "Bear", "Ape"])
    with tab.expect_download() as loading:
        tab.get_by_role("link", name="Export CSV").click()
    assert loading.value.suggested_filename.startswith("toys-")
    text = Path(loading.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["Name"] for row in rows] == ["Eel", "Bear", "Ape"]
    assert rows[0]["Price"] == "1234.50"
    assert rows[0]["Maker"] == "Ann & Co"
    expect(names(tab)).to_have_text(["Eel", "Bear", "Ape"])  # the page is still there


def test_cells_are_for_the_reader(tab: Page, address: str, keys: dict[str, str]) -> None:
    open_list(tab, address)
    row = tab.locator("tbody tr").first
    assert row.locator("td[data-label=Made] time").get_attribute("datetime") == "2026-01-31"
    seen = row.locator("td[data-label=Seen] time")
    assert seen.get_attribute("datetime") == "2026-01-31T23:30:00+00:00"
    amount = row.locator("td[data-label=Price] data")
    assert amount.get_attribute("value") == "1234.50"
    expect(amount).to_have_text("€1,234.50")  # as the language of the page writes it
    expect(row.locator("td[data-label=Maker] a")).to_have_attribute("href", "/makers/" + maker(row))
    expect(row.locator("td[data-label=Site] a")).to_have_text("example.org/a")
    # a long text opens by the keyboard, and stays open in a live update
    story = row.locator("td[data-label=Story] summary")
    expect(story).to_have_text("Ape was made by han…")
    story.press("Enter")
    expect(row.locator("td[data-label=Story] details")).to_have_attribute("open", "")
    httpx.get(f"{address}/rename/{keys['Bear']}/Bat")
    expect(names(tab)).to_have_text(["Ape", "Bat", "Cat", "Dog"])
    expect(row.locator("td[data-label=Story] details")).to_have_attribute("open", "")
    # an action of the app's own asks first
    row.get_by_role("button", name="Sell Ape").click()
    answer(tab)
    expect(row.locator("td[data-label=Sold]")).to_have_text("Yes")
    expect(tab.locator("#notices")).to_contain_text("Ape sold")


def maker(row: Locator) -> str:
    href = row.locator("td[data-label=Maker] a").get_attribute("href") or ""
    return href.rpartition("/")[2]


def test_without_javascript_rows_are_chosen_and_changed_all_the_same(
    people: People, address: str, keys: dict[str, str]
) -> None:
    page = people.come(java_script_enabled=False).new_page()
    page.goto(f"{address}/toys?search=e&sort=-name")
    expect(page.get_by_role("checkbox", name="Select all on this page")).to_be_hidden()
    expect(bar(page)).to_be_hidden()  # by the style sheet alone
    box(page, "Bear").check()
    bar(page).get_by_role("button", name="Sell").click()
    expect(page).to_have_url(f"{address}/toys?search=e&sort=-name")
    expect(page.locator("#notices")).to_contain_text("1 sold")
    box(page, "Bear").check()
    bar(page).get_by_role("button", name="Delete").click()
    expect(names(page)).to_have_text(["Eel", "Ape"])
