"""`Relay`: hands jobs to the queue, at once after their commit and again when they were lost on the way.

It is one thread of this process, so nobody who emits ever waits for the queue server. In an app
without a queue server it works the jobs, too, once the app serves.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable

from nitro_runtime.durable import store
from nitro_runtime.durable.once import Tidying
from nitro_runtime.durable.queues import Queue
from nitro_runtime.durable.queues.database import DatabaseQueue
from nitro_runtime.durable.rows import OutboxRow
from nitro_runtime.durable.settings import current_queue, timing
from nitro_runtime.durable.working import perform
from nitro_runtime.errors import QueueUnavailable
from nitro_runtime.events.bus import bus

log = logging.getLogger(__name__)

APP_THREADS = 2
"""How many jobs an app works at once that works them itself."""
_MOST_WAITING = 10_000
_BATCH = 100
_LONGEST_SILENCE = 300.0
"""Seconds after which a job that the queue should have is looked at again, at most."""


class Relay:
    """Sends keys of jobs, in a thread that starts at the first one. Safe from every thread."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        # Beyond this many the outbox remembers what is to be sent, and is looked at anyway.
        self._fresh: deque[tuple[str, str]] = deque(maxlen=_MOST_WAITING)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_down = False
        self._tidying = Tidying()

    def after_fork(self) -> None:
        """Forgets, in a child, the thread of the parent."""
        self._reset()

    # -- for everybody ------------------------------------------------------------------------------

    def send(self, queue: str, key: str) -> None:
        """Has a job sent that was just committed; returns at once."""
        used = current_queue()
        if not used.carries:
            used.send(queue, key)
            return
        self._fresh.append((queue, key))
        self._wake.set()
        self._start(self._relay)

    def serve(self) -> None:
        """Looks after the outbox from now on, as this process serves an app."""
        queue = current_queue()
        if queue.carries:
            self._start(self._relay)
        elif queue.in_app:
            self._start(self._work_in_app)

    def watch(self) -> None:
        """Looks after the outbox from now on, as this process is a worker of a queue."""
        self._start(self._relay)

    def stop(self) -> None:
        """Ends the thread; what was not sent stays in the outbox."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stop.set()
        self._wake.set()
        current_queue().close()
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self._stop = threading.Event()

    def _start(self, run: Callable[[threading.Event], object]) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=run, args=(self._stop,), name="nitro-relay", daemon=True
                )
                self._thread.start()

    # -- in the thread ------------------------------------------------------------------------------

    def _work_in_app(self, stop: threading.Event) -> None:
        queue = current_queue()
        assert isinstance(queue, DatabaseQueue)  # noqa: S101 # the one that works in an app
        queue.take(_due_here, APP_THREADS, perform, stop)

    def _relay(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._send_fresh()
                while self._send_due() == _BATCH and not stop.is_set():
                    self._send_fresh()
                self._tidying.look()
            except QueueUnavailable as problem:
                self._fresh.clear()  # the outbox has them
                self._say(str(problem))
            except Exception as problem:
                self._say(f"The outbox cannot be read ({str(problem).rstrip('.')}).")
            if not self._wake.is_set() and not stop.is_set():
                self._wake.wait(timing().poll)
            self._wake.clear()

    def _say(self, sentence: str) -> None:
        if not self._is_down:
            log.warning("%s It is tried again; jobs wait in the outbox.", sentence)
        self._is_down = True

    def _send_fresh(self) -> None:
        queue = current_queue()
        while self._fresh:
            queue.send(*self._fresh[0])
            self._fresh.popleft()
            self._is_down = False

    def _send_due(self) -> int:
        """Sends jobs whose time has come: lost ones, those to be tried again, those of dead workers.

        Returns:
            How many were due, at most a batch.
        """
        queue = current_queue()
        due = store.due(_BATCH)
        if not due:
            return 0
        waiting = queue.depth({row.queue for row in due if row.sends})
        for row in due:
            if row.sends and waiting:  # it is in the queue, behind others
                store.postpone(row, timing().grace, sent=False)
            else:
                self._send_again(queue, row)
        return len(due)

    def _send_again(self, queue: Queue, row: OutboxRow) -> None:
        queue.send(row.queue, row.id)
        self._is_down = False
        pause = timing().grace * 2.0 ** min(row.sends, 10)
        store.postpone(row, min(pause, _LONGEST_SILENCE), sent=True)


def _due_here(most: int) -> list[OutboxRow]:
    """Returns due jobs whose handlers this app knows: those of another one are not its to judge."""
    known = [registration.key for registration in bus.durable()]
    return store.due(most, handlers=known) if known else []


relay = Relay()
"""The relay of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=relay.after_fork)
