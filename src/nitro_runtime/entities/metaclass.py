"""How an entity class is made: its fields checked, its class attributes, its registration."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, dataclass_transform, get_args, get_origin

from pydantic import AfterValidator, ConfigDict
from pydantic.fields import FieldInfo
from sqlmodel import Field as SQLModelField
from sqlmodel import SQLModel
from sqlmodel.main import RelationshipInfo, SQLModelMetaclass

from nitro_runtime.entities.class_attributes import class_attributes
from nitro_runtime.entities.criteria import Attribute
from nitro_runtime.entities.definition import AbstractEntity, UnfinishedValidator
from nitro_runtime.entities.describe import Options, sqlmodel_value
from nitro_runtime.entities.fields import Field, managed_field
from nitro_runtime.entities.hooks import DELETING, SAVING, has_hooks
from nitro_runtime.entities.ids import new_id
from nitro_runtime.entities.kinds import split_optional
from nitro_runtime.entities.mapper import column_place, to_utc
from nitro_runtime.entities.relations import Relation, relations_of
from nitro_runtime.errors import EntityDefinitionError, EntityError
from nitro_runtime.naming import snake_case
from nitro_runtime.schema import complete_entity, register_entity

_KEYWORDS = (
    "timestamps",
    "version",
    "backend",
    "table_name",
    "plural",
    "abstract",
    "unique_together",
    "ttl",
)
_SQLALCHEMY_NAMES = frozenset({"metadata", "registry", "table", "type_annotation_map"})
_FIELDS = "__pydantic_fields__"
_GENERIC = "__pydantic_generic_metadata__"
_new, _place = object.__new__, object.__setattr__
_OFFERED = frozenset(class_attributes())
_building = threading.local()  # while a class is made, pydantic must not find attributes


def _now() -> datetime:
    return datetime.now(UTC)


class _Keyed(SQLModel):
    id: str = managed_field(default_factory=new_id, primary_key=True, min_length=1)


class _Versioned(SQLModel):
    version: int = managed_field(default=1)


class _Timestamped(SQLModel):
    created_at: datetime = managed_field(default_factory=_now)
    updated_at: datetime = managed_field(default_factory=_now)


@dataclass_transform(
    kw_only_default=True, eq_default=False, field_specifiers=(Field, SQLModelField)
)
class EntityMeta(SQLModelMetaclass):
    """Makes entity classes, and answers ``Product.price`` with an `Attribute`."""

    if TYPE_CHECKING:
        # Pydantic's own type, which SQLModel narrows to a private one that nobody can write.
        model_config: ConfigDict  # pyright: ignore[reportIncompatibleVariableOverride]

    def __new__(  # noqa: D102 # the class docstring says it
        cls,
        name: str,
        bases: tuple[type[Any], ...],
        namespace: dict[str, Any],
        **keywords: Any,  # noqa: ANN401 # class keywords
    ) -> Any:  # noqa: ANN401 # an entity class
        parent: Any = next((base for base in bases if isinstance(base, EntityMeta)), None)
        if parent is None:
            return super().__new__(cls, name, bases, namespace, **keywords)
        _refuse_wrong_shape(name, namespace, keywords)
        annotations = _field_annotations(namespace)
        _refuse_reserved(name, annotations, parent.__reserved_names__)
        is_parametrised = _GENERIC in keywords  # Base[int] itself: only a base of others
        options = _options(name, parent, keywords, abstract=is_parametrised)
        bases = _with_managed(bases, _managed_bases(bases, namespace, annotations, options))
        # SQLModel would drop what pydantic says of a parametrised class, and so its types.
        make: Any = super().__new__
        if is_parametrised:
            make = super(SQLModelMetaclass, cls).__new__
            namespace["__sqlmodel_relationships__"] = {}
        _building.depth = getattr(_building, "depth", 0) + 1
        try:
            made: Any = make(cls, name, bases, namespace, **keywords)
        finally:
            _building.depth -= 1
        made.__entity_options__ = options
        for attribute, descriptor in class_attributes().items():
            # Not through pydantic's setattr: it would ask a former descriptor for its value.
            type.__setattr__(made, attribute, descriptor)
        base = next(one for one in reversed(made.__mro__) if isinstance(one, EntityMeta))
        made.__saves_with_hooks__ = has_hooks(made, SAVING, base)
        made.__deletes_with_hooks__ = has_hooks(made, DELETING, base)
        kinds = {name: relation.kind for name, relation in relations_of(made).items()}
        made.__relation_names__ = tuple(n for n, kind in kinds.items() if kind == "belongs_to")
        made.__many_names__ = tuple(n for n, kind in kinds.items() if kind == "many_to_many")
        has_links = made.__relation_names__ or made.__many_names__
        if has_links or made.__new__ is not parent.__plain_new__:
            made.__plain_init__ = None  # its values do not go to pydantic only
        made.NotFound = type(
            "NotFound",
            (parent.NotFound,),
            {"__module__": made.__module__, "__qualname__": f"{made.__qualname__}.NotFound"},
        )
        if not made.__pydantic_complete__:
            # pydantic looks for a local class's neighbours one frame too near; SQLModel stands there.
            _complete(made, sys._getframe(1).f_locals)  # pyright: ignore[reportPrivateUsage] # a public name is missing
        if not made.__pydantic_complete__:
            made.__pydantic_validator__ = UnfinishedValidator(made)
        if not options.abstract:
            _register(made, options)
        return made

    def __init__(
        cls,
        name: str,
        bases: tuple[type[Any], ...],
        namespace: dict[str, Any],
        **keywords: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(name, bases, namespace)

    if not TYPE_CHECKING:

        @property
        def __makes_plainly__(cls) -> bool:
            """Whether making one takes nothing but having pydantic validate the values."""
            return cls.__init__ is cls.__plain_init__

        # Type checkers are told the constructor by the fields.
        def __call__(cls, *arguments: Any, **values: Any) -> Any:  # noqa: ANN401
            """Makes an entity: as `type` would, but packing the values only once."""
            if arguments or cls.__init__ is not cls.__plain_init__:
                return super().__call__(*arguments, **values)
            made = _new(cls)
            _place(made, "__loaded__", None)
            _place(made, "__related__", {})
            _place(made, "__busy__", False)
            cls.__pydantic_validator__.validate_python(values, self_instance=made)
            return made

        # Hidden from type checkers: to them Product.price has the field's own type, and a typo is
        # an error.
        def __getattr__(cls, name: str) -> Any:  # noqa: ANN401
            fields = () if getattr(_building, "depth", 0) else cls.__dict__.get(_FIELDS, ())
            if name in fields:
                return Attribute(cls, name)
            if name in _OFFERED and not getattr(_building, "depth", 0):
                raise AbstractEntity(cls.__name__)
            try:
                return super().__getattr__(name)
            except AttributeError:
                pass  # pydantic says the name only
            said = f"{cls.__name__} has no attribute {name!r}."
            raise AttributeError(said, name=name, obj=cls)

        def __clause_element__(cls) -> Any:  # noqa: ANN401
            """Tells who writes ``select(Product)`` what to write: SQLAlchemy would give no entity."""
            raise EntityError(
                f"SQLAlchemy knows {cls.__name__} by its table: write select({cls.__name__}.table) "
                f"for rows, or {cls.__name__}.where(...) for entities."
            )


def _refuse_wrong_shape(
    name: str, namespace: Mapping[str, Any], keywords: Mapping[str, Any]
) -> None:
    if "table" in keywords:
        raise EntityDefinitionError(
            f"Write `class {name}(Entity):` without table={keywords['table']}: every entity has a "
            f"table, built from its fields, and {name}.table is it."
        )
    for attribute, value in namespace.items():
        if isinstance(value, RelationshipInfo):
            raise EntityDefinitionError(
                f"{name}.{attribute}: Relationship() needs a mapped class; write "
                f'`{attribute} = belongs_to("...")` or `{attribute} = has_many("...")` instead.'
            )


def _field_annotations(namespace: dict[str, Any]) -> list[str]:
    """Returns the names of annotated fields, and has pydantic see no others.

    ``category: BelongsTo[Category] = belongs_to("Category")`` tells type checkers what it is.
    """
    found = namespace.get("__annotations__")
    if found is None and sys.version_info >= (3, 14):
        import annotationlib  # pyright: ignore[reportMissingImports] # of Python 3.14

        annotate: Any = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is not None:
            found = annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF)
    known: dict[str, Any] = found or {}
    fields = {n: a for n, a in known.items() if not isinstance(namespace.get(n), Relation)}
    if len(fields) < len(known):
        namespace["__annotations__"] = fields
    return list(fields)


def _refuse_reserved(name: str, fields: Iterable[str], reserved: frozenset[str]) -> None:
    for field in fields:
        if field in reserved or field in _SQLALCHEMY_NAMES or field.startswith("model_"):
            raise EntityDefinitionError(
                f"{name}.{field}: an entity has something else of this name, which the field would "
                f"hide; call the field differently, such as {name.lower()}_{field}."
            )
        if "__" in field.strip("_"):
            raise EntityDefinitionError(
                f"{name}.{field}: a field's name cannot have two underscores in a row, which begin "
                "a lookup such as price__gt."
            )


def _options(name: str, parent: type[Any], keywords: dict[str, Any], *, abstract: bool) -> Options:
    given = {key: keywords.pop(key) for key in _KEYWORDS if key in keywords}
    inherited: Options | None = getattr(parent, "__entity_options__", None)
    table = snake_case(name)
    start = Options(table) if inherited is None else replace(inherited, table_name=table)
    return replace(start, **{"plural": None, "abstract": abstract, **given})


def _with_managed(bases: tuple[type[Any], ...], managed: list[type[Any]]) -> tuple[type[Any], ...]:
    """Adds bases at the end, but before ``Generic``, which pydantic wants to be the last."""
    first = tuple(base for base in bases if base is not Generic)
    return (*first, *managed, *bases[len(first) :])


def _managed_bases(
    bases: tuple[type[Any], ...],
    namespace: Mapping[str, Any],
    annotations: Iterable[str],
    options: Options,
) -> list[type[Any]]:
    """The id, version and timestamps come as bases, so that a class can do without them."""
    own_key = "id" in annotations or any(
        getattr(value, "metadata", None) is not None and sqlmodel_value(value, "primary_key")
        for value in namespace.values()
    )
    inherited_key = any(
        sqlmodel_value(field, "primary_key") or name == "id"
        for base in bases
        for name, field in getattr(base, "__pydantic_fields__", {}).items()
    )
    wanted = (
        (_Keyed, not own_key and not inherited_key),
        (_Versioned, options.version),
        (_Timestamped, options.timestamps),
    )
    return [
        extra
        for extra, needed in wanted
        if needed and not any(issubclass(base, extra) for base in bases)
    ]


def _complete(made: type[Any], names: Mapping[str, Any]) -> None:
    made.model_rebuild(raise_errors=False, _types_namespace=dict(names))


def _register(made: type[Any], options: Options) -> None:
    complete_entity(made)  # which may refuse it
    register_entity(made.__name__, made)
    register_entity(options.table_name, made)


def arrange_fields(entity: type[Any]) -> None:
    """Has the datetime fields of a class keep UTC, and its fields in the order of the columns.

    It is called before pydantic builds the validator, and so works on what pydantic has collected.
    """
    fields: dict[str, FieldInfo] = entity.__pydantic_fields__
    for field in fields.values():
        plain, _ = split_optional(field.annotation)
        normal = _UTC_LIST if _is_list_of_moments(plain) else _UTC if plain is datetime else None
        if normal is not None and normal not in field.metadata:
            field.metadata.append(normal)
    # Bases come first to pydantic, and the managed fields are in bases.
    arranged = sorted(fields, key=lambda name: column_place(name, fields[name]))
    entity.__pydantic_fields__ = {name: fields[name] for name in arranged}


def _utc(value: datetime | None) -> datetime | None:
    try:
        return None if value is None else to_utc(value)
    except OverflowError:
        raise ValueError("the moment lies outside the calendar in UTC") from None


def _utc_list(values: list[datetime] | None) -> list[datetime | None] | None:
    return None if values is None else [_utc(value) for value in values]


def _is_list_of_moments(plain: Any) -> bool:  # noqa: ANN401 # an annotation
    return get_origin(plain) is list and get_args(plain) == (datetime,)


_UTC = AfterValidator(_utc)
_UTC_LIST = AfterValidator(_utc_list)
