"""Nitro on FastAPI: mounts the neutral routes, and turns requests and replies to and fro."""

from __future__ import annotations

from os import PathLike
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from nitro_runtime.adapters._fastapi_routes import SwitchingRoute
from nitro_runtime.adapters._starlette import NativeReply, install_on, mount, neutral
from nitro_runtime.views import Notice
from nitro_runtime.web import Signals, UserHook, replies
from nitro_runtime.web import gate as web_gate
from nitro_runtime.web.installing import make_site

__all__ = [
    "ReadSignals", "ViewRoute", "gate", "html", "install", "mount", "redirect", "reply",
]  # fmt: skip


def install(
    app: FastAPI,
    *,
    static: str | PathLike[str] | None = None,
    user: UserHook | None = None,
    prefix: str = "",
    secret_key: str | None = None,
) -> None:
    """Adds Nitro to an app: ``/cmds``, ``/events``, static files, and answers to Nitro's errors.

    The app's own routes stay as they are, and win over Nitro's wherever they are registered. Routes
    that are registered on the app afterwards may return a view.

    Args:
        app: The app.
        static: A folder for ``/static``, unless the app has something there; None takes the folder
            ``static`` of the working directory when there is one.
        user: Takes the request, returns the signed-in user or None; may be a coroutine.
        prefix: Stands before ``/cmds`` and ``/events``.
        secret_key: Signs tabs and view keys; by default ``NITRO_SECRET_KEY``.

    Raises:
        ConfigurationError: One of these cannot be, or Nitro is installed on the app already.
    """
    install_on(app, make_site(static=static, user=user, prefix=prefix, secret_key=secret_key))
    app.router.route_class = ViewRoute


# -- responses ----------------------------------------------------------------------------------


def reply(request: Request, view: Any, *, status: int | None = None) -> Response:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks.

    Args:
        request: The request to answer.
        view: A `Page`, or any view or element, which is put into one.
        status: The status of a plain reply; by default the page's own (422 for an invalid form).
    """
    return NativeReply(replies.respond(neutral(request), view, status=status))


def redirect(request: Request, url: str, *, notice: Notice | str | None = None) -> Response:
    """Sends the browser to another page of this site, where it is shown the notice.

    Raises:
        ConfigurationError: The target is not a path of this site.
    """
    return NativeReply(replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> Response:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    return HTMLResponse(str(view), status_code=status)


# -- dependencies -------------------------------------------------------------------------------


async def gate(request: Request) -> None:
    """Guards a router: ``APIRouter(dependencies=[Depends(gate)])``.

    Raises:
        Refused: 403, a request that changes something did not come from this site's own pages.
    """
    asked = neutral(request)
    web_gate.check(asked)
    await asked.load_user()


async def read_signals(request: Request) -> Signals:
    """Returns the signals of the request.

    Raises:
        Refused: 413, 415 or 422; they are too long, no JSON, or no plain object.
    """
    return await neutral(request).signals()


ReadSignals = Annotated[Signals, Depends(read_signals)]
"""The signals of the request, as a mapping with attribute access: ``signals: ReadSignals``."""


class ViewRoute(SwitchingRoute):
    """A route whose endpoint may return a view: ``APIRouter(route_class=ViewRoute)``."""

    def answer(self, request: Request, view: Any) -> Response:  # noqa: ANN401 # any view
        """Answers with a view."""
        return reply(request, view)

    async def load(self, request: Request, view: Any) -> None:  # noqa: ANN401 # any view
        """Reads what the view needs."""
        await replies.load(neutral(request), view)
