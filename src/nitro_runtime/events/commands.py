"""Commands and queries: the only doors through which a browser reaches application code.

A handler registered with ``@on`` is never reachable from outside. A function opened with
``@command`` or ``@query`` is, for those whom its ``allow`` lets in, with data that fits its input. So
are the classes of `nitro_runtime.events.messages` and the methods of `nitro_runtime.events.actions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from nitro_runtime.errors import ConfigurationError, NitroError, Refused
from nitro_runtime.events.callers import Allow, Context, anyone, current_context, signed_in
from nitro_runtime.events.inputs import Input, refusal_of
from nitro_runtime.events.middleware import Call, Middleware, wrapped
from nitro_runtime.events.specs import CommandKind, CommandSpec

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "NAME",
    "Allow",
    "CommandKind",
    "CommandSpec",
    "Context",
    "anyone",
    "command",
    "current_context",
    "find_command",
    "forget_command",
    "query",
    "register",
    "registered",
    "run_command",
    "signed_in",
]

F = TypeVar("F", bound=Callable[..., Any])

NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
"""What a command may be called."""

_commands: dict[str, CommandSpec] = {}


def command(
    name: str,
    *,
    input: type[BaseModel] | None = None,
    allow: Allow = signed_in,
    middleware: Iterable[Middleware] = (),
) -> Callable[[F], F]:
    """Opens a function to the browser under a name; it may change things.

    The function gets by name those of ``ctx``, `user`, ``request`` and ``signals`` that it asks for. With
    ``input`` its first other parameter gets the checked model; without, each further parameter is a
    field, checked against its annotation; one that is annotated with an entity class takes its key
    and gets the entity. Unknown fields are refused. After it ran, the event
    of its name is emitted, with the input's fields and those four.

    It may be a coroutine function or a generator of patches; what it returns is the answer: a view
    is patched into the page, a mapping goes out as signals, None changes nothing.

    Args:
        name: Lower-case letters, digits, ``_`` and ``.``, at most 64 characters.
        input: A pydantic model of what it takes; a field comes by its name or by its alias.
        allow: Who may call it; by default whoever is signed in. It gets what it names of those four
            and of the fields of the input, which are then checked before it is asked.
        middleware: What runs around it, inside of what `use_middleware` was given.

    Raises:
        ConfigurationError: The name does not fit or is taken, or the function cannot be called so.
    """
    return _registrar(name, "command", input, allow, middleware)


def query(
    name: str,
    *,
    input: type[BaseModel] | None = None,
    allow: Allow = signed_in,
    middleware: Iterable[Middleware] = (),
) -> Callable[[F], F]:
    """Opens a function to the browser that only reads; as `command`, also for GET, and not emitted."""
    return _registrar(name, "query", input, allow, middleware)


def find_command(name: str) -> CommandSpec | None:
    """Returns the command or query of this name, or None."""
    return _commands.get(name)


def registered() -> Mapping[str, CommandSpec]:
    """Returns all commands and queries by name, a copy."""
    return dict(_commands)


def forget_command(name: str) -> None:
    """Closes a command or query again; for tests."""
    _commands.pop(name, None)


def register(spec: CommandSpec) -> None:
    """Opens a command or query; the same one again, as after a reload, takes the place of itself.

    Raises:
        ConfigurationError: The name does not fit, or is another one's.
    """
    if not NAME.fullmatch(spec.name):
        raise ConfigurationError(
            f"{spec.name!r} cannot be the name of a {spec.kind}: it takes a lower-case letter, then "
            "letters, digits, '_' and '.', at most 64 in all."
        )
    known = _commands.get(spec.name)
    if known is not None and not known.is_defined_again_by(spec):
        raise ConfigurationError(f"There is another {known.kind} named {spec.name!r} already.")
    _commands[spec.name] = spec


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
    layers = spec.layers
    if layers is None:
        return await _told(spec, data, ctx)

    async def innermost(call: Call) -> Any:  # noqa: ANN401 # what the function returns
        return await _told(spec, call.data, call.ctx)

    return await wrapped(layers.outer, innermost)(Call(spec.name, spec.kind, ctx, data))


async def _told(spec: CommandSpec, data: Mapping[str, Any], ctx: Context) -> Any:  # noqa: ANN401 # as above
    """Checks and runs it, and raises what a visitor can be told."""
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
    name: str,
    kind: CommandKind,
    model: type[BaseModel] | None,
    allow: Allow,
    middleware: Iterable[Middleware],
) -> Callable[[F], F]:
    if not NAME.fullmatch(name):  # said where it is written, not where the function ends
        raise ConfigurationError(
            f"{name!r} cannot be the name of a {kind}: it takes a lower-case letter, then letters, "
            "digits, '_' and '.', at most 64 in all."
        )

    def opened(function: F) -> F:
        register(CommandSpec(name, kind, function, allow, Input(name, function, model), middleware))
        return function

    return opened
