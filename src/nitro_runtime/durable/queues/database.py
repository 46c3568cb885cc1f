"""The queue that needs no server: workers take jobs from the outbox itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Condition, Event

from nitro_runtime.durable import store
from nitro_runtime.durable.once import Tidying
from nitro_runtime.durable.queues import Perform
from nitro_runtime.durable.rows import OutboxRow

log = logging.getLogger(__name__)


Find = Callable[[int], list[OutboxRow]]
"""Returns so many due jobs at most."""


class DatabaseQueue:
    """Has the outbox looked at, at once when this process itself has written to it.

    Args:
        in_app: Whether an app that serves works its jobs itself.
    """

    place = ""
    carries = False

    def __init__(self, *, in_app: bool) -> None:
        self.name = "the outbox"
        self.in_app = in_app
        self._written = Condition()
        self._count = 0

    def send(self, queue: str, key: str) -> None:
        """Wakes the worker of this process, if there is one."""
        with self._written:
            self._count += 1
            self._written.notify_all()

    def depth(self, queues: Iterable[str]) -> int:
        """Returns 0: nothing waits anywhere but in the outbox."""
        return 0

    def close(self) -> None:
        """Wakes the worker, which may have been told to stop."""
        self.send("", "")

    def work(self, queues: Iterable[str], threads: int, perform: Perform, stop: Event) -> None:
        """Works jobs of any handler; see `Queue.work`."""
        self.take(partial(store.due, queues=list(queues)), threads, perform, stop)

    def take(self, find: Find, threads: int, perform: Perform, stop: Event) -> None:
        """Works due jobs until the event is set.

        Args:
            find: Returns so many due jobs at most.
            threads: How many at once.
            perform: Works a job.
            stop: Set from another thread, and `close` called.
        """
        with ThreadPoolExecutor(threads, thread_name_prefix="nitro-job") as pool:
            running: dict[str, Future[object]] = {}
            failing, tidying = False, Tidying()
            while not stop.is_set():
                seen = self._count
                running = {key: one for key, one in running.items() if not one.done()}
                found: list[str] = []
                try:
                    # More than are free: the first ones may be those that others take as well.
                    due = find(threads * 2) if len(running) < threads else []
                    found = [row.id for row in due if row.id not in running]
                    tidying.look()
                    failing = False
                except Exception as problem:
                    if not failing:
                        log.warning("the outbox cannot be read, which is tried again: %s", problem)
                    failing = True
                for key in found[: threads - len(running)]:
                    running[key] = pool.submit(self._perform, perform, key)
                if not found:
                    self._await(seen, stop)

    def _perform(self, perform: Perform, key: str) -> object:
        try:
            return perform(key)
        finally:
            self.send("", "")  # a thread is free

    def _await(self, seen: int, stop: Event) -> None:
        from nitro_runtime.durable.settings import timing

        with self._written:
            if self._count == seen and not stop.is_set():
                self._written.wait(timing().poll)
