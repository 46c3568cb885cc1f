"""Signed values: plain text that a browser may carry and cannot change.

HMAC-SHA256 (RFC 2104) over the purpose and the text, 128 bits kept. Signing is deterministic: the
same text gives the same token for as long as the key stays. What is signed is readable; it is no
place for secrets. Safe from every thread.
"""

from __future__ import annotations

import base64
import hmac
import logging
import os
import secrets
from functools import lru_cache

from nitro_runtime.errors import BadSignature, ConfigurationError

log = logging.getLogger(__name__)

_configured: str | None = None
_SHORTEST = 16


def configure_secret(secret: str) -> None:
    """Sets the key that signs; it must be the same in every process of an app.

    Args:
        secret: At least 16 characters that nobody else knows.

    Raises:
        ConfigurationError: The secret is shorter than that.
    """
    global _configured
    if len(secret) < _SHORTEST:
        raise ConfigurationError(f"The secret key needs at least {_SHORTEST} characters.")
    _configured = secret


@lru_cache(maxsize=1)
def _random_key() -> str:
    log.warning(
        "NITRO_SECRET_KEY is not set: a random key is used, and open pages reload after a restart"
    )
    return secrets.token_hex(32)


def _key() -> bytes:
    return (_configured or os.environ.get("NITRO_SECRET_KEY") or _random_key()).encode()


def signature(purpose: str, text: str) -> str:
    """Returns the signature alone: 22 URL-safe characters."""
    digest = hmac.digest(_key(), f"{purpose}\0{text}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


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
        good = dot and hmac.compare_digest(
            given.encode(), signature(purpose, text.decode()).encode()
        )
    except ValueError:
        raise BadSignature from None
    if not good:
        raise BadSignature
    return text.decode()
