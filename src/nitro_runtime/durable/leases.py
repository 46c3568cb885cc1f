"""`Leases`: keeps the jobs that this process works from being given to others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

from nitro_runtime.durable import store
from nitro_runtime.durable.rows import OutboxRow
from nitro_runtime.durable.settings import timing

log = logging.getLogger(__name__)


class Leases:
    """Extends the leases of running jobs, in one thread for all. Safe from every thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: dict[str, OutboxRow] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, row: OutboxRow) -> Generator[None]:
        """Keeps a job for as long as the block runs."""
        with self._changed:
            self._held[row.token] = row
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="nitro-leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                del self._held[row.token]

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(timing().lease / 3)
                if not self._held:  # for so long: a busy worker keeps its thread
                    self._thread = None
                    return
                held = list(self._held.values())
            for row in held:
                self._extend(row)

    def _extend(self, row: OutboxRow) -> None:
        try:
            store.extend(row, timing().lease)
        except Exception as problem:
            # The database is down, or a transaction of the handler holds it: then nobody else gets
            # the job either. When it lasts, the job is done twice, which is promised.
            log.debug("the lease of job %s was not extended: %s", row.id, problem)
