"""Which view classes an application declared for its entities, and those made for the others.

A view class registers itself when it is defined. Among several for one entity, the one named after
it (``ProductForm``) is the entity's own, else the first.
"""

from __future__ import annotations

from types import new_class
from typing import Any, Literal

from nitro_runtime.views.model import entity_class, info_of

Kind = Literal["Form", "Table", "Card", "Detail"]

_declared: dict[tuple[Kind, object], type[Any]] = {}
_automatic: dict[tuple[Kind, object], type[Any]] = {}


def declare(kind: Kind, view: type[Any], entity: object) -> None:
    """Registers a declared view class for its entity.

    Raises:
        ViewError: Its entity is no entity class.
    """
    info = info_of(entity_class(entity))
    place = (kind, entity)
    known = _declared.get(place)
    if known is None or view.__name__ == f"{info.name}{kind}" or _same(known, view):
        _declared[place] = view


def _same(known: type[Any], view: type[Any]) -> bool:
    """Whether a class is the other one, defined again by a reload."""
    return (known.__module__, known.__qualname__) == (view.__module__, view.__qualname__)


def declared(kind: Kind, entity: object) -> type[Any] | None:
    """Returns the view class that the application declared for an entity class, or None."""
    return _declared.get((kind, entity))


def automatic(kind: Kind, base: type[Any], entity: object) -> type[Any]:
    """Returns the view class made from an entity alone, the same one each time."""
    place = (kind, entity)
    found = _automatic.get(place)
    if found is None:
        name = f"{info_of(entity_class(entity)).name}{kind}"
        namespace = {"entity": entity, "automatic": True, "__module__": __name__}
        found = _automatic[place] = new_class(
            name, (base,), {}, lambda body: body.update(namespace)
        )
    return found
