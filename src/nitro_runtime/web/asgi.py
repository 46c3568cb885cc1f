"""What the adapters of ASGI frameworks share: a scope becomes a request, a reply goes to the wire.

Follows the ASGI specification, HTTP 2.3. Replies are written raw, because a framework's streaming
response may hold chunks back, and because a stream's iterator must be closed the moment its client
is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Mapping,
    MutableMapping,
)
from contextlib import suppress
from typing import Any

from nitro_runtime.web.forms import parse_urlencoded
from nitro_runtime.web.request import Reply, Request, Site
from nitro_runtime.web.uploads import Posted

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Read = Callable[[int], Awaitable[bytes]]


def request_of_scope(
    scope: Mapping[str, Any],
    site: Site,
    native: Any,  # noqa: ANN401 # the framework's own request
    read: Read,
    *,
    pieces: Callable[[], AsyncIterator[bytes]] | None = None,
    parsed: Callable[[], Posted | None] | None = None,
) -> Request:
    """Makes the neutral request of an ASGI scope.

    Args:
        scope: Of type ``http``.
        site: How Nitro was installed on the app.
        native: The framework's own request.
        read: Reads the whole body, at most so many bytes, so that the app can read it too.
        pieces: Reads the body piece by piece; None where all was read.
        parsed: Returns the form that the framework has parsed already, or None.

    Raises:
        Refused: 422, the query string is not UTF-8.
    """
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    base = scope.get("root_path", "").rstrip("/")
    return Request(
        method=scope["method"],
        path=_below(base, scope["path"]),
        headers=headers,
        query=parse_urlencoded(scope.get("query_string", b"")),
        cookies=parse_cookies(headers.get("cookie", "")),
        params=path_params(scope),
        scheme=scope.get("scheme", "http"),
        host=headers.get("host", ""),
        base=base,
        native=native,
        site=site,
        read=read,
        pieces=pieces,
        parsed=parsed,
    )


def path_params(scope: Mapping[str, Any]) -> dict[str, str]:
    """Returns the parameters of the route, as text; none before the route is found."""
    return {name: str(value) for name, value in scope.get("path_params", {}).items()}


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


async def send_reply(reply: Reply, receive: Receive, send: Send, method: str = "GET") -> None:
    """Writes a reply; a streamed one ends when its iterator or its client does."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    body = reply.body
    if isinstance(body, bytes):
        headers.append((b"content-length", str(len(body)).encode()))
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if isinstance(body, bytes) or method == "HEAD":
            whole = body if isinstance(body, bytes) and method != "HEAD" else b""
            await send({"type": "http.response.body", "body": whole})
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
    watching = asyncio.ensure_future(_gone(receive))
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


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
