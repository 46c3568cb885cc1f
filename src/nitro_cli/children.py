"""Programs that run for as long as one command does: started together, ended together.

Each child leads a session of its own, so that Ctrl-C reaches the command alone, which then ends its
children in order, with everything that they started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import FrameType

GRACE = 0.5
"""Seconds that children get to end by themselves: all of them together, and less than a second."""


class Child:
    """A running program.

    Its standard input is a pipe that this process holds open: a program that watches its input, as
    Tailwind does, ends when this process dies, however it dies.

    Attributes:
        label: What stands before each of its lines, and in messages about it.
    """

    def __init__(
        self,
        label: str,
        command: Sequence[str],
        *,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        line: Callable[[str, str], None] | None = None,
    ) -> None:
        """Starts the program.

        Args:
            label: Its name for people.
            command: The program and its arguments.
            cwd: The folder it runs in.
            environ: Its whole environment; None means this process's.
            line: Called from another thread with the label and each line that it prints, without
                the line's end; None leaves its output where this process's goes.
        """
        self.label = label
        self._line = line
        self._process = subprocess.Popen(  # noqa: S603 - the callers' own programs
            command,
            cwd=cwd,
            env=None if environ is None else dict(environ),
            stdin=subprocess.PIPE,
            stdout=None if line is None else subprocess.PIPE,
            stderr=None if line is None else subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = Thread(target=self._read, daemon=True) if line is not None else None
        if self._reader is not None:
            self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its group where there are groups."""
        return self._process.pid

    def poll(self) -> int | None:
        """Returns its exit code, None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Waits for its end and returns its exit code."""
        return self._process.wait()

    def drain(self, timeout: float) -> None:
        """Waits, at most so many seconds, until its last lines were handed on."""
        if self._reader is not None:
            self._reader.join(timeout)

    def terminate(self) -> None:
        """Asks it and what it started to end."""
        if self.poll() is None:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and what is left of what it started, at once."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Lets go of a program that ended: its last lines are handed on, its pipes closed."""
        self.wait()
        self.drain(0.1)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def ended_by(self, deadline: float) -> bool:
        """Waits until it ended or this time of the monotonic clock has come; says which."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        return self.poll() is not None

    def _signal(self, number: signal.Signals) -> None:
        if sys.platform == "win32":
            self._process.terminate()
            return
        with suppress(ProcessLookupError, PermissionError):  # nobody of the group is left
            os.killpg(self.pid, number)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - a pipe, or there is no reader
        assert self._line is not None  # noqa: S101
        with self._process.stdout as lines:
            for raw in lines:
                self._line(self.label, raw.decode(errors="replace").rstrip("\r\n"))


def stop(children: Sequence[Child], grace: float = GRACE) -> None:
    """Ends all these children within the grace, in seconds, and kills those that did not end."""
    deadline = time.monotonic() + grace
    for child in children:
        child.terminate()
    for child in children:
        child.ended_by(deadline)
        child.kill()  # also what it left behind in its group
    for child in children:
        child.close()


@contextmanager
def ends_quietly() -> Generator[None]:
    """Turns Ctrl-C, SIGTERM and a closed terminal into the quiet end of the block.

    Further signals are ignored once the first has come, so that the block's own ``finally`` clauses
    are not cut short. Only the main thread may use it.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
