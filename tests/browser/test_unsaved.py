"""What a person typed and did not save: kept while the page changes, sent as meant, gone when saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "drafts"


@pytest.fixture
def berlin(people: People) -> Page:
    """A tab of somebody in Berlin."""
    return people.come(timezone_id="Europe/Berlin", locale="de-DE").new_page()


def write_anew(page: Page) -> None:
    """Has the server write the whole page anew, as a live update does."""
    before = page.locator("h1").inner_text()
    page.get_by_role("button", name="Write the page anew").dispatch_event("click")
    expect(page.locator("h1")).not_to_have_text(before)


def test_what_is_typed_survives_a_live_update_and_is_gone_when_it_is_saved(
    berlin: Page, address: str
) -> None:
    page = berlin
    page.goto(f"{address}/drafts")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    left, right = page.locator("#draft-left-form"), page.locator("#draft-right-form")
    left.get_by_label("Body").fill("<b>typed</b>")
    left.get_by_label("Public").check()
    left.get_by_label("Bad").check()
    left.locator("#draft-left-due").fill("2026-07-01T12:00")
    left.get_by_role("button", name="Add").click()
    row = left.locator("#draft-left-form-parts-0-text")
    row.fill("a part")
    writer = left.get_by_role("combobox")
    writer.press_sequentially("Writer 4")
    options = left.locator("[role=option]")
    expect(options).to_have_count(15)
    writer.press("ArrowDown")
    writer.evaluate("one => one.setSelectionRange(2, 3)")
    write_anew(page)
    expect(options).to_have_count(15)
    expect(options.first).to_be_visible()
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(writer).to_be_focused()
    assert writer.evaluate("one => [one.selectionStart, one.selectionEnd]") == [2, 3]
    writer.press("Enter")
    write_anew(page)
    expect(writer).to_have_value("Writer 04")
    assert left.locator("input[name=writer_id]").input_value()
    expect(left.get_by_label("Body")).to_have_value("<b>typed</b>")
    expect(left.get_by_label("Public")).to_be_checked()
    expect(left.get_by_label("Bad")).to_be_checked()
    expect(left.locator("#draft-left-due")).to_have_value("2026-07-01T12:00")
    expect(row).to_have_value("a part")
    # what is wrong is told in this form alone, and stays while the page changes
    left.get_by_label("Title").fill("X")
    left.get_by_role("button", name="Create").click()
    expect(page.locator("#draft-left-form-errors")).to_be_focused()
    expect(page.locator("#draft-right-form-errors")).to_have_count(0)
    expect(left.locator("#draft-left-due")).to_have_value("2026-07-01T12:00")
    write_anew(page)
    expect(page.locator("#draft-left-form-errors")).to_have_count(1)
    expect(row).to_have_value("a part")
    right.get_by_label("Title").fill("Of the right")
    left.get_by_label("Title").fill("Saved")
    left.get_by_role("button", name="Create").click()
    # the empty form that the server answers is empty, and is written anew as any part of a page
    expect(left.get_by_label("Title")).to_have_value("")
    expect(left.get_by_label("Body")).to_have_value("")
    expect(left.get_by_label("Public")).not_to_be_checked()
    expect(left.get_by_label("Good")).to_be_checked()
    expect(left.locator("#draft-left-due")).to_have_value("")
    expect(writer).to_have_value("")
    expect(row).to_have_value("")
    write_anew(page)
    expect(page.locator("#drafts")).to_contain_text("Saved 2026-07-01T10:00:00+00:00")
    expect(right.get_by_label("Title")).to_have_value("Of the right")
    expect(left.locator("[data-unsaved]")).to_have_count(0)


def test_a_form_that_nobody_touched_follows_the_page_and_another_one_takes_its_place(
    berlin: Page, address: str
) -> None:
    page = berlin
    page.goto(f"{address}/drafts/edit")
    form = page.locator("#draft-form")
    title, due = form.get_by_label("Title"), form.locator("#draft-due")
    # 01:30:05 UTC is the second half past two of that night in Berlin
    expect(due).to_have_value("2026-10-25T02:30:05")
    expect(page.locator("#draft-due-zone")).to_have_text("Europe/Berlin")
    form.get_by_label("Body").fill("first")
    title.fill("Stored again")
    form.get_by_role("button", name="Save").click()
    expect(form).not_to_have_attribute("data-unsaved", "")
    write_anew_here(page, address)
    expect(title).to_have_value("Renamed elsewhere")
    # the moment that nobody touched kept its hour and its part of a second
    expect(page.locator("#drafts")).to_contain_text("2026-10-25T01:30:05.250000+00:00")
    title.fill("Mine")
    write_anew_here(page, address)
    expect(title).to_have_value("Mine")
    page.get_by_role("button", name="Edit the other").click()
    expect(title).to_have_value("Other")
    expect(due).to_have_value("")


def write_anew_here(page: Page, address: str) -> None:
    """Has the page of the edited draft written anew, after somebody else renamed it."""
    button = page.get_by_role("button", name="Write the page anew")
    button.evaluate("one => one.setAttribute('data-on:click', \"@get('/drafts/renamed')\")")
    before = page.locator("h1").inner_text()
    button.click()
    expect(page.locator("h1")).not_to_have_text(before)


def test_without_javascript_a_moment_is_in_utc_and_says_so(people: People, address: str) -> None:
    page = people.come(java_script_enabled=False, timezone_id="Europe/Berlin").new_page()
    page.goto(f"{address}/drafts")
    form = page.locator("#draft-right-form")
    expect(page.locator("#draft-right-due-zone")).to_have_text("UTC")
    expect(form.locator("#draft-right-due")).to_have_attribute(
        "aria-describedby", "draft-right-due-zone"
    )
    form.get_by_label("Title").fill("P")
    form.locator("#draft-right-due").fill("2026-07-01T12:00")
    form.get_by_role("button", name="Create").click()
    expect(page.locator("#draft-right-title-error")).to_have_text("At least 2 characters.")
    form.get_by_label("Title").fill("Plain")
    form.get_by_role("button", name="Create").click()
    page.goto(f"{address}/drafts")
    expect(page.locator("#drafts")).to_contain_text("Plain 2026-07-01T12:00:00+00:00")
