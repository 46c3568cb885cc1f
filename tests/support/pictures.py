"""How much two pictures of a page differ, for who looks from far: fonts differ between machines.

Both are drawn in Chromium, scaled down to cells of some pixels, so that a word is a grey bar. Letters
of another font change a cell a little; a block that moved, or has no background, changes it much.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass

from playwright.sync_api import Page

CELL = 20
"""Pixels along the edge of a cell."""
FAR = 24
"""What a cell's red, green or blue (0 to 255) may differ by before the cell counts as another one."""

_COMPARE = """async ([urls, cell, far]) => {
    const cells = async url => {
        const image = new Image();
        image.src = url;
        await image.decode();
        const [width, height] = [image.width / cell, image.height / cell].map(Math.round);
        const canvas = new OffscreenCanvas(width, height), drawn = canvas.getContext('2d');
        drawn.imageSmoothingQuality = 'high';
        drawn.drawImage(image, 0, 0, width, height);
        return {size: `${image.width} x ${image.height}`, data: drawn.getImageData(0, 0, width, height).data};
    };
    const [a, b] = [await cells(urls[0]), await cells(urls[1])];
    if (a.size !== b.size) return {share: 1, mean: 255};
    let other = 0, sum = 0;
    for (let at = 0; at < a.data.length; at += 4) {
        const apart = Math.max(...[0, 1, 2].map(each => Math.abs(a.data[at + each] - b.data[at + each])));
        sum += apart;
        other += apart > far;
    }
    return {share: other * 4 / a.data.length, mean: sum * 4 / a.data.length};
}"""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures are apart; all of it when their sizes differ.

    Attributes:
        share: The part of the cells that are others, 0 to 1.
        mean: What cells differ by, on average, 0 to 255.
    """

    share: float
    mean: float


def difference(page: Page, one: bytes, other: bytes) -> Difference:
    """Compares two PNG pictures in a browser's page."""
    urls = [f"data:image/png;base64,{b64encode(each).decode()}" for each in (one, other)]
    return Difference(**page.evaluate(_COMPARE, [urls, CELL, FAR]))


_PIXELS = """async url => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const drawn = new OffscreenCanvas(image.width, image.height).getContext('2d');
    drawn.drawImage(image, 0, 0);
    const {data} = drawn.getImageData(0, 0, image.width, image.height);
    let text = '';
    for (let at = 0; at < data.length; at += 4)
        text += String.fromCharCode(data[at], data[at + 1], data[at + 2]);
    return [image.width, image.height, btoa(text)];
}"""


def smaller(page: Page, png: bytes) -> bytes:
    """Returns the picture with at most 256 colours, which is less than half the bytes."""
    url = f"data:image/png;base64,{b64encode(png).decode()}"
    width, height, text = page.evaluate(_PIXELS, url)
    pixels = b64decode(text)
    colours = [pixels[at : at + 3] for at in range(0, len(pixels), 3)]
    kept = [colour for colour, _ in Counter(colours).most_common(256)]
    nearest = {colour: _nearest(colour, kept) for colour in set(colours)}
    indexes = bytes(nearest[colour] for colour in colours)
    rows = b"".join(b"\0" + indexes[at : at + width] for at in range(0, len(indexes), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits, indexed
    chunks = (b"IHDR", header), (b"PLTE", b"".join(kept)), (b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in (*chunks, (b"IEND", b"")))


def _nearest(colour: bytes, kept: list[bytes]) -> int:
    apart = [sum((a - b) ** 2 for a, b in zip(colour, each, strict=True)) for each in kept]
    return apart.index(min(apart))


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
