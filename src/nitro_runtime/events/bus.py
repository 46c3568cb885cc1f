"""The event bus: names, the handlers under them, and emitting.

A thin layer over Blinker: an `Event` is a `blinker.Signal`, so receivers that were written for
Blinker connect to it. Safe from every thread. A name lives only while it has handlers or
somebody holds its event, so names from outside leave nothing in memory.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import weakref
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from blinker import ANY

from nitro_runtime import context
from nitro_runtime.events import running
from nitro_runtime.events.event import Emitted, Event
from nitro_runtime.events.handlers import (
    SKIPPED,
    Call,
    Function,
    Registration,
    Wants,
    WeakFunction,
    calls_for,
    identity_of,
)
from nitro_runtime.events.tasks import started_tasks

log = logging.getLogger(__name__)

F = TypeVar("F", bound=Function)
OnError = Callable[[BaseException, str], object]

_MOST_PLANS = 256


class Bus:
    """Events by name and the handlers under them.

    Attributes:
        on_error: Called with what an async handler raised that nobody waits for, and the event's
            name; logs it until it is replaced.
    """

    def __init__(self) -> None:
        self.on_error: OnError = log_error
        self._lock = threading.RLock()
        self._order = count()
        self._known: weakref.WeakValueDictionary[str, Event] = weakref.WeakValueDictionary()
        self._held: dict[str, Event] = {}
        self._named: dict[str, list[Registration]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Registration]] = []
        self._plans: dict[tuple[str, tuple[str, ...]], tuple[Call, ...]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._taps: tuple[list[Emitted], ...] = ()

    # -- registering --------------------------------------------------------------------------

    def event(self, name: str) -> Event:
        """Returns the event of a name: the same object for as long as it is held or has handlers."""
        with self._lock:
            known = self._known.get(name)
            if known is None:
                known = self._known[name] = Event(name, self)
            return known

    def add(
        self,
        name: str,
        function: Function,
        *,
        sender: object = ANY,
        priority: int = 0,
        when: Function | None = None,
        weak: bool = False,
    ) -> None:
        """Puts a handler under a name, or under a pattern when the name holds a ``*``."""
        held = WeakFunction(function, lambda _: self.remove(name, identity)) if weak else function
        identity = identity_of(function)
        registration = Registration(
            function=held,
            wants=Wants.of(function),
            sender=sender,
            priority=priority,
            order=next(self._order),
            when=when,
            identity=identity,
        )
        with self._lock:
            if "*" in name:
                self._patterns.append((name, _pattern(name), registration))
            else:
                self._held[name] = self.event(name)
                self._named.setdefault(name, []).append(registration)
            self._plans.clear()

    def remove(self, name: str | None, identity: object, sender: object = ANY) -> None:
        """Takes a handler away, from one name or pattern or (None) from all; see `off`."""

        def stays(registration: Registration) -> bool:
            other_sender = sender is not ANY and registration.sender is not sender
            return registration.identity != identity or other_sender

        with self._lock:
            for known in [name] if name is not None else list(self._named):
                left = [r for r in self._named.get(known, ()) if stays(r)]
                if left:
                    self._named[known] = left
                else:
                    self._named.pop(known, None)
                    self._held.pop(known, None)
            self._patterns = [
                entry
                for entry in self._patterns
                if (name is not None and entry[0] != name) or stays(entry[2])
            ]
            self._plans.clear()

    def handlers(self, name: str) -> list[Function]:
        """Returns the handlers that an emit of this name would consider, in order."""
        ordered = sorted(self._registrations(name), key=lambda r: (-r.priority, r.order))
        return list({r.identity: r.function for r in ordered}.values())

    def has_handlers(self, name: str) -> bool:
        """Whether an emit of this name would consider any handler."""
        return bool(self._registrations(name))

    def names(self) -> list[str]:
        """Returns the names and patterns that have handlers, sorted."""
        with self._lock:
            return sorted({*self._named, *(name for name, _, _ in self._patterns)})

    # -- emitting -----------------------------------------------------------------------------

    def emit(self, event: str | Event, sender: object, data: Mapping[str, Any]) -> list[Any]:
        """Emits from code that cannot wait; see the function `emit`."""
        if context.current_unit() is not None:
            context.after_commit(lambda: self.emit_now(event, sender, data))
            return []
        return self.emit_now(event, sender, data)

    def emit_now(self, event: str | Event, sender: object, data: Mapping[str, Any]) -> list[Any]:
        """Emits as `emit` does, but waits for no commit."""
        calls = self._calls(event, sender, data)
        return self._run(_name(event), calls, sender, data) if calls else []

    async def emit_async(
        self,
        event: str | Event,
        sender: object,
        data: Mapping[str, Any],
    ) -> list[Any]:
        """Emits and waits for every handler; see the function `emit_async`."""
        if context.current_unit() is not None:
            return self.emit(event, sender, data)
        calls = self._calls(event, sender, data)
        return await running.Round(calls, sender, data).run(_name(event)) if calls else []

    def send(
        self, event: Event, sender: object, data: Mapping[str, Any]
    ) -> list[tuple[Function, Any]]:
        """Emits at once and returns pairs of handler and result, as Blinker's ``send``."""
        called, calls = self._recorded(event, sender, data)
        results = self._run(event.name, calls, sender, data)
        return list(zip(called, results, strict=True))

    async def send_async(
        self,
        event: Event,
        sender: object,
        data: Mapping[str, Any],
    ) -> list[tuple[Function, Any]]:
        """Emits at once, waits, and returns pairs of handler and result."""
        called, calls = self._recorded(event, sender, data)
        results = await running.Round(calls, sender, data).run(event.name)
        return list(zip(called, results, strict=True))

    @contextmanager
    def capture_events(self) -> Generator[list[Emitted]]:
        """Collects every event that any thread emits inside the block; handlers run as ever."""
        emitted: list[Emitted] = []
        with self._lock:
            self._taps = (*self._taps, emitted)
        try:
            yield emitted
        finally:
            with self._lock:
                self._taps = tuple(tap for tap in self._taps if tap is not emitted)

    # -- inside -------------------------------------------------------------------------------

    def _run(
        self,
        name: str,
        calls: tuple[Call, ...],
        sender: object,
        data: Mapping[str, Any],
    ) -> list[Any]:
        results, errors = running.run(calls, sender, data, lambda c: self._start(name, c))
        if errors:
            raise ExceptionGroup(f"handlers of {name!r} failed", errors)
        return results

    def _recorded(
        self,
        event: Event,
        sender: object,
        data: Mapping[str, Any],
    ) -> tuple[list[Function], tuple[Call, ...]]:
        """Returns the prepared calls, and a list in which each enters its handler as it runs."""
        called: list[Function] = []

        def recorded(call: Call, function: Function) -> Call:
            def run(s: Any, d: Mapping[str, Any]) -> Any:  # noqa: ANN401 # as the handler
                result = call(s, d)
                if result is not SKIPPED:
                    called.append(function)
                return result

            return run

        with self._lock:
            pairs = zip(self._calls(event, sender, data), self.handlers(event.name), strict=False)
            return called, tuple([recorded(call, function) for call, function in pairs])

    def _calls(
        self,
        event: str | Event,
        sender: object,
        data: Mapping[str, Any],
    ) -> tuple[Call, ...]:
        """Returns the prepared calls of an emit: an immutable snapshot, kept for the next."""
        if not isinstance(event, str):
            if event.is_muted:
                return ()
            event = event.name
        elif (held := self._held.get(event)) is not None and held.is_muted:
            return ()
        if self._taps:
            for tap in self._taps:
                tap.append(Emitted(event, sender, dict(data)))
        key = (event, tuple(data))
        calls = self._plans.get(key)
        return self._plan(key) if calls is None else calls

    def _plan(self, key: tuple[str, tuple[str, ...]]) -> tuple[Call, ...]:
        name, keys = key
        with self._lock:
            registrations = self._registrations(name)
            if not registrations:
                return ()  # and nothing is kept: the name may come from outside
            calls = calls_for(registrations, keys)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = calls
            return calls

    def _registrations(self, name: str) -> list[Registration]:
        with self._lock:
            matching = [r for _, pattern, r in self._patterns if pattern.fullmatch(name)]
            return [*self._named.get(name, ()), *matching]

    def _start(self, name: str, coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 # the result, or its task
        """Runs an async handler to its end, or starts it when a loop runs in this thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(coroutine)
        task = loop.create_task(coroutine)
        tasks = started_tasks.get()
        if tasks is not None and tasks.open:
            tasks.tasks.append((name, task))
        else:
            self._background.add(task)  # a loop holds its tasks weakly
            task.add_done_callback(lambda done: self._done(name, done))
        return task

    def _done(self, name: str, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.on_error(error, name)


def log_error(error: BaseException, name: str) -> None:
    """Logs what an async handler raised that nobody waits for."""
    log.error("a handler of %r failed", name, exc_info=error)


def _name(event: str | Event) -> str:
    return event if isinstance(event, str) else event.name


def _pattern(name: str) -> re.Pattern[str]:
    """Returns a pattern in which ``*`` stands for any text, dots included."""
    return re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)


bus: Bus = Bus()
"""The bus of this process."""


def _on_change(change: context.Change) -> None:
    # It is called after the commit, so there is nothing to wait for.
    data = {} if change.entity is not None else {"topic": change.topic}
    bus.emit_now(f"{change.topic}.{change.kind}", change.entity, data)


context.on_change(_on_change)
