"""Static files for a framework that serves none by itself: small ones, read whole."""

from __future__ import annotations

import asyncio
import hashlib
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from nitro_runtime.errors import Refused
from nitro_runtime.manifest import FOR_GOOD, is_hashed
from nitro_runtime.web.request import Reply, Request, Route, Site


def caching_of(path: str) -> str:
    """Returns how long a static file may be kept: for good with a hash in its name, else ask each time."""
    return FOR_GOOD if is_hashed(path) else "no-cache"  # RFC 9111: ask, and mostly hear 304


def keeping(app: Any) -> Any:  # noqa: ANN401 # ASGI
    """Has an ASGI app that serves static files say with each how long it may be kept."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 # ASGI
        async def told(message: Any) -> None:  # noqa: ANN401 # ASGI
            if message["type"] == "http.response.start" and message["status"] < 400:
                caching = (b"cache-control", caching_of(scope["path"]).encode())
                message = {**message, "headers": [*message["headers"], caching]}
            await send(message)

        await app(scope, receive, told)

    return serve


async def kept(serve: Any, request: Any, **path: str) -> Any:  # noqa: ANN401 # a framework's own
    """Has a handler of static files, called as any with its request, say how long each may be kept."""
    response = await serve(request, **path)
    response.headers["cache-control"] = caching_of(request.path)
    return response


def kept_sync(serve: Any, **path: str) -> Any:  # noqa: ANN401 # a framework's own
    """Does the same for a handler that is called with its path only, where a name has a hash."""
    response = serve(**path)
    if any(is_hashed(name) for name in path.values()):
        response.headers["cache-control"] = FOR_GOOD
    return response


def file_routes(site: Site, path: str) -> list[Route]:
    """Returns the route of a site's static files; none when there are none, or on another host.

    Args:
        site: The site.
        path: How the framework writes a parameter ``path`` that is several segments.
    """
    folder, url = site.static_folder, site.static_url or ""
    if folder is None or not url.startswith("/"):
        return []

    async def serve(request: Request) -> Reply:
        return await asyncio.to_thread(_serve, folder, request)

    return [Route(f"{url}/{path}", ("GET",), serve, "static")]


def _serve(folder: Path, request: Request) -> Reply:
    body = _read(folder, request.params["path"])
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = [("etag", tag), ("cache-control", caching_of(request.params["path"]))]
    if tag in request.headers.get("if-none-match", ""):
        return Reply(304, headers)
    return Reply(200, [("content-type", _media_type(request.params["path"])), *headers], body)


def _read(folder: Path, path: str) -> bytes:
    """Reads a file of the folder, or of where a link in it leads.

    Raises:
        Refused: 404, there is none, or the path leads out.
    """
    try:
        if "\0" not in path and ".." not in Path(path).parts and not Path(path).is_absolute():
            return (folder / path).read_bytes()
    except (OSError, ValueError):  # missing, a folder, a name that no file system has
        pass
    raise Refused(404, "There is no such file.")


def _media_type(path: str) -> str:
    kind, encoding = guess_type(path)
    if kind is None or encoding is not None:
        return "application/octet-stream"
    text = kind.startswith("text/") or kind in {"application/javascript", "image/svg+xml"}
    return f"{kind}; charset=utf-8" if text else kind
