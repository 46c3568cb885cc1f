"""Nitro on Sanic: on its own server and on ASGI servers, in blueprints and in groups of them.

With several workers each process has a hub of its own: any of them answers pages, forms and commands,
but what happens in one worker reaches the streams of another only through a broker. Streams are
silent for 15 s at most; Sanic's ``RESPONSE_TIMEOUT`` (60 s), which cuts off silent ones, must be more.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Unpack
from urllib.parse import unquote

from nitro_runtime import context
from nitro_runtime.adapters.versions import supported
from nitro_runtime.errors import NitroError, Refused
from nitro_runtime.sse import hub
from nitro_runtime.views import Notice
from nitro_runtime.web import Reply, Route, Signals, Site, replies, routes
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.answering import answering
from nitro_runtime.web.asgi import as_sent, joined, parse_cookies, read_all, send_reply
from nitro_runtime.web.files import kept
from nitro_runtime.web.forms import parse_urlencoded
from nitro_runtime.web.installing import Options, act_before, expect_app, make_site, shutdown

with supported("sanic"):
    from sanic import HTTPResponse, Request, Sanic
    from sanic.compat import Header

__all__ = [
    "ReadSignals", "gate", "html", "install", "mount", "native", "neutral", "page", "redirect",
    "reply", "shutdown",
]  # fmt: skip


def install(app: Sanic[Any, Any], **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The arguments and errors are those of `nitro.install`; without ``user`` it is ``request.ctx.user``.
    Sanic refuses a route that is there twice, so what the app has not got itself is added when its
    router is finalized, at the start.
    """
    expect_app(app, Sanic, installed=lambda: hasattr(app.ctx, "nitro"))
    options["user"] = options.get("user") or (lambda request: getattr(request.ctx, "user", None))
    app.ctx.nitro = make_site(**options)
    mount(app, routes(), app.ctx.nitro.prefix)
    act_before(app.router, "finalize", partial(_complete, app, app.ctx.nitro))
    app.before_server_start(lambda _: hub.reopen())
    app.before_server_stop(lambda _: shutdown())  # Sanic waits for open streams only after this


def mount(app: Sanic[Any, Any], routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to the app's own, wherever those are registered."""
    rows = [(prefix + route.path, route) for route in routes]
    act_before(app.router, "finalize", partial(_add, app, rows))


def neutral(request: Request) -> NeutralRequest:
    """Returns the neutral request of a native one, always the same for the same request."""
    if (known := getattr(ctx := request.ctx, "nitro", None)) is None:
        known = ctx.nitro = _neutral(request, request.query_string)
    decode = str if request.route and request.route.unquote else unquote
    known.params = {name: decode(str(value)) for name, value in request.match_info.items()}
    return known


def native(request: Request, reply: Reply) -> HTTPResponse:
    """Returns the native response of a neutral reply; each chunk of a stream is flushed by itself."""
    if not isinstance(reply.body, bytes):
        return _Stream(request, reply)
    body = b"" if request.method == "HEAD" else reply.body
    response = HTTPResponse(body, reply.status, Header(reply.headers), "text/plain; charset=utf-8")
    if reply.status not in {204, 304}:
        response.headers["content-length"] = str(len(reply.body))
    return response


def reply(request: Request, view: Any, *, status: int | None = None) -> HTTPResponse:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks."""
    return native(request, replies.respond(neutral(request), view, status=status))


def redirect(request: Request, url: str, *, notice: Notice | str | None = None) -> HTTPResponse:
    """Sends the browser to another page of this site, where it is shown the notice."""
    return native(request, replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> HTTPResponse:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return HTTPResponse(replies.alone(view), status, content_type="text/html; charset=utf-8")


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a handler return a `Page`, a view or an element; anything else passes through."""
    return answering(function, lambda _, __: Request.get_current(), neutral, reply)


async def gate(request: Request) -> None:
    """Refuses what another site's page sent (403): ``blueprint.on_request(gate)``, or a group's."""
    web_gate.check(neutral(request))
    if inspect.iscoroutinefunction(neutral(request).site.user):  # others are asked when needed
        await neutral(request).load_user()


async def ReadSignals(request: Request) -> Signals:  # the same name in every adapter
    """Returns the signals of a request; awaited. Those that cannot be are `Refused`."""
    return await neutral(request).signals()


def _neutral(request: Any, query: str) -> NeutralRequest:  # noqa: ANN401 # not fully typed by Sanic
    # What Sanic has not read by now: it has, except for handlers that stream.
    rest = request.stream if request.stream and request.stream.request_body else None

    async def read(limit: int) -> bytes:
        if rest and rest.request_body:
            request.body = await read_all(rest, limit, request.headers)
            if len(request.body) < neutral(request).announced_bytes:
                raise Refused(422, "The request ended early.")
        return request.body

    headers = joined((name.lower(), as_sent(text)) for name, text in request.headers.items())
    return NeutralRequest(
        *(request.method, unquote(request.path), headers, parse_urlencoded(query)),
        cookies=parse_cookies(headers.get("cookie", "")),
        scheme=request.scheme,
        address=request.client_ip or "",
        host=request.host,  # as the proxies say that Sanic was told to trust
        native=request,
        site=getattr(request.app.ctx, "nitro", None) or Site(),
        read=read,
        pieces=rest and rest.__aiter__,
    )


class _Stream(HTTPResponse):
    """A response that writes its stream when Sanic sends it, for as long as the client is there."""

    def __init__(self, request: Any, reply: Reply) -> None:  # noqa: ANN401 # not fully typed by Sanic
        super().__init__(None, reply.status, Header(reply.headers))
        self._unsent = [(request, reply)] if request.method != "HEAD" else []

    async def send(self, data: Any = None, end_stream: bool | None = None) -> None:  # noqa: ANN401 # Sanic's
        if not self._unsent:
            return await super().send(data, end_stream)
        request, reply = self._unsent.pop()
        # Sanic's own server cancels the task of a client that left; on ASGI nobody looks.
        receive: Any = request.transport.receive if request.app.asgi else asyncio.Event().wait
        return await send_reply(reply, receive, self._write, request.method)

    async def _write(self, message: Any) -> None:  # noqa: ANN401 # ASGI
        more = message["type"] == "http.response.start" or message.get("more_body", False)
        await super().send(message.get("body", b""), end_stream=not more)


def _add(app: Any, rows: list[tuple[str, Route]]) -> None:  # noqa: ANN401 # not fully typed by Sanic
    for path, route in rows:
        free = set(route.methods) - _methods(app, re.sub(r"{\w+}", "<__dynamic__:str>", path))
        methods = free | {"HEAD"} if "GET" in free else free
        if methods:  # a handler that streams reads the body itself, within its own limit
            uri, name = re.sub(r"{(\w+)}", r"<\1:str>", path), f"nitro_{route.name}"
            app.add_route(partial(_answer, route), uri, methods, name=name, stream=True)


def _complete(app: Any, site: Site) -> None:  # noqa: ANN401 # not fully typed by Sanic
    if site.static_folder and not _methods(app, f"{site.static_url}/<__dynamic__:path>"):
        app.static(site.static_url, site.static_folder, name="nitro_static")
        for route in app.router.routes_all.values():
            if route.name == f"{app.name}.nitro_static":
                route.handler = partial(kept, route.handler)
    app.error_handler.cached_handlers.setdefault((NitroError, None), _refuse)


def _methods(app: Any, shape: str) -> set[str]:  # noqa: ANN401 # not fully typed by Sanic
    """The methods that the app has routes for, at an address without its parameters' names."""
    segments = tuple(shape.strip("/").split("/"))
    return {m for route in app.router.routes if route.segments == segments for m in route.methods}


async def _answer(route: Route, request: Request, **_: str) -> HTTPResponse:
    return native(request, await route.handler(neutral(request)))


def _refuse(request: Request, error: NitroError) -> Any:  # noqa: ANN401 # a response, or what makes one
    if error.status == 500:  # no meaning for a visitor: as any other
        own: Any = request.app.error_handler.cached_handlers
        handler = own.get((Exception, request.name)) or own.get((Exception, None))
        return (handler or request.app.error_handler.default)(request, error)
    spare = partial(_neutral, request, "")
    return native(request, replies.refusal_of(error, partial(neutral, request), spare))


context.register_request(Request, neutral, lambda: Request._current.get(None))  # pyright: ignore[reportPrivateUsage] # public: it raises
