"""What a bus knows: events by name, the handlers under them, and the plans of emits.

Safe from every thread. A name lives only while it has handlers or a payload or somebody holds its
event, so names from outside leave nothing in memory.
"""

from __future__ import annotations

import logging
import re
import threading
import weakref
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from blinker import ANY, Signal

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.events.captures import Captures
from nitro_runtime.events.event import Event, Key, name_of
from nitro_runtime.events.handlers import Function, Registration, is_same
from nitro_runtime.events.patterns import pattern_of
from nitro_runtime.events.payloads import HIDDEN, Payload
from nitro_runtime.events.plans import (
    EMPTY,
    Handover,
    Plan,
    function_of,
    handovers_for,
    in_order,
    plan_for,
)

if TYPE_CHECKING:
    from nitro_runtime.events.bus import Bus

log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_PLANS = 256


class Registry:
    """The events of one bus and the handlers under them.

    Attributes:
        plans: What emits of a name with a set of keywords run; of those that run anything.
        payloads: The payloads of typed events.
        held: The events that have handlers or a payload.
        muted: The keys of events that are muted.
        has_durable: Whether any handler is durable.
        captures: The captures under way.
        is_special: Whether an emit has more to do than to run handlers: something is durable, typed,
            muted or captured.
    """

    def __init__(self, bus: Bus) -> None:
        self.plans: dict[tuple[Key, tuple[str, ...]], Plan] = {}
        self.payloads: dict[Key, Payload] = {}
        self.held: dict[Key, Event[Any]] = {}
        self.muted: set[Key] = set()
        self.has_durable: bool = False
        self.is_special: bool = False
        self.captures: Captures = Captures(self.refresh)
        self._bus = bus
        self._lock = threading.RLock()
        self._order = count()
        self._known: weakref.WeakValueDictionary[Key, Event[Any]] = weakref.WeakValueDictionary()
        self._named: dict[Key, tuple[Registration, ...]] = {}
        self._patterns: tuple[tuple[re.Pattern[str], Registration], ...] = ()
        self._handovers: dict[tuple[Key, tuple[str, ...]], tuple[Handover, ...]] = {}

    # -- events -------------------------------------------------------------------------------

    def event(self, event: str | Signal) -> Event[Any]:
        """Returns the event of a name or of a plain signal: the same for as long as it is held."""
        if isinstance(event, Event):
            return event  # pyright: ignore[reportUnknownVariableType] # of any payload
        key: Key = key_of(event)
        with self._lock:
            known = self._known.get(key)
            if known is None:
                signal = event if isinstance(event, Signal) else None
                name = str(key) if signal is None else name_of(signal)
                known = self._known[key] = Event(name, self._bus, signal)
            return known

    def declare(self, event: Event[Any], kind: type[Any]) -> None:
        """Says what an event carries; it is known for the life of the process.

        Raises:
            ConfigurationError: It was declared with another payload.
        """
        with self._lock:
            known = self.payloads.get(event.key)
            if known is not None and not known.is_same(kind):
                raise ConfigurationError(
                    f"The event {event.name!r} was declared with the payload "
                    f"{known.type.__qualname__}; it cannot have {kind.__qualname__} as well."
                )
            if known is None or known.type is not kind:
                self.payloads[event.key] = Payload(event.name, kind)
                event.payload = kind
                self.held[event.key] = event
                self._forget_plans()

    def mute(self, key: Key, muted: bool) -> None:
        """Notes whether an event is muted, so that an emit need not look at the event."""
        with self._lock:
            (self.muted.add if muted else self.muted.discard)(key)
            self.refresh()

    def refresh(self) -> None:
        """Notes anew whether emits have more to do than to run handlers."""
        self.is_special = bool(
            self.has_durable or self.payloads or self.muted or self.captures.open
        )

    # -- handlers -----------------------------------------------------------------------------

    def add(self, event: str | Signal, make: Callable[[str, int], Registration]) -> None:
        """Puts a handler under a name or a signal, or under a pattern when the name holds a ``*``.

        Args:
            event: The name, pattern or signal.
            make: Makes the registration of the name and the number of those before it.
        """
        key = key_of(event)
        with self._lock:
            if isinstance(key, str) and "*" in key:
                registration = make(key, next(self._order))
                self._replace_durable(registration)
                self._patterns = (*self._patterns, (pattern_of(key), registration))
            else:
                known = self.held[key] = self.event(event)
                registration = make(known.name, next(self._order))
                self._replace_durable(registration)
                if known.signal is not None and key not in self._named:
                    known.signal.connect(known.take_from_signal, weak=False)
                self._named[key] = (*self._named.get(key, ()), registration)
            self.has_durable = self.has_durable or registration.durable is not None
            self._forget_plans()

    def remove(self, event: str | Signal | None, identity: object, sender: object = ANY) -> None:
        """Takes a handler away from one name, pattern or signal, or (None) from all."""

        def goes(registration: Registration) -> bool:
            return registration.identity == identity and (
                sender is ANY or is_held_for(registration, sender)
            )

        self.drop(goes, None if event is None else key_of(event))

    def drop(self, goes: Callable[[Registration], bool], only: Key | None = None) -> None:
        """Takes away the registrations that ``goes`` picks: those under one key, or all."""
        with self._lock:
            for key in [only] if only is not None else list(self._named):
                before = self._named.get(key, ())
                left = tuple([r for r in before if not goes(r)])
                if len(left) < len(before):
                    self._drop_at(key, before, left)
            self._patterns = tuple(
                [
                    (pattern, r)
                    for pattern, r in self._patterns
                    if (only is not None and r.event != only) or not goes(r)
                ]
            )
            self.has_durable = any(r.durable is not None for r in self._all())
            self._forget_plans()

    def _drop_at(
        self, key: Key, before: Sequence[Registration], left: tuple[Registration, ...]
    ) -> None:
        event = self.held[key]
        if left:
            self._named[key] = left
        else:
            self._named.pop(key, None)
            if key not in self.payloads:
                self.held.pop(key, None)
            if event.signal is not None:
                event.signal.disconnect(event.take_from_signal)
        kept = {registration.identity for registration in left}
        for registration in before:
            if registration.identity not in kept:  # Blinker's own books, of what was connected
                Signal.disconnect(event, function_of(registration.function))

    def _replace_durable(self, registration: Registration) -> None:
        """Forgets a durable handler that was defined again: a worker can find only one of a key."""
        key, identity = registration.key, registration.identity
        if key and any(r.key == key and r.identity != identity for r in self._all()):
            log.info("the durable handler %s was defined again; the later one counts", key)
            self.drop(lambda r: r.key == key and r.identity != identity)

    # -- looking up ---------------------------------------------------------------------------

    def matching(self, key: Key) -> list[Registration]:
        """Returns the registrations that an emit would consider, in no order."""
        named = self._named.get(key, ())
        if not self._patterns or not isinstance(key, str):
            return [*named]
        return [*named, *(r for pattern, r in self._patterns if pattern.fullmatch(key))]

    def handlers(self, key: Key) -> list[Function]:
        """Returns the handlers that an emit would consider, in order."""
        return [function_of(same[0].function) for same in in_order(self.matching(key))]

    def names(self) -> list[str]:
        """Returns the names and patterns that have handlers, sorted."""
        return sorted({registration.event for registration in self._all()})

    def durable(self) -> list[Registration]:
        """Returns the registrations of durable handlers, in order of registration."""
        found = [r for r in self._all() if r.durable is not None]
        return sorted(found, key=lambda r: r.order)

    def plan(self, key: Key, data: dict[str, Any] | Any) -> Plan:  # noqa: ANN401 # a mapping
        """Makes the plan of an emit and keeps it for the next with the same keywords."""
        with self._lock:
            registrations = self.matching(key)
            if not registrations:
                return EMPTY  # and nothing is kept: the name may come from outside
            keys = tuple(data)
            plan = plan_for(registrations, keys, self._hidden(key))
            return _keep(self.plans, (key, keys), plan)

    def handovers(self, key: Key, data: Any) -> tuple[Handover, ...]:  # noqa: ANN401 # a mapping
        """Returns the durable handlers of an emit."""
        keys = tuple(data)
        known = self._handovers.get((key, keys))
        if known is not None:
            return known
        with self._lock:
            registrations = [r for r in self.matching(key) if r.durable is not None]
            if not registrations:
                return ()
            found = handovers_for(registrations, keys, self._hidden(key))
            return _keep(self._handovers, (key, keys), found)

    def _hidden(self, key: Key) -> frozenset[str]:
        return HIDDEN if key in self.payloads else frozenset()

    def _all(self) -> list[Registration]:
        with self._lock:
            named = [r for registrations in self._named.values() for r in registrations]
            return [*named, *(r for _, r in self._patterns)]

    def _forget_plans(self) -> None:
        self.refresh()
        self.plans.clear()
        self._handovers.clear()


def _keep(
    kept: dict[tuple[Key, tuple[str, ...]], T], key: tuple[Key, tuple[str, ...]], value: T
) -> T:
    if len(kept) >= _MOST_PLANS:
        kept.clear()
    kept[key] = value
    return value


def key_of(event: str | Signal) -> Key:
    """Returns by what the bus knows an event."""
    if isinstance(event, str):
        return event if type(event) is str else str.__str__(event)
    return event.key if isinstance(event, Event) else id(event)  # pyright: ignore[reportUnknownMemberType]


def is_held_for(registration: Registration, sender: object) -> bool:
    """Whether a registration was made for this very sender."""
    wanted = registration.sender
    if isinstance(wanted, type) or isinstance(sender, type):
        return wanted is sender
    return wanted is not ANY and is_same(wanted, sender)
