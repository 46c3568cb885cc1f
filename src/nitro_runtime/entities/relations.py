"""`belongs_to`, `has_many` and `has_one`: the other entities that an entity knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast, overload

from nitro_runtime.entities.criteria import Criterion, Either, Linked
from nitro_runtime.entities.writers import running_loop
from nitro_runtime.errors import (
    EntityDefinitionError,
    EntityError,
    InvalidQuery,
    NotLoaded,
    suggestion,
)
from nitro_runtime.naming import snake_case
from nitro_runtime.schema import RelationInfo, find_entity, registered_entities

if TYPE_CHECKING:
    from nitro_runtime.entities.queryset import QuerySet

T = TypeVar("T")
KEYS_AT_ONCE = 10_000
"""How many keys one question asks for, in IN (...): below the least limit of any database."""


class Relation:
    """What all relations have in common: a name and another entity."""

    kind: str = ""

    def __init__(self, target: str | type[Any], field: str | None) -> None:
        self._target = target
        self._field = field
        self.name: str = ""
        self.owner: type[Any] | None = None

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name
        self.owner = owner

    @property
    def target_name(self) -> str:
        """The class name of the other entity."""
        return self._target if isinstance(self._target, str) else self._target.__name__

    def target(self) -> type[Any]:
        """Returns the other entity's class.

        Raises:
            EntityDefinitionError: No entity of this name has been defined.
        """
        if not isinstance(self._target, str):
            return self._target
        found = find_entity(self._target)
        if found is None:
            known = [entity.__name__ for entity in registered_entities()]
            owner = self.owner.__name__ if self.owner else "?"
            raise EntityDefinitionError(
                f"{owner}.{self.name} names the entity {self._target!r}, which is not defined or "
                f"not imported.{suggestion(self._target, known)}"
            )
        return found

    def leads_to(self, other: object) -> bool:
        """Whether something is an entity of the other class, of which there may be two in a console."""
        options = getattr(other, "__entity_options__", None)
        wanted = self.target().__entity_options__.table_name
        return options is not None and options.table_name == wanted

    def info(self, owner: type[Any]) -> RelationInfo:
        """Returns the relation as data."""
        return RelationInfo(self.name, self.kind, self.target_name, self.field_of(owner))

    def field_of(self, owner: type[Any]) -> str:
        """Returns the foreign key that carries the relation."""
        raise NotImplementedError

    def linking(self, owner: type[Any], where: Criterion) -> Criterion:
        """Returns the criterion of the owner's rows that lead to a row which fulfils another."""
        raise NotImplementedError


class BelongsTo(Relation, Generic[T]):
    """The entity that a foreign key of this one points at; None when the key is None."""

    kind: str = "belongs_to"

    def field_of(self, owner: type[Any]) -> str:
        """Returns the foreign key of the owner: ``category_id`` for ``category``."""
        return self._field or f"{self.name}_id"

    def linking(self, owner: type[Any], where: Criterion) -> Criterion:
        """Returns the criterion of the owner's rows that lead to a row which fulfils another."""
        target = self.target()
        return Linked(self.field_of(owner), target, target.__nitro_mapper__.key, where)

    @overload
    def __get__(self, entity: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, entity: object, owner: type[Any]) -> T: ...
    def __get__(self, entity: Any, owner: type[Any]) -> Any:
        if entity is None:
            return self
        key = entity.__dict__.get(self.field_of(owner))
        if key is None:
            return None
        known = entity.__related__.get(self.name)
        if known is not None and known.__dict__[key_of(known)] == key:
            return known
        if running_loop() is not None:
            raise NotLoaded(owner.__name__, self.name)
        return self.remember(entity, self.target().find(key))

    def __set__(self, entity: Any, value: Any) -> None:  # noqa: ANN401 # entities
        key = key_for(self, value)
        setattr(entity, self.field_of(class_of([entity])), key)
        self.remember(entity, value)

    def remember(self, entity: Any, value: Any) -> Any:  # noqa: ANN401 # entities
        """Keeps the loaded entity, until the key changes."""
        entity.__related__[self.name] = value
        return value

    def load(self, entities: list[Any], rest: tuple[str, ...]) -> None:
        """Loads the relation of many entities with one query."""
        target: Any = self.target()
        field = self.field_of(class_of(entities))
        keys = list(dict.fromkeys(e.__dict__[field] for e in entities))
        found: dict[Any, Any] = {}
        for others in in_chunks(
            target, target.__nitro_mapper__.key, [k for k in keys if k is not None], rest
        ):
            found.update((other.__dict__[target.__nitro_mapper__.key], other) for other in others)
        for entity in entities:
            self.remember(entity, found.get(entity.__dict__[field]))


class HasMany(Relation, Generic[T]):
    """The entities whose foreign key points at this one, as a query set."""

    kind: str = "has_many"

    def field_of(self, owner: type[Any]) -> str:
        """Returns the foreign key of the others: ``category_id`` for a ``Category``."""
        return self._field or f"{snake_case(owner.__name__)}_id"

    def linking(self, owner: type[Any], where: Criterion) -> Criterion:
        """Returns the criterion of the owner's rows that lead to a row which fulfils another."""
        return Linked(owner.__nitro_mapper__.key, self.target(), self.field_of(owner), where)

    @overload
    def __get__(self, entity: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, entity: object, owner: type[Any]) -> QuerySet[T]: ...
    def __get__(self, entity: Any, owner: type[Any]) -> Any:
        if entity is None:
            return self
        known = entity.__related__.get(self.name)
        if known is not None:
            return known
        key = entity.__dict__[key_of(entity)]
        if key is None:  # not stored yet: nobody can belong to it
            return self.target().where(Either(()))
        return self.target().where(**{self.field_of(owner): key})

    def load(self, entities: list[Any], rest: tuple[str, ...]) -> None:
        """Loads the relation of many entities with one query."""
        field, key = self.field_of(class_of(entities)), key_of(entities[0])
        groups: dict[Any, list[Any]] = {entity.__dict__[key]: [] for entity in entities}
        for others in in_chunks(self.target(), field, list(groups), rest):
            for other in others:
                groups[other.__dict__[field]].append(other)
        for entity in entities:
            own = entity.__dict__[key]
            query = self.target().where(**{field: own})
            entity.__related__[self.name] = query.holding(groups[own])


class HasOne(Relation, Generic[T]):
    """The entity whose foreign key points at this one, as at most one does; None without it."""

    kind: str = "has_one"

    def field_of(self, owner: type[Any]) -> str:
        """Returns the foreign key of the other: ``user_id`` for a ``User``."""
        return self._field or f"{snake_case(owner.__name__)}_id"

    @overload
    def __get__(self, entity: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, entity: object, owner: type[Any]) -> T | None: ...
    def __get__(self, entity: Any, owner: type[Any]) -> Any:
        if entity is None:
            return self
        if self.name in entity.__related__:
            return entity.__related__[self.name]
        key = entity.__dict__[key_of(entity)]
        if key is None:  # not stored yet: nobody can belong to it
            return None
        if running_loop() is not None:
            raise NotLoaded(owner.__name__, self.name)
        found = self.target().first(**{self.field_of(owner): key})
        entity.__related__[self.name] = found
        return found

    def load(self, entities: list[Any], rest: tuple[str, ...]) -> None:
        """Loads the relation of many entities with one query."""
        field, key = self.field_of(class_of(entities)), key_of(entities[0])
        keys = [entity.__dict__[key] for entity in entities]
        found: dict[Any, Any] = {}
        for others in in_chunks(self.target(), field, keys, rest):
            found.update((other.__dict__[field], other) for other in others)
        for entity in entities:
            entity.__related__[self.name] = found.get(entity.__dict__[key])


def key_for(relation: Relation, other: Any) -> Any:  # noqa: ANN401 # an entity or None, and its key
    """Returns the foreign key that points at an entity.

    Raises:
        EntityError: It is something else, or gets its key from the database and is not stored yet.
    """
    if other is None:
        return None
    if not relation.leads_to(other):
        given = type(other).__name__ if hasattr(other, "__entity__") else repr(other)
        raise EntityError(
            f"{relation.name} takes a {relation.target_name}, not {given}; a key alone is given to "
            "the field of the foreign key."
        )
    key = other.__dict__[key_of(other)]
    if key is None:
        raise EntityError(
            f"Save the {type(other).__name__} before it becomes the {relation.name} of something: "
            "it has no key yet."
        )
    return key


def key_of(entity: Any) -> str:  # noqa: ANN401 # any entity
    """Returns the name of an entity's key."""
    return entity.__nitro_mapper__.key


def class_of(entities: list[Any]) -> type[Any]:
    """Returns the class of entities that are all of one class."""
    first: object = entities[0]
    return type(first)


def in_chunks(
    target: type[Any], field: str, keys: list[Any], rest: tuple[str, ...]
) -> list[list[Any]]:
    """Reads the entities whose field is one of the keys, with relations of theirs, by chunks."""
    query = target.all().include(*rest) if rest else target.all()
    return [
        query.where(**{f"{field}__in": keys[start : start + KEYS_AT_ONCE]}).all()
        for start in range(0, len(keys), KEYS_AT_ONCE)
    ]


@overload
def belongs_to(target: type[T], field: str | None = None) -> BelongsTo[T]: ...
@overload
def belongs_to(target: str, field: str | None = None) -> BelongsTo[Any]: ...
def belongs_to(target: str | type[Any], field: str | None = None) -> BelongsTo[Any]:
    """Declares the entity that a foreign key points at.

    ``category = belongs_to("Category")`` beside the field ``category_id``.

    Args:
        target: The other entity, by class or by class name.
        field: The foreign key; the attribute's name and ``_id`` when left out.
    """
    return BelongsTo(target, field)


@overload
def has_many(target: type[T], field: str | None = None) -> HasMany[T]: ...
@overload
def has_many(target: str, field: str | None = None) -> HasMany[Any]: ...
def has_many(target: str | type[Any], field: str | None = None) -> HasMany[Any]:
    """Declares the entities that point at this one.

    ``products = has_many("Product")``, where a product has the field ``category_id``.

    Args:
        target: The other entity, by class or by class name.
        field: Its foreign key; this class's name in snake case and ``_id`` when left out.
    """
    return HasMany(target, field)


@overload
def has_one(target: type[T], field: str | None = None) -> HasOne[T]: ...
@overload
def has_one(target: str, field: str | None = None) -> HasOne[Any]: ...
def has_one(target: str | type[Any], field: str | None = None) -> HasOne[Any]:
    """Declares the one entity that points at this one.

    ``profile = has_one("Profile")``, where a profile has the unique field ``user_id``.

    Args:
        target: The other entity, by class or by class name.
        field: Its foreign key; this class's name in snake case and ``_id`` when left out.
    """
    return HasOne(target, field)


def relations_of(owner: type[Any]) -> dict[str, Relation]:
    """Returns the relations of a class and its bases by name."""
    found: dict[str, Relation] = {}
    for base in reversed(owner.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Relation):
                found[name] = value
            else:
                found.pop(name, None)
    return found


class Loadable(Protocol):
    """A relation that can be loaded for many entities at once."""

    def load(self, entities: list[Any], rest: tuple[str, ...]) -> None:
        """Loads it with a fixed number of queries, and further relations of what it loads."""
        ...


def relation_named(owner: type[Any], name: str) -> Loadable:
    """Returns a relation by name.

    Raises:
        InvalidQuery: The class has no such relation.
    """
    relations = relations_of(owner)
    if name not in relations:
        raise InvalidQuery(
            f"{owner.__name__} has no relation {name!r}.{suggestion(name, relations)}"
        )
    return cast("Loadable", relations[name])


def load_relations(entities: list[Any], names: tuple[str, ...]) -> None:
    """Loads relations of entities of one class, one query for each; ``a.b`` loads b of every a.

    A relation of many to many takes two queries.
    """
    if not entities:
        return
    nested: dict[str, list[str]] = {}
    for name in names:
        first, dot, rest = name.partition(".")
        nested.setdefault(first, [])
        if dot:
            nested[first].append(rest)
    for first, rest in nested.items():
        relation_named(class_of(entities), first).load(entities, tuple(rest))
