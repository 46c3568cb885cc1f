"""What one emit runs: the calls of its handlers in order, prepared once for a set of keywords."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nitro_runtime.events.handlers import SKIPPED, Call, Function, Registration, WeakFunction


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One handler of a plan.

    Attributes:
        function: The handler itself.
        call: Calls it when its conditions hold, else gives `SKIPPED`.
        bare: Calls it.
        accepts: Whether its conditions hold; None when it has none.
        concurrent: Whether later ones may start while it waits.
    """

    function: Function
    call: Call
    bare: Call
    accepts: Call | None = None
    concurrent: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The handlers of one emit: immutable, so it may be kept and used by several threads.

    Attributes:
        calls: Their calls, in order.
        steps: The same with what else is known of them.
        alone: The places of those that later ones wait for.
    """

    calls: tuple[Call, ...]
    steps: tuple[Step, ...]
    alone: frozenset[int]

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Plan:
        """Makes a plan of steps."""
        alone = frozenset(place for place, step in enumerate(steps) if not step.concurrent)
        return cls(tuple([step.call for step in steps]), tuple(steps), alone)


EMPTY: Final = Plan((), (), frozenset())


@dataclass(frozen=True, slots=True, eq=False)
class Handover:
    """A durable handler of an emit: the key of its registration, and its conditions."""

    key: str
    accepts: Call


def plan_for(
    registrations: Iterable[Registration], keys: tuple[str, ...], hidden: Collection[str] = ()
) -> Plan:
    """Returns the plan of one emit; a function that is registered twice is called once."""
    plain = [registration for registration in registrations if registration.durable is None]
    return Plan.of([_step(same, keys, hidden) for same in in_order(plain)])


def handovers_for(
    registrations: Iterable[Registration], keys: tuple[str, ...], hidden: Collection[str] = ()
) -> tuple[Handover, ...]:
    """Returns the durable handlers of one emit, in order; each function once."""
    durable = [registration for registration in registrations if registration.durable is not None]
    return tuple([Handover(same[0].key, _any_of(same, keys, hidden)) for same in in_order(durable)])


def in_order(registrations: Iterable[Registration]) -> list[list[Registration]]:
    """Returns the registrations by function: in order of the first of each."""
    together: dict[object, list[Registration]] = {}
    for registration in sorted(registrations, key=lambda r: (-r.priority, r.order)):
        together.setdefault(registration.identity, []).append(registration)
    return list(together.values())


def function_of(function: Function) -> Function:
    """Returns the function that was registered, also when it is held weakly."""
    if isinstance(function, WeakFunction):
        alive = function.reference()
        return function if alive is None else alive
    return function


def _step(same: Sequence[Registration], keys: tuple[str, ...], hidden: Collection[str]) -> Step:
    bare = same[0].prepared(keys, hidden)
    concurrent = all(registration.concurrent for registration in same)
    if not all(registration.conditional for registration in same):
        return Step(same[0].function, bare, bare, None, concurrent)
    accepts = _any_of(same, keys, hidden)
    return Step(
        same[0].function,
        lambda s, d: bare(s, d) if accepts(s, d) else SKIPPED,
        bare,
        accepts,
        concurrent,
    )


def _any_of(same: Sequence[Registration], keys: tuple[str, ...], hidden: Collection[str]) -> Call:
    checks = [registration.accepts(keys, hidden) for registration in same]
    if len(checks) == 1:
        return checks[0]
    return lambda s, d: any(check(s, d) for check in checks)
