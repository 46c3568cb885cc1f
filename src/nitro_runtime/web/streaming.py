"""What is sent piece by piece while it is made: long pages, and the steps of a long deed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import copy_context
from typing import TypeVar, cast

T = TypeVar("T")

_END = object()


async def in_threads(make: Callable[[], Iterator[T]]) -> AsyncIterator[T]:
    """Yields what an iterator gives, each piece made in a thread, so that the loop goes on.

    All pieces are made in one context of their own, copied here: what the page is rendered with (its
    query, its words) is known to every piece and to nothing else.

    Args:
        make: Makes the iterator, in that context.
    """
    context = copy_context()
    pieces = await asyncio.to_thread(context.run, make)
    try:
        while (piece := await asyncio.to_thread(context.run, next, pieces, _END)) is not _END:
            yield cast("T", piece)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            context.run(close)


async def encoded(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Yields texts as UTF-8; closing it closes what gives them."""
    try:
        async for piece in pieces:
            yield piece.encode()
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
