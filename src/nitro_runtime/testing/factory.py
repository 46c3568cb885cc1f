"""Entities for tests: believable, saved, with whatever they need."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeVar

from nitro_runtime.entities import Entity
from nitro_runtime.entities.samples import endless_samples
from nitro_runtime.errors import Duplicate, EntityError
from nitro_runtime.schema import find_entity
from nitro_runtime.storage import discard

E = TypeVar("E", bound=Entity)

_TRIES = 50


def make(entity: type[E], **values: Any) -> E:  # noqa: ANN401 # the entity's own fields
    """Makes and saves one entity with believable values.

    Entities that it must belong to are made too, when there are none yet.

    Args:
        entity: The class.
        values: Fields that matter to the test; the rest is made up.

    Returns:
        The saved entity.

    Raises:
        EntityError: The made-up values for a unique field are used up; give one.
        pydantic.ValidationError: A given value is not valid.
    """
    for field in entity.__entity__.fields.values():
        target = find_entity(field.reference.partition(".")[0]) if field.reference else None
        if target is None or target is entity or field.nullable or field.name in values:
            continue
        if field.unique or not target.exists():  # at most one may refer to each
            make(target)
    for sample in islice(endless_samples(entity), _TRIES):
        try:
            return entity.create(**{**_given(sample), **values})
        except Duplicate:
            _discard_files(sample)
    raise EntityError(f"No made-up {entity.__name__} is left that is unique; give its values.")


def _discard_files(sample: Entity) -> None:
    discard(getattr(sample, n) for n in sample.__nitro_mapper__.uploads if getattr(sample, n))


def _given(sample: Entity) -> dict[str, Any]:
    fields = sample.__entity__.fields
    return {name: getattr(sample, name) for name, field in fields.items() if not field.managed}
