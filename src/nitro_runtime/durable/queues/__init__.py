"""The queues that durable handlers run on, each behind the protocol `Queue`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from threading import Event
from typing import Protocol
from urllib.parse import urlsplit

from nitro_runtime.errors import ConfigurationError, suggestion

Perform = Callable[[str], object]
"""Works the job with this key; it raises nothing."""


class Queue(Protocol):
    """Carries keys of jobs to workers. It may lose or double them: the outbox makes up for that.

    Attributes:
        name: What people call it: ``Dramatiq on Redis``.
        place: Where it is, without a password; empty when there is no server.
        carries: Whether jobs are sent to it; else workers look into the outbox.
        in_app: Whether an app that serves works its jobs itself.
    """

    name: str
    place: str
    carries: bool
    in_app: bool

    def send(self, queue: str, key: str) -> None:
        """Sends the key of a job.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        ...

    def depth(self, queues: Iterable[str]) -> int:
        """Returns how many keys wait in these queues.

        Raises:
            QueueUnavailable: The server does not answer.
        """
        ...

    def work(self, queues: Iterable[str], threads: int, perform: Perform, stop: Event) -> None:
        """Has keys performed in so many threads until the event is set; what has begun is finished.

        Raises:
            QueueUnavailable: The server does not answer at the start.
        """
        ...

    def close(self) -> None:
        """Closes the connections of this process."""
        ...


_SCHEMES = {
    "redis": ("dramatiq", "redis"),
    "rediss": ("dramatiq", "redis"),
    "amqp": ("dramatiq", "rabbitmq"),
    "amqps": ("dramatiq", "rabbitmq"),
    "celery+redis": ("celery", "redis"),
    "celery+rediss": ("celery", "redis"),
    "celery+amqp": ("celery", "rabbitmq"),
    "celery+amqps": ("celery", "rabbitmq"),
}


def open_queue(url: str) -> Queue:
    """Returns the queue at an address; it connects when it is first used.

    Raises:
        ConfigurationError: The address names no queue.
        MissingExtra: The queue's package is not installed.
    """
    if url in ("app", "database"):
        from nitro_runtime.durable.queues.database import DatabaseQueue

        return DatabaseQueue(in_app=url == "app")
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        known = ["app", "database", *(f"{name}://..." for name in _SCHEMES)]
        raise ConfigurationError(
            f"There is no queue for an address with {scheme or url!r}; there are "
            f"{', '.join(known)}.{suggestion(scheme or url, ['app', 'database', *_SCHEMES])}"
        )
    engine, _ = _SCHEMES[scheme]
    module = import_module(f"nitro_runtime.durable.queues.{engine}_queue")
    queue: Queue = module.queue_at(url)
    return queue
