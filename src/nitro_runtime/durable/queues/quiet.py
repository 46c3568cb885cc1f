"""Keeps an engine from filling a log while its server is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager

_PAUSE = 60.0


class _Filter(logging.Filter):
    """Lets a message of a warning or worse pass once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        said, now = self._said.get(record.msg), time.monotonic()
        if said is not None and now - said < _PAUSE:
            return False
        self._said[record.msg] = now
        return True


@contextmanager
def once_a_minute(name: str) -> Generator[None]:
    """Has every logger below a name say the same no more than once a minute, inside the block."""
    found = [logging.getLogger(name)]
    manager = logging.root.manager.loggerDict
    found += [logging.getLogger(known) for known in list(manager) if known.startswith(f"{name}.")]
    quiet = _Filter()
    for logger in found:
        logger.addFilter(quiet)
    try:
        yield
    finally:
        for logger in found:
            logger.removeFilter(quiet)
