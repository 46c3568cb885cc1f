"""A PostgreSQL server of one's own, on a free port, that a test may stop, kill and start again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from waiting import until


class OwnPostgres:
    """A cluster in a folder; what it keeps it finds again after a restart.

    Args:
        folder: Where its files are; it belongs to whom the server runs as.

    Attributes:
        port: Where it listens; the same after a restart.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        subprocess.run(
            [_program("initdb"), "-D", folder / "data", "-U", "nitro", "-A", "trust", "--no-sync"],
            check=True,
            capture_output=True,
            user=_user(),
            cwd=folder,
        )

    @property
    def url(self) -> str:
        return f"postgresql://nitro@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Starts it and waits until it serves."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        self._process = subprocess.Popen(
            [
                _program("postgres"), "-D", self._folder / "data",
                *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_user(),
            cwd=self._folder,
        )  # fmt: skip
        until(self._answers, "PostgreSQL to start", 60)

    def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """Ends it, by default without waiting for its clients, and waits for its end."""
        assert self._process is not None
        self._process.send_signal(sign)
        self._process.wait(30)
        if sign is signal.SIGKILL:  # the processes that serve the clients end by themselves
            until(lambda: not self._children(), "the backends to end")

    def require_passwords(self, password: str) -> None:
        """Gives its user a password, without which nobody comes in any more."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER USER nitro PASSWORD {}").format(password))
            hba = self._folder / "data" / "pg_hba.conf"
            hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        until(lambda: not self._answers(), "the server to ask for the password")

    def _children(self) -> list[str]:
        words = f"{self._folder}/data".encode()
        return [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and words in _command_line(entry)
        ]

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def is_installed() -> bool:
    """Whether there is a PostgreSQL to start, and somebody to start it as."""
    return bool(_find("initdb")) and (os.getuid() != 0 or _user() is not None)


def _find(name: str) -> str | None:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))  # not on the path there
    return shutil.which(name) or (str(debian[-1]) if debian else None)


def _program(name: str) -> str:
    found = _find(name)
    assert found is not None, f"{name} is not installed"
    return found


def _user() -> str | None:
    """Returns whom the server runs as: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


@contextmanager
def own_server() -> Generator[OwnPostgres]:
    """Runs a server for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="nitro-postgres-", ignore_cleanup_errors=True) as name:
        user = _user()
        if user is not None:
            shutil.chown(name, user)
        server = OwnPostgres(Path(name))
        server.start()
        try:
            yield server
        finally:
            if server.runs:
                server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
