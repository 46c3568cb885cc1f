# ruff: noqa: S101 # a suite of tests asserts
"""Light and dark: the page arrives in what the visitor's cookie says."""

from __future__ import annotations

import re

import httpx

from nitro_runtime.testing.web_suite.server import Suite


class Schemes(Suite):
    """What a page makes of the cookie with which a visitor chose light or dark."""

    def test_a_page_arrives_in_the_chosen_scheme(self, client: httpx.Client) -> None:
        """The document says light or dark before anything of it is drawn; without a choice nothing."""
        assert "data-theme" not in _document(client, "")
        assert 'data-theme="dark"' in _document(client, "nitro_scheme=dark")
        assert 'data-theme="light"' in _document(client, "nitro_scheme=light")

    def test_a_scheme_that_there_is_not_counts_for_nothing(self, client: httpx.Client) -> None:
        """Whatever else the cookie holds never reaches the page."""
        for cookie in ("nitro_scheme=blue", 'nitro_scheme="dark onload=alert(1)"', "nitro_scheme="):
            assert "data-theme" not in _document(client, cookie)


def _document(client: httpx.Client, cookie: str) -> str:
    """Returns the opening tag of the document."""
    answer = client.get("/", headers={"cookie": cookie} if cookie else {})
    found = re.search(r"<html[^>]*>", answer.text)
    assert found is not None
    return found[0]
