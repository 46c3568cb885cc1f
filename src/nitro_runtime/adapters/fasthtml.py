"""Nitro on FastHTML: Starlette's adapter, with FastHTML's parameters, and handlers that return views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from nitro_runtime.adapters.versions import supported
from nitro_runtime.web import Signals, UserHook, asgi, replies
from nitro_runtime.web.installing import Folder, expect_app

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


def install(
    app: FastHTML,
    *,
    static: Folder | None = None,
    user: UserHook | None = None,
    prefix: str = "",
    secret_key: str | None = None,
) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The app's own routes stay as they are, and win over Nitro's wherever they are registered. Its
    handlers may return a view; FastHTML's own elements go on as before.

    Args:
        app: The app.
        static: A folder for ``/static``, unless the app has something there; None takes the folder
            ``static`` of the working directory when there is one.
        user: Takes the request, returns the signed-in user or None; may be a coroutine. None takes
            what the app's own login calls ``auth``, in the request's scope or in the session.
        prefix: Stands before ``/cmds`` and ``/events``.
        secret_key: Signs tabs and view keys; by default ``NITRO_SECRET_KEY``.

    Raises:
        ConfigurationError: One of these cannot be, or Nitro is installed on the app already.
    """
    expect_app(app, FastHTML)
    user = user or _signed_in
    starlette.install(app, static=static, user=user, prefix=prefix, secret_key=secret_key)
    after: list[Any] = vars(app)["after"]  # what ``after=`` was given
    after.append(_answer_view)


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Says that a handler returns a view, as any handler may once Nitro is installed on its app."""
    return function


async def gate(request: Request) -> None:
    """Refuses what another site's page sent, with a 403: ``before=Beforeware(gate)``."""
    await starlette.gate(request)


class ReadSignals(Signals):
    """The signals of the request, as a mapping with attribute access: ``signals: ReadSignals``."""

    @classmethod
    async def __from_request__(cls, request: Request) -> Signals:
        return await neutral(request).signals()


class _View(Response):
    """A view on its way out, which is rendered once it may wait for what it reads."""

    def __init__(self, view: Any) -> None:  # noqa: ANN401 # any view
        super().__init__()
        self.view = view

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
        request = Request(scope, receive)
        await replies.load(neutral(request), self.view)
        await reply(request, self.view)(scope, receive, send)


def _answer_view(resp):  # noqa: ANN001, ANN202 # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
    """Answers with a view that is none of FastHTML's own elements.

    FastHTML gives what a handler returned to a parameter of this name that has no annotation; with
    one it would look for a value in the request, where anybody can put one.
    """
    answer = cast("Any", resp)
    own = isinstance(answer, FT | NotStr) or not hasattr(answer, "__html__")
    return None if own else _View(answer)


def _signed_in(request: Request) -> Any:  # noqa: ANN401 # the app's own
    """Whom the app's login put where FastHTML has it: ``auth``, in the scope or in the session."""
    scope = request.scope
    if "user" in scope:  # Starlette's middleware, whose own ``auth`` holds permissions
        return asgi.user_of_scope(scope)
    return scope.get("auth") or scope.get("session", {}).get("auth")
