# ruff: noqa: S101 # a suite of tests asserts
"""Streams: when they begin, what comes, to whom, and when it is noticed that nobody listens."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import pairwise

import httpx
import pytest

from nitro_runtime.testing.serving import Served
from nitro_runtime.testing.web_suite.client import SHOWN, Tab, read_until, waited, within
from nitro_runtime.testing.web_suite.server import HEARTBEAT, Suite

LISTENERS = 6
SAYINGS = 20
TELLERS = 8


class Streams(Suite):
    """One stream by itself."""

    def test_a_stream_begins_at_once(self, tab: Tab) -> None:
        """With the time to wait before a reconnect, and the whole state of its views."""
        tab.command("suite.create", {"name": "Before"})

        def begin() -> float:
            begun = time.monotonic()
            with tab.stream() as chunks:
                first = read_until(chunks, SHOWN)
            assert re.match(r"retry: \d+\nid: \S+\n\n", first)
            assert "Before" in first or not self.capabilities.one_process
            return time.monotonic() - begun

        within(0.5, begin)

    def test_a_silent_stream_has_heartbeats(self, tab: Tab) -> None:
        """Comments, so that proxies keep it open."""
        with tab.stream([]) as chunks:
            read_until(chunks, "retry")
            seen: list[float] = []
            while len(seen) < 3:
                text = next(chunks)
                assert set(text) <= {":", "\n"}
                seen.extend([time.monotonic()] * text.count(":"))
        gaps = [later - earlier for earlier, later in pairwise(seen)]
        assert max(gaps) < HEARTBEAT * 2

    def test_a_stream_is_no_longer_open_when_its_client_is_gone(self, tab: Tab) -> None:
        """Noticed at once, or by a server that notices by writing, within three heartbeats."""
        self.needs_one_process()
        waited(lambda: open_count(tab.client) == 0, "the streams of other tests to end")

        def leave() -> float:
            with self.browser(str(tab.client.base_url)) as leaving, ExitStack() as stack:
                for _ in range(3):
                    read_until(stack.enter_context(Tab(leaving).stream()), "retry")
                assert open_count(tab.client) == 3
                leaving.close()  # with its connections, whatever runs over them
            return waited(lambda: open_count(tab.client) == 0, "the streams to end")

        within(self.capabilities.gone_within + 0.1, leave)

    def test_a_reconnect_is_told_everything_again(self, tab: Tab, client: httpx.Client) -> None:
        """The server reads what the browser saw last, and a gap is impossible either way."""
        told = client.get("/echo/x", headers={"last-event-id": "table:7"}).json()
        assert told["last-event-id"] == "table:7"
        tab.command("suite.create", {"name": "Meanwhile"})
        with tab.stream(last_event_id="7") as chunks:
            first = read_until(chunks, SHOWN)
        assert "Meanwhile" in first or not self.capabilities.one_process


class Wire(Suite):
    """What the server itself sends, with nothing in between."""

    def test_no_event_waits_for_the_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nor for a heartbeat, which would hide that it was held back: here there is none."""
        self.needs_one_process()
        silent = {**self.environment, "NITRO_SUITE_HEARTBEAT": "60"}
        monkeypatch.setattr(type(self), "environment", silent)
        with self.serving() as served, self.browser(served.url) as client:
            tab = Tab(client)
            with tab.stream() as chunks:
                read_until(chunks, SHOWN)
                for name in ("One by one", "Two by two", "Three by three"):
                    tab.command("suite.create", {"name": name})
                    read_until(chunks, name)

    def test_the_address_of_a_stream_answers_head(self, tab: Tab, served: Served) -> None:
        """Nothing stands behind the headers, so that the next answer is read as what it is."""
        before = served.log().count("Traceback")
        named = {"cookie": f"nitro_session={tab.client.cookies['nitro_session']}"}
        address = tab.client.base_url.netloc.decode()
        with closing(HTTPConnection(address, timeout=10)) as connection:
            connection.request("HEAD", f"/events?tab={tab.id}", headers=named)
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b"")
            assert response.headers["content-type"].startswith("text/event-stream")
            connection.request("GET", "/native/json")
            assert json.load(connection.getresponse()) == {"native": "json"}
        assert served.log().count("Traceback") == before


class LiveStreams(Suite):
    """What one browser does is seen in another; all in one process."""

    def test_a_table_is_updated_live(self, tab: Tab, served: Served) -> None:
        """What another browser saves is seen in this one."""
        self.needs_one_process()
        with tab.stream() as chunks:
            read_until(chunks, SHOWN)
            with self.browser(served.url) as other:
                name = f"Lamp {time.monotonic_ns()}"
                begun = time.monotonic()
                Tab(other).command("suite.create", {"name": name})
                seen = read_until(chunks, name)
            assert time.monotonic() - begun < 1
            assert f"event: {SHOWN}" in seen

    def test_each_event_is_flushed_alone(self, tab: Tab) -> None:
        """The second event is caused only after the first one was read."""
        self.needs_one_process()
        with tab.stream() as chunks:
            read_until(chunks, SHOWN)
            for name in ("One by one", "Two by two", "Three by three"):
                tab.command("suite.create", {"name": name})
                read_until(chunks, name)

    @pytest.mark.parametrize("place", ["loop", "thread", "later"])
    def test_what_is_yielded_outside_a_command_reaches_the_tab(self, tab: Tab, place: str) -> None:
        """Whether it was emitted in the loop, in a thread, or when the request was over."""
        self.needs_one_process()
        with tab.stream([]) as chunks:
            read_until(chunks, "retry")

            def tell() -> float:
                begun = time.monotonic()
                assert tab.client.get(f"/tell/{tab.id}/{place}").status_code == 200
                assert tab.id in read_until(chunks, "datastar-patch-signals")
                return time.monotonic() - begun

            within(0.25, tell)

    def test_two_users_never_see_each_others_events(self, served: Served) -> None:
        """Nor two tabs, when everybody is told something at once."""
        self.needs_one_process()
        with ExitStack() as stack:
            listening: dict[str, Iterator[str]] = {}
            tabs: list[Tab] = []
            for number in range(LISTENERS):
                tab = Tab(stack.enter_context(self.browser(served.url)))
                tabs.append(tab)
                user = f"user{number // 2}"
                chunks = stack.enter_context(tab.stream([], x_user=user))
                read_until(chunks, "retry")
                listening[tab.id] = chunks
            receivers = [*listening, *(f"user{n}" for n in range(LISTENERS // 2))]
            # a browser each: over HTTP/2, threads cannot share one
            browsers = [stack.enter_context(self.browser(served.url)) for _ in range(TELLERS)]
            sayings = _sayings(receivers)
            with ThreadPoolExecutor(TELLERS) as sending:
                shares = [sayings[number::TELLERS] for number in range(TELLERS)]
                list(sending.map(_tell_all, browsers, shares))
            for number, tab in enumerate(tabs):
                own = {tab.id, f"user{number // 2}"}
                tab.client.get(f"/tell/{tab.id}/loop", params={"text": "the end"})
                seen = read_until(listening[tab.id], "the end")
                heard = re.findall(r'"told":"([^"]+)","text":"(\d+)"', seen)
                assert {receiver for receiver, _ in heard} == own
                for receiver in own:
                    texts = [int(text) for who, text in heard if who == receiver]
                    assert sorted(texts) == list(range(SAYINGS))


def _sayings(receivers: list[str]) -> list[tuple[str, str, int]]:
    places = ("loop", "thread")
    return [(receiver, places[text % 2], text) for text in range(SAYINGS) for receiver in receivers]


def _tell_all(client: httpx.Client, sayings: list[tuple[str, str, int]]) -> None:
    for receiver, place, text in sayings:
        told = client.get(f"/tell/{receiver}/{place}", params={"text": text})
        assert told.status_code == 200


def open_count(client: httpx.Client) -> int:
    """How many streams the server says are open."""
    return int(client.get("/open").json()["open"])
