"""The functions that an application uses: `event`, `on`, `off`, `emit`, `emit_async`, `capture_events`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from blinker import ANY

from nitro_runtime.events.bus import bus
from nitro_runtime.events.event import Emitted, Event
from nitro_runtime.events.handlers import identity_of

F = TypeVar("F", bound=Callable[..., Any])


def event(name: str) -> Event:
    """Returns the event of a name, a `blinker.Signal`.

    The name need not be known: it stays in memory only while somebody holds the event or a
    handler is registered under it.
    """
    return bus.event(name)


def on(
    *events: str | Event,
    sender: object = ANY,
    priority: int = 0,
    when: Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """Registers a handler; the function itself comes back unchanged.

    A handler may be a function, a coroutine function, a generator or an async generator. It runs
    exactly once per emit, also when it is registered under several names that match, and gets
    only the keywords that its signature names. Its first parameter takes the sender, whatever its
    name. Patches that a generator yields reach the browser at once.

    Args:
        *events: Names, or patterns in which ``*`` stands for any text: ``product.*``.
        sender: Only for emits of this sender, or of an instance of this class.
        priority: Higher ones run first; equal ones in the order in which they were registered.
        when: Only when this returns true; it gets keywords as a handler does.
    """

    def register(function: F) -> F:
        for one in events:
            name = one if isinstance(one, str) else one.name
            bus.add(name, function, sender=sender, priority=priority, when=when)
        return function

    if not events:
        raise TypeError("on() needs the name of an event: @on('product.created')")
    return register


def off(function: Callable[..., Any], *events: str | Event) -> None:
    """Takes a handler away, from these names or patterns, or from all when none is given."""
    names = [one if isinstance(one, str) else one.name for one in events]
    for name in names or [None]:
        bus.remove(name, identity_of(function))


def emit(event: str | Event, /, sender: object = None, **data: Any) -> list[Any]:  # noqa: ANN401 # any data
    """Emits an event from code that does not wait.

    Async handlers are started as tasks when a loop runs in this thread: the current command awaits
    them and raises their errors; outside a command their errors go to `bus.on_error`. With no loop
    they run to completion. Inside a transaction nothing runs before the commit.

    Args:
        event: The event or its name; one without handlers costs next to nothing.
        sender: Who or what it is about: the entity, or the id of a tab or user.
        **data: What the handlers may ask for by name.

    Returns:
        The handlers' results in order: for a generator the list of its yields, for an async handler
        that was started its task. ``[]`` inside a transaction.

    Raises:
        ExceptionGroup: Some handlers raised; all the others ran.
    """
    return bus.emit(event, sender, data)


def emit_async(
    event: str | Event,
    /,
    sender: object = None,
    **data: Any,  # noqa: ANN401 # any data
) -> Coroutine[Any, Any, list[Any]]:
    """Emits an event and waits until every handler is done.

    Handlers are started in order; those that wait for something wait side by side. Cancelling it
    cancels them. Inside a transaction it returns ``[]`` and the handlers run after the commit, as
    with `emit`.

    Args:
        event: The event or its name.
        sender: Who or what it is about: the entity, or the id of a tab or user.
        **data: What the handlers may ask for by name.

    Returns:
        The handlers' results in order; for a generator the list of its yields.

    Raises:
        ExceptionGroup: Some handlers raised; all the others ran.
    """
    return bus.emit_async(event, sender, data)


def capture_events() -> AbstractContextManager[list[Emitted]]:
    """Collects what is emitted inside a ``with`` block, for tests; handlers run as ever."""
    return bus.capture_events()
