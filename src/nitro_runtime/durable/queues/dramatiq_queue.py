"""Dramatiq carries the keys of jobs, on Redis or RabbitMQ. Retries and dead letters are the outbox's."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from threading import Event
from typing import Any

from nitro_runtime.durable.queues import Perform
from nitro_runtime.durable.queues.addresses import Address, reaching
from nitro_runtime.durable.queues.quiet import once_a_minute
from nitro_runtime.errors import MissingExtra

log = logging.getLogger(__name__)

_PATIENCE = 5.0
_ACTOR = "nitro.perform"


def queue_at(url: str) -> DramatiqQueue:
    """Returns the queue at an address.

    Raises:
        MissingExtra: Dramatiq, or the client of the server, is not installed.
    """
    return DramatiqQueue(Address.of(url))


class DramatiqQueue:
    """A queue of Dramatiq's, with a broker of its own beside those that an app may have."""

    carries = True
    in_app = False

    def __init__(self, address: Address) -> None:
        self.name = f"Dramatiq on {'Redis' if address.is_redis else 'RabbitMQ'}"
        self.place = address.place
        self._address = address
        self._broker, self._errors = _redis(address) if address.is_redis else _rabbitmq(address)

    def send(self, queue: str, key: str) -> None:
        """Sends the key of a job; see `Queue.send`."""
        from dramatiq import Message

        with self._available():
            name = self._address.queue(queue)
            self._broker.declare_queue(name)
            self._broker.enqueue(
                Message[None](
                    queue_name=name, actor_name=_ACTOR, args=(key,), kwargs={}, options={}
                )
            )

    def depth(self, queues: Iterable[str]) -> int:
        """Returns how many keys wait; see `Queue.depth`."""
        with self._available():
            return sum([self._depth_of(self._address.queue(queue)) for queue in queues])

    def _depth_of(self, name: str) -> int:
        if self._address.is_redis:
            return self._broker.client.llen(f"{self._broker.namespace}:{name}")
        self._broker.declare_queue(name, ensure=True)
        return self._broker.get_queue_message_counts(name)[0]

    def work(self, queues: Iterable[str], threads: int, perform: Perform, stop: Event) -> None:
        """Has keys performed until the event is set; see `Queue.work`."""
        import dramatiq

        names = {self._address.queue(queue) for queue in queues}
        self.depth(queues)  # whether the server is there

        def performed(key: str) -> None:
            perform(key)

        if _ACTOR not in self._broker.actors:
            first = min(names)
            dramatiq.Actor(
                performed, broker=self._broker, actor_name=_ACTOR, queue_name=first,
                priority=0, options={},
            )  # fmt: skip
        for name in names:
            self._broker.declare_queue(name)
        worker = dramatiq.Worker(
            self._broker, queues=_with_delayed(names), worker_threads=threads, worker_timeout=200
        )
        with once_a_minute("dramatiq"):
            worker.start()
            stop.wait()
            worker.stop()

    def close(self) -> None:
        """Closes the connections of this process."""
        self._broker.close()

    def _available(self) -> AbstractContextManager[None]:
        return reaching(self.place, self._errors)


def _with_delayed(names: Iterable[str]) -> set[str]:
    from dramatiq.common import dq_name

    return {*names, *map(dq_name, names)}


def _redis(address: Address) -> tuple[Any, tuple[type[Exception], ...]]:
    redis, brokers = _imported("redis", "dramatiq.brokers.redis", "redis")
    client = redis.Redis.from_url(
        address.url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
    )
    broker = brokers.RedisBroker(client=client, namespace=address.prefix, middleware=[])
    return broker, (redis.RedisError, OSError, *_refusals())


def _rabbitmq(address: Address) -> tuple[Any, tuple[type[Exception], ...]]:
    pika, brokers = _imported("pika", "dramatiq.brokers.rabbitmq", "rabbitmq")
    broker = brokers.RabbitmqBroker(url=address.url, middleware=[], confirm_delivery=True)
    return broker, (pika.exceptions.AMQPError, OSError, *_refusals())


def _imported(client: str, brokers: str, extra: str) -> tuple[Any, Any]:
    try:
        return import_module(client), import_module(brokers)
    except ImportError as problem:
        missing = (problem.name or "dramatiq").partition(".")[0]
        raise MissingExtra(missing, f"dramatiq,{extra}") from problem


def _refusals() -> tuple[type[Exception], ...]:
    from dramatiq.errors import ConnectionClosed, ConnectionFailed

    return ConnectionClosed, ConnectionFailed
