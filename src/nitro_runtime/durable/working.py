"""`perform`: one job, from taking it out of the outbox to its end, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from importlib import import_module
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

from nitro_runtime.durable import store
from nitro_runtime.durable.encoding import decode
from nitro_runtime.durable.leases import Leases
from nitro_runtime.durable.rows import OutboxRow
from nitro_runtime.durable.settings import timing
from nitro_runtime.entities import transaction
from nitro_runtime.events.bus import bus
from nitro_runtime.events.handlers import Registration

log = logging.getLogger(__name__)

MOST_CRASHES = 20
"""How often a job may take its worker with it before it is dead."""


class Poison(Exception):
    """A job that no try can ever do."""


class LostLease(Exception):
    """The job was given to another worker meanwhile; what this one did is undone."""


_leases = Leases()


def perform(key: str) -> bool:
    """Works a job: takes it, runs its handler, and notes how it ended.

    Safe from every thread. Nothing that a handler raises comes out; an error of the database is
    logged, and the job is given out again when its lease ends.

    Returns:
        Whether the job was there to be worked.
    """
    try:
        row = store.claim(key, timing().lease)
        if row is None:
            return False
        # What one job sets in its context must not be seen by the next of this thread.
        copy_context().run(_work, row)
    except Exception:
        log.exception("job %s could not be worked; it is tried again", key)
    return True


def _work(row: OutboxRow) -> None:
    registration = _registration(row.handler)
    try:
        with _leases.holding(row):
            _run(row, _checked(row, registration))
    except LostLease:
        log.warning("job %s took longer than its lease; another worker has it", row.id)
    except Poison as poison:
        _bury(row, poison)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and cancellations, too: it is a handler's
        _fail(row, registration, error)


def _registration(key: str) -> Registration | None:
    """Returns a handler by its key; its module is imported when the app has not done so."""
    if bus.registration(key) is None:
        with suppress(ImportError):
            import_module(key.partition(":")[0])
    return bus.registration(key)


def _checked(row: OutboxRow, registration: Registration | None) -> Registration:
    if registration is None:
        raise Poison(f"there is no durable handler {row.handler} here")
    crashes = row.attempts - 1 - row.failures
    if crashes >= MOST_CRASHES:
        raise Poison(f"its worker ended {crashes} times in the middle of it")
    return registration


def _fail(row: OutboxRow, registration: Registration | None, error: BaseException) -> None:
    options = None if registration is None else registration.durable
    if options is None:
        raise error
    is_dead = store.fail(row, error, options.retries, options.backoff)
    if is_dead:
        log.error("job %s of %r is dead after %d tries", row.id, row.event, row.failures + 1)
        bus.on_error(error, row.event)
    else:
        log.warning(
            "job %s of %r failed and is tried again: %s: %s",
            row.id, row.event, type(error).__name__, error,
        )  # fmt: skip


def _bury(row: OutboxRow, poison: Poison) -> None:
    cause = poison.__cause__ or poison
    store.bury(row, cause)
    log.error("job %s of %r is dead: %s", row.id, row.event, poison)
    bus.on_error(cause, row.event)


# -- running the handler --------------------------------------------------------------------------


def _run(row: OutboxRow, registration: Registration) -> None:
    function = registration.function
    if iscoroutinefunction(function) or isasyncgenfunction(function):
        loop.run(_run_async(row, registration))
    elif registration.durable is not None and registration.durable.once:
        with transaction():
            _call(row, registration)
            if not store.finish(row):
                raise LostLease
    else:
        _call(row, registration)
        if not store.finish(row):
            log.warning("job %s took longer than its lease; it may be done twice", row.id)


def _call(row: OutboxRow, registration: Registration) -> None:
    sender, data = _read(row, registration)
    bus.perform(row.handler, row.event, sender, data)


async def _run_async(row: OutboxRow, registration: Registration) -> None:
    finish = partial(store.finish, row)
    if registration.durable is not None and registration.durable.once:
        async with transaction():
            await _acall(row, registration)
            if not await OutboxRow.repository.arun(finish, write=True):
                raise LostLease
        return
    await _acall(row, registration)
    if not await OutboxRow.repository.arun(finish, write=True):
        log.warning("job %s took longer than its lease; it may be done twice", row.id)


async def _acall(row: OutboxRow, registration: Registration) -> None:
    read = partial(_read, row, registration)
    sender, data = await OutboxRow.repository.arun(read, write=False)
    await bus.perform_async(row.handler, row.event, sender, data)


def _read(row: OutboxRow, registration: Registration) -> tuple[Any, Mapping[str, Any]]:
    """Returns the sender and the data, with the key of the job for a handler that asks for it."""
    try:
        sender, data = decode(row.sender), decode(row.data)
        wanted = "key" in registration.wants.names and "key" not in data
        return sender, bus.checked(row.event, data, {"key": row.id} if wanted else {})
    except Exception as problem:
        raise Poison(f"what it carries cannot be read ({problem})") from problem


# -- the loop of async handlers -------------------------------------------------------------------


class _Loop:
    """One event loop for the async handlers of all threads, so that what they open can be shared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs a coroutine to its end, while this thread waits."""
        asyncio.run_coroutine_threadsafe(coroutine, self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="nitro-job-loop", daemon=True
                )
                self._thread.start()
            return self._loop

    def close(self) -> None:
        """Ends the loop; the next coroutine starts another."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


loop = _Loop()
"""The event loop of async handlers."""
