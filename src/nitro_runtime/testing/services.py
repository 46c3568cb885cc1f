"""What a suite does about a service that a machine need not have, and a broker of its own on Redis.

The suites' tests need pytest, and so does this.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from nitro_runtime.brokers import RedisBroker
from nitro_runtime.errors import BrokerUnavailable, MissingExtra

REDIS_VARIABLE = "NITRO_TEST_REDIS_URL"
REDIS_DEFAULT = "redis://127.0.0.1:6379/0"


def missing(sentence: str) -> NoReturn:
    """Skips the test with a sentence; with ``NITRO_REQUIRE=all`` it fails instead."""
    if os.environ.get("NITRO_REQUIRE") == "all":
        pytest.fail(f"required: {sentence}")
    pytest.skip(sentence)


@contextmanager
def own_broker() -> Generator[str]:
    """Has a log of its own on a Redis server for as long as the block runs; yields its address.

    The server is that of ``NITRO_TEST_REDIS_URL``, else the usual one of this machine. Without it,
    or without redis-py, the test is `missing` something.
    """
    url = os.environ.get(REDIS_VARIABLE) or REDIS_DEFAULT
    address = f"{url}{'&' if '?' in url else '?'}prefix=nitro_{secrets.token_hex(6)}"
    try:
        broker = RedisBroker(address)
        broker.look()
    except (BrokerUnavailable, MissingExtra) as error:
        missing(f"{error} Name a server for tests in {REDIS_VARIABLE}.")
    try:
        yield address
    finally:
        broker.clear()
        broker.close()
