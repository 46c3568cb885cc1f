"""What an entity class offers and works out at its first use: ``Product.table``, ``Product.Input``, ..."""

from __future__ import annotations

import threading
from copy import copy
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, create_model

from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.settings import repository_named, settings
from nitro_runtime.errors import Unsupported

if TYPE_CHECKING:
    from sqlalchemy import Table

    from nitro_runtime.entities.repository import Repository
    from nitro_runtime.schema import EntityInfo

_lock = threading.RLock()


class _ClassAttribute:
    """A descriptor that puts its value in its own place when it is first asked for.

    Every entity class has descriptors of its own, so that none finds what its base class worked out,
    and from then on reading is as fast as any class attribute.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, entity: Any, owner: type[Any]) -> Any:  # noqa: ANN401 # as `make`
        with _lock:
            found = owner.__dict__.get(self._name)
            if found is None or found is self:
                found = self.make(owner)
                type.__setattr__(owner, self._name, found)
        return found

    def make(self, owner: type[Any]) -> Any:  # noqa: ANN401 # differs by attribute
        """Makes the value for a class."""
        raise NotImplementedError


class MapperAttribute(_ClassAttribute):
    """``Product.__nitro_mapper__``."""

    def make(self, owner: type[Any]) -> Mapper:
        """Works the class out."""
        return owner.__make_mapper__()


class EntityInfoAttribute(_ClassAttribute):
    """``Product.__entity__``."""

    def make(self, owner: type[Any]) -> EntityInfo:
        """Describes the class."""
        return owner.__nitro_mapper__.info


class PublicMapperAttribute(_ClassAttribute):
    """``Product.mapper``."""

    def make(self, owner: type[Any]) -> Mapper:
        """Returns what everything here uses."""
        return owner.__nitro_mapper__


class RepositoryAttribute:
    """``Product.repository``: found anew whenever the backends of the process change."""

    def __get__(self, entity: object, owner: type[Any]) -> Repository:
        cached: tuple[int, Repository] | None = owner.__dict__.get("__repository__")
        if cached is not None and cached[0] == settings.generation:
            return cached[1]
        # Read before the search: what is found may be old already when a thread configures now.
        generation = settings.generation
        found = repository_named(owner.__entity_options__.backend)
        for capability in _needed(owner.__nitro_mapper__):
            if capability not in found.capabilities:
                raise Unsupported(found.name, f"{capability}, which {owner.__name__} has")
        type.__setattr__(owner, "__repository__", (generation, found))
        return found


def _needed(mapper: Mapper) -> list[str]:
    """The capabilities without which a backend could be wrong about an entity and not know it."""
    unique = mapper.together or any(field.info.unique for field in mapper.fields.values())
    asked = {
        "ttl": mapper.options.ttl is not None,
        "unique": unique,
        "references": mapper.references,
    }
    return [capability for capability, needed in asked.items() if needed]


class TableAttribute(_ClassAttribute):
    """``Product.table``."""

    def make(self, owner: type[Any]) -> Table:
        """Builds the table."""
        from nitro_runtime.entities.sql.tables import build_table

        return build_table(owner.__nitro_mapper__)


class InputAttribute(_ClassAttribute):
    """``Product.Input`` and ``Product.PatchInput``."""

    def __init__(self, name: str, *, partial: bool) -> None:
        super().__init__(name)
        self._partial = partial

    def make(self, owner: type[Any]) -> type[BaseModel]:
        """Makes the schema."""
        fields: dict[str, Any] = {}
        for name, field in owner.__nitro_mapper__.fields.items():
            info = owner.__entity__.fields[name]
            if info.managed or info.secret or info.readonly or info.upload:
                continue  # a file comes as a file: a key that was sent could be anybody's
            own = copy(field.source)
            if self._partial:
                # A default is not validated: None stands for "left out" and is never dumped with
                # exclude_unset, while a null that was sent is still checked.
                own.default, own.default_factory = None, None
            fields[name] = (field.source.annotation, own)
        suffix = "PatchInput" if self._partial else "Input"
        return create_model(
            f"{owner.__name__}{suffix}",
            __config__=ConfigDict(extra="forbid", allow_inf_nan=False),
            __module__=owner.__module__,
            **fields,
        )


def class_attributes() -> dict[str, _ClassAttribute]:
    """Returns new descriptors for one class, by name."""
    return {
        "__nitro_mapper__": MapperAttribute("__nitro_mapper__"),
        "mapper": PublicMapperAttribute("mapper"),
        "__entity__": EntityInfoAttribute("__entity__"),
        "table": TableAttribute("table"),
        "Input": InputAttribute("Input", partial=False),
        "PatchInput": InputAttribute("PatchInput", partial=True),
    }
