"""Handlers as data: what a function wants, when it runs, and the call that gives it just that.

A handler gets the sender and only those keywords that its signature names. How it is to be called
depends on the keywords of the emit alone, so the call is written out once for each set of
keywords (``f(s, x=d['x'])``): that is what makes an emit faster than a loop over ``f(sender,
**data)``.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from keyword import iskeyword
from typing import Any, Final

from blinker import ANY

Function = Callable[..., Any]
Call = Callable[[Any, Mapping[str, Any]], Any]
"""A prepared call: takes the sender and the data."""


class _Skipped:
    """The result of a handler that a condition kept from running."""


SKIPPED: Final = _Skipped()
Skipped = _Skipped

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Wants:
    """What a function's signature asks for.

    Attributes:
        first: Its first positional parameter, when that has no default: it takes the sender
            whatever its name, as in Blinker, unless the data has a value of that name.
        names: The parameters that can be given by name.
        everything: Whether it takes every keyword (``**data``).
        star: Whether it takes further positional arguments (``*args``).
    """

    first: str | None
    names: frozenset[str]
    everything: bool
    star: bool

    @classmethod
    def of(cls, function: Function) -> Wants:
        """Reads a function's signature; a builtin without one is taken to want the sender."""
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except ValueError:
            return cls("sender", frozenset(), everything=False, star=False)
        leading = parameters[0] if parameters and parameters[0].kind in _POSITIONAL else None
        kinds = {parameter.kind for parameter in parameters}
        return cls(
            first=leading.name if leading and leading.default is leading.empty else None,
            names=frozenset(p.name for p in parameters if p.kind in _NAMED),
            everything=inspect.Parameter.VAR_KEYWORD in kinds,
            star=inspect.Parameter.VAR_POSITIONAL in kinds,
        )

    def arguments(self, keys: Iterable[str]) -> tuple[str, tuple[str, ...]]:
        """Decides what to pass for an emit with these keywords.

        Returns:
            How the sender is passed (``"s"``, ``"sender=s"`` or ``""``), and the keywords.
        """
        given = tuple(keys)
        names = tuple(key for key in given if self.everything or key in self.names)
        if self.first is not None and (self.first == "sender" or self.first not in given):
            return "s", names
        if "sender" in self.names:
            return "sender=s", names
        if self.star:
            return "s", tuple(key for key in names if key != self.first)
        return ("sender=s" if self.everything and self.first is None else ""), names


def prepare(function: Function, wants: Wants, keys: tuple[str, ...]) -> Call:
    """Returns the call of a function for an emit with these keywords."""
    sender, names = wants.arguments(keys)
    if all(name.isascii() and name.isidentifier() and not iskeyword(name) for name in names):
        return _writer(sender, names)(function)
    return lambda s, d: function(
        *([s] if sender == "s" else ()),
        **({"sender": s} if sender == "sender=s" else {}),
        **{name: d[name] for name in names},
    )


@lru_cache(maxsize=512)
def _writer(sender: str, names: tuple[str, ...]) -> Callable[[Function], Call]:
    arguments = [sender] if sender else []
    arguments.extend(f"{name}=d[{name!r}]" for name in names)
    source = f"lambda f: lambda s, d: f({', '.join(arguments)})"
    return eval(source, {"__builtins__": {}})  # noqa: S307 # plain ASCII identifiers only, checked by prepare


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """One ``@on``: a function under a name or pattern.

    Attributes:
        function: The handler, or a `weakref.ref` to it when it was connected weakly.
        wants: What its signature asks for.
        sender: Only emits of this sender, or of an instance of this class; ``ANY`` for all.
        priority: Higher ones run first.
        order: How many registrations were made before.
        when: Only emits for which this returns true; it gets keywords as a handler does.
    """

    function: Function
    wants: Wants
    sender: Any
    priority: int
    order: int
    when: Function | None
    identity: object = field(default=None)

    @property
    def conditional(self) -> bool:
        """Whether it runs for some emits only."""
        return self.sender is not ANY or self.when is not None

    def accepts(self, keys: tuple[str, ...]) -> Call:
        """Returns the check of its conditions for an emit with these keywords."""
        wanted = self.sender
        matches: Call = (lambda s, d: True) if wanted is ANY else (lambda s, d: _same(wanted, s))
        if self.when is None:
            return matches
        when = prepare(self.when, Wants.of(self.when), keys)
        return lambda s, d: matches(s, d) and when(s, d)


class WeakFunction:
    """Calls a function that it does not keep alive; does nothing once the function is gone."""

    def __init__(self, function: Function, gone: Callable[[object], object]) -> None:
        is_method = inspect.ismethod(function)
        self.reference = (weakref.WeakMethod if is_method else weakref.ref)(function, gone)

    def __call__(self, *args: Any, **data: Any) -> Any:  # noqa: ANN401 # as the function
        """Calls the function, or returns `SKIPPED`."""
        function = self.reference()
        return SKIPPED if function is None else function(*args, **data)


def calls_for(registrations: Iterable[Registration], keys: tuple[str, ...]) -> tuple[Call, ...]:
    """Returns the calls of one emit, in order; a function registered twice is called once."""
    ordered = sorted(registrations, key=lambda r: (-r.priority, r.order))
    together: dict[object, list[Registration]] = {}
    for registration in ordered:
        together.setdefault(registration.identity, []).append(registration)
    return tuple([_call(same, keys) for same in together.values()])


def _call(same: list[Registration], keys: tuple[str, ...]) -> Call:
    call = prepare(same[0].function, same[0].wants, keys)
    if not all(registration.conditional for registration in same):
        return call
    checks = [registration.accepts(keys) for registration in same]
    if len(checks) == 1:
        check = checks[0]
        return lambda s, d: call(s, d) if check(s, d) else SKIPPED
    return lambda s, d: call(s, d) if any(check(s, d) for check in checks) else SKIPPED


def _same(wanted: object, sender: object) -> bool:
    """Whether a sender is the wanted one: itself, an instance of the class, or an equal text."""
    if sender is wanted:
        return True
    if isinstance(wanted, type):
        return isinstance(sender, wanted)
    return isinstance(wanted, str | int) and sender == wanted


def identity_of(function: Function) -> object:
    """Returns what makes two registrations the same handler; bound methods are made anew each time."""
    if inspect.ismethod(function):
        return (id(function.__self__), id(function.__func__))
    return id(function)
