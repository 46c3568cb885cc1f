"""The SQLAlchemy table of an entity, built from its fields."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlmodel import SQLModel

from nitro_runtime.entities import columns
from nitro_runtime.entities.describe import sqlmodel_value
from nitro_runtime.entities.kinds import ADAPTED, ENUM
from nitro_runtime.entities.kinds import JSON as JSON_KIND
from nitro_runtime.entities.many_to_many import link_entities
from nitro_runtime.entities.mapper import MappedField, Mapper
from nitro_runtime.entities.sql.names import name_constraints
from nitro_runtime.errors import EntityDefinitionError
from nitro_runtime.schema import find_entity, registered_entities

log = logging.getLogger(__name__)

_KEY: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # which counts only INTEGER up
_TYPES: dict[type[Any], Callable[[MappedField, bool], Any]] = {
    bool: lambda field, indexed: sa.Boolean(),
    int: lambda field, indexed: _KEY if field.info.key else sa.BigInteger(),
    float: lambda field, indexed: columns.Double(),
    str: lambda field, indexed: columns.ExactText(field.info.max_length, indexed=indexed),
    bytes: lambda field, indexed: columns.ExactBytes(field.info.max_length, indexed=indexed),
    Decimal: lambda field, indexed: columns.ExactDecimal(
        field.info.max_digits, field.info.decimal_places
    ),
    datetime: lambda field, indexed: columns.UtcDateTime(),
    date: lambda field, indexed: sa.Date(),
    time: lambda field, indexed: columns.ExactTime(),
    timedelta: lambda field, indexed: columns.Duration(),
    UUID: lambda field, indexed: columns.ExactUuid(),
}


_ENTITY = "nitro_entity"
"""The attribute by which a table knows its entity; Alembic would write `Table.info` into a migration."""


def column_type(field: MappedField, *, indexed: bool = False) -> Any:  # noqa: ANN401 # a SQLAlchemy type
    """Returns the column type of a field: the one it was given, else the one of its Python type.

    Args:
        field: The field.
        indexed: Whether a key or an index needs the column: MySQL and MariaDB index no long text.
    """
    own = sqlmodel_value(field.source, "sa_type")
    if own is sa.Text:  # which is `nitro.Text`: any length, nothing said about order
        return columns.ExactText(indexed=indexed)
    if own is not None:
        return own
    if field.kind is ENUM:
        return _enum_type(field.plain)
    if field.kind in (ADAPTED, JSON_KIND):
        adapter: TypeAdapter[Any] = TypeAdapter(field.plain)
        if field.kind is ADAPTED:
            return columns.AdaptedText(adapter.validate_python, indexed=indexed)
        return columns.JSON(lambda v: adapter.dump_python(v, mode="json"), adapter.validate_python)
    exact = field.kind.exact
    assert exact is not None  # noqa: S101 # every other kind has one class
    return _TYPES[exact](field, indexed)


def _enum_type(members: type[Enum]) -> Any:  # noqa: ANN401 # a SQLAlchemy type
    kinds: set[type[Any]] = {type(member.value) for member in members}
    if kinds == {int}:
        return columns.EnumInteger(members)
    return columns.EnumDouble(members) if kinds <= {int, float} else columns.EnumText(members)


def _is_indexed(mapper: Mapper, field: MappedField) -> bool:
    return bool(
        field.name in mapper.keys
        or field.info.unique
        or field.info.reference
        or sqlmodel_value(field.source, "index")
        or any(field.name in group for group in mapper.together)
    )


def shadow_name(name: str) -> str:
    """Returns the name of the column with the folded copy of a searched field."""
    return f"{name}_search"


def build_table(mapper: Mapper) -> sa.Table:
    """Builds the table of an entity on `SQLModel.metadata`, in place of a former one of its name.

    Raises:
        EntityDefinitionError: Another model than an entity has this table.
    """
    metadata = SQLModel.metadata
    name = mapper.info.table
    former = metadata.tables.get(name)
    if former is not None:
        known: Any = getattr(former, _ENTITY, None)
        if known is None:
            raise EntityDefinitionError(
                f"The table {name!r} belongs to a SQLModel or SQLAlchemy model already; write "
                f"class {mapper.info.name}(Entity, table_name=...) with another name."
            )
        if known.__module__ != mapper.entity.__module__:
            log.warning(
                "%s and %s have the same table %r; give one of them a table_name",
                f"{known.__module__}.{known.__qualname__}",
                f"{mapper.entity.__module__}.{mapper.entity.__qualname__}",
                name,
            )
        metadata.remove(former)
    parts: list[Any] = [_column(mapper, field) for field in mapper.fields.values()]
    parts += [sa.Column(shadow_name(name), columns.ExactText()) for name in mapper.search]
    parts += [sa.UniqueConstraint(*group) for group in mapper.together]
    table = sa.Table(name, metadata, *parts)
    setattr(table, _ENTITY, mapper.entity)
    name_constraints(table)
    return table


def _column(mapper: Mapper, field: MappedField) -> sa.Column[Any]:
    source, key = field.source, field.name in mapper.keys
    arguments: list[Any] = []
    if field.info.reference:
        arguments.append(
            sa.ForeignKey(field.info.reference, ondelete=sqlmodel_value(source, "ondelete"))
        )
    arguments += sqlmodel_value(source, "sa_column_args") or ()
    nullable = sqlmodel_value(source, "nullable")
    keywords: dict[str, Any] = {
        "nullable": (field.info.nullable if nullable is None else nullable) and not key,
        "primary_key": key,
        "unique": field.info.unique or None,
        "index": bool(sqlmodel_value(source, "index")) or None,
        **(sqlmodel_value(source, "sa_column_kwargs") or {}),
    }
    if key:
        keywords.setdefault("autoincrement", mapper.generated_key)
    counted = key and mapper.generated_key
    kind = _KEY if counted else column_type(field, indexed=_is_indexed(mapper, field))
    return sa.Column(field.name, kind, *arguments, **keywords)


def build_tables() -> sa.MetaData:
    """Builds the table of every entity defined so far, and returns them all, for Alembic's ``env.py``.

    Entities on a backend of their own, such as ``backend="memory"``, have none.
    """
    for entity in (*registered_entities(), *link_entities()):
        if entity.__entity_options__.backend in (None, "sql"):
            _ = entity.table
    return SQLModel.metadata


def with_references(mapper: Mapper) -> list[sa.Table]:
    """Returns the table of an entity and those its foreign keys need, those first."""
    found: dict[str, sa.Table | None] = {}
    _collect(mapper, found)
    return [table for table in found.values() if table is not None]


def _collect(mapper: Mapper, found: dict[str, sa.Table | None]) -> None:
    name = mapper.info.table
    if name in found:
        return
    found[name] = None  # on its way: tables may refer to one another in a circle
    for _, target, _, _ in mapper.references:
        entity = find_entity(target)
        if entity is None and target in SQLModel.metadata.tables:
            continue  # of a mapped class of the app, which creates it
        if entity is None:
            raise EntityDefinitionError(
                f"{mapper.info.name} has a foreign key to the table {target!r}, which no imported "
                "entity has."
            )
        _collect(entity.__nitro_mapper__, found)
    del found[name]
    found[name] = mapper.entity.table
