"""Light and dark, as a visitor sees them: by the system, by the switch, remembered, without a flash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser

LIGHT, DARK = "rgb(247, 248, 250)", "rgb(13, 16, 21)"


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def bar(page: Page) -> set[str]:
    """What a phone's browser colours its bar with, for light and for dark systems."""
    return set(
        page.locator("meta[name=theme-color]").evaluate_all("all => all.map(one => one.content)")
    )


def choose(page: Page, name: str) -> None:
    page.get_by_role("group", name="Colours").get_by_role("radio", name=name).check(force=True)


@pytest.mark.parametrize(("system", "colour"), [("light", LIGHT), ("dark", DARK)])
def test_without_a_choice_the_system_decides(
    system: str, colour: str, people: People, furnished: Server
) -> None:
    page = people.come(color_scheme=system).new_page()
    page.goto(furnished.url)
    assert background(page) == colour
    expect(page.get_by_role("radio", name="As the system")).to_be_checked()
    page.emulate_media(color_scheme="dark" if system == "light" else "light")
    assert background(page) == ({LIGHT, DARK} - {colour}).pop()


def test_a_choice_is_seen_at_once_remembered_and_taken_back(
    people: People, furnished: Server
) -> None:
    visitor = people.come(color_scheme="light")
    page = visitor.new_page()
    page.goto(furnished.url)
    expect(page.get_by_role("radio", name="As the system")).to_be_checked()
    choose(page, "Dark")
    assert background(page) == DARK
    assert bar(page) == {"rgb(20, 24, 31)"}
    another = visitor.new_page()
    another.goto(f"{furnished.url}/products")
    assert background(another) == DARK
    expect(another.get_by_role("radio", name="Dark")).to_be_checked()
    assert bar(another) == {"rgb(20, 24, 31)"}
    choose(another, "As the system")
    assert background(another) == LIGHT
    assert not [one for one in visitor.cookies() if one.get("name") == "nitro_scheme"]
    page.reload()
    assert background(page) == LIGHT


def test_the_keyboard_moves_the_choice(people: People, furnished: Server) -> None:
    page = people.come(color_scheme="light").new_page()
    page.goto(furnished.url)
    expect(page.get_by_role("radio", name="As the system")).to_be_checked()
    page.get_by_role("radio", name="As the system").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Dark")).to_be_focused()
    assert background(page) == DARK


def test_the_page_arrives_in_what_was_chosen_before_any_script_runs(
    people: People, furnished: Server
) -> None:
    visitor = people.come(color_scheme="light", java_script_enabled=False)
    visitor.add_cookies([{"name": "nitro_scheme", "value": "dark", "url": furnished.url}])
    page = visitor.new_page()
    page.goto(furnished.url)
    expect(page.locator("body")).to_have_css("background-color", DARK)
    # and the switch works for as long as somebody stays on the page
    page.get_by_role("radio", name="Light").check(force=True)
    expect(page.locator("body")).to_have_css("background-color", LIGHT)
    page.get_by_role("radio", name="As the system").check(force=True)
    expect(page.locator("body")).to_have_css("background-color", LIGHT)
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator("body")).to_have_css("background-color", DARK)


def test_a_part_of_a_page_may_have_its_own_scheme_and_palette(
    people: People, furnished: Server
) -> None:
    page = people.come(color_scheme="light").new_page()
    page.goto(f"{furnished.url}/products/new")
    page.locator(".form").evaluate("form => form.dataset.theme = 'dark'")
    expect(page.locator(".form")).to_have_css("background-color", "rgb(20, 24, 31)")
    assert background(page) == LIGHT
    page.locator(".form").evaluate("form => form.dataset.palette = 'forest'")
    expect(page.locator(".form")).to_have_css("background-color", "rgb(23, 27, 22)")


def test_no_script_stands_in_the_page_and_no_style_in_an_attribute(furnished: Server) -> None:
    html = furnished.visitor.get(f"{furnished.url}/products").text
    assert re.findall(r"<script(?![^>]*src=)", html) == []
    assert not re.search(r"<style|\sstyle=", html)
