"""Tests that are coroutines, in suites that need no plugin of pytest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
S = TypeVar("S")


def in_a_loop(
    test: Callable[Concatenate[S, P], Awaitable[None]],
) -> Callable[Concatenate[S, P], None]:
    """Runs a test that is a coroutine in an event loop of its own; no plugin of pytest is needed."""

    @wraps(test)
    def run(self: S, *arguments: P.args, **keywords: P.kwargs) -> None:
        async def main() -> None:
            await test(self, *arguments, **keywords)

        asyncio.run(main())

    return run
