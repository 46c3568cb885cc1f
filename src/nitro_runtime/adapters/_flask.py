"""What the Flask adapter does to requests and replies, beneath the names that an app uses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Request, current_app, send_from_directory
from flask import Response as FlaskResponse
from flask import request as current_request
from werkzeug.local import LocalProxy

from nitro_runtime import context
from nitro_runtime.errors import NitroError, Refused
from nitro_runtime.web import Multi, Reply, Route, Site, portal, replies
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web.installing import STATIC_URL
from nitro_runtime.web.request import refuse_longer
from nitro_runtime.web.wsgi import before_first_request, request_of_environ

EXTENSION = "nitro"
"""The site's name in ``app.extensions``."""

_NEUTRAL = "nitro.request"


def mount(app: Flask, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to the app's own, wherever those are registered."""
    rules = [(prefix + route.path, route) for route in routes]

    def add() -> None:
        for path, route in rules:
            name = f"nitro_{route.name}"
            rule = re.sub(r"{(\w+)}", r"<\1>", path)
            app.url_map.add(app.url_rule_class(rule, endpoint=name, methods=set(route.methods)))
            app.view_functions[name] = _endpoint(route)

    app.wsgi_app = before_first_request(app.wsgi_app, add)


def neutral(request: Request | None = None) -> NeutralRequest:
    """Returns the neutral request of a native one, by default the current; always the same."""
    environ: dict[str, Any] = (request or current_request).environ
    if _NEUTRAL not in environ:
        # The request itself, where ``flask.request`` is a proxy that is good in this thread only.
        environ[_NEUTRAL] = _neutral(environ["werkzeug.request"], environ)
    return environ[_NEUTRAL]


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


def _neutral(native: Request, environ: Mapping[str, Any]) -> NeutralRequest:
    site: Site = current_app.extensions.get(EXTENSION) or Site()

    async def read(limit: int) -> bytes:
        return await asyncio.to_thread(_read, native, limit)  # the portal's loop must not wait

    return request_of_environ(environ, site, native, native.view_args or {}, read)


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


def answer_error(error: NitroError) -> FlaskResponse:
    """Answers an error that has a meaning for a visitor; any other goes on its way."""
    if error.status == 500:
        raise error
    return native_reply(replies.refusal(_without_bad_query(), error))


def _without_bad_query() -> NeutralRequest:
    """Returns the neutral request of one that is refused, perhaps for its very query."""
    try:
        return neutral()
    except Refused:
        native: Request = current_request.environ["werkzeug.request"]
        return _neutral(native, {**native.environ, "QUERY_STRING": ""})


def mount_static(app: Flask, site: Site) -> Site:
    """Serves the site's folder, unless the app has one; returns the site as it then is."""
    if app.static_folder and Path(app.static_folder).is_dir():
        return replace(site, static_url=app.static_url_path, static_folder=Path(app.static_folder))
    folder = site.static_folder
    if folder is None:
        return site

    def static(path: str) -> FlaskResponse:
        return send_from_directory(folder, path)

    if app.static_folder:  # a route to a folder that does not exist, as Flask makes by default
        app.static_folder = str(folder)
        return replace(site, static_url=app.static_url_path)
    app.add_url_rule(f"{STATIC_URL}/<path:path>", "nitro_static", static)
    return site
