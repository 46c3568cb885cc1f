"""Foreign keys between the entities of one Redis database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nitro_runtime.entities.criteria import Comparison, Criterion
from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.redis.layout import Index, Layout, Unique
from nitro_runtime.errors import EntityDefinitionError
from nitro_runtime.schema import find_entity, registered_entities


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key.

    Attributes:
        child: The entity that has it.
        field: Its field.
        index: The index of the field.
        target: The entity that it points at.
        column: The field there.
        unique: The hash by which a row with a value of that field is found; None for the key.
        rule: What a delete of the target does: ``"CASCADE"``, ``"SET NULL"``, or it is refused.
    """

    child: Layout
    field: str
    index: Index
    target: Layout
    column: str
    unique: Unique | None
    rule: str | None

    def criterion(self, values: Iterable[Any]) -> Criterion:
        """Returns the criterion of the rows that point at rows with these values."""
        return Comparison(self.field, "in", tuple(values))


class References:
    """Which entities refer to which.

    Args:
        layout: Returns the layout of an entity.
        is_here: Whether an entity is kept in this very database. What points elsewhere is not checked.
    """

    def __init__(
        self, layout: Callable[[Mapper], Layout], is_here: Callable[[type[Any]], bool]
    ) -> None:
        self._layout = layout
        self._is_here = is_here

    def of(self, child: Layout) -> list[Reference]:
        """Returns the foreign keys of an entity.

        Raises:
            EntityDefinitionError: One of them cannot be checked.
        """
        found: list[Reference] = []
        for field, table, column, rule in child.mapper.references:
            entity = find_entity(table)
            if entity is None:
                raise EntityDefinitionError(
                    f"{child.mapper.info.name} has a foreign key to the table {table!r}, which no "
                    "imported entity has."
                )
            if self._is_here(entity):
                target = self._layout(entity.__nitro_mapper__)
                found.append(_reference(child, field, target, column, rule))
        return found

    def to(self, target: Layout) -> list[Reference]:
        """Returns the foreign keys that point at an entity."""
        return [
            reference
            for entity in registered_entities()
            if any(table == target.table for _, table, _, _ in _references(entity))
            and self._is_here(entity)
            for reference in self.of(self._layout(entity.__nitro_mapper__))
            if reference.target.table == target.table
        ]


def _references(entity: type[Any]) -> list[tuple[str, str, str, str | None]]:
    return entity.__nitro_mapper__.references


def _reference(
    child: Layout, field: str, target: Layout, column: str, rule: str | None
) -> Reference:
    name = f"{child.mapper.info.name}.{field}"
    if target.ttl:
        raise EntityDefinitionError(
            f"{name} refers to {target.mapper.info.name}, whose rows expire without a trace; leave "
            "out its ttl or the foreign key."
        )
    unique = next((u for u in target.uniques if u.fields == (column,)), None)
    index = child.indexes.get(field)
    if index is None or (unique is None and (column,) != target.mapper.keys):
        raise EntityDefinitionError(
            f"{name} refers to {target.mapper.info.name}.{column}, which is neither its key nor "
            "unique; make it unique, or leave out the foreign key."
        )
    return Reference(child, field, index, target, column, unique, rule)
