"""Real servers for tests: started as subprocesses, on ports asked of the system, always ended."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import httpx

SECONDS_TO_START = 30.0
SECONDS_TO_STOP = 10.0

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What clients are given that speak without TLS: it trusts nobody.

Left to itself, each client of httpx reads all authorities of the world anew, which takes it 22 ms.
"""


@dataclass(slots=True)
class Served:
    """A server that runs.

    Attributes:
        url: Where it answers, without a final slash.
        process: The server.
        output: What it wrote to both its streams.
    """

    url: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[float, int]:
        """Asks the server to stop and waits for it.

        Returns:
            The seconds that it took, and its exit code.
        """
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(SECONDS_TO_STOP)
        return time.monotonic() - begun, code

    def log(self) -> str:
        """Returns what the server wrote so far."""
        # The server writes at the file's one position, which must stay where it is.
        file = self.output.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")


def free_port() -> int:
    """Returns a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Generator[Served]:
    """Runs a server for as long as the block lasts.

    Args:
        command: Its program and arguments; ``{port}`` in them becomes a free port.
        cwd: Where it runs.
        environment: What it is given beside this process's own environment.
        port: Where it will answer, if something else than its command says so.

    Raises:
        RuntimeError: It ended, or did not answer within 30 s; the message holds what it wrote.
    """
    port = port or free_port()
    with TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 # a test names its own program
            [part.format(port=port) for part in command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, so that nothing it started outlives it
        )
        served = Served(f"http://127.0.0.1:{port}", process, output)
        try:
            _wait_until_it_answers(served)
            yield served
        finally:
            with suppress(ProcessLookupError):  # nobody of the group is left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def together(servers: Sequence[AbstractContextManager[Served]]) -> Generator[list[Served]]:
    """Runs several servers for as long as the block lasts; they start at the same time.

    Raises:
        RuntimeError: One of them did not start; the others have ended by then.
    """
    with ExitStack() as stack:
        with ThreadPoolExecutor() as starting:
            opened = [starting.submit(stack.enter_context, each) for each in servers]
        yield [each.result() for each in opened]


def _wait_until_it_answers(served: Served) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and served.process.poll() is None:
        try:
            httpx.get(served.url, timeout=5, verify=PLAIN)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The server did not answer:\n{served.log()}")
