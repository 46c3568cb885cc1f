"""Nitro on Quart: mounts the neutral routes, and turns requests and replies to and fro."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Any, Unpack

from nitro_runtime import context
from nitro_runtime.adapters.versions import Framework, supported
from nitro_runtime.errors import NitroError
from nitro_runtime.views import Notice
from nitro_runtime.web import Reply, Route, Signals, Site, asgi, replies, routes
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.files import caching_of
from nitro_runtime.web.installing import STATIC_URL, Options, expect_app, make_site, shutdown
from nitro_runtime.web.parsed import Posted, posted
from nitro_runtime.web.request import BODY_LIMIT

with supported(Framework("Quart", "quart", "quart", "0.20", "nitro-quart")):
    from quart import Quart, Request, Response, current_app
    from quart import request as current_request

__all__ = [
    "ReadSignals", "gate", "html", "install", "mount", "native", "neutral", "page", "redirect",
    "reply", "shutdown",
]  # fmt: skip


def install(app: Quart, **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The options and errors are those of `nitro.install`; without ``user`` nobody is signed in.
    """
    expect_app(app, Quart, installed=lambda: "nitro" in app.extensions)
    site = make_site(**options)
    app.extensions["nitro"] = _with_static(app, site)
    mount(app, routes(), site.prefix)
    app.error_handler_spec[None][None].setdefault(NitroError, _refuse)


# -- the four operations ------------------------------------------------------------------------


def mount(app: Quart, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to the app's own, wherever those are registered."""
    paths = ((re.sub(r"{(\w+)}", r"<\1>", prefix + route.path), route) for route in routes)
    _add_last(app, [(path, r.name, partial(_answer, r), r.methods) for path, r in paths])


def neutral(request: Request | None = None) -> NeutralRequest:
    """Returns the neutral request of a native one, by default the current; always the same."""
    asked = _behind_proxy(request)
    scope: dict[str, Any] = asked.scope
    if "nitro.request" not in scope:
        scope["nitro.request"] = _neutral(asked, scope)
    return scope["nitro.request"]


def native(request: Request | None, reply: Reply) -> Response:
    """Returns the native response of a neutral reply; each chunk of a stream is flushed by itself."""
    response = Response(reply.body, status=reply.status)
    response.timeout = None  # a stream is as long as it is
    response.headers.clear()
    response.headers.extend(reply.headers)
    return response


context.register_request(Request, neutral)


# -- what applications call ---------------------------------------------------------------------


def reply(request: Request | None, view: Any, *, status: int | None = None) -> Response:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks."""
    return native(request, replies.respond(neutral(request), view, status=status))


def redirect(request: Request | None, url: str, *, notice: Notice | str | None = None) -> Response:
    """Sends the browser to another page of this site, where it is shown the notice."""
    return native(request, replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> Response:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return Response(replies.alone(view), status=status, mimetype="text/html")


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a view function, sync or async, return a view; anything else passes through."""

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 # the function's
        result = await current_app.ensure_async(function)(*args, **kwargs)
        if not hasattr(result, "__html__"):
            return result
        await replies.load(neutral(), result)
        return reply(None, result)

    return call


async def gate() -> None:
    """Refuses what another site's page sent (403): ``blueprint.before_request(gate)``."""
    web_gate.check(neutral())


async def ReadSignals() -> Signals:  # the same name in every adapter
    """Returns the signals of the current request; those that cannot be are `Refused`."""
    return await neutral().signals()


# -- beneath ------------------------------------------------------------------------------------


def _behind_proxy(request: Any) -> Any:  # noqa: ANN401 # Quart's, with parts that it keeps to itself
    proxied: Any = request or current_request
    return getattr(proxied, "_get_current_object", lambda: proxied)()


def _neutral(asked: Any, scope: dict[str, Any]) -> NeutralRequest:  # noqa: ANN401 # as above
    return asgi.request_of_scope(
        {**scope, "path_params": asked.view_args or {}},
        current_app.extensions.get("nitro") or Site(),
        asked,
        partial(_read, asked),
        pieces=lambda: asked.body,
        parsed=partial(_parsed, asked),
    )


async def _read(asked: Any, limit: int) -> bytes:  # noqa: ANN401
    """Reads the body so that the app can read it too; one of unknown length never beyond the limit."""
    if asked.content_length is None:
        return await asgi.read_all(asked.body, limit)
    return await asked.get_data(cache=True, as_text=False, parse_form_data=False)


def _parsed(asked: Any) -> Posted | None:  # noqa: ANN401
    form, files = asked._form, asked._files  # what ``await request.form`` has left there
    if form is None or files is None:
        return None
    uploads = [(n, f.filename, f.mimetype, f.stream) for n, f in files.items(multi=True)]
    return posted(form.items(multi=True), uploads, asked.content_length or 0)


async def _answer(route: Route, **_: str) -> Response:
    reply = await route.handler(neutral())
    if current_request.method == "HEAD" and not isinstance(reply.body, bytes):
        reply.body = b""  # Quart would wait for the end of a stream
    return native(None, reply)


async def _refuse(error: NitroError) -> Response:
    asked = _behind_proxy(None)
    if (asked.content_length or 0) <= BODY_LIMIT:
        await asked.get_data()  # a server closes the connection of a request that it has not read
    spare = partial(_neutral, asked, {**asked.scope, "query_string": b""})
    return native(None, replies.refusal_of(error, neutral, spare))


def _add_last(app: Quart, rules: list[tuple[str, str, Any, tuple[str, ...]]]) -> None:
    """Adds rules behind the app's own, which win by coming first: once all of those are there."""
    inner, waiting = app.asgi_app, [*rules]

    async def first(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
        while waiting:
            rule, name, view, methods = waiting.pop(0)
            app.url_map.add(app.url_rule_class(rule, endpoint=f"nitro_{name}", methods=methods))
            app.view_functions[f"nitro_{name}"] = view
        await inner(scope, receive, send)

    app.asgi_app = first


async def _kept(serve: Any, filename: str) -> Any:  # noqa: ANN401 # Quart's own
    response = await serve(filename=filename)
    response.headers["cache-control"] = caching_of(filename)
    return response


def _with_static(app: Quart, site: Site) -> Site:
    """Serves the site's folder, unless the app has one; returns the site as it then is."""
    url, own = app.static_url_path, app.static_folder
    if own and Path(own).is_dir():
        return replace(site, static_url=url, static_folder=Path(own))
    if site.static_folder is None:
        return site
    if not own:
        send = partial(_kept, app.send_static_file)
        _add_last(app, [(f"{STATIC_URL}/<path:filename>", "static", send, ("GET",))])
    elif served := app.view_functions.get("static"):
        app.view_functions["static"] = partial(_kept, served)
    app.static_folder, app.static_url_path = str(site.static_folder), url or STATIC_URL
    return replace(site, static_url=app.static_url_path)
