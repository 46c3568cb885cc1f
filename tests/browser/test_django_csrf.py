"""With Django's check of posts (CSRF) on, a person works as without: with JavaScript and without."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from questions import answer

from nitro_runtime.testing.serving import serve

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
SERVERS = {
    "asgi": "uvicorn owls:asgi --port {port} --log-level warning",
    "wsgi": "gunicorn owls:wsgi --bind 127.0.0.1:{port} --worker-class gthread --threads 16",
}


@pytest.fixture(scope="module", params=SERVERS)
def address(request: pytest.FixtureRequest, project: Path) -> Iterator[str]:
    """The address of the project of `apps/owls.py`, on a real server."""
    environment = {"STATIC_FOLDER": str(project / "shop" / "static")}
    command = [sys.executable, "-m", *SERVERS[request.param].split()]
    with serve(command, cwd=HERE / "apps", environment=environment) as served:
        yield served.url


def create(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/owls/new")
    page.locator("#owl-name").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#notices")).to_contain_text(f"{name} created")


def row(page: Page, name: str) -> str:
    return f"#owl-table tbody tr:has-text('{name}')"


def test_django_refuses_a_post_without_a_token(address: str) -> None:
    own = {"origin": address}
    assert httpx.post(f"{address}/owls", data={"name": "Eve"}, headers=own).status_code == 403
    sent = {**own, "datastar-request": "true", "x-csrftoken": "a" * 64}
    assert httpx.post(f"{address}/owls", data={"name": "Eve"}, headers=sent).status_code == 403


def test_an_owl_is_created_corrected_edited_searched_and_deleted(tab: Page, address: str) -> None:
    refused: list[str] = []
    tab.on("response", lambda r: refused.append(r.url) if r.status >= 400 else None)
    tab.goto(f"{address}/owls/new")
    tab.get_by_role("button", name="Create").click()
    expect(tab.locator("#owl-name-error")).to_be_visible()
    tab.locator("#owl-name").fill("Barn owl")
    tab.get_by_role("button", name="Create").click()
    expect(tab.locator("#notices")).to_contain_text("Barn owl created")
    create(tab, address, "Tawny owl")
    tab.get_by_role("link", name="Edit").click()
    tab.locator("#owl-name").fill("Snowy owl")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("#notices")).to_contain_text("Snowy owl saved")
    with tab.expect_response(lambda response: "/events" in response.url):
        tab.goto(f"{address}/owls")
    tab.locator("input[name=search]").press_sequentially("snow")
    expect(tab.locator("#owl-table tbody tr")).to_have_count(1)
    tab.get_by_role("button", name="Delete").click()
    answer(tab)
    expect(tab.locator("#notices")).to_contain_text("Snowy owl deleted")
    tab.locator("input[name=search]").fill("")
    expect(tab.locator(row(tab, "Barn owl"))).to_have_count(1)
    tab.goto(f"{address}/owls")
    tab.get_by_role("link", name="Barn owl", exact=True).click()
    tab.get_by_role("button", name="Delete").click()
    answer(tab)
    expect(tab.locator("#notices")).to_contain_text("Barn owl deleted")
    assert [url for url in refused if "favicon" not in url] == []


def test_it_all_works_without_javascript(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        create(page, address, "Eagle owl")
        page.get_by_role("link", name="Edit").click()
        page.locator("#owl-name").fill("")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#owl-name-error")).to_be_visible()
        page.locator("#owl-name").fill("Little owl")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#notices")).to_contain_text("Little owl saved")
        page.goto(f"{address}/owls?search=little")
        page.locator(row(page, "Little owl")).get_by_role("button", name="Delete").click()
        expect(page.locator("#notices")).to_contain_text("Little owl deleted")
    finally:
        context.close()


def test_a_row_that_came_live_holds_no_token_and_is_deleted_by_whoever_sees_it(
    chromium: Browser, tab: Page, address: str
) -> None:
    with tab.expect_response(lambda response: "/events" in response.url):
        tab.goto(f"{address}/owls")  # without a row, and so without a form
    other = chromium.new_context()
    try:
        create(other.new_page(), address, "Hawk owl")
        live = tab.locator(row(tab, "Hawk owl"))
        expect(live).to_have_count(1)
        assert tab.locator("#owl-table").inner_html().count('value=""') >= 2
        tokens = tab.evaluate(
            "() => [...document.querySelectorAll('#owl-table [name=csrfmiddlewaretoken]')]"
            ".map(field => field.getAttribute('value'))"
        )
        assert set(tokens) == {""}
        markup = tab.locator("#owl-table").evaluate("table => table.outerHTML")
        assert re.search(r"\b[A-Za-z0-9]{64}\b", markup) is None
        live.get_by_role("button", name="Delete").click()
        answer(tab)
        expect(tab.locator("#notices")).to_contain_text("Hawk owl deleted")
        expect(live).to_have_count(0)
    finally:
        other.close()


def test_the_token_is_never_sent_as_a_signal(tab: Page, address: str) -> None:
    create(tab, address, "Pygmy owl")
    queries: list[str] = []
    tab.on("request", lambda request: queries.append(request.url))
    with tab.expect_response(lambda response: "/events" in response.url):
        tab.goto(f"{address}/owls")
    with tab.expect_response(lambda response: "search=" in response.url):
        tab.locator("input[name=search]").fill("pygmy")
    assert not any("csrf" in url.lower() for url in queries)
    tab.locator(row(tab, "Pygmy owl")).get_by_role("button", name="Delete").click()
    answer(tab)
    expect(tab.locator("#notices")).to_contain_text("Pygmy owl deleted")
