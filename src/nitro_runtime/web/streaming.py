"""Pages that are sent piece by piece while they are rendered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import copy_context

_END = object()


async def in_threads(make: Callable[[], Iterator[str]]) -> AsyncIterator[bytes]:
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
            yield str(piece).encode()
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            context.run(close)
