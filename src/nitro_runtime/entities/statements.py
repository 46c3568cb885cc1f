"""Who wants to know of each round trip to a store: tests that count queries."""

from __future__ import annotations

from collections.abc import Callable

watchers: list[Callable[[str], object]] = []
"""Called with the text of each statement, in the thread that runs it."""


def note(statement: str) -> None:
    """Tells the watchers of one round trip; every backend calls it before each.

    Args:
        statement: What is asked: SQL, a command of Redis, ``"get product"``.
    """
    for watcher in watchers:
        watcher(statement)
