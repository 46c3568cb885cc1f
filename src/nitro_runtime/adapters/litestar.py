"""Nitro on Litestar: a plugin, a guard, a dependency, and responses that are written raw."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, Unpack, cast

from nitro_runtime import context
from nitro_runtime.adapters.versions import supported
from nitro_runtime.errors import NitroError
from nitro_runtime.views import Notice
from nitro_runtime.web import Reply, Route, Signals, Site, openapi, replies, routes
from nitro_runtime.web import Request as NeutralRequest
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.answering import VIEWS, answering_by_name, unanswered
from nitro_runtime.web.asgi import pieces_of, read_request, request_of_scope, send_reply
from nitro_runtime.web.files import keeping
from nitro_runtime.web.installing import Options, expect_app, make_site, shutdown

with supported("litestar"):
    from litestar import Litestar, MediaType, Request, Response, Router, static_files
    from litestar import route as native_route
    from litestar.connection import ASGIConnection
    from litestar.exceptions import InternalServerException, responses
    from litestar.plugins import InitPlugin

    Asked = ASGIConnection[Any, Any, Any, Any]

__all__ = [
    "NitroPlugin", "ReadSignals", "gate", "html", "install", "mount", "native", "neutral", "page",
    "read_signals", "redirect", "reply", "shutdown",
]  # fmt: skip


class NitroPlugin(InitPlugin):
    """Adds to an app that is being made what `install` adds: ``Litestar(plugins=[NitroPlugin()])``."""

    def __init__(self, **options: Unpack[Options]) -> None:
        options["user"] = options.get("user") or (lambda request: request.scope.get("user"))
        self.site = make_site(**options)

    def on_app_init(self, app_config: Any) -> Any:  # noqa: ANN401, D102 # Litestar's
        _add(app_config, self.site, app_config.route_handlers.append)
        return app_config


def install(app: Litestar, **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The arguments and errors are those of `nitro.install`; without ``user`` it is ``request.user``. The
    app's own routes win; Litestar refuses one that is registered afterwards at the same address.
    """
    expect_app(app, Litestar)
    plugin = NitroPlugin(**options)
    _add(app, plugin.site, app.register)


def mount(app: Litestar, routes: Iterable[Route], prefix: str = "") -> None:
    """Mounts neutral routes; they yield to those that the app has."""
    app.register(_router(routes, prefix))


def neutral(request: Asked) -> NeutralRequest:
    """Returns the neutral request of a native one, always the same for the same request."""
    scope: Any = request.scope
    if (known := scope.get("nitro.request")) is None:
        known = scope["nitro.request"] = _neutral(scope, request)
    return known


class native(Response[bytes]):  # called like the function that it is in other adapters
    """A neutral reply as a native response; the app may add headers and cookies to it."""

    def __init__(self, request: Asked | None, reply: Reply) -> None:
        headers = {name: value for name, value in reply.headers if name != "set-cookie"}
        super().__init__(b"", status_code=reply.status, headers=headers, media_type=MediaType.TEXT)
        self.reply = reply

    def to_asgi_response(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401, D102 # Litestar's
        made: Any = super().to_asgi_response(*args, **options)  # pyright: ignore[reportUnknownMemberType]
        self.reply.status = made.status_code  # the app may have set another one since
        headers = [header for header in made.encode_headers() if header[0] != b"content-length"]
        cookies = [(b"set-cookie", v.encode()) for n, v in self.reply.headers if n == "set-cookie"]

        async def write(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
            await send_reply(self.reply, receive, send, scope["method"], headers=headers + cookies)
            await made.after_response()
            scope.pop("nitro.request", None)  # or only the garbage collector would find the two

        return write


def reply(request: Asked, view: Any, *, status: int | None = None) -> Response[bytes]:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks."""
    return native(request, replies.respond(neutral(request), view, status=status))


def redirect(request: Asked, url: str, *, notice: Notice | str | None = None) -> native:
    """Sends the browser to another page of this site, where it is shown the notice."""
    return native(request, replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> Response[str]:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return Response(replies.alone(view), status_code=status, media_type=MediaType.HTML)


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a handler return a view; it stands below the route's decorator, the rest passes through."""
    return answering_by_name(function, Request, neutral, reply)


async def gate(connection: Asked, _: object) -> None:
    """Refuses what another site's page sent (403): ``guards=[gate]``, wherever there may be guards."""
    web_gate.check(neutral(connection))
    await neutral(connection).load_user()


async def read_signals(request: Request[Any, Any, Any]) -> Signals:
    """Returns the signals of a request; those that cannot be are `Refused`."""
    return await neutral(request).signals()


ReadSignals = Annotated[Signals, read_signals]
"""Takes them: ``signals: ReadSignals`` below ``@post(..., dependencies={"signals": read_signals})``."""


def _neutral(scope: Any, request: Any) -> NeutralRequest:  # noqa: ANN401 # Litestar's
    own = request.app.path.rstrip("/")
    below = {**scope, "path": scope["path"].removeprefix(own)} if own else scope
    base, site = scope.get("root_path", "") + own, request.app.state.get("nitro") or Site()
    read = partial(read_request, request, InternalServerException)
    pieces = partial(pieces_of, request, InternalServerException)
    return request_of_scope(below, site, request, read, base=base, pieces=pieces)


def _add(app: Any, site: Site, register: Callable[[Router], object]) -> None:  # noqa: ANN401 # or its config
    expect_app(app, object, installed=lambda: "nitro" in app.state)
    app.state["nitro"] = site
    app.exception_handlers.setdefault(NitroError, _refuse)
    openapi.extend_config(app, site.prefix)
    app.type_encoders = dict.fromkeys(VIEWS, unanswered) | (app.type_encoders or {})
    register(_router(routes(), site.prefix))
    if folder := site.static_folder:
        create, url = cast("Any", static_files).create_static_files_router, site.static_url
        own = {"name": "nitro_static", "router_class": _Yielding, "middleware": [keeping]}
        register(create(url, [folder], **own))


def _router(routes: Iterable[Route], prefix: str) -> Router:
    handlers = [_handler(route, method) for route in routes for method in route.methods]
    return _Yielding(prefix or "/", route_handlers=handlers, include_in_schema=False)


def _handler(route: Route, method: str) -> Any:  # noqa: ANN401 # one of Litestar's
    async def handler(request: Request[Any, Any, Any]) -> Response[bytes]:
        return native(request, await route.handler(neutral(request)))

    methods: Any = ["GET", "HEAD"] if method == "GET" else [method]
    path, name = re.sub(r"{(\w+)}", r"{\1:str}", route.path), f"nitro_{route.name}_{method.lower()}"
    opt = {"exclude_from_csrf": True, "exclude_from_compression": True}  # Nitro has its own gate
    # The status is never used, but that of DELETE would allow no body.
    return native_route(path, http_method=methods, name=name, opt=opt, status_code=200)(handler)


class _Yielding(Router):
    """A router whose routes give way to those that the app has when they are registered."""

    @property
    def route_handler_method_map(self) -> Any:  # noqa: ANN401 # Litestar's
        every: Any = super().route_handler_method_map
        if self.owner is None:
            return every
        at = self.owner.path.rstrip("/")
        shape = partial(re.sub, r"{.*?}", "{}")  # Litestar tells no routes apart by parameters
        taken = {(shape(route.path), m) for route in self.owner.routes for m in route.methods}
        for path, handlers in every.items():
            for method, handler in list(handlers.items()):
                if taken & {(shape(at + path), one) for one in handler.http_methods}:
                    del handlers[method]
        return every


def _refuse(request: Any, error: NitroError) -> Response[Any]:  # noqa: ANN401 # Litestar's
    if error.status == 500:  # no meaning for a visitor: as any other
        own = request.app.exception_handlers
        kind = "debug" if request.app.debug else "exception"
        default = getattr(responses, f"create_{kind}_response")
        return (own.get(Exception) or own.get(500) or default)(request, error)
    spare = partial(_neutral, {**request.scope, "query_string": b""}, request)
    return native(request, replies.refusal_of(error, partial(neutral, request), spare))


context.register_request(ASGIConnection, neutral)
