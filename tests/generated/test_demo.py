"""`make demo`, as somebody at a terminal sees it: made once, answering, gone at Ctrl-C."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Demo:
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))

    def address(self) -> str:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in list(self.lines):
                if found := re.match(r"Ready: (http://127\.0\.0\.1:\d+/)", line):
                    return found[1]
            time.sleep(0.02)
        raise AssertionError("no address in:\n" + "\n".join(self.lines))

    def ctrl_c(self) -> tuple[int, float]:
        """Interrupts the whole group, as a terminal does; returns exit code and seconds."""
        began = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(10), time.monotonic() - began


@contextmanager
def demo(folder: Path, port: int) -> Generator[Demo]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("NITRO_")}
    process = subprocess.Popen(
        [sys.executable, "demo/run.py", str(port)],
        cwd=REPOSITORY,
        env={**environ, "DEMO_FOLDER": str(folder), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Demo(process)
    reader = Thread(target=running.read)
    reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
        reader.join()


@contextmanager
def open_stream(tab: httpx.Client, address: str) -> Generator[httpx.Response]:
    """Opens the list of products and its live stream, as a browser's tab does."""
    page = html.unescape(tab.get(address + "products").raise_for_status().text)
    id = re.search(r"/events\?tab=([\w.-]+)", page)
    view = re.search(r'"product_table": "([\w.-]+)"', page)
    assert id is not None
    assert view is not None
    query = {"tab": id[1], "view": view[1]}
    with tab.stream("GET", address + "events", params=query) as stream:
        assert stream.status_code == 200
        yield stream


def test_the_demo_is_made_once_answers_on_a_free_port_and_ends_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = int(listener.getsockname()[1])
        with demo(folder, taken) as first:
            address = first.address()
            assert any(line.startswith(f"Port {taken} is taken; using ") for line in first.lines)
            with httpx.Client() as tab, open_stream(tab, address) as stream:
                assert b"product-table" in next(stream.iter_bytes())
                code, seconds = first.ctrl_c()
        assert (code, seconds < 1) == (0, True), seconds
    assert not any("Traceback" in line for line in first.lines)
    database = next((folder / "shop").glob("*.db"))
    with closing(sqlite3.connect(database)) as rows:
        assert rows.execute("select count(*) from product").fetchone() == (200,)
    with demo(folder, taken) as second:
        assert second.address() == f"http://127.0.0.1:{taken}/"
        assert second.ctrl_c()[0] == 0
    assert not any(line.startswith("$ nitro new") for line in second.lines)
    assert any(line.startswith("$ nitro new") for line in first.lines)
