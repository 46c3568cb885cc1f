"""The worker that `nitro dev` runs beside the server, when the project has work for one.

It starts again when the source changes, as the server does by its own means, and for the first time
when that brings the first durable handler.
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


def is_apart(environ: Mapping[str, str]) -> bool:
    """Whether only a worker takes jobs from the queue of an environment, and not the app itself."""
    return environ.get("NITRO_QUEUE_URL", "app") not in ("", "app")


def has_work(source: Path) -> bool:
    """Whether there is a durable handler.

    Args:
        source: The folder of the project's package; nothing in it is imported.
    """
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
        child: The process; None while there is nothing to work.
    """

    root: Path
    source: Path
    environ: Mapping[str, str]
    show: Callable[[str, str], None]
    child: Child | None = None
    _seen: Stamp = (0, 0)
    _next: float = field(default=0.0)

    def start(self) -> None:
        """Starts it, if there is a durable handler."""
        self._seen = _stamp(self.source)
        if not has_work(self.source):
            return
        words = [sys.executable, "-m", "nitro_cli", "worker"]
        environ = {**self.environ, "PYTHONUNBUFFERED": "1", "NITRO_WORKER_CHILD": "1"}
        self.child = Child("worker", words, cwd=self.root, environ=environ, line=self.show)

    def look(self) -> None:
        """Starts it again when the source has changed; it finishes what it has begun before."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK
        if _stamp(self.source) != self._seen and self._has_ended():
            self.start()

    def _has_ended(self) -> bool:
        """Asks it to end, and says whether it has; if not, it is asked at the next look."""
        if self.child is None:
            return True
        self.child.terminate()
        if self.child.poll() is None:
            return False
        self.child.close()
        self.child = None
        return True
