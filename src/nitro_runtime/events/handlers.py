"""Handlers as data: what a function wants, when it runs, and the call that gives it just that.

A handler gets the sender and only those keywords that its signature names. How it is to be called
depends on the keywords of the emit alone, so the call is written out once for each set of
keywords (``f(s, x=d['x'])``): that is what makes an emit faster than a loop over ``f(sender,
**data)``.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from keyword import iskeyword
from types import BuiltinMethodType, FunctionType, ModuleType
from typing import Any, Final

from blinker import ANY

from nitro_runtime.errors import ConfigurationError

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
        star: Whether it takes positional arguments and names none (``*args``).
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
            star=inspect.Parameter.VAR_POSITIONAL in kinds and leading is None,
        )

    def arguments(
        self, keys: Iterable[str], hidden: Collection[str] = ()
    ) -> tuple[str, tuple[str, ...]]:
        """Decides what to pass for an emit with these keywords.

        Args:
            keys: The keywords.
            hidden: Those of them that only a function gets that names them.

        Returns:
            How the sender is passed (``"s"``, ``"sender=s"`` or ``""``), and the keywords.
        """
        given = tuple(keys)
        names = tuple(
            key for key in given if key in self.names or (self.everything and key not in hidden)
        )
        if self.first is not None and (self.first == "sender" or self.first not in given):
            return "s", names
        if "sender" in self.names:
            return "sender=s", names
        if self.star:
            return "s", tuple(key for key in names if key != self.first)
        return ("sender=s" if self.everything and self.first is None else ""), names


def prepare(
    function: Function, wants: Wants, keys: tuple[str, ...], hidden: Collection[str] = ()
) -> Call:
    """Returns the call of a function for an emit with these keywords; see `Wants.arguments`."""
    sender, names = wants.arguments(keys, hidden)
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


@dataclass(frozen=True, slots=True)
class Durable:
    """How a worker runs a durable handler.

    Attributes:
        once: Whether it runs in a transaction that also notes that it was done, so that its effect
            on the database happens once though the job may come twice.
        retries: How often it is tried again after it raised, before its job is a dead letter.
        backoff: Seconds before the first retry; each further one waits twice as long.
        queue: The name of the queue that it waits in.
    """

    once: bool = False
    retries: int = 5
    backoff: float = 2.0
    queue: str = "default"

    def __post_init__(self) -> None:
        if self.retries < 0 or not self.backoff >= 0:
            raise ConfigurationError("retries and backoff of a durable handler are 0 or more.")
        if not self.queue:
            raise ConfigurationError("The queue of a durable handler needs a name.")


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """One ``@on``: a function under a name or pattern.

    Attributes:
        event: The name or pattern; of a plain Blinker signal what it prints as.
        function: The handler, or a `WeakFunction` when it was connected weakly.
        wants: What its signature asks for.
        sender: Only emits of this sender, or of an instance of this class; ``ANY`` for all. A
            `weakref.ref` when it was connected as Blinker does.
        priority: Higher ones run first.
        order: How many registrations were made before.
        when: Only emits for which this returns true; it gets keywords as a handler does.
        concurrent: Whether later handlers may start while it waits for something.
        durable: How a worker runs it; None when it runs where the event is emitted.
        key: ``module:qualname``, by which a worker finds it; empty when it is not durable.
        identity: What makes two registrations the same handler.
    """

    event: str
    function: Function
    wants: Wants
    sender: Any
    priority: int
    order: int
    when: Function | None
    concurrent: bool = True
    durable: Durable | None = None
    key: str = ""
    identity: object = field(default=None)

    @property
    def conditional(self) -> bool:
        """Whether it runs for some emits only."""
        return self.sender is not ANY or self.when is not None

    def accepts(self, keys: tuple[str, ...], hidden: Collection[str] = ()) -> Call:
        """Returns the check of its conditions for an emit with these keywords."""
        wanted = self.sender
        matches: Call = (lambda s, d: True) if wanted is ANY else (lambda s, d: is_same(wanted, s))
        if self.when is None:
            return matches
        when = prepare(self.when, Wants.of(self.when), keys, hidden)
        return lambda s, d: matches(s, d) and when(s, d)

    def prepared(self, keys: tuple[str, ...], hidden: Collection[str] = ()) -> Call:
        """Returns the call of its function, without its conditions."""
        return prepare(self.function, self.wants, keys, hidden)


class WeakFunction:
    """Calls a function that it does not keep alive; does nothing once the function is gone."""

    def __init__(self, function: Function, gone: Callable[[object], object]) -> None:
        is_method = inspect.ismethod(function)
        self.reference = (weakref.WeakMethod if is_method else weakref.ref)(function, gone)

    def __call__(self, *args: Any, **data: Any) -> Any:  # noqa: ANN401 # as the function
        """Calls the function, or returns `SKIPPED`."""
        function = self.reference()
        return SKIPPED if function is None else function(*args, **data)


def is_same(wanted: Any, sender: object) -> bool:  # noqa: ANN401 # any object
    """Whether a sender is the wanted one.

    That is itself, an instance of the class, the same entity (class and key) or an equal text.
    """
    if wanted.__class__ is weakref.ref:
        wanted = wanted()
        if wanted is None:
            return False
    if sender is wanted:
        return True
    if isinstance(wanted, type):
        return isinstance(sender, wanted)  # pyright: ignore[reportUnknownArgumentType]
    # only what is of its kind is asked whether it is equal: others may raise, or equal everything
    if isinstance(wanted, str | int):
        return isinstance(sender, str if isinstance(wanted, str) else int) and sender == wanted
    kinds: tuple[type[Any], ...] = (wanted.__class__, sender.__class__)
    return all(hasattr(kind, "__entity__") for kind in kinds) and bool(sender == wanted)


def identity_of(function: Function) -> object:
    """Returns what makes two registrations the same handler; methods are made anew each time."""
    if inspect.ismethod(function):
        return (id(function.__self__), id(function.__func__))
    if isinstance(function, BuiltinMethodType) and not isinstance(function.__self__, ModuleType):
        return (id(function.__self__), function.__name__)
    return id(function)


def durable_key(function: Function) -> str:
    """Returns ``module:qualname``, by which a worker finds the handler once it imported the app.

    Raises:
        ConfigurationError: It could not be found so: a lambda, a local function, a method of one
            object, or a function of a script.
    """
    if not isinstance(function, FunctionType) or "<" in function.__qualname__:
        raise ConfigurationError(
            f"{getattr(function, '__qualname__', repr(function))} cannot be a durable handler, since "
            "a worker could not find it: write a function at the top level of a module."
        )
    module = importable_name(function.__module__)
    if module is None:
        raise ConfigurationError(
            f"{function.__qualname__} cannot be a durable handler, since a worker cannot import "
            "a script that was run by itself: move it to a module."
        )
    return f"{module}:{function.__qualname__}"


def importable_name(module: str) -> str | None:
    """Returns the name by which another process imports a module, as ``python -m shop`` calls it otherwise.

    Args:
        module: Its ``__name__``.

    Returns:
        None for a script that was run by itself.
    """
    if module not in (
        "__main__",
        "__mp_main__",
    ):  # the second in a process that the program spawned
        return module
    spec = getattr(sys.modules[module], "__spec__", None)
    return None if spec is None else spec.name


def check_condition(when: Function | None) -> None:
    """Refuses a condition that would have to be awaited.

    Raises:
        ConfigurationError: It is a coroutine function.
    """
    if when is not None and inspect.iscoroutinefunction(when):
        raise ConfigurationError("`when` answers at once: it cannot be a coroutine function.")
