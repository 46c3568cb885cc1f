# ruff: noqa: S101 # a suite of tests asserts
"""The gate: every status, each with one sentence that tells nothing of the inside."""

from __future__ import annotations

import gzip
import json
import re
from contextlib import ExitStack
from urllib.parse import quote

import httpx
import pytest

from nitro_runtime.testing.serving import Served
from nitro_runtime.testing.web_suite.client import FORM, JSON, Tab, read_until
from nitro_runtime.testing.web_suite.server import Suite

SENTENCE = re.compile(r"[A-Za-z][^\n]{8,200}\.")
INTERNAL = re.compile(r"Traceback|File \"|site-packages|nitro_runtime|pydantic|0x[0-9a-f]{6}")
"""What tells of the inside of a program."""

OWN_FORM = {**FORM, "sec-fetch-site": "same-origin"}
"""The headers of a form that a page of this site posts."""

ESCAPES = "\x1b[31mforged\x1b[0m"
FORGED_LINE = "\r\nforged: 127.0.0.1 logged in as root"


FOREIGN = {
    "origin": "http://evil.example",
    "x-forwarded-host": "evil.example",
    "forwarded": "host=evil.example",
}
"""Another site's page, which names a proxy that is none."""

TAMPERED = (
    "suite%2Frestock", "suite.restock%2Fx", "suite.restock%00", "suite%252Erestock",
    "suite.restock%3Fx", "suite.restock;x=1", "suite.restock%20", "%E2%80%8Bsuite.restock", "%ff",
    "%ED%A0%80", "%0d%0aset-cookie:%20forged=1", "%1b%5B31m", "SUITE.RESTOCK", "..%2fevents",
    "a" * 64, "a" * 5000,
)  # fmt: skip
"""What stands for the name of a command in an address, and is none."""

STRANGE_TABS = (
    "x",
    "a.b",
    "%C3%A9" * 22 + ".%C3%A9",
    "%00",
    "%0d%0a",
    "a" * 5000,
    "..",
    "{tab}%00",
)


class Gate(Suite):
    """What is refused, and how."""

    @pytest.mark.parametrize(
        ("status", "path", "headers", "body"),
        [
            (403, "suite.restock", {**JSON, "sec-fetch-site": "cross-site"}, b"{}"),
            (403, "suite.restock", {**JSON, "sec-fetch-site": "same-site"}, b"{}"),
            (403, "suite.restock", {**JSON, "origin": "http://evil.example"}, b"{}"),
            (403, "suite.restock", {**JSON, "origin": "null"}, b"{}"),
            (403, "suite.restock", FORM, b"quantity=5"),
            (403, "suite.restock", {"content-type": "application/json"}, b"{}"),
            (403, "suite.restock", {**JSON, "datastar-request": "1"}, b"{}"),
            (403, "suite.restock", {**JSON, "sec-fetch-site": "same-origin, cross-site"}, b"{}"),
            (403, "suite.restock", {**JSON, **FOREIGN}, b"{}"),
            (400, "suite.restock", {**JSON, "idempotency-key": "x" * 129}, b'{"quantity": 5}'),
            (400, "suite.restock", {**JSON, "idempotency-key": "a b"}, b'{"quantity": 5}'),
            (403, "suite.private", JSON, b"{}"),
            (404, "suite.unknown", JSON, b"{}"),
            (404, "suite.told", JSON, b"{}"),
            (404, "suiteitem.created", JSON, b"{}"),
            (404, "Suite.restock", JSON, b"{}"),
            (404, "__class__", JSON, b"{}"),
            (413, "suite.restock", JSON, b'{"quantity":' + b" " * 65_536 + b"5}"),
            (415, "suite.restock", {**JSON, "content-type": "text/plain"}, b"{}"),
            (415, "suite.restock", {**JSON, "content-type": "application/xml"}, b"<a/>"),
            (415, "suite.restock", {**JSON, "content-type": "application/json, text/plain"}, b"{}"),
            (415, "suite.restock", {**JSON, "content-encoding": "gzip"}, gzip.compress(b"{}")),
            (415, "suite.restock", {**OWN_FORM, "content-encoding": "deflate"}, b"quantity=5"),
            (422, "suite.restock", JSON, b"[5]"),
            (422, "suite.restock", JSON, b"null"),
            (422, "suite.restock", JSON, b'{"quantity": NaN}'),
            (422, "suite.restock", JSON, b'{"quantity": Infinity}'),
            (422, "suite.restock", JSON, b'{"quantity": 1e999}'),
            (422, "suite.restock", JSON, b'{"quantity": %s}' % (b"9" * 5000)),
            (422, "suite.restock", JSON, b'{"quantity": %s}' % (b"9" * 400)),
            (422, "suite.restock", JSON, b'{"quantity": "%s"}' % (b"9" * 5000)),
            (422, "suite.restock", JSON, b'{"quantity": "1e999"}'),
            (422, "suite.restock", JSON, b'{"quantity": 5, "x": "\\ud800"}'),
            (422, "suite.restock", JSON, b'{"quantity": 5, "\xed\xa0\x80": 1}'),
            (422, "suite.restock", JSON, b'\xef\xbb\xbf{"quantity": 5}'),
            (422, "suite.restock", JSON, '{"quantity": 5}'.encode("utf-16")),
            (422, "suite.restock", JSON, b'{"quantity":\x00 5}'),
            (422, "suite.restock", JSON, b'{"quantity": {"\\u001b[31m\\r\\n": 5}}'),
            (422, "suite.restock", JSON, b'{"quantity": "many"}'),
            (422, "suite.restock", JSON, b'{"a":' * 10_000),
            (422, "suite.restock", JSON, b'{"quantity":' + b"[" * 21 + b"]" * 21 + b"}"),
            (422, "suite.restock", JSON, b"[" * 60_000),
            (422, "suite.restock", JSON, b"\xff"),
            (422, "suite.restock", OWN_FORM, b"quantity=5&is_admin=1"),
            (
                422,
                "suite.restock",
                OWN_FORM,
                b"quantity=5&__proto__=1&constructor=1&id=1&version=2",
            ),
            (422, "suite.restock", OWN_FORM, b"quantity=%ED%A0%80"),
            (422, "suite.restock", OWN_FORM, b"quantity=NaN"),
            (422, "suite.restock", {**OWN_FORM, "content-type": "multipart/form-data"}, b"x"),
            (413, "suite.restock", OWN_FORM, b"a=1&" * 1001),
        ],
    )
    def test_the_gate_refuses(
        self, tab: Tab, status: int, path: str, headers: dict[str, str], body: bytes
    ) -> None:
        """Each refusal has its status and one sentence, and tells nothing else."""
        response = tab.client.post(f"/cmds/{path}/{tab.id}", content=body, headers=headers)
        assert response.status_code == status, response.text
        assert SENTENCE.fullmatch(response.text)
        assert not INTERNAL.search(response.text)

    def test_extra_keys_reach_nothing(self, tab: Tab) -> None:
        """A page sends all its signals; a command is given those that it names, and of two the last."""
        extra = {"id": "7", "version": 9, "is_admin": True, "__proto__": {"x": 1}, "constructor": 1}
        answer = tab.command("suite.restock", {"quantity": 5, **extra})
        assert (answer.status_code, '{"stock":5}' in answer.text) == (200, True)
        twice = b'{"quantity": 5, "quantity": 6}'
        answer = tab.client.post(f"/cmds/suite.restock/{tab.id}", content=twice, headers=JSON)
        assert (answer.status_code, '{"stock":6}' in answer.text) == (200, True)

    def test_a_forged_get_reads_nothing(self, tab: Tab) -> None:
        """Not even a query; by a link or an image of another site."""
        address = f"/cmds/suite.greet/{tab.id}"
        for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, FOREIGN):
            response = tab.client.get(address, headers={"datastar-request": "true", **headers})
            assert (response.status_code, bool(SENTENCE.fullmatch(response.text))) == (403, True)
        assert tab.client.get(address).status_code == 403
        own = {"datastar-request": "true", "sec-fetch-site": "same-origin"}
        assert "Hello world" in tab.client.get(address, headers=own).text

    def test_a_huge_or_strange_query_is_refused(self, tab: Tab) -> None:
        """Signals of a GET are held to the same rules as those of a body."""
        own = {"datastar-request": "true"}
        for query, status in (
            ("datastar=" + "%7B" * 1000, 422),
            ("datastar=%7B%22name%22%3A1e999%7D", 422),
            ("datastar=%7B%22name%22%3A%22%5Cud800%22%7D", 422),
            ("datastar=[1]", 422),
            ("datastar=%ED%A0%80", 422),
            ("&".join(f"a{n}=1" for n in range(1001)), 413),
        ):
            response = tab.client.get(f"/cmds/suite.greet/{tab.id}?{query}", headers=own)
            assert response.status_code in {status, 414}, query[
                :40
            ]  # some servers allow 4 KiB only
            assert response.status_code == 414 or SENTENCE.fullmatch(response.text)

    def test_other_methods_do_nothing(self, tab: Tab) -> None:
        """Whatever a client says about the method in a header."""
        address = f"/cmds/suite.create/{tab.id}"
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"):
            body = json.dumps({"name": f"forged by {method}"}).encode()
            content = None if method in {"GET", "HEAD", "TRACE", "OPTIONS"} else body
            override = {"x-http-method-override": "POST", "x-method-override": "POST"}
            response = tab.client.request(
                method, address, content=content, headers={**JSON, **override}
            )
            assert response.status_code < 500, method
            assert response.status_code >= 400 or method == "OPTIONS", method
            assert not INTERNAL.search(response.text)
            assert "forged" not in response.text  # TRACE would send it back
        assert "forged" not in tab.client.get("/").text

    def test_an_address_that_was_tampered_with_reaches_nothing(self, tab: Tab) -> None:
        """Neither a handler of an event nor another route; and nothing of it is sent back."""
        for name in TAMPERED:
            response = tab.client.post(f"/cmds/{name}/{tab.id}", content=b"{}", headers=JSON)
            assert response.status_code in {400, 404, 414}, name[:40]
            assert not INTERNAL.search(response.text)
            assert "forged" not in response.headers.get("set-cookie", "")
            assert "\x1b" not in response.text
        for strange in STRANGE_TABS:
            sender = strange.replace("{tab}", tab.id)
            response = tab.client.post(f"/cmds/suite.restock/{sender}", content=b"{}", headers=JSON)
            assert response.status_code in {400, 403, 404, 405, 414}, sender[:40]
            assert not INTERNAL.search(response.text)

    def test_a_stream_is_refused_what_is_not_the_visitors(self, tab: Tab) -> None:
        """Another's tab or user, topics without a rule, and junk."""
        for strange in (*STRANGE_TABS, "%ED%A0%80"):
            response = tab.client.get(f"/events?tab={strange.replace('{tab}', tab.id)}")
            assert response.status_code in {400, 403, 414, 422}, strange[:40]
            assert response.status_code in {400, 414} or SENTENCE.fullmatch(response.text)
        for topic in (
            f"tab:{tab.id}",
            "user:ann",
            "view:x",
            "suite.told",
            "",
            "%0d%0aid:%207",
            "%00",
        ):
            response = tab.client.get(f"/events?tab={tab.id}&topic={topic}")
            assert (response.status_code, bool(SENTENCE.fullmatch(response.text))) == (403, True)
        for many in ("view", "topic"):
            query = "&".join(f"{many}={n}" for n in range(33))
            response = tab.client.get(f"/events?tab={tab.id}&{query}")
            assert (response.status_code, bool(SENTENCE.fullmatch(response.text))) == (422, True)
        for junk in ("x", ":::", "9" * 4000, "1e999:1-1", "a:99999999999999999999-1"):
            with tab.stream([], last_event_id=junk) as chunks:
                assert "retry:" in read_until(chunks, "retry:")

    def test_a_form_is_held_to_the_same_rules(self, tab: Tab) -> None:
        """The routes of a scaffold are behind the gate too."""
        for status, headers, body in (
            (403, FORM, b"name=a"),
            (403, {**FORM, "sec-fetch-site": "cross-site"}, b"name=a"),
            (403, {**FORM, "origin": "null"}, b"name=a"),
            (413, OWN_FORM, b"name=" + b"a" * 65_536),
            (413, OWN_FORM, b"a=1&" * 1001),
            (415, {**OWN_FORM, "content-encoding": "gzip"}, gzip.compress(b"name=a")),
            (415, {**OWN_FORM, "content-type": "application/json"}, b'{"name": "a"}'),
            (422, OWN_FORM, b"name=%ED%A0%80"),
            (422, OWN_FORM, b"name=%00"),
            (422, OWN_FORM, b""),
            (303, OWN_FORM, b"name=a&id=7&version=9&is_admin=1&__proto__=1&stock=99"),
            (303, OWN_FORM, b"name=%0d%0aset-cookie:%20forged=1"),
        ):
            response = tab.client.post("/items", content=body, headers=headers)
            assert response.status_code == status, body[:40]
            assert not INTERNAL.search(response.text)
            assert not [
                value for value in response.headers.get_list("set-cookie") if "forged" in value
            ]
        for body in (
            b"customer=a&lines.0.article=x&lines.0.quantity=" + b"9" * 5000,
            b"customer=a&lines.0.article=x&lines.0.quantity=NaN",
            b"customer=a&lines.99999999999999999999.article=x",
            b"customer=a&lines.-1.article=x&lines.%00.article=x&lines.0.0.0.0=x",
        ):
            response = tab.client.post("/orders/new", content=body, headers=OWN_FORM)
            assert (response.status_code, bool(INTERNAL.search(response.text))) == (422, False)
        missing = tab.client.get("/orders/%1b%5B31m%0d%0a")
        assert (missing.status_code, missing.text) == (404, "There is no such suite order.")

    def test_nothing_that_was_sent_stands_raw_in_a_log(self, tab: Tab, served: Served) -> None:
        """A line end would forge a line, an escape sequence would run in somebody's terminal."""
        sent = ESCAPES + FORGED_LINE
        quoted = quote(sent)
        in_a_header = ESCAPES.replace("\x1b", "\x9b")  # others may not stand in one
        for headers in (JSON, {**JSON, "sec-fetch-site": "cross-site"}):
            tab.client.post(f"/cmds/{quoted}/{tab.id}", content=b"{}", headers=headers)
            named = {name.encode(): text.encode() for name, text in headers.items()}
            tab.client.post(
                f"/cmds/suite.restock/{quoted}",
                content=json.dumps({sent: sent, "quantity": sent}).encode(),
                headers={**named, b"user-agent": in_a_header.encode("latin-1")},
            )
        tab.command("suite.restock", {"quantity": sent, sent: 1})
        tab.command("suite.crash", {sent: sent})
        tab.client.get(f"/events?tab={quoted}&topic={quoted}")
        tab.client.get(f"/events?tab={tab.id}&topic={quoted}&view={quoted}")
        tab.client.post("/items", data={"name": sent, sent: sent}, headers=OWN_FORM)
        tab.client.get(f"/orders/{quoted}?search={quoted}")
        log = served.log()
        assert ESCAPES not in log
        assert in_a_header not in log
        assert not re.search(r"^forged: ", log, re.MULTILINE)

    def test_a_body_of_unknown_length_is_limited_too(self, tab: Tab) -> None:
        """It is read no further than the limit."""
        address = f"/cmds/suite.restock/{tab.id}"
        body = iter([b'{"quan', b'tity": 5}'])
        response = tab.client.post(address, content=body, headers=JSON)
        assert (response.status_code, '"stock":5' in response.text) == (200, True)
        body = iter([b'{"quantity":', *[b" " * 8192] * 9, b"5}"])
        response = tab.client.post(address, content=body, headers=JSON)
        assert (response.status_code, bool(SENTENCE.fullmatch(response.text))) == (413, True)

    @pytest.mark.parametrize("path", ["/", "/events", "/cmds/suite.greet/x", "/echo/x"])
    def test_a_query_that_is_not_utf_8_is_refused(self, client: httpx.Client, path: str) -> None:
        """Anybody may type such an address: it is no failure of the server."""
        for accept in ("text/html", "*/*"):
            response = client.get(f"{path}?tab=%ff", headers={"accept": accept})
            assert response.status_code == 422
            assert "percent-encoded UTF-8" in response.text

    def test_a_command_is_not_run_by_get(self, tab: Tab) -> None:
        """A link must not change anything."""
        response = tab.client.get(
            f"/cmds/suite.restock/{tab.id}", headers={"datastar-request": "true"}
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert SENTENCE.fullmatch(response.text)

    def test_a_flood_of_commands_is_held_back(self, tab: Tab) -> None:
        """Of one browser; another one is served."""
        answers = [tab.command("suite.restock", {"quantity": n}) for n in range(90)]
        assert {answer.status_code for answer in answers} == {200, 429}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["retry-after"] == "1"
        assert SENTENCE.fullmatch(refused.text)
        with self.browser(str(tab.client.base_url)) as other:
            assert Tab(other).command("suite.restock", {"quantity": 1}).status_code == 200

    def test_a_foreign_tab_is_refused(self, tab: Tab, served: Served) -> None:
        """A tab id opens nothing in another browser, nor when it was made up."""
        with self.browser(served.url) as other:
            stranger = Tab(other)
            stranger.id = tab.id
            assert stranger.command("suite.restock", {"quantity": 5}).status_code == 403
            response = other.get("/events", params={"tab": tab.id})
            assert response.status_code == 403
            assert response.text == "This tab belongs to another session; reload the page."
        made_up = f"{'a' * 22}.{'b' * 22}"
        assert tab.client.get("/events", params={"tab": made_up}).status_code == 403
        assert tab.client.get("/events").status_code == 403

    def test_a_view_key_that_was_changed_reloads_the_page(self, tab: Tab) -> None:
        """As when the app has a new secret key."""
        with tab.stream(["e30." + "a" * 22]) as chunks:
            assert "location.reload()" in read_until(chunks, "\n\n")

    def test_pages_answer_while_streams_are_open(self, tab: Tab) -> None:
        """As many streams as the server can hold; one more of the same browser is refused."""
        self.needs_one_process()
        with ExitStack() as stack:
            for _ in range(self.capabilities.streams):
                read_until(stack.enter_context(tab.stream([])), "retry")
            assert tab.client.get("/").status_code == 200
            with tab.client.stream("GET", "/events", params={"tab": tab.id}) as refused:
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
                assert SENTENCE.fullmatch(refused.read().decode())
            assert json.loads(tab.client.get("/open").text)["open"] >= self.capabilities.streams
