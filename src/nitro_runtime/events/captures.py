"""Collecting what is emitted, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from nitro_runtime.events.event import Emitted, Key
from nitro_runtime.events.patterns import pattern_of
from nitro_runtime.events.payloads import Checked


class Capture:
    """Collects the events of some keys.

    Attributes:
        emitted: What was collected.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = frozenset(keys)
        self._patterns = [pattern_of(key) for key in keys if isinstance(key, str) and "*" in key]
        self.emitted: list[Emitted] = []

    def tell(self, key: Key, name: str, sender: object, data: Mapping[str, Any]) -> None:
        """Takes an event that is emitted, if it is one of those."""
        if self._keys and not self._wants(key):
            return
        if isinstance(data, Checked):
            self.emitted.append(Emitted(name, sender, dict(data.fields), data.payload))
        else:
            self.emitted.append(Emitted(name, sender, dict(data)))

    def _wants(self, key: Key) -> bool:
        if key in self._keys:
            return True
        return isinstance(key, str) and any(
            pattern.fullmatch(key) is not None for pattern in self._patterns
        )


class Captures:
    """The captures that are under way, in all threads.

    Attributes:
        open: They, as a snapshot.

    Args:
        changed: Is called whenever there is one more or one less.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self.open: tuple[Capture, ...] = ()
        self._changed = changed
        self._lock = threading.Lock()

    def tell(self, key: Key, name: str, sender: object, data: Mapping[str, Any]) -> None:
        """Tells them of an event that is emitted."""
        for capture in self.open:
            capture.tell(key, name, sender, data)

    @contextmanager
    def capture(self, keys: Sequence[Key]) -> Generator[list[Emitted]]:
        """Collects inside the block; see `capture_events`."""
        capture = Capture(keys)
        with self._lock:
            self.open = (*self.open, capture)
            self._changed()
        try:
            yield capture.emitted
        finally:
            with self._lock:
                self.open = tuple([each for each in self.open if each is not capture])
                self._changed()
