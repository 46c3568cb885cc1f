"""What the adapters of Starlette and of the frameworks on it share: the four operations."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Router
from starlette.routing import Route as NativeRoute
from starlette.staticfiles import StaticFiles

from nitro_runtime import context
from nitro_runtime.errors import NitroError, Refused
from nitro_runtime.web import Reply, Route, Site, replies, routes
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web.asgi import path_params, request_of_scope, send_reply
from nitro_runtime.web.installing import already_installed
from nitro_runtime.web.request import refuse_longer

_NEUTRAL = "nitro.request"


def install_on(app: Starlette, site: Site) -> None:
    """Mounts Nitro's routes on an app, and has Nitro's errors answered.

    Raises:
        ConfigurationError: Nitro is installed on the app already.
    """
    if hasattr(app.state, "nitro"):
        raise already_installed()
    app.state.nitro = site
    mount(app, routes(), site.prefix)
    if site.static_folder:
        files = StaticFiles(directory=site.static_folder)
        app.router.routes.append(YieldingMount(str(site.static_url), files, name="nitro_static"))
    app.exception_handlers.setdefault(NitroError, answer_error)


def mount(app: Starlette, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to the app's own, wherever those are registered."""
    for route in routes:
        app.router.routes.append(
            YieldingRoute(
                prefix + route.path,
                _endpoint(route),
                methods=list(route.methods),
                name=f"nitro_{route.name}",
                include_in_schema=False,
            )
        )
    _put_in_order(app.router)


def neutral(request: Request) -> NeutralRequest:
    """Returns the neutral request of a native one, always the same for the same request."""
    known = request.scope.get(_NEUTRAL)
    if known is None:
        known = request.scope[_NEUTRAL] = _neutral(request.scope, request)
    elif known.params != (params := path_params(request.scope)):
        known.params = params  # a middleware asked before the route was found
    return known


def _neutral(scope: Mapping[str, Any], request: Request) -> NeutralRequest:
    site = getattr(request.app.state, "nitro", None) or Site()

    async def read(limit: int) -> bytes:
        return await _read(request, limit)

    return request_of_scope(scope, site, request, read)


class NativeReply(Response):
    """A neutral reply as a native response."""

    def __init__(self, reply: Reply) -> None:
        whole = reply.body if isinstance(reply.body, bytes) else None
        super().__init__(whole, status_code=reply.status)
        self.reply = reply
        self.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
        """Writes the reply, with the headers that middleware and dependencies added."""
        self.reply.headers = [
            (n.decode("latin-1"), v.decode("latin-1")) for n, v in self.raw_headers
        ]
        await send_reply(self.reply, receive, send, scope["method"])
        if self.background is not None:
            await self.background()


context.register_request(Request, neutral)


async def _read(request: Request, limit: int) -> bytes:
    """Reads the body so that the app can read it too; one of unknown length never beyond the limit."""
    try:
        if "content-length" in request.headers or hasattr(request, "_body"):
            return await request.body()
        body = b""
        async for chunk in request.stream():
            body += chunk
            refuse_longer(len(body), limit)
        return body
    except ClientDisconnect:
        raise Refused(422, "The request ended early.") from None


def _endpoint(route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return NativeReply(await route.handler(neutral(request)))

    return endpoint


async def answer_error(request: Request, error: Exception) -> Response:
    """Answers an error that has a meaning for a visitor; any other goes on its way."""
    if not isinstance(error, NitroError) or error.status == 500:
        raise error
    return NativeReply(replies.refusal(_without_bad_query(request), error))


def _without_bad_query(request: Request) -> NeutralRequest:
    """Returns the neutral request of one that is refused, perhaps for its very query."""
    try:
        return neutral(request)
    except Refused:
        return _neutral({**request.scope, "query_string": b""}, request)


class Yielding(BaseRoute):
    """A route that gives way to any other that matches, wherever that one stands."""

    settled = False
    """Whether it stands behind all others, where it costs their requests nothing."""

    def gives_way_to(self, other: BaseRoute) -> bool:
        """Whether another route is one that it gives way to."""
        return not isinstance(other, Yielding)

    def matches(self, scope: Any) -> tuple[Match, Any]:  # noqa: ANN401 # an ASGI scope
        """Matches when no route of the app's own matches fully."""
        router = scope["app"].router
        if not self.settled:
            _settle(router)
        match, child = super().matches(scope)
        if match is Match.NONE:
            return match, child
        others = [route for route in router.routes if self.gives_way_to(route)]
        if any(route.matches(scope)[0] is Match.FULL for route in others):
            return Match.NONE, {}
        return match, child


def _settle(router: Router) -> None:
    """Puts Nitro's routes in order, once the app's own are all there: at the first request."""
    _put_in_order(router)
    for route in router.routes:
        if isinstance(route, Yielding):
            route.settled = True


def _put_in_order(router: Router) -> None:
    """Moves Nitro's routes behind the app's own, plain ones before those that take everything.

    A new list, because a request may be walking through the old one.
    """
    own = [route for route in router.routes if not isinstance(route, Yielding)]
    end = next((n for n, route in enumerate(own) if _takes_everything(route)), len(own))
    plain = [route for route in router.routes if isinstance(route, YieldingRoute)]
    mounts = [route for route in router.routes if isinstance(route, YieldingMount)]
    router.routes = [*own[:end], *plain, *own[end:], *mounts]


def _takes_everything(route: BaseRoute) -> bool:
    """Whether a route takes every address: files at the root, or the page of a single-page app."""
    if isinstance(route, Mount):
        return not route.path
    return isinstance(route, NativeRoute) and bool(re.fullmatch(r"/{\w+:path}", route.path))


class YieldingRoute(Yielding, NativeRoute):
    """A plain route that gives way, but not to one that takes whatever is left over."""

    def gives_way_to(self, other: BaseRoute) -> bool:
        """Whether another route is more than a last resort."""
        return super().gives_way_to(other) and not _takes_everything(other)


class YieldingMount(Yielding, Mount):
    """A mounted app that gives way."""
