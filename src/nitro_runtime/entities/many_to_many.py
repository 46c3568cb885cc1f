"""`many_to_many`: many entities on both sides, linked by an entity of their own between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload

from nitro_runtime.entities.criteria import Comparison, Criterion, Either, Linked
from nitro_runtime.entities.relations import (
    Relation,
    class_of,
    in_chunks,
    key_for,
    key_of,
    relations_of,
)
from nitro_runtime.entities.repository import Query
from nitro_runtime.errors import EntityDefinitionError, EntityError, suggestion
from nitro_runtime.naming import link_names, pascal_case
from nitro_runtime.schema import (
    RelationInfo,
    find_entity,
    register_entity,
    registered_entities,
)

if TYPE_CHECKING:
    from nitro_runtime.entities.related import RelatedSet

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """The entity between many and many, as one of its sides sees it.

    Attributes:
        entity: ``ProductTag``.
        left: Its field with the key of this side, ``product_id``.
        right: Its field with the key of the other side, ``tag_id``.
    """

    entity: type[Any]
    left: str
    right: str

    def turned(self) -> Link:
        """Returns the link as the other side sees it."""
        return Link(self.entity, self.right, self.left)


@dataclass(frozen=True, slots=True)
class Pending:
    """The others of an entity that is not stored yet: they are linked when it is.

    Attributes:
        others: Entities or keys.
    """

    others: tuple[Any, ...]


class ManyToMany(Relation, Generic[T]):
    """The entities that this one is linked with, as a query set that can be added to."""

    kind: str = "many_to_many"

    def __init__(
        self, target: str | type[Any], reverse_of: str | None, through: str | type[Any] | None
    ) -> None:
        super().__init__(target, None)
        self._reverse_of = reverse_of
        self._through = through
        self._links: dict[type[Any], Link] = {}

    def info(self, owner: type[Any]) -> RelationInfo:
        """Returns the relation as data; the other entity need not be defined yet."""
        through = None if self._reverse_of else self._table(owner)
        return RelationInfo(self.name, self.kind, self.target_name, "", self._reverse_of, through)

    def field_of(self, owner: type[Any]) -> str:
        """Returns the link's foreign key to this side."""
        return self.link(owner).left

    # -- the entity between -----------------------------------------------------------------------

    def _table(self, owner: type[Any]) -> str:
        if self._through is None:
            return link_names(owner.__entity_options__.table_name, self.name)[0]
        entity = self._named_through()
        return entity.__entity_options__.table_name

    def link(self, owner: type[Any]) -> Link:
        """Returns the entity between, made at its first use.

        Raises:
            EntityDefinitionError: The other side or the named entity does not fit.
        """
        found = self._links.get(owner)
        if found is None:
            found = self._links[owner] = self._find(owner)
        if find_entity(found.entity.__name__) is not found.entity:
            _register(found.entity)
        return found

    def _find(self, owner: type[Any]) -> Link:
        if self._reverse_of is not None:
            return self._other_side(owner).link(self.target()).turned()
        if self._through is not None:
            return self._declared(owner, self._named_through())
        return self._made(owner)

    def _other_side(self, owner: type[Any]) -> ManyToMany[Any]:
        known = relations_of(self.target())
        other = known.get(self._reverse_of or "")
        if not isinstance(other, ManyToMany) or other._reverse_of is not None:
            hint = suggestion(self._reverse_of or "", known)
            raise EntityDefinitionError(
                f"{owner.__name__}.{self.name} is the other side of {self.target_name}."
                f"{self._reverse_of}, which is no many_to_many of its own.{hint}"
            )
        return cast("ManyToMany[Any]", other)

    def _named_through(self) -> type[Any]:
        if not isinstance(self._through, str):
            return cast("type[Any]", self._through)
        found = find_entity(self._through)
        if found is None:
            raise EntityDefinitionError(
                f"{self.name} goes through {self._through!r}, which is not defined or not imported."
            )
        return found

    def _declared(self, owner: type[Any], entity: type[Any]) -> Link:
        """Finds the two foreign keys of an entity that somebody wrote."""
        references = entity.__nitro_mapper__.references
        left = [name for name, table, *_ in references if table == _table_of(owner)]
        right = [name for name, table, *_ in references if table == _table_of(self.target())]
        right = [name for name in right if name not in left[:1]]
        if not left or not right:
            raise EntityDefinitionError(
                f"{owner.__name__}.{self.name} goes through {entity.__name__}, which needs a "
                f"foreign key to {_table_of(owner)} and one to {_table_of(self.target())}."
            )
        return Link(entity, left[0], right[0])

    def _made(self, owner: type[Any]) -> Link:
        from nitro_runtime.entities.entity import Entity
        from nitro_runtime.entities.fields import Field
        from nitro_runtime.entities.metaclass import EntityMeta

        target = self.target()
        table, left, right = link_names(_table_of(owner), self.name)
        known = find_entity(table)
        if known is not None and not hasattr(known, "__nitro_link__"):
            raise EntityDefinitionError(
                f"{owner.__name__}.{self.name} would keep its links in {table!r}, which is an "
                f"entity already; write many_to_many(..., through={pascal_case(table)!r}) to use it."
            )
        ends = {left: owner, right: target}
        namespace: dict[str, Any] = {
            "__module__": owner.__module__,
            "__qualname__": pascal_case(table),
            "__doc__": f"Links each {owner.__name__} with its {self.name}.",
            "__nitro_link__": True,
            "__annotations__": {name: _key_type(entity) for name, entity in ends.items()},
        }
        for name, entity in ends.items():
            key = f"{_table_of(entity)}.{entity.__nitro_mapper__.key}"
            # the pair's own index begins with the left one
            namespace[name] = Field(foreign_key=key, ondelete="CASCADE", index=name == right)
        made: type[Any] = EntityMeta(
            pascal_case(table),
            (Entity,),
            namespace,
            version=False,
            table_name=table,
            backend=owner.__entity_options__.backend,
            unique_together=((left, right),),
        )
        return Link(made, left, right)

    # -- being an attribute -----------------------------------------------------------------------

    @overload
    def __get__(self, entity: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, entity: object, owner: type[Any]) -> RelatedSet[T]: ...
    def __get__(self, entity: Any, owner: type[Any]) -> Any:
        if entity is None:
            return self
        known = entity.__related__.get(self.name)
        if known is not None and not isinstance(known, Pending):
            return known
        return self.related(entity, known)

    def __set__(self, entity: Any, value: Any) -> None:  # noqa: ANN401 # entities
        if not entity.is_new:
            name = type(entity).__name__.lower()
            raise EntityError(
                f"The {self.name} of a stored {type(entity).__name__} are changed by "
                f"{name}.{self.name}.set([...]) or {name}.update({self.name}=[...])."
            )
        entity.__related__[self.name] = Pending(tuple(value))

    def related(self, entity: Any, pending: Pending | None = None) -> RelatedSet[T]:  # noqa: ANN401
        """Returns the query set of an entity's others."""
        from nitro_runtime.entities.related import RelatedSet

        mapper = self.target().__nitro_mapper__
        own = entity.__dict__[key_of(entity)]
        if pending is not None:
            keys = self.keys(pending.others)
            chosen: Any = Comparison(mapper.key, "in", tuple(keys)) if keys else Either(())
        elif own is None:  # not stored yet: nothing can be linked with it
            chosen = Either(())
        else:
            link = self.link(class_of([entity]))
            chosen = Linked(mapper.key, link.entity, link.right, Comparison(link.left, "eq", own))
        return RelatedSet(mapper, Query(chosen), entity=entity, relation=self)

    def having(self, owner: type[Any], other: Any) -> Linked | Either:  # noqa: ANN401 # an entity or its key
        """Returns the criterion of entities that are linked with another: ``where(tags=tag)``."""
        link, keys = self.link(owner), self.keys((other,))
        key = owner.__nitro_mapper__.key
        if not keys:
            return Either(())
        return Linked(key, link.entity, link.left, Comparison(link.right, "eq", keys[0]))

    def linking(self, owner: type[Any], where: Criterion) -> Criterion:
        """Returns the criterion of the owner's rows that lead to a row which fulfils another."""
        link, target = self.link(owner), self.target()
        linked = Linked(link.right, target, target.__nitro_mapper__.key, where)
        return Linked(owner.__nitro_mapper__.key, link.entity, link.left, linked)

    def keys(self, others: Iterable[Any]) -> list[Any]:
        """Returns the keys of others, each once; what cannot be a key at all is left out.

        Raises:
            EntityError: One is an entity of another class, or has no key yet.
        """
        from nitro_runtime.entities.saving import key_value

        target = self.target()
        found: list[Any] = []
        for other in others:
            if hasattr(other, "__entity__") and not isinstance(other, target):
                raise EntityError(
                    f"{self.name} are {target.__name__} entities, not {type(other).__name__}."
                )
            if isinstance(other, target):
                found.append(key_for(self, other))
            else:
                found.append(key_value(target.__nitro_mapper__, other))
        return [key for key in dict.fromkeys(found) if key is not None]

    def load(self, entities: list[Any], rest: tuple[str, ...]) -> None:
        """Loads the relation of many entities with two queries: their links, and the others."""
        target: Any = self.target()
        link, own = self.link(class_of(entities)), key_of(entities[0])
        pairs: dict[Any, list[Any]] = {entity.__dict__[own]: [] for entity in entities}
        keys = [key for key in pairs if key is not None]
        for rows in in_chunks(link.entity, link.left, keys, ()):
            for row in rows:
                pairs[row.__dict__[link.left]].append(row.__dict__[link.right])
        name = target.__nitro_mapper__.key
        wanted = list(dict.fromkeys(key for others in pairs.values() for key in others))
        known: dict[Any, Any] = {}
        for others in in_chunks(target, name, wanted, rest):
            known.update((other.__dict__[name], other) for other in others)
        for entity in entities:
            others = [known[key] for key in pairs[entity.__dict__[own]] if key in known]
            others.sort(key=lambda other: other.__dict__[name])  # as reading them one by one does
            entity.__related__[self.name] = self.related(entity).keeping(others)


def _table_of(entity: type[Any]) -> str:
    return entity.__entity_options__.table_name


def _key_type(entity: type[Any]) -> Any:  # noqa: ANN401 # an annotation
    mapper = entity.__nitro_mapper__
    return mapper.fields[mapper.key].plain


def _register(entity: type[Any]) -> None:
    register_entity(entity.__name__, entity)
    register_entity(_table_of(entity), entity)


def link_entities() -> list[type[Any]]:
    """Returns the entities between many and many of all that are defined, making those missing.

    Raises:
        EntityDefinitionError: A relation leads to an entity that is not defined.
    """
    made = (
        cast("ManyToMany[Any]", relation).link(entity).entity
        for entity in registered_entities()
        for relation in relations_of(entity).values()
        if isinstance(relation, ManyToMany)
    )
    return list(dict.fromkeys(made))


def pending_links(entity: Any) -> dict[str, Pending]:  # noqa: ANN401 # any entity
    """Returns what is to be linked with an entity as soon as it is stored, by relation."""
    related: dict[str, Any] = entity.__related__
    return {name: value for name, value in related.items() if isinstance(value, Pending)}


@overload
def many_to_many(
    target: type[T], *, reverse_of: str | None = None, through: str | type[Any] | None = None
) -> ManyToMany[T]: ...
@overload
def many_to_many(
    target: str, *, reverse_of: str | None = None, through: str | type[Any] | None = None
) -> ManyToMany[Any]: ...
def many_to_many(
    target: str | type[Any],
    *,
    reverse_of: str | None = None,
    through: str | type[Any] | None = None,
) -> ManyToMany[Any]:
    """Declares that many of these have many others.

    ``tags = many_to_many("Tag")`` in ``Product`` keeps its links in the table ``product_tag``, an
    entity that is made by itself; the other side says
    ``products = many_to_many("Product", reverse_of="tags")``. Deleting an entity removes its links.

    Args:
        target: The other entity, by class or by class name; it may be the entity itself.
        reverse_of: The relation of the other entity that is the first side of this one.
        through: An entity of your own to keep the links in, when they carry more than the two keys.
    """
    return ManyToMany(target, reverse_of, through)
