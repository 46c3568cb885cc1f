# ruff: noqa: S101 # a suite of tests asserts
"""The end of a server: with streams open, in the midst of requests, and for a reload."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from nitro_runtime.testing.serving import PLAIN, Served
from nitro_runtime.testing.web_suite.client import (
    HEARTBEAT_COMMENT,
    SHOWN,
    Tab,
    read_until,
    waited,
    within,
)
from nitro_runtime.testing.web_suite.server import Suite

CLOSE = {"connection": "close"}
RELOAD_SECONDS = 20.0


class Stopping(Suite):
    """A server waits for open requests; streams must end before it does."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_stops_within_a_second_with_streams_open(self, number: signal.Signals) -> None:
        """However it is asked."""
        within(1, lambda: self._stop(number))

    def test_it_stops_within_a_second_in_the_midst_of_requests(self) -> None:
        """With streams open as well."""
        within(1, lambda: self._stop(signal.SIGTERM, requesting=3))

    def _stop(self, number: signal.Signals, requesting: int = 0) -> float:
        with (
            self.serving() as served,
            self.browser(served.url) as client,
            ExitStack() as stack,
        ):
            tab = Tab(client)
            for _ in range(3):
                stack.enter_context(_listening(tab))
            # A server at rest: some do not stand a signal while they still start.
            with tab.stream([]) as chunks:
                read_until(chunks, HEARTBEAT_COMMENT)
            answered = stack.enter_context(_requests(served, requesting))
            waited(lambda: all(len(statuses) > 5 for statuses in answered), "the first answers")
            # gunicorn's handler of SIGQUIT waits for itself when it interrupts the start of a
            # thread; with these the main thread is past that, as a server at rest is. They leave
            # no idle connection, for which gunicorn would wait a second of its own.
            for _ in range(2):
                tab.client.get("/", headers=CLOSE)
            seconds, code = served.stop(number)
            assert code in self.capabilities.exit_codes, served.log()
            assert "Traceback" not in served.log(), served.log()
            # 503 is a server's own word for being on its way out.
            assert {status for statuses in answered for status in statuses} <= {200, 503}
            return seconds


@contextmanager
def _listening(tab: Tab) -> Generator[None]:
    """Holds a stream open and reads it to its end, as a browser does."""
    with ThreadPoolExecutor(1) as reading, tab.stream() as chunks:
        read_until(chunks, SHOWN)
        ended = reading.submit(_read_to_the_end, chunks)
        yield
        ended.result(10)


@contextmanager
def _requests(served: Served, clients: int) -> Generator[list[list[int]]]:
    """Has pages asked for, again and again, until the server is gone or the block ends."""
    over = threading.Event()
    answered: list[list[int]] = [[] for _ in range(clients)]
    threads = [
        threading.Thread(target=_ask, args=(served.url, statuses, over)) for statuses in answered
    ]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _ask(url: str, statuses: list[int], over: threading.Event) -> None:
    while not over.is_set():
        try:
            response = httpx.get(url, timeout=10, headers=CLOSE, verify=PLAIN)
        except httpx.TransportError:  # the server is gone, which is how this ends
            return
        statuses.append(response.status_code)


class Reloading(Suite):
    """While it is developed, an app is reloaded with its tabs open."""

    def test_it_reloads_with_a_tab_open(self, tmp_path: Path) -> None:
        """The stream ends, a new process answers, and the tab goes on there."""
        command = self.capabilities.reload
        if command is None:
            pytest.skip("This server does not reload.")
        here = tmp_path / "app"
        shutil.copytree(self.cwd, here, ignore=shutil.ignore_patterns("__pycache__"))
        with (
            self.serving(command, here) as served,
            self.browser(served.url) as client,
        ):
            tab = Tab(client)
            before = client.get("/open").json()["process"]
            with tab.stream() as chunks:
                read_until(chunks, SHOWN)
                _change_until_it_ends(here, chunks)
            waited(lambda: _process(served.url) not in {None, before}, "another process", 20)
            with Tab(client).stream() as chunks:
                read_until(chunks, SHOWN)


def _change_until_it_ends(folder: Path, chunks: Iterator[str]) -> None:
    """Changes the sources of an app until its reloader, which may still be starting, sees it."""
    with ThreadPoolExecutor(1) as reading:
        ended = reading.submit(_read_to_the_end, chunks)
        for change in range(10):
            for source in folder.glob("*.py"):
                source.write_text(f"{source.read_text()}\n# change {change}\n")
            if wait([ended], timeout=3).done:
                break
        ended.result(1)


def _read_to_the_end(chunks: Iterator[str]) -> None:
    try:
        for _ in chunks:
            pass
    except httpx.RemoteProtocolError:  # a reloader may end its process without ceremony
        return


def _process(url: str) -> int | None:
    """The process that answers; None while none does."""
    try:
        return int(httpx.get(f"{url}/open", timeout=5, verify=PLAIN).json()["process"])
    except httpx.TransportError:
        return None
