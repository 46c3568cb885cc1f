"""What the adapters of WSGI frameworks share (PEP 3333).

Each request has a thread of the server's, and Nitro's async core runs on the portal's loop: a thread
hands its coroutines over there and waits.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from nitro_runtime.errors import Refused
from nitro_runtime.sse import lane
from nitro_runtime.web.asgi import parse_cookies
from nitro_runtime.web.event_stream import EventStream
from nitro_runtime.web.forms import parse_urlencoded
from nitro_runtime.web.portal import portal
from nitro_runtime.web.request import PIECE_BYTES, Reply, Request, Route, Site, refuse_longer
from nitro_runtime.web.threads import result_of
from nitro_runtime.web.uploads import Posted

T = TypeVar("T")

ReadBytes = Callable[[int], bytes]
"""Reads up to so many bytes in the thread that calls."""

# The two headers that CGI, and so PEP 3333, names without HTTP_.
_BARE = (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length"))


# Where servers put the connection that a request came by.
_SOCKETS = ("gunicorn.socket", "werkzeug.socket")


@lru_cache(maxsize=256)
def _header_name(name: str) -> str:
    return name[5:].replace("_", "-").lower()


def request_of_environ(
    environ: Mapping[str, Any],
    site: Site,
    native: Any,  # noqa: ANN401 # the framework's own request
    params: Mapping[str, Any],
    read: ReadBytes,
    stream: ReadBytes | None = None,
    *,
    parsed: Callable[[], Posted | None] | None = None,
) -> Request:
    """Makes the neutral request of a WSGI environment.

    Args:
        environ: The environment.
        site: How Nitro was installed on the app.
        native: The framework's own request.
        params: The parameters of the route.
        read: Reads the whole body, so that the app can read it too; it may return more than it was
            asked for, which is refused.
        stream: Reads the next bytes of the body, and none at its end; None where all was read.
        parsed: Returns the form that the framework has parsed already, or None.

    Raises:
        Refused: 422, the query string is not UTF-8.
    """
    headers = {
        _header_name(name): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    for name, short in _BARE:
        if value := environ.get(name):
            headers[short] = value
    server = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=_text(environ.get("PATH_INFO", "")) or "/",
        headers=headers,
        query=parse_urlencoded(environ.get("QUERY_STRING", "").encode()),  # ASCII, or refused
        cookies=parse_cookies(headers.get("cookie", "")),
        params={name: str(value) for name, value in params.items()},
        scheme=environ["wsgi.url_scheme"],
        host=headers.get("host") or server,
        address=environ.get("REMOTE_ADDR") or "",
        base=_text(environ.get("SCRIPT_NAME", "")).rstrip("/"),
        native=native,
        site=site,
        read=_in_thread(lambda limit: _whole(environ, _unannounced(environ, limit) or read(limit))),
        pieces=_pieces(stream) if stream else None,
        parsed=parsed,
        kept={"socket": next(filter(None, map(environ.get, _SOCKETS)), None)},
    )


def _in_thread(read: ReadBytes) -> Callable[[int], Awaitable[bytes]]:
    """Reads in a thread where the portal's loop must not wait, because a body may come slowly.

    On another loop, such as an ASGI server's, the framework has the body by now.
    """

    def within(limit: int) -> bytes:
        body = _received(read, limit)
        refuse_longer(len(body), limit)
        return body

    async def read_async(limit: int) -> bytes:
        return await asyncio.to_thread(within, limit) if portal.runs_here() else within(limit)

    return read_async


def _pieces(stream: ReadBytes) -> Callable[[], AsyncIterator[bytes]]:
    async def pieces() -> AsyncIterator[bytes]:
        while piece := await asyncio.to_thread(_received, stream, PIECE_BYTES):
            yield piece

    return pieces


def _received(read: ReadBytes, limit: int) -> bytes:
    """Reads what the server passes on.

    Raises:
        Refused: 422, the client left.
    """
    try:
        return read(limit)
    except OSError:  # so do servers and frameworks call it, by classes of their own
        raise Refused(422, "The request ended early.") from None


def _whole(environ: Mapping[str, Any], body: bytes) -> bytes:
    """Returns a body that is as long as it was announced; a server may pass on what a client left behind.

    Raises:
        Refused: 422.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit() and len(body) < int(length[:20]):
        raise Refused(422, "The request ended early.")
    return body


def _unannounced(environ: Mapping[str, Any], limit: int) -> bytes:
    """Reads a body whose length was not announced (RFC 9112, chunked), which a framework may not see.

    Empty where the length is known, and where the server does not say that it ends the body.

    Raises:
        Refused: 422, the server cannot read it.
    """
    if environ.get("CONTENT_LENGTH") or not environ.get("wsgi.input_terminated"):
        return b""
    try:
        return environ["wsgi.input"].read(limit + 1)
    except (
        Exception
    ) as error:  # chunks that are none; PEP 3333 has no name for it, nor has each server
        raise Refused(422, "The request ended early.") from error


def _text(native: str) -> str:
    """PEP 3333 hands bytes over as if they were Latin-1; paths are UTF-8."""
    return native.encode("latin-1").decode("utf-8", "replace")


# -- from a thread to the portal and back ---------------------------------------------------------


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine of Nitro's and returns its result: ``await`` for code that is not ``async``.

    Raises:
        NitroError: The caller runs on the portal's loop itself: an ``async`` view awaits.
    """
    return portal.run(coroutine)


def answer(route: Route, request: Request) -> Reply:
    """Has a neutral route answer a request, from a thread of the server's.

    The user is asked for in this thread, which may wait for a database; the portal's must not. What
    needs no loop runs here too: the way to the portal's and back costs more than most commands.
    """
    request.ask_user()
    if route.needs_no_loop is not None and route.needs_no_loop(request):
        reply = result_of(_handled(route, request))
    else:
        reply = portal.run(_handled(route, request))
    if request.method == "HEAD" and not isinstance(reply.body, bytes):
        reply.body = b""  # waitress writes the end of a stream even behind a HEAD
    if isinstance(reply.body, EventStream):
        reply.body.connection = request.kept.get("socket")
        _cut_when_unread(reply.body.connection)
    return reply


def _cut_when_unread(connection: Any) -> None:  # noqa: ANN401 # a socket, or None
    """Has the system cut a stream's connection whose client reads nothing for some seconds.

    The thread that writes to it would wait for ever otherwise, where the server sets no limit.
    """
    option: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)  # RFC 5482; Linux has it
    if connection is not None and option is not None:
        with suppress(OSError):  # no TCP
            connection.setsockopt(socket.IPPROTO_TCP, option, int(lane.STALLED_SECONDS * 1000))


async def _handled(route: Route, request: Request) -> Reply:
    return await route.handler(request)


def body_of(reply: Reply) -> bytes | Generator[bytes]:
    """Returns the body of a reply as WSGI takes it: whole, or chunk by chunk as they come.

    Closing the generator, as servers do when a client is gone, closes the reply's own iterator.
    """
    return reply.body if isinstance(reply.body, bytes) else portal.iterate(reply.body)


# -- the app ------------------------------------------------------------------------------------


def before_first_request(inner: Any, act: Callable[[], None]) -> Any:  # noqa: ANN401 # WSGI apps
    """Wraps a WSGI app so that something is done once, before its first request.

    By then all of an app's own routes are there, which win over Nitro's by coming first.
    """
    lock = Lock()
    waiting = [act]

    def prepare() -> None:
        with lock:
            if waiting:
                waiting[0]()
                waiting.clear()

    def app(environ: Any, start_response: Any) -> Any:  # noqa: ANN401 # WSGI
        if waiting:
            prepare()
        return inner(environ, start_response)

    def prepare_all() -> None:
        getattr(inner, "prepare", lambda: None)()
        prepare()

    answer: Any = app
    answer.prepare = prepare_all  # for what asks about routes before there is a request
    return answer
