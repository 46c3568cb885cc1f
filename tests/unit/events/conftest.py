from __future__ import annotations

from collections.abc import Iterator

import pytest

from nitro_runtime.events import bus
from nitro_runtime.events import commands as registry


@pytest.fixture(autouse=True)
def fresh_bus() -> Iterator[None]:
    """Each test has the process's bus and commands to itself."""
    before = bus._named, bus._held, bus._patterns, bus.on_error
    known = dict(registry._commands)
    bus._named, bus._held, bus._patterns = {}, {}, []
    bus._plans.clear()
    registry._commands.clear()
    yield
    bus._named, bus._held, bus._patterns, bus.on_error = before
    bus._plans.clear()
    registry._commands.clear()
    registry._commands.update(known)
