"""`Mapper`: everything worked out once about an entity class, between the class and its backend.

It describes the class (`nitro_runtime.schema.EntityInfo`), makes entities of rows and rows of
entities. A row is a plain dictionary of Python values by field name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

from pydantic.fields import FieldInfo as PydanticField

from nitro_runtime.entities.columns import quantized
from nitro_runtime.entities.criteria import Comparison, Criterion, Every
from nitro_runtime.entities.describe import Options, constraint_values, sqlmodel_value
from nitro_runtime.entities.fields import options_of
from nitro_runtime.entities.kinds import Kind, kind_of, split_optional
from nitro_runtime.entities.storable import refuse_unstorable
from nitro_runtime.entities.uploads import Upload, upload_of
from nitro_runtime.errors import EntityError
from nitro_runtime.naming import pluralize, sentence_case
from nitro_runtime.schema import MISSING, EntityInfo, FieldInfo, RelationInfo, humanize

Row = dict[str, Any]
"""One stored entity: Python values by field name."""


@dataclass(frozen=True, slots=True)
class MappedField:
    """A field, as the backends see it.

    Attributes:
        name: Its name, and its column's.
        kind: What can be done with its values.
        plain: Its type without None.
        info: The description that views share.
        source: Pydantic's own.
    """

    name: str
    kind: Kind
    plain: Any
    info: FieldInfo
    source: PydanticField


class Mapper:
    """An entity class, worked out.

    Attributes:
        entity: The class.
        info: Its description.
        fields: Its fields by name, in the order of its columns.
        names: Their names.
        keys: The names of the primary key's fields, in order.
        key: The name of the primary key of one field; asking a class whose key has several raises.
        key_of: Returns the key of a row: its value, or a tuple of the values of several fields.
        generated_key: Whether the database counts the key up.
        version: ``"version"``, or None when the class keeps none.
        updated: ``"updated_at"``, or None.
        search: The names of the searched fields.
        uploads: The names of fields that hold the key of a file.
        mutable: The names of fields whose values can change in place.
        plain: Whether every value can be kept as it is: none changes in place or is rounded.
        belongs_to: The relations that this entity's own columns carry.
        together: Groups of fields that together are unique.
        references: The foreign keys: field name, target table, target column, what a delete does.
    """

    def __init__(
        self, entity: type[Any], options: Options, relations: Mapping[str, RelationInfo]
    ) -> None:
        self.entity = entity
        self.options = options
        by_field = {r.field: name for name, r in relations.items() if r.kind == "belongs_to"}
        described = [
            _mapped(name, field, by_field.get(name)) for name, field in entity.model_fields.items()
        ]
        self.fields: dict[str, MappedField] = {f.name: f for f in described}
        self.names: tuple[str, ...] = tuple(self.fields)
        self.keys: tuple[str, ...] = key_names(entity, self.names)
        self.key_of: Callable[[Mapping[str, Any]], Any] = itemgetter(*self.keys)
        if len(self.keys) == 1:
            self.key: str = self.keys[0]
        key = self.fields[self.keys[0]].info
        self.generated_key: bool = (
            len(self.keys) == 1 and key.type is int and (key.nullable or key.has_default)
        )
        self.info: EntityInfo = self._describe(relations)
        self.belongs_to: dict[str, RelationInfo] = {
            n: r for n, r in relations.items() if r.kind == "belongs_to"
        }
        self.version: str | None = (
            "version" if options.version and "version" in self.fields else None
        )
        self.updated: str | None = "updated_at" if options.timestamps else None
        self.search: tuple[str, ...] = tuple(f.name for f in self.fields.values() if f.info.search)
        self.mutable: tuple[str, ...] = tuple(
            f.name for f in self.fields.values() if f.kind.mutable
        )
        self.uploads: tuple[str, ...] = tuple(f.name for f in self.fields.values() if f.info.upload)
        self.decimals: dict[str, Decimal] = {
            f.name: Decimal(1).scaleb(-f.info.decimal_places)
            for f in self.fields.values()
            if f.kind.exact is Decimal and f.info.decimal_places is not None
        }
        self.references: list[tuple[str, str, str, str | None]] = [
            _reference(f) for f in self.fields.values() if f.info.reference
        ]
        self.together: tuple[tuple[str, ...], ...] = options.unique_together
        self.has_post_init: bool = bool(entity.__pydantic_post_init__)
        self.plain: bool = not (self.mutable or self.decimals)
        self._fields_set = set(self.names)
        self._setters = [_setter(entity, name) for name in _PLACES]
        self._own_setters = self._setters[-3:]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == "key" and "keys" in vars(self):
            raise EntityError(
                f"The key of {self.entity.__name__} has several fields ({', '.join(self.keys)}); "
                "what is asked of it needs a key of one field."
            )
        raise AttributeError(name)

    def parts(self, key: Any) -> tuple[Any, ...]:  # noqa: ANN401 # of the key's type
        """Returns the values of a key's fields, in the order of `keys`."""
        return (key,) if len(self.keys) == 1 else tuple(key)

    def has_version(self, row: Mapping[str, Any], version: int | None) -> bool:
        """Whether a stored row is the one that is expected; None, or a class without one, asks for none."""
        return version is None or self.version is None or row[self.version] == version

    def identity(self, key: Any) -> Criterion:  # noqa: ANN401 # of the key's type
        """Returns the criterion of the one row with this key."""
        if len(self.keys) == 1:
            return Comparison(self.key, "eq", key)
        return Every(tuple(Comparison(n, "eq", v) for n, v in zip(self.keys, key, strict=True)))

    def _describe(self, relations: Mapping[str, RelationInfo]) -> EntityInfo:
        table = self.options.table_name
        plural = self.options.plural or pluralize(table)
        infos = {f.name: f.info for f in self.fields.values()}
        for name in self.keys:
            key = infos[name]
            managed = key.managed or self.keys == ("id",) or self.generated_key
            infos[name] = replace(key, key=True, managed=managed)
        return EntityInfo(
            name=self.entity.__name__,
            table=table,
            slug=plural.replace("_", "-").replace(" ", "-").lower(),
            label=sentence_case(table),
            plural=sentence_case(plural.replace("-", "_")),
            fields=infos,
            relations=dict(relations),
            key=self.keys,
        )

    def load(self, row: Row) -> Any:  # noqa: ANN401 # an entity of the class
        """Makes an entity of a stored row, which it takes over; nothing is validated again."""
        return self.load_all((row,))[0]

    def load_all(self, rows: Iterable[Row]) -> list[Any]:
        """Makes entities of many stored rows, as `load` does."""
        new, entity, mutable = object.__new__, self.entity, self.mutable
        # One set for all: every field of a stored row is set, and nothing ever takes one out.
        every_field, has_post_init = self._fields_set, self.has_post_init
        values, fields_set, extra, private, loaded, related, busy = self._setters
        found: list[Any] = []
        for row in rows:
            one: Any = new(entity)
            stored = row.copy()
            for name in mutable:
                stored[name] = deepcopy(row[name])
            values(one, row)
            fields_set(one, every_field)
            extra(one, None)
            private(one, None)
            loaded(one, stored)
            related(one, {})
            busy(one, False)
            if has_post_init:
                one.model_post_init(None)
            found.append(one)
        return found

    def bare(self) -> Any:  # noqa: ANN401 # an entity of the class
        """Returns a new object that pydantic has yet to give its values."""
        made: Any = object.__new__(self.entity)
        loaded, related, busy = self._own_setters
        loaded(made, None)
        related(made, {})
        busy(made, False)
        return made

    def snapshot(self, values: Mapping[str, Any]) -> Row:
        """Returns the row of an entity's present values, sharing nothing that can change."""
        if self.plain and len(values) == len(self.names):
            return {**values}
        return self.frozen({name: values[name] for name in self.names})

    def snapshots(self, entities: Iterable[object]) -> list[Row]:
        """Returns the rows of many entities, as `snapshot` does."""
        if not self.plain:
            return [self.snapshot(vars(one)) for one in entities]
        size = len(self.names)
        return [
            {**values} if len(values := vars(one)) == size else self.snapshot(values)
            for one in entities
        ]

    def frozen(self, row: Row) -> Row:
        """Makes some values of an entity fit to be kept: changed in place, and returned."""
        for name in self.mutable:
            if name in row:
                row[name] = deepcopy(row[name])
        for name, quantum in self.decimals.items():
            value = row.get(name)
            if value is not None:
                row[name] = self._kept(name, value, quantum)
        return row

    def _kept(self, name: str, value: Decimal, quantum: Decimal) -> Decimal:
        try:
            return quantized(value, quantum)
        except InvalidOperation:
            refuse_unstorable(self, {name: value})
            raise

    def stored(self, field: MappedField, value: Any) -> Any:  # noqa: ANN401 # of the field's type
        """Returns a value as loading it would give it back: datetimes in UTC."""
        if isinstance(value, datetime):
            return to_utc(value)
        return value


def key_names(entity: type[Any], order: Iterable[str] | None = None) -> tuple[str, ...]:
    """Returns the names of the key's fields of a class, which need not be complete yet.

    Args:
        entity: The class.
        order: The names of its fields in the order of the columns; as declared when left out.
    """
    fields: Mapping[str, PydanticField] = entity.model_fields
    found = (n for n in order or fields if sqlmodel_value(fields[n], "primary_key"))
    return tuple(found) or ("id",)


def to_utc(value: datetime) -> datetime:
    """Returns the moment in UTC; a datetime without a zone is taken to be UTC already."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_PLACES = (
    "__dict__",
    "__pydantic_fields_set__",
    "__pydantic_extra__",
    "__pydantic_private__",
    "__loaded__",
    "__related__",
    "__busy__",
)


def _setter(entity: type[Any], name: str) -> Callable[[object, object], None]:
    """Returns what sets an attribute that has a place of its own in every object.

    Looked up once: with seven of them, loading a row takes a third less than by `setattr`.
    """
    for base in entity.__mro__:
        setter = getattr(vars(base).get(name), "__set__", None)
        if setter is not None:
            return setter
    raise AttributeError(name)


def _reference(field: MappedField) -> tuple[str, str, str, str | None]:
    table, _, column = (field.info.reference or "").partition(".")
    return field.name, table, column, sqlmodel_value(field.source, "ondelete")


def column_place(name: str, field: PydanticField) -> int:
    """Returns what to sort fields by: the key first and what Nitro manages last, else as declared."""
    if name == "id" or sqlmodel_value(field, "primary_key"):
        return 0
    if not options_of(field.metadata).managed:
        return 1
    return 2 if name == "version" else 3


def _upload_values(upload: Upload | None) -> dict[str, Any]:
    # the pattern of a key is nothing that people are told
    if upload is None:
        return {}
    return {"upload": upload.kind, "max_length": upload.max_length, "pattern": None}


def _mapped(name: str, field: PydanticField, relation: str | None) -> MappedField:
    plain, nullable = split_optional(field.annotation)
    options = options_of(field.metadata)
    kind = kind_of(plain)
    has_default = not field.is_required()
    fixed = has_default and field.default_factory is None
    sa_type = sqlmodel_value(field, "sa_type")
    upload = upload_of(field.annotation, field.metadata)
    info = FieldInfo(
        name=name,
        type=plain,
        label=options.label or field.title or humanize(name),
        nullable=nullable,
        default=field.default if fixed else MISSING,
        has_default=has_default,
        key=bool(sqlmodel_value(field, "primary_key")),
        managed=options.managed,
        secret=options.secret,
        readonly=options.readonly,
        hidden=options.hidden,
        search=options.search,
        sort=options.sort and kind.sortable and upload is None,
        unique=bool(sqlmodel_value(field, "unique")),
        multiline=getattr(sa_type, "__visit_name__", None) == "text",
        reference=sqlmodel_value(field, "foreign_key"),
        relation=relation,
        help=options.help or field.description,
        **(constraint_values(field) | _upload_values(upload)),
    )
    return MappedField(name, kind, plain, info, field)
