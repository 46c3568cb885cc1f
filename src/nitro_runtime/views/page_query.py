"""The query of the page that is being rendered, for views that were not given a request."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

_query: ContextVar[Mapping[str, str] | None] = ContextVar("nitro_page_query", default=None)


class page_query:  # used like a function
    """Makes the query known to every view that renders inside the block."""

    __slots__ = ("_query", "_token")

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query

    def __enter__(self) -> None:
        self._token = _query.set(self._query)

    def __exit__(self, *_: object) -> None:
        _query.reset(self._token)


def current_query() -> Mapping[str, str]:
    """Returns the query of the page that is being rendered; empty outside one."""
    return _query.get() or {}
