"""The functions that an application uses: `event`, `on`, `off`, `emit`, `emit_async`, `capture_events`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, TypeVar, overload

from blinker import ANY, Signal

from nitro_runtime import context
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.events.bus import bus
from nitro_runtime.events.event import Emitted, Event
from nitro_runtime.events.handlers import Durable, identity_of

F = TypeVar("F", bound=Callable[..., Any])
P = TypeVar("P")


@overload
def event(name: str | Signal) -> Event[Any]: ...


@overload
def event(name: str | Signal, payload: type[P]) -> Event[P]: ...


def event(name: str | Signal, payload: type[Any] | None = None) -> Event[Any]:
    """Returns the event of a name, a `blinker.Signal`.

    The name need not be known: it stays in memory only while somebody holds the event, a handler is
    registered under it, or it has a payload.

    Args:
        name: The name, or a plain Blinker signal.
        payload: A pydantic model, a dataclass or a TypedDict: whatever is emitted under this name from
            now on is checked against it. Handlers may ask for its fields by name, and for the whole
            of it as ``payload``.

    Raises:
        ConfigurationError: The event was declared with another payload, or this one has no fields.
    """
    return bus.event(name, payload)


def on(
    *events: str | Signal,
    sender: object = ANY,
    priority: int = 0,
    when: Callable[..., Any] | None = None,
    concurrent: bool = True,
    durable: bool = False,
    once: bool | None = None,
    retries: int | None = None,
    backoff: float | None = None,
    queue: str | None = None,
) -> Callable[[F], F]:
    """Registers a handler; the function itself comes back unchanged.

    A handler may be a function, a coroutine function, a generator or an async generator. It runs
    exactly once per emit, also when it is registered under several names that match, and gets
    only the keywords that its signature names. Its first parameter takes the sender, whatever its
    name. Patches that a generator yields reach the browser at once. It is held for the life of the
    process, or until `off`.

    A durable handler is run by a worker, in another process, at least once: an emit only keeps
    that it has to run, in the same transaction.

    Args:
        *events: Names, patterns in which ``*`` stands for any text (``product.*``), or plain
            Blinker signals.
        sender: Only for emits of this sender: the same object, the same entity, an equal text, or
            any instance of this class.
        priority: Higher ones run first; equal ones in the order in which they were registered.
        when: Only when this returns true; it gets keywords as a handler does.
        concurrent: Whether the handlers after this one may start while it waits for something. With
            False they start when it is done.
        durable: Whether a worker runs it.
        once: For a durable handler: whether its effect on the database happens once, though
            it may be run twice; False by default.
        retries: For a durable handler: how often it is tried again after it raised; 5 by default.
        backoff: For a durable handler: seconds before the first retry, doubled for each further
            one; 2 by default.
        queue: For a durable handler: the queue that it waits in; ``"default"`` by default.

    Raises:
        ConfigurationError: An option cannot work, or a worker could not find a durable handler.
        TypeError: No event is named.
    """
    options = {"once": once, "retries": retries, "backoff": backoff, "queue": queue}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if given and not durable:
        raise ConfigurationError(f"{', '.join(given)}: for durable handlers only (durable=True).")
    if not events:
        raise TypeError("on() needs the name of an event: @on('product.created')")
    how = Durable(**given) if durable else None

    def register(function: F) -> F:
        for one in events:
            bus.add(
                one,
                function,
                sender=sender,
                priority=priority,
                when=when,
                concurrent=concurrent,
                durable=how,
            )
        if how is not None and not context.takes_jobs():
            import_module("nitro_runtime.durable")  # it takes the jobs from now on

        return function

    return register


def off(function: Callable[..., Any], *events: str | Signal) -> None:
    """Takes a handler away, from these names, patterns or signals, or from all when none is given."""
    for one in events or [None]:
        bus.remove(one, identity_of(function))


def emit(event: str | Signal, /, sender: object = None, **data: Any) -> list[Any]:  # noqa: ANN401 # any data
    """Emits an event from code that does not wait.

    Async handlers are started as tasks when a loop runs in this thread: the current command awaits
    them and raises their errors; outside a command their errors go to `bus.on_error`. With no loop
    they run to completion. Inside a transaction nothing runs before the commit.

    Args:
        event: The event or its name; one without handlers costs next to nothing. Of a plain Blinker
            signal its own receivers are called too, after the handlers.
        sender: Who or what it is about: the entity, or the id of a tab or user.
        **data: What the handlers may ask for by name. Of a typed event its fields, or the whole
            as ``payload``.

    Returns:
        The handlers' results in order: for a generator the list of its yields, for an async handler
        that was started its task, as for all that wait for it. ``[]`` inside a transaction.

    Raises:
        ExceptionGroup: Some handlers raised; all the others ran.
        InvalidPayload: The data does not fit a typed event; no handler ran.
    """
    return bus.emit(event, sender, data)


def emit_async(
    event: str | Signal,
    /,
    sender: object = None,
    **data: Any,  # noqa: ANN401 # any data
) -> Coroutine[Any, Any, list[Any]]:
    """Emits an event and waits until every handler is done.

    Handlers are started in order; those that wait for something wait side by side. Cancelling it
    cancels them. Inside a transaction it returns ``[]`` and the handlers run after the commit, as
    with `emit`.

    Args:
        event: The event or its name, or a plain Blinker signal.
        sender: Who or what it is about: the entity, or the id of a tab or user.
        **data: What the handlers may ask for by name. Of a typed event its fields, or the whole
            as ``payload``.

    Returns:
        The handlers' results in order; for a generator the list of its yields.

    Raises:
        ExceptionGroup: Some handlers raised; all the others ran.
        InvalidPayload: The data does not fit a typed event; no handler ran.
    """
    return bus.emit_async(event, sender, data)


def capture_events(*events: str | Signal) -> AbstractContextManager[list[Emitted]]:
    """Collects what is emitted inside a ``with`` block, for tests; handlers run as ever.

    It collects from every thread and task. What waits for a commit is collected when that comes.

    Args:
        *events: Only these names, patterns or signals; all when none is given.
    """
    return bus.capture_events(*events)
