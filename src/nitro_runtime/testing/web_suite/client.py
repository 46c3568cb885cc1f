# ruff: noqa: S101 # a suite of tests asserts
"""A browser's part in the suite: tabs, and reading streams as they come."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from copy import copy

import httpx

JSON = {"datastar-request": "true", "content-type": "application/json"}
SHOWN = "datastar-patch-elements"
HEARTBEAT_COMMENT = ":\n\n"
VIEW_KEY = r"[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{22}"
"""What the key of a live view looks like in a page."""
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Transport(httpx.HTTPTransport):
    """Sends a request once more when its connection was closed before anything was answered.

    As browsers do (RFC 9112, 9.3.1): a server may close one whose last request it answered before it
    had read it all, and the next one is on its way by then.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request."""
        try:
            return super().handle_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not isinstance(request.stream, httpx.ByteStream):  # it cannot be sent again
                raise
            return super().handle_request(request)


class Tab:
    """A browser tab: a client with its cookie, and the tab id and view keys of a page.

    Args:
        client: The browser.
        path: The page that it opens.
    """

    def __init__(self, client: httpx.Client, path: str = "/") -> None:
        self.client = client
        self.path = path
        self.page = client.get(path).text
        found = re.search(r"tab=([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22})", self.page)
        assert found, f"the page names no tab: {self.page[:2000]}"
        self.id = found[1]
        self.views = re.findall(VIEW_KEY, self.page)

    def at(self, other: httpx.Client) -> Tab:
        """Returns the same tab of the same browser, whose requests now go to another instance."""
        other.cookies.update(self.client.cookies)
        moved = copy(self)
        moved.client = other
        return moved

    def command(self, name: str, data: object = None, **headers: str) -> httpx.Response:
        """Sends a command as Datastar does."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        body = json.dumps(data or {}).encode()
        address = f"{self.path}cmds/{name}/{self.id}"
        return self.client.post(address, content=body, headers={**JSON, **named})

    @contextmanager
    def stream(
        self, views: Sequence[str] | None = None, topics: Sequence[str] = (), **headers: str
    ) -> Generator[Iterator[str]]:
        """Opens the stream of the tab and yields its chunks, as they arrive."""
        keys = self.views if views is None else list(views)
        params = httpx.QueryParams({"tab": self.id, "view": keys, "topic": list(topics)})
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        address = f"{self.path}events"
        with self.client.stream("GET", address, params=params, headers=named) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            chunks = response.iter_text()  # held here: one that nobody holds ends the stream
            yield chunks


def read_until(chunks: Iterator[str], wanted: str, seconds: float = 5) -> str:
    """Reads a stream until a text has come, and returns all that came."""
    seen = ""
    deadline = time.monotonic() + seconds
    while wanted not in seen:
        assert time.monotonic() < deadline, f"{wanted!r} did not come within {seconds} s: {seen}"
        seen += next(chunks)
    return seen


def read_to_the_end(chunks: Iterator[str], seconds: float = 5) -> str:
    """Reads a stream until it ends, and returns all that came."""
    seen = ""
    deadline = time.monotonic() + seconds
    for text in chunks:
        seen += text
        assert time.monotonic() < deadline, f"the stream did not end within {seconds} s: {seen}"
    return seen


def waited(condition: Callable[[], object], what: str, seconds: float = 10) -> float:
    """Waits until the condition holds, and returns the seconds that it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, f"waited {seconds} s in vain for {what}"
        time.sleep(0.01)
    return time.monotonic() - begun


def within(seconds: float, measure: Callable[[], float], tries: int = 3) -> None:
    """Has something measured that must not take longer, in one of three tries.

    The machine may be busy with other things; what is too slow by itself is so each time. When more
    wants to run than the machine has processors, everything takes longer by that.
    """
    allowed = seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    taken: list[float] = []
    while not taken or (taken[-1] >= allowed and len(taken) < tries):
        taken.append(measure())
    assert taken[-1] < allowed, f"took {taken} s each time; at most {allowed:.2f} s were allowed"
