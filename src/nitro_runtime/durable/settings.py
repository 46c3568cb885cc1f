"""Where the jobs of durable handlers are worked: `use_queue`, or ``NITRO_QUEUE_URL``."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from nitro_runtime.durable.queues import Queue, open_queue


@dataclass(frozen=True, slots=True)
class Timing:
    """How long what may take, in seconds.

    Attributes:
        lease: A job whose worker gives no sign for so long is given to another.
        grace: A job that nobody has begun so long after it was sent is looked at again.
        poll: How often the outbox is looked at.
    """

    lease: float = 30.0
    grace: float = 5.0
    poll: float = 1.0


class _Settings:
    """The queue of this process."""

    def __init__(self) -> None:
        self.queue: Queue | None = None
        self.timing = Timing()
        self.lock = threading.Lock()


_settings = _Settings()


def use_queue(
    url: str | None = None, *, lease: float = 30.0, grace: float = 5.0, poll: float = 1.0
) -> Queue:
    """Says where durable handlers run. Without a call, ``NITRO_QUEUE_URL`` says it.

    Args:
        url: ``redis://host:6379/0`` or ``amqp://user:password@host//`` for Dramatiq, with ``celery+``
            before it for Celery; ``?prefix=shop`` keeps apps on one server apart. ``database``:
            `nitro worker` takes the jobs from the outbox itself, no server is needed. ``app``, which
            is also the default: so does the app, in two threads of its own while it serves.
        lease: Seconds after which a job is given to another worker when its own gives no sign.
        grace: Seconds after which a job is sent again that nobody has begun.
        poll: Seconds between two looks at the outbox.

    Raises:
        ConfigurationError: The address names no queue that Nitro has.
        MissingExtra: The queue's package is not installed.
    """
    queue = open_queue(url or os.environ.get("NITRO_QUEUE_URL") or "app")
    with _settings.lock:
        former, _settings.queue = _settings.queue, queue
        _settings.timing = Timing(lease, grace, poll)
    if former is not None:
        former.close()
    return queue


def current_queue() -> Queue:
    """Returns the queue of this process."""
    found = _settings.queue
    return use_queue() if found is None else found


def timing() -> Timing:
    """Returns how long what may take."""
    return _settings.timing


def forget_queue() -> None:
    """Has the next use read the environment again; for tests, and for a forked process."""
    with _settings.lock:
        former, _settings.queue = _settings.queue, None
        _settings.timing = Timing()
    if former is not None:
        former.close()
