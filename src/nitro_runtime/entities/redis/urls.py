"""The address of a Redis server, and what Nitro reads out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from nitro_runtime.errors import ConfigurationError

SCHEMES = ("redis", "rediss")
_PREFIX = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_EXAMPLE = "write one such as redis://localhost:6379/0"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and which keys on it are Nitro's.

    Attributes:
        url: What redis-py connects with; it may hold a password.
        prefix: What every key begins with, in braces.
        place: Host and port, to be shown; without user and password.
    """

    url: str
    prefix: str
    place: str


def address_of(url: str) -> Address:
    """Reads ``redis://user:password@host:port/number?prefix=shop``, or ``rediss://`` for TLS.

    Raises:
        ConfigurationError: It is no such address.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(f"This is not the address of a Redis server; {_EXAMPLE}.")
    try:
        host, port = parts.hostname or "", parts.port or 6379
    except ValueError:
        raise ConfigurationError(
            f"The port in the address of Redis is not a number up to 65535; {_EXAMPLE}."
        ) from None
    if not host:
        raise ConfigurationError(f"The address of Redis names no host; {_EXAMPLE}.")
    number = unquote(parts.path).strip("/")
    if number and not number.isdecimal():
        raise ConfigurationError(
            f"Redis has databases by number, and {number!r} is none; {_EXAMPLE}."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix = options.pop("prefix", "nitro")
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            f"The prefix of the keys in Redis is made of letters, digits, dots, - and _, unlike "
            f"{prefix!r}."
        )
    plain = urlunsplit(parts._replace(query=urlencode(options)))
    return Address(plain, prefix, f"{host}:{port}")
