"""Events and commands: a bus on Blinker signals, and the doors that a browser may use.

Stands alone: it needs neither entities, sse nor views, and names no web framework. Importing it
makes committed changes of entities reach the bus as ``product.created`` and so on.
"""

from nitro_runtime.events.bus import Bus, bus
from nitro_runtime.events.callers import Context, anyone, current_context, signed_in
from nitro_runtime.events.commands import (
    command,
    find_command,
    forget_command,
    query,
    registered,
    run_command,
)
from nitro_runtime.events.event import Emitted, Event
from nitro_runtime.events.face import capture_events, emit, emit_async, event, off, on
from nitro_runtime.events.handlers import Durable, Registration
from nitro_runtime.events.middleware import (
    Call,
    Middleware,
    Next,
    after_checks,
    log_commands,
    time_commands,
    use_middleware,
)
from nitro_runtime.events.specs import CommandSpec

__all__ = [
    "Bus",
    "Call",
    "CommandSpec",
    "Context",
    "Durable",
    "Emitted",
    "Event",
    "Middleware",
    "Next",
    "Registration",
    "after_checks",
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
    "log_commands",
    "off",
    "on",
    "query",
    "registered",
    "run_command",
    "signed_in",
    "time_commands",
    "use_middleware",
]
