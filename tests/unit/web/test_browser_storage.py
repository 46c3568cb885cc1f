"""What a request brings of what its visitor's browser keeps, and what its answer takes back."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from nitro_runtime import context, signing
from nitro_runtime.entities import Entity
from nitro_runtime.errors import (
    BrowserStorageMissing,
    BrowserStorageRefused,
    ConfigurationError,
    NotFound,
    Refused,
    ViewError,
)
from nitro_runtime.events import anyone, command, forget_command
from nitro_runtime.html import Html, P
from nitro_runtime.schema import known_entities
from nitro_runtime.sse import emit_elements, hub
from nitro_runtime.views import BROWSER_SIGNAL, Column, Page, Table
from nitro_runtime.web import replies, session
from nitro_runtime.web.command_endpoint import commands
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import Reply, Request, Site

NAME = "browser_storage_test.run"

with known_entities():

    class Cart(Entity, backend="browser", table_name="web_cart"):
        title: str


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(signing, "_configured", "a key for these tests only")
    monkeypatch.setattr(signing, "_fallbacks", None)
    with known_entities([Cart]):
        yield
    forget_command(NAME)


class Browser:
    """A browser with one page open, as Datastar runs it."""

    def __init__(self, user: Any = None) -> None:
        self.user = user
        self.cookies: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self.open()

    @property
    def site(self) -> Site:
        return Site(user=lambda _: self.user)

    def open(self) -> str:
        """Loads a page; returns its markup."""
        reply = replies.respond(self.request("GET"), Page(P("Hello"), title="Shop"))
        assert isinstance(reply.body, bytes)
        for name, value in reply.headers:
            if name == "set-cookie":
                pair = value.partition(";")[0].partition("=")
                self.cookies[pair[0]] = pair[2]
        page = reply.body.decode()
        self.place = str(re.findall(r"nitro:[\w-]{22}", page)[0])
        self.tab = str(re.findall(r"tab: &#34;([\w.-]+)", page)[0])
        return page

    def request(self, method: str = "POST", signals: Any = None, **options: Any) -> Request:
        async def read(limit: int) -> bytes:
            return json.dumps(signals).encode()

        headers = {"origin": "http://localhost", "content-type": "application/json"}
        if signals is not None:
            headers["datastar-request"] = "true"
        cookies, site = self.cookies, self.site
        return Request(
            method, "/", headers=headers, cookies=cookies, site=site, read=read, **options
        )

    def ask(self, **signals: Any) -> Request:
        """A request of Datastar's, which carries what the browser keeps."""
        brought = {"tab": self.tab, "kept": self.kept.get(self.place, "")}
        return self.request(signals={BROWSER_SIGNAL: brought, **signals})

    async def send(self, **signals: Any) -> str:
        """Calls the command; keeps what comes back, and returns it."""
        request = self.ask(**signals)
        request.params = {"command": NAME, "sender": self.tab}
        try:
            return await self.take(await commands(request))
        except (NotFound, BrowserStorageRefused, BrowserStorageMissing) as error:
            return await self.take(replies.refusal(request, error))

    async def take(self, reply: Reply) -> str:
        body = reply.body
        body = body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])
        text = body.decode()
        for found in re.findall(r'data: signals (\{"nitroBrowser".*\})', text):
            self.kept[self.place] = json.loads(found)[BROWSER_SIGNAL]["kept"]
        return text


def titles() -> list[str]:
    return [cart.title for cart in Cart.all().order_by("title")]


# -- pages ------------------------------------------------------------------------------------------


def test_a_page_carries_storage_only_where_an_entity_is_kept_in_browsers() -> None:
    assert BROWSER_SIGNAL in Browser().open()
    with known_entities():
        reply = replies.respond(Request("GET", "/"), Page(P("Hello"), title="Shop"))
    assert isinstance(reply.body, bytes)
    assert BROWSER_SIGNAL.encode() not in reply.body
    assert "nitro_visitor" not in str(reply.headers)


def test_it_stands_before_all_that_could_ask_for_it() -> None:
    page = Browser().open()
    assert re.search(r'<body[^>]*><div id="nitro-browser" hidden', page)


def test_an_answer_to_datastar_and_a_refusal_need_no_storage() -> None:
    browser = Browser()
    request = browser.ask()
    request.site = Site(user=nobody)  # who must be awaited to be known
    reply = replies.respond(request, Page(P("Hello"), title="Shop"))
    assert isinstance(reply.body, bytes)
    assert b"localStorage" not in reply.body
    refused = replies.refusal(
        Request("GET", "/", headers={"accept": "text/html"}, site=Site(user=nobody)),
        Refused(403, "No."),
    )
    assert refused.status == 403


async def nobody(_: object) -> None:
    return None


def test_a_visitor_is_known_again_when_the_browser_was_closed() -> None:
    browser = Browser()
    first = browser.place
    cookie = next(v for _, v in session.set_cookies(asked(browser)) if "nitro_visitor" in v)
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Max-Age=34560000")
    del browser.cookies["nitro_session"]
    browser.open()
    assert browser.place == first
    del browser.cookies["nitro_visitor"]
    browser.open()
    assert browser.place != first


def asked(browser: Browser) -> Request:
    request = browser.request("GET")
    session.keep_visitor(request)
    return request


def test_each_user_has_a_place_and_a_change_of_the_key_leaves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = Browser()
    places: list[str] = []
    for user in (None, "ada", SimpleNamespace(id=7), {"id": 8}, SimpleNamespace(username="bob")):
        browser.user = user
        browser.open()
        places.append(browser.place)
    assert len(set(places)) == 5
    monkeypatch.setattr(signing, "_configured", "another key, as after a change")
    browser.open()
    assert browser.place == places[-1]
    browser.user = UUID(int=7)
    browser.open()
    assert browser.place not in places


def test_a_user_without_an_id_is_a_clear_error() -> None:
    browser = Browser()
    browser.user = object()
    with pytest.raises(ConfigurationError, match=r"user \(object\) has no id"):
        browser.open()


# -- commands ---------------------------------------------------------------------------------------


async def test_a_command_saves_and_its_answer_takes_it_back_once() -> None:
    @command(NAME, allow=anyone)
    def run(title: str) -> Html:
        Cart.create(title=f"{title} 1")
        Cart.create(title=f"{title} 2")
        return P(", ".join(titles()), id="carts")

    browser = Browser()
    said = await browser.send(title="Tea")
    assert said.count(BROWSER_SIGNAL) == 1
    assert "Tea 1, Tea 2" in said
    assert "Cup 1, Cup 2, Tea 1, Tea 2" in await browser.send(title="Cup")
    other = Browser()
    assert "Cup" not in await other.send(title="Tea")


async def test_a_command_that_waits_saves_too_and_yields_before() -> None:
    @command(NAME, allow=anyone)
    async def run(title: str) -> Any:
        yield emit_elements(P("begun", id="said"))
        await asyncio.sleep(0)
        await Cart.acreate(title=title)
        yield emit_elements(P(", ".join(titles()), id="said"))

    browser = Browser()
    await browser.send(title="Tea")
    said = await browser.send(title="Cup")
    assert said.index("begun") < said.index("Cup, Tea") < said.index(BROWSER_SIGNAL)


async def test_a_command_that_reads_alone_takes_nothing_back() -> None:
    @command(NAME, allow=anyone)
    def run() -> Html:
        return P(str(Cart.count()))

    assert BROWSER_SIGNAL not in await Browser().send()


@pytest.mark.parametrize("first", [False, True])
async def test_a_command_that_fails_leaves_the_browser_as_it_was(first: bool) -> None:
    @command(NAME, allow=anyone)
    async def run() -> Any:
        if first:
            yield emit_elements(P("begun", id="said"))
        await Cart.acreate(title="Tea")
        raise Cart.NotFound("Cart", "7")
        yield

    browser = Browser()
    said = await browser.send()
    assert "There is no such cart" in said
    assert BROWSER_SIGNAL not in said
    assert browser.kept == {}


async def test_what_cannot_be_verified_is_refused_with_a_sentence_and_stays() -> None:
    @command(NAME, allow=anyone)
    def run() -> None:
        Cart.create(title="Tea")

    browser = Browser()
    for spoiled in ("hello", "1.pe30.AAAAAAAAAAAAAAAAAAAAAA"):
        browser.kept[browser.place] = spoiled
        assert "cannot be used" in await browser.send()
        assert browser.kept[browser.place] == spoiled
    assert "cannot be used" in await browser.send(**{BROWSER_SIGNAL: {"kept": 7, "tab": 7}})
    assert "cannot be used" in await browser.send(**{BROWSER_SIGNAL: "hello"})


async def test_a_request_that_brings_no_storage_is_answered_with_a_sentence() -> None:
    @command(NAME, allow=anyone)
    def run() -> None:
        Cart.create(title="Tea")

    browser = Browser()
    request = browser.request(signals={}, params={"command": NAME, "sender": browser.tab})
    with pytest.raises(BrowserStorageMissing):
        await commands(request)
    form = browser.ask(title="Tea")
    form.headers = {**form.headers, "content-type": "application/x-www-form-urlencoded"}
    form.params, form.read = {"command": NAME, "sender": browser.tab}, no_body
    with pytest.raises(BrowserStorageMissing):
        await commands(form)
    del browser.cookies["nitro_visitor"]
    assert "nothing of it came along here" in await browser.send()


async def no_body(limit: int) -> bytes:
    return b""


async def test_a_user_who_must_be_awaited_is_known() -> None:
    @command(NAME, allow=anyone)
    def run() -> Html:
        Cart.create(title="Tea")
        return P(str(Cart.count()))

    async def find(_: object) -> str:
        return "ada"

    browser = Browser("ada")
    await browser.send()
    request = browser.ask()
    request.site, request.params = Site(user=find), {"command": NAME, "sender": browser.tab}
    assert "<p>2</p>" in await browser.take(await commands(request))
    browser.user = "bob"
    assert "cannot be used" in await browser.send()


async def test_a_table_of_it_answers_a_query_and_cannot_follow_changes() -> None:
    class CartTable(Table[Cart]):
        entity = Cart
        title = Column(sort=True)

    class LiveTable(CartTable):
        reactive = True

    @command(NAME, allow=anyone)
    async def run(title: str, request: Any) -> Any:
        await Cart.acreate(title=title)
        return await CartTable.read(request)

    said = await Browser().send(title="Tea")
    assert "<table" in said
    assert "Tea" in said
    with (
        context.visiting(context.Visit("user:1", "", lambda _: None)),
        pytest.raises(ViewError, match=r"table of Cart cannot be reactive.* answer a query"),
    ):
        str(LiveTable())


# -- routes of the app's own ------------------------------------------------------------------------


async def test_a_reply_and_a_redirect_take_back_what_a_route_saved() -> None:
    browser = Browser()
    request = browser.ask()
    await request.signals()
    Cart.create(title="Tea")
    await browser.take(replies.respond(request, P("saved")))
    request = browser.ask()
    await request.signals()
    assert titles() == ["Tea"]
    Cart.create(title="Cup")
    assert "location.assign" in await browser.take(replies.redirect(request, "/carts"))
    request = browser.ask()
    await request.signals()
    assert titles() == ["Cup", "Tea"]


async def test_signals_in_the_query_bring_it_too() -> None:
    browser = Browser()
    request = browser.ask()
    await request.signals()
    Cart.create(title="Tea")
    await browser.take(replies.respond(request, P("saved")))
    sent = json.dumps({BROWSER_SIGNAL: {"tab": "", "kept": browser.kept[browser.place]}})
    query = Multi([("datastar", sent)])
    request = browser.request("GET", signals={}, query=query)
    await request.signals()
    assert titles() == ["Tea"]


async def test_before_the_signals_were_read_there_is_nothing() -> None:
    await Browser().ask().signals()  # another request, which was answered
    request = Browser().ask()
    context.remember_request(request)
    with pytest.raises(BrowserStorageMissing):
        Cart.count()


async def test_a_request_that_was_answered_leads_nowhere() -> None:
    browser = Browser()
    request = browser.ask()
    await request.signals()
    assert Cart.count() == 0
    del request
    with pytest.raises(BrowserStorageMissing):
        Cart.count()


async def test_a_thread_that_was_given_the_context_finds_it() -> None:
    request = Browser().ask()
    await request.signals()
    assert await asyncio.to_thread(Cart.count) == 0
    missing: list[Exception] = []

    def without() -> None:
        try:
            Cart.count()
        except BrowserStorageMissing as error:
            missing.append(error)

    thread = threading.Thread(target=without)
    thread.start()
    thread.join()
    assert len(missing) == 1


async def test_what_a_route_saves_goes_through_the_stream_of_its_tab_at_once() -> None:
    browser, other = Browser(), Browser()
    request = browser.ask()
    await request.signals()
    async with (
        hub.subscribe([f"tab:{browser.tab}"]) as own,
        hub.subscribe([f"tab:{other.tab}"]) as others,
    ):
        await anext(own)
        await anext(others)
        Cart.create(title="Tea")
        assert BROWSER_SIGNAL.encode() in await anext(own)
        hub.broadcast(f"tab:{other.tab}", b"event: end\n\n")
        assert (await anext(others)).endswith(b"event: end\n\n")


async def test_the_stream_of_another_browser_s_tab_is_out_of_reach() -> None:
    browser, other = Browser(), Browser()
    browser.tab = other.tab
    request = browser.ask()
    await request.signals()
    async with hub.subscribe([f"tab:{other.tab}"]) as stream:
        await anext(stream)
        Cart.create(title="Tea")
        hub.broadcast(f"tab:{other.tab}", b"event: end\n\n")
        assert (await anext(stream)).endswith(b"event: end\n\n")
    assert BROWSER_SIGNAL in await browser.take(replies.respond(request, P("saved")))
