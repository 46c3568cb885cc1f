"""Nitro on FastAPI: Starlette's adapter, with dependencies, and routes that may return views."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Unpack

from nitro_runtime.adapters.versions import supported
from nitro_runtime.web import Signals, openapi
from nitro_runtime.web.answering import REQUEST, VIEWS, injected, may_return_view, unanswered
from nitro_runtime.web.installing import Options, expect_app

with supported("fastapi"):
    from fastapi import Depends, FastAPI, Request, Response
    from fastapi.encoders import encoders_by_class_tuples
    from fastapi.routing import APIRoute

    from nitro_runtime.adapters import starlette

__all__ = [
    "ReadSignals", "ViewRoute", "gate", "html", "install", "mount", "native", "neutral", "page",
    "redirect", "reply", "shutdown",
]  # fmt: skip

gate = starlette.gate
"""Guards a router: ``APIRouter(dependencies=[Depends(gate)])``."""
html, native, neutral = starlette.html, starlette.native, starlette.neutral
mount, redirect, reply, shutdown = (
    starlette.mount, starlette.redirect, starlette.reply, starlette.shutdown,
)  # fmt: skip


def install(app: FastAPI, **options: Unpack[Options]) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The app's own routes stay as they are, and win over Nitro's wherever they are registered. Routes
    that are registered on the app afterwards may return a view. In the OpenAPI schema each command
    and query has an address of its own; an ``app.openapi`` that is assigned later calls the one that
    it replaces, or `nitro_runtime.web.openapi.with_commands`.

    The options are those of `nitro.install`; without ``user``, Starlette's ``AuthenticationMiddleware`` is
    asked, when the app has it.

    Raises:
        ConfigurationError: One of these cannot be, or Nitro is installed on the app already.
    """
    expect_app(app, FastAPI)
    starlette.install(app, **options)
    app.router.route_class = ViewRoute
    complete = partial(openapi.with_commands, prefix=app.state.nitro.prefix)
    openapi.extend(app, "openapi", complete)


async def read_signals(request: Request) -> Signals:
    """Returns the signals of the request.

    Raises:
        Refused: 413, 415 or 422; they are too long, no JSON, or no plain object.
    """
    return await neutral(request).signals()


ReadSignals = Annotated[Signals, Depends(read_signals)]
"""The signals of the request, as a mapping with attribute access: ``signals: ReadSignals``."""


# A route of another router's would else send a view's attributes as JSON.
encoders_by_class_tuples[unanswered] = VIEWS


class ViewRoute(APIRoute):
    """A route whose endpoint may return a view: ``APIRouter(route_class=ViewRoute)``.

    It changes nothing for an endpoint that says that it returns something else: only one without a
    return annotation, or annotated with a view, is wrapped. (A default response class would touch
    every JSON route, and be given the view after it was serialised.)
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 # FastAPI's own
        if may_return_view(endpoint, Response):
            endpoint = page(endpoint)
        super().__init__(path, endpoint, **options)


def page(function: Callable[..., Any]) -> Callable[..., Any]:
    """Lets an endpoint of any router, sync or async, return a view; anything else passes through."""
    asked = {REQUEST: Request, "nitro_response": Response}
    return injected(function, asked, Response, lambda asked: neutral(asked[0]), _reply)


def _reply(asked: tuple[Request, Response], view: Any) -> Response:  # noqa: ANN401 # any view
    """Answers with a view, and with what route, endpoint and dependencies say of the response.

    A status that they set is for a view that has none of its own; Datastar takes nothing but 200.
    """
    request, said = asked
    made = reply(request, view)
    status = said.status_code or getattr(request.scope.get("route"), "status_code", None)
    if status and made.status_code == 200 and not neutral(request).is_datastar:
        made.status_code = status
    made.raw_headers += said.raw_headers
    return made
