# ruff: noqa: S101 # a suite of tests asserts
"""Progress that streams, pages that are sent piece by piece, components."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
import pytest

from nitro_runtime.testing.web_suite.client import JSON, Tab, read_until
from nitro_runtime.testing.web_suite.server import Suite

OWN = {"sec-fetch-site": "same-origin"}


class Steps(Suite):
    """What is told while it is done."""

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_handler_answers_step_by_step(self, client: httpx.Client, kind: str) -> None:
        """The first step is there while the second one waits."""
        self.needs_one_process()
        with self._posted(client, f"/stepwise/{kind}") as chunks:
            self._goes_on(client, chunks)

    @pytest.mark.parametrize("name", ["suite.work", "suite.toil"])
    def test_a_command_answers_step_by_step(self, client: httpx.Client, name: str) -> None:
        """A coroutine's steps, and those of a plain generator."""
        self.needs_one_process()
        tab = Tab(client)
        with self._posted(client, f"/cmds/{name}/{tab.id}") as chunks:
            self._goes_on(client, chunks)

    def _goes_on(self, client: httpx.Client, chunks: Iterator[str]) -> None:
        seen = read_until(chunks, "1 of 2")
        assert "2 of 2" not in seen
        with self.browser(str(client.base_url)) as other:
            other.get("/release")
        seen = read_until(chunks, "Worked")
        assert 'value="2"' in seen
        assert "selector #notices" in seen

    @contextmanager
    def _posted(self, client: httpx.Client, path: str) -> Generator[Iterator[str]]:
        headers = {**JSON, **OWN}
        with client.stream("POST", path, content=b"{}", headers=headers) as response:
            assert response.status_code == 200, response.read()
            yield response.iter_text()

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_without_javascript_the_end_is_shown(self, client: httpx.Client, kind: str) -> None:
        """All steps are done, and the page shows the last."""
        response = client.post(f"/stepwise/{kind}?now=1", headers=OWN)
        assert response.status_code == 200
        assert response.text.lower().startswith("<!doctype html>")
        assert "2 of 2" in response.text
        assert "1 of 2" not in response.text

    def test_a_long_page_is_whole(self, client: httpx.Client) -> None:
        """Its pieces make the same document, with what belongs to the visitor."""
        response = client.get("/long")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "content-length" not in response.headers
        assert "nitro_session=" in response.headers["set-cookie"]
        assert response.text.endswith("</body></html>")
        assert re.findall(r"<li>line (\d+) &lt;&amp;&gt;</li>", response.text) == [
            str(number) for number in range(2_000)
        ]

    def test_components_stand_in_a_page_with_its_status(self, client: httpx.Client) -> None:
        """Each of them, whatever renders the page."""
        response = client.get("/components")
        assert response.status_code == 203
        for part in ('role="status"', 'class="badge', "<dialog", 'class="tabs"', "<details"):
            assert part in response.text
