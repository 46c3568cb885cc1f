"""`Entity`: a validated data object that knows how to find, save and delete itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Never, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema
from sqlmodel import SQLModel

from nitro_runtime import errors
from nitro_runtime.entities import saving, storing
from nitro_runtime.entities.class_attributes import RepositoryAttribute
from nitro_runtime.entities.criteria import Criterion
from nitro_runtime.entities.definition import mapper_of
from nitro_runtime.entities.fields import Field, managed_field
from nitro_runtime.entities.json_values import json_safe
from nitro_runtime.entities.lookups import criterion_from
from nitro_runtime.entities.metaclass import EntityMeta, arrange_fields
from nitro_runtime.entities.queryset import QuerySet
from nitro_runtime.entities.relations import Relation, key_for, load_relations
from nitro_runtime.entities.repository import EVERYTHING, Query
from nitro_runtime.entities.transactions import default_repository, transaction
from nitro_runtime.schema import MISSING, EntityInfo

if TYPE_CHECKING:
    from sqlalchemy import Table

    from nitro_runtime.entities.describe import Options
    from nitro_runtime.entities.mapper import Mapper, Row

R = TypeVar("R")
_place = object.__setattr__
_OWN = frozenset({"__loaded__", "__related__", "__busy__"})

_CONFIG = ConfigDict(
    extra="forbid",
    allow_inf_nan=False,
    validate_default=True,
    ignored_types=(Relation, RepositoryAttribute),
    from_attributes=False,
    populate_by_name=True,
    json_schema_serialization_defaults_required=True,
)


class Entity(SQLModel, metaclass=EntityMeta):
    """The base of all entities.

    ``class Product(Entity):`` and one annotated line a field is all it takes. An entity is always
    valid: construction, assignment and `save` run its types, constraints and validators, and an
    assignment that fails keeps the old value. Every verb that reads or writes has a twin with the
    prefix ``a`` for coroutines. An entity object belongs to one task or thread at a time.

    Class keywords:
        timestamps: Keeps ``created_at`` and ``updated_at``, in UTC.
        version: Guards against stale saves; on unless it is False.
        backend: The name of a backend, instead of the configured one.
        table_name: The table, instead of the class name in snake case.
        plural: The plural, instead of the one made by rule.
        abstract: The class has no table; it passes its fields on.
    """

    __slots__ = ("__busy__", "__loaded__", "__related__")

    model_config: ClassVar[Any] = _CONFIG  # its type is told by the metaclass

    NotFound: ClassVar[type[errors.NotFound]] = errors.NotFound
    """What `get` raises; every class has its own."""

    repository: ClassVar[RepositoryAttribute] = RepositoryAttribute()
    """The backend that keeps this class: ``Product.repository.count(Product.mapper, Query())``."""

    __entity_options__: ClassVar[Options]
    __relation_names__: ClassVar[tuple[str, ...]] = ()
    __many_names__: ClassVar[tuple[str, ...]] = ()
    __reserved_names__: ClassVar[frozenset[str]] = frozenset()
    __saves_with_hooks__: ClassVar[bool] = False
    __deletes_with_hooks__: ClassVar[bool] = False

    if TYPE_CHECKING:
        # At run time the metaclass gives every class its own.
        __makes_plainly__: ClassVar[bool]
        __entity__: ClassVar[EntityInfo]
        __nitro_mapper__: ClassVar[Mapper]
        mapper: ClassVar[Mapper]
        """The class worked out, as every method of its `repository` takes it."""
        table: ClassVar[Table]
        """The SQLAlchemy table, built from the fields at its first use."""
        Input: ClassVar[type[BaseModel]]
        """The schema of outside data for a new entity: nothing managed, secret or read-only."""
        PatchInput: ClassVar[type[BaseModel]]
        """The schema of outside data for a change: as `Input`, every field optional."""

    if TYPE_CHECKING:
        # At run time these come from bases that the metaclass adds: a class can do without them.
        id: str = managed_field(default="")
        version: int = managed_field(default=1)
        created_at: datetime = managed_field(default=None)
        updated_at: datetime = managed_field(default=None)
        __loaded__: Row | None = Field(init=False)
        __related__: dict[str, Any] = Field(init=False)
        __busy__: bool = Field(init=False)

    # -- being an object ------------------------------------------------------------------------

    def __new__(cls, *arguments: Any, **values: Any) -> Self:  # noqa: ANN401, D102 # Python's
        # As SQLModel's, in one step: it leaves the values to __init__.
        self = object.__new__(cls)
        saving.blank(self)
        return self

    if not TYPE_CHECKING:
        # Type checkers are told the constructor by the fields.
        def __init__(self, **values: Any) -> None:  # noqa: ANN401
            cls = type(self)
            if not (cls.__relation_names__ or cls.__many_names__):
                cls.__pydantic_validator__.validate_python(values, self_instance=self)
                return
            many = {k: values.pop(k) for k in type(self).__many_names__ if k in values}
            related = {k: values.pop(k) for k in type(self).__relation_names__ if k in values}
            for name, other in related.items():
                relation: Relation = getattr(type(self), name)
                values[relation.field_of(type(self))] = key_for(relation, other)
            self.__pydantic_validator__.validate_python(values, self_instance=self)
            for name, other in related.items():
                self.__related__[name] = other
            for name, others in many.items():
                getattr(type(self), name).__set__(self, others)

        # What the class's own must be for its values to go to pydantic directly.
        __plain_init__ = __init__
        __plain_new__ = __new__

    @classmethod
    def __make_mapper__(cls) -> Mapper:
        return mapper_of(cls)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        """Has datetimes kept in UTC and the key come first, as soon as the fields are known."""
        if source is cls:
            arrange_fields(cls)
        return handler(source)

    if TYPE_CHECKING:
        # SQLModel's takes any name, so a misspelt one would be none to type checkers.
        def __setattr__(self, name: Never, value: Never) -> None: ...  # pyright: ignore[reportIncompatibleMethodOverride]
    else:

        def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 # of the field
            if name in self.__pydantic_fields__:
                saving.assign(self, name, value)
            elif name in _OWN:
                _place(self, name, value)
            elif name in type(self).__relation_names__ or name in type(self).__many_names__:
                getattr(type(self), name).__set__(self, value)
            else:
                BaseModel.__setattr__(self, name, value)

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that were set: a copy, as loaded entities share theirs."""
        return set(self.__pydantic_fields_set__)

    def __eq__(self, other: object) -> bool:
        """Two objects are the same entity when class and key are the same."""
        if type(other) is not type(self):
            return NotImplemented
        if self is other:
            return True
        key_of = self.__nitro_mapper__.key_of
        mine = key_of(self.__dict__)
        return mine is not None and mine == key_of(other.__dict__)

    def __hash__(self) -> int:
        key = self.__nitro_mapper__.key_of(self.__dict__)
        return id(self) if key is None else hash((type(self), key))

    def __copy__(self) -> Self:
        return saving.carry_over(self, super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return saving.carry_over(self, super().__deepcopy__(memo))

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), "__loaded__": self.__loaded__}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        _place(self, "__loaded__", state.pop("__loaded__", None))
        _place(self, "__related__", {})
        _place(self, "__busy__", False)
        super().__setstate__(state)

    # -- pydantic's own ways ----------------------------------------------------------------------

    @classmethod
    def model_validate(  # pyright: ignore[reportIncompatibleMethodOverride] # as SQLModel's
        cls,
        obj: Any,  # noqa: ANN401 # whatever comes from outside
        *,
        strict: bool | None = None,
        extra: Literal["allow", "ignore", "forbid"] | None = None,
        from_attributes: bool | None = None,
        context: Any = None,  # noqa: ANN401 # for validators
        by_alias: bool | None = None,
        by_name: bool | None = None,
        update: Mapping[str, Any] | None = None,
    ) -> Self:
        """Makes a new entity of values from outside; one of this class comes back as it is.

        Args:
            obj: Values by field name, or a model such as ``Product.Input``, of which only what was
                given is taken.
            strict: Whether values must be of their types already.
            extra: What becomes of values that are no fields; they are refused when left out.
            from_attributes: Whether the values may be attributes of any object.
            context: What validators find in their ``info.context``.
            by_alias: Whether values may stand under the aliases of their fields.
            by_name: Whether values may stand under the names of their fields.
            update: Further values, which win, as SQLModel has it.

        Raises:
            ValidationError: A value is not valid.
        """
        if isinstance(obj, cls):
            return obj.model_copy(update=update) if update else obj
        given: Any = saving.given_values(obj) if isinstance(obj, BaseModel) else obj
        if update:
            given = {**given, **update}
        return cls.__pydantic_validator__.validate_python(
            given,
            strict=strict,
            extra=extra,
            from_attributes=from_attributes,
            context=context,
            by_alias=by_alias,
            by_name=by_name,
        )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Returns a copy that knows as much of the stored row; with another key it is new.

        Args:
            update: Values that differ in the copy, checked as `update` checks them.
            deep: Whether lists and models in it are copied, too.

        Raises:
            ValidationError: A value is not valid.
        """
        twin = super().model_copy(deep=deep)
        if update:
            saving.change_copy(twin, update)
        return twin

    # -- finding --------------------------------------------------------------------------------

    @classmethod
    def find(cls, id: Any) -> Self | None:  # noqa: ANN401 # of the key's type
        """Reads the entity with this key, or returns None."""
        mapper = cls.__nitro_mapper__
        key = saving.key_value(mapper, id)
        row = None if key is None else cls.repository.get(mapper, key)
        return None if row is None else mapper.load(row)

    @classmethod
    def get(cls, id: Any = MISSING, **key: Any) -> Self:  # noqa: ANN401 # of the key's type
        """Reads the entity with this key: ``Product.get("123")``, ``Product.get(id="123")``.

        Raises:
            NotFound: There is none; the class's own ``Product.NotFound``.
        """
        wanted = id if not key and id is not MISSING else saving.named_key(cls, key)
        found = cls.find(wanted)
        if found is None:
            raise cls.NotFound(cls.__name__, wanted)
        return found

    @classmethod
    def all(cls) -> QuerySet[Self]:
        """Returns a query set of every entity of this class."""
        return QuerySet(cls.__nitro_mapper__)

    @classmethod
    def where(cls, *criteria: Criterion | bool, **lookups: Any) -> QuerySet[Self]:  # noqa: ANN401
        """Returns a query set: ``Product.where(Product.price > 10, name__icontains="tea")``.

        Raises:
            InvalidQuery: A field or lookup does not exist, or a value is of a wrong type.
        """
        mapper = cls.__nitro_mapper__
        criterion = criterion_from(mapper, criteria, lookups)
        return QuerySet(mapper, None if criterion is None else Query(criterion))

    @classmethod
    def first(cls, *criteria: Criterion | bool, **lookups: Any) -> Self | None:  # noqa: ANN401
        """Reads the first entity by key that fulfils the criteria, or returns None."""
        return cls.where(*criteria, **lookups).first()

    @classmethod
    def count(cls, *criteria: Criterion | bool, **lookups: Any) -> int:  # noqa: ANN401
        """Counts the entities that fulfil the criteria."""
        if not criteria and not lookups:
            return cls.repository.count(cls.__nitro_mapper__, EVERYTHING)
        return cls.where(*criteria, **lookups).count()

    @classmethod
    def exists(cls, *criteria: Criterion | bool, **lookups: Any) -> bool:  # noqa: ANN401
        """Whether an entity fulfils the criteria."""
        return cls.where(*criteria, **lookups).exists()

    # -- making ---------------------------------------------------------------------------------

    @classmethod
    def create(cls, **values: Any) -> Self:  # noqa: ANN401 # of the fields' types
        """Makes an entity, validates and stores it.

        Raises:
            ValidationError: A value is not valid.
            Duplicate: A unique field has this value already.
        """
        self = cls(**values)
        if storing.needs_transaction(self):
            storing.save_together(self)
        else:
            saving.insert(self)
            storing.announce_change("created", self)
        return self

    @classmethod
    def create_many(cls, rows: Iterable[Self | Mapping[str, Any]]) -> list[Self]:
        """Stores many new entities at once, all or none; one change of the table is announced."""
        return storing.create_many(cls, rows)

    @classmethod
    def get_or_create(
        cls,
        defaults: Mapping[str, Any] | None = None,
        **lookup: Any,  # noqa: ANN401 # of the fields' types
    ) -> tuple[Self, bool]:
        """Returns the entity with these values, made with the defaults when there is none.

        Of several that try at once, one makes it, if a unique field is among the values.

        Returns:
            The entity, and whether it was made.

        Raises:
            ValidationError: A value is not valid.
            Duplicate: It was to be made, and another unique field has its value already.
        """
        return storing.get_or_create(cls, defaults or {}, lookup)

    @classmethod
    def upsert(cls, match: str | Iterable[str], **values: Any) -> Self:  # noqa: ANN401
        """Saves the values to the entity that has the same ``match`` fields, or makes one.

        Of several that try at once all succeed, the last with its values, if the fields are unique.

        Args:
            match: The name or names of fields that together tell which entity is meant.
            **values: All values, those of ``match`` included.

        Raises:
            InvalidQuery: A value of ``match`` is missing.
            ValidationError: A value is not valid.
            Duplicate: Another unique field has its value already.
        """
        return storing.upsert(cls, match, values)

    @classmethod
    def upsert_many(
        cls, match: str | Iterable[str], rows: Iterable[Mapping[str, Any]]
    ) -> list[Self]:
        """Does `upsert` for many rows of values, all or none; a row may hold some fields only.

        What was made and what was changed is announced as one change of the table each.

        Args:
            match: The name or names of fields that together tell which entity is meant.
            rows: Values by field name, those of ``match`` in each.

        Returns:
            The entities, one for each row, in the order of the rows.

        Raises:
            InvalidQuery: A value of ``match`` is missing in a row.
            ValidationError: A value is not valid.
            Duplicate: Another unique field has its value already.
        """
        return storing.upsert_many(cls, match, rows)

    @classmethod
    def update_many(cls, entities: Iterable[Self]) -> int:
        """Saves those of many stored entities that have changed, all or none; returns how many.

        One change of the table is announced.

        Raises:
            ValidationError: A value is not valid.
            StaleEntity: One was changed or deleted since it was loaded.
            Duplicate: A unique field has this value already.
        """
        return storing.update_many(cls, entities)

    # -- changing -------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        """Whether the entity was never stored."""
        return self.__loaded__ is None

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """What differs from what was loaded or saved last: old and new value by field name.

        Of a new entity everything does, of a deleted one nothing.
        """
        loaded = self.__loaded__
        if loaded is None:
            return {name: (None, self.__dict__[name]) for name in self.__nitro_mapper__.names}
        found = saving.changes(self, loaded) if loaded else {}
        return {name: (loaded[name], value) for name, value in found.items()}

    def save(self) -> Self:
        """Validates and stores what is new or has changed; without a change nothing happens.

        Raises:
            ValidationError: A value is not valid.
            StaleEntity: It was changed or deleted since it was loaded.
            Duplicate: A unique field has this value already.
        """
        if storing.needs_transaction(self):
            storing.save_together(self)
            return self
        kind = saving.save(self)
        if kind is not None:
            storing.announce_change(kind, self)
        return self

    def update(self, **values: Any) -> Self:  # noqa: ANN401 # of the fields' types
        """Assigns the values together, validated as a whole, and saves.

        Raises:
            ValidationError: A value is not valid; then none is kept.
        """
        many = {name: values.pop(name) for name in type(self).__many_names__ if name in values}
        if many and not self.is_new:
            with transaction():
                self.update(**values)
                for name, others in many.items():
                    getattr(self, name).set(others)
            return self
        for name, others in many.items():
            setattr(self, name, others)
        saving.assign_all(self, values)
        return self.save()

    def delete(self) -> None:
        """Deletes the entity; afterwards its values can be read, and no verb stores it again.

        Raises:
            StaleEntity: It was changed or deleted since it was loaded.
        """
        if self.__deletes_with_hooks__ or storing.is_kept(type(self)):
            storing.delete_together(self)
            return
        saving.delete(self)
        storing.announce_change("deleted", self)

    def reload(self) -> Self:
        """Reads the stored values again and forgets unsaved ones.

        Raises:
            NotFound: It is not stored any more.
        """
        saving.reload(self)
        return self

    def increment(self, **amounts: Any) -> Self:  # noqa: ANN401 # numbers
        """Adds to fields in the database itself, so that concurrent additions all count.

        Raises:
            ValidationError: A result would not be valid; then nothing is changed.
            StaleEntity: It is not stored any more.
        """
        with storing.keeping(type(self)):
            saving.increment(self, amounts)
            storing.announce_change("updated", self)
        return self

    def lock(self) -> Self:
        """Reads the stored values again, as `reload`, and keeps others from changing them meanwhile.

        The lock lasts until the transaction ends, so this stands in a ``transaction()``.

        Raises:
            NotFound: It is not stored any more.
            EntityError: No transaction is open.
            Unsupported: The backend has no locks.
        """
        saving.lock(self)
        return self

    # -- hooks ----------------------------------------------------------------------------------

    def before_save(self) -> None:
        """Runs before each save and create, for a class to override; what it changes is checked.

        Like every hook it runs inside the transaction of the write, and what it raises undoes the
        write. `is_new` and `changed` say what is about to be stored. `QuerySet.update`,
        `QuerySet.delete`, `increment` and what the database does itself (``ondelete``) run no hook.
        """

    def after_save(self) -> None:
        """Runs after each save that stored something, before the commit, for a class to override."""

    def before_delete(self) -> None:
        """Runs before each delete, for a class to override; what it raises keeps the entity."""

    def after_delete(self) -> None:
        """Runs after each delete, before the commit, for a class to override."""

    # -- showing --------------------------------------------------------------------------------

    @property
    def signals(self) -> dict[str, dict[str, Any]]:
        """The values for a browser, JSON-safe and without secret fields: ``{"product": {...}}``."""
        info = self.__nitro_mapper__.info
        values = self.__dict__
        return {
            info.table: {
                name: json_safe(values[name]) for name, f in info.fields.items() if not f.secret
            }
        }

    def to_card(self) -> Any:  # noqa: ANN401 # a view; entities know nothing of views
        """Returns the card view of this entity, the app's own where there is one."""
        from nitro_runtime.views import card_for

        return card_for(self)

    def to_detail(self) -> Any:  # noqa: ANN401
        """Returns the detail view of this entity, the app's own where there is one."""
        from nitro_runtime.views import detail_for

        return detail_for(self)

    def to_form(self) -> Any:  # noqa: ANN401
        """Returns the form view of this entity, the app's own where there is one."""
        from nitro_runtime.views import form_for

        return form_for(self)

    def to_row(self) -> Any:  # noqa: ANN401
        """Returns the table row of this entity, of the app's own table where there is one."""
        from nitro_runtime.views import row_for

        return row_for(self)

    # -- the same from coroutines ---------------------------------------------------------------

    @classmethod
    async def _run(cls, work: Callable[[], R], *, write: bool) -> R:
        return await cls.repository.arun(work, write=write)

    @classmethod
    def __transaction__(cls) -> transaction | None:
        """Returns a block for several verbs of a coroutine, or None where the backend has no transactions."""
        both = (cls.repository, default_repository())
        able = all("transactions" in one.capabilities for one in both)
        return transaction() if able else None

    @classmethod
    async def __together__(cls, work: Callable[[], R]) -> R:
        """Does several verbs in one transaction, without stalling the event loop.

        Args:
            work: What to do, with the verbs that block; what it raises undoes all of it.

        Raises:
            Unsupported: The backend has no transactions.
        """
        return await cls._run(partial(storing.together, work), write=True)

    @classmethod
    async def afind(cls, id: Any) -> Self | None:  # noqa: ANN401
        """As `find`, without stalling the event loop."""
        return await cls._run(partial(cls.find, id), write=False)

    @classmethod
    async def aget(cls, id: Any = MISSING, **key: Any) -> Self:  # noqa: ANN401
        """As `get`, without stalling the event loop."""
        return await cls._run(partial(cls.get, id, **key), write=False)

    @classmethod
    async def afirst(cls, *criteria: Criterion | bool, **lookups: Any) -> Self | None:  # noqa: ANN401
        """As `first`, without stalling the event loop."""
        return await cls.where(*criteria, **lookups).afirst()

    @classmethod
    async def acount(cls, *criteria: Criterion | bool, **lookups: Any) -> int:  # noqa: ANN401
        """As `count`, without stalling the event loop."""
        return await cls.where(*criteria, **lookups).acount()

    @classmethod
    async def aexists(cls, *criteria: Criterion | bool, **lookups: Any) -> bool:  # noqa: ANN401
        """As `exists`, without stalling the event loop."""
        return await cls.where(*criteria, **lookups).aexists()

    @classmethod
    async def acreate(cls, **values: Any) -> Self:  # noqa: ANN401
        """As `create`, without stalling the event loop."""
        return await cls._run(partial(cls.create, **values), write=True)

    @classmethod
    async def acreate_many(cls, rows: Iterable[Self | Mapping[str, Any]]) -> list[Self]:
        """As `create_many`, without stalling the event loop."""
        return await cls._run(partial(cls.create_many, list(rows)), write=True)

    @classmethod
    async def aget_or_create(
        cls,
        defaults: Mapping[str, Any] | None = None,
        **lookup: Any,  # noqa: ANN401
    ) -> tuple[Self, bool]:
        """As `get_or_create`, without stalling the event loop."""
        return await cls._run(partial(cls.get_or_create, defaults, **lookup), write=True)

    @classmethod
    async def aupsert(cls, match: str | Iterable[str], **values: Any) -> Self:  # noqa: ANN401
        """As `upsert`, without stalling the event loop."""
        return await cls._run(partial(cls.upsert, match, **values), write=True)

    @classmethod
    async def aupsert_many(
        cls, match: str | Iterable[str], rows: Iterable[Mapping[str, Any]]
    ) -> list[Self]:
        """As `upsert_many`, without stalling the event loop."""
        return await cls._run(partial(cls.upsert_many, match, list(rows)), write=True)

    @classmethod
    async def aupdate_many(cls, entities: Iterable[Self]) -> int:
        """As `update_many`, without stalling the event loop."""
        return await cls._run(partial(cls.update_many, list(entities)), write=True)

    async def asave(self) -> Self:
        """As `save`, without stalling the event loop."""
        return await self._run(self.save, write=True)

    async def aupdate(self, **values: Any) -> Self:  # noqa: ANN401
        """As `update`, without stalling the event loop."""
        return await self._run(partial(self.update, **values), write=True)

    async def adelete(self) -> None:
        """As `delete`, without stalling the event loop."""
        await self._run(self.delete, write=True)

    async def areload(self) -> Self:
        """As `reload`, without stalling the event loop."""
        return await self._run(self.reload, write=False)

    async def aincrement(self, **amounts: Any) -> Self:  # noqa: ANN401
        """As `increment`, without stalling the event loop."""
        return await self._run(partial(self.increment, **amounts), write=True)

    async def alock(self) -> Self:
        """As `lock`, without stalling the event loop."""
        return await self._run(self.lock, write=True)

    async def aload(self, *relations: str) -> Self:
        """Loads relations, so that asynchronous code may read them."""
        await self._run(partial(load_relations, [self], relations), write=False)
        return self


Entity.__reserved_names__ = frozenset(name for name in dir(Entity) if not name.startswith("_")) - {
    "id",
    "version",
    "created_at",
    "updated_at",
}
