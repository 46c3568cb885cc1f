"""The development server: ports, the address, the end of everything, what is missing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest
from waiting import gone, until

from nitro_cli import devserver
from nitro_cli.devserver import Server, ServerFailed, Terminal, choose_port, is_free
from nitro_cli.tailwind import Stylesheet
from nitro_runtime.errors import UsageError

# -- ports ----------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_named_and_the_next_free_one_is_used() -> None:
    said: list[str] = []
    assert choose_port(8000, said.append, lambda port: port >= 8002) == 8002
    assert said == ["Port 8000 is taken; using 8002."]


def test_a_free_port_is_used_without_a_word() -> None:
    said: list[str] = []
    assert choose_port(None, said.append, lambda _port: True) == 8000
    assert said == []


def test_no_free_port_at_all_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="Port 65530 and those after it are taken; name another"):
        choose_port(65530, lambda _sentence: None, lambda _port: False)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - a listener of this test
def test_a_listener_on_this_machine_takes_the_port(host: str) -> None:
    with socket.socket() as listener:
        listener.bind((host, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert is_free(port) is False
    assert is_free(port) is True


# -- lines ----------------------------------------------------------------------------------------


def test_lines_carry_the_label_of_their_program() -> None:
    lines: list[str] = []
    terminal = Terminal(lines.append)
    terminal.show("css", "Done in 45ms")
    terminal.show("server", "")
    terminal.say("Ready")
    assert lines == ["css    | Done in 45ms", "server |", "Ready"]


@pytest.mark.parametrize(
    ("line", "failed"),
    [
        ("Traceback (most recent call last):", True),
        ('ERROR:    Error loading ASGI app. Could not import module "shop.app".', True),
        ("INFO:     0 errors", False),
        ("INFO:     Application startup complete.", False),
    ],
)
def test_a_failed_start_is_recognised_by_its_line(line: str, failed: bool) -> None:
    terminal = Terminal(lambda _line: None)
    terminal.show("css", "Traceback (most recent call last):")
    terminal.show("server", line)
    assert terminal.saw_failure is failed


# -- the whole command ----------------------------------------------------------------------------

RUN = """
import sys
from pathlib import Path
from nitro_cli.devserver import Server, run
from nitro_cli.tailwind import Stylesheet
from nitro_runtime.errors import NitroError

class Folders:
    root = Path.cwd()
    package = "shop"

server = Server(Path.cwd(), ("{python}", "server.py", "{port}"), "shop", Stylesheet.of(Folders()))
try:
    run(server, port=int(sys.argv[1]), write=lambda line: print(line, flush=True))
except NitroError as problem:
    print(problem, flush=True)
    sys.exit(1)
"""

# Answers pages, holds one stream open, has a worker, and listens to no polite signal.
STUBBORN_SERVER = """
import http.server, os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("pids").write_text(f"{os.getpid()} {worker.pid}")

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"first")
        self.wfile.flush()
        if self.path == "/stream":
            time.sleep(600)

print("starting", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a plain stylesheet and a browser file, on a machine without Tailwind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop" / "styles").mkdir(parents=True)
    (tmp_path / "shop" / "static").mkdir()
    (tmp_path / "shop" / "static" / "datastar.js").write_text("/* there already */")
    (tmp_path / "shop" / "styles" / "components.css").write_text(".btn{}")
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, beginning: str) -> bool:
        return any(line.startswith(beginning) for line in self.lines)


@contextmanager
def running(project: Path, source: str, port: int) -> Generator[Running]:
    (project / "server.py").write_text(source)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(port)],
        cwd=project,
        env={**os.environ, "NITRO_TAILWIND_BIN": "/nowhere/tailwind"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    command = Running(process)
    reader = Thread(target=command.read)
    reader.start()
    try:
        yield command
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def test_ctrl_c_ends_everything_within_a_second_with_a_stream_open(project: Path) -> None:
    port = free_port()
    with running(project, STUBBORN_SERVER, port) as command:
        until(lambda: command.said(f"Ready: http://127.0.0.1:{port}/"), "the address")
        assert "server | starting" in command.lines
        pids = [int(pid) for pid in (project / "pids").read_text().split()]
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
            assert stream.recv(1)
            began = time.monotonic()
            command.process.send_signal(signal.SIGINT)
            assert command.process.wait(10) == 0
            assert time.monotonic() - began < 1
        assert all(gone(pid) for pid in pids)
        assert is_free(port)
    assert not any("Traceback" in line for line in command.lines)


def test_sigterm_ends_it_as_ctrl_c_does(project: Path) -> None:
    with running(project, STUBBORN_SERVER, free_port()) as command:
        until(lambda: command.said("Ready: "), "the address")
        command.process.send_signal(signal.SIGTERM)
        assert command.process.wait(10) == 0


LATE_SERVER = """
import http.server, pathlib, socketserver, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500)
        self.end_headers()

server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("listening, not answering", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
print("answering", flush=True)
server.serve_forever()
"""


def test_the_address_is_printed_when_the_server_answers_and_not_before(project: Path) -> None:
    with running(project, LATE_SERVER, free_port()) as command:
        until(lambda: command.said("server | listening"), "the listener")
        assert not command.said("Ready: ")
        (project / "go").touch()
        until(lambda: command.said("Ready: "), "the address")
        first = next(n for n, line in enumerate(command.lines) if line.startswith("Ready: "))
        assert command.lines.index("server | answering") < first
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(10) == 0


def test_a_server_that_dies_at_start_is_shown_and_fails_the_command(project: Path) -> None:
    with running(project, "raise RuntimeError('no settings')", free_port()) as command:
        assert command.process.wait(10) == 1
    assert "server | RuntimeError: no settings" in command.lines
    assert command.lines[-1] == (
        "The server could not start (exit code 1); its lines above say why"
    )


RELOADER = """
import sys, time
print("Traceback (most recent call last):", flush=True)
print("SyntaxError: invalid syntax", flush=True)
time.sleep(600)
"""


def test_a_reloader_that_outlives_its_broken_server_fails_the_command_too(project: Path) -> None:
    with running(project, RELOADER, free_port()) as command:
        assert command.process.wait(10) == 1
    assert "server | SyntaxError: invalid syntax" in command.lines
    assert command.lines[-1] == "The server could not start; its lines above say why"


def test_without_tailwind_the_plain_stylesheet_is_used_and_said_so(project: Path) -> None:
    with running(project, "raise SystemExit(0)", free_port()) as command:
        assert command.process.wait(10) == 1
    assert any(
        line.startswith("NITRO_TAILWIND_BIN names '/nowhere/tailwind'")
        and line.endswith("Using the plain styles/components.css until then.")
        for line in command.lines
    )
    assert (project / "shop" / "static" / "app.css").read_text() == ".btn{}"


@dataclass(frozen=True)
class Folders:
    root: Path
    package: str = "shop"


def test_a_missing_browser_file_is_obtained_before_the_server_starts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def nowhere(static_dir: Path, **_options: object) -> None:
        asked.append(static_dir)
        raise UsageError("no network")

    monkeypatch.setattr("nitro_cli.assets.ensure_datastar", nowhere)
    words = ("{python}", "-c", "open('started', 'w')")
    server = Server(project, words, "shop", Stylesheet.of(Folders(project)))
    with pytest.raises(UsageError, match="no network"):
        devserver.run(server, port=free_port(), write=lambda _line: None)
    assert asked == [project / "shop" / "static"]
    assert not (project / "started").exists()


def test_a_server_that_is_not_installed_is_named(project: Path) -> None:
    server = Server(project, ("no-such-server",), "shop", Stylesheet.of(Folders(project)))
    with pytest.raises(ServerFailed, match="no-such-server cannot be started"):
        devserver.run(server, port=free_port(), write=lambda _line: None)


def test_the_command_line_has_its_places_filled(project: Path) -> None:
    words = ("{python}", "-m", "uvicorn", "{package}.app:app", "--port", "{port}")
    server = Server(project, words, "shop", Stylesheet.of(Folders(project)))
    assert server.words(8017)[1:] == ["-m", "uvicorn", "shop.app:app", "--port", "8017"]
    assert server.words(8017)[0] == sys.executable
