"""Uploaded files are given back so that nothing in them ever runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nitro_runtime.entities.sample_files import sample_png
from nitro_runtime.errors import Refused
from nitro_runtime.storage import save_bytes, use_storage
from nitro_runtime.web.request import Reply, Request
from nitro_runtime.web.stored import uploads


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Any:
    use_storage(tmp_path)
    yield tmp_path
    use_storage(None)


async def ask(key: str) -> Reply:
    return await uploads(Request("GET", f"/uploads/{key}", params={"name": key}))


async def whole(reply: Reply) -> bytes:
    if isinstance(reply.body, bytes):
        return reply.body
    return b"".join([piece async for piece in reply.body])


async def test_a_picture_is_shown_in_a_sandbox() -> None:
    reply = await ask(save_bytes(sample_png(), "png"))
    headers = dict(reply.headers)
    assert (reply.status, await whole(reply)) == (200, sample_png())
    assert headers["content-type"] == "image/png"
    assert "content-length" not in headers  # adapters add it to a whole body
    assert headers["content-disposition"] == "inline"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (b"<script>alert(1)</script>", "png"),
        (b"<svg onload='alert(1)'/>", ""),
        (b"%PDF-1.7", "pdf"),
        (b"", "txt"),
    ],
)
async def test_everything_else_is_a_download_whatever_its_name(content: bytes, suffix: str) -> None:
    key = save_bytes(content, suffix)
    reply = await ask(key)
    headers = dict(reply.headers)
    assert await whole(reply) == content
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == f'attachment; filename="{key}"'


async def test_a_long_file_comes_in_pieces() -> None:
    content = bytes(range(256)) * 4096
    reply = await ask(save_bytes(content))
    assert not isinstance(reply.body, bytes)
    assert dict(reply.headers)["content-length"] == "1048576"
    assert await whole(reply) == content


@pytest.mark.parametrize("key", ["missing", "..", "../secret", ".part", "a/b", "x\n"])
async def test_there_is_nothing_else(folder: Path, key: str) -> None:
    (folder.parent / "secret").write_text("secret")
    with pytest.raises(Refused) as caught:
        await ask(key)
    assert caught.value.status == 404
