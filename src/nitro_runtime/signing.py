"""Signed values: plain text that a browser may carry and cannot change.

HMAC-SHA256 (RFC 2104) over the purpose and the text, 128 bits kept. Signing is deterministic: the
same text gives the same token for as long as the key stays. What is signed is readable; it is no
place for secrets. Safe from every thread.

A key is changed without a break by keeping the former one as a fallback: the new key signs, and what a
fallback signed is still good. ``NITRO_SECRET_KEY`` is the key, ``NITRO_SECRET_KEY_FALLBACKS`` are the
former ones, separated by commas.
"""

from __future__ import annotations

import base64
import hmac
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nitro_runtime.errors import BadSignature, ConfigurationError

log = logging.getLogger(__name__)

_configured: str | None = None
_fallbacks: tuple[str, ...] | None = None
_SHORTEST = 16


def configure_secret(secret: str, fallbacks: Sequence[str] | None = None) -> None:
    """Sets the key that signs; it must be the same in every process of an app.

    Args:
        secret: At least 16 characters that nobody else knows.
        fallbacks: Former keys, whose signatures are still good; None leaves them to
            ``NITRO_SECRET_KEY_FALLBACKS``.

    Raises:
        ConfigurationError: One of them is shorter than that.
    """
    global _configured, _fallbacks
    for key in (secret, *(fallbacks or ())):
        if len(key) < _SHORTEST:
            raise ConfigurationError(f"The secret key needs at least {_SHORTEST} characters.")
    _configured, _fallbacks = secret, None if fallbacks is None else tuple(fallbacks)


@lru_cache(maxsize=1)
def _random_key() -> str:
    log.warning(
        "NITRO_SECRET_KEY is not set: a random key is used, and open pages reload after a restart"
    )
    return secrets.token_hex(32)


def _key() -> str:
    return _configured or os.environ.get("NITRO_SECRET_KEY") or _random_key()


def _keys() -> Iterator[str]:
    """Yields the key, then the former ones."""
    yield _key()
    if _fallbacks is not None:
        yield from _fallbacks
        return
    for former in os.environ.get("NITRO_SECRET_KEY_FALLBACKS", "").split(","):
        if former.strip():  # an empty key would be everybody's
            yield former.strip()


def _signature(key: str, purpose: str, text: str) -> str:
    digest = hmac.digest(key.encode(), f"{purpose}\0{text}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def signature(purpose: str, text: str) -> str:
    """Returns the signature alone: 22 URL-safe characters."""
    return _signature(_key(), purpose, text)


def is_signature(purpose: str, text: str, given: str) -> bool:
    """Whether this is the signature of the text for this purpose, by the key or by a former one.

    Raises:
        UnicodeEncodeError: What was given holds half a surrogate pair.
    """
    sought = given.encode()
    return any(
        hmac.compare_digest(sought, _signature(key, purpose, text).encode()) for key in _keys()
    )


def sign(purpose: str, text: str) -> str:
    """Returns ``<text in base64url>.<signature>``, safe in URLs, cookies and HTML attributes."""
    packed = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    return f"{packed}.{signature(purpose, text)}"


def unsign(purpose: str, token: str) -> str:
    """Returns the text of a token made by `sign` for the same purpose.

    Raises:
        BadSignature: The token is malformed, was changed, or was signed otherwise.
    """
    packed, dot, given = token.rpartition(".")
    try:
        text = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        good = dot and is_signature(purpose, text.decode(), given)
    except ValueError:
        raise BadSignature from None
    if not good:
        raise BadSignature
    return text.decode()
