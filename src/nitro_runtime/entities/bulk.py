"""Values for many rows at once, checked against their fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from nitro_runtime.entities.columns import quantized
from nitro_runtime.entities.criteria import Arithmetic
from nitro_runtime.entities.kinds import is_exact_number
from nitro_runtime.entities.lookups import field_named, typed
from nitro_runtime.entities.mapper import MappedField, Mapper
from nitro_runtime.entities.storable import refuse_unstorable
from nitro_runtime.errors import InvalidQuery


def checked_changes(mapper: Mapper, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a bulk update, checked, with what Nitro manages brought forward.

    Raises:
        InvalidQuery: A field does not exist or cannot be changed.
        ValidationError: A value is not valid for its field.
    """
    if not values:
        raise InvalidQuery("update() needs at least one field to change.")
    changes = {
        name: _checked(mapper, field_named(mapper, name), value) for name, value in values.items()
    }
    return managed_changes(mapper, changes)


def managed_changes(mapper: Mapper, changes: dict[str, Any]) -> dict[str, Any]:
    """Returns changes with the version counted up and ``updated_at`` set."""
    if mapper.version is not None:
        changes.setdefault(mapper.version, Arithmetic(mapper.version, "+", 1))
    if mapper.updated is not None:
        changes.setdefault(mapper.updated, datetime.now(UTC))
    return changes


def _checked(mapper: Mapper, field: MappedField, value: Any) -> Any:  # noqa: ANN401 # of the field's type
    if field.name in (*mapper.keys, mapper.version):
        raise InvalidQuery(f"{mapper.info.name}.{field.name} cannot be changed by update().")
    if not isinstance(value, Arithmetic):
        return mapper.stored(field, _validated(mapper, field, value))
    source = field_named(mapper, value.field)
    if not field.kind.numeric or source.kind is not field.kind:
        raise InvalidQuery(f"{field.name} cannot be reckoned from {value.field}.")
    return Arithmetic(value.field, value.operator, amount(mapper, field, value))


def _validated(mapper: Mapper, field: MappedField, value: Any) -> Any:  # noqa: ANN401
    try:
        return _adapter(field).validate_python(value)
    except ValidationError as error:
        # Told of the field of the entity, and not of a type alone.
        problems = [
            InitErrorDetails(
                type=PydanticCustomError(each["type"], each["msg"]),  # pyright: ignore[reportArgumentType] # a literal
                loc=(field.name, *each["loc"]),
                input=each["input"],
            )
            for each in error.errors(include_url=False, include_context=False)
        ]
        raise ValidationError.from_exception_data(mapper.info.name, problems) from None


def amount(mapper: Mapper, field: MappedField, change: Arithmetic) -> Any:  # noqa: ANN401 # a number
    """Returns the number of an arithmetic change in the field's own type.

    Raises:
        InvalidQuery: It is no such number.
    """
    if not is_exact_number(change.amount):
        raise InvalidQuery(f"{field.name} cannot be changed by {change.amount!r}.")
    if change.operator == "*" and field.kind.name != "float" and not isinstance(change.amount, int):
        raise InvalidQuery(f"{field.name} can only be multiplied by whole numbers in the database.")
    number = typed(mapper, field, change.amount)
    refuse_unstorable(mapper, {field.name: number})
    quantum = mapper.decimals.get(field.name)
    if quantum is not None and number != quantized(number, quantum):
        raise InvalidQuery(f"{field.name} keeps fewer decimal places than {change.amount!r}.")
    return number


def _adapter(field: MappedField) -> TypeAdapter[Any]:
    return TypeAdapter(field.source.rebuild_annotation())
