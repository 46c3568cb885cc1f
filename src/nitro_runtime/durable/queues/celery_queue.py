"""Celery carries the keys of jobs, on Redis or RabbitMQ. Retries and dead letters are the outbox's."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from threading import Event
from typing import Any

from nitro_runtime.durable.queues import Perform
from nitro_runtime.durable.queues.addresses import Address, reaching
from nitro_runtime.durable.queues.quiet import once_a_minute
from nitro_runtime.errors import MissingExtra

_TASK = "nitro.perform"
_PATIENCE = 5.0
_LOOK = 0.5
"""Seconds after which a worker that was told to stop notices at the latest."""


def queue_at(url: str) -> CeleryQueue:
    """Returns the queue at an address.

    Raises:
        MissingExtra: Celery, or the client of the server, is not installed.
    """
    return CeleryQueue(Address.of(url))


class CeleryQueue:
    """A queue of Celery's, with an app of its own beside those that a project may have."""

    carries = True
    in_app = False

    def __init__(self, address: Address) -> None:
        self.name = f"Celery on {'Redis' if address.is_redis else 'RabbitMQ'}"
        self.place = address.place
        self._address = address
        self._app, self._errors = _app(address)

    def send(self, queue: str, key: str) -> None:
        """Sends the key of a job; see `Queue.send`."""
        with self._available():
            self._app.send_task(
                _TASK,
                args=[key],
                queue=self._queue(queue),
                retry=False,
                ignore_result=True,
            )

    def _queue(self, name: str) -> Any:  # noqa: ANN401 # kombu's
        from kombu.entity import Exchange, Queue

        full = self._address.queue(name)
        exchange = Exchange(self._address.prefix, type="direct", durable=True)
        return Queue(full, exchange=exchange, routing_key=full, durable=True)

    def depth(self, queues: Iterable[str]) -> int:
        """Returns how many keys wait; see `Queue.depth`."""
        with self._available(), self._app.connection_for_write() as connection:
            connection.ensure_connection(
                max_retries=1, timeout=_PATIENCE, reraise_as_library_errors=False
            )
            return sum([self._depth_of(connection, queue) for queue in queues])

    def _depth_of(self, connection: Any, queue: str) -> int:  # noqa: ANN401 # kombu's
        declared = self._queue(queue)(connection.default_channel)
        declared.declare()
        try:
            return declared.queue_declare(passive=True).message_count
        except connection.channel_errors:  # on Redis an empty queue is none
            return 0

    def work(self, queues: Iterable[str], threads: int, perform: Perform, stop: Event) -> None:
        """Has keys performed until the event is set; see `Queue.work`."""
        worker_module: Any = import_module("celery.worker")  # it has no types
        state = worker_module.state

        self.depth(queues)  # whether the server is there
        # One of its own: the other may be sending in another thread, and has its queues then.
        app, _ = _app(self._address)
        app.conf.task_queues = [self._queue(queue) for queue in queues]
        app.task(name=_TASK, ignore_result=True)(_performer(perform))
        app.finalize()
        worker = worker_module.WorkController(
            app=app,
            pool="threads",
            concurrency=threads,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        # Celery looks whether it should stop only when something wakes it, else every ten seconds.
        worker.timer.call_repeatedly(_LOOK, _nothing)
        thread = threading.Thread(target=worker.start, name="nitro-celery", daemon=True)
        with once_a_minute("celery"):
            thread.start()
            while not stop.wait(1.0) and thread.is_alive():
                pass
            state.should_stop = 0  # as Celery's own handler of SIGTERM does: what runs is finished
            thread.join()
            state.should_stop = None
        app.close()

    def close(self) -> None:
        """Closes the connections of this process."""
        self._app.close()

    def _available(self) -> AbstractContextManager[None]:
        return reaching(self.place, self._errors)


def _nothing() -> None:
    """Wakes Celery's loop."""


def _performer(perform: Perform) -> Any:  # noqa: ANN401 # a function whose signature Celery reads
    def performed(key: str) -> None:
        perform(key)

    return performed


def _app(address: Address) -> tuple[Any, tuple[type[Exception], ...]]:
    try:
        celery: Any = import_module("celery")  # it has no types
        errors = _errors(address)
    except ImportError as problem:
        extra = "celery,redis" if address.is_redis else "celery"
        raise MissingExtra(problem.name or "celery", extra) from problem

    app: Any = celery.Celery("nitro", broker=address.url, set_as_current=False)
    options: dict[str, Any] = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    if address.is_redis:
        options |= {"socket_timeout": _PATIENCE, "socket_connect_timeout": _PATIENCE}
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=_PATIENCE,
        broker_transport_options=options,
        task_ignore_result=True,
        task_publish_retry=False,
        task_acks_late=True,
        task_create_missing_queues=True,
        task_default_exchange=address.prefix,
        task_default_queue=address.queue("default"),
        task_default_routing_key=address.queue("default"),
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=2,
        worker_send_task_events=False,
    )
    return app, errors


def _errors(address: Address) -> tuple[type[Exception], ...]:
    """Returns what says that the server does not serve; some of it comes as the client raised it."""
    from kombu.exceptions import OperationalError

    client: Any = import_module("redis" if address.is_redis else "amqp")
    raised = client.RedisError if address.is_redis else client.AMQPError
    return OperationalError, OSError, raised
