"""What code needs that may run in a thread of its own or on an event loop, which must not wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import closing
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from nitro_runtime.errors import NitroError
from nitro_runtime.web.request import Request, UserHook

T = TypeVar("T")
R = TypeVar("R")


def on_loop() -> bool:
    """Whether this thread runs an event loop at the moment."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def asked_in_thread(hook: UserHook, to_thread: Callable[[UserHook], UserHook]) -> UserHook:
    """Returns a user hook that may wait for a database, wherever it is asked.

    Args:
        hook: The hook; a coroutine function is returned as it is.
        to_thread: Makes a coroutine function of it, for when it is asked on an event loop.
    """
    if iscoroutinefunction(hook):
        return hook
    elsewhere = to_thread(hook)

    def ask(native: Any) -> Any:  # noqa: ANN401 # the framework's request; the host's user
        return elsewhere(native) if on_loop() else hook(native)

    return ask


async def done(coming: Awaitable[T]) -> T:
    """Awaits something, for what runs coroutine functions only."""
    return await coming


def waited(
    coroutine: Coroutine[Any, Any, T],
    request: Callable[[], Request] | None,
    run: Callable[[Coroutine[Any, Any, T]], T],
) -> T:
    """Runs a coroutine from a thread; asks for the user before, as the thread may wait and a loop not.

    Args:
        coroutine: What to run; it is closed when it comes to no end.
        request: Makes the neutral request that is being answered, if there is one.
        run: Runs a coroutine to its end.
    """
    with closing(coroutine):
        if request is not None:
            request().ask_user()
        return run(coroutine)


async def then(coming: Awaitable[T], act: Callable[[T], R]) -> R:
    """Awaits something and returns what is made of it."""
    return act(await coming)


def result_of(coroutine: Coroutine[Any, Any, T]) -> T:
    """Returns the result of a coroutine that has nothing to wait for, as when all has been read.

    Raises:
        NitroError: It had to wait after all.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise NitroError("This coroutine waits for something: await it.")


class ClosedFromThread(AsyncIterator[bytes]):
    """The chunks of a stream, for a framework that closes it by a plain method, from any thread.

    It does so when the client is gone while a chunk is being written; a stream that waits for its
    next chunk then is cancelled.
    """

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __anext__(self) -> bytes:
        self._loop = asyncio.get_running_loop()
        return await anext(self._chunks)

    def close(self) -> None:
        """Has the source closed on its loop; it never ran when it has none."""
        source = self._chunks
        if self._loop is not None and isinstance(source, AsyncGenerator):
            closing = _close(cast("AsyncGenerator[bytes, None]", source))
            asyncio.run_coroutine_threadsafe(closing, self._loop)


async def _close(source: AsyncGenerator[bytes, None]) -> None:
    await source.aclose()
