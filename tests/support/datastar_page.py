"""A page made of tags in a real browser with Datastar's own file; what it asks for is answered here."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, Request, Route, expect

from nitro_runtime.html import Body, Head, HtmlTag, Pre, Script, Title, doctype

ADDRESS = "http://pages.test"


@cache
def datastar_file() -> bytes:
    """Returns Datastar's file as `nitro assets` obtains it."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "nitro_cli", "assets", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return (Path(folder) / "datastar.js").read_bytes()


class DatastarPage:
    """Shows tags in a tab and keeps what was asked of the server.

    Attributes:
        asked: The requests that were made, Datastar's only.
        answers: What is answered, by path: the content type and the text; else nothing is (204). ``/gone``
            is never there (404), and ``/held`` and what begins so waits for `release`.
    """

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.html = ""
        self.asked: list[Request] = []
        self.answers: dict[str, tuple[str, str]] = {}
        self.held: dict[str, Route] = {}
        tab.add_init_script("window.alert = () => { window.ran = true }; window.log = []")
        tab.route(f"{ADDRESS}/**", self._answer)

    def show(self, *children: object, **body: Any) -> None:
        """Opens a page and waits until Datastar has been over it."""
        self.html = doctype() + HtmlTag(
            Head(Title("Page"), Script(type="module", src="/datastar.js")),
            Body(*children, Pre(id="all-signals", json_signals__terse=True), **body),
            lang="en",
        )
        self.tab.goto(f"{ADDRESS}/")
        expect(self.tab.locator("#all-signals")).not_to_be_empty()

    def signals(self) -> dict[str, Any]:
        """Returns all signals as they stand."""
        return json.loads(self.tab.locator("#all-signals").text_content() or "")

    def log(self) -> list[Any]:
        """Returns what the page's expressions have put into ``window.log``."""
        return self.tab.evaluate("window.log")

    def release(self, path: str) -> None:
        """Answers the request for a path that was held back."""
        self.held.pop(path).fulfill(status=204)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if path == "/":
            route.fulfill(content_type="text/html; charset=utf-8", body=self.html)
        elif path == "/datastar.js":
            route.fulfill(content_type="text/javascript", body=datastar_file())
        elif route.request.headers.get("datastar-request"):
            self.asked.append(route.request)
            self._reply(route, path)
        else:
            route.fulfill(status=204)

    def _reply(self, route: Route, path: str) -> None:
        if path.startswith("/held"):
            self.held[path] = route
        elif path == "/gone":
            route.fulfill(status=404)
        elif path in self.answers:
            content_type, text = self.answers[path]
            route.fulfill(content_type=content_type, body=text)
        else:
            route.fulfill(status=204)
