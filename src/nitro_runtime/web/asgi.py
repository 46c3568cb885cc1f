"""What the adapters of ASGI frameworks share: a scope becomes a request, a reply goes to the wire.

Follows the ASGI specification, HTTP 2.3. Replies are written raw, because a framework's streaming
response may hold chunks back, and because a stream's iterator must be closed the moment its client
is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
)
from contextlib import suppress
from functools import lru_cache
from typing import Any

from nitro_runtime.errors import Refused
from nitro_runtime.web.event_stream import EventStream
from nitro_runtime.web.forms import parse_urlencoded
from nitro_runtime.web.request import Reply, Request, Site, refuse_longer
from nitro_runtime.web.stream_writer import Receive, Send, gone, write_stream
from nitro_runtime.web.uploads import Posted

Read = Callable[[int], Awaitable[bytes]]


def request_of_scope(
    scope: Mapping[str, Any],
    site: Site,
    native: Any,  # noqa: ANN401 # the framework's own request
    read: Read,
    *,
    base: str | None = None,
    pieces: Callable[[], AsyncIterator[bytes]] | None = None,
    parsed: Callable[[], Posted | None] | None = None,
) -> Request:
    """Makes the neutral request of an ASGI scope.

    Args:
        scope: Of type ``http``.
        site: How Nitro was installed on the app.
        native: The framework's own request.
        read: Reads the whole body, at most so many bytes, so that the app can read it too.
        base: Where the app is mounted, when ``root_path`` names a place within the app.
        pieces: Reads the body piece by piece; None where all was read.
        parsed: Returns the form that the framework has parsed already, or None.

    Raises:
        Refused: 422, the query string is not UTF-8.
    """
    headers = joined(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    )
    client = scope.get("client")
    mounted_at: str = (scope.get("root_path", "") if base is None else base).rstrip("/")
    return Request(
        method=scope["method"],
        path=_below(mounted_at, scope["path"]) if mounted_at else scope["path"],
        headers=headers,
        query=parse_urlencoded(scope.get("query_string", b"")),
        cookies=parse_cookies(headers.get("cookie", "")),
        params=path_params(scope),
        scheme=scope.get("scheme", "http"),
        host=headers.get("host", ""),
        address=client[0] if client else "",
        base=mounted_at,
        native=native,
        site=site,
        read=read,
        pieces=pieces,
        parsed=parsed,
    )


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns headers by name; one that came twice is joined, so that neither value hides the other.

    As RFC 9110 has it (section 5.3), and for a cookie, which HTTP/2 may send in pieces, RFC 9113.
    """
    headers: dict[str, str] = {}
    for name, text in pairs:
        if name in headers:
            headers[name] += f"; {text}" if name == "cookie" else f", {text}"
        else:
            headers[name] = text
    return headers


BODY_SECONDS = 30.0
"""How long a body may take, beside what it takes at `SLOWEST`."""

SLOWEST = 8 * 1024
"""Bytes a second that are waited for of a body that was announced as long."""


async def _patiently(reading: Awaitable[bytes], headers: Mapping[str, str]) -> bytes:
    """Reads a body for as long as a slow connection needs; one that trickles on for ever is refused.

    Raises:
        Refused: 408.
    """
    length = headers.get("content-length", "")
    announced = int(length) if length.isascii() and length.isdigit() and len(length) < 12 else 0
    try:
        async with asyncio.timeout(BODY_SECONDS + announced / SLOWEST):
            return await reading
    except TimeoutError:
        close = [("connection", "close")]  # the rest of the body would be taken for a request
        raise Refused(408, "The body came too slowly.", headers=close) from None


async def read_all(
    chunks: AsyncIterable[bytes], limit: int, headers: Mapping[str, str] | None = None
) -> bytes:
    """Reads a body whose length may not have been announced, never beyond the limit.

    Args:
        chunks: The body.
        limit: The most bytes.
        headers: Of the request, by which the time is limited too; None: it is not.

    Raises:
        Refused: 413, it is longer; 408, it came too slowly.
    """
    return await (
        _all(chunks, limit) if headers is None else _patiently(_all(chunks, limit), headers)
    )


async def _all(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        refuse_longer(len(body), limit)
    return bytes(body)


async def read_request(request: Any, gone: type[Exception], limit: int) -> bytes:  # noqa: ANN401 # see below
    """Reads the body of a framework's request so that the app can read it too.

    Args:
        request: It has ``headers``, ``body()``, which keeps what it read, and ``stream()``.
        gone: What it raises when the client left.
        limit: The most bytes to read of a body whose length was not announced.

    Raises:
        Refused: 413, it is longer; 408, it came too slowly; 422, the client left.
    """
    try:
        if "content-length" in request.headers:
            return await _patiently(request.body(), request.headers)
        return await read_all(request.stream(), limit, request.headers)
    except gone:
        raise _ended_early() from None


async def pieces_of(request: Any, gone: type[Exception]) -> AsyncIterator[bytes]:  # noqa: ANN401 # see above
    """Reads the body of a framework's request piece by piece; arguments and errors as above."""
    try:
        async for piece in request.stream():
            yield piece
    except gone:
        raise _ended_early() from None


def _ended_early() -> Refused:
    return Refused(422, "The request ended early.")


def path_params(scope: Mapping[str, Any]) -> dict[str, str]:
    """Returns the parameters of the route, as text; none before the route is found."""
    return {name: str(value) for name, value in scope.get("path_params", {}).items()}


def user_of_scope(scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 # the app's own user class
    """Returns whom an authentication middleware has put into a scope; None for nobody.

    A native request that is a mapping over its scope will do.
    """
    user = scope.get("user")
    return user if getattr(user, "is_authenticated", False) else None


def _below(base: str, path: str) -> str:
    """The path below the mount; some servers have taken the base off already."""
    return path.removeprefix(base) if path.startswith(f"{base}/") else path


def parse_cookies(header: str) -> dict[str, str]:
    """Parses a ``cookie`` header (RFC 6265); what has no name is passed over, the first one wins."""
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.strip().partition("=")
        if name and equals:
            cookies.setdefault(name, value.strip('"'))
    return cookies


def as_sent(value: str) -> str:
    """Returns the value of a header byte for byte (Latin-1) where it was taken for UTF-8."""
    return value if value.isascii() else value.encode(errors="surrogateescape").decode("latin-1")


def raw_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Returns the headers of a reply as ASGI takes them."""
    return [_raw_header(*header) for header in reply.headers]


@lru_cache(maxsize=64)  # most are the same each time, and an open stream holds on to its own
def _raw_header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode("latin-1"), value.encode("latin-1")


async def send_reply(
    reply: Reply,
    receive: Receive,
    send: Send,
    method: str = "GET",
    *,
    headers: Iterable[tuple[bytes, bytes]] | None = None,
) -> None:
    """Writes a reply; a streamed one ends when its iterator or its client does.

    Args:
        reply: The reply.
        receive: ASGI's.
        send: ASGI's.
        method: Of the request; ``HEAD`` is answered without a body.
        headers: What the framework made of the reply's own headers; by default those.
    """
    headers = list(raw_headers(reply) if headers is None else headers)
    start = {"type": "http.response.start", "status": reply.status, "headers": headers}
    body = reply.body
    if isinstance(body, bytes):
        headers.append((b"content-length", b"%d" % len(body)))
        await send(start)
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
        return
    try:
        await send(start)
        if method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif isinstance(body, EventStream):
            await write_stream(body, receive, send)
        else:
            await _until_gone(_pump(body, send), receive)
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()


async def _pump(chunks: AsyncIterator[bytes], send: Send) -> None:
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _until_gone(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Runs the work until it is done or the client is gone, whichever comes first."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(gone(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (watching, working):
            task.cancel()
        # OSError: the client left while we wrote.
        with suppress(asyncio.CancelledError, OSError):
            await working
        with suppress(asyncio.CancelledError, OSError):
            await watching
