"""What the bus offers to those who register handlers, and to those who look them up."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from blinker import ANY, Signal

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.events.event import Event
from nitro_runtime.events.handlers import (
    Durable,
    Function,
    Registration,
    Wants,
    WeakFunction,
    check_condition,
    durable_key,
    identity_of,
)
from nitro_runtime.events.registry import Registry, key_of


class Registering:
    """The half of the bus that knows handlers.

    Attributes:
        registry: The events and the handlers.
    """

    registry: Registry

    def event(self, event: str | Signal, payload: type[Any] | None = None) -> Event[Any]:
        """Returns the event of a name or signal; see the function `event`."""
        found = self.registry.event(event)
        if payload is not None:
            self.registry.declare(found, payload)
        return found

    def add(
        self,
        event: str | Signal,
        function: Function,
        *,
        sender: object = ANY,
        priority: int = 0,
        when: Function | None = None,
        concurrent: bool = True,
        durable: Durable | None = None,
    ) -> None:
        """Puts a handler under a name or signal, or under a pattern; see the function `on`."""
        check_condition(when)
        key = "" if durable is None else durable_key(function)
        if durable is not None and not isinstance(key_of(event), str):
            raise ConfigurationError(
                "A durable handler needs an event with a name: a worker could not find the signal."
            )
        wants, identity = Wants.of(function), identity_of(function)
        self.registry.add(
            event,
            lambda name, order: Registration(
                event=name,
                function=function,
                wants=wants,
                sender=sender,
                priority=priority,
                order=order,
                when=when,
                concurrent=concurrent,
                durable=durable,
                key=key,
                identity=identity,
            ),
        )

    def connect(self, event: Event[Any], function: Function, sender: object, *, weak: bool) -> None:
        """Puts a receiver under an event as Blinker does: with the sender held weakly."""
        wants, identity = Wants.of(function), identity_of(function)
        registry = self.registry

        def gone(_: object) -> None:
            registry.remove(event.key if isinstance(event.key, str) else None, identity)

        def sender_gone(reference: object) -> None:
            registry.drop(lambda registration: registration.sender is reference)

        held = WeakFunction(function, gone) if weak else function
        wanted = _weakly(sender, sender_gone)
        registry.add(
            event,
            lambda name, order: Registration(
                event=name,
                function=held,
                wants=wants,
                sender=wanted,
                priority=0,
                order=order,
                when=None,
                identity=identity,
            ),
        )

    def remove(self, event: str | Signal | None, identity: object, sender: object = ANY) -> None:
        """Takes a handler away, from one name, pattern or signal or (None) from all; see `off`."""
        self.registry.remove(event, identity, sender)

    def handlers(self, event: str | Signal) -> list[Function]:
        """Returns the handlers that an emit would consider, in order."""
        return self.registry.handlers(key_of(event))

    def has_handlers(self, event: str | Signal) -> bool:
        """Whether an emit would consider any handler, a durable one too."""
        return bool(self.registry.matching(key_of(event)))

    def names(self) -> list[str]:
        """Returns the names and patterns that have handlers, sorted."""
        return self.registry.names()

    def durable(self) -> list[Registration]:
        """Returns the registrations of durable handlers, in order of registration."""
        return self.registry.durable()

    def has_durable(self, event: str | Signal) -> bool:
        """Whether an emit would consider any durable handler."""
        if not self.registry.has_durable:
            return False
        return any(r.durable is not None for r in self.registry.matching(key_of(event)))

    def registration(self, key: str) -> Registration | None:
        """Returns the durable handler of a key, ``module:qualname``; None when there is none."""
        found = [registration for registration in self.durable() if registration.key == key]
        return found[-1] if found else None

    def name_of(self, event: str | Signal) -> str:
        """Returns the name of an event, for messages."""
        return event if isinstance(event, str) else self.registry.event(event).name


def _weakly(sender: object, gone: Callable[[object], object]) -> object:
    if sender is ANY or isinstance(sender, type):
        return sender
    try:
        return weakref.ref(sender, gone)
    except TypeError:  # a text has no weak references; Blinker holds it too
        return sender
