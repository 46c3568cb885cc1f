"""Nitro on Flask, where each request has a thread; Nitro's async core runs on the portal's loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial, wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Unpack, cast

from nitro_runtime import context
from nitro_runtime.adapters.versions import supported
from nitro_runtime.errors import NitroError
from nitro_runtime.sse import install_shutdown
from nitro_runtime.views import Notice
from nitro_runtime.web import Reply, Route, Signals, Site, portal, replies, routes, wsgi
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.files import kept_sync
from nitro_runtime.web.installing import STATIC_URL, Options, expect_app, make_site, shutdown
from nitro_runtime.web.parsed import Posted, posted
from nitro_runtime.web.wsgi import wait

with supported("flask"):
    from flask import Flask, Request, Response, current_app, send_from_directory
    from flask import request as current_request

__all__ = [
    "Nitro", "ReadSignals", "gate", "html", "install", "mount", "native", "neutral", "page",
    "redirect", "reply", "shutdown", "wait",
]  # fmt: skip


class Nitro:
    """The extension: ``nitro = Nitro()`` beside the app factory, ``nitro.init_app(app)`` in it.

    What is left out is taken from the app's own ``config``: ``NITRO_STATIC``, ``NITRO_PREFIX``.
    """

    def __init__(self, app: Flask | None = None, **options: Any) -> None:  # noqa: ANN401 # install's
        self.options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Adds Nitro to an app; any number of apps may share one extension."""
        settings = app.config.get_namespace("NITRO_")
        known = settings.keys() & Options.__annotations__.keys()
        install(app, **{name: settings[name] for name in known} | self.options)


def install(app: Flask, **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The arguments are those of `nitro.install`; without ``user``, Flask-Login is asked when the app
    has it. ``async def`` views run on the portal's loop, where Nitro's streams are.

    Raises:
        ConfigurationError: One of these cannot be, or Nitro is installed on the app already.
    """
    expect_app(app, Flask, installed=lambda: "nitro" in app.extensions)
    options["user"] = options.get("user") or _login
    site = make_site(**options)
    app.extensions["nitro"] = _mount_static(app, site)
    mount(app, routes(), site.prefix)
    app.error_handler_spec[None][None].setdefault(NitroError, _refuse)
    if type(app).async_to_sync is Flask.async_to_sync:
        app.async_to_sync = portal.to_sync  # pyright: ignore[reportAttributeAccessIssue]
    install_shutdown()  # the server's own handlers are in place already when it imports the app


def mount(app: Flask, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to the app's own, wherever those are registered."""
    paths = ((re.sub(r"{(\w+)}", r"<\1>", prefix + route.path), route) for route in routes)
    _add_last(app, [(path, r.name, partial(_answer, r), r.methods) for path, r in paths])


def neutral(request: Request | None = None) -> NeutralRequest:
    """Returns the neutral request of a native one, by default the current; always the same."""
    environ: dict[str, Any] = (request or current_request).environ
    if "nitro.request" not in environ:
        environ["nitro.request"] = _neutral(environ)
    return environ["nitro.request"]


def native(request: Request | None, reply: Reply) -> Response:
    """Returns the native response of a neutral reply; each chunk of a stream is flushed by itself."""
    response = Response(wsgi.body_of(reply), status=reply.status)
    response.headers.clear()
    response.headers.extend(reply.headers)
    return response


def reply(request: Request | None, view: Any, *, status: int | None = None) -> Response:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks; None is this request."""
    return native(request, replies.respond(neutral(request), view, status=status))


def redirect(request: Request | None, url: str, *, notice: Notice | str | None = None) -> Response:
    """Sends the browser to another page of this site, where it is shown the notice."""
    return native(request, replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> Response:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return Response(replies.alone(view), status=status, mimetype="text/html")


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a view function return a view, alone or as in ``view, 404``; the rest passes through."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the function's
        result: Any = current_app.ensure_sync(function)(*args, **kwargs)
        parts = cast("tuple[Any, ...]", result if isinstance(result, tuple) else (result,))
        shown = tuple(reply(None, one) if hasattr(one, "__html__") else one for one in parts)
        return shown if isinstance(result, tuple) else shown[0]

    return call


def gate() -> None:
    """Refuses what another site's page sent (403): ``blueprint.before_request(gate)``."""
    web_gate.check(neutral())


def ReadSignals() -> Signals:  # the same name in every adapter
    """Returns the signals of the current request; those that cannot be are `Refused`."""
    return wait(neutral().signals())


def _neutral(environ: Mapping[str, Any]) -> NeutralRequest:
    asked: Request = environ["werkzeug.request"]  # Flask's proxy is good in this thread only
    return wsgi.request_of_environ(
        environ,
        current_app.extensions.get("nitro") or Site(),
        asked,
        asked.view_args or {},
        lambda limit: asked.get_data() if asked.content_length else asked.stream.read(limit + 1),
        stream=lambda size: asked.stream.read(size),
        parsed=partial(_parsed, asked),
    )


def _parsed(asked: Request) -> Posted | None:
    if "form" not in vars(asked):
        return None
    files = [(n, f.filename, f.mimetype, f.stream) for n, f in asked.files.items(multi=True)]
    return posted(asked.form.items(multi=True), files, asked.content_length or 0)


context.register_request(Request, neutral, lambda: current_request and neutral())


def _login(_: Request) -> Any:  # noqa: ANN401 # the app's own user class
    """Whom Flask-Login knows, where the app has it; nothing is imported where it has not."""
    known = hasattr(current_app, "login_manager") and import_module("flask_login").current_user
    return known._get_current_object() if known and known.is_authenticated else None


def _answer(route: Route, **_: str) -> Response:
    return native(None, wsgi.answer(route, neutral()))


def _refuse(error: NitroError) -> Response:
    environ = {**current_request.environ, "QUERY_STRING": ""}
    return native(None, replies.refusal_of(error, neutral, partial(_neutral, environ)))


def _add_last(app: Flask, rules: list[tuple[str, str, Any, tuple[str, ...]]]) -> None:
    """Adds rules behind the app's own, which win by coming first: once all of those are there."""

    def add() -> None:
        for rule, name, view, methods in rules:
            app.url_map.add(app.url_rule_class(rule, endpoint=f"nitro_{name}", methods=methods))
            app.view_functions[f"nitro_{name}"] = view

    app.wsgi_app = wsgi.before_first_request(app.wsgi_app, add)


def _mount_static(app: Flask, site: Site) -> Site:
    """Serves the site's folder, unless the app has one; returns the site as it then is."""
    url, own = app.static_url_path, app.static_folder
    if served := app.view_functions.get("static"):
        app.view_functions["static"] = partial(kept_sync, served)
    if own and Path(own).is_dir():
        return replace(site, static_url=url, static_folder=Path(own))
    if site.static_folder is None:
        return site
    if own:  # a route to a folder that does not exist, as Flask makes by default
        app.static_folder, app.static_url_path = str(site.static_folder), url
        return replace(site, static_url=url)
    send = partial(kept_sync, partial(send_from_directory, site.static_folder))
    _add_last(app, [(f"{STATIC_URL}/<path:path>", "static", send, ("GET",))])
    return site
