from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.events import bus, use_middleware
from nitro_runtime.events.registry import Registry


@pytest.fixture(autouse=True)
def fresh_bus(no_commands: None) -> Iterator[None]:
    """Each test has the process's bus and commands to itself."""
    before = bus.registry, bus.on_error
    bus.registry = Registry(bus)
    yield
    use_middleware()
    bus.registry, bus.on_error = before
