"""The portal: one background event loop, through which threads of a WSGI server reach async code."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Future
from contextvars import copy_context
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from nitro_runtime.errors import NitroError

P = ParamSpec("P")
T = TypeVar("T")

_END: Any = object()


class Portal:
    """Runs coroutines for threads that have no event loop. Safe from every thread, and after a fork.

    The loop's thread starts at the first use, and again in a child process: a forked thread does
    not exist there. Coroutines see the context variables of the thread that called.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A lock that another thread held at the fork would stay locked in the child.
        os.register_at_fork(after_in_child=self._forget)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._ending: set[asyncio.Task[None]] = set()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._loop = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        if self._loop is not None and self._pid == os.getpid():
            return self._loop
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_serve, args=(loop,), name="nitro-portal", daemon=True
                ).start()
                self._loop, self._pid = loop, os.getpid()
            return self._loop

    def runs_here(self) -> bool:
        """Whether the caller runs on the portal's loop."""
        return threading.get_ident() == getattr(self._loop, "_thread_id", None)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end and returns its result, or raises what it raised.

        Raises:
            NitroError: It was called on the portal's own loop, which would wait for itself.
        """
        loop = self.loop
        if self.runs_here():
            coroutine.close()
            raise NitroError("This code runs on the event loop already: await the coroutine.")
        done: Future[T] = Future()
        context = copy_context()

        def start() -> None:
            task = loop.create_task(coroutine, context=context)
            task.add_done_callback(lambda task: _hand_over(task, done))

        loop.call_soon_threadsafe(start)
        return done.result()

    def iterate(self, chunks: AsyncIterator[T]) -> Generator[T]:
        """Yields what an async iterator yields, as it comes; closing this closes that."""
        try:
            while (chunk := self.run(_next(chunks))) is not _END:
                yield chunk
        finally:
            if isinstance(chunks, AsyncGenerator):
                self._end(_close(cast("AsyncGenerator[T, None]", chunks)))

    def _end(self, closing: Coroutine[Any, Any, None]) -> None:
        """Waits for something to close, unless that would be this loop waiting for itself.

        The garbage collector, which closes what nobody has read to its end, may run in any thread.
        """
        if not self.runs_here():
            self.run(closing)
            return
        task = self.loop.create_task(closing)
        self._ending.add(task)  # a loop holds its tasks weakly
        task.add_done_callback(self._ending.discard)

    def to_sync(self, function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
        """Makes a plain function of a coroutine function."""

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return self.run(function(*args, **kwargs))

        return call

    def close(self) -> None:
        """Stops the loop; the next use starts another. For tests."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None and self._pid == os.getpid():
            loop.call_soon_threadsafe(loop.stop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _hand_over(task: asyncio.Task[T], done: Future[T]) -> None:
    if task.cancelled():
        done.cancel()
        done.set_running_or_notify_cancel()
    elif error := task.exception():
        done.set_exception(error)
    else:
        done.set_result(task.result())


async def _next(chunks: AsyncIterator[Any]) -> Any:  # noqa: ANN401 # whatever it yields
    return await anext(chunks, _END)


async def _close(chunks: AsyncGenerator[Any, Any]) -> None:
    await chunks.aclose()


portal = Portal()
"""The portal of this process."""
