# ruff: noqa: S101 # a suite of tests asserts
"""The gate: every status, each with one sentence that tells nothing of the inside."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import httpx
import pytest

from nitro_runtime.testing.serving import Served
from nitro_runtime.testing.web_suite.client import FORM, JSON, Tab, read_until
from nitro_runtime.testing.web_suite.server import Suite

SENTENCE = re.compile(r"[A-Za-z][^\n]{8,200}\.")


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
            (403, "suite.private", JSON, b"{}"),
            (404, "suite.unknown", JSON, b"{}"),
            (404, "suite.told", JSON, b"{}"),
            (404, "suiteitem.created", JSON, b"{}"),
            (404, "Suite.restock", JSON, b"{}"),
            (404, "__class__", JSON, b"{}"),
            (413, "suite.restock", JSON, b'{"quantity":' + b" " * 65_536 + b"5}"),
            (415, "suite.restock", {**JSON, "content-type": "text/plain"}, b"{}"),
            (415, "suite.restock", {**JSON, "content-type": "application/xml"}, b"<a/>"),
            (422, "suite.restock", JSON, b"[5]"),
            (422, "suite.restock", JSON, b'{"quantity": NaN}'),
            (422, "suite.restock", JSON, b'{"quantity": "many"}'),
            (422, "suite.restock", JSON, b'{"a":' * 10_000),
            (422, "suite.restock", JSON, b"\xff"),
        ],
    )
    def test_the_gate_refuses(
        self, tab: Tab, status: int, path: str, headers: dict[str, str], body: bytes
    ) -> None:
        """Each refusal has its status and one sentence, and tells nothing else."""
        response = tab.client.post(f"/cmds/{path}/{tab.id}", content=body, headers=headers)
        assert response.status_code == status, response.text
        assert SENTENCE.fullmatch(response.text)
        assert "Traceback" not in response.text

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
