"""A server that is killed and started again: tabs come back alone, are right, and keep what was typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from waiting import until

from nitro_runtime.testing.serving import PLAIN, Served, free_port, serve

if TYPE_CHECKING:
    from browser.conftest import People

pytestmark = pytest.mark.browser

ROWS = "#lamp-table tbody tr[id^=lamp-]"
LOST = "[role=status] > .reconnecting >> nth=0"


class Mortal:
    """A server that can be killed, and started again where it was."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stack = stack
        static = folder / "static"
        subprocess.run([sys.executable, "-m", "nitro_cli", "assets", str(static)], check=True)
        self.environment = {
            "STATIC_FOLDER": str(static),
            "NITRO_DATABASE_URL": f"sqlite:///{folder / 'lamps.db'}",
        }
        self.served: Served | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "streams:app", "--port", str(self.port)]
        apps = Path(__file__).parent / "apps"
        running = serve(
            [*command, "--log-level", "warning"],
            cwd=apps,
            environment=self.environment,
            port=self.port,
        )
        self.served = self.stack.enter_context(running)

    def kill(self) -> None:
        assert self.served is not None
        os.killpg(self.served.process.pid, signal.SIGKILL)
        self.served.process.wait()

    def add(self, name: str) -> None:
        httpx.post(f"{self.url}/lamps/{name}", verify=PLAIN).raise_for_status()


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    with ExitStack() as stack:
        server = Mortal(tmp_path_factory.mktemp("mortal"), stack)
        server.start()
        yield server
        assert server.served is not None
        assert "Traceback" not in server.served.log(), server.served.log()


def test_tabs_come_back_alone_and_are_right_and_keep_what_was_typed(
    visitor: BrowserContext, people: People, mortal: Mortal
) -> None:
    for name in ("Red lamp", "Blue lamp", "Red candle"):
        mortal.add(name)
    first, second, other = visitor.new_page(), visitor.new_page(), people.come().new_page()
    pages: list[Page] = [first, second, other]
    for page in pages:
        with page.expect_response(lambda response: "/events?" in response.url):
            page.goto(mortal.url)
        page.evaluate("window.neverReloaded = true")
        expect(page.locator(ROWS)).to_have_count(3)
    with first.expect_response(lambda response: "/events?" in response.url):
        first.locator("#lamp-table input[name=search]").press_sequentially("red")
    expect(first.locator(ROWS)).to_have_count(2)
    second.get_by_label("Name").fill("Half a na")
    second.get_by_label("Note").fill("and a line\nand another")
    for page in pages:
        expect(page.locator(LOST)).to_be_hidden()
        expect(page.locator("#gap")).to_be_empty()

    mortal.kill()
    for page in pages:
        expect(page.locator(LOST)).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_have_count(1)
    search_at_a_proxy(other, "blue", people)
    mortal.start()
    mortal.add("Red lantern")
    for page in pages:
        expect(page.locator(LOST)).to_be_hidden()
        expect(page.locator("#gap")).to_have_text("Something may be missing.")
    expect(first.locator(ROWS)).to_have_count(3)
    expect(first.locator("#lamp-table input[name=search]")).to_have_value("red")
    expect(second.locator(ROWS)).to_have_count(4)
    expect(other.locator(ROWS)).to_have_count(
        1
    )  # what was searched for meanwhile is asked for again
    expect(other.locator(ROWS)).to_contain_text("Blue lamp")
    expect(second.get_by_label("Name")).to_have_value("Half a na")
    expect(second.get_by_label("Note")).to_have_value("and a line\nand another")

    mortal.add("Red torch")  # live again, each as it was
    expect(first.locator(ROWS)).to_have_count(4)
    expect(second.locator(ROWS)).to_have_count(5)
    expect(other.locator(ROWS)).to_have_count(1)
    mortal.add("Blue torch")
    expect(other.locator(ROWS)).to_have_count(2)

    told = first.get_by_role("status").get_by_text("That did not work.")
    expect(told).to_be_hidden()
    search_at_a_proxy(first, "red t", people)  # with its stream open: nobody asks again by itself
    expect(told).to_be_visible()
    first.locator("#lamp-table input[name=search]").fill("red to")
    expect(told).to_be_hidden()
    expect(first.locator(ROWS)).to_have_count(1)
    assert all(page.evaluate("window.neverReloaded") for page in pages)


def search_at_a_proxy(page: Page, text: str, people: People) -> None:
    """Searches while a proxy answers for the server, as nginx does: Datastar does not ask again."""
    page.route("**/?search=*", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    with page.expect_response(lambda response: response.status == 502):
        page.locator("#lamp-table input[name=search]").fill(text)
    page.unroute("**/?search=*")
    assert all(error.startswith("502 ") for error in people.errors)
    people.errors.clear()


def test_a_stream_that_is_back_within_a_second_is_not_worth_a_word(
    visitor: BrowserContext, mortal: Mortal
) -> None:
    page = visitor.new_page()
    page.goto(f"{mortal.url}/login/ann")
    with page.expect_response(lambda response: "/events?" in response.url):
        page.goto(mortal.url)
    page.evaluate(
        """() => {
            window.said = [];
            const one = document.querySelector('[role=status] > .reconnecting');
            new MutationObserver(() => one.hidden || window.said.push(Date.now()))
                .observe(one, {attributes: true});
        }"""
    )
    until(lambda: streams(mortal) >= 1, "the stream to be open")
    cookies = {one["name"]: one["value"] for one in visitor.cookies()}  # pyright: ignore[reportTypedDictNotRequiredAccess]
    other = visitor.new_page()
    other.goto(f"{mortal.url}/login/ann")
    with page.expect_response(lambda response: "/events?" in response.url):
        httpx.get(f"{mortal.url}/logout", cookies=cookies, verify=PLAIN).raise_for_status()
    mortal.add("After a moment")
    expect(page.locator(ROWS, has_text="After a moment")).to_have_count(1)
    page.wait_for_function("() => new Promise(done => setTimeout(() => done(true), 1600))")
    assert page.evaluate("window.said") == []


def streams(mortal: Mortal) -> int:
    return int(httpx.get(f"{mortal.url}/streams", verify=PLAIN).json()["streams"])
