"""Events and commands: a bus on Blinker signals, and the doors that a browser may use.

Stands alone: it needs neither entities, sse nor views, and names no web framework. Importing it
makes committed changes of entities reach the bus as ``product.created`` and so on.
"""

from nitro_runtime.events.bus import Bus, bus
from nitro_runtime.events.commands import (
    CommandSpec,
    Context,
    anyone,
    command,
    current_context,
    find_command,
    forget_command,
    query,
    registered,
    run_command,
    signed_in,
)
from nitro_runtime.events.event import Emitted, Event
from nitro_runtime.events.face import capture_events, emit, emit_async, event, off, on
from nitro_runtime.events.handlers import Durable, Registration

__all__ = [
    "Bus",
    "CommandSpec",
    "Context",
    "Durable",
    "Emitted",
    "Event",
    "Registration",
    "anyone",
    "bus",
    "capture_events",
    "command",
    "current_context",
    "emit",
    "emit_async",
    "event",
    "find_command",
    "forget_command",
    "off",
    "on",
    "query",
    "registered",
    "run_command",
    "signed_in",
]
