from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.events import bus, use_middleware
from nitro_runtime.events import commands as registry
from nitro_runtime.events.registry import Registry


@pytest.fixture(autouse=True)
def fresh_bus() -> Iterator[None]:
    """Each test has the process's bus and commands to itself."""
    before = bus.registry, bus.on_error
    known = dict(registry._commands)
    bus.registry = Registry(bus)
    registry._commands.clear()
    yield
    use_middleware()
    bus.registry, bus.on_error = before
    registry._commands.clear()
    registry._commands.update(known)
