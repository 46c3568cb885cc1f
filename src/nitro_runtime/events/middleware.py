"""Middleware of commands and queries: what runs around them.

```python
async def timing(call: Call, next: Next) -> Any:
    begun = perf_counter()
    try:
        return await next(call)
    finally:
        print(call.name, perf_counter() - begun)

use_middleware(timing)
```

The order, from the outside in: what `use_middleware` was given, in that order; a command's own; then
who may and what it takes are checked; then those that `after_checks` marks, again the app's before
the command's own; then the function, and the event of its name. So a middleware sees what is refused,
and one that is marked runs for what is not. Where there is none, nothing is wrapped.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from nitro_runtime.errors import ConfigurationError, NitroError

if TYPE_CHECKING:
    from nitro_runtime.events.callers import Context

log = logging.getLogger("nitro.commands")

Outcome = Literal["done", "refused", "failed"]
"""How a command ended: done, refused with a sentence for the visitor, or failed with an error."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command or query, on its way through the middleware.

    Attributes:
        name: The command.
        kind: ``"command"`` or ``"query"``.
        ctx: Who calls.
        data: The input. As it came from outside, unchecked, until the checks; then the checked fields.
    """

    name: str
    kind: Literal["command", "query"]
    ctx: Context
    data: Mapping[str, Any]


Next = Callable[[Call], Awaitable[Any]]
"""Goes on with a call, and gives its result."""

Middleware = Callable[[Call, Next], Any]
"""Runs around a call: ``await next(call)`` goes on. It may return another result, or raise `Refused`. A
plain function returns ``next(call)`` and does what it does before."""

M = TypeVar("M", bound=Middleware)

_CHECKED = "__nitro_after_checks__"
_everywhere: list[Middleware] = []
_generation = 0


def after_checks(middleware: M) -> M:
    """Marks a middleware that runs only for calls that are let in and fit: it costs a stranger nothing.

    ```python
    @after_checks
    async def audited(call: Call, next: Next) -> Any: ...
    ```
    """
    setattr(middleware, _CHECKED, True)
    return middleware


def use_middleware(*middleware: Middleware) -> None:
    """Runs middleware around every command and query, the first one outermost.

    Each is added once, behind those that are there; with no argument all are taken away again.

    Raises:
        ConfigurationError: Something cannot be called.
    """
    global _generation
    check(middleware)
    _generation += 1
    if not middleware:
        _everywhere.clear()
    _everywhere.extend(each for each in middleware if each not in _everywhere)


def generation() -> int:
    """Returns a number that is another one when other middleware is in use than before."""
    return _generation


def check(middleware: Iterable[Middleware]) -> tuple[Middleware, ...]:
    """Returns middleware as a tuple.

    Raises:
        ConfigurationError: Something cannot be called.
    """
    given = tuple(middleware)
    for each in given:
        if not callable(each):
            raise ConfigurationError(
                f"A middleware is a function (call, next), and {type(each).__name__} is none."
            )
    return given


@dataclass(frozen=True, slots=True)
class Layers:
    """The middleware of one command, each part from the outside in.

    Attributes:
        outer: Around the checks.
        inner: Inside of them.
    """

    outer: tuple[Middleware, ...]
    inner: tuple[Middleware, ...]

    @staticmethod
    def around(own: Iterable[Middleware]) -> Layers | None:
        """Returns what runs around a command with middleware of its own; None for nothing at all."""
        every = [*_everywhere, *(each for each in own if each not in _everywhere)]
        if not every:
            return None
        inner = [each for each in every if getattr(each, _CHECKED, False)]
        return Layers(tuple(each for each in every if each not in inner), tuple(inner))


def wrapped(layers: Iterable[Middleware], innermost: Next) -> Next:
    """Returns what runs middleware, the first outermost, around a call."""
    going_on = innermost
    for middleware in reversed(tuple(layers)):
        going_on = partial(_through, middleware, going_on)
    return going_on


async def _through(middleware: Middleware, going_on: Next, call: Call) -> Any:  # noqa: ANN401 # the command's result
    result = middleware(call, going_on)
    return await result if inspect.isawaitable(result) else result


# -- built in -----------------------------------------------------------------------------------


async def log_commands(call: Call, next: Next) -> Any:  # noqa: ANN401 # the command's result; middleware says next
    """Logs name, outcome and milliseconds of each call to the logger ``nitro.commands``.

    Nothing of what came from outside is in it: a name is logged that was registered, and of a
    refusal its status.
    """
    begun = perf_counter()
    outcome: Outcome = "failed"
    status = 500
    try:
        result = await next(call)
    except Exception as error:
        outcome, status = outcome_of(error)
        raise
    else:
        outcome, status = "done", 200
        return result
    finally:
        level = logging.WARNING if outcome == "failed" else logging.INFO
        milliseconds = (perf_counter() - begun) * 1000
        log.log(level, "%s %s %s (%d) %.1f ms", call.kind, call.name, outcome, status, milliseconds)


def time_commands(report: Callable[[str, float, Outcome], object]) -> Middleware:
    """Returns a middleware that reports how long each call takes: for metrics.

    Args:
        report: Is given the name, the seconds, and ``done``, ``refused`` or ``failed``; it must not
            wait.
    """

    async def timed(call: Call, next: Next) -> Any:  # noqa: ANN401 # as above
        begun = perf_counter()
        outcome: Outcome = "failed"
        try:
            result = await next(call)
        except Exception as error:
            outcome, _ = outcome_of(error)
            raise
        else:
            outcome = "done"
            return result
        finally:
            report(call.name, perf_counter() - begun, outcome)

    return timed


def outcome_of(error: Exception) -> tuple[Outcome, int]:
    """Returns whether an error refuses something, and the status that it is answered with."""
    status = error.status if isinstance(error, NitroError) else 500
    return ("failed", status) if status == 500 else ("refused", status)
