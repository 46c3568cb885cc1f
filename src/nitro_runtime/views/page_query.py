"""The query of the page that is being rendered, for views that were not given a request."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_query: ContextVar[Mapping[str, str] | None] = ContextVar("nitro_page_query", default=None)


@contextmanager
def page_query(query: Mapping[str, str]) -> Generator[None]:
    """Makes the query known to every view that renders inside the block."""
    token = _query.set(query)
    try:
        yield
    finally:
        _query.reset(token)


def current_query() -> Mapping[str, str]:
    """Returns the query of the page that is being rendered; empty outside one."""
    return _query.get() or {}
