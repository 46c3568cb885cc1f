"""The envelope: what a browser keeps, as one signed text that only its owner can bring back.

``<revision>.<form><content>.<signature>``. The revision counts the writings, so that a page can tell
the newer of two texts; the form says how the content is written: ``p``, JSON (RFC 8259), or ``z``, JSON
deflated (RFC 1951), whichever is shorter, both in base64url. The owner is signed and not written. What
is in it can be read by whoever has the browser; an older text of the same owner is as good as the newest.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from nitro_runtime.errors import BrowserStorageRefused
from nitro_runtime.signing import is_signature, signature

MOST_CHARACTERS = 64 * 1024
"""A longer text is refused unread; no request that is answered brings one."""

MOST_CONTENT_BYTES = 4 * 1024 * 1024
"""What a text may inflate to."""

_GREATEST = 10**15 - 1
"""A revision beyond would not be read; JavaScript knows this one exactly."""

_RAW = -zlib.MAX_WBITS  # neither a header nor a checksum: the signature is one
_SHAPE = re.compile(r"(\d{1,15})\.([pz])([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{22})")

Content = dict[str, Any]
"""JSON values by name."""


def seal(owner: str, revision: int, content: Content) -> str:
    """Returns the text for a browser to keep; the same arguments give the same text.

    Args:
        owner: Who alone may bring it back.
        revision: How often it was written.
        content: What it holds.

    Raises:
        ValueError: A value has no JSON form.
    """
    written = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    plain = written.encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    deflated = packer.compress(plain) + packer.flush()
    form, packed = min(("p", plain), ("z", deflated), key=lambda each: len(each[1]))
    text = f"{revision}.{form}{urlsafe_b64encode(packed).rstrip(b'=').decode()}"
    return f"{text}.{signature(_purpose(owner), text)}"


def unseal(owner: str, text: str) -> tuple[int, Content]:
    """Returns the revision and the content of a text that `seal` made for this owner.

    Raises:
        BrowserStorageRefused: It was changed, was made for another owner, or was signed by a key that
            is neither the present one nor a former one.
    """
    found = _SHAPE.fullmatch(text) if len(text) <= MOST_CHARACTERS else None
    if found is None:
        raise BrowserStorageRefused
    revision, form, packed, given = found.groups()
    if not is_signature(_purpose(owner), f"{revision}.{form}{packed}", given):
        raise BrowserStorageRefused
    data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    if form == "z":
        data = zlib.decompressobj(_RAW).decompress(data, MOST_CONTENT_BYTES)
    return int(revision), json.loads(data)


def claimed_revision(text: str) -> int:
    """Returns the revision that a text says it has, of one that cannot be verified; else 0."""
    found = re.match(r"\d{1,15}", text)
    return int(found[0]) if found else 0


def next_revision(revision: int) -> int:
    """Returns the revision of the next writing; the greatest one stays, so that it can be read again."""
    return min(revision + 1, _GREATEST)


def _purpose(owner: str) -> str:
    return f"browser {owner}"
