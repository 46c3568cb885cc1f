"""Dialogs, questions, tabs, menus, progress and notices, by pointer and by keyboard, under a strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import httpx
import pytest
from accessibility import violations
from playwright.sync_api import ConsoleMessage, Locator, Page, expect
from questions import answer

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "components"


@pytest.fixture
def page(tab: Page, address: str) -> Iterator[Page]:
    """The page with everything on it; nothing that it does breaks its own policy."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "favicon" not in message.text and "404" not in message.text:
            said.append(message.text)

    tab.on("console", hear)
    tab.goto(address)
    expect(tab.get_by_role("tablist")).to_be_visible()
    yield tab
    assert said == []


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def notices(page: Page) -> Locator:
    return page.locator("#notices > .notice > p")


def test_a_dialog_takes_the_focus_closes_by_escape_and_gives_it_back(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="New <b>thing</b>")
    expect(dialog).to_be_hidden()
    page.locator("#open").focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("el => el.matches(':modal')")
    assert focused(page) == "name"
    for _ in range(4):  # the content, the cross, the browser's own, and never the page behind
        page.keyboard.press("Tab")
        assert page.evaluate("!document.activeElement.closest('main') || "
                             "!!document.activeElement.closest('dialog')")  # fmt: skip
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert focused(page) == "open"
    page.locator("#open").click()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.locator("#open").click()  # what closed it otherwise is known
    expect(dialog).to_be_visible()


def test_a_dialog_stays_through_an_update_and_is_closed_by_the_server(page: Page) -> None:
    dialog = page.locator("#new-thing")
    page.locator("#link").click()
    expect(dialog).to_be_visible()
    page.locator("#name").fill("typed")
    page.evaluate("document.getElementById('later').click()")
    expect(page.get_by_text("Other")).to_have_count(1)
    expect(dialog).to_be_visible()
    expect(page.locator("#name")).to_have_value("typed")
    page.locator("#shut").click()
    expect(dialog).to_be_hidden()
    # the notices stack, what is said again stands once, and only good news go away
    expect(notices(page)).to_have_text(["Shut: success", "Shut: error", "Shut: warning"])
    timed = page.locator("#notices > .notice").evaluate_all(
        "all => all.map(one => one.outerHTML.includes('on-interval'))"
    )
    assert timed == [True, False, False]
    page.locator("#notices > .notice", has_text="error").get_by_role("button").click()
    expect(notices(page)).to_have_text(["Shut: success", "Shut: warning"])


def test_a_question_comes_before_a_form_is_sent_and_no_sends_nothing(
    page: Page, address: str
) -> None:
    page.locator("#send").click()
    asked = page.get_by_role("alertdialog", name="Send it to 200 people?")
    expect(asked).to_be_visible()
    assert focused(page) == "Cancel"
    expect(asked.get_by_role("button")).to_have_text(["Cancel", "Send"])
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    assert focused(page) == "send"
    page.locator("#send").click()
    page.keyboard.press("Enter")  # on Cancel
    expect(asked).to_be_hidden()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    assert answer(page, agrees=False) == "Delete <it>?"
    assert httpx.get(f"{address}/sent").json() == []
    # a form without a script of its own is sent by the browser, with the button that was pressed
    page.locator("#send").click()
    answer(page)
    expect(notices(page)).to_have_text("Sent mail")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    answer(page)
    expect(notices(page).last).to_have_text("Sent delete")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Keep").click()
    expect(notices(page).last).to_have_text("Sent keep")
    assert httpx.get(f"{address}/sent").json() == ["mail fast", "delete", "keep"]


def test_tabs_go_by_arrow_keys_and_stand_in_the_address(page: Page, address: str) -> None:
    facts, orders = page.get_by_role("tab", name="Facts"), page.get_by_role("tab", name="Orders")
    expect(facts).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name="Facts")).to_have_text("Some facts.")
    expect(page.get_by_text("Some orders.")).to_be_hidden()
    facts.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel")).to_have_text("Some orders.")
    expect(orders).to_be_focused()
    expect(orders).to_have_attribute("tabindex", "0")
    expect(facts).to_have_attribute("tabindex", "-1")
    expect(page).to_have_url(f"{address}/#tabs-orders")
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel")).to_have_text("Far.")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel")).to_have_text("Some facts.")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.reload()  # the address knows
    expect(page.get_by_role("tabpanel")).to_have_text("Some orders.")
    # an update writes the server's markup, and the chosen one stays
    page.locator("#later").click()
    expect(page.get_by_text("Other")).to_have_count(1)
    expect(page.get_by_role("tabpanel")).to_have_text("Some orders.")
    expect(page.get_by_role("tab", name="Orders")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Some facts.")).to_be_hidden()


def test_a_menu_opens_by_keys_and_closes_by_escape_and_elsewhere(page: Page, address: str) -> None:
    button = page.get_by_text("More", exact=True)
    button.focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Edit"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Delete"
    page.keyboard.press("Home")
    assert focused(page) == "Edit"
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Edit")).to_be_hidden()
    assert focused(page) == "More"
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit")).to_be_visible()
    page.get_by_role("heading", name="Components").click()
    expect(page.get_by_role("link", name="Edit")).to_be_hidden()
    button.click()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Edit")).to_be_hidden()  # the focus has left it
    button.click()
    page.get_by_role("link", name="Edit").click()
    expect(page).to_have_url(f"{address}/new")


def test_progress_of_routes_and_commands_comes_step_by_step(page: Page, address: str) -> None:
    kinds = ("async", "sync", "command-async", "command-sync")
    for button in ("work", "toil", "bench", "bend"):
        page.locator(f"#{button}").click()
    for kind in kinds:  # while the server still waits
        expect(page.locator(f"#{kind} [role=status]")).to_have_text("1 of 3")
        bar = page.get_by_role("progressbar", name=kind.replace("-", " ").capitalize(), exact=True)
        expect(bar).to_have_js_property("value", 1)
    httpx.get(f"{address}/go-on")
    for kind in kinds:
        expect(page.locator(f"#{kind} [role=status]")).to_have_text("3 of 3")
        expect(page.locator(f"#{kind}-bar")).to_have_js_property("value", 3)


def test_the_page_has_what_its_own_nonce_lets_in_and_nothing_else(
    people: People, address: str
) -> None:
    page = people.come().new_page()
    page.goto(address)
    assert page.evaluate("window.mine") == "ran"
    expect(page.locator("#later")).to_have_css("color", "rgb(1, 2, 3)")
    refused = page.evaluate(
        """() => new Promise(done => {
            document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));
            const script = document.createElement('script');
            script.textContent = 'window.theirs = 1';
            document.body.append(script);
        })"""
    )
    assert refused == "script-src-elem"
    assert page.evaluate("window.theirs") is None
    told, people.errors = people.errors, []  # this one is meant
    assert len(told) == 1


def test_axe_finds_nothing_with_everything_closed_or_open(
    page: Page, missing: Callable[[str], NoReturn]
) -> None:
    page.get_by_text("More", exact=True).click()
    assert violations(page, missing) == []
    page.locator("#send").focus()
    page.keyboard.press("Enter")
    assert violations(page, missing) == []
    page.keyboard.press("Escape")
    page.locator("#open").focus()
    page.keyboard.press("Enter")
    assert violations(page, missing) == []


def test_moments_and_sums_are_the_readers_own_also_after_an_update(
    people: People, address: str
) -> None:
    page = people.come(timezone_id="America/New_York", locale="en-GB").new_page()
    page.goto(address)
    expect(page.locator("#moment")).to_have_text(re.compile(r"^1 Jul 2026, 18:03$"))
    expect(page.locator("#day")).to_have_text("1 Jul 2026")  # a day is the same everywhere
    expect(page.locator("#sum")).to_have_text("€1,234.50")
    expect(page.locator("#odd")).to_have_text("5 XQ")  # what cannot be said otherwise stays
    page.locator("#later").click()
    expect(page.locator("#moment")).to_have_text(re.compile(r"^1 Jul 2026, 18:04$"))
    expect(page.locator("#sum")).to_have_text("€1,234.50")


def test_without_javascript_everything_is_there(people: People, address: str) -> None:
    page = people.come(java_script_enabled=False).new_page()
    page.goto(address)
    expect(page.locator("#moment")).to_have_text("2026-07-01 22:03 UTC")
    expect(page.locator("#sum")).to_have_text("1,234.50 EUR")
    for text in ("Some facts.", "Some orders.", "Far."):
        expect(page.get_by_text(text)).to_be_visible()
    page.get_by_role("link", name="Orders").click()
    expect(page).to_have_url(f"{address}/#tabs-orders")
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_role("link", name="Edit")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.locator("#open").click()  # by the attribute commandfor
    expect(page.locator("#new-thing")).to_be_visible()
    page.locator("#new-thing").get_by_role("button", name="Close").click()
    expect(page.locator("#new-thing")).to_be_hidden()
    page.locator("#send").click()
    expect(notices(page)).to_have_text("Sent mail")
    page.locator("#link").click()
    expect(page).to_have_url(f"{address}/new")
