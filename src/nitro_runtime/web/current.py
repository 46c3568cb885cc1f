"""The request that is being answered, for code that is not given it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from inspect import iscoroutine, iscoroutinefunction
from typing import Any

from nitro_runtime.views.csrf import Csrf, csrf_names
from nitro_runtime.web.closing import close_streams
from nitro_runtime.web.request import Request, UserHook

_current: ContextVar[Any] = ContextVar("nitro_request", default=None)

_Acts = list[Callable[[], object]]

_afterwards: ContextVar[_Acts | None] = ContextVar("nitro_afterwards", default=None)
"""What is to be done when the request has been answered; a thread of its view adds to the same list."""


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
    acts: _Acts = []
    token, later = _current.set(native), _afterwards.set(acts)
    try:
        with csrf_names(csrf.names if csrf else None):
            yield
    finally:
        _current.reset(token)
        _afterwards.reset(later)
        for act in acts:
            act()


def current_native() -> Any:  # noqa: ANN401 # any framework's
    """Returns the native request that is being answered; None outside, or where none is kept."""
    return _current.get()


def logged_out(
    user: Any,  # noqa: ANN401 # the host's own user class
    hook: UserHook | None,
    run: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    """Ends the streams of a user who logs out, when the current request has been answered.

    A host tells of it before its session is gone, or keeps that open in a transaction until then: a
    stream that came back earlier would still be theirs. Outside of a request it is done at once.

    Args:
        user: Whom the host names; None when nobody was signed in.
        hook: The app's own, where it has one: it may know them as another.
        run: Runs a hook that is a coroutine to its end.
    """
    native, acts = _current.get(), _afterwards.get()
    if acts is None:
        close_streams(user)
        return
    found = hook(native) if hook else user
    acts.append(partial(close_streams, run(found) if iscoroutine(found) else found))


def kept(native: dict[str, Any], make: Callable[[], Request]) -> Request:
    """Returns the neutral request that a native one keeps, always the same.

    Args:
        native: Where the native one keeps things: its attributes, its scope.
        make: Makes the neutral one, at the first call.
    """
    if "nitro.request" not in native:
        native["nitro.request"] = make()
    return native["nitro.request"]
