"""``nitro dev``: the project's server, Tailwind's watch and a worker in one terminal, ended by one Ctrl-C.

The server reloads by its own means; this module starts it, watches over it and shows its lines. It
knows no framework: the command comes from the framework's data.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from nitro_cli import assets, tailwind
from nitro_cli.children import Child, ends_quietly, stop
from nitro_cli.devworker import DevWorker, is_apart
from nitro_cli.environment import with_env_file
from nitro_cli.tailwind import Stylesheet
from nitro_runtime.errors import NitroError, UsageError

HOST = "127.0.0.1"
FIRST_PORT = 8000
PORTS_TRIED = 100
FAILURE_SILENCE = 2.0
"""Seconds without a line or an answer after such a line, until the start counts as failed."""
TURN = 0.1
"""Seconds between two looks at the children."""
SIGNS_OF_FAILURE = ("Traceback (most recent call last)", "ERROR")
"""How a line begins with which a server tells that it could not start."""

Say = Callable[[str], None]


class ServerFailed(NitroError):
    """The server ended, or could not start; its own lines say why."""


@dataclass(frozen=True, slots=True)
class Server:
    """What to start.

    Attributes:
        root: The project's folder, in which the server runs.
        command: The server's command line, with ``{python}``, ``{package}`` and ``{port}`` in it.
        package: The name of the project's package.
        sheet: The stylesheet to build and watch.
        source: The folder of the package; None for the one of its name.
    """

    root: Path
    command: tuple[str, ...]
    package: str
    sheet: Stylesheet
    source: Path | None = None

    def words(self, port: int) -> list[str]:
        """Returns the command line for a port."""
        values = {"python": sys.executable, "package": self.package, "port": str(port)}
        return [_filled(word, values) for word in self.command]


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace("{" + name + "}", value)
    return word


# -- ports ----------------------------------------------------------------------------------------


def is_free(port: int, host: str = HOST) -> bool:
    """Says whether a server could listen on this port of this machine now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # there the option would allow to share a port that is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)  # a port bound with the same option is refused only here
        except OSError:
            return False
    return True


def choose_port(wanted: int | None, say: Say, free: Callable[[int], bool] = is_free) -> int:
    """Returns the wanted port (by default 8000) or, saying so, the next free one.

    Raises:
        UsageError: No port near the wanted one is free.
    """
    first = FIRST_PORT if wanted is None else wanted
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        if free(port):
            if port != first:
                say(f"Port {first} is taken; using {port}.")
            return port
    raise UsageError(f"Port {first} and those after it are taken; name another with --port")


# -- the terminal ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Terminal:
    """Shows the children's lines, each with its child's label, and remembers what it must know.

    Lines come from several threads; they are never mixed.

    Attributes:
        write: Shows one line.
        last_line: When the server's last line came, by the monotonic clock.
        saw_failure: Whether the server printed a line that tells of a failed start.
    """

    write: Say
    last_line: float = field(default_factory=time.monotonic)
    saw_failure: bool = False
    _lock: Lock = field(default_factory=Lock)

    def show(self, label: str, line: str) -> None:
        """Shows a child's line."""
        with self._lock:
            if label == "server":
                self.last_line = time.monotonic()
                self.saw_failure = self.saw_failure or line.startswith(SIGNS_OF_FAILURE)
            self.write(f"{label:<6} | {line}" if line.strip() else f"{label:<6} |")

    def say(self, sentence: str) -> None:
        """Shows a sentence of the command's own."""
        with self._lock:
            self.write(sentence)


def answers(port: int, timeout: float, host: str = HOST) -> bool:
    """Says whether an HTTP server answers there within so many seconds, with whatever status."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


class _Knock(Thread):
    """Asks the server until it answers, in a thread of its own: an answer may take its time."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._given_up = Event()
        self.answered = Event()

    def run(self) -> None:
        while not self._given_up.wait(TURN):
            # A reloader listens before its worker does: then the first question waits for it.
            if answers(self._port, timeout=5.0):
                self.answered.set()
                return

    def give_up(self) -> None:
        self._given_up.set()


# -- the command ----------------------------------------------------------------------------------


def run(server: Server, *, port: int | None, write: Say) -> None:
    """Runs the server, the stylesheet's watch and a worker until Ctrl-C or until the server fails.

    The worker only where there are durable handlers and a queue that the app does not work itself.

    Args:
        server: What to start.
        port: The wanted port; None for 8000 or the next free one.
        write: Shows one line.

    Raises:
        ServerFailed: The server ended by itself, or could not start.
        UsageError: No port is free, or Datastar's file is missing and cannot be had.
    """
    terminal = Terminal(write)
    chosen = choose_port(port, terminal.say)
    obtained = assets.ensure_datastar(server.sheet.target.parent, say=terminal.say)
    if obtained.written:
        terminal.say(f"Obtained {obtained.path.name} from {obtained.source}.")
    environ = with_env_file(server.root, os.environ)
    worker = _worker(server, environ, terminal)
    children: list[Child] = []
    with ends_quietly():
        try:
            children.extend(start_stylesheet(server.sheet, terminal))
            children.append(_start_server(server, chosen, environ, terminal))
            if worker is not None:
                worker.start()
            _watch_over(children[-1], chosen, terminal, worker)
        finally:
            also = [worker.child] if worker is not None and worker.child is not None else []
            stop([*children, *also])


def _worker(server: Server, environ: Mapping[str, str], terminal: Terminal) -> DevWorker | None:
    """Returns the worker of durable handlers, where the app does not run them itself."""
    if not is_apart(environ):
        return None
    source = server.source or server.root / server.package
    return DevWorker(server.root, source, environ, terminal.show)


def start_stylesheet(sheet: Stylesheet, terminal: Terminal) -> Sequence[Child]:
    """Starts Tailwind's watch; without Tailwind, says so and uses the plain stylesheet."""
    try:
        return [tailwind.start_watch(sheet, tailwind.find_executable(), terminal.show)]
    except UsageError as problem:
        if tailwind.copy_components(sheet):
            terminal.say(f"{problem}. Using the plain styles/components.css until then.")
        else:
            terminal.say(f"{problem}.")
        return []


def _start_server(
    server: Server, port: int, environ: Mapping[str, str], terminal: Terminal
) -> Child:
    environ = {**environ, "PYTHONUNBUFFERED": "1"}
    words = server.words(port)
    try:
        return Child("server", words, cwd=server.root, environ=environ, line=terminal.show)
    except OSError as problem:
        raise ServerFailed(f"{words[0]} cannot be started ({problem.strerror})") from problem


def _watch_over(
    child: Child, port: int, terminal: Terminal, worker: DevWorker | None = None
) -> None:
    knock = _Knock(port)
    knock.start()
    announced = False
    try:
        while not child.ended_by(time.monotonic() + TURN):
            if worker is not None:
                worker.look()
            if not announced and knock.answered.is_set():
                terminal.say(f"Ready: http://{HOST}:{port}/  (Ctrl-C ends it)")
                announced = True
            if not announced and _start_failed(terminal):
                # A reloader lives on and waits for a change of the source: it would wait here for
                # somebody who believes that the server runs.
                raise ServerFailed("The server could not start; its lines above say why")
    finally:
        knock.give_up()
    child.drain(1.0)
    state = "ended" if announced else "could not start"
    raise ServerFailed(f"The server {state} (exit code {child.poll()}); its lines above say why")


def _start_failed(terminal: Terminal) -> bool:
    silent = time.monotonic() - terminal.last_line
    return terminal.saw_failure and silent > FAILURE_SILENCE
