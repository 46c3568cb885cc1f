"""Several instances of an app: a broker carries what one says to the streams of all of them.

Without a broker nothing of this is used. `use_broker`, or the environment variable
``NITRO_BROKER_URL``, chooses one.
"""

from nitro_runtime.brokers.broker import Broker, Entry, Mark, Position
from nitro_runtime.brokers.memory import MemoryBroker
from nitro_runtime.brokers.redis import RedisBroker
from nitro_runtime.brokers.relay import BrokerRelay
from nitro_runtime.brokers.settings import (
    caught_up,
    current_broker,
    use_broker,
    use_environment,
)

__all__ = [
    "Broker",
    "BrokerRelay",
    "Entry",
    "Mark",
    "MemoryBroker",
    "Position",
    "RedisBroker",
    "caught_up",
    "current_broker",
    "use_broker",
    "use_environment",
]
