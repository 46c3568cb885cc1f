"""Every action and option reaches the server, or the signals, as its function says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from datastar_page import ADDRESS, DatastarPage
from playwright.sync_api import Page, Request

from nitro_runtime.html import (
    Button,
    Form,
    Input,
    JsExpr,
    P,
    Signal,
    delete,
    expr,
    get,
    patch,
    peek,
    post,
    put,
    set_all,
    toggle_all,
)

pytestmark = pytest.mark.browser

HOSTILE = 'it\'s "$x" @get( ` </script> \u2028 \n {{ ${x} ; \\'
count, name = Signal("count", 1), Signal("user.name", HOSTILE)


@pytest.fixture
def page(tab: Page) -> DatastarPage:
    return DatastarPage(tab)


def ask(page: DatastarPage, identity: str) -> Request:
    """Clicks, and returns the request that comes of it."""
    with page.tab.expect_request(lambda asked: "datastar-request" in asked.headers) as found:
        page.tab.locator(f"#{identity}").click()
    return found.value


def sent(request: Request) -> Any:
    if request.method in ("GET", "DELETE"):
        return json.loads(parse_qs(urlsplit(request.url).query)["datastar"][0])
    return request.post_data_json


@pytest.mark.parametrize("action", [get, post, put, patch, delete])
def test_each_method_sends_the_signals_to_its_address(
    page: DatastarPage, action: Callable[[str], JsExpr]
) -> None:
    page.show(Button("go", id="go", on_click=action("/it's/$x?a=1&b=%27")), signals=[count, name])
    request = ask(page, "go")
    assert request.method == action.__name__.upper()
    assert request.url.startswith(f"{ADDRESS}/it's/$x?a=1&b=%27")
    assert sent(request) == {"count": 1, "user": {"name": HOSTILE}}


def test_options_say_what_is_sent_and_how(page: DatastarPage) -> None:
    chosen = {
        "payload": post("/a", payload={"text": HOSTILE, "next": count + 1}),
        "filter": post("/a", filter_signals={"include": "^user", "exclude": "secret$"}),
        "headers": post("/a", headers={"X-One": "it's $x", "X-Two": name.length}),
        "selector": post("/a", content_type="form", selector="#far"),
        "near": put("/a", content_type="form"),
        "query": get("/a", content_type="form"),
        "computed": get("/products/" + count + "?page=" + (count + 1), payload={}),
        "camel": get("/a", payload={}, openWhenHidden=False, retryMaxCount=1),
    }
    page.show(
        *[Button(key, id=key, on_click=each) for key, each in chosen.items() if key != "near"],
        Form(Input(name="near", value=HOSTILE), Button("n", id="near", on_click=chosen["near"])),
        Form(Input(name="far", value="2"), id="far"),
        Form(Input(name="q", value="a b&c"), Button("q", id="asked", on_click=chosen["query"])),
        signals=[count, name, Signal("user.secret", 5)],
    )
    assert sent(ask(page, "payload")) == {"text": HOSTILE, "next": 2}
    assert sent(ask(page, "filter")) == {"user": {"name": HOSTILE}}
    headers = ask(page, "headers").headers
    assert (headers["x-one"], headers["x-two"]) == ("it's $x", str(len(HOSTILE)))
    assert ask(page, "selector").post_data == "far=2"
    near = ask(page, "near")
    assert parse_qs(near.post_data or "") == {"near": [HOSTILE.replace("\n", "")]}
    assert ask(page, "asked").url == f"{ADDRESS}/a?q=a+b%26c"
    assert ask(page, "computed").url.startswith(f"{ADDRESS}/products/1?page=2&")
    assert sent(ask(page, "camel")) == {}


def test_a_request_is_sent_again_as_its_options_say(page: DatastarPage, people: Any) -> None:
    page.answers["/again"] = ("text/event-stream", ": nothing\n\n")
    page.show(
        Button("a", id="always", on_click=get("/again", retry="always", retry_interval=20)),
        Button("b", id="never", on_click=get("/gone?never", retry="never")),
        Button(
            "c",
            id="error",
            on_click=post(
                "/gone?error",
                retry="error",
                retry_interval=10,
                retry_scaler=3,
                retry_max_wait=20,
                retry_max_count=2,
            ),
        ),
        P(**{"on_datastar-fetch": "window.log.push(evt.detail.type)"}),
    )
    with page.tab.expect_event("request", lambda asked: len(page.asked) > 2):
        ask(page, "always")
    page.tab.locator("#always").evaluate("button => button.remove()")
    page.tab.reload()
    page.asked.clear()
    ask(page, "never")
    with page.tab.expect_event("pageerror") as failed:
        ask(page, "error")
    assert "FetchFailed" in str(failed.value)
    assert "retries-failed" in page.log()
    asked = [urlsplit(each.url).query.partition("=")[0] for each in page.asked]
    assert asked == ["never", "error", "error", "error"]
    people.errors.clear()


def test_a_request_ends_the_one_before_it_unless_told_otherwise(page: DatastarPage) -> None:
    cleanup = post("/held-cleanup", request_cancellation="cleanup")
    page.show(
        Button("a", id="both", on_click=post("/held-both", request_cancellation="disabled")),
        Button("b", id="last", on_click=post("/held-last")),
        Button("c", id="gone", on_click=[cleanup, "setTimeout(() => el.remove(), 50)"]),
    )
    ended: list[str] = []
    page.tab.on("requestfailed", lambda request: ended.append(urlsplit(request.url).path))
    for identity in ("both", "both", "last", "last"):
        ask(page, identity)
    with page.tab.expect_event("requestfailed", lambda asked: "cleanup" in asked.url):
        ask(page, "gone")
    assert ended == ["/held-last", "/held-cleanup"]


def test_signals_are_read_unfollowed_and_set_all_at_once(page: DatastarPage) -> None:
    page.show(
        P(id="peeked", effect=expr("window.log.push({} + {})", count, peek(name.length))),
        Button("x", id="name", on_click=name.set("")),
        Button("y", id="all", on_click=set_all(HOSTILE, include=r"^(user\.|other)", exclude="^_")),
        Button("z", id="toggle", on_click=toggle_all(include="^flag")),
        Button("w", id="every", on_click=[toggle_all(exclude="user|count|other"), count.add(1)]),
        signals=[count, name, Signal("other", 1), Signal("flags", {"a": True, "b": False})],
    )
    for identity in ("name", "all", "toggle"):
        page.tab.locator(f"#{identity}").click()
    found = page.signals()
    assert found["user"]["name"] == found["other"] == HOSTILE
    assert (found["count"], found["flags"]) == (1, {"a": False, "b": True})
    page.tab.locator("#every").click()
    assert page.signals()["flags"] == {"a": True, "b": False}
    assert page.log() == [1 + len(HOSTILE), 2 + len(HOSTILE)]
