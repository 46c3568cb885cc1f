"""Streams in Chromium: many tabs, topics, logouts, limits, and what a page says when its stream is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from waiting import until

from nitro_runtime.testing.serving import PLAIN

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

APP = "streams"
ROWS = "#lamp-table tbody tr"
LOST = "[role=status] > .reconnecting >> nth=0"


def post(address: str, path: str) -> dict[str, int]:
    answer = httpx.post(address + path, verify=PLAIN)
    answer.raise_for_status()
    return answer.json()


def open_streams(address: str) -> int:
    return int(httpx.get(f"{address}/streams", verify=PLAIN).json()["streams"])


def open_page(page: Page, url: str) -> None:
    with page.expect_response(lambda response: "/events?" in response.url):
        page.goto(url)


def test_eight_tabs_of_one_browser_show_each_change_when_they_come_to_the_front(
    visitor: BrowserContext, address: str
) -> None:
    """HTTP/1.1 has six connections; tabs that nobody sees hold none."""
    tabs: list[Page] = []
    for number in range(8):
        tabs.append(visitor.new_page())
        open_page(tabs[-1], address)
        tabs[-1].evaluate("window.neverReloaded = true")
        cover(tabs, number)
    until(lambda: open_streams(address) == 1, "the hidden tabs to close their streams")
    for number, tab in enumerate(tabs):
        post(address, f"/lamps/Lamp {number}")
        expect(tabs[number - 1 if number else 7].locator(ROWS)).to_have_count(number + 1)
        cover(tabs, number)
        expect(tab.locator(ROWS)).to_have_count(number + 1)
    assert all(tab.evaluate("window.neverReloaded") for tab in tabs)
    until(lambda: open_streams(address) == 1, "the hidden tabs to close their streams")


SHOW = """hidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, value: hidden});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
"""Without a window manager Chromium takes all tabs for visible, so they are told."""


def cover(tabs: list[Page], shown: int) -> None:
    """Has one tab shown."""
    for number, tab in enumerate(tabs):
        tab.evaluate(SHOW, number != shown)


def test_who_may_listen_hears_and_sees_what_was_said_before(people: People, address: str) -> None:
    ann, ben = people.come().new_page(), people.come().new_page()
    for page, name in ((ann, "ann"), (ben, "ben")):
        page.goto(f"{address}/login/{name}")
    post(address, "/rooms/hall/first")
    open_page(ann, f"{address}/rooms/hall")
    open_page(ben, f"{address}/rooms/hall")
    until(lambda: post(address, "/rooms/hall/again")["reached"] == 2, "both to listen")
    for page in (ann, ben):
        expect(page.locator("#said li").last).to_have_text("again")
        expect(page.locator("#said li").first).to_have_text("first")


def test_who_may_not_listen_is_told_once_and_the_rest_of_the_page_is_live(
    people: People, address: str
) -> None:
    ben = people.come().new_page()
    ben.goto(f"{address}/login/ben")
    open_page(ben, f"{address}/rooms/cellar")
    told = ben.get_by_role("status").get_by_text("This page no longer shows all changes by itself.")
    expect(told).to_be_visible()
    assert post(address, "/rooms/cellar/secret")["reached"] == 0
    post(address, "/lamps/Cellar lamp")
    expect(ben.locator(ROWS, has_text="Cellar lamp")).to_have_count(1)
    expect(told).to_be_visible()
    expect(ben.locator("#said")).not_to_contain_text("secret")


def test_a_logout_ends_the_streams_and_their_tabs_come_back_as_nobody(
    people: People, address: str
) -> None:
    ann = people.come()
    page, other = ann.new_page(), ann.new_page()
    page.goto(f"{address}/login/ann")
    open_page(page, f"{address}/rooms/cellar")
    until(lambda: post(address, "/rooms/cellar/mine")["reached"] == 1, "Ann to listen")
    expect(page.locator("#said li").last).to_have_text("mine")
    with page.expect_response(lambda response: "/events?" in response.url):  # it comes back
        other.goto(f"{address}/logout")
    expect(page.get_by_role("status").get_by_text("no longer shows all changes")).to_be_visible()
    assert post(address, "/rooms/cellar/unheard")["reached"] == 0
    post(address, "/lamps/For everybody")
    expect(page.locator(ROWS, has_text="For everybody")).to_have_count(1)
    expect(page.locator("#said")).not_to_contain_text("unheard")


def test_a_page_is_sent_elsewhere_by_a_patch(people: People, address: str) -> None:
    page = people.come().new_page()
    page.goto(f"{address}/login/ann")
    open_page(page, f"{address}/rooms/attic")
    until(lambda: post(address, "/send/attic/to/garden")["reached"] == 1, "Ann to listen")
    page.wait_for_url(f"{address}/rooms/garden")


def test_a_tab_beyond_the_limit_says_so_and_is_live_when_there_is_room(
    people: People, address: str
) -> None:
    """Datastar asks again after a 503, at longer and longer intervals."""
    until(lambda: open_streams(address) == 0, "the streams of other tests to end")
    ann = people.come()
    entrance = ann.new_page()
    entrance.goto(f"{address}/login/ann")
    entrance.goto(address)
    person = dict(cookie="; ".join(f"{one['name']}={one['value']}" for one in ann.cookies()))  # pyright: ignore[reportTypedDictNotRequiredAccess]
    asked = entrance.locator("#nitro-stream").get_attribute("data-effect") or ""
    tab = asked.partition("tab=")[2].partition('"')[0]
    with httpx.Client(headers=person, verify=PLAIN) as crowd:
        streams = [
            crowd.stream("GET", f"{address}/events", params={"tab": tab.replace("%2E", ".")})
            for _ in range(7)
        ]
        for stream in streams:
            assert stream.__enter__().status_code == 200
        late = ann.new_page()
        late.goto(address)
        expect(late.locator(LOST)).to_be_visible()
        expect(late.locator(LOST)).to_have_text("Connection lost. Reconnecting…")
        for stream in streams:
            stream.__exit__(None, None, None)
    expect(late.locator(LOST)).to_be_hidden()
    post(address, "/lamps/Room at last")
    expect(late.locator(ROWS, has_text="Room at last")).to_have_count(1)
    assert all(error.startswith("503 ") and "/events?" in error for error in people.errors)
    assert people.errors
    people.errors.clear()


def test_a_tab_that_comes_to_the_front_while_it_reconnects_hears_everything_once(
    people: People, address: str
) -> None:
    """Datastar 1.0.4 then opens one stream at once, and another when it has waited long enough."""
    until(lambda: open_streams(address) == 0, "the streams of other tests to end")
    page = people.come().new_page()
    page.goto(f"{address}/login/ann")
    lost = "**/events?**"
    page.route(lost, lambda route: route.abort())
    page.goto(f"{address}/rooms/library")
    page.evaluate(
        """() => new Promise(done => {
            let tries = 0;
            document.addEventListener('datastar-fetch',
                event => event.detail.type === 'retrying' && ++tries === 4 && done());
        })"""
    )
    page.unroute(lost)
    for hidden in (True, False):
        page.evaluate(SHOW, hidden)
    until(lambda: open_streams(address) == 2, "the second stream")
    assert post(address, "/rooms/library/once")["reached"] == 1
    post(address, "/rooms/library/the end")
    expect(page.locator("#said li").last).to_have_text("the end")
    expect(page.locator("#said li")).to_have_text(["once", "the end"])
