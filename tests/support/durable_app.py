"""An app with durable handlers. A process of its own is a nursery: it forks workers when it is told to.

A worker that is forked starts in a few milliseconds, so a test can kill many. The nursery itself
only imports: it opens no connection and starts no thread before a fork.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from nursery import orders, parent_of

from nitro_runtime.durable import once, run_worker, use_queue
from nitro_runtime.durable.relay import relay
from nitro_runtime.entities import Entity, configure, transaction
from nitro_runtime.events import emit, on

LEASE, GRACE, POLL = 1.0, 0.5, 0.1
"""Seconds, short ones: so long a test waits for what a killed worker had begun."""
TAKES = 0.01
"""Seconds that a handler takes, in the middle of which it can be killed."""


class Effect(Entity, version=False):
    """What handlers leave behind: one row for each event, if all is well."""

    number: int


def _begin(number: int) -> None:
    with Path(os.environ["NITRO_TEST_BEGUN"]).open("a") as begun:
        begun.write(f"{number}\n")


@on("number.counted", durable=True, once=True, retries=3, backoff=0.1)
def count(_: object, number: int) -> None:
    """Has its effect once as a whole."""
    _begin(number)
    Effect.create(number=number)
    time.sleep(TAKES)


@on("number.noted", durable=True, retries=3, backoff=0.1)
async def note(_: object, number: int, key: str) -> None:
    """Has its effect once by the key of its job."""
    _begin(number)
    async with once(key) as first:
        if first:
            await Effect.acreate(number=number)
            time.sleep(TAKES)


@on("number.refused", durable=True, retries=2, backoff=0.05)
def refuse(_: object, number: int) -> None:
    """Never succeeds."""
    _begin(number)
    raise ValueError(f"{number} is refused")


def emit_numbers(first: int, after: int) -> None:
    """Emits an event for each number, in turn of one kind and the other."""
    for number in range(first, after):
        with transaction():
            emit("number.counted" if number % 2 else "number.noted", number=number)


def be_configured(database: str, queue: str, begun: Path) -> None:
    """Has this process keep entities there, send jobs there, and note there what it begins."""
    os.environ["NITRO_TEST_BEGUN"] = str(begun)
    configure(database)
    use_queue(queue, lease=LEASE, grace=GRACE, poll=POLL)


# -- the nursery ----------------------------------------------------------------------------------


class Nursery:
    """The process that forks workers, and what the test knows of them.

    Attributes:
        workers: The process ids of those that live.
    """

    def __init__(self, parent: Callable[[object], list[int]]) -> None:
        self._parent = parent
        self.workers: list[int] = []

    def start(self, *where: object) -> int:
        """Starts a worker and returns its process id.

        Args:
            *where: What `be_configured` takes.
        """
        pid = self._tell("work", where)
        self.workers.append(pid)
        return pid

    def crash(self, *where: object) -> int:
        """Starts an app that emits an event and dies between its commit and the sending of its job."""
        return self._tell("crash", where)

    def _tell(self, what: str, where: tuple[object, ...]) -> int:
        [pid] = self._parent([what, *map(str, where)])
        return pid

    def kill(self) -> None:
        """Kills the oldest worker in the middle of whatever it does."""
        os.kill(self.workers.pop(0), signal.SIGKILL)

    def stop(self) -> int:
        """Asks the oldest worker to stop, and returns its process id."""
        pid = self.workers.pop(0)
        os.kill(pid, signal.SIGTERM)
        return pid


@contextmanager
def nursery() -> Generator[Nursery]:
    """Runs a nursery for as long as the block runs."""
    with parent_of("durable_app") as parent:
        yield Nursery(parent)


def obey() -> None:
    """Forks a child for each order, and says its process id."""
    for what, database, queue, begun in orders():
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)
            be_configured(database, queue, Path(begun))
            {"work": _work, "crash": _crash}[what]()
            os._exit(0)
        print(pid, flush=True)


def _work() -> None:
    logging.basicConfig(level=logging.ERROR)
    run_worker(threads=4)


def _crash() -> None:
    relay.send = lambda queue, key: os.kill(os.getpid(), signal.SIGKILL)
    emit_numbers(0, 1)
