"""How many streams may be open: of one user, and in this process.

A stream beyond is answered with 503 and ``retry-after``. Datastar asks again by itself, at longer and
longer intervals of five seconds at most, so a page that found no room is live as soon as there is some.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

from nitro_runtime.errors import ConfigurationError, Refused

RETRY_AFTER_SECONDS = 5
"""What a client without a limit of its own is asked to wait."""


class StreamLimit:
    """Counts open streams, for each user and in all. Safe across threads.

    Args:
        per_user: Streams of one user, or of one browser where nobody is signed in; a browser opens
            one a tab, and none for tabs that nobody sees.
        in_process: Streams of this process.
    """

    def __init__(self, per_user: int = 50, in_process: int = 10_000) -> None:
        self.per_user = per_user
        self.in_process = in_process
        self._open: dict[str, int] = {}
        self._all = 0
        self._lock = Lock()

    def set(self, *, per_user: int | None = None, in_process: int | None = None) -> None:
        """Changes the limits; streams that are open stay so.

        Args:
            per_user: As given to the class; None leaves it as it is.
            in_process: Likewise.

        Raises:
            ConfigurationError: A limit is less than 1.
        """
        for limit in (per_user, in_process):
            if limit is not None and limit < 1:
                raise ConfigurationError("A limit of streams is a whole number of at least 1.")
        self.per_user = per_user or self.per_user
        self.in_process = in_process or self.in_process

    @property
    def open_count(self) -> int:
        """How many streams are counted."""
        return self._all

    def check(self, user: str) -> None:
        """Lets a user pass who may open one more stream.

        Raises:
            Refused: 503; ``retry-after`` asks for patience, in seconds.
        """
        with self._lock:
            self._check(user)

    def _check(self, user: str) -> None:
        wait = [("retry-after", str(RETRY_AFTER_SECONDS))]
        if self._open.get(user, 0) >= self.per_user:
            raise Refused(503, "Too many open streams; close a tab.", headers=wait)
        if self._all >= self.in_process:
            raise Refused(503, "The server has no room for another stream now.", headers=wait)

    @contextmanager
    def held(self, user: str) -> Generator[None]:
        """Counts one stream of a user for as long as the block runs.

        Raises:
            Refused: As `check`: others may have come since.
        """
        with self._lock:
            self._check(user)
            self._open[user] = self._open.get(user, 0) + 1
            self._all += 1
        try:
            yield
        finally:
            with self._lock:
                self._all -= 1
                self._open[user] -= 1
                if not self._open[user]:
                    del self._open[user]


streams = StreamLimit()
"""The limit for ``/events``."""
