"""What a page of the shop weighs and asks for: little, from its own site, and nothing that jumps."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, Response, expect

if TYPE_CHECKING:
    from browser.conftest import People, Server

pytestmark = pytest.mark.browser

LARGEST_PAGE, LARGEST_SUM = 30_000, 60_000  # bytes, compressed; the sum is page, CSS and script
PAGES = (
    "/",
    "/products",
    "/products?search=nothing",
    "/products/new",
    "/products/{owls}",
    "/photos",
)
SHIFT = 0.02
"""The layout shift at most; browsers call up to 0.1 good (Core Web Vitals)."""

_SHIFTS = """() => new Promise(done => {
    let sum = 0;
    const seen = list => list.getEntries().forEach(one => { if (!one.hadRecentInput) sum += one.value });
    const watch = new PerformanceObserver(seen);
    watch.observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => setTimeout(() => { seen({getEntries: () => watch.takeRecords()}); done(sum) }, 50));
})"""


def weight(response: Response) -> int:
    return len(gzip.compress(response.body()))


def visit(page: Page, url: str) -> list[Response]:
    """Opens a page and returns all that it asked for, but for its stream."""
    asked: list[Response] = []

    def hear(response: Response) -> None:
        asked.append(response)

    page.on("response", hear)
    page.goto(url)
    expect(page.locator(".scheme :checked")).to_have_count(1)  # the script runs
    page.remove_listener("response", hear)
    return [one for one in asked if "/events" not in one.url]


def test_a_page_is_one_style_sheet_one_script_and_little_html(
    people: People, furnished: Server, record_property: Any
) -> None:
    owls = furnished.sql("SELECT id FROM product WHERE name LIKE '%Owls'")[0][0]
    for path in PAGES:
        asked = visit(people.come().new_page(), furnished.url + path.format(owls=owls))
        assert [one.url for one in asked if not one.url.startswith(furnished.url)] == [], path
        assert [one.status for one in asked if one.status >= 400] == [], path
        kinds = [one.request.resource_type for one in asked]
        assert (kinds.count("stylesheet"), kinds.count("script")) == (1, 1), path
        assert set(kinds) <= {"document", "stylesheet", "script", "other", "image"}, path
        sizes = {one.request.resource_type: weight(one) for one in asked}
        record_property(path, str(sizes))
        assert sizes["document"] <= LARGEST_PAGE, path
        assert sum(sizes.values()) <= LARGEST_SUM, (path, sizes)


def test_a_full_page_of_rows_is_little_too(people: People, furnished: Server) -> None:
    page = people.come().new_page()
    page.goto(f"{furnished.url}/products")
    row = page.locator("#product-table tbody tr").first.evaluate("row => row.outerHTML")
    html = furnished.visitor.get(f"{furnished.url}/products").text
    # 100 rows that are not the same
    rows = "".join(row.replace("-", f"-{number:x}") for number in range(100))
    assert len(gzip.compress((html + rows).encode())) <= LARGEST_PAGE


def test_nothing_jumps_while_a_page_loads(people: People, furnished: Server) -> None:
    page = people.come(viewport={"width": 360, "height": 740}).new_page()
    for path in ("/", "/products", "/products/new"):
        visit(page, furnished.url + path)
        assert page.evaluate(_SHIFTS) <= SHIFT, path


def test_the_head_says_what_search_engines_and_phones_ask_for(furnished: Server) -> None:
    for path in ("/", "/products", "/products/new"):
        html = furnished.visitor.get(furnished.url + path).text
        assert re.match(r'<!doctype html><html[^>]* lang="en"', html, re.I), path
        for part in (
            r'<meta charset="utf-8">',
            r'<meta name="viewport" content="width=device-width, initial-scale=1">',
            r'<meta name="description" content="[^"]+">',
            r'<meta name="color-scheme" content="light dark">',
            r'<meta name="theme-color" content="#\w+" media="\(prefers-color-scheme: dark\)">',
            r"<title>[^<]+</title>",
            r'<link rel="icon" ',
        ):
            assert re.search(part, html), (path, part)


def test_static_files_are_kept_and_asked_about(furnished: Server) -> None:
    page = furnished.visitor.get(f"{furnished.url}/products")
    assert "no-store" not in page.headers["cache-control"]  # back is instant
    for url in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        answer = furnished.visitor.get(furnished.url + url)
        assert answer.headers["cache-control"], url
        again = furnished.visitor.get(
            furnished.url + url, headers={"if-none-match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b""), url
