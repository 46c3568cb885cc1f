"""`run_worker`: a process that works jobs until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from nitro_runtime.durable import working
from nitro_runtime.durable.relay import relay
from nitro_runtime.durable.settings import current_queue, timing
from nitro_runtime.errors import QueueUnavailable

log = logging.getLogger(__name__)


def run_worker(
    queues: Sequence[str] = ("default",),
    *,
    threads: int = 4,
    stop: threading.Event | None = None,
    say: Callable[[str], object] = log.info,
) -> None:
    """Works jobs until SIGTERM or Ctrl-C; what has begun by then is finished.

    Import the modules with the handlers first. A queue server that is down is waited for.

    Args:
        queues: The queues to work, as ``@on(..., queue=)`` names them.
        threads: How many jobs are worked at once.
        stop: Ends the worker when it is set, where no signal can: outside the main thread.
        say: Told, in a sentence each, what people want to know.
    """
    stopped = stop or threading.Event()
    queue = current_queue()
    with _signals(stopped):
        if queue.carries:
            relay.watch()
        try:
            while not stopped.is_set():
                try:
                    queue.depth(queues)  # whether the server is there
                    say(f"Working on {queue.name}, {threads} at once.")
                    queue.work(queues, threads, working.perform, stopped)
                    break
                except QueueUnavailable as problem:
                    say(f"{problem} Waiting for it.")
                    _await(queue.depth, queues, stopped)
        finally:
            relay.stop()
            working.loop.close()


def _await(
    depth: Callable[[Sequence[str]], object], queues: Sequence[str], stop: threading.Event
) -> None:
    while not stop.wait(timing().poll):
        try:
            depth(queues)
        except QueueUnavailable:
            continue
        return


@contextmanager
def _signals(stop: threading.Event) -> Generator[None]:
    """Has the signals that end a program set the event, when this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    names = ("SIGTERM", "SIGINT", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
