"""The conformance suite of brokers: what carries messages between processes, whatever it is.

A broker of your own is tested in a few lines::

    class TestMine(BrokerSuite):
        def another(self, name):
            return MyBroker("tcp://localhost:7000", channel=name)

`Suite` says what else a subclass may define. The suite needs pytest.
"""

import pytest

# Before they are imported, so that what they assert is explained when it does not hold.
pytest.register_assert_rewrite(
    *(f"nitro_runtime.testing.broker_suite.{name}" for name in ("hubs", "logs", "losses"))
)

from nitro_runtime.testing.broker_suite.hubs import Hubs  # noqa: E402 # after the above
from nitro_runtime.testing.broker_suite.logs import Logs  # noqa: E402
from nitro_runtime.testing.broker_suite.losses import Losses  # noqa: E402
from nitro_runtime.testing.broker_suite.suite import Suite  # noqa: E402

__all__ = ["BrokerSuite", "Suite"]


class BrokerSuite(Logs, Losses, Hubs):
    """All of it."""
