"""`WriterQueue` and `Slots`: a turn that threads and tasks wait for alike.

SQLite lets one connection write at a time; a server lets as many work as there are connections. Tasks of one event loop must never wait for one another
inside SQLite: the loop would stand still and the writer it waits for could not go on. They queue
here instead, before they begin.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from nitro_runtime.errors import DatabaseBusy

T = TypeVar("T")
_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Returns the event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class _Turn(threading.local):
    """What a thread knows of the turn that it works in."""

    held = False
    written = False


class WriterQueue:
    """A lock that threads wait for by blocking and tasks by awaiting.

    Args:
        patience: Seconds to wait before giving up with `DatabaseBusy`.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._lock: threading.Lock | threading.Semaphore = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None  # the holder's, when it may await
        self._waiting: deque[_Waiter] = deque()
        self._turn = _Turn()

    def acquire(self, *, keep: bool = False) -> bool:
        """Takes the turn, blocking the thread until it comes.

        Returns:
            Whether it was taken and must be released; False when this thread works in it already.

        Args:
            keep: The turn is held across awaits: a transaction in a coroutine.

        Raises:
            DatabaseBusy: It did not come in time, or a task of this thread's own loop holds it.
        """
        if self.in_turn:
            return False
        if not self._lock.acquire(blocking=False):
            self._refuse_to_stall(running_loop())
            if not self._lock.acquire(timeout=self.patience):
                raise DatabaseBusy(self._too_late())
        if keep:
            self._loop = running_loop()
        return True

    async def aacquire(self, *, keep: bool = False) -> None:
        """Takes the turn; the event loop goes on while it waits.

        Raises:
            DatabaseBusy: It did not come in time.
        """
        if not self._lock.acquire(blocking=False):
            try:
                await asyncio.wait_for(self._wait(), self.patience)
            except TimeoutError:
                raise DatabaseBusy(self._too_late()) from None
        if keep:
            self._loop = asyncio.get_running_loop()

    def _refuse_to_stall(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Raises when the turn is held by a task that could not go on while this thread waits."""
        if loop is not None and self._loop is loop:
            raise DatabaseBusy(
                "Another task of this event loop is writing; waiting here would stop it. Use "
                "the asynchronous verb (await entity.asave()) or async with transaction()."
            )

    def _too_late(self) -> str:
        return f"Another writer held the database for {self.patience} s."

    @property
    def in_turn(self) -> bool:
        """Whether this thread is doing work inside `run_in_turn`, and so must not queue again."""
        return self._turn.held

    @property
    def has_written(self) -> bool:
        """Whether the work of the present turn has stored anything, and so must not be repeated."""
        return self._turn.written

    def note_written(self) -> None:
        """Remembers that the present turn has stored something."""
        self._turn.written = True

    def run_in_turn(self, work: Callable[[], T]) -> T:
        """Runs synchronous work for the task that holds the turn."""
        self._turn.held, self._turn.written = True, False
        try:
            return work()
        finally:
            self._turn.held = False

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            waiter = loop.create_future()
            entry = (loop, waiter)
            self._waiting.append(entry)
            # Asked again after joining the queue: a release in between would wake nobody.
            if self._lock.acquire(blocking=False):
                self._leave(entry)
                return
            try:
                await waiter
            except asyncio.CancelledError:
                self._leave(entry)
                if waiter.done() and not waiter.cancelled():
                    self._wake()  # the turn was offered to one that no longer wants it
                raise
            if self._lock.acquire(blocking=False):
                return

    def _leave(self, entry: _Waiter) -> None:
        try:
            self._waiting.remove(entry)
        except ValueError:
            self._wake()  # it was chosen meanwhile: pass the turn on

    def release(self) -> None:
        """Gives the turn back and wakes the next task."""
        self._loop = None
        self._lock.release()
        if self._waiting:
            self._wake()

    def _wake(self) -> None:
        while self._waiting:
            try:
                loop, waiter = self._waiting.popleft()
            except IndexError:
                return
            try:
                loop.call_soon_threadsafe(_finish, waiter)
            except RuntimeError:  # its loop is closed: nobody waits there any more
                continue
            return


class Slots(WriterQueue):
    """As many turns at once as there are connections to a server.

    Args:
        size: How many.
        patience: Seconds to wait for one before giving up with `DatabaseBusy`.
        what: What the connections lead to, for the sentence: ``"PostgreSQL"``.
    """

    def __init__(self, size: int, patience: float, what: str) -> None:
        super().__init__(patience)
        self.size = size
        self._what = what
        self._lock = threading.BoundedSemaphore(size)

    def _refuse_to_stall(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if loop is not None:
            raise DatabaseBusy(
                f"All {self.size} connections to {self._what} are in use; waiting here would stop "
                "the event loop. Use the asynchronous verb (await entity.asave())."
            )

    def _too_late(self) -> str:
        return (
            f"All {self.size} connections to {self._what} were in use for {self.patience} s; "
            "hold transactions open for less time, or give configure() a greater pool_size."
        )


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
