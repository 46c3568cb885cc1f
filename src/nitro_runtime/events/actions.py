"""Actions: methods of entities, opened to the browser as commands.

```python
class Product(Entity):
    stock: int = 0

    @action(allow=can_edit)
    def restock(self, quantity: int) -> None:
        self.stock += quantity
        self.save()
```

opens ``product.restock`` with the fields ``id`` and ``quantity``; `product.restock(5)` stays what it was. The
method is opened once for each class with a table that has it, when that class is complete.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast, overload

from nitro_runtime import schema
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.events.callers import Allow, signed_in
from nitro_runtime.events.commands import NAME, register
from nitro_runtime.events.inputs import Input
from nitro_runtime.events.middleware import Middleware
from nitro_runtime.events.specs import CommandKind, CommandSpec
from nitro_runtime.naming import snake_case

M = TypeVar("M")

_MARK = "__nitro_action__"
_CHANGES = frozenset({"created", "updated", "deleted"})


@dataclass(frozen=True, slots=True)
class Action:
    """What was said where a method was opened.

    Attributes:
        kind: ``"command"``, or ``"query"`` for one that only reads.
        allow: Who may call it.
        middleware: What runs around it.
        names: The commands it was opened as, by entity class.
    """

    kind: CommandKind
    allow: Allow
    middleware: tuple[Middleware, ...]
    names: dict[type[Any], str]


@overload
def action(method: M, /) -> M: ...
@overload
def action(
    *,
    allow: Allow = signed_in,
    middleware: Iterable[Middleware] = (),
    kind: CommandKind = "command",
) -> Callable[[M], M]: ...
def action(
    method: Any = None,
    /,
    *,
    allow: Allow = signed_in,
    middleware: Iterable[Middleware] = (),
    kind: CommandKind = "command",
) -> Any:
    """Opens a method of an entity as ``<table>.<method>``: an instance's, a class's or a static one.

    Its parameters are the fields of the input, checked against their annotations; one annotated with
    an entity class takes its key and gets the entity. ``ctx``, `user`, ``request`` and ``signals`` are
    filled by Nitro, so give them defaults where code calls the method too. A method of an instance
    takes the key too (``id``, or the fields of a composite one), and is called on the entity that has it.
    It may be a coroutine function or a generator of patches; a result that a page cannot show is for
    code alone.

    Args:
        method: The method, for ``@action`` without brackets.
        allow: Who may call it from the browser; by default whoever is signed in. It gets what it names
            of those four, the fields and, for a method of an instance, ``entity``.
        middleware: What runs around it.
        kind: ``"query"`` for a method that only reads: it may be asked by GET, and is not emitted.

    Raises:
        ConfigurationError: What is decorated is no method; or, when its class is complete, it cannot
            be called by name, or its command's name is taken.
    """

    def marked(method: Any) -> Any:  # noqa: ANN401 # what it was given
        function = _function_of(method)
        if not inspect.isfunction(function):
            raise ConfigurationError(
                f"@action opens methods of entities, and {type(method).__name__} is none."
            )
        setattr(function, _MARK, Action(kind, allow, tuple(middleware), {}))
        return method

    return marked if method is None else marked(method)


def action_of(method: Any) -> Action | None:  # noqa: ANN401 # anything
    """Returns what was said of a method by `action`, bound or not; None for all else."""
    return getattr(_function_of(method), _MARK, None)


def action_name(method: Any) -> str | None:  # noqa: ANN401 # anything
    """Returns the command that a method was opened as; None when it cannot be told.

    ``product.restock`` and ``Product.archive_all`` know their class; a static method does when it was
    opened for one class alone, as does ``Product.restock`` without an entity.
    """
    found = action_of(method)
    if found is None:
        return None
    owner: Any = getattr(method, "__self__", None)
    if owner is not None:
        return found.names.get(owner if inspect.isclass(owner) else owner.__class__)
    names = list(found.names.values())
    return names[0] if len(names) == 1 else None


def _function_of(method: Any) -> Any:  # noqa: ANN401 # anything
    """Returns the function of a method, bound or not; anything else as it is.

    Nothing else is asked for an attribute: some complete their class when they are.
    """
    if isinstance(method, classmethod | staticmethod) or inspect.ismethod(method):
        return cast("Any", method).__func__
    return method


# -- opening ------------------------------------------------------------------------------------


def open_actions(entity: type[Any]) -> None:
    """Opens the actions of an entity class that was just made, inherited ones included.

    Raises:
        ConfigurationError: One cannot be opened.
    """
    found = list(_actions(entity))
    for name, _, _ in found:
        if name in _CHANGES:
            raise ConfigurationError(
                f"{entity.__name__}.{name} cannot be an action: its event would be the one that tells "
                "of a change. Call the method differently."
            )
    stem = _stem(entity) if found else ""
    specs = [_spec(f"{stem}.{name}", entity, held, marked) for name, held, marked in found]
    for spec, (_, _, marked) in zip(specs, found, strict=True):  # all of them can be opened
        register(spec)
        marked.names[entity] = spec.name


def _actions(entity: type[Any]) -> Iterator[tuple[str, Any, Action]]:
    """Yields the attributes of a class that are actions; one that was overridden is what it is now."""
    seen: set[str] = set()
    for holder in entity.__mro__:
        namespace: Mapping[str, Any] = vars(holder)
        # a copy: a class works some of its attributes out when it is first asked for them
        for name, held in tuple(namespace.items()):
            if name not in seen:
                seen.add(name)
                marked = action_of(held) if inspect.isfunction(_function_of(held)) else None
                if marked is not None:
                    yield name, held, marked


def _spec(name: str, entity: type[Any], held: Any, marked: Action) -> CommandSpec:  # noqa: ANN401 # a method
    is_instances = not isinstance(held, classmethod | staticmethod)
    # of a class's method the bound one: it knows its class, and `cls` is no field
    function: Any = held if is_instances else cast("Any", held).__get__(None, entity)
    taken = Input(name, function, instance_of=entity if is_instances else None)
    return CommandSpec(
        name,
        marked.kind,
        function,
        marked.allow,
        taken,
        marked.middleware,
        origin=(_function_of(held), entity),
    )


def _stem(entity: type[Any]) -> str:
    """The table, or the class where a table is called as no command can be."""
    table: str = cast("Any", entity).__entity_options__.table_name
    return table if NAME.fullmatch(table) else snake_case(entity.__name__)


schema.on_entity(open_actions)
