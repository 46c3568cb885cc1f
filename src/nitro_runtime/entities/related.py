"""`RelatedSet`: the many others of one entity, read, added to and taken from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.queryset import QuerySet
from nitro_runtime.entities.relations import KEYS_AT_ONCE, class_of
from nitro_runtime.entities.repository import Query
from nitro_runtime.entities.transactions import transaction
from nitro_runtime.errors import EntityError

if TYPE_CHECKING:
    from nitro_runtime.entities.many_to_many import ManyToMany

T = TypeVar("T")


class RelatedSet(QuerySet[T]):
    """The entities that one entity is linked with: ``product.tags``.

    It is a query set, so it can be narrowed, sorted and counted. What is added or removed is stored
    at once, each call in a transaction; a change is announced for the table of the links.
    """

    __slots__ = ("_entity", "_relation")

    def __init__(
        self,
        mapper: Mapper,
        query: Query,
        *,
        entity: Any,  # noqa: ANN401 # any entity
        relation: ManyToMany[T],
        held: list[T] | None = None,
    ) -> None:
        super().__init__(mapper, query, held=held)
        self._entity = entity
        self._relation = relation

    def keeping(self, entities: list[T]) -> RelatedSet[T]:
        """Returns this set with its entities already read, as ``include`` does."""
        return RelatedSet(
            self._mapper,
            self._query,
            entity=self._entity,
            relation=self._relation,
            held=entities,
        )

    # -- changing -------------------------------------------------------------------------------

    def add(self, *others: T | Any) -> None:  # noqa: ANN401 # entities or their keys
        """Links others with the entity; those that are linked already stay so.

        Args:
            others: Entities or their keys.

        Raises:
            EntityError: The entity is not stored yet, or an other is of a wrong class.
            BrokenReference: There is no other with this key.
        """
        with transaction():
            self._link(self._relation.keys(others))
        self._forget()

    def remove(self, *others: T | Any) -> None:  # noqa: ANN401
        """Takes links away; those that are not there need not be.

        Args:
            others: Entities or their keys.
        """
        with transaction():
            self._unlink(self._relation.keys(others))
        self._forget()

    def set(self, others: Iterable[T | Any]) -> None:
        """Links exactly these with the entity.

        Args:
            others: Entities or their keys.
        """
        wanted = self._relation.keys(others)
        with transaction():
            known = self._linked()
            self._unlink([key for key in known if key not in wanted])
            self._link(wanted)
        self._forget()

    def clear(self) -> None:
        """Takes all links away."""
        self.set(())

    async def aadd(self, *others: T | Any) -> None:  # noqa: ANN401
        """As `add`, without stalling the event loop."""
        await self._repository.arun(partial(self.add, *others), write=True)

    async def aremove(self, *others: T | Any) -> None:  # noqa: ANN401
        """As `remove`, without stalling the event loop."""
        await self._repository.arun(partial(self.remove, *others), write=True)

    async def aset(self, others: Iterable[T | Any]) -> None:
        """As `set`, without stalling the event loop."""
        await self._repository.arun(partial(self.set, list(others)), write=True)

    async def aclear(self) -> None:
        """As `clear`, without stalling the event loop."""
        await self._repository.arun(self.clear, write=True)

    # -- the links ------------------------------------------------------------------------------

    def _own(self) -> Any:  # noqa: ANN401 # of the key's type
        entity = self._entity
        if entity.is_new:
            raise EntityError(
                f"Save the {type(entity).__name__} before its {self._relation.name} are changed."
            )
        return entity.__dict__[entity.__nitro_mapper__.key]

    def _linked(self) -> list[Any]:
        link = self._relation.link(class_of([self._entity]))
        rows = link.entity.where(**{link.left: self._own()}).values(link.right)
        return [row[link.right] for row in rows]

    def _link(self, keys: list[Any]) -> None:
        link, own = self._relation.link(class_of([self._entity])), self._own()
        known = set(self._linked())
        missing = [key for key in keys if key not in known]
        link.entity.create_many({link.left: own, link.right: key} for key in missing)

    def _unlink(self, keys: list[Any]) -> None:
        link, own = self._relation.link(class_of([self._entity])), self._own()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            chosen = {link.left: own, f"{link.right}__in": keys[start : start + KEYS_AT_ONCE]}
            link.entity.where(**chosen).delete()

    def _forget(self) -> None:
        """What was read before the change is not shown again."""
        self._held = None
        self._entity.__related__.pop(self._relation.name, None)
