"""A registered command or query: what was opened, for whom, and how one call of it runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from contextvars import copy_context
from functools import cached_property
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Literal, TypeVar, cast

from nitro_runtime import context
from nitro_runtime.errors import ConfigurationError, Refused
from nitro_runtime.events import middleware as layering
from nitro_runtime.events import running
from nitro_runtime.events.bus import bus
from nitro_runtime.events.callers import Allow, Context, current
from nitro_runtime.events.inputs import INJECTED, Input
from nitro_runtime.events.middleware import Call, Layers, Middleware, wrapped
from nitro_runtime.events.tasks import TaskList, started_tasks

T = TypeVar("T")

CommandKind = Literal["command", "query"]
_When = Literal["first", "checked", "loaded"]
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class CommandSpec:
    """A registered command or query.

    Attributes:
        name: What the browser calls.
        kind: Queries may be called with GET; they change nothing and are not emitted.
        function: The function that was opened; a class without a handler stands for itself.
        allow: Who may call it.
        input: What it takes.
        middleware: Its own.
        origin: What was declared: the function, the class, or the method with its entity.
        asks: The parameters of the function.
        is_plain: Whether neither function nor ``allow`` is asynchronous.
        is_stepwise: Whether the function is a plain generator, whose yields are sent as they come.
        is_for_code: Whether code calls it too, so that its result may be anything; what a page
            cannot show of it is not sent.

    Raises:
        ConfigurationError: ``allow`` asks for something that there is not.
    """

    def __init__(
        self,
        name: str,
        kind: CommandKind,
        function: Callable[..., Any],
        allow: Allow,
        input: Input,  # the name by which it is read
        middleware: Iterable[Middleware] = (),
        *,
        origin: object = None,
    ) -> None:
        self.name = name
        self.kind: CommandKind = kind
        self.function = function
        self.allow = allow
        self.input = input
        self.middleware = layering.check(middleware)
        self.origin = function if origin is None else origin
        self.is_for_code = origin is not None
        self.asks = tuple(inspect.signature(function).parameters)
        self.is_plain = not (is_async(function) or is_async(allow))
        self.is_stepwise = is_generator(function)
        named = inspect.signature(allow).parameters.values()
        self._allow_asks = tuple(each.name for each in named if each.kind in _NAMED)
        self._allow_needs = [
            each.name for each in named if each.kind in _NAMED and each.default is each.empty
        ]
        self._asks_first = INJECTED.issuperset(self._allow_asks)
        self._layers: tuple[int, Layers | None] = (-1, None)
        if input.instance_of is None:  # of an entity that is being made nothing can be asked yet
            self._check_allow()

    @property
    def summary(self) -> str:
        """The first line of what its docstring says; empty when it has none."""
        documented = self.origin if isinstance(self.origin, type) else self.function
        text = documented.__doc__ or self.function.__doc__ or ""
        return text.strip().partition("\n")[0]

    @property
    def needs_no_loop(self) -> bool:
        """Whether it runs in one go: nothing of it is asynchronous, and nobody handles its event."""
        if self.is_stepwise or not self.is_plain or self.layers is not None or self.input.loads:
            return False
        return self.kind == "query" or not bus.has_handlers(self.name)

    @property
    def layers(self) -> Layers | None:
        """The middleware around it; None when there is none."""
        known, layers = self._layers
        now = layering.generation()
        if known != now:
            layers = Layers.around(self.middleware)
            self._layers = now, layers
        return layers

    def is_defined_again_by(self, other: CommandSpec) -> bool:
        """Whether another spec is this one after a reload, or after a second look in a console."""
        return source_of(self.origin) == source_of(other.origin)

    # -- one call -----------------------------------------------------------------------------

    async def run(self, data: Mapping[str, Any], ctx: Context) -> Any:  # noqa: ANN401 # what the function returns
        """Runs it for somebody outside, inside of what sees refusals: checks, and then `perform`.

        Raises:
            Refused: 403 the caller may not, 422 the data does not fit.
        """
        if self._asks_first:
            await self._ask(_injected(ctx))
        value, fields = self.input.check(data)
        return await self.perform(value, fields, ctx, ask=not self._asks_first)

    async def perform(
        self,
        value: Any,  # noqa: ANN401 # the input's model
        fields: Mapping[str, Any],
        ctx: Context,
        *,
        ask: bool,
    ) -> Any:  # noqa: ANN401 # what the function returns
        """Runs it with data that was checked, and emits its event.

        Args:
            value: The input's model.
            fields: Its values.
            ctx: Who calls.
            ask: Whether ``allow`` is still to be asked.
        """
        injected = _injected(ctx)
        arguments = {**self.input.arguments(value, fields), **injected}
        if ask and self._allow_when == "checked":
            await self._ask({**fields, **injected})
        if self.input.loads:
            loaded = await self.input.load(fields)
            if ask and self._allow_when == "loaded":
                await self._ask({**fields, **loaded, **injected})
            arguments.update(loaded)
        layers = self.layers
        if layers is None or not layers.inner:
            return await self._inside(self._act(arguments, fields, injected), ctx)

        async def innermost(_: Call) -> Any:  # noqa: ANN401 # what the function returns
            return await self._act(arguments, fields, injected)

        call = Call(self.name, self.kind, ctx, fields)
        return await self._inside(wrapped(layers.inner, innermost)(call), ctx)

    async def ask(self, fields: Mapping[str, Any], ctx: Context) -> None:
        """Asks ``allow`` when it needs nothing but who calls.

        Raises:
            Refused: 403.
        """
        if self._asks_first:
            await self._ask({**fields, **_injected(ctx)})

    async def _ask(self, known: Mapping[str, Any]) -> None:
        answer = self.allow(**{name: known[name] for name in self._allow_asks if name in known})
        if not (await self._awaited(answer) if inspect.isawaitable(answer) else answer):
            raise Refused(403, "You may not do this.")

    @cached_property
    def _allow_when(self) -> _When:
        """At which point ``allow`` is asked: as soon as all that it names is known."""
        self._check_allow()
        if self._asks_first:
            return "first"
        late = {"entity", *self.input.references} if self.input.loads else set[str]()
        return "loaded" if late.intersection(self._allow_asks) else "checked"

    def _check_allow(self) -> None:
        known = {*INJECTED, *self.input.fields}
        if self.input.instance_of is not None:
            known.add("entity")
        unknown = [name for name in self._allow_needs if name not in known]
        if unknown:
            raise ConfigurationError(
                f"The rule that says who may call {self.name!r} asks for {unknown[0]!r}; there is "
                f"{', '.join(sorted(known))}."
            )

    async def _act(
        self, arguments: Mapping[str, Any], fields: Mapping[str, Any], injected: Mapping[str, Any]
    ) -> Any:  # noqa: ANN401 # what the function returns
        """Calls the function, and emits the event of its name."""
        tab = injected["ctx"].tab
        result = self.function(**{name: arguments[name] for name in self.asks if name in arguments})
        kind: type[Any] = result.__class__
        if kind is GeneratorType:
            await asyncio.to_thread(_drained, tab, result, _owner())
            result = None
        elif kind is AsyncGeneratorType:
            await running.drain_async(tab, result)
            result = None
        elif inspect.isawaitable(result):
            result = await self._awaited(result)
        if self.kind == "command":
            await bus.emit_async(self.name, tab, fields, injected)
        return result

    async def _awaited(self, value: Awaitable[T]) -> T:
        """Awaits what was given, also by a plain function (a lambda over a coroutine function).

        Of that nobody knew before, so no loop may run; the next call is given one.
        """
        self.is_plain = False
        if running.has_loop():
            return await value

        async def whole() -> T:
            return await value

        with asyncio.Runner() as runner:
            return runner.run(whole(), context=copy_context())

    async def _inside(self, action: Any, ctx: Context) -> Any:  # noqa: ANN401 # awaitable; its result
        """Makes the context current, and awaits the handlers that were started inside."""
        tasks = TaskList()
        tokens = current.set(ctx), started_tasks.set(tasks)
        try:
            result = await action
            await self._finish(tasks)
            return result
        except Exception:
            for other in await tasks.finish() if tasks.open else ():
                bus.on_error(other, self.name)  # one failure is raised: the others are not lost
            raise
        except BaseException:
            tasks.cancel()
            raise
        finally:
            current.reset(tokens[0])
            started_tasks.reset(tokens[1])

    async def _finish(self, tasks: TaskList) -> None:
        errors = await tasks.finish()
        if errors:
            raise ExceptionGroup(f"handlers started by {self.name!r} failed", errors)


def _injected(ctx: Context) -> dict[str, Any]:
    return {"ctx": ctx, "user": ctx.user, "request": ctx.request, "signals": ctx.signals}


def _owner() -> context.Owner | None:
    """Whose transaction a thread is to work in; None when there is none."""
    return None if context.current_unit() is None else context.current_owner()


def _drained(tab: str | None, steps: Any, owner: context.Owner | None) -> None:  # noqa: ANN401 # a generator
    """Runs a generator in a thread: the loop could send nothing before its end."""
    with nullcontext() if owner is None else context.acting_as(owner):
        running.drain(tab, steps)


def source_of(origin: Any) -> tuple[str, ...]:  # noqa: ANN401 # a function, a class, or a method and its entity
    """Says where something was defined: consoles and reloads define it again."""
    parts = cast("tuple[Any, ...]", origin if isinstance(origin, tuple) else (origin,))
    return tuple([f"{each.__module__}:{each.__qualname__}" for each in parts])


def is_generator(function: Callable[..., Any]) -> bool:
    """Whether calling it gives a generator; an object is called by its ``__call__``."""
    return any(inspect.isgeneratorfunction(each) for each in _called(function))


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it may give something to await."""
    return any(
        inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
        for each in _called(function)
    )


def _called(function: Callable[..., Any]) -> tuple[Any, ...]:
    inner = inspect.unwrap(function)
    return inner, getattr(inner, "func", None), type(inner).__call__
