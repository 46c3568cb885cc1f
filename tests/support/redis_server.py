"""A Redis server of one's own, on a free port, that a test may stop, kill and start again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from waiting import until


class OwnRedis:
    """A ``redis-server`` in a folder; what it keeps it finds again after a restart.

    Args:
        folder: Where its files are.
        options: More of its options, such as ``--cluster-enabled yes``.

    Attributes:
        port: Where it listens; the same after a restart.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was not started"
        return self._process

    def start(self) -> None:
        """Starts it and waits until it serves."""
        self._process = subprocess.Popen(
            [
                "redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
                "--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "always",
                "--save", "", *self._options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: self.tell("PING").startswith(b"+PONG"), "redis-server")

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ends it and waits for its end."""
        self.process.send_signal(sign)
        self.process.wait(20)

    def tell(self, *words: str, password: str = "") -> bytes:
        """Sends it a command and returns the beginning of the answer; nothing when it is down."""
        login = _packed("AUTH", password) if password else b""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
                line.sendall(login + _packed(*words))
                return line.recv(65536)
        except OSError:
            return b""

    def length(self, stream: str) -> int:
        """Returns how many entries a stream has."""
        return int(self.tell("XLEN", stream)[1:])


def _packed(*words: str) -> bytes:
    text = f"*{len(words)}\r\n" + "".join(f"${len(w.encode())}\r\n{w}\r\n" for w in words)
    return text.encode()


def is_installed() -> bool:
    """Whether there is a ``redis-server`` to start."""
    return shutil.which("redis-server") is not None


@contextmanager
def own_server(folder: Path, *options: str) -> Generator[OwnRedis]:
    """Runs a server for as long as the block runs."""
    folder.mkdir(exist_ok=True)
    server = OwnRedis(folder, *options)
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55_000:  # the bus of a cluster listens 10,000 above it
            return port
