"""What is checked of an entity class at its first use, when all names in it can be resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, get_args

from pydantic import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo

from nitro_runtime.entities.describe import Options, sqlmodel_value
from nitro_runtime.entities.fields import options_of
from nitro_runtime.entities.kinds import JSON, split_optional
from nitro_runtime.entities.mapper import Mapper, key_names
from nitro_runtime.entities.relations import relations_of
from nitro_runtime.entities.uploads import upload_of
from nitro_runtime.errors import EntityDefinitionError
from nitro_runtime.schema import RelationInfo, find_entity


class AbstractEntity(EntityDefinitionError, AttributeError):
    """A class was used as an entity that only passes its fields on to others."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} has no table of its own: use a class that is derived from it, such as "
            f"`class Product({name}):`."
        )


def mapper_of(entity: type[Any]) -> Mapper:
    """Works out an entity class.

    Raises:
        EntityDefinitionError: Its fields cannot be read, mostly because a name is not defined.
    """
    options: Options | None = entity.__dict__.get("__entity_options__")
    if options is None or options.abstract:
        raise AbstractEntity(entity.__name__)
    complete(entity)
    _refuse_what_no_column_is(entity)
    relations = {name: relation.info(entity) for name, relation in relations_of(entity).items()}
    mapper = Mapper(entity, options, relations)
    _check_key(mapper)
    _check_unique(entity.__name__, options, mapper)
    for name in mapper.search:
        if f"{name}_search" in mapper.fields:
            raise EntityDefinitionError(
                f"{entity.__name__}.{name}_search: the folded copy of {name} that is searched has "
                "this column; call the field differently."
            )
    for name, relation in relations.items():
        if relation.kind == "belongs_to" and relation.field not in mapper.fields:
            raise EntityDefinitionError(
                f"{entity.__name__}.{name} needs the field {relation.field}: write "
                f'`{relation.field}: str = Field(foreign_key="...")`.'
            )
        _refuse_composite(entity, relation, mapper)
    return mapper


# -- names that were not defined yet ------------------------------------------------------------


def complete(entity: type[Any]) -> None:
    """Resolves what was not defined yet when the class was made.

    Raises:
        EntityDefinitionError: It still is not.
    """
    if entity.__pydantic_complete__:
        return
    try:
        entity.model_rebuild()
    except PydanticUndefinedAnnotation as error:
        entity.__pydantic_validator__ = UnfinishedValidator(
            entity
        )  # pydantic has put its own there
        raise EntityDefinitionError(
            f"{entity.__name__} uses {error.name!r} in an annotation, which is not defined."
        ) from None


class UnfinishedValidator:
    """Stands in for pydantic's validator of a class until all names in it are defined."""

    def __init__(self, entity: type[Any]) -> None:
        self._entity = entity

    def __getattr__(self, name: str) -> Callable[..., Any]:
        complete(self._entity)
        return getattr(self._entity.__pydantic_validator__, name)


# -- fields and keys ----------------------------------------------------------------------------


def _refuse_what_no_column_is(entity: type[Any]) -> None:
    for name, field in entity.model_fields.items():
        place = f"{entity.__name__}.{name}"
        if sqlmodel_value(field, "sa_column") is not None:
            raise EntityDefinitionError(
                f"{place}: sa_column=Column(...) belongs to one mapped class; write what is special "
                "of the column as Field(sa_type=..., unique=..., index=..., sa_column_kwargs={...})."
            )
        parts = list(_parts(field.annotation))
        upload = upload_of(field.annotation, field.metadata)
        if upload is not None and split_optional(field.annotation)[0] is not str:
            raise EntityDefinitionError(
                f"{place} would hold several files, and a field holds the key of one: give each file "
                f"an entity of its own, with a FileKey, that belongs to {entity.__name__}."
            )
        secretive = next((part for part in parts if _has_secrets(part)), None)
        if secretive is not None:
            raise EntityDefinitionError(
                f"{place} holds {secretive.__name__} as JSON, which leaves its secret fields out; "
                f'refer to it instead: `{name}_id: str = Field(foreign_key="...")`.'
            )
        unknown = next((part for part in parts if isinstance(part, TypeVar)), None)
        if unknown is not None:
            raise EntityDefinitionError(
                f"{place} is of the type {unknown.__name__}, which stands for no type yet: write "
                f"`{name}: ...` in {entity.__name__}, or derive it from Base[...] with a type."
            )


def _parts(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 # any annotation
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _has_secrets(part: Any) -> bool:  # noqa: ANN401 # a part of an annotation
    if not hasattr(part, "__entity_options__"):
        return False
    fields: dict[str, FieldInfo] = part.__pydantic_fields__
    return any(options_of(field.metadata).secret for field in fields.values())


def _check_key(mapper: Mapper) -> None:
    for name in mapper.keys:
        field = mapper.fields[name]
        reason = None
        if field.kind is JSON:
            reason = (
                "a database cannot look such a value up; a text, a whole number or a UUID can be"
            )
        elif field.kind.exact is float:
            reason = "two floats that look the same may differ; write int, Decimal or str"
        elif field.info.nullable and not mapper.generated_key:
            reason = (
                "it may be None, and only one whole number is counted up by the database; "
                "leave `| None` out, and give it a default_factory if it makes itself"
            )
        if reason is not None:
            raise EntityDefinitionError(f"{mapper.info.name}.{name} cannot be a key: {reason}.")


def _check_unique(name: str, options: Options, mapper: Mapper) -> None:
    for group in options.unique_together:
        if isinstance(group, str) or len(group) < 2 or not set(group) <= set(mapper.names):  # pyright: ignore[reportUnnecessaryIsInstance] # a slip: ("a", "b")
            raise EntityDefinitionError(
                f"{name}: unique_together takes groups of its fields, such as "
                f'unique_together=(("order_id", "number"),), not {group!r}.'
            )


def _refuse_composite(entity: type[Any], relation: RelationInfo, mapper: Mapper) -> None:
    """A relation is carried by one foreign key, so at its other end stands a key of one field."""
    target = find_entity(relation.target)
    ends = [] if relation.kind == "belongs_to" else [entity]
    if target is not None and relation.kind in ("belongs_to", "many_to_many"):
        ends.append(target)
    for end in ends:
        keys = mapper.keys if end is entity else key_names(end)
        if len(keys) > 1:
            raise EntityDefinitionError(
                f"{entity.__name__}.{relation.name}: the key of {end.__name__} has several fields "
                f"({', '.join(keys)}), and a relation has one foreign key; give {end.__name__} a "
                "key of one field, or write a method that asks by where(...)."
            )
