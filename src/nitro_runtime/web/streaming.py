"""What is sent piece by piece while it is made: long pages, and the steps of a long deed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextvars import copy_context
from typing import TypeVar, cast

log = logging.getLogger(__name__)

T = TypeVar("T")

_END = object()


async def in_threads(make: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
    """Yields what an iterator gives, each piece made in a thread, so that the loop goes on.

    All pieces are made in one context of their own, copied here: what the page is rendered with (its
    query, its words) is known to every piece and to nothing else. Cancelled, it waits for the piece
    that is being made, and has the iterator closed.

    Args:
        make: Makes the iterator, in that context.
    """
    context = copy_context()
    pieces = await _to_its_end(lambda: context.run(make))
    try:
        while (piece := await _to_its_end(lambda: context.run(next, pieces, _END))) is not _END:
            yield cast("T", piece)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            try:
                await _to_its_end(lambda: context.run(close))
            except Exception:  # it would hide why the iterator was closed
                log.exception("what is sent piece by piece could not be closed")


async def _to_its_end(function: Callable[[], T]) -> T:
    """Calls a function in a thread; cancelled, it waits for the end, as a thread cannot be stopped."""
    work = asyncio.get_running_loop().run_in_executor(None, function)
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return work.result()
    if not work.cancelled() and (error := work.exception()):
        log.error("what is sent piece by piece failed after its end", exc_info=error)
    raise cancelled


async def encoded(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Yields texts as UTF-8; closing it closes what gives them."""
    try:
        async for piece in pieces:
            yield piece.encode()
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
