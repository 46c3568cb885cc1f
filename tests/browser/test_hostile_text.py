"""Hostile text in every view, form, signal and stream patch is only ever shown, never run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Response, expect

if TYPE_CHECKING:
    from browser.conftest import Server

pytestmark = pytest.mark.browser

HOSTILE: list[str] = json.loads(Path(__file__).with_name("hostile.json").read_text())


@pytest.fixture
def watched(tab: Page) -> Page:
    """A tab in which any dialog fails the test: `alert` is what hostile text would call."""
    tab.add_init_script("window.alert = () => { window.ran = true }")
    return tab


def unharmed(page: Page) -> bool:
    return page.evaluate("window.ran") is None


def test_there_are_thirty_of_them() -> None:
    assert len(set(HOSTILE)) == 30


def test_hostile_names_and_descriptions_are_text_in_list_card_and_form(
    watched: Page, server: Server
) -> None:
    category = server.category("Books <script>alert(1)</script>")
    ids = {
        text: server.product(name=text, description=text, price="1", category_id=category)
        for text in HOSTILE
    }
    for page in ("1", "2"):
        watched.goto(f"{server.url}/products?page={page}&sort=name")
        shown = watched.locator("#product-table tbody tr th[scope=row]").all_text_contents()
        assert set(shown) <= set(HOSTILE)
        assert unharmed(watched)
    for text, key in ids.items():
        watched.goto(f"{server.url}/products/{key}")
        expect(watched.locator("#main, main").first).to_contain_text(text.replace("\u2028", " "))
        assert text.replace("\u2028", " ") in watched.title().replace("\u2028", " ")
        assert unharmed(watched)
        watched.goto(f"{server.url}/products/{key}/edit")
        assert watched.locator("#product-name").input_value() == text
        assert watched.locator("#product-description").input_value() == text
        assert unharmed(watched)


def test_hostile_names_are_text_when_they_arrive_by_the_stream(
    watched: Page, server: Server
) -> None:
    category = server.category("Books")
    with watched.expect_response(lambda response: "/events" in response.url):
        watched.goto(f"{server.url}/products")
    for text in HOSTILE:
        key = server.product(name=text, description=text, price="1", category_id=category)
        cell = watched.locator(f"[id='product-{key}'] th[scope=row]")
        expect(cell).to_have_count(1)
        assert cell.text_content() == text
        server.post(f"/products/{key}/delete", {})
        expect(cell).to_have_count(0)
        assert unharmed(watched)


def is_submit(response: Response) -> bool:
    """Whether it answers a form, and no question about a field that was left."""
    sent = response.request.post_data or ""
    return response.request.method == "POST" and "nitro_field" not in sent


def test_hostile_text_comes_back_as_typed_from_a_refused_form(
    watched: Page, server: Server
) -> None:
    server.category("Books")
    watched.goto(f"{server.url}/products/new")
    watched.locator("#product-form").evaluate("form => form.noValidate = true")
    for text in HOSTILE:
        watched.locator("#product-name").fill(text)
        watched.locator("#product-description").fill(text)
        with watched.expect_response(is_submit):
            watched.locator("#product-form button[type=submit]").click()
        expect(watched.locator("#product-price-error")).to_be_visible()
        assert watched.locator("#product-name").input_value() == text
        assert watched.locator("#product-description").input_value() == text
        assert unharmed(watched)


def test_hostile_search_text_stays_in_its_box(watched: Page, server: Server) -> None:
    for text in HOSTILE:
        watched.goto(f"{server.url}/products")
        watched.locator("#product-table input[name=search]").fill(text)
        expect(watched.locator("#product-table")).to_be_visible()
        expect(watched).to_have_url(re.compile("search="))
        assert watched.locator("#product-table input[name=search]").input_value() == text
        watched.reload()
        words = " ".join(text.split())  # a search is for words: U+2028 is a space between two
        assert watched.locator("#product-table input[name=search]").input_value() == words
        assert unharmed(watched)


def test_a_hostile_name_in_a_notice_is_text(watched: Page, server: Server) -> None:
    server.category("Books")
    for text in HOSTILE:
        watched.goto(f"{server.url}/products/new")
        watched.locator("#product-name").fill(text)
        watched.locator("#product-price").fill("1")
        watched.locator("#product-category_id").select_option(label="Books")
        watched.locator("#product-form button[type=submit]").click()
        expect(watched.locator("#notices")).to_contain_text("created")
        assert f"{text} created" in (watched.locator("#notices").text_content() or "")
        assert unharmed(watched)
