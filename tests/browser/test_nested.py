"""What a person does with the rows of a form: adds, fills in, removes, corrects and saves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "orders"


def choose(page: Page, row: int, product: str, quantity: str) -> None:
    page.locator(f"#order-form-lines-{row}-product_id").select_option(label=product)
    page.locator(f"#order-form-lines-{row}-quantity").fill(quantity)


def add(page: Page) -> None:
    page.get_by_role("button", name="Add order line").click()


def save(page: Page) -> None:
    page.locator("#order-form > .buttons button").click()


def test_rows_are_added_filled_in_corrected_and_saved(tab: Page, address: str) -> None:
    tab.goto(f"{address}/orders/new")
    tab.get_by_label("Customer").fill("Ann")
    choose(tab, 0, "Lamp", "2")
    add(tab)
    # the focus goes on to the new row, and a screen reader is told of it
    expect(tab.locator("#order-form-lines-1-product_id")).to_be_focused()
    expect(tab.get_by_role("status").filter(has_text="Order line 2 added.")).to_have_count(1)
    expect(tab.locator("#order-form-lines-0-quantity")).to_have_value("2")
    expect(tab.get_by_label("Customer")).to_have_value("Ann")
    choose(tab, 1, "Desk", "0")
    add(tab)
    expect(tab.locator("#order-form-lines-2-product_id")).to_be_focused()
    expect(tab.locator("#order-form-lines-1-quantity")).to_have_value("0")
    save(tab)
    # the empty third row is no mistake; the second one is, and is told at its control
    expect(tab.locator("#order-form-errors")).to_be_focused()
    expect(tab.locator("#order-form-errors li")).to_have_count(1)
    tab.get_by_role("link", name="Order line 2, Quantity: At least 1.").click()
    expect(tab.locator("#order-form-lines-1-quantity")).to_be_focused()
    expect(tab.locator("#order-form-lines-1-quantity")).to_have_attribute("aria-invalid", "true")
    expect(tab.locator("#order-form-lines-1-product_id option:checked")).to_have_text("Desk")
    tab.keyboard.type("3")
    # Enter saves: it does not press the button of a row
    tab.locator("#order-form-lines-1-quantity").fill("3")
    tab.keyboard.press("Enter")
    expect(tab.locator("#notices")).to_contain_text("Ann saved")
    expect(tab.locator("#stored li")).to_have_text(["Lamp 2", "Desk 3"])

    # on the page of the order, one row goes, one is changed and one comes
    for row in (0, 1):
        expect(tab.locator(f"#order-form-lines-{row}")).to_be_visible()
    tab.locator("#order-form-lines-1-quantity").fill("7")
    tab.get_by_role("button", name="Remove Order line 1").click()
    expect(tab.locator("#order-form-lines-0")).to_have_count(0)
    expect(tab.locator("#order-form-lines-add")).to_be_focused()
    expect(tab.locator("#order-form-lines-status")).to_have_text("Order line 1 removed.")
    tab.keyboard.press("Enter")  # the focus is on the button that adds
    expect(tab.locator("#order-form-lines-2-product_id")).to_be_focused()
    choose(tab, 2, "Chair", "9")
    expect(tab.locator("#order-form-lines-1-quantity")).to_have_value("7")
    tab.reload()  # nothing was saved by all that
    expect(tab.locator("#stored li")).to_have_text(["Lamp 2", "Desk 3"])
    tab.locator("#order-form-lines-1-quantity").fill("7")
    tab.get_by_role("button", name="Remove Order line 1").click()
    expect(tab.locator("#order-form-lines-add")).to_be_focused()
    add(tab)
    expect(tab.locator("#order-form-lines-2-product_id")).to_be_focused()
    choose(tab, 2, "Chair", "9")
    save(tab)
    expect(tab.locator("#stored li")).to_have_text(["Desk 7", "Chair 9"])


def test_the_focus_moves_each_time_and_there_are_at_most_four(tab: Page, address: str) -> None:
    tab.goto(f"{address}/orders/new")
    for row in (1, 2, 3):
        add(tab)
        expect(tab.locator(f"#order-form-lines-{row}-product_id")).to_be_focused()
    for _ in range(2):
        tab.get_by_label("Customer").focus()
        add(tab)
        expect(tab.locator("#order-form-lines-status")).to_have_text("At most 4 order lines.")
        expect(tab.locator("#order-form-lines [role=group]")).to_have_count(4)
    for left in (3, 2):
        tab.locator("#order-form-lines [role=group] .row-remove").first.click()
        expect(tab.locator("#order-form-lines [role=group]")).to_have_count(left)
        expect(tab.locator("#order-form-lines-add")).to_be_focused()
    add(tab)
    expect(tab.locator("#order-form-lines-4-product_id")).to_be_focused()


def test_without_javascript_it_all_works_too(people: People, address: str) -> None:
    page = people.come(java_script_enabled=False).new_page()
    page.goto(f"{address}/orders/new")
    page.get_by_label("Customer").fill("Bob")
    choose(page, 0, "Lamp", "2")
    add(page)
    expect(page.get_by_label("Customer")).to_have_value("Bob")
    expect(page.locator("#order-form-lines-0-quantity")).to_have_value("2")
    expect(page.locator("#order-form-lines-1-product_id")).to_be_focused()
    choose(page, 1, "Desk", "1")
    page.get_by_role("button", name="Remove Order line 1").click()
    expect(page.locator("#order-form-lines [role=group]")).to_have_count(1)
    expect(page.locator("#order-form-lines-add")).to_be_focused()
    page.get_by_label("Customer").press("Enter")
    expect(page.locator("#notices")).to_contain_text("Bob saved")
    expect(page.locator("#stored li")).to_have_text(["Desk 1"])
