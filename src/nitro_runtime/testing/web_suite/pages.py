# ruff: noqa: S101 # a suite of tests asserts
"""Pages, static files, forms, parameters, the framework's own routes, and a prefix before all."""

from __future__ import annotations

import re

import httpx
import pytest

from nitro_runtime.testing.web_suite.client import JSON, SHOWN, Tab, read_until
from nitro_runtime.testing.web_suite.server import Suite


class Pages(Suite):
    """What a browser sees before anything moves."""

    def test_a_page_is_html_with_a_session(self, client: httpx.Client) -> None:
        """A page is whole, private, and gives the browser a name that no script can read."""
        response = client.get("/")
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.text.lower().startswith("<!doctype html>")
        named, *attributes = response.headers["set-cookie"].split("; ")
        assert re.fullmatch(r"nitro_session=[\w-]{22}", named)
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax"]
        assert "set-cookie" not in client.get("/").headers

    def test_a_page_answers_head(self, client: httpx.Client) -> None:
        """HEAD has the headers of GET and no body."""
        response = client.head("/")
        assert (response.status_code, response.content) == (200, b"")

    def test_a_static_file_is_served(self, client: httpx.Client) -> None:
        """Static files come from the folder, and from nowhere else."""
        assert client.get("/static/hello.txt").text == "hello from a file\n"
        caching = [
            client.get(f"/static/{name}").headers["cache-control"]
            for name in ("hello.txt", "hello.bffc61ff16a6.txt")  # the hash of its content
        ]
        assert caching == ["no-cache", "public, max-age=31536000, immutable"]
        assert client.get("/static/nothing.txt").status_code == 404
        assert client.get("/static/..%2f__init__.py").status_code in {400, 404}
        assert client.get("/static/%2e%2e/__init__.py").status_code in {400, 404}

    def test_datastar_is_sent_patches_of_a_page(self, client: httpx.Client) -> None:
        """The same address gives a browser a page and Datastar its patches."""
        response = client.get("/", headers={"datastar-request": "true"})
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "datastar-request" in response.headers["vary"].split(", ")
        assert f"event: {SHOWN}" in response.text
        assert "<!doctype" not in response.text.lower()

    def test_a_form_post_redirects_with_a_notice(self, client: httpx.Client) -> None:
        """Without JavaScript: a 303, and the notice on the next page, once."""
        response = client.post(
            "/items",
            data={"name": "Ünï & <b>"},
            headers={"origin": str(client.base_url).rstrip("/")},
        )
        assert (response.status_code, response.headers["location"]) == (303, "/")
        assert "Ünï &amp; &lt;b&gt; created" in client.get("/").text
        assert "created" not in client.get("/").text

    def test_an_invalid_form_comes_back(self, client: httpx.Client) -> None:
        """As a page with status 422, or for Datastar as a patch with status 200."""
        own = {"sec-fetch-site": "same-origin"}
        response = client.post("/items", data={"name": "x" * 41}, headers=own)
        assert response.status_code == 422
        assert 'aria-invalid="true"' in response.text
        response = client.post(
            "/items", data={"name": ""}, headers={**own, "datastar-request": "true"}
        )
        assert response.status_code == 200
        assert SHOWN in response.text
        assert 'aria-invalid="true"' in response.text

    @pytest.mark.parametrize(
        ("path", "word"),
        [
            ("caf%C3%A9%20%26%20tea", "café & tea"),
            ("%E2%98%83", "☃"),
            ("100%25", "100%"),
            ("a+b", "a+b"),
            ("a%3Fb%23c", "a?b#c"),
            ("%F0%9F%8D%B5;v=1", "🍵;v=1"),
            ("%2B%25%32%30", "+%20"),
        ],
    )
    def test_a_parameter_of_the_path_is_decoded_once(
        self, client: httpx.Client, path: str, word: str
    ) -> None:
        """Percent-encoded and Unicode, whatever the framework leaves as it is."""
        told = client.get(f"/echo/{path}").json()
        assert (told["params"], told["path"]) == ({"word": word}, f"/echo/{word}")

    def test_the_parameters_of_a_query_are_decoded(self, client: httpx.Client) -> None:
        """A name may come several times."""
        told = client.get("/echo/x?a=1&a=%C3%BC%26%3D&b=+%2B&c").json()
        assert told["query"] == [["a", "1"], ["a", "ü&="], ["b", " +"], ["c", ""]]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
    def test_signals_come_in_the_body(self, client: httpx.Client, method: str) -> None:
        """As UTF-8, whose charset may be named."""
        headers = {**JSON, "content-type": "application/json; charset=utf-8"}
        body = '{"näme": "☃", "deep": [{"n": 1.5}]}'.encode()
        told = client.request(method, "/echo/x", content=body, headers=headers).json()
        assert told["method"] == method
        assert told["signals"] == {"näme": "☃", "deep": [{"n": 1.5}]}

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_signals_come_in_the_query(self, client: httpx.Client, method: str) -> None:
        """Datastar sends no body with these."""
        params = {"datastar": '{"n": "ü&1"}'}
        told = client.request(method, "/echo/x", params=params, headers=JSON).json()
        assert told["signals"] == {"n": "ü&1"}

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_handler_of_the_frameworks_own_returns_a_view(
        self, client: httpx.Client, kind: str
    ) -> None:
        """As a plain function and as a coroutine."""
        if kind not in self.capabilities.native:
            pytest.skip(f"The app has no {kind} route of its own.")
        response = client.get(f"/native/{kind}")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert f'<p id="native">native {kind}</p>' in response.text
        assert "nitro_session=" in response.headers["set-cookie"]

    def test_a_json_route_of_the_frameworks_own_is_untouched(self, client: httpx.Client) -> None:
        """It has no cookie, no page, nothing of Nitro's."""
        response = client.get("/native/json")
        assert response.json() == {"native": "json"}
        assert response.headers["content-type"].startswith("application/json")
        assert "set-cookie" not in response.headers
        assert client.get("/native/nothing").status_code == 404


class Prefixed(Suite):
    """The same app, with a prefix before Nitro's routes."""

    def test_nitro_works_behind_a_prefix(self) -> None:
        """Pages, commands, streams and their addresses."""
        with self.serving(prefix="/shop") as served, self.browser(served.url) as client:
            tab = Tab(client, "/shop/")
            assert "/shop/events" in tab.page
            assert tab.command("suite.restock", {"quantity": 5}).text.count('"stock":5') == 1
            with tab.stream() as chunks:
                read_until(chunks, SHOWN)
                tab.command("suite.create", {"name": "Behind"})
                if self.capabilities.one_process:
                    read_until(chunks, "Behind")
            assert client.get("/static/hello.txt").text == "hello from a file\n"
            assert client.get("/events").status_code == 404
            assert client.get("/native/json").json() == {"native": "json"}
