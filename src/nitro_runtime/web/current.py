"""The request that is being answered, for code that is not given it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any

from nitro_runtime.views.csrf import Csrf, csrf_names
from nitro_runtime.web.request import Request

_current: ContextVar[Any] = ContextVar("nitro_request", default=None)


def answer(respond: Callable[[Any], Any], native: Any, csrf: Csrf | None) -> Any:  # noqa: ANN401 # any framework's
    """Has a request answered that is known meanwhile, and to views what its host asks of posts.

    Args:
        respond: Takes the native request; of a coroutine function the result is to be awaited.
        native: The native request.
        csrf: The host's own protection against forged posts.
    """
    if iscoroutinefunction(respond):
        return _answer_async(respond, native, csrf)
    with _known(native, csrf):
        return respond(native)


async def _answer_async(respond: Callable[[Any], Any], native: Any, csrf: Csrf | None) -> Any:  # noqa: ANN401 # as above
    with _known(native, csrf):
        return await respond(native)


@contextmanager
def _known(native: Any, csrf: Csrf | None) -> Generator[None]:  # noqa: ANN401 # as above
    token = _current.set(native)
    try:
        with csrf_names(csrf.names if csrf else None):
            yield
    finally:
        _current.reset(token)


def current_native() -> Any:  # noqa: ANN401 # any framework's
    """Returns the native request that is being answered; None outside, or where none is kept."""
    return _current.get()


def kept(native: dict[str, Any], make: Callable[[], Request]) -> Request:
    """Returns the neutral request that a native one keeps, always the same.

    Args:
        native: Where the native one keeps things: its attributes, its scope.
        make: Makes the neutral one, at the first call.
    """
    if "nitro.request" not in native:
        native["nitro.request"] = make()
    return native["nitro.request"]
