"""Commands and queries as classes: a message says what is wanted, a handler does it.

Optional: `command` and `query` on functions do the same with less to write. A class is worth its lines
where code sends the same command as the browser, and wants the result with its type.

```python
class Restock(Command, name="product.restock", allow=can_edit):
    product_id: str
    quantity: int = Field(gt=0)

    async def handle(self, user: User) -> Product: ...

class Stock(Query[int]):
    product_id: str

@handles(Stock)
def stock(query: Stock) -> int: ...

product = await dispatch(Restock(product_id="7", quantity=5))
```

This module imports pydantic; nothing else of the package does before its first call.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextvars import copy_context
from typing import Any, ClassVar, Generic, Protocol, overload

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypeVar

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.events.callers import Allow, Context, current_context, signed_in
from nitro_runtime.events.commands import find_command, register
from nitro_runtime.events.inputs import INJECTED, Input
from nitro_runtime.events.middleware import Call, Middleware, wrapped
from nitro_runtime.events.specs import CommandKind, CommandSpec, source_of
from nitro_runtime.naming import snake_case

R = TypeVar("R", default=Any)
T = TypeVar("T", covariant=True)
F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["Command", "Message", "Query", "dispatch", "dispatch_sync", "handles"]


class Message(BaseModel, Generic[R]):
    """What `Command` and `Query` share: fields that are checked and do not change, and a name.

    Attributes:
        __command_name__: What the browser calls.
        __command_kind__: ``"command"`` or ``"query"``.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    __command_name__: ClassVar[str] = ""
    __command_kind__: ClassVar[CommandKind] = "command"
    __command_allow__: ClassVar[Allow] = staticmethod(signed_in)

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        allow: Allow | None = None,
        middleware: Iterable[Middleware] = (),
        abstract: bool = False,
        **options: Any,  # noqa: ANN401 # pydantic's
    ) -> None:
        """Takes the keywords of a class; `__pydantic_init_subclass__` says what they are."""
        super().__init_subclass__(**options)

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        name: str | None = None,
        allow: Allow | None = None,
        middleware: Iterable[Middleware] = (),
        abstract: bool = False,
        **options: Any,  # noqa: ANN401 # pydantic's
    ) -> None:
        """Opens the class under its name.

        Args:
            name: What the browser calls; ``restock_product`` for ``RestockProduct`` when left out.
            allow: Who may call it from outside; as the class that it derives from when left out, by
                default whoever is signed in.
            middleware: What runs around it.
            abstract: Whether it only passes fields and methods on to others.
            options: Pydantic's own.

        Raises:
            ConfigurationError: The name does not fit or is taken, a field has a name that Nitro
                fills, or ``handle`` cannot be called.
        """
        super().__pydantic_init_subclass__(**options)
        cls.__command_name__ = ""
        if allow is not None:
            cls.__command_allow__ = staticmethod(allow)
        is_parametrised = cls.__pydantic_generic_metadata__["origin"] is not None
        if is_parametrised or abstract or cls.__module__ == __name__:
            return
        _refuse_filled(cls)
        cls.__command_name__ = name or snake_case(cls.__name__)
        register(_spec(cls, _own_handler(cls), middleware))


class Command(Message[R]):
    """Something to be done: a pydantic model with the event of its name, open to the browser.

    ``class Restock(Command, name=..., allow=..., middleware=...)``. Its handler is the method
    ``handle``, or a function with `handles`. It is sync, async, or a generator of patches, and gets by
    name those of ``ctx user request signals`` that it asks for. Unknown fields are refused.
    ``Command[Product]`` tells type checkers the result where no ``handle`` does.
    """


class Query(Message[R]):
    """Something to be told: as `Command`, but it changes nothing, may be asked by GET, and is not emitted.

    ``Query[int]`` says what the answer is.
    """

    __command_kind__: ClassVar[CommandKind] = "query"


def handles(message: type[Message[Any]]) -> Callable[[F], F]:
    """Makes a function the handler of a command or query.

    Its one parameter beside ``ctx user request signals`` gets the message.

    Raises:
        ConfigurationError: There is a handler already, or the function cannot be called so.
    """

    def handled(function: F) -> F:
        spec = _known(message)
        known = spec.function
        is_new = inspect.unwrap(known) is message
        if not is_new and source_of(known) != source_of(function):
            raise ConfigurationError(
                f"{message.__name__} has a handler already, {known.__qualname__}: several may react to "
                f"the event {spec.name!r} with @on, one handles it."
            )
        register(_spec(message, function, spec.middleware))
        return function

    return handled


class _Stepwise(Protocol):
    """A message whose handler yields patches."""

    @property
    def handle(self) -> Callable[..., Iterator[Any] | AsyncIterator[Any]]: ...


class _Waiting(Protocol[T]):
    """A message with a handler that is awaited."""

    @property
    def handle(self) -> Callable[..., Awaitable[T]]: ...


class _Plain(Protocol[T]):
    """A message with a handler that is not."""

    @property
    def handle(self) -> Callable[..., T]: ...


@overload
async def dispatch(message: _Stepwise, ctx: Context | None = None) -> None: ...
@overload
async def dispatch(message: _Waiting[T], ctx: Context | None = None) -> T: ...
@overload
async def dispatch(message: _Plain[T], ctx: Context | None = None) -> T: ...
@overload
async def dispatch(message: Message[R], ctx: Context | None = None) -> R: ...
async def dispatch(message: Any, ctx: Context | None = None) -> Any:
    """Has a command or query handled, and returns what its handler returns.

    Middleware runs around it, and a command is emitted afterwards, as when the browser calls.

    Args:
        message: The command or query.
        ctx: For whom. Then ``allow`` is asked. Without one, code is trusted: ``allow`` is not asked,
            and the context is the one of the command that this is called in, if there is one.

    Returns:
        What the handler returns; for a generator None, its patches have been delivered.

    Raises:
        ConfigurationError: There is no handler.
        Refused: 403, ``allow`` said no.
        Exception: What the handler raised; what the handlers of its event raised, in a group.
    """
    spec = _known(message.__class__)
    caller = ctx or current_context() or Context()
    fields = {name: getattr(message, name) for name in spec.input.fields}
    layers = spec.layers

    async def innermost(call: Call) -> Any:  # noqa: ANN401 # what the handler returns
        if ctx is not None:
            await spec.ask(fields, call.ctx)
        return await spec.perform(message, fields, call.ctx, ask=ctx is not None)

    call = Call(spec.name, spec.kind, caller, fields)
    return await (innermost if layers is None else wrapped(layers.outer, innermost))(call)


@overload
def dispatch_sync(message: _Stepwise, ctx: Context | None = None) -> None: ...
@overload
def dispatch_sync(message: _Waiting[T], ctx: Context | None = None) -> T: ...
@overload
def dispatch_sync(message: _Plain[T], ctx: Context | None = None) -> T: ...
@overload
def dispatch_sync(message: Message[R], ctx: Context | None = None) -> R: ...
def dispatch_sync(message: Any, ctx: Context | None = None) -> Any:
    """As `dispatch`, from code that cannot wait: a script, a thread, a plain handler.

    Where an event loop runs in this thread it does only what waits for nothing.

    Raises:
        ConfigurationError: An event loop runs here, and something of it is asynchronous.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            return runner.run(dispatch(message, ctx), context=copy_context())
    spec = _known(message.__class__)
    if not spec.needs_no_loop:
        raise ConfigurationError(
            f"An event loop runs here, and {spec.name!r} may have to wait: await dispatch(...) it."
        )
    running = dispatch(message, ctx)
    try:
        running.send(None)
    except StopIteration as done:
        return done.value
    finally:
        running.close()
    raise ConfigurationError(f"{spec.name!r} waited for something: await dispatch(...) it.")


def _known(message: type[Any]) -> CommandSpec:
    if not issubclass(message, Message):
        raise TypeError(f"A Command or a Query is dispatched, not {message.__name__}.")
    spec = find_command(message.__command_name__)
    if spec is None or spec.origin is not message:
        raise ConfigurationError(
            f"{message.__name__} is not a command or query that is in use: it is abstract, or another "
            "class took its place."
        )
    return spec


def _spec(
    message: type[Message[Any]],
    handler: Callable[..., Any] | None,
    middleware: Iterable[Middleware],
) -> CommandSpec:
    name, kind = message.__command_name__, message.__command_kind__
    function = handler or _missing(message)
    allow = message.__command_allow__
    taken = Input(name, function, message)
    return CommandSpec(name, kind, function, allow, taken, middleware, origin=message)


def _missing(message: type[Message[Any]]) -> Callable[..., Any]:
    """Stands for a handler until there is one."""

    def missing(message: Any) -> Any:  # noqa: ANN401 # as any handler
        name = type(message).__name__
        raise ConfigurationError(
            f"Nothing handles {name}: write `async def handle(self)` in it, or a function with "
            f"@handles({name}), in a module that is imported."
        )

    # what leads to the source of a handler leads to the class; its signature stays this one
    missing.__signature__ = inspect.signature(missing)  # pyright: ignore[reportFunctionMemberAccess] # inspect reads it
    missing.__wrapped__ = message  # pyright: ignore[reportFunctionMemberAccess] # inspect reads it
    return missing


def _refuse_filled(message: type[Message[Any]]) -> None:
    taken = INJECTED.intersection(message.model_fields)
    if taken:
        raise ConfigurationError(
            f"{message.__name__}.{min(taken)}: what is called so is filled by Nitro, never by the "
            "browser; call the field differently."
        )


def _own_handler(message: type[Message[Any]]) -> Callable[..., Any] | None:
    found = inspect.getattr_static(message, "handle", None)
    if found is None:
        return None
    if not inspect.isfunction(found):
        raise ConfigurationError(
            f"{message.__name__}.handle is what handles it, so it is a method: def handle(self)."
        )
    return found
