"""The route that gives back uploaded files: ``GET /uploads/{name}``.

Whoever knows a file's name may read it, as with any link that is hard to guess; the names are
random. Nothing that was uploaded ever runs here: only pictures are shown, told by their content, and
everything else is a download, in a sandbox.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from nitro_runtime.errors import Refused
from nitro_runtime.storage import IMAGE_TYPES, current_storage, image_suffix
from nitro_runtime.web.request import Reply, Request

PIECE_BYTES = 256 * 1024
"""What is read of a file at a time; a smaller one is sent in one piece."""


async def uploads(request: Request) -> Reply:
    """Sends a file.

    Raises:
        Refused: 404, there is none of this name.
    """
    key = request.params["name"]
    try:
        kind, size, content = await asyncio.to_thread(_read, key)
    except FileNotFoundError:
        raise Refused(404, "There is no such file.") from None
    headers = [
        ("content-type", kind or "application/octet-stream"),
        ("content-disposition", "inline" if kind else f'attachment; filename="{key}"'),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
        # a name is never given to another content
        ("cache-control", "private, max-age=31536000, immutable"),
    ]
    if content is not None:
        return Reply(200, headers, content)
    return Reply(200, [*headers, ("content-length", str(size))], _pieces(key))


def _read(key: str) -> tuple[str | None, int, bytes | None]:
    """Returns what picture a file is, its size, and its content unless it is long."""
    with current_storage().open(key) as file:
        suffix = image_suffix(file)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        content = file.read() if size <= PIECE_BYTES else None
    return IMAGE_TYPES.get(suffix or ""), size, content


async def _pieces(key: str) -> AsyncIterator[bytes]:
    # opened again at the first piece: an answer to HEAD never asks for one
    file: BinaryIO = await asyncio.to_thread(current_storage().open, key)
    try:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece
    finally:
        file.close()
