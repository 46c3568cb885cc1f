"""The worker that `nitro dev` runs beside the server, when the project has work for one.

It starts again when the source changes, as the server does by its own means.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nitro_cli.children import Child
from nitro_runtime.source_names import read_names

LOOK = 0.5
"""Seconds between two looks at the source."""

Stamp = tuple[int, int]
"""How many files there are, and when the newest was changed."""


def needs_worker(source: Path, environ: Mapping[str, str]) -> bool:
    """Whether there is a durable handler, and a queue that only a worker takes jobs from.

    Args:
        source: The folder of the project's package; nothing in it is imported.
        environ: The environment that the app runs in.
    """
    if environ.get("NITRO_QUEUE_URL", "app") in ("", "app"):
        return False
    return any(map(_has_durable, _sources(source)))


def _has_durable(file: Path) -> bool:
    text = file.read_bytes()
    if b"durable" not in text:
        return False
    try:
        return "durable" in read_names(ast.parse(text)).options
    except (SyntaxError, ValueError):  # it is being written; the server says what is wrong with it
        return False


def _sources(source: Path) -> Iterator[Path]:
    return source.rglob("*.py")


def _stamp(source: Path) -> Stamp:
    times = [file.stat().st_mtime_ns for file in _sources(source) if file.is_file()]
    return len(times), max(times, default=0)


@dataclass(slots=True)
class DevWorker:
    """The worker of a project, started again whenever its source changes.

    Attributes:
        root: The project's folder.
        source: The folder of its package.
        environ: Its environment.
        show: Shows one of its lines, under a label.
        child: The process; None before the start.
    """

    root: Path
    source: Path
    environ: Mapping[str, str]
    show: Callable[[str, str], None]
    child: Child | None = None
    _seen: Stamp = (0, 0)
    _next: float = field(default=0.0)

    def start(self) -> None:
        """Starts it."""
        self._seen = _stamp(self.source)
        words = [sys.executable, "-m", "nitro_cli", "worker"]
        environ = {**self.environ, "PYTHONUNBUFFERED": "1", "NITRO_WORKER_CHILD": "1"}
        self.child = Child("worker", words, cwd=self.root, environ=environ, line=self.show)

    def look(self) -> None:
        """Starts it again when the source has changed; it finishes what it has begun before."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK
        child = self.child
        if child is None or _stamp(self.source) == self._seen:
            return
        child.terminate()
        if child.poll() is not None:  # else at one of the next looks
            child.close()
            self.start()
