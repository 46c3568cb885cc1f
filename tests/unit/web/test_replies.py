from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_runtime.entities import Entity
from nitro_runtime.errors import ConfigurationError, Duplicate, NotFound, Refused
from nitro_runtime.html import Div, P
from nitro_runtime.views import Card, Form, Notice, Page, Table
from nitro_runtime.web import replies, session
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.request import Reply, Request


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")


def plain(**headers: str) -> Request:
    return Request("GET", "/", headers=headers)


def datastar() -> Request:
    return Request("GET", "/", headers={"datastar-request": "true"})


def text(reply: Reply) -> str:
    assert isinstance(reply.body, bytes)
    return reply.body.decode()


def test_a_page_is_private_and_differs_for_datastar() -> None:
    reply = replies.respond(plain(), Page(P("hi"), title="Hi"))
    headers = dict(reply.headers)
    assert reply.status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["vary"] == "datastar-request"
    assert "<title>Hi</title>" in text(reply)


def test_a_status_may_be_given() -> None:
    assert replies.respond(plain(), Page(title="x", status=410)).status == 410
    assert replies.respond(plain(), P("x"), status=201).status == 201
    assert replies.respond(datastar(), P("x"), status=422).status == 200


def test_datastar_is_sent_what_can_differ_and_not_the_document() -> None:
    sent = text(replies.respond(datastar(), Page(Div(P("hi")), title="Hi")))
    assert sent.startswith("event: datastar-patch-elements\n")
    assert '<main id="main"' in sent
    assert "<html" not in sent


def test_notices_are_shown_by_the_next_patch_too() -> None:
    request = datastar()
    session.add_notice(request, Notice("Saved <b>", kind="success"))
    reply = replies.respond(request, P("x"))
    assert "data: mode append\ndata: selector #notices\n" in text(reply)
    assert "Saved &lt;b&gt;" in text(reply)
    assert any("Max-Age=0" in value for name, value in reply.headers if name == "set-cookie")


def test_a_plain_redirect_is_a_303() -> None:
    reply = replies.redirect(plain(), "/products/1?a=b", notice="Saved")
    assert (reply.status, reply.body) == (303, b"")
    assert dict(reply.headers)["location"] == "/products/1?a=b"
    assert dict(reply.headers)["set-cookie"].startswith("nitro_notices=")


def test_datastar_is_sent_an_element_that_navigates() -> None:
    reply = replies.redirect(datastar(), "/products?a='x")
    sent = text(reply)
    assert reply.status == 200
    assert "data: mode append" in sent
    assert "data: selector body" in sent
    assert "location.assign" in sent
    assert "<script" not in sent
    assert "'x" not in sent


@pytest.mark.parametrize(
    "url",
    [
        "",
        "products",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        " /products",
        "/a\r\nset-cookie: a=b",
        "/a\tb",
        "/\x00",
        "/a\n",
        "/\x7f",
        "/a\\..",
    ],
)
def test_a_redirect_leads_nowhere_else(url: str) -> None:
    with pytest.raises(ConfigurationError, match="path of this site"):
        replies.redirect(plain(), url)


@given(st.text())
def test_whatever_passes_as_a_path_of_this_site_begins_with_one_slash(url: str) -> None:
    try:
        local = replies.local(url)
    except ConfigurationError:
        return
    assert local[0] == "/"
    assert local[1:2] not in {"/", "\\"}
    assert not set(local) & set("\r\n\t\\ \0")
    assert local.isascii()


def test_a_path_may_be_in_any_script() -> None:
    reply = replies.redirect(plain(), "/käse/☃?q=%C3%BC&n=ü")
    assert dict(reply.headers)["location"] == "/k%C3%A4se/%E2%98%83?q=%C3%BC&n=%C3%BC"


def test_a_refusal_is_a_page_for_a_browser_and_a_sentence_for_others() -> None:
    error = Refused(429, "Too <many>.", headers=[("retry-after", "1")])
    page = replies.refusal(plain(accept="text/html,*/*"), error)
    assert page.status == 429
    assert ("retry-after", "1") in page.headers
    assert "Too &lt;many&gt;." in text(page)
    assert '<a href="/">Front page</a>' in text(page)
    assert "nitro-stream" not in text(page)
    for request in (plain(), plain(accept="application/json"), datastar()):
        sentence = replies.refusal(request, error)
        assert (sentence.status, sentence.body) == (429, b"Too <many>.")
        assert ("content-type", "text/plain; charset=utf-8") in sentence.headers


def test_errors_of_entities_have_their_statuses() -> None:
    assert replies.refusal(plain(), NotFound("Product", "7")).status == 404
    assert replies.refusal(plain(), Duplicate("Product", "name")).status == 409


def test_datastar_shows_the_sentence_of_an_error_as_it_ignores_other_statuses() -> None:
    reply = replies.refusal(datastar(), NotFound("Product", "<7>"))
    assert reply.status == 200
    assert "data: mode append\ndata: selector #notices\n" in text(reply)
    assert "There is no such product." in text(reply).replace("&#39;", "'")


def test_a_page_around_a_bare_view_is_called_after_its_entity() -> None:
    class Lamp(Entity, backend="memory"):
        name: str

    for view in (Table.from_entity(Lamp), Form.from_entity(Lamp), Card.from_entity(Lamp(name="x"))):
        assert "<title>Lamps</title>" in text(replies.respond(plain(), view))
    assert "<title></title>" in text(replies.respond(plain(), P("x")))


def test_a_page_knows_the_query_it_was_asked_with() -> None:
    request = Request("GET", "/", query=Multi([("page", "2")]))
    assert replies.page_state(request).query["page"] == "2"
