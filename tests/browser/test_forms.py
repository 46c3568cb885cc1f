"""What a person does with a form: leaves fields, searches, corrects, and clicks twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import pytest
from accessibility import violations
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "tickets"
HOSTILE = "Client 07 <b>'\""


@pytest.fixture
def form(tab: Page, address: str) -> Page:
    tab.goto(f"{address}/tickets/new")
    return tab


def test_a_field_says_what_is_wrong_as_it_is_left_and_no_sooner(form: Page) -> None:
    seats, title = form.get_by_label("Seats"), form.get_by_label("Title")
    title.focus()
    seats.focus()  # nothing was changed: nothing is said
    seats.fill("0")
    form.get_by_label("Note").focus()
    expect(form.locator("#ticket-seats-error")).to_have_text("At least 1.")
    expect(seats).to_have_attribute("aria-invalid", "true")
    expect(seats).to_have_attribute("aria-describedby", "ticket-seats-error")
    expect(seats).to_have_value("0")
    expect(form.get_by_label("Note")).to_be_focused()
    expect(form.locator("#ticket-title-error")).to_have_count(0)
    title.fill("X")
    seats.fill("3")
    form.get_by_label("Note").focus()
    expect(form.locator("#ticket-seats-error")).to_have_count(0)
    expect(seats).not_to_have_attribute("aria-invalid", "true")
    expect(form.locator("#ticket-title-error")).to_have_text("At least 2 characters.")
    expect(title).to_have_attribute("aria-describedby", "ticket-title-help ticket-title-error")
    expect(form.locator("#ticket-title-help")).to_have_text("As it is printed.")
    # it is wrong in the same way once more, then well, then wrong again
    for text, told in (("Y", 1), ("Yes", 0), ("Z", 1)):
        title.fill(text)
        seats.focus()
        expect(form.locator("#ticket-title-error")).to_have_count(told)
        expect(title).to_have_value(text)


def test_axe_finds_nothing_in_a_form_with_rows_errors_and_an_open_list(
    form: Page, missing: Callable[[str], NoReturn]
) -> None:
    form.get_by_role("button", name="Add guest").click()
    expect(form.locator("#ticket-form-guests-1-client_id")).to_be_focused()
    form.locator("#ticket-form-guests-1-meals").fill("9")
    form.locator("#ticket-form > .buttons button").click()
    expect(form.locator("#ticket-form-errors")).to_be_focused()
    box = form.locator("#ticket-client_id")
    box.press_sequentially("client 1")
    expect(form.locator("#ticket-client_id-list li")).to_have_count(15)
    box.press("ArrowDown")
    assert violations(form, missing) == []


def test_what_is_typed_on_while_a_field_is_checked_stays(form: Page) -> None:
    title = form.get_by_label("Title")
    form.route("**/tickets", lambda route: form.wait_for_timeout(300) or route.continue_())
    title.fill("X")
    with form.expect_response("**/tickets"):
        form.get_by_label("Seats").focus()
        title.focus()
        form.keyboard.press("End")
        form.keyboard.type("yz")
    expect(form.locator("#ticket-title-error")).to_have_text("At least 2 characters.")
    expect(title).to_have_value("Xyz")
    expect(title).to_be_focused()


def test_neither_a_form_nor_a_field_that_is_on_its_way_is_cancelled_by_another(
    form: Page,
) -> None:
    form.get_by_label("Title").fill("X")
    form.get_by_label("Seats").fill("0")
    form.get_by_label("Note").focus()
    expect(form.locator("#ticket-title-error")).to_have_text("At least 2 characters.")
    expect(form.locator("#ticket-seats-error")).to_have_text("At least 1.")
    form.get_by_label("Title").fill("Circus")
    form.get_by_label("Seats").fill("4")
    form.locator("#ticket-client_id").press_sequentially("client 33")
    form.locator("#ticket-client_id-list li").click()
    form.locator("#ticket-form > .buttons button").click()  # which takes half a second
    form.get_by_label("Note").fill("Something more")
    form.get_by_label("Title").focus()
    expect(form.locator("#notices")).to_contain_text("Circus saved")


def test_one_of_many_rows_is_found_with_the_keyboard(form: Page) -> None:
    box, options = form.get_by_label("Client").first, form.locator("#ticket-client_id-list li")
    expect(box).to_have_role("combobox")
    box.press_sequentially("client 0")
    expect(options).to_have_count(15)
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(form.locator("#ticket-client_id-found")).to_have_text("15 found.")
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "ticket-client_id-option-1")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    box.press("ArrowUp")
    box.press("ArrowUp")
    expect(options.nth(14)).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("Client 50")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(form.locator("#ticket-client_id-list")).to_be_hidden()
    key = form.locator("input[name=client_id]").input_value()
    assert key
    # Escape closes; typing on means another one
    box.press_sequentially("x")
    expect(form.locator("#ticket-client_id-found")).to_have_text("Nothing matches “Client 50x”.")
    assert form.locator("input[name=client_id]").input_value() == ""
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(form.locator("#tickets")).to_have_count(0)  # no Enter has sent the form


def test_a_whole_form_is_filled_in_searched_corrected_and_sent_once(
    form: Page, people: People, address: str
) -> None:
    form.get_by_label("Title").fill("Opera")
    form.get_by_label("Seats").fill("2")
    box = form.locator("#ticket-client_id")
    box.press_sequentially("07")
    form.locator("#ticket-client_id-list li").click()
    expect(box).to_have_value(HOSTILE)
    expect(box).to_be_focused()
    guest = form.locator("#ticket-form-guests-0-client_id")
    guest.press_sequentially("client 11")
    form.locator("#ticket-form-guests-0-client_id-list li").click()
    expect(guest).to_have_value("Client 11")
    meals = form.locator("#ticket-form-guests-0-meals")
    meals.fill("9")
    meals.press("Tab")
    expect(form.locator("#ticket-form-guests-0-meals-error")).to_have_text("At most 3.")
    form.get_by_role("button", name="Add guest").click()
    expect(form.locator("#ticket-form-guests-1-client_id")).to_be_focused()
    expect(guest).to_have_value("Client 11")
    save = form.locator("#ticket-form > .buttons button")
    save.click()
    expect(form.locator("#ticket-form-errors")).to_be_focused()
    expect(guest).to_have_value("Client 11")
    expect(box).to_have_value(HOSTILE)
    meals.fill("3")
    save.dblclick()
    save.click()
    expect(form.locator("#notices")).to_contain_text("Opera saved")
    expect(form.locator("#tickets li").last).to_have_text(f"Opera, 2, {HOSTILE}")
    expect(form.locator("#tickets li").filter(has_text="Opera")).to_have_count(1)

    # without JavaScript the name is typed, and of several one is chosen
    page = people.come(java_script_enabled=False).new_page()
    page.goto(f"{address}/tickets/new")
    page.get_by_label("Title").fill("Ballet")
    page.get_by_label("Seats").fill("1")
    page.locator("#ticket-client_id").fill("client 1")
    page.locator("#ticket-form > .buttons button").click()
    expect(page.locator("#ticket-client_id-error")).to_have_text(
        "Several fit “client 1”. Choose one of them."
    )
    page.locator("#ticket-client_id").select_option(label="Client 12")
    page.locator("#ticket-form > .buttons button").click()
    expect(page.locator("#tickets li").last).to_have_text("Ballet, 1, Client 12")
