"""Sortable ids: UUIDs of version 7 (RFC 9562, section 5.7), strictly increasing in a process."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

_RANDOM_BITS = 74
_STEP_BITS = 32
_TAIL = (1 << 62) - 1


class IdSource:
    """Makes ids that sort in the order in which they were made. Safe from every thread.

    Args:
        clock: Returns the milliseconds since 1970; a test fixes it.
        randbits: Returns so many random bits.
    """

    def __init__(
        self,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        randbits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._clock = clock
        self._randbits = randbits
        self._lock = threading.Lock()
        self._last = 0  # milliseconds and random bits as one number: it only ever grows

    def __call__(self) -> str:
        """Returns a new id in the usual form of 36 characters."""
        with self._lock:
            # The top random bit starts at 0: room to count up within one millisecond.
            value = self._clock() << _RANDOM_BITS | self._randbits(_RANDOM_BITS - 1)
            if value <= self._last:
                # A random step keeps ids of forked processes apart.
                value = self._last + 1 + self._randbits(_STEP_BITS)
            self._last = value
        bits = (
            value >> 74 << 80 | 0x7 << 76 | (value >> 62 & 0xFFF) << 64 | 0b10 << 62 | value & _TAIL
        )
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


new_id = IdSource()
"""Makes the ids of entities that do not declare a key of their own."""
