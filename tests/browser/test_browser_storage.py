"""Entities that live in a visitor's browser: saved, there again, nobody else's, and refused when spoiled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from nitro_runtime.testing.serving import Served, free_port, serve

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
SERVERS = {
    "fastapi": "uvicorn carts:fastapi_app --port {port} --log-level warning",
    "flask": "gunicorn carts:flask_app --bind 127.0.0.1:{port} --threads 100 --keep-alive 0",
}
KEY = "a key for the browser tests only"
NEW_KEY = "another key for the browser tests"
REFUSED = "What this browser keeps for this site cannot be used"


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Datastar's file."""
    folder = tmp_path_factory.mktemp("static")
    subprocess.run([sys.executable, "-m", "nitro_cli", "assets", str(folder)], check=True)
    return folder


class Shop:
    """The shop of `apps/carts.py`, always at one address, as what a browser keeps belongs to that."""

    def __init__(self, framework: str, static: Path) -> None:
        self.command = [sys.executable, "-m", *SERVERS[framework].split()]
        self.static = static
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def open(self, key: str = KEY, **environment: str) -> Generator[Served]:
        """Runs its server for as long as the block lasts."""
        command = [word.format(port=self.port) for word in self.command]
        environment |= {"NITRO_SECRET_KEY": key, "STATIC_FOLDER": str(self.static)}
        with serve(command, cwd=HERE / "apps", environment=environment, port=self.port) as served:
            yield served
            assert "Traceback" not in served.log(), served.log()

    def sales(self) -> int:
        return int(httpx.get(f"{self.url}/sales").json()["sales"])


@pytest.fixture(scope="module", params=SERVERS)
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def shop(framework: str, static: Path) -> Shop:
    """A shop that a test opens and closes as it likes."""
    return Shop(framework, static)


@pytest.fixture(scope="module")
def running(framework: str, static: Path) -> Iterator[Shop]:
    """A shop that is open."""
    shop = Shop(framework, static)
    with shop.open():
        yield shop


def enter(page: Page, shop: Shop, *items: str) -> None:
    """Opens the shop, which asks for the cart by itself, and waits until it shows these items."""
    page.goto(shop.url)
    expect(page.locator("#items")).to_have_attribute("data-count", str(len(items)))
    expect(page.locator("#items li")).to_have_text(list(items))


def click(page: Page, button: str, *items: str) -> None:
    page.locator(f"#{button}").click()
    expect(page.locator("#items li")).to_have_text(list(items))


def kept(page: Page) -> dict[str, str]:
    """What the browser keeps for the shop, by place."""
    return page.evaluate("({...localStorage})")


def keep(page: Page, text: str) -> None:
    """Writes something else to each place."""
    page.evaluate(
        "text => Object.keys(localStorage).forEach(key => localStorage[key] = text)", text
    )


# -- a round trip -----------------------------------------------------------------------------------


def test_a_cart_is_saved_and_there_after_a_reload_and_after_a_restart_of_the_server(
    shop: Shop, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    with shop.open():
        enter(page, shop)
        click(page, "tea", "1 x Tea")
        click(page, "cup", "1 x Cup", "1 x Tea")
        click(page, "tea", "1 x Cup", "2 x Tea")
        assert len(kept(page)) == 1
        enter(page, shop, "1 x Cup", "2 x Tea")
    with shop.open():
        assert shop.sales() == 0  # nothing of it stayed on the server
        enter(page, shop, "1 x Cup", "2 x Tea")
        click(page, "tea", "1 x Cup", "3 x Tea")


def test_another_profile_has_a_cart_of_its_own(running: Shop, people: Any) -> None:
    one, other = people.come().new_page(), people.come().new_page()
    enter(one, running)
    click(one, "tea", "1 x Tea")
    enter(other, running)
    click(other, "cup", "1 x Cup")
    enter(one, running, "1 x Tea")


def test_other_tabs_of_the_browser_work_with_what_one_of_them_saved(
    running: Shop, visitor: BrowserContext
) -> None:
    one, other = visitor.new_page(), visitor.new_page()
    enter(one, running)
    enter(other, running)
    click(one, "tea", "1 x Tea")
    other.wait_for_function("Object.values(localStorage)[0]?.startsWith('1.')")
    click(other, "cup", "1 x Cup", "1 x Tea")
    click(one, "tea", "1 x Cup", "2 x Tea")


def test_a_route_of_the_app_s_own_saves_too(running: Shop, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    enter(page, running)
    click(page, "plain", "1 x Plain")
    enter(page, running, "1 x Plain")


def test_an_endpoint_written_by_hand_saves_through_the_stream_of_the_tab(
    running: Shop, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    with page.expect_response(lambda response: "/events" in response.url):
        enter(page, running)
    page.locator("#hand").click()
    expect(page.locator("#added")).to_have_text("Hand")
    enter(page, running, "1 x Hand")


def test_what_is_read_while_a_page_is_loaded_is_answered_by_a_sentence(running: Shop) -> None:
    answer = httpx.get(f"{running.url}/too-early", headers={"accept": "text/html"})
    assert answer.status_code == 400
    assert "Item is kept in the visitor&#39;s browser" in answer.text
    assert "data-init" in answer.text


# -- whose it is ------------------------------------------------------------------------------------


def test_who_signs_in_has_another_cart_and_the_visitor_s_is_there_when_they_sign_out(
    running: Shop, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    enter(page, running)
    click(page, "tea", "1 x Tea")
    visitor.set_extra_http_headers({"x-user": "ada"})
    enter(page, running)
    click(page, "cup", "1 x Cup")
    visitor.set_extra_http_headers({"x-user": "bob"})
    enter(page, running)
    visitor.set_extra_http_headers({"x-user": "ada"})
    enter(page, running, "1 x Cup")
    visitor.set_extra_http_headers({})
    enter(page, running, "1 x Tea")


@pytest.mark.parametrize("thief", ["ada", None])
def test_what_was_another_user_s_is_refused(
    running: Shop, visitor: BrowserContext, people: Any, thief: str | None
) -> None:
    visitor.set_extra_http_headers({"x-user": "bob"})
    page = visitor.new_page()
    enter(page, running)
    click(page, "tea", "1 x Tea")
    [stolen] = kept(page).values()
    other = people.come(extra_http_headers={"x-user": thief} if thief else {}).new_page()
    enter(other, running)
    click(other, "cup", "1 x Cup")
    keep(other, stolen)
    sales = running.sales()
    other.goto(running.url)
    expect(other.locator("#notices")).to_contain_text(REFUSED)
    other.locator("#tea").click()
    expect(other.locator("#items")).to_be_empty()
    assert list(kept(other).values()) == [stolen]
    enter(page, running, "1 x Tea")
    assert running.sales() == sales + 1  # the server's own work of that command is its own


# -- what was spoiled -------------------------------------------------------------------------------


def edited(text: str) -> str:
    """The text with one letter of its content changed."""
    revision, content, signature = text.split(".")
    return f"{revision}.{content[:-1]}{'A' if content[-1] != 'A' else 'B'}.{signature}"


SPOILERS: dict[str, Callable[[str], str]] = {
    "edited": edited,
    "another revision": lambda text: f"9{text}",
    "not signed": lambda text: text.rpartition(".")[0],
    "no text of ours": lambda _: "hello",
    "oversize": lambda text: text + "A" * 1_500,
}


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_what_was_spoiled_is_refused_and_a_visitor_may_start_anew(
    running: Shop, visitor: BrowserContext, spoil: Callable[[str], str]
) -> None:
    page = visitor.new_page()
    enter(page, running)
    click(page, "tea", "1 x Tea")
    [good] = kept(page).values()
    keep(page, spoil(good))
    page.goto(running.url)
    expect(page.locator("#notices")).to_contain_text(REFUSED)
    assert list(kept(page).values()) == [spoil(good)]  # neither used nor destroyed
    page.locator("#empty").click()
    page.wait_for_function(
        "spoiled => !Object.values(localStorage).includes(spoiled)", arg=spoil(good)
    )
    enter(page, running)
    click(page, "cup", "1 x Cup")
    enter(page, running, "1 x Cup")


def test_an_older_copy_of_one_s_own_is_accepted(running: Shop, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    enter(page, running)
    click(page, "tea", "1 x Tea")
    [older] = kept(page).values()
    click(page, "tea", "2 x Tea")
    keep(page, older)
    enter(page, running, "1 x Tea")


def test_what_has_expired_is_gone(shop: Shop, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    with shop.open(SHOP_SECONDS="-1"):
        enter(page, shop)
        page.locator("#tea").click()
        page.wait_for_function("Object.values(localStorage).length == 1")
        enter(page, shop)
        assert len(kept(page)) == 1


def test_what_would_be_too_much_is_refused_and_the_cart_stays_as_it_was(
    running: Shop, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    enter(page, running)
    click(page, "tea", "1 x Tea")
    before = kept(page)
    page.locator("#fill").click()
    expect(page.locator("#notices")).to_contain_text("This browser may keep 3,000 bytes")
    assert kept(page) == before
    enter(page, running, "1 x Tea")
    click(page, "cup", "1 x Cup", "1 x Tea")


def test_a_full_cart_still_travels_in_an_address(running: Shop, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    enter(page, running)
    page.locator("#stuff").click()
    expect(page.locator("#items li").last).to_be_visible()
    items = page.locator("#items li").all_text_contents()
    assert len(items) > 20
    assert 2_900 < len(*kept(page).values()) <= 3_000
    enter(page, running, *items)  # by a query, whose signals are in its address


# -- a change of the key ----------------------------------------------------------------------------


def test_after_a_change_of_the_key_a_cart_is_good_while_the_former_key_is_named(
    shop: Shop, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    with shop.open():
        enter(page, shop)
        click(page, "tea", "1 x Tea")
    [signed_before] = kept(page).values()
    with shop.open(NEW_KEY):
        page.goto(shop.url)
        expect(page.locator("#notices")).to_contain_text(REFUSED)
        assert list(kept(page).values()) == [signed_before]
    with shop.open(NEW_KEY, NITRO_SECRET_KEY_FALLBACKS=KEY):
        enter(page, shop, "1 x Tea")
        click(page, "cup", "1 x Cup", "1 x Tea")
    with shop.open(NEW_KEY):  # what was saved since is signed with the new key
        enter(page, shop, "1 x Cup", "1 x Tea")
        [signed_since] = kept(page).values()
        assert signed_since.startswith("2.")
