"""What an entity looks like, as plain data: the one description that storage and views share.

Entities describe themselves with these frozen values (``Product.__entity__``); views read them and
so need not import the entities package. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

MISSING: Any = object()
"""The default of a field that has none."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of an entity.

    Attributes:
        name: The Python name.
        type: The Python type without ``None``: ``str``, ``Decimal``, an ``Enum`` class, ...
        nullable: Whether ``None`` is a value.
        default: The default value, or `MISSING` (also when a factory makes it).
        has_default: Whether the field may be left out at construction.
        key: Whether it is (part of) the primary key.
        managed: Whether Nitro sets it (``id``, ``version``, timestamps); never part of a form.
        secret: Never sent to a browser and never taken from one.
        readonly: Shown, never taken from a browser.
        hidden: Not shown in tables, forms and cards unless asked for.
        search: Taken into full-text style search (``QuerySet.search``).
        sort: Whether a table may be sorted by it.
        unique: Whether no two entities may have the same value.
        multiline: Whether a text may have several lines.
        reference: ``"category.id"`` for a foreign key, else None.
        relation: The name of the ``belongs_to`` attribute over this foreign key, else None.
        max_length: Longest text in characters, or None.
        min_length: Shortest text in characters, or None.
        minimum: Least value, inclusive, or None.
        maximum: Greatest value, inclusive, or None.
        max_digits: Digits of a Decimal in all, or None.
        decimal_places: Digits of a Decimal after the point, or None.
        pattern: A regular expression that a text must match, or None.
        upload: ``"file"`` or ``"image"`` when it is the key of an uploaded file, else None.
        label: What people call it ("Available from").
        help: One sentence of help, or None.
    """

    name: str
    type: Any
    label: str
    nullable: bool = False
    default: Any = MISSING
    has_default: bool = False
    key: bool = False
    managed: bool = False
    secret: bool = False
    readonly: bool = False
    hidden: bool = False
    search: bool = False
    sort: bool = True
    unique: bool = False
    multiline: bool = False
    reference: str | None = None
    relation: str | None = None
    max_length: int | None = None
    min_length: int | None = None
    minimum: Any = None
    maximum: Any = None
    max_digits: int | None = None
    decimal_places: int | None = None
    pattern: str | None = None
    help: str | None = None
    upload: str | None = None


@dataclass(frozen=True, slots=True)
class RelationInfo:
    """A relation of an entity.

    Attributes:
        name: The attribute, ``category``.
        kind: ``"belongs_to"``, ``"has_many"``, ``"has_one"`` or ``"many_to_many"``.
        target: The class name of the other entity, ``"Category"``.
        field: The foreign key that carries it, ``"category_id"``; empty for many to many.
        reverse_of: The relation of the other entity whose links this one shares, or None.
        through: The table with the links of many to many, or None when the other side has it.
    """

    name: str
    kind: str
    target: str
    field: str
    reverse_of: str | None = None
    through: str | None = None


@dataclass(frozen=True, slots=True)
class EntityInfo:
    """An entity class as data.

    Attributes:
        name: The class name, ``OrderItem``.
        table: The table, also the topic of its changes and the stem of its events: ``order_item``.
        slug: The plural in addresses: ``order-items``.
        label: "Order item".
        plural: "Order items".
        fields: By name, in order of declaration, managed ones included.
        relations: By name.
        key: The names of the primary key's fields.
    """

    name: str
    table: str
    slug: str
    label: str
    plural: str
    fields: Mapping[str, FieldInfo]
    relations: Mapping[str, RelationInfo] = field(default_factory=dict[str, RelationInfo])
    key: tuple[str, ...] = ("id",)


_entities: dict[str, type[Any]] = {}
_generation = 0
_openers: list[Callable[[type[Any]], object]] = []


def on_entity(opener: Callable[[type[Any]], object]) -> None:
    """Calls something with every entity class that is complete, also with those that are there already.

    Of its fields it may ask the names only: what they are annotated with may not be defined yet. What
    it raises leaves the class statement. It is held for the life of the process.
    """
    _openers.append(opener)
    for entity in registered_entities():
        opener(entity)


def complete_entity(entity: type[Any]) -> None:
    """Says that an entity class is complete, before it is known under its names."""
    for opener in _openers:
        opener(entity)


def register_entity(name: str, entity: type[Any]) -> None:
    """Makes an entity class known under a name; a later class of the same name replaces it."""
    global _generation
    _entities[name] = entity
    _generation += 1


def entities_generation() -> int:
    """Returns a number that is another one when other classes are known than before."""
    return _generation


def find_entity(name: str) -> type[Any] | None:
    """Returns the entity class registered under a class or table name, or None."""
    return _entities.get(name)


def registered_entities() -> list[type[Any]]:
    """Returns every entity class that has been defined, each once, in order of definition."""
    return list(dict.fromkeys(_entities.values()))


@contextmanager
def known_entities(entities: Iterable[type[Any]] = ()) -> Generator[None]:
    """Has no other entities known by name inside the block; what is defined there is known there alone.

    For suites of tests, whose entities must not meet those of an app. Not safe across threads.
    """
    global _generation
    before = dict(_entities)
    _entities.clear()
    _generation += 1
    given = tuple(entities)
    for entity in given:
        register_entity(entity.__name__, entity)
    for entity in given:  # which may ask for one another by name
        register_entity(entity.__entity__.table, entity)
    try:
        yield
    finally:
        _entities.clear()
        _entities.update(before)
        _generation += 1


def humanize(name: str) -> str:
    """Returns a field's name as people write it: ``available_from`` as ``Available from``."""
    words = name.removesuffix("_id").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
