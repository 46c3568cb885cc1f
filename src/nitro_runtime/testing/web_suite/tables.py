# ruff: noqa: S101 # a suite of tests asserts
"""What a visitor chose in a table stands in the address, of each of several tables on a page."""

from __future__ import annotations

import re

import httpx
import pytest

from nitro_runtime.testing.web_suite.client import SHOWN, Tab, read_until
from nitro_runtime.testing.web_suite.server import Suite
from nitro_runtime.testing.web_tables import PATH

TABLES = ("suite-lamp-table", "live-suite-lamp-table")


def shown(page: str, table: str = TABLES[0]) -> list[str]:
    """Returns the names on one of the tables of a page."""
    section = page.partition(f'id="{table}"')[2].partition("</section>")[0]
    return re.findall(r'data-label="Name">([^<]*)<', section)


def lamps(*numbers: int) -> list[str]:
    """Returns the names of lamps."""
    return [f"Lamp {number:02}" for number in numbers]


class Tables(Suite):
    """Search, filters, order, columns and pages, without JavaScript and with it."""

    @pytest.fixture
    def shop(self, client: httpx.Client) -> httpx.Client:
        """A browser, in an app with twelve lamps of which every second one is live."""
        client.get(f"{PATH}/fill")
        return client

    def test_an_address_says_what_each_table_shows(self, shop: httpx.Client) -> None:
        """Each table has parameters of its own, and keeps those of the other and of the app."""
        query = {"state": "live", "sort": "-name", "live_search": "lamp 1", "tab": "b"}
        page = shop.get(PATH, params=query).text
        assert shown(page) == lamps(11, 9, 7, 5, 3)
        assert shown(page, TABLES[1]) == lamps(1, 10, 11)
        assert (
            'href="?state=live&amp;sort=-name&amp;page=2&amp;live_search=lamp+1&amp;tab=b"' in page
        )
        rest = "state=live&amp;sort=-name&amp;tab=b"
        assert f'href="?live_search=lamp+1&amp;live_sort=price&amp;{rest}"' in page
        page = shop.get(f"{PATH}?state=live&price_min=5&price_max=9&columns=name&size=50").text
        assert shown(page) == lamps(5, 7, 9)
        assert 'data-label="Price"' not in page.partition("</section>")[0]
        assert "3 matching suite lamps" in page

    def test_what_makes_no_sense_is_passed_over(self, shop: httpx.Client) -> None:
        """Nobody who mistypes an address sees an error."""
        for query in (
            *("state=gone", "price_min=cheap", "price_max=1e999", "page=99999999999999", "sort=--"),
            *("columns=nothing", "size=7", "state=%00&page=%C2%B2", "live_price_min=9" + "9" * 30),
        ):
            response = shop.get(f"{PATH}?{query}")
            assert response.status_code == 200, query
            assert response.text.count("of 12 suite lamps") == 2, query
        assert shop.get(f"{PATH}?search=%00").status_code == 200

    def test_datastar_is_sent_both_tables(self, shop: httpx.Client) -> None:
        """By the very address that the browser shows, signals and all."""
        query = {"state": "live", "live_page": "2", "datastar": "{}"}
        response = shop.get(PATH, params=query, headers={"datastar-request": "true"})
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.text.count(f"event: {SHOWN}") == 2
        assert shown(response.text) == lamps(1, 3, 5, 7, 9)
        assert shown(response.text, TABLES[1]) == lamps(5, 6, 7, 8, 9)
        assert "datastar=" not in response.text

    def test_a_live_table_keeps_what_was_chosen(self, shop: httpx.Client) -> None:
        """The key that the stream is opened with says it all."""
        tab = Tab(shop)
        query = {"live_state": "live", "live_columns": "name", "live_sort": "-price"}
        page = shop.get(PATH, params=query).text
        (key,) = re.findall(r"live_suite_lamp_table&#34;: &#34;([\w.-]+)&#34;", page)
        with tab.stream([key]) as chunks:
            first = read_until(chunks, "</section>")
            assert shown(first, TABLES[1]) == lamps(11, 9, 7, 5, 3)
            shop.get(f"{PATH}/fill", params={"name": "A draft", "state": "draft"})
            shop.get(f"{PATH}/fill", params={"name": "Of 7", "state": "live"})
            seen = read_until(chunks, "of 7 matching")
        assert "A draft" not in seen
        assert 'data-label="Price"' not in seen
