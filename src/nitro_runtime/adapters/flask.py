"""Nitro on Flask: mounts the neutral routes, and turns requests and replies to and fro.

Flask speaks WSGI: each request has a thread, and Nitro's async core runs on the portal's loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from os import PathLike
from typing import Any, ParamSpec

from flask import Flask, Request, current_app
from flask import Response as FlaskResponse

from nitro_runtime.adapters._flask import (
    EXTENSION,
    answer_error,
    mount,
    mount_static,
    native_reply,
    neutral,
)
from nitro_runtime.errors import NitroError
from nitro_runtime.sse import install_shutdown
from nitro_runtime.views import Notice
from nitro_runtime.web import Signals, UserHook, portal, replies, routes
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.installing import already_installed, make_site

__all__ = [
    "ReadSignals", "gate", "html", "install", "mount", "page", "redirect", "reply",
]  # fmt: skip

P = ParamSpec("P")


def install(
    app: Flask,
    *,
    static: str | PathLike[str] | None = None,
    user: UserHook | None = None,
    prefix: str = "",
    secret_key: str | None = None,
) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The app's own routes stay as they are, and win over Nitro's wherever they are registered.
    ``async def`` views run on the portal's loop, where Nitro's streams are.

    Args:
        app: The app.
        static: A folder for ``/static``, unless the app has one; None takes ``./static``, if any.
        user: Takes the request, returns the signed-in user or None; may be a coroutine.
        prefix: Stands before ``/cmds`` and ``/events``.
        secret_key: Signs tabs and view keys; by default ``NITRO_SECRET_KEY``.

    Raises:
        ConfigurationError: One of these cannot be, or Nitro is installed on the app already.
    """
    if EXTENSION in app.extensions:
        raise already_installed()
    site = make_site(static=static, user=user, prefix=prefix, secret_key=secret_key)
    app.extensions[EXTENSION] = mount_static(app, site)
    mount(app, routes(), prefix)
    if NitroError not in app.error_handler_spec[None][None]:
        app.register_error_handler(NitroError, answer_error)
    if type(app).async_to_sync is Flask.async_to_sync:
        app.async_to_sync = portal.to_sync  # pyright: ignore[reportAttributeAccessIssue]
    install_shutdown()  # the server's own handlers are in place already when it imports the app


def reply(request: Request | None, view: Any, *, status: int | None = None) -> FlaskResponse:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks.

    ``request`` may be None for the current one; ``status`` is the page's own by default.
    """
    return native_reply(replies.respond(neutral(request), view, status=status))


def redirect(
    request: Request | None, url: str, *, notice: Notice | str | None = None
) -> FlaskResponse:
    """Sends the browser to another page of this site, where it is shown the notice.

    Raises:
        ConfigurationError: The target is not a path of this site.
    """
    return native_reply(replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> FlaskResponse:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return FlaskResponse(str(view), status=status, mimetype="text/html")


def page(function: Callable[P, Any]) -> Callable[P, Any]:
    """Lets a view function return a `Page`, a view or an element; anything else passes through."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 # Flask's
        result = current_app.ensure_sync(function)(*args, **kwargs)
        return reply(None, result) if hasattr(result, "__html__") else result

    return call


def gate() -> None:
    """Guards a blueprint: ``blueprint.before_request(gate)``.

    Raises:
        Refused: 403, a request that changes something did not come from this site's own pages.
    """
    web_gate.check(neutral())


def ReadSignals() -> Signals:  # the same name in every adapter
    """Returns the signals of the current request.

    Raises:
        Refused: 413, 415 or 422; they are too long, no JSON, or no plain object.
    """
    return portal.run(neutral().signals())
