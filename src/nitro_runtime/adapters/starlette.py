"""Nitro on Starlette, and what the frameworks that are built on Starlette share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Unpack, cast

from nitro_runtime import context
from nitro_runtime.adapters.versions import supported
from nitro_runtime.errors import NitroError
from nitro_runtime.manifest import FOR_GOOD, is_hashed
from nitro_runtime.views import Notice
from nitro_runtime.web import Reply, Route, Signals, Site, asgi, replies, routes
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.answering import answering
from nitro_runtime.web.installing import Options, expect_app, make_site, shutdown
from nitro_runtime.web.parsed import Posted, posted

with supported("starlette"):
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.datastructures import UploadFile
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import HTMLResponse, Response
    from starlette.routing import BaseRoute, Match, Mount, Router
    from starlette.routing import Route as NativeRoute
    from starlette.staticfiles import StaticFiles

__all__ = [
    "ReadSignals", "gate", "html", "install", "mount", "native", "neutral", "page", "redirect",
    "reply", "shutdown",
]  # fmt: skip


def install(app: Starlette, **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The arguments and errors are those of `nitro.install`; without ``user``, the signed-in user is
    whom Starlette's ``AuthenticationMiddleware`` found, when the app has it.
    """
    expect_app(app, Starlette, installed=lambda: hasattr(app.state, "nitro"))
    options["user"] = options.get("user") or asgi.user_of_scope
    site = make_site(**options)
    app.state.nitro = site
    if site.static_folder:
        files = Mount(str(site.static_url), _Files(directory=site.static_folder))
        app.router.routes.append(_Behind([files], files=True))
    mount(app, routes(), site.prefix)
    app.exception_handlers.setdefault(NitroError, _refuse)


class _Files(StaticFiles):
    def file_response(self, full_path: Any, *args: Any, **options: Any) -> Response:  # noqa: ANN401 # Starlette's
        response = super().file_response(full_path, *args, **options)
        # RFC 9111: without a word, browsers keep files as long as they see fit
        response.headers["cache-control"] = FOR_GOOD if is_hashed(str(full_path)) else "no-cache"
        return response


def mount(app: Starlette, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to the app's own, wherever those are registered."""
    app.router.routes.append(_Behind([_route(route, prefix) for route in routes]))
    _put_in_order(app.router)


def neutral(request: Request) -> NeutralRequest:
    """Returns the neutral request of a native one, always the same for the same request."""
    known: NeutralRequest | None = (scope := request.scope).get("nitro.request")
    if known is None:
        known = scope["nitro.request"] = _neutral(scope, request)
    elif scope.get("path_params"):  # a middleware may have asked before the route was found
        known.params = asgi.path_params(scope)
    return known


def reply(request: Request, view: Any, *, status: int | None = None) -> Response:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks."""
    return native(request, replies.respond(neutral(request), view, status=status))


def redirect(request: Request, url: str, *, notice: Notice | str | None = None) -> Response:
    """Sends the browser to another page of this site, where it is shown the notice."""
    return native(request, replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> Response:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return HTMLResponse(replies.alone(view), status_code=status)


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets an endpoint, sync or async, function or method, return a view; its request comes last."""
    return answering(function, lambda args, _: args[-1], neutral, reply)


async def gate(request: Request) -> None:
    """Refuses a request that another site's page sent (403); call it with ``await``."""
    asked = neutral(request)
    web_gate.check(asked)
    await asked.load_user()


async def ReadSignals(request: Request) -> Signals:  # the same name in every adapter
    """Returns the signals of the request; those that cannot be are `Refused`."""
    return await neutral(request).signals()


def _neutral(scope: Mapping[str, Any], request: Request) -> NeutralRequest:
    outermost = scope.get("router") is request.app.router
    site = getattr(request.app.state, "nitro", None) or Site()
    return asgi.request_of_scope(
        *(scope, site, request, partial(asgi.read_request, request, ClientDisconnect)),
        base=scope.get("app_root_path") if outermost else None,  # a Mount adds to root_path
        pieces=partial(asgi.pieces_of, request, ClientDisconnect),
        parsed=partial(_parsed, request),
    )


def _parsed(request: Request) -> Posted | None:
    if (form := getattr(request, "_form", None)) is None:
        return None
    items = form.multi_items()
    files = [(n, f.filename, f.content_type, f.file) for n, f in items if isinstance(f, UploadFile)]
    texts = ((name, value) for name, value in items if isinstance(value, str))
    return posted(texts, files, int(request.headers.get("content-length", 0)))


class native(Response):  # called like the function that it is in other adapters
    """A neutral reply as a native response; middleware and dependencies may add headers to it."""

    body, background = b"", cast("BackgroundTask | None", None)

    def __init__(self, request: Request | None, reply: Reply) -> None:
        self.asked, self.reply, self.status_code = request, reply, reply.status
        self.raw_headers = asgi.raw_headers(reply)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401, D102 # ASGI
        self.reply.status = self.status_code  # the app may have set another one since
        await asgi.send_reply(self.reply, receive, send, scope["method"], headers=self.raw_headers)
        if self.background is not None:
            await self.background()
        if self.asked is not None:  # or only the garbage collector would find the two together
            self.asked.scope.pop("nitro.request", None)


def _route(route: Route, prefix: str) -> BaseRoute:
    async def endpoint(request: Request) -> Response:
        return native(request, await route.handler(neutral(request)))

    name = f"nitro_{route.name}"
    return NativeRoute(prefix + route.path, endpoint, methods=list(route.methods), name=name)


context.register_request(Request, neutral)


async def _refuse(request: Request, error: Any) -> Response:  # noqa: ANN401 # a NitroError
    spare = partial(_neutral, {**request.scope, "query_string": b""}, request)
    return native(request, replies.refusal_of(error, partial(neutral, request), spare))


class _Behind(Mount):
    """Nitro's routes as one route of the app, which gives way to its own wherever those stand."""

    def __init__(self, routes: Sequence[BaseRoute], *, files: bool = False) -> None:
        super().__init__("", routes=routes)
        self.files, self.known = files, 0

    def matches(self, scope: Any) -> tuple[Match, Any]:  # noqa: ANN401 # an ASGI scope
        """Matches what one of its routes does and none of the app's own matches fully."""
        found = [(*route.matches(scope), route) for route in self.routes]
        match, child, route = max(found, key=lambda each: each[0].value)
        router: Router = scope["app"].router
        if self.known != len(router.routes):  # others came since; now the app's own stand before it
            self.known = len(router.routes)
            own, end = _put_in_order(router)
            own = own if self.files else own[:end]
            match = Match.NONE if any(r.matches(scope)[0] is Match.FULL for r in own) else match
        return match, {**child, "nitro.route": route}

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
        await scope["nitro.route"].handle(scope, receive, send)


def _put_in_order(router: Router) -> tuple[list[BaseRoute], int]:
    """Moves Nitro's routes before the app's first that takes whatever is left over, files to the end.

    That is one of files at the root, or of a single-page app. Returns the app's own, and its place.
    """
    own = [route for route in router.routes if not isinstance(route, _Behind)]
    paths = [getattr(route, "path", "any") for route in own]
    end = next((n for n, at in enumerate(paths) if re.fullmatch(r"|/{\w+:path}", at)), len(own))
    nitro = [route for route in router.routes if isinstance(route, _Behind)]
    plain, files = [r for r in nitro if not r.files], [r for r in nitro if r.files]
    router.routes = [*own[:end], *plain, *own[end:], *files]  # new: a request may walk the old one
    return own, end
