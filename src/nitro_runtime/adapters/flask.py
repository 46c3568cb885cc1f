"""Nitro on Flask: mounts the neutral routes, and turns requests and replies to and fro.

Flask speaks WSGI: each request has a thread, and Nitro's async core runs on the portal's loop.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Flask, Request, current_app, send_from_directory
from flask import Response as FlaskResponse
from flask import request as current_request
from werkzeug.local import LocalProxy

from nitro_runtime import context
from nitro_runtime.errors import NitroError
from nitro_runtime.sse import install_shutdown
from nitro_runtime.views import Notice
from nitro_runtime.web import Multi, Reply, Route, Signals, Site, UserHook, portal, replies, routes
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.installing import STATIC_URL, already_installed, make_site
from nitro_runtime.web.request import refuse_longer
from nitro_runtime.web.wsgi import (
    before_first_request,
    close_streams_before_quitting,
    request_of_environ,
)

__all__ = [
    "ReadSignals", "gate", "html", "install", "mount", "page", "redirect", "reply",
]  # fmt: skip

P = ParamSpec("P")

_EXTENSION = "nitro"
_NEUTRAL = "nitro.request"


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
    if _EXTENSION in app.extensions:
        raise already_installed()
    site = make_site(static=static, user=user, prefix=prefix, secret_key=secret_key)
    app.extensions[_EXTENSION] = site
    mount(app, routes(), prefix)
    if NitroError not in app.error_handler_spec[None][None]:
        app.register_error_handler(NitroError, _answer_error)
    if type(app).async_to_sync is Flask.async_to_sync:
        app.async_to_sync = portal.to_sync
    close_streams_before_quitting()
    install_shutdown()  # the server's own handlers are in place already when it imports the app


def mount(app: Flask, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes, and the static files of the site; they yield to the app's own."""
    rules = [(prefix + route.path, route) for route in routes]

    def add() -> None:
        for path, route in rules:
            name = f"nitro_{route.name}"
            rule = re.sub(r"{(\w+)}", r"<\1>", path)
            app.url_map.add(app.url_rule_class(rule, endpoint=name, methods=set(route.methods)))
            app.view_functions[name] = _endpoint(route)

    app.wsgi_app = before_first_request(app.wsgi_app, add)
    _mount_static(app)


def neutral(request: Request | None = None) -> NeutralRequest:
    """Returns the neutral request of a native one, by default the current; always the same."""
    native: Any = current_request if request is None else request
    if isinstance(native, LocalProxy):
        native = native._get_current_object()  # its public way out
    known = native.environ.get(_NEUTRAL)
    if known is None:
        known = native.environ[_NEUTRAL] = _neutral(native)
    return known


def native_reply(reply: Reply) -> FlaskResponse:
    """Returns the native response of a neutral reply."""
    body = reply.body if isinstance(reply.body, bytes) else portal.iterate(reply.body)
    response = FlaskResponse(body, status=reply.status)
    response.headers.clear()
    response.headers.extend(reply.headers)
    if isinstance(reply.body, bytes):
        response.headers["content-length"] = str(len(reply.body))
    return response


context.register_request(Request, neutral)
context.register_request(LocalProxy, neutral)


def _neutral(native: Request) -> NeutralRequest:
    site: Site = current_app.extensions.get(_EXTENSION) or Site()

    async def read(limit: int) -> bytes:
        return await asyncio.to_thread(_read, native, limit)  # the portal's loop must not wait

    return request_of_environ(native.environ, site, native, native.view_args or {}, read)


def _read(native: Request, limit: int) -> bytes:
    """Reads the body so that the app can read it too; one of unknown length never beyond the limit."""
    if native.content_length is None:
        body = native.stream.read(limit + 1)
        refuse_longer(len(body), limit)
        return body
    return native.get_data() or urlencode(Multi(native.form.items(multi=True)).pairs()).encode()


def _endpoint(route: Route) -> Callable[..., FlaskResponse]:
    async def call(asked: NeutralRequest) -> Reply:
        return await route.handler(asked)

    def endpoint(**_: str) -> FlaskResponse:
        asked = neutral()
        asked.ask_user()  # in this thread, which may wait for a database; the portal's must not
        return native_reply(portal.run(call(asked)))

    return endpoint


def _answer_error(error: NitroError) -> FlaskResponse:
    if error.status == 500:
        raise error
    return native_reply(replies.refusal(neutral(), error))


def _mount_static(app: Flask) -> None:
    site: Site = app.extensions[_EXTENSION]
    folder = site.static_folder
    if folder is None:
        return
    if app.static_folder is None:
        if "nitro_static" not in app.view_functions:
            view = lambda path: send_from_directory(folder, path)  # noqa: E731
            app.add_url_rule(f"{STATIC_URL}/<path:path>", "nitro_static", view)
    elif not Path(app.static_folder).is_dir():
        app.static_folder = str(folder)


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
