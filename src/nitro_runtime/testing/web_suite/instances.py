# ruff: noqa: S101 # a suite of tests asserts
"""Several instances: what happens in one process is seen in another, joined by a broker and a database."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nitro_runtime.testing.services import own_broker
from nitro_runtime.testing.serving import SECONDS_TO_STOP, Served, free_port, together
from nitro_runtime.testing.web_suite.client import (
    HEARTBEAT_COMMENT,
    SHOWN,
    Tab,
    read_to_the_end,
    read_until,
)
from nitro_runtime.testing.web_suite.server import Suite

SAYINGS = 10
"""Of each instance."""

ALONE = "does not serve, so streams see what happens in this process only"


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of one app.

    Attributes:
        pair: Two that one broker and one database join.
        alone: One at whose broker's address nobody listens.
    """

    pair: list[Served]
    alone: Served


class Instances(Suite):
    """As behind a balancer, which sends each request wherever it likes."""

    @pytest.fixture(scope="class")
    @classmethod
    def processes(cls) -> Iterator[tuple[Group, Callable[[], Served]]]:
        """The processes that the tests share, which start at the same time; and what starts one more."""
        with (
            own_broker() as broker,
            TemporaryDirectory(prefix="nitro-suite-") as folder,
            ExitStack() as stack,
        ):
            database = f"sqlite:///{Path(folder) / 'shared.db'}"
            joined = partial(cls.serving, NITRO_BROKER_URL=broker, NITRO_DATABASE_URL=database)
            alone = cls.serving(NITRO_BROKER_URL=f"redis://127.0.0.1:{free_port()}/0")
            one, two, three = stack.enter_context(together([joined(), joined(), alone]))
            yield Group([one, two], three), lambda: stack.enter_context(joined())

    @pytest.fixture
    def group(self, processes: tuple[Group, Callable[[], Served]]) -> Group:
        """All of them, whichever a test before has ended."""
        group, one_more = processes
        for index, served in enumerate(group.pair):
            if served.process.poll() is not None:
                group.pair[index] = one_more()
        return group

    def test_what_is_said_through_one_is_heard_through_the_other(self, group: Group) -> None:
        """On a topic and by a user: each once, in order, with the same number on every stream."""
        user = _fresh("user")
        with self._open_on(group.pair) as tabs, ExitStack() as stack:
            streams = [
                stack.enter_context(tab.stream([], [f"suite-room:{user}"], x_user=user))
                for tab in tabs
            ]
            seen = [read_until(chunks, f"{user} in {user}") for chunks in streams]
            for who, tab in enumerate(tabs):
                for number in range(0, SAYINGS, 2):
                    _say(tab, f"/rooms/{user}/say/{who}.{number}")
                    _say(tab, f"/tell/{user}/thread?text={who}.{number + 1}")
                for index, chunks in enumerate(streams):
                    seen[index] += read_until(chunks, f'"{who}.{SAYINGS - 1}"')
            said = [f"{who}.{number}" for who in range(2) for number in range(SAYINGS)]
            for each in seen:
                assert _texts(each) == said
                assert _ids(each)[1:] == _ids(seen[0])[1:]

    def test_what_is_saved_through_one_is_shown_by_live_views_of_the_other(
        self, group: Group
    ) -> None:
        """Each is rendered once for a commit."""
        with self._open_on(group.pair) as (here, there), there.stream() as chunks:
            read_until(chunks, SHOWN)
            seen = ""
            names = [_fresh("Lamp") for _ in range(3)]
            for name in names:
                assert here.command("suite.create", {"name": name}).status_code == 200
                seen += read_until(chunks, name)
            _say(here, f"/tell/{there.id}/loop?text=end")
            seen += read_until(chunks, '"text":"end"')
            assert seen.count(f"event: {SHOWN}") == len(names)
            assert [seen.count(name) for name in names] == [3, 2, 1]

    def test_a_logout_on_one_ends_the_streams_of_a_user_on_all(self, group: Group) -> None:
        """Those of others go on."""
        user, other = _fresh("user"), _fresh("other")
        with self._open_on(group.pair) as tabs, ExitStack() as stack:
            hers = [stack.enter_context(tab.stream([], x_user=user)) for tab in tabs]
            his = [stack.enter_context(tab.stream([], x_user=other)) for tab in tabs]
            for chunks in (*hers, *his):
                read_until(chunks, "retry")
            tabs[0].client.get("/logout", headers={"x-user": user}).raise_for_status()
            for chunks in hers:
                read_to_the_end(chunks)
            _say(tabs[0], f"/tell/{other}/loop?text=still here")
            for chunks in his:
                read_until(chunks, '"text":"still here"')

    def test_a_tab_that_comes_back_to_the_other_is_sent_what_it_missed(self, group: Group) -> None:
        """In order, nothing twice; its views are shown there as well."""
        user = _fresh("user")
        with self._open_on(group.pair) as (here, there):
            with here.stream(x_user=user) as chunks:
                read_until(chunks, SHOWN)
                _say(here, f"/tell/{user}/loop?text=first")
                last = _ids(read_until(chunks, '"text":"first"'))[-1]
            for text in ("second", "third"):
                _say(here, f"/tell/{user}/loop?text={text}")
            with there.stream(x_user=user, last_event_id=last) as chunks:
                seen = read_until(chunks, '"text":"third"')
                _say(there, f"/tell/{user}/loop?text=fourth")
                seen += read_until(chunks, '"text":"fourth"')
            assert SHOWN in seen
            assert "nitro-resync" not in seen
            assert _texts(seen) == ["second", "third", "fourth"]

    def test_without_its_broker_an_app_goes_on_alone(self, group: Group) -> None:
        """It has started, answers, and streams what happens in it; and says so in the log."""
        self.needs_one_process()
        user = _fresh("user")
        with self._open_on([group.alone]) as [tab]:
            with tab.stream(topics=["suite-room:hall"], x_user=user) as chunks:
                read_until(chunks, f"{user} in hall")
                name = _fresh("Lamp")
                assert tab.command("suite.create", {"name": name}).status_code == 200
                read_until(chunks, name)
                for number in range(SAYINGS):
                    _say(tab, f"/rooms/hall/say/{number}")
                seen = read_until(chunks, f'"{SAYINGS - 1}"')
            assert _texts(seen) == [str(number) for number in range(SAYINGS)]
        log = group.alone.log()
        assert ALONE in log
        assert "Traceback" not in log

    def test_what_an_instance_said_last_is_heard_and_its_tabs_go_on_elsewhere(
        self, group: Group
    ) -> None:
        """It is asked to stop when it has answered; nothing is missing, nothing comes twice."""
        user = _fresh("user")
        said = [str(number) for number in range(SAYINGS)]
        staying, leaving = group.pair
        with (
            self._open_on([staying, leaving]) as (there, here),
            there.stream([], x_user=user) as heard,
        ):
            with here.stream([], x_user=user) as chunks:
                # A server at rest: some do not stand a signal while they still start.
                seen = read_until(chunks, HEARTBEAT_COMMENT)
                for text in said:
                    _say(here, f"/tell/{user}/loop?text={text}")
                leaving.process.send_signal(signal.SIGTERM)
            assert _texts(read_until(heard, f'"text":"{said[-1]}"')) == said
            with there.stream([], x_user=user, last_event_id=_ids(seen)[-1]) as chunks:
                _say(there, f"/tell/{user}/loop?text=end")
                assert _texts(read_until(chunks, '"text":"end"')) == [*said, "end"]
        assert leaving.process.wait(SECONDS_TO_STOP) in self.capabilities.exit_codes

    @contextmanager
    def _open_on(self, served: Sequence[Served]) -> Generator[list[Tab]]:
        """Opens one tab of a browser, whose requests go to each of the servers."""
        with ExitStack() as stack:
            clients = [stack.enter_context(self.browser(each.url)) for each in served]
            tab = Tab(clients[0])
            yield [tab.at(client) for client in clients]


def _fresh(name: str) -> str:
    return f"{name}-{time.monotonic_ns()}"


def _say(tab: Tab, path: str) -> None:
    tab.client.get(path).raise_for_status()


def _texts(seen: str) -> list[str]:
    return re.findall(r'"(?:said|text)":"([^"]+)"', seen)


def _ids(seen: str) -> list[str]:
    return re.findall(r"^id: (.+)$", seen, re.MULTILINE)
