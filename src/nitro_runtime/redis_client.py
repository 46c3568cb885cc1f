"""What everything that talks to a Redis server stands on: its address, redis-py, and what errors mean.

Standard library only; redis-py is imported when it is first needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from nitro_runtime.errors import ConfigurationError, MissingExtra

SCHEMES = ("redis", "rediss")
_PREFIX = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_EXAMPLE = "write one such as redis://localhost:6379/0"
_LATER = (
    "OOM", "READONLY", "MISCONF", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN", "UNBLOCKED",
)  # fmt: skip
"""What a server begins its refusal with when it may serve again later."""


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


def redis_py() -> Any:  # noqa: ANN401 # the module
    """Returns the module ``redis``.

    Raises:
        MissingExtra: redis-py is not installed.
    """
    try:
        import redis
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise MissingExtra("redis-py", "redis") from None
    return redis


def connections_to(address: Address, **options: Any) -> Any:  # noqa: ANN401 # of redis-py
    """Returns a pool of connections, none of which is open yet.

    Args:
        address: Where the server is.
        options: More of redis-py's options.

    Raises:
        MissingExtra: redis-py is not installed.
        ConfigurationError: redis-py does not understand the address.
    """
    redis = redis_py()
    options = {
        "protocol": 2,
        # Whether to try again is decided by whoever sends.
        "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        **options,
    }
    try:
        pool = redis.ConnectionPool.from_url(address.url, **options)
        pool.connection_class(**pool.connection_kwargs)  # refuses unknown options
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"redis-py does not understand the address of Redis at {address.place}: {error}"
        ) from None
    return pool


def why_unavailable(error: Exception, place: str, patience: float) -> str | None:
    """Returns the sentence for an error of redis-py's after which the server may serve again.

    Args:
        error: The error.
        place: Host and port.
        patience: Seconds that were waited for an answer.

    Returns:
        None: it refused the command itself, and will do so again.
    """
    exceptions = redis_py().exceptions
    if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError):
        return f"Redis at {place} refuses the login: {error}"
    if isinstance(error, exceptions.TimeoutError):
        return (
            f"Redis at {place} did not answer within {patience} s; whether the command took place is "
            "not known."
        )
    if isinstance(error, exceptions.ConnectionError):
        return f"Redis at {place} cannot be reached, or went away: {error}"
    if str(error).startswith(_LATER) or isinstance(
        error, exceptions.OutOfMemoryError | exceptions.ReadOnlyError | exceptions.AskError
    ):
        return f"Redis at {place} does not serve now: {error}"
    return None
