"""Programs as somebody at a terminal runs them: their lines, and Ctrl-C to all that they started."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx
from waiting import until

from nitro_runtime.testing.serving import PLAIN

READY = re.compile(r"Ready: (http://127\.0\.0\.1:\d+/)")


@dataclass
class Program:
    """A program with a process group of its own.

    Attributes:
        process: The program.
        lines: What it has written, without the line ends.
    """

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))

    def said(self) -> str:
        return "\n".join(self.lines)

    def address(self, seconds: float = 120) -> str:
        """Waits for the address that `nitro dev` says."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, self.said()
            return next(filter(None, map(READY.match, list(self.lines))), None)

        until(found, "the address", seconds)
        match = found()
        assert match is not None
        return match[1]

    def until_it_answers(self, address: str, seconds: float = 30) -> None:
        """Waits until there is an HTTP server at the address."""

        def answers() -> bool:
            assert self.process.poll() is None, self.said()
            try:
                httpx.get(address, timeout=5, verify=PLAIN)
            except httpx.TransportError:
                return False
            return True

        until(answers, f"an answer at {address}", seconds)

    def ctrl_c(self) -> tuple[int, float]:
        """Interrupts the whole group, as a terminal does; returns exit code and seconds."""
        began = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(20), time.monotonic() - began


@contextmanager
def running(
    words: Sequence[str], cwd: Path, environ: Mapping[str, str] | None = None
) -> Generator[Program]:
    """Runs a program for as long as the block lasts; nothing that it started outlives the block."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env={**plain, "PYTHONUNBUFFERED": "1", **(environ or {})},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    program = Program(process)
    reader = Thread(target=program.read)
    reader.start()
    try:
        yield program
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            _end_the_rest(process.pid)
        reader.join()


def _end_the_rest(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:  # nobody is left
        return


@contextmanager
def open_stream(tab: httpx.Client, page: str) -> Generator[httpx.Response]:
    """Opens the list of products and its live stream, as a browser's tab does.

    Args:
        tab: Keeps the cookies.
        page: The address of the list.
    """
    text = html.unescape(tab.get(page).raise_for_status().text)
    id = re.search(r"/events\?tab=([\w.-]+)", text)
    view = re.search(r'"product_table": "([\w.-]+)"', text)
    assert id is not None
    assert view is not None
    query = {"tab": id[1], "view": view[1]}
    with tab.stream("GET", str(httpx.URL(page).join("/events")), params=query) as stream:
        assert stream.status_code == 200
        yield stream
