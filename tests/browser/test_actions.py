"""What `call` makes of actions, queries and commands, clicked in Chromium under a strict policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from waiting import until

pytestmark = pytest.mark.browser

APP = "actions"

HOSTILE = "</script>'\"`${alert(1)} @get('/x') $stock \\ \u2028"


@pytest.fixture
def page(tab: Page, address: str) -> Iterator[Page]:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "404" not in message.text:  # a browser asks for an icon
            said.append(message.text)

    tab.on("console", hear)
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.goto(address)
    expect(tab.locator("#stock")).not_to_be_empty()
    yield tab
    assert said == []


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_an_action_of_an_entity_is_called_with_values_and_with_signals(page: Page) -> None:
    press(page, "None")
    expect(page.locator("#stock")).to_have_text("0")
    press(page, "Five")
    expect(page.locator("#stock")).to_have_text("5")
    assert page.locator("#note").evaluate("el => el.textContent") == HOSTILE
    page.get_by_label("How many").fill("7")
    press(page, "So many")
    expect(page.locator("#stock")).to_have_text("12")


def test_a_query_is_asked(page: Page) -> None:
    press(page, "None")
    press(page, "Least")
    expect(page.locator("#note")).to_have_text("least 0")


def test_a_double_click_orders_once(page: Page) -> None:
    button = page.get_by_role("button", name="Order")
    button.dblclick()
    expect(page.locator("#note")).to_have_text("ordered 1")
    until(lambda: not button.evaluate("el => el.nitroCalls"), "the button to call again")
    press(page, "Order")
    expect(page.locator("#note")).to_have_text("ordered 2")
