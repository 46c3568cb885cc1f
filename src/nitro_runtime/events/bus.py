"""The event bus: emitting, as a thin layer over Blinker.

An `Event` is a `blinker.Signal`, so receivers that were written for Blinker connect to it; a plain
Blinker signal may stand wherever an event may. Safe from every thread and under any number of loops.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from blinker import Signal

from nitro_runtime import context
from nitro_runtime.context import current_unit
from nitro_runtime.events import running
from nitro_runtime.events.event import Emitted, Event
from nitro_runtime.events.handing_over import NOTHING, Data, HandingOver, OnError
from nitro_runtime.events.handlers import SKIPPED, Function
from nitro_runtime.events.payloads import Checked
from nitro_runtime.events.plans import EMPTY, Plan, Step, function_of
from nitro_runtime.events.registry import Registry, key_of
from nitro_runtime.events.rounds import Worker

log = logging.getLogger(__name__)


class Bus(HandingOver):
    """Events by name and the handlers under them.

    Attributes:
        on_error: Called with what an async handler raised that nobody waits for, and the event's
            name; logs it until it is replaced.
        registry: The events and the handlers.
    """

    def __init__(self) -> None:
        self.on_error: OnError = log_error
        self.registry: Registry = Registry(self)
        self._background: set[asyncio.Task[Any]] = set()

    def emit(
        self, event: str | Signal, sender: object, data: Data, extra: Data = NOTHING
    ) -> list[Any]:
        """Emits from code that cannot wait; see the function `emit`.

        Args:
            event: The event, its name, or a plain signal.
            sender: Who or what it is about.
            data: The data; of a typed event it is checked.
            extra: What handlers may ask for too, unchecked.
        """
        registry = self.registry
        special = extra or registry.is_special
        if special:
            data = self.checked(event, data, extra)
            self.hand_over(event, sender, data)
        if current_unit() is not None:
            context.after_commit(lambda: self.emit_now(event, sender, data))
            return []
        plan = None if special else registry.plans.get((event, tuple(data)))  # pyright: ignore
        if plan is None:
            plan = self._plan(event, sender, data)
        return self._run(event, plan, sender, data) if plan.calls else []

    def emit_now(self, event: str | Signal, sender: object, data: Data) -> list[Any]:
        """Emits data that is checked, to all but durable handlers, and waits for no commit."""
        plan = self._plan(event, sender, data)
        return self._run(event, plan, sender, data) if plan.calls else []

    def emit_sent(self, event: Event[Any], sender: object, data: Data) -> list[Any]:
        """Emits what a plain signal sent, to the handlers here; the signal calls its own receivers."""
        data = self.checked(event, data, NOTHING)

        def emit_now() -> list[Any]:
            plan = self._plan(event, sender, data, sent=True)
            return self._run(event, plan, sender, data)

        if current_unit() is not None:
            context.after_commit(emit_now)
            return []
        return emit_now()

    async def emit_async(
        self,
        event: str | Signal,
        sender: object,
        data: Data,
        extra: Data = NOTHING,
        called: list[Function] | None = None,
    ) -> list[Any]:
        """Emits and waits for every handler; see the function `emit_async`.

        Args:
            event: The event, its name, or a plain signal.
            sender: Who or what it is about.
            data: The data; of a typed event it is checked.
            extra: What handlers may ask for too, unchecked.
            called: Takes the handlers as they run; then no commit is waited for.
        """
        registry = self.registry
        special = extra or registry.is_special
        if special:
            data = self.checked(event, data, extra)
            await self.hand_over_async(event, sender, data)
        if called is None and current_unit() is not None:
            context.after_commit(lambda: self.emit_now(event, sender, data))
            return []
        plan = None if special else registry.plans.get((event, tuple(data)))  # pyright: ignore
        if plan is None:
            plan = self._plan(event, sender, data)
        if not plan.calls:
            return []
        if called is not None:
            plan = _recorded(plan, called)
        first = Worker(plan, sender, data)
        try:
            await first.drive()
        except BaseException as error:  # a cancellation, of all handlers
            return await first.finish(self.name_of(event), self.on_error, error)
        if first.crew is None and not first.errors:
            return first.results
        return await first.finish(self.name_of(event), self.on_error)

    def send(self, event: Event[Any], sender: object, data: Data) -> list[tuple[Function, Any]]:
        """Emits at once and returns pairs of handler and result, as Blinker's ``send``."""
        data = self.checked(event, data, NOTHING)
        self.hand_over(event, sender, data)
        called: list[Function] = []
        plan = _recorded(self._plan(event, sender, data), called)
        results = self._run(event, plan, sender, data)
        return list(zip(called, results, strict=True))

    async def send_async(
        self, event: Event[Any], sender: object, data: Data
    ) -> list[tuple[Function, Any]]:
        """Emits at once, waits, and returns pairs of handler and result."""
        called: list[Function] = []
        results = await self.emit_async(event, sender, data, NOTHING, called)
        return list(zip(called, results, strict=True))

    def capture_events(self, *events: str | Signal) -> AbstractContextManager[list[Emitted]]:
        """Collects what any thread or task emits inside a block; see `capture_events`."""
        return self.registry.captures.capture([key_of(event) for event in events])

    def starter(self, event: str | Signal) -> running.Starter:
        """Makes what runs the async handlers of one `emit`."""
        return running.Starter(self.name_of(event), self.on_error, self._background)

    # -- inside -------------------------------------------------------------------------------

    def _plan(self, event: str | Signal, sender: object, data: Data, *, sent: bool = False) -> Plan:
        """Returns what an emit runs: an immutable snapshot, kept for the next."""
        registry = self.registry
        key: Any = event if event.__class__ is str else key_of(event)
        if registry.muted and key in registry.muted:
            return EMPTY
        if registry.captures.open:
            registry.captures.tell(key, self.name_of(event), sender, data)
        plan = registry.plans.get((key, tuple(data)))
        if plan is None:
            plan = registry.plan(key, data)
        if key.__class__ is int and not sent:
            return _with_receivers(plan, registry.event(event), sender)
        return plan

    def _run(self, event: str | Signal, plan: Plan, sender: object, data: Data) -> list[Any]:
        errors: list[Exception] = []
        try:
            results = running.run(plan, event, sender, data, errors, self)
        except BaseException:  # an interrupt: nobody would hear of these
            for error in errors:
                self.on_error(error, self.name_of(event))
            raise
        if errors:
            raise ExceptionGroup(f"handlers of {self.name_of(event)!r} failed", errors)
        return results


def log_error(error: BaseException, name: str) -> None:
    """Logs what an async handler raised that nobody waits for."""
    log.error("a handler of %r failed", name, exc_info=error)


def _with_receivers(plan: Plan, event: Event[Any], sender: object) -> Plan:
    """Returns a plan with the receivers of a plain signal after the handlers of the bus."""
    if event.signal is None or event.signal.is_muted:
        return EMPTY
    receivers = list(event.plain_receivers(sender))
    if not receivers:
        return plan
    return Plan.of([*plan.steps, *map(_as_blinker, receivers)])


def _as_blinker(receiver: Function) -> Step:
    """Returns the step of a plain receiver: it is given all data, as Blinker does."""

    def call(s: Any, d: Data) -> Any:  # noqa: ANN401 # as the receiver
        return receiver(s, **(d.fields if isinstance(d, Checked) else d))

    return Step(receiver, call, call)


def _recorded(plan: Plan, called: list[Function]) -> Plan:
    """Returns a plan of calls that enter their handler in a list as they run."""

    def recorded(step: Step) -> Step:
        function = function_of(step.function)

        def call(s: Any, d: Data) -> Any:  # noqa: ANN401 # as the handler
            result = step.call(s, d)
            if result is not SKIPPED:
                called.append(function)
            return result

        return replace(step, call=call, bare=call, accepts=None)

    return Plan.of([recorded(step) for step in plan.steps])


bus: Bus = Bus()
"""The bus of this process."""


def _on_change(change: context.Change) -> None:
    # It is called after the commit, so there is nothing to wait for; what is durable was handed
    # over inside the transaction.
    data = {} if change.entity is not None else {"topic": change.topic}
    name = f"{change.topic}.{change.kind}"
    bus.emit_now(name, change.entity, bus.checked(name, data, NOTHING))


context.on_change(_on_change)
