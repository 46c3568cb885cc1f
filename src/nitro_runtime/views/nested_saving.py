"""Saving an entity and the rows that belong to it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from nitro_runtime.errors import BrokenReference, Duplicate, StaleEntity
from nitro_runtime.views.model import EntityClass, EntityLike
from nitro_runtime.views.nested_rows import Row, RowSet
from nitro_runtime.views.words import say


class _RowRefused(Exception):  # undoes the transaction; never leaves this module
    """A row could not be stored."""

    def __init__(self, rows: RowSet, row: Row, error: Exception) -> None:
        self.rows, self.row, self.error = rows, row, error
        super().__init__(error)


async def save_together(
    entity: EntityClass,
    original: EntityLike | None,
    values: Mapping[str, Any],
    sets: Sequence[RowSet],
) -> EntityLike | None:
    """Saves an entity and its rows, all or nothing.

    Args:
        entity: The entity class.
        original: The entity that is edited; None for a new one.
        values: The values of the entity.
        sets: Its rows, which were checked.

    Returns:
        The entity; None when a row was refused, which then has its sentence.

    Raises:
        ValidationError, Duplicate, BrokenReference, StaleEntity: The entity itself was refused.
    """
    try:
        return await entity.__together__(partial(_write, entity, original, values, sets))
    except _RowRefused as refused:
        _complain(refused.rows, refused.row, refused.error)
        return None


def _write(
    entity: EntityClass,
    original: EntityLike | None,
    values: Mapping[str, Any],
    sets: Sequence[RowSet],
) -> EntityLike:
    """Does it all, inside the transaction. What goes makes room first, for unique values."""
    owner = entity(**values) if original is None else original
    owner.save() if original is None else owner.update(**values)
    for rows in sets:
        for row in rows.rows:
            if row.removed and row.original is not None:
                _attempt(rows, row, row.original.delete)
        stored = [row for row in rows.visible if row.original is not None]
        for row in stored:
            own = _own(rows, row)
            if own:
                _attempt(rows, row, partial(row.original.update, **own))
        for row in rows.visible:
            if row.original is None and not row.blank:
                _attempt(rows, row, partial(_make, rows, row, owner))
    return owner


def _make(rows: RowSet, row: Row, owner: EntityLike) -> None:
    key = getattr(owner, owner.__entity__.key[0])
    rows.form.entity(**{**_own(rows, row), rows.field.owner: key}).save()


def _own(rows: RowSet, row: Row) -> dict[str, Any]:
    """Returns the values of a row that its entity has fields for."""
    info, many = rows.form.info, rows.form.many
    return {n: v for n, v in row.reading.data.items() if n in info.fields or n in many}


def _attempt(rows: RowSet, row: Row, work: Any) -> None:  # noqa: ANN401 # any of the verbs
    try:
        work()
    except (ValidationError, Duplicate, BrokenReference, StaleEntity) as error:
        raise _RowRefused(rows, row, error) from error


def _complain(rows: RowSet, row: Row, error: Exception) -> None:
    """Gives a row the sentence of what refused it."""
    if isinstance(error, ValidationError):
        row.reading.complain_all(rows.form, error)
    elif isinstance(error, Duplicate):
        named = [part.strip() for part in error.field.split(",")]
        place = next((name for name in named if name in rows.form.fields), "")
        row.reading.complain(place, say("duplicate", entity=rows.form.info.label.lower()))
    elif isinstance(error, BrokenReference):
        row.reading.complain("", say("broken_reference"))
    else:
        rows.stale = True
