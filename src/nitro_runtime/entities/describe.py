"""What is read out of pydantic's and SQLModel's own descriptions of a field and a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo as PydanticField
from pydantic_core import PydanticUndefined

from nitro_runtime.errors import EntityDefinitionError

_BOUNDS = {
    "max_length": "max_length",
    "min_length": "min_length",
    "ge": "minimum",
    "le": "maximum",
    "max_digits": "max_digits",
    "decimal_places": "decimal_places",
    "pattern": "pattern",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The class keywords of an entity.

    Attributes:
        table_name: The table.
        plural: The plural in snake case, or None to make it by rule.
        timestamps: Whether ``created_at`` and ``updated_at`` are kept.
        version: Whether a version guards against stale saves.
        backend: The name of a backend, or None for the configured one.
        abstract: Whether the class only passes its fields on and has no table.
        unique_together: Groups of fields that together are unique.
        ttl: Seconds that a row lasts after it was saved last, or None for ever.
    """

    table_name: str
    plural: str | None = None
    timestamps: bool = False
    version: bool = True
    backend: str | None = None
    abstract: bool = False
    unique_together: tuple[tuple[str, ...], ...] = ()
    ttl: float | None = None

    def __post_init__(self) -> None:
        given: Any = self.ttl
        if given is not None and not (
            type(given) in (int, float) and 0.001 <= given < float("inf")
        ):
            raise EntityDefinitionError(
                f"{self.table_name}: ttl takes a number of seconds, as in ttl=3600, not {given!r}."
            )


def sqlmodel_value(field: PydanticField, name: str) -> Any:  # noqa: ANN401 # whatever SQLModel keeps there
    """Returns what SQLModel's ``Field`` was given for an argument of a column, or None.

    SQLModel keeps it in the metadata of the field in newer versions and on the field in older ones;
    anything that has the attribute is asked, so that neither its version nor its classes matter.
    """
    for holder in (*field.metadata, field):
        value = getattr(holder, name, PydanticUndefined)
        if value is not PydanticUndefined and value is not None and value is not False:
            return value
    return None


def constraint_values(field: PydanticField) -> dict[str, Any]:
    """Returns the bounds of a field under the names that `schema.FieldInfo` gives them."""
    found: dict[str, Any] = {}
    for holder in field.metadata:
        for source, target in _BOUNDS.items():
            value = getattr(holder, source, None)
            if value is not None:
                found[target] = value
    return found
