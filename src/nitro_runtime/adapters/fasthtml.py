"""Nitro on FastHTML: Starlette's adapter, with FastHTML's parameters, and handlers that return views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from nitro_runtime.adapters.versions import supported
from nitro_runtime.web import Signals, asgi
from nitro_runtime.web.answering import REQUEST, injected, may_return_view
from nitro_runtime.web.installing import Options, expect_app

with supported("fasthtml"):
    from fasthtml.core import FT, FastHTML, NotStr
    from starlette.requests import Request
    from starlette.responses import Response

    from nitro_runtime.adapters import starlette

__all__ = [
    "ReadSignals", "gate", "html", "install", "mount", "native", "neutral", "page", "redirect",
    "reply", "shutdown",
]  # fmt: skip

html, native, neutral = starlette.html, starlette.native, starlette.neutral
mount, redirect, reply, shutdown = (
    starlette.mount, starlette.redirect, starlette.reply, starlette.shutdown,
)  # fmt: skip


def install(app: FastHTML, **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The app's own routes stay as they are, and win over Nitro's wherever they are registered. Handlers
    that are registered on the app afterwards may return a view; what FastHTML answers itself (its
    own elements, text, data, responses) goes on as before.

    The options are those of `nitro.install`; without ``user`` it is what the app's own login calls ``auth``, in
    the request's scope or in the session.

    Raises:
        ConfigurationError: One of these cannot be, or Nitro is installed on the app already.
    """
    expect_app(app, FastHTML)
    options["user"] = options.get("user") or _signed_in
    starlette.install(app, **options)
    plain: Callable[..., Any] = vars(FastHTML)["_endp"]

    def endpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # FastHTML's
        switches = may_return_view(function, Response)
        return plain(app, page(function) if switches else function, *args, **kwargs)

    vars(app)["_endp"] = endpoint  # makes the endpoint of every route


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a handler that was registered before `install`, sync or async, return a view."""
    return injected(function, {REQUEST: Request}, Response, lambda asked: neutral(*asked), _reply)


async def gate(request: Request) -> None:
    """Refuses what another site's page sent, with a 403: ``before=Beforeware(gate)``."""
    await starlette.gate(request)


class ReadSignals(Signals):
    """The signals of the request, as a mapping with attribute access: ``signals: ReadSignals``."""

    @classmethod
    async def __from_request__(cls, request: Request) -> Signals:
        return await neutral(request).signals()


def _reply(asked: tuple[Request], view: Any) -> Any:  # noqa: ANN401 # what a handler returned
    """Answers with a view, and leaves FastHTML's own elements to FastHTML."""
    return view if isinstance(view, FT | NotStr) else reply(*asked, view)


def _signed_in(request: Request) -> Any:  # noqa: ANN401 # the app's own
    """Whom the app's login put where FastHTML has it: ``auth``, in the scope or in the session."""
    scope = request.scope
    if "user" in scope:  # Starlette's middleware, whose own ``auth`` holds permissions
        return asgi.user_of_scope(scope)
    return scope.get("auth") or scope.get("session", {}).get("auth")
