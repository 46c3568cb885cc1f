"""Static files for a framework that serves none by itself: small ones, read whole."""

from __future__ import annotations

import asyncio
import hashlib
from mimetypes import guess_type
from pathlib import Path

from nitro_runtime.errors import Refused
from nitro_runtime.manifest import FOR_GOOD, is_hashed
from nitro_runtime.web.request import Reply, Request, Route, Site


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
    # RFC 9111: ask, and mostly hear 304
    caching = FOR_GOOD if is_hashed(request.params["path"]) else "no-cache"
    headers = [("etag", tag), ("cache-control", caching)]
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
