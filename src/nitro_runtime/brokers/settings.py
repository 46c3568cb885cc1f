"""Which broker this process has: `use_broker`, the environment, or none."""

from __future__ import annotations

import atexit
import os
import threading

from nitro_runtime import context
from nitro_runtime.brokers.broker import Broker
from nitro_runtime.brokers.relay import BrokerRelay
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.sse import hub

VARIABLE = "NITRO_BROKER_URL"


class _Current:
    """The relay of this process; ``is_chosen`` says that the environment is not asked any more."""

    def __init__(self) -> None:
        self.relay: BrokerRelay | None = None
        self.is_chosen = False
        self.is_wired = False
        self.lock = threading.Lock()


_current = _Current()


def use_broker(broker: Broker | str | None) -> Broker | None:
    """Joins this process with the others of the app, so that streams of all of them get everything.

    Nothing is connected yet: that happens in the background, at the first use in each process, and
    an app starts and serves without its broker, too. Without a call, ``install`` asks
    ``NITRO_BROKER_URL``.

    Args:
        broker: ``"redis://user:password@host:6379/0"``, ``rediss://`` for TLS, with
            ``?prefix=shop`` when apps share a database; a broker of your own; None for none.

    Returns:
        The broker.

    Raises:
        ConfigurationError: It is no address of a broker.
        MissingExtra: redis-py is not installed.
    """
    opened = _opened(broker) if isinstance(broker, str) else broker
    relay = None if opened is None else BrokerRelay(opened)
    with _current.lock:
        former, _current.relay = _current.relay, relay
        _current.is_chosen = True
        if relay is not None and not _current.is_wired:
            _wire()
        hub.relay = relay
    if former is not None:
        former.close()
    return opened


def use_environment() -> None:
    """Takes the broker of ``NITRO_BROKER_URL``, unless `use_broker` was called; ``install`` does this."""
    address = os.environ.get(VARIABLE)
    if address and not _current.is_chosen:
        use_broker(address)


def current_broker() -> Broker | None:
    """Returns the broker of this process, if there is one."""
    return None if _current.relay is None else _current.relay.broker


async def caught_up(seconds: float = 1.0) -> None:
    """Waits until this process knows what the others said a moment ago.

    At once when there is no broker, when it does not serve, and ever after the first time.

    Args:
        seconds: How long to wait at most.
    """
    if _current.relay is not None:
        await _current.relay.caught_up(seconds)


def _opened(address: str) -> Broker:
    scheme = address.partition(":")[0]
    if scheme not in ("redis", "rediss"):
        raise ConfigurationError(
            "A broker's address begins with redis:// or rediss://, such as redis://localhost:6379/0."
        )
    from nitro_runtime.brokers.redis import RedisBroker

    return RedisBroker(address)


def _wire() -> None:
    """Has the current relay told of everything, once; what is told forgets nobody."""
    _current.is_wired = True
    context.on_change(_changed)
    hub.on_subscribe(_subscribed)
    atexit.register(_end)


def _changed(change: context.Change) -> None:
    if _current.relay is not None:
        _current.relay.changed(change)


def _subscribed(_: str) -> None:
    if _current.relay is not None:
        _current.relay.start()


def _end() -> None:
    if _current.relay is not None:
        _current.relay.close()
