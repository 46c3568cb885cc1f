# ruff: noqa: S101 # a suite of tests asserts
"""The conformance suite of web adapters: what an app with Nitro does, over HTTP, whatever serves it.

An adapter of your own is tested in three lines, with the app of `nitro_runtime.testing.web_app`::

    class TestMine(WebSuite):
        command = [sys.executable, "-m", "myserver", "myapp:app", "--port", "{port}"]
        cwd = Path(__file__).parent
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from nitro_runtime.testing.serving import Served, serve

JSON = {"datastar-request": "true", "content-type": "application/json"}
SHOWN = "datastar-patch-elements"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server and framework can do; tests are gated on these, never on names.

    Attributes:
        streams: How many streams may be open at once while pages still answer.
        exit_codes: What the process may end with after it was asked to.
    """

    streams: int = 50
    exit_codes: tuple[int, ...] = (0,)


class Tab:
    """A browser tab: a client with its cookie, and the tab id and view keys of a page."""

    def __init__(self, client: httpx.Client, page: str) -> None:
        self.client = client
        self.page = page
        found = re.search(r"tab=([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22})", page)
        assert found, "the page names no tab"
        self.id = found[1]
        self.views = re.findall(r"[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{22}", page)

    def command(self, name: str, data: object = None, **headers: str) -> httpx.Response:
        """Sends a command as Datastar does."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        body = json.dumps(data or {}).encode()
        return self.client.post(f"/cmds/{name}/{self.id}", content=body, headers={**JSON, **named})

    @contextmanager
    def stream(self, views: Sequence[str] | None = None) -> Generator[Iterator[str]]:
        """Opens the stream of the tab and yields its chunks, as they arrive."""
        keys = self.views if views is None else list(views)
        params = httpx.QueryParams({"tab": self.id, "view": keys})
        with self.client.stream("GET", "/events", params=params) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            yield response.iter_text()


def read_until(chunks: Iterator[str], wanted: str, seconds: float = 5) -> str:
    """Reads a stream until a text has come, and returns all that came."""
    seen = ""
    deadline = time.monotonic() + seconds
    while wanted not in seen:
        assert time.monotonic() < deadline, f"{wanted!r} did not come within {seconds} s: {seen}"
        seen += next(chunks)
    return seen


class WebSuite:
    """The tests. A subclass names the ``command`` that serves the app, where, and what it can do."""

    command: ClassVar[Sequence[str]]
    cwd: ClassVar[Path]
    capabilities: ClassVar[Capabilities] = Capabilities()
    environment: ClassVar[dict[str, str]] = {"NITRO_SECRET_KEY": "a key for the suite alone"}

    @classmethod
    def serving(cls) -> Any:  # noqa: ANN401 # a context manager of Served
        """Runs the server for a block."""
        return serve(cls.command, cwd=cls.cwd, environment=cls.environment)

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls) -> Iterator[Served]:
        """The server that the tests of a class share."""
        with cls.serving() as served:
            yield served

    @pytest.fixture
    def client(self, served: Served) -> Iterator[httpx.Client]:
        """A browser without a cookie yet."""
        with httpx.Client(base_url=served.url, timeout=5) as client:
            yield client

    @pytest.fixture
    def tab(self, client: httpx.Client) -> Tab:
        """A tab that has opened the page."""
        return Tab(client, client.get("/").text)

    # -- pages ----------------------------------------------------------------------------------

    def test_a_page_is_html_with_a_session(self, client: httpx.Client) -> None:
        """A page is whole, private, and gives the browser a name that no script can read."""
        response = client.get("/")
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.text.lower().startswith("<!doctype html>")
        cookie = response.headers["set-cookie"]
        assert re.match(r"nitro_session=[\w-]{22}; Path=/; HttpOnly; SameSite=Lax$", cookie)
        assert "set-cookie" not in client.get("/").headers

    def test_a_page_answers_head(self, client: httpx.Client) -> None:
        """HEAD has the headers of GET and no body."""
        response = client.head("/")
        assert (response.status_code, response.content) == (200, b"")

    def test_a_static_file_is_served(self, client: httpx.Client) -> None:
        """Static files come from the folder, and from nowhere else."""
        assert client.get("/static/hello.txt").text == "hello from a file\n"
        assert client.get("/static/missing.txt").status_code == 404
        assert client.get("/static/%2e%2e/web_app.py").status_code == 404

    def test_datastar_is_sent_patches_of_a_page(self, client: httpx.Client) -> None:
        """The same address answers Datastar with events that morph the page."""
        response = client.get("/", headers={"datastar-request": "true"})
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["vary"] == "datastar-request"
        assert "event: datastar-patch-elements" in response.text
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
        assert "datastar-patch-elements" in response.text
        assert 'aria-invalid="true"' in response.text

    def test_parameters_are_decoded(self, client: httpx.Client) -> None:
        """Path, query and body, percent-encoded and Unicode."""
        told = client.get("/echo/caf%C3%A9%20%26%20tea", params=[("a", "1"), ("a", "ü&=")]).json()
        assert told["params"] == {"word": "café & tea"}
        assert told["path"] == "/echo/café & tea"
        assert told["query"] == [["a", "1"], ["a", "ü&="]]
        told = client.post(
            "/echo/x", content='{"näme": "☃"}'.encode(), headers={**JSON, "sec-fetch-site": "none"}
        ).json()
        assert told["signals"] == {"näme": "☃"}
        told = client.request(
            "DELETE", "/echo/x", params={"datastar": '{"n": 1}'}, headers=JSON
        ).json()
        assert told["signals"] == {"n": 1}

    # -- commands -------------------------------------------------------------------------------

    def test_a_command_answers_with_signals(self, tab: Tab) -> None:
        """A dict goes out as signals."""
        response = tab.command("suite.restock", {"quantity": 5})
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.text == 'event: datastar-patch-signals\ndata: signals {"stock":5}\n\n'

    def test_a_command_answers_with_every_patch_in_order(self, tab: Tab) -> None:
        """A generator's patches come one after another."""
        text = tab.command("suite.steps").text
        assert re.findall(r'"step": ?(\d)', text) == ["1", "2"]

    def test_a_command_without_a_result_is_an_empty_200(self, tab: Tab) -> None:
        """Nothing to patch is no error."""
        response = tab.command("suite.create", {"name": "Quiet"})
        assert (response.status_code, response.content) == (200, b"")

    def test_a_command_is_sent_as_a_plain_form(self, tab: Tab) -> None:
        """Without JavaScript: back to the page that it came from."""
        origin = str(tab.client.base_url).rstrip("/")
        response = tab.client.post(
            f"/cmds/suite.create/{tab.id}",
            data={"name": "Plain"},
            headers={
                "origin": origin,
                "referer": f"{str(tab.client.base_url).rstrip('/')}/echo/x?a=1",
            },
        )
        assert (response.status_code, response.headers["location"]) == (303, "/echo/x?a=1")

    def test_a_query_may_be_asked_by_get(self, tab: Tab) -> None:
        """An element goes out as a patch."""
        response = tab.client.get(
            f"/cmds/suite.greet/{tab.id}",
            params={"datastar": '{"name": "<Ann>"}'},
            headers={"datastar-request": "true"},
        )
        assert response.status_code == 200
        assert '<p id="greeting">Hello &lt;Ann&gt;</p>' in response.text

    def test_signed_in_users_alone_may_run_a_private_command(self, tab: Tab) -> None:
        """Who acts is the host's user, never the tab."""
        assert tab.command("suite.private").status_code == 403
        assert tab.command("suite.private", x_user="ann").status_code == 200

    def test_a_crash_tells_nothing(self, tab: Tab) -> None:
        """What went wrong inside stays inside."""
        response = tab.command("suite.crash")
        assert response.status_code == 500
        assert "secret inside" not in response.text

    # -- the gate -------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("status", "path", "headers", "body"),
        [
            (403, "suite.restock", {**JSON, "sec-fetch-site": "cross-site"}, b"{}"),
            (403, "suite.restock", {**JSON, "sec-fetch-site": "same-site"}, b"{}"),
            (403, "suite.restock", {**JSON, "origin": "http://evil.example"}, b"{}"),
            (403, "suite.restock", FORM, b"quantity=5"),
            (404, "suite.unknown", JSON, b"{}"),
            (404, "suite.told", JSON, b"{}"),
            (404, "suiteitem.created", JSON, b"{}"),
            (404, "Suite.restock", JSON, b"{}"),
            (404, "__class__", JSON, b"{}"),
            (413, "suite.restock", JSON, b'{"quantity":' + b" " * 65_536 + b"5}"),
            (415, "suite.restock", {**JSON, "content-type": "text/plain"}, b"{}"),
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
        assert re.fullmatch(r"[A-Za-z][^\n]{8,200}\.", response.text)
        assert "Traceback" not in response.text

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

    def test_a_foreign_tab_is_refused(self, tab: Tab, served: Served) -> None:
        """A tab id opens nothing in another browser, nor when it was made up."""
        with httpx.Client(base_url=served.url) as other:
            stranger = Tab(other, other.get("/").text)
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

    # -- streams --------------------------------------------------------------------------------

    def test_a_stream_begins_at_once_with_the_whole_state(self, tab: Tab) -> None:
        """What the tab shows may be old already when its stream opens."""
        tab.command("suite.create", {"name": "Before"})
        begun = time.monotonic()
        with tab.stream() as chunks:
            first = read_until(chunks, "Before")
        assert time.monotonic() - begun < 2
        assert first.startswith("retry: ")

    def test_a_table_is_updated_live(self, tab: Tab, served: Served) -> None:
        """What another browser saves is seen in this one."""
        with tab.stream() as chunks:
            read_until(chunks, SHOWN)
            with httpx.Client(base_url=served.url) as other:
                name = f"Lamp {time.monotonic_ns()}"
                begun = time.monotonic()
                Tab(other, other.get("/").text).command("suite.create", {"name": name})
                seen = read_until(chunks, name)
            assert time.monotonic() - begun < 1
            assert "event: datastar-patch-elements" in seen

    def test_each_event_is_flushed_alone(self, tab: Tab) -> None:
        """The second event is caused only after the first one was read."""
        with tab.stream() as chunks:
            read_until(chunks, SHOWN)
            for name in ("One by one", "Two by two"):
                tab.command("suite.create", {"name": name})
                read_until(chunks, name)

    def test_what_is_yielded_outside_a_command_reaches_the_tab(self, tab: Tab) -> None:
        """And no other."""
        with tab.stream([]) as chunks:
            read_until(chunks, "retry")
            assert tab.client.get(f"/tell/{tab.id}").status_code == 200
            assert tab.id in read_until(chunks, "datastar-patch-signals")

    def test_pages_answer_while_streams_are_open(self, tab: Tab) -> None:
        """As many streams as the server says it can hold."""
        with ExitStack() as stack:
            for _ in range(self.capabilities.streams):
                read_until(stack.enter_context(tab.stream([])), "retry")
            assert tab.client.get("/").status_code == 200

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_stops_within_a_second_with_streams_open(self, number: signal.Signals) -> None:
        """A server waits for open requests; streams must end before it does.

        On a machine that is busy with other things it is given three tries.
        """
        taken: list[float] = []
        while not taken or (taken[-1] >= 1 and len(taken) < 3):
            taken.append(self._stop_with_streams_open(number))
        assert taken[-1] < 1

    def _stop_with_streams_open(self, number: signal.Signals) -> float:
        with (
            self.serving() as served,
            httpx.Client(base_url=served.url, timeout=10) as client,
            ExitStack() as stack,
        ):
            tab = Tab(client, client.get("/").text)
            for _ in range(3):
                read_until(stack.enter_context(tab.stream()), SHOWN)
            # gunicorn's handler of SIGQUIT waits for itself when it interrupts the start of a
            # thread; with these the main thread is past that, as a server at rest is. They leave
            # no idle connection, for which gunicorn would wait a second of its own.
            for _ in range(2):
                tab.client.get("/", headers={"connection": "close"})
            seconds, code = served.stop(number)
            assert code in self.capabilities.exit_codes, served.log()
            assert "Traceback" not in served.log()
            return seconds
