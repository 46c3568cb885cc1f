"""Commands and queries: the only doors through which a browser reaches application code.

A handler registered with ``@on`` is never reachable from outside. A function opened with
``@command`` or ``@query`` is, for those whom its ``allow`` lets in, with data that fits its input.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import AsyncGeneratorType, GeneratorType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from nitro_runtime.errors import ConfigurationError, NitroError, Refused
from nitro_runtime.events import running
from nitro_runtime.events.bus import bus
from nitro_runtime.events.inputs import Input, refusal_of
from nitro_runtime.events.tasks import TaskList, started_tasks

if TYPE_CHECKING:
    from pydantic import BaseModel

F = TypeVar("F", bound=Callable[..., Any])
CommandKind = Literal["command", "query"]
Allow = Callable[..., "bool | Awaitable[bool]"]
"""Who may: a function that gets those of ``ctx user request signals`` that it names."""

NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
"""What a command may be called."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who calls a command, and from where.

    Attributes:
        user: From the host framework's own authentication; None when nobody is signed in.
        tab: The verified id of the browser tab, or None.
        request: The request, neutral or native.
        signals: The page's signals: input from outside, not checked.
    """

    user: Any = None
    tab: str | None = None
    request: Any = None
    signals: Mapping[str, Any] = field(default_factory=dict[str, Any])


_current: ContextVar[Context | None] = ContextVar("nitro_command_context", default=None)


def current_context() -> Context | None:
    """Returns the context of the command that this task or thread runs, or None outside one."""
    return _current.get()


def anyone() -> bool:
    """Lets everybody in: for ``allow=anyone``."""
    return True


def signed_in(user: Any) -> bool:  # noqa: ANN401 # the host framework's user
    """Lets in whom the host framework knows; Django's ``AnonymousUser`` is nobody."""
    return user is not None and bool(getattr(user, "is_authenticated", True))


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A registered command or query.

    Attributes:
        name: What the browser calls.
        kind: Queries may be called with GET; they change nothing and are not emitted.
        function: The function that was opened.
        allow: Who may call it.
        input: What it takes.
        asks: The parameters of the function.
        allow_asks: The parameters of ``allow``.
        is_plain: Whether neither of the two is asynchronous.
        is_stepwise: Whether the function is a plain generator, whose yields are sent as they come.
    """

    name: str
    kind: CommandKind
    function: Callable[..., Any]
    allow: Allow
    input: Input
    asks: tuple[str, ...]
    allow_asks: tuple[str, ...]
    is_plain: bool
    is_stepwise: bool

    @property
    def needs_no_loop(self) -> bool:
        """Whether it runs in one go: nothing of it is asynchronous, and nobody handles its event."""
        if self.is_stepwise or not self.is_plain:
            return False
        return self.kind == "query" or not bus.has_handlers(self.name)

    async def run(self, data: Mapping[str, Any], ctx: Context) -> Any:  # noqa: ANN401 # what the function returns
        """Checks and runs it; see `run_command`."""
        injected = {
            "ctx": ctx,
            "user": ctx.user,
            "request": ctx.request,
            "signals": ctx.signals,
        }
        if not await self._lets_in(injected):
            raise Refused(403, "You may not do this.")
        arguments, fields = self.input.read(data)
        async with _Inside(self.name, ctx):
            result = await self._call({**injected, **arguments}, ctx.tab)
            if self.kind == "command":
                await bus.emit_async(self.name, ctx.tab, {**fields, **injected})
        return result

    async def _lets_in(self, injected: Mapping[str, Any]) -> bool:
        answer = self.allow(
            **{name: injected[name] for name in self.allow_asks if name in injected}
        )
        return bool(await answer if inspect.isawaitable(answer) else answer)

    async def _call(self, arguments: Mapping[str, Any], tab: str | None) -> Any:  # noqa: ANN401 # what the function returns
        result = self.function(**{name: arguments[name] for name in self.asks if name in arguments})
        kind: type[Any] = result.__class__
        if kind is GeneratorType:  # in a thread, or the loop could send nothing before its end
            await asyncio.to_thread(running.drain, tab, result)
            return None
        if kind is AsyncGeneratorType:
            await running.drain_async(tab, result)
            return None
        return await result if inspect.isawaitable(result) else result


_commands: dict[str, CommandSpec] = {}


def command(
    name: str, *, input: type[BaseModel] | None = None, allow: Allow = signed_in
) -> Callable[[F], F]:
    """Opens a function to the browser under a name; it may change things.

    The function gets by name those of ``ctx``, `user`, ``request`` and ``signals`` that it asks for. With
    ``input`` its first other parameter gets the checked model; without, each further parameter is a
    field, checked against its annotation. Unknown fields are refused. After it ran, the event
    of its name is emitted, with the input's fields and those four.

    It may be a coroutine function or a generator of patches; what it returns is the answer: a view
    is patched into the page, a mapping goes out as signals, None changes nothing.

    Args:
        name: Lower-case letters, digits, ``_`` and ``.``, at most 64 characters.
        input: A pydantic model of what it takes.
        allow: Who may call it; by default whoever is signed in.

    Raises:
        ConfigurationError: The name does not fit or is taken, or the function cannot be called so.
    """
    return _registrar(name, "command", input, allow)


def query(
    name: str, *, input: type[BaseModel] | None = None, allow: Allow = signed_in
) -> Callable[[F], F]:
    """Opens a function to the browser that only reads; as `command`, also for GET, and not emitted."""
    return _registrar(name, "query", input, allow)


def find_command(name: str) -> CommandSpec | None:
    """Returns the command or query of this name, or None."""
    return _commands.get(name)


def registered() -> Mapping[str, CommandSpec]:
    """Returns all commands and queries by name, a copy."""
    return dict(_commands)


def forget_command(name: str) -> None:
    """Closes a command or query again; for tests."""
    _commands.pop(name, None)


async def run_command(name: str, data: Mapping[str, Any], ctx: Context) -> Any:  # noqa: ANN401 # what the function returns
    """Runs a command or query as the endpoint does: the one way in.

    Args:
        name: As it came from outside.
        data: The input, as it came from outside.
        ctx: Who calls.

    Returns:
        What the function returns; for a generator None, its yields have been delivered.

    Raises:
        Refused: 404 there is none of this name; 403 ``allow`` said no; 422 the data does not fit,
            or an entity refused a value that it was given.
        ExceptionGroup: Handlers of its event raised, or those that it started; a single `NitroError`
            with a status for visitors is raised by itself.
    """
    spec = _commands.get(name)
    if spec is None:
        raise Refused(404, "There is no such command.")
    try:
        return await spec.run(data, ctx)
    except ValueError as error:
        refused = refusal_of(error)
        if refused is None:
            raise
        raise refused from error
    except ExceptionGroup as group:
        meant_for_visitor = _only_error(group)
        if meant_for_visitor is None:
            raise
        raise meant_for_visitor from group


def _only_error(group: ExceptionGroup[Exception]) -> NitroError | None:
    """Returns the one error of a group when it says something to a visitor (404, 409, ...)."""
    if len(group.exceptions) != 1:
        return None
    error = group.exceptions[0]
    if isinstance(error, ExceptionGroup):
        return _only_error(cast("ExceptionGroup[Exception]", error))
    return error if isinstance(error, NitroError) and error.status != 500 else None


def _registrar(
    name: str, kind: CommandKind, model: type[BaseModel] | None, allow: Allow
) -> Callable[[F], F]:
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a {kind}: it takes a lower-case letter, then letters, "
            "digits, '_' and '.', at most 64 in all."
        )

    def register(function: F) -> F:
        known = _commands.get(name)
        if known is not None and not _same_source(known.function, function):
            raise ConfigurationError(f"There is another {known.kind} named {name!r} already.")
        _commands[name] = CommandSpec(
            name=name,
            kind=kind,
            function=function,
            allow=allow,
            input=Input(name, function, model),
            asks=tuple(inspect.signature(function).parameters),
            allow_asks=tuple(inspect.signature(allow).parameters),
            is_plain=not (_is_async(function) or _is_async(allow)),
            is_stepwise=_is_generator(function),
        )
        return function

    return register


def _same_source(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether a function was defined again, as consoles and reloads do."""
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def _is_generator(function: Callable[..., Any]) -> bool:
    inner = inspect.unwrap(function)
    return any(
        inspect.isgeneratorfunction(each)
        for each in (inner, getattr(inner, "func", None), type(inner).__call__)
    )


def _is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it may give something to await; an object is called by its ``__call__``."""
    inner = inspect.unwrap(function)
    return any(
        inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
        for each in (inner, getattr(inner, "func", None), type(inner).__call__)
    )


class _Inside:
    """Makes the context current, and awaits the handlers that were started inside."""

    def __init__(self, name: str, ctx: Context) -> None:
        self._name = name
        self._ctx = ctx
        self._tasks = TaskList()

    async def __aenter__(self) -> None:
        self._tokens: tuple[Token[Context | None], Token[TaskList | None]] = (
            _current.set(self._ctx),
            started_tasks.set(self._tasks),
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None and not isinstance(error, Exception):
                self._tasks.cancel()
                return
            errors = await self._tasks.finish()
            if error is not None:
                for other in errors:  # one failure is raised: the others are not lost
                    bus.on_error(other, self._name)
            elif errors:
                raise ExceptionGroup(f"handlers started by {self._name!r} failed", errors)
        finally:
            _current.reset(self._tokens[0])
            started_tasks.reset(self._tokens[1])
