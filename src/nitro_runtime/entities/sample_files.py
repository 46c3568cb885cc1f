"""Small real files for sample entities: a picture drawn here, and a text."""

from __future__ import annotations

import struct
import zlib

Colour = tuple[int, int, int]


def sample_png(top: Colour = (84, 120, 170), bottom: Colour = (214, 190, 140)) -> bytes:
    """Returns a small PNG (RFC 2083) of 48 by 32 pixels that fades from one colour to another."""
    width, height = 48, 32
    lines = bytearray()
    for y in range(height):
        part = y / (height - 1)
        pixel = bytes(round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True))
        lines += b"\0" + pixel * width  # each line begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join((
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", header),
        _chunk(b"IDAT", zlib.compress(bytes(lines), 9)),
        _chunk(b"IEND", b""),
    ))  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
