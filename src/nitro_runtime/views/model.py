"""What views need of entity classes, as protocols, and what they read out of them.

Views know entities by their description (`nitro_runtime.schema.EntityInfo`) and by these few verbs;
they never import the entities package, so any class with the same shape can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from operator import attrgetter
from typing import Any, Protocol, Self, TypeVar, cast
from urllib.parse import quote

from pydantic import BaseModel

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import (
    EntityInfo,
    FieldInfo,
    RelationInfo,
    find_entity,
    registered_entities,
)

T = TypeVar("T")


class RowsPage(Protocol):
    """One page of a query."""

    @property
    def items(self) -> Sequence[Any]:
        """The entities on it."""
        ...

    @property
    def number(self) -> int:
        """Which page, from 1: the last one when a number past the end was asked for."""
        ...

    @property
    def total(self) -> int:
        """How many entities all pages have together."""
        ...


class Rows(Protocol):
    """A lazy query: each method gives a new one, and nothing is read before the end."""

    def where(self, *criteria: Any, **lookups: Any) -> Self:  # noqa: ANN401 # any value compares
        """Returns the query with further criteria."""
        ...

    def search(self, text: str, *fields: str) -> Self:
        """Returns the query for rows in which every word of the text occurs."""
        ...

    def order_by(self, *names: str) -> Self:
        """Returns the query in this order; ``-name`` is descending."""
        ...

    def then_stored(self, *, newest: bool = False) -> Self:
        """Returns the query with rows that are equal in the order as they were stored."""
        ...

    def include(self, *names: str) -> Self:
        """Returns the query with these relations loaded."""
        ...

    def limit(self, count: int, /) -> Self:
        """Returns the query for at most so many rows."""
        ...

    def offset(self, count: int, /) -> Self:
        """Returns the query without the first so many rows."""
        ...

    def all(self) -> Iterable[Any]:
        """Reads the rows."""
        ...

    def count(self) -> int:
        """Counts the rows."""
        ...

    def page(self, number: int, size: int, /) -> RowsPage:
        """Reads one page, from 1; a number past the end gives the last page."""
        ...

    async def apage(self, number: int, size: int, /) -> RowsPage:
        """Reads one page without blocking the event loop."""
        ...

    async def aall(self) -> Sequence[Any]:
        """Reads the rows without blocking the event loop."""
        ...

    async def acount(self) -> int:
        """Counts the rows without blocking the event loop."""
        ...


class EntityLike(Protocol):
    """One entity, as forms, tables and cards use it."""

    @property
    def __entity__(self) -> EntityInfo: ...

    def save(self) -> Any:  # noqa: ANN401 # the entity itself or nothing
        """Validates and saves the entity; it may block."""
        ...

    def update(self, **values: Any) -> Any:  # noqa: ANN401 # the entity itself or nothing
        """Assigns the values, validates and saves; it may block."""
        ...

    async def asave(self) -> Any:  # noqa: ANN401 # the entity itself or nothing
        """Validates and saves the entity."""
        ...

    async def aupdate(self, **values: Any) -> Any:  # noqa: ANN401 # the entity itself or nothing
        """Assigns the values, validates and saves."""
        ...

    async def aload(self, *relations: str) -> Any:  # noqa: ANN401 # the entity itself or nothing
        """Reads relations, so that asynchronous code may show them."""
        ...


class EntityClass(Protocol):
    """An entity class, as forms, tables and cards use it."""

    @property
    def __entity__(self) -> EntityInfo: ...

    @property
    def Input(self) -> type[BaseModel]:
        """The schema of outside data for a new entity."""
        ...

    @property
    def PatchInput(self) -> type[BaseModel]:
        """The schema of outside data for a change."""
        ...

    def __call__(self, **values: Any) -> EntityLike:  # noqa: ANN401 # validated by it
        """Makes a new entity, not saved yet."""
        ...

    def all(self) -> Rows:
        """Returns the query for all rows."""
        ...

    def find(self, key: Any, /) -> Any:  # noqa: ANN401 # an entity or None
        """Returns the entity with this key, or None."""
        ...

    def __transaction__(self) -> AbstractAsyncContextManager[object] | None:
        """Returns a block for verbs of coroutines in one transaction; None where there are none."""
        ...

    async def __together__(self, work: Callable[[], T]) -> T:
        """Does the work in one transaction, without blocking the event loop.

        Args:
            work: What to do, with verbs that may block; what it raises undoes all of it.
        """
        ...

    async def afind(self, key: Any, /) -> Any:  # noqa: ANN401 # an entity or None
        """Returns the entity with this key, or None, without blocking the event loop."""
        ...


def entity_class(entity: object) -> EntityClass:
    """Returns the class with the protocol's type, after a look that it describes itself.

    Args:
        entity: An entity class or the registered name of one.

    Raises:
        ViewError: It is no entity class.
    """
    found = find_entity(entity) if isinstance(entity, str) else entity
    if not isinstance(getattr(found, "__entity__", None), EntityInfo):
        shown = getattr(entity, "__name__", entity)
        near = ""
        if isinstance(entity, str):
            near = suggestion(entity, [info_of(known).name for known in registered_entities()])
        raise ViewError(f"{shown!r} is not an entity class; a view needs one.{near}")
    if not isinstance(found, type):
        name = info_of(found).name
        raise ViewError(f"A view of this kind is made for the class {name}, not for one {name}.")
    return cast("EntityClass", found)


def info_of(entity: object) -> EntityInfo:
    """Returns the description of an entity or an entity class."""
    return cast("EntityLike", entity).__entity__


def stem_of(info: EntityInfo) -> str:
    """Returns what element ids begin with: ``order-item``."""
    return info.table.replace("_", "-")


def key_of(entity: object) -> str:
    """Returns the key of an entity as it stands in addresses; parts are joined by a comma."""
    return ",".join([_quoted(str(getattr(entity, name))) for name in info_of(entity).key])


def key_getter(info: EntityInfo) -> Callable[[Any], str]:
    """Returns what gives the keys of many entities of one class, as `key_of` does, at half its time."""
    if len(info.key) != 1:
        return key_of
    value_of = attrgetter(info.key[0])

    def get(entity: object) -> str:
        text = str(value_of(entity))
        return text if _QUOTED_AS_IT_IS(text) else quote(text, safe="")

    return get


_QUOTED_AS_IT_IS = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch
"""What `quote` would not change, told at a third of its time."""


def _quoted(text: str) -> str:
    return text if _QUOTED_AS_IT_IS(text) else quote(text, safe="")


def list_address(info: EntityInfo) -> str:
    """Returns the address of the list, ``/products``."""
    return f"/{info.slug}"


def address_of(entity: object) -> str:
    """Returns the address of one entity, ``/products/7``."""
    return f"/{info_of(entity).slug}/{key_of(entity)}"


_pages: set[str] = set()


def open_pages(address: str) -> None:
    """Says that there are pages at an address, ``/products``, so that cells link to them.

    The registry of an app does this for each of its resources.
    """
    _pages.add(address)


def has_pages(info: EntityInfo) -> bool:
    """Whether an entity is known to have pages of its own."""
    return list_address(info) in _pages


def label_field(info: EntityInfo) -> str | None:
    """Returns the name of the field that people know an entity by: its first plain text field."""
    known = _label_fields.get(id(info))
    if known is None:
        known = _label_fields[id(info)] = (info, _find_label_field(info))
    return known[1]


_label_fields: dict[int, tuple[EntityInfo, str | None]] = {}
"""By the identity of a description, which is kept beside: it is one a class, and has no hash."""


def _find_label_field(info: EntityInfo) -> str | None:
    for name, field in info.fields.items():
        if field.type is str and not (
            field.managed or field.key or field.reference or field.upload or is_private(field)
        ):
            return name
    return None


def label_of(entity: object) -> str:
    """Returns what people know an entity by: its first text, or ``Order item 7``."""
    info = info_of(entity)
    name = label_field(info)
    text = str(getattr(entity, name) or "") if name else ""
    return text or f"{info.label} {key_of(entity)}"


def links_of(info: EntityInfo, relation: RelationInfo) -> str:
    """Returns the table with the links of a relation of many to many, the topic of their changes."""
    if relation.through is not None:
        return relation.through
    other = entity_class(relation.target).__entity__.relations.get(relation.reverse_of or "")
    if other is None or other.through is None:
        raise ViewError(
            f"{info.name}.{relation.name} is the other side of {relation.target}."
            f"{relation.reverse_of}, which is no many_to_many of its own."
        )
    return other.through


def is_private(field: FieldInfo) -> bool:
    """Whether a field is shown only on request, or never."""
    return field.secret or field.hidden


def target_of(info: EntityInfo, field: FieldInfo) -> EntityClass:
    """Returns the entity class that a foreign key refers to.

    Raises:
        ViewError: The class is not defined (yet).
    """
    relation = info.relations.get(field.relation or "")
    table = (field.reference or "").partition(".")[0]
    found = find_entity(relation.target) if relation else None
    found = found or find_entity(table)
    if found is None:
        raise ViewError(
            f"{info.name}.{field.name} refers to {table!r}, and no such entity is defined;"
            " import its module first."
        )
    return entity_class(found)
