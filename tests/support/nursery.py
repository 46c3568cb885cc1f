"""A process that has imported an app and forks one of the app's processes for each line it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def parent_of(module: str) -> Generator[Callable[[object], list[int]]]:
    """Runs the function ``obey`` of a module of this folder for as long as the block lasts.

    Yields:
        What tells it something, and returns the numbers that it answers.
    """
    process = subprocess.Popen(
        # Under its own name, as the keys of its handlers have it, not as __main__.
        [sys.executable, "-c", f"import {module}; {module}.obey()"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def tell(what: object) -> list[int]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        return [int(number) for number in process.stdout.readline().split()]

    try:
        yield tell
    finally:
        process.communicate(timeout=20)


def orders() -> Iterator[Any]:
    """Yields what the parent is told, in the parent; its children that are killed are gone at once."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        yield json.loads(line)
