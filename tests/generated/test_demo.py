"""`make demo`, as somebody at a terminal sees it: made once, answering, gone at Ctrl-C."""

from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from programs import Program, open_stream, running

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def demo(folder: Path, port: int) -> Generator[Program]:
    words = [sys.executable, "demo/run.py", str(port)]
    with running(words, REPOSITORY, {"DEMO_FOLDER": str(folder)}) as program:
        yield program


def test_the_demo_is_made_once_answers_on_a_free_port_and_ends_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = int(listener.getsockname()[1])
        with demo(folder, taken) as first:
            address = first.address()
            assert any(line.startswith(f"Port {taken} is taken; using ") for line in first.lines)
            with httpx.Client() as tab, open_stream(tab, address + "products") as stream:
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
