"""Which hooks a class has: methods of its own that run with each save and delete."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from nitro_runtime.errors import EntityDefinitionError

SAVING = ("before_save", "after_save")
DELETING = ("before_delete", "after_delete")


def has_hooks(entity: type[Any], names: tuple[str, ...], base: type[Any]) -> bool:
    """Whether a class has one of these hooks of its own, apart from those of `Entity` that do nothing.

    Args:
        entity: The class.
        names: `SAVING` or `DELETING`.
        base: `Entity`.

    Raises:
        EntityDefinitionError: A hook could not run: it is no plain method, or `Entity` hides it.
    """
    return any([_has(entity, name, base) for name in names])


def _has(entity: type[Any], name: str, base: type[Any]) -> bool:
    order = entity.__mro__
    holders = [one for one in order if name in vars(one)]
    if holders[-1] is not base:
        late = holders[-1].__name__
        raise EntityDefinitionError(
            f"{late}.{name} would never run for {entity.__name__}, as Entity stands before {late}: "
            f"write `class {entity.__name__}({late}, Entity):`."
        )
    for holder in holders[:-1]:
        _refuse_unusable(holder, name, vars(holder))
    return len(holders) > 1


def _refuse_unusable(holder: type[Any], name: str, namespace: Mapping[str, Any]) -> None:
    method = namespace[name]
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise EntityDefinitionError(
            f"{holder.__name__}.{name} is a coroutine function, and a hook runs inside the write: "
            f"write `def {name}(self)`, and do what awaits in a handler of the entity's event."
        )
    if not inspect.isfunction(method) or inspect.isgeneratorfunction(method):
        raise EntityDefinitionError(
            f"{holder.__name__}.{name} is a hook and so a plain method: write `def {name}(self)`."
        )
