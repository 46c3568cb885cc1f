"""The address of a queue server, taken apart."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeGuard
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from nitro_runtime.errors import ConfigurationError, QueueUnavailable

_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a queue server is.

    Attributes:
        url: Its address, as its client takes it.
        prefix: What the names of the app's queues begin with.
    """

    url: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Takes ``redis://host/0?prefix=shop`` apart.

        Raises:
            ConfigurationError: The prefix, or the port, cannot be one.
        """
        parts = urlsplit(url.removeprefix("celery+"))
        try:
            _ = parts.port
        except ValueError as problem:
            raise ConfigurationError("The port of a queue's address is a number.") from problem
        options = dict(parse_qsl(parts.query))
        prefix = options.pop("prefix", "nitro")
        if not _PREFIX.fullmatch(prefix):
            raise ConfigurationError(
                f"The prefix of a queue is letters, digits, '_', '.' and '-', not {prefix!r}."
            )
        return cls(urlunsplit(parts._replace(query=urlencode(options))), prefix)

    @property
    def place(self) -> str:
        """The server, without a password."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname or 'localhost'}{port}"

    @property
    def is_redis(self) -> bool:
        """Whether it is a Redis server."""
        return urlsplit(self.url).scheme in ("redis", "rediss")

    def queue(self, name: str) -> str:
        """Returns the name of a queue on the server."""
        return f"{self.prefix}.{name}"


@contextmanager
def reaching(place: str, errors: tuple[type[Exception], ...]) -> Generator[None]:
    """Says of a server that does not answer inside the block what it is.

    Args:
        place: The server, without a password.
        errors: What its client raises then.

    Raises:
        QueueUnavailable: The server does not answer.
    """
    try:
        yield
    except errors as problem:
        raise QueueUnavailable(place, _reason(problem)) from problem


def _reason(problem: BaseException) -> str:
    """Returns why, in the system's own words where these are within what the client says."""
    found = next((each.strerror for each in _within(problem) if _is_told(each)), None)
    return str(found or str(problem).rstrip(".") or type(problem).__name__)


def _is_told(problem: BaseException) -> TypeGuard[OSError]:
    return isinstance(problem, OSError) and bool(problem.strerror)


def _within(problem: BaseException) -> Iterator[BaseException]:
    """Yields an error with those that it came from: clients pack them as they like."""
    waiting, seen = [problem], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (each.__cause__, each.__context__, *each.args, *vars(each).values())
        waiting += [one for one in inner if isinstance(one, BaseException)]
