# ruff: noqa: S101 # a suite of tests asserts
"""Topics: who may listen, what a stream begins with and misses nothing of, and logouts; bursts of changes."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack

import httpx

from nitro_runtime.testing.serving import Served
from nitro_runtime.testing.web_suite.client import SHOWN, VIEW_KEY, Tab, read_to_the_end, read_until
from nitro_runtime.testing.web_suite.server import Suite
from nitro_runtime.testing.web_topics import BURST

MOST_PATCHES = 25
"""In the time that a burst takes; one in 50 ms at most, and it lasts half a second."""


class Topics(Suite):
    """What a page listens to beside its views."""

    def test_a_topic_is_for_whom_its_rule_lets_in(self, tab: Tab) -> None:
        """Anybody else is refused with a sentence, and nobody may ask for Nitro's own."""
        for name, user in (
            ("suite-room:hall", ""),
            ("suite-room:cellar", "ann"),
            ("nothing:here", "ann"),
            ("suite-room:", "ann"),
            ("user:ann", "ann"),
            (f"tab:{tab.id}", "ann"),
        ):
            refused = tab.client.get(
                "/events",
                params={"tab": tab.id, "topic": name},
                headers={"x-user": user} if user else {},
            )
            assert refused.status_code == 403, (name, user)
            assert refused.text == "You may not listen to this topic."

    def test_a_stream_begins_with_the_state_of_its_topics(self, tab: Tab) -> None:
        """Made for the visitor who listens."""
        with tab.stream([], ["suite-room:hall"], x_user="ann") as chunks:
            assert "ann in hall" in read_until(chunks, "ann in hall")

    def test_what_is_broadcast_is_heard_by_those_who_listen(self, tab: Tab) -> None:
        """And by nobody else."""
        self.needs_one_process()
        with tab.stream([], ["suite-room:a"], x_user="ann") as chunks:
            read_until(chunks, "ann in a")
            assert self._told(tab.client, "/rooms/b/say/unheard") == 0
            assert self._told(tab.client, "/rooms/a/say/heard") == 1
            assert "unheard" not in read_until(chunks, '"said":"heard"')
            assert self._told(tab.client, "/rooms/a/send") == 1
            read_until(chunks, "location.assign(")

    def test_a_page_names_its_topics_in_the_address_of_its_stream(
        self, client: httpx.Client
    ) -> None:
        """Percent-encoded, as everything in an address."""
        page = client.get("/rooms/a%26b").text
        assert "&topic=suite-room%3Aa%26b" in page.replace("\\u0026", "&")

    def test_a_stream_that_was_away_is_sent_what_it_missed_of_its_user(self, tab: Tab) -> None:
        """In order, each once."""
        self.needs_one_process()
        user = f"user-{time.monotonic_ns()}"
        with tab.stream([], x_user=user) as chunks:
            tab.client.get(f"/tell/{user}/loop", params={"text": "first"})
            seen = read_until(chunks, '"text":"first"')
        last = re.findall(r"^id: (.+)$", seen, re.MULTILINE)[-1]
        for text in ("second", "third"):
            tab.client.get(f"/tell/{user}/loop", params={"text": text})
        with tab.stream([], x_user=user, last_event_id=last) as chunks:
            missed = read_until(chunks, '"text":"third"')
        assert re.findall(r'"text":"(\w+)"', missed) == ["second", "third"]
        with tab.stream([], x_user=user, last_event_id="another-run:0-1") as chunks:
            assert f'"user:{user}"' in read_until(chunks, "nitro-resync")

    def test_a_logout_ends_the_streams_of_a_user(self, served: Served) -> None:
        """On all their devices; who comes back is who the login says."""
        self.needs_one_process()
        user = f"user-{time.monotonic_ns()}"
        with ExitStack() as stack:
            here, there, other = [
                Tab(stack.enter_context(self.browser(served.url))) for _ in range(3)
            ]
            for one in (here, there):
                one.client.get(f"/login/{user}").raise_for_status()
            other.client.get(f"/login/other-{user}").raise_for_status()
            streams = [stack.enter_context(one.stream([])) for one in (here, there, other)]
            for chunks in streams:
                read_until(chunks, "retry")
            self._say(here, user, "before")
            for chunks in streams[:2]:
                read_until(chunks, '"text":"before"')
            copied = "; ".join(f"{name}={value}" for name, value in here.client.cookies.items())
            assert json.loads(here.client.get("/logout").text) == {"ended": 2}
            for chunks in streams[:2]:
                assert "before" not in read_to_the_end(chunks)
            asked = {"tab": here.id, "topic": "suite-room:hall"}
            kept = {"cookie": copied}
            with here.client.stream("GET", "/events", params=asked, headers=kept) as refused:
                assert refused.status_code == 403
            back = stack.enter_context(here.stream([], cookie=copied))
            again = stack.enter_context(there.stream([], ["suite-room:hall"]))
            read_until(back, "retry")
            read_until(again, f"{user} in hall")
            self._say(other, user, "after")
            read_until(again, '"text":"after"')  # there, nobody logged out
            self._say(other, here.id, "the end")
            assert '"text":"after"' not in read_until(back, '"text":"the end"')
            self._say(other, f"other-{user}", "yours")
            assert user not in read_until(streams[2], '"text":"yours"').replace(f"other-{user}", "")

    @staticmethod
    def _say(tab: Tab, receiver: str, text: str) -> None:
        tab.client.get(f"/tell/{receiver}/loop", params={"text": text}).raise_for_status()

    @staticmethod
    def _told(client: httpx.Client, path: str) -> int:
        return int(client.get(path).json()["reached"])


class Bursts(Suite):
    """Many changes in a short time."""

    def test_a_thousand_commits_are_few_patches_and_the_last_is_right(
        self, tab: Tab, served: Served
    ) -> None:
        """A view is rendered at once, then at most every 50 ms, and the last state always comes."""
        self.needs_one_process()
        keys = re.findall(VIEW_KEY, tab.client.get("/gauges").text)
        with tab.stream(keys) as chunks, self.browser(served.url) as other:
            read_until(chunks, SHOWN)
            assert other.get("/gauges/burst", timeout=30).status_code == 200
            seen = read_until(chunks, f">{BURST}<", 10)
        shown = [int(value) for value in re.findall(r">(\d+)</td>", seen)]
        assert shown[-1] == BURST
        assert shown == sorted(shown)
        assert 2 <= seen.count(f"event: {SHOWN}") <= MOST_PATCHES
