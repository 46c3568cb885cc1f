# ruff: noqa: S101 # tests wait with this, and assert
"""Tests that are coroutines: run without a plugin of pytest, and waiting for a condition."""

from __future__ import annotations

import asyncio
import time
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


async def until(condition: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Waits until a condition holds.

    Args:
        condition: Is asked every few milliseconds.
        what: What is waited for, as the failure names it.
        seconds: How long to wait at most.

    Raises:
        AssertionError: It does not hold by then.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(0.005)
