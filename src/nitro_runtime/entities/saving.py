"""How an entity's values are assigned, compared and stored: the work behind its verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from nitro_runtime.context import Kind
from nitro_runtime.entities.bulk import amount, managed_changes
from nitro_runtime.entities.criteria import Arithmetic, Comparison, Criterion, Every
from nitro_runtime.entities.kinds import adapter
from nitro_runtime.entities.lookups import field_named, typed
from nitro_runtime.entities.mapper import MappedField, Mapper, Row
from nitro_runtime.entities.repository import Adjusting, Query
from nitro_runtime.entities.transactions import current_transaction, transaction
from nitro_runtime.entities.uploads import release
from nitro_runtime.errors import EntityError, InvalidQuery, StaleEntity, suggestion

if TYPE_CHECKING:
    from nitro_runtime.entities.entity import Entity

E = TypeVar("E", bound="Entity")
_TRIES = 3  # of what somebody else may be faster with
_place = object.__setattr__


def blank(entity: object) -> None:
    """Gives a bare object what every entity has apart from its values."""
    _place(entity, "__pydantic_private__", None)
    _place(entity, "__loaded__", None)
    _place(entity, "__related__", {})
    _place(entity, "__busy__", False)


# -- keys ---------------------------------------------------------------------------------------


def key_value(mapper: Mapper, value: object) -> Any:  # noqa: ANN401 # of the key's type
    """Returns a key in its own type, or None when it cannot be one (so nothing is found)."""
    if len(mapper.keys) > 1:
        return _composite_key(mapper, value)
    key = mapper.fields[mapper.key]
    if value is None or type(value) is key.kind.exact:
        return value
    try:
        return typed(mapper, key, value)
    except InvalidQuery:
        return None


def _composite_key(mapper: Mapper, value: object) -> tuple[Any, ...] | None:
    if not isinstance(value, tuple | list) or len(cast("list[Any]", value)) != len(mapper.keys):
        names = ", ".join(mapper.keys)
        raise InvalidQuery(
            f"The key of {mapper.info.name} has several fields: give a tuple ({names}), or each by "
            f"name, not {value!r}."
        )
    parts = zip(mapper.keys, cast("list[Any]", value), strict=True)
    try:
        return tuple(typed(mapper, mapper.fields[name], part) for name, part in parts)
    except InvalidQuery:
        return None


def named_key(entity: type[Entity], key: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Returns the key out of ``get(sku="x")``, or ``get(order_id=7, line=1)``.

    Raises:
        InvalidQuery: It is not the entity's key.
    """
    mapper = entity.__nitro_mapper__
    names = mapper.keys
    if set(key) != set(names):
        wrong = next((name for name in key if name not in names), "")
        raise InvalidQuery(
            f"{entity.__name__}.get takes {' and '.join(names)}; for other fields use first() or "
            f"where().{suggestion(wrong, names)}"
        )
    return mapper.key_of(key)


# -- values -------------------------------------------------------------------------------------


def assign(entity: Entity, name: str, value: object) -> None:
    """Assigns one value, validated; a failure leaves the entity as it was."""
    values = vars(entity)
    if entity.__busy__:  # a validator of the whole entity assigns: it is being validated right now
        values[name] = value
        return
    # pydantic makes a new dictionary for the values and leaves this one as it is.
    before, was_set = values, name in entity.__pydantic_fields_set__
    _place(entity, "__busy__", True)
    try:
        entity.__pydantic_validator__.validate_assignment(entity, name, value)
    except BaseException:
        # pydantic's `after` validators leave the bad value in place.
        _place(entity, "__dict__", before)
        if not was_set:
            entity.__pydantic_fields_set__.discard(name)
        raise
    finally:
        _place(entity, "__busy__", False)


def assign_all(entity: Entity, values: Mapping[str, Any]) -> None:
    """Assigns several values at once: only the outcome must be valid, or none is kept."""
    mapper = entity.__nitro_mapper__
    given = dict(values)
    for name in [name for name in given if name in mapper.belongs_to]:
        setattr(entity, name, given.pop(name))
    for name in given:
        field_named(mapper, name)
    if not given:
        return
    valid = _validated(entity, {**own_values(entity), **given})
    before = vars(entity).copy()
    *others, last = given
    vars(entity).update({name: valid[name] for name in others})
    try:
        assign(entity, last, given[last])
    except BaseException:
        _place(entity, "__dict__", before)
        raise


def own_values(entity: Entity) -> Row:
    """Returns the values of the fields; a cached property keeps its value beside them."""
    values = vars(entity)
    if len(values) == len(entity.__nitro_mapper__.names):
        return values.copy()
    return {name: values[name] for name in entity.__nitro_mapper__.names}


def given_values(model: BaseModel) -> Row:
    """Returns what a model was given, by field name and as it is; what was left out is not there."""
    given = model.model_fields_set
    return {name: value for name, value in vars(model).items() if name in given}


def change_copy(copy: Entity, values: Mapping[str, Any]) -> None:
    """Assigns values to a copy, which is another entity and new when its key differs."""
    key_of, source = copy.__nitro_mapper__.key_of, copy.__loaded__
    assign_all(copy, values)
    if source and key_of(vars(copy)) != key_of(source):
        _place(copy, "__loaded__", None)


def valid_entities(entity: type[E], rows: Iterable[E | Mapping[str, Any]]) -> list[E]:
    """Returns new entities of plain values, or the given ones, each checked as `valid_entity` does."""
    if not entity.__makes_plainly__:
        return [valid_entity(entity, row) for row in rows]
    bare, validate = entity.__nitro_mapper__.bare, entity.__pydantic_validator__.validate_python
    made: list[E] = []
    # A validator of the whole entity may change the dictionary that it is given.
    may_change = bool(entity.__pydantic_decorators__.model_validators)
    for row in cast("Iterable[Any]", rows):
        if row.__class__ is dict:
            one = bare()
            validate(dict(row) if may_change else row, self_instance=one)
        else:
            one = valid_entity(entity, row)
        made.append(one)
    return made


def valid_entity(entity: type[E], row: E | Mapping[str, Any]) -> E:
    """Returns a new entity of plain values, or the given one, checked again as it may have changed."""
    if isinstance(row, entity):
        revalidate(row, None)
        return row
    return entity(**checked_row(entity, row))


def checked_row(entity: type[Entity], row: object) -> Mapping[str, Any]:
    """Returns one of many rows of values if it is one.

    Raises:
        InvalidQuery: It is something else, such as an entity of another class.
    """
    if isinstance(row, Mapping):
        return cast("Mapping[str, Any]", row)
    raise InvalidQuery(
        f"Rows of {entity.__name__} are given as a list of dictionaries of its values, not {row!r}."
    )


def _validated(entity: Entity, values: Row) -> Row:
    scratch: Entity = entity.__nitro_mapper__.bare()
    _place(scratch, "__busy__", True)
    entity.__pydantic_validator__.validate_python(values, self_instance=scratch)
    return vars(scratch)


def revalidate(entity: Entity, loaded: Row | None) -> None:
    """Validates the entity as it stands, as values may have changed in place (``tags.append``).

    What the validators make of values that were assigned, and so validated, is not taken over: a
    validator that is not idempotent would otherwise work twice.
    """
    mapper, values = entity.__nitro_mapper__, own_values(entity)
    if not mapper.mutable:
        _validated(entity, values)
        return
    touched = [n for n in mapper.mutable if loaded is None or values[n] != loaded[n]]
    for name in touched:
        values[name] = _taken_apart(mapper.fields[name], values[name])
    valid = _validated(entity, values)
    for name in touched:
        vars(entity)[name] = valid[name]


def _taken_apart(field: MappedField, value: object) -> Any:  # noqa: ANN401 # of the field's type
    """Returns a value without the models in it, which pydantic would take for valid as they are."""
    if not _holds_model(value):
        return value
    try:
        return adapter(field.source.annotation).dump_python(value, warnings=False)
    except PydanticSerializationError:
        return value  # it is of another type, which validating it will say


def _holds_model(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_model, cast("dict[Any, object]", value).values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_holds_model, cast("Iterable[object]", value)))
    return isinstance(value, BaseModel)


def changes(entity: Entity, loaded: Row) -> Row:
    """Returns the values that differ from those loaded, the version apart."""
    mapper, values = entity.__nitro_mapper__, vars(entity)
    found: Row = {}
    for name in mapper.names:
        value, old = values[name], loaded[name]
        if value is not old and value != old and name != mapper.version:
            found[name] = value
    for name in mapper.mutable:
        if name not in found and not _is_same(values[name], loaded[name]):
            found[name] = values[name]
    return found


def _is_same(new: Any, old: Any) -> bool:  # noqa: ANN401 # JSON values
    """Whether equal values are also of the same types: to Python, ``[True]`` equals ``[1]``."""
    if type(new) is not type(old):
        return False
    if isinstance(new, dict):
        pairs = cast("dict[Any, Any]", new)
        return all(_is_same(value, old[key]) for key, value in pairs.items())
    if isinstance(new, list | tuple):
        items = cast("list[Any]", new)
        return all(map(_is_same, items, old))
    return True


def carry_over(source: E, copy: E) -> E:
    """Lets a copy of an entity know what its source knew of the stored row."""
    _place(copy, "__loaded__", source.__loaded__)
    _place(copy, "__related__", dict(source.__related__))
    _place(copy, "__busy__", False)
    return copy


# -- storing ------------------------------------------------------------------------------------


def _remember(entity: Entity) -> None:
    """Lets a rollback put back what the entity knows of the stored row."""
    active = current_transaction()
    if active is not None:
        mapper = entity.__nitro_mapper__
        managed = {
            name: vars(entity)[name]
            for name in (*mapper.keys, mapper.version, mapper.updated)
            if name is not None
        }
        active.undo.append(partial(_restore, entity, entity.__loaded__, managed))


def _restore(entity: Entity, loaded: Row | None, managed: Row) -> None:
    _place(entity, "__loaded__", loaded)
    vars(entity).update(managed)


def insert(entity: Entity) -> None:
    """Stores a new entity that was just validated."""
    mapper = entity.__nitro_mapper__
    row = mapper.snapshot(vars(entity))
    (key,) = type(entity).repository.insert(mapper, [row])
    _remember(entity)
    _stored(entity, row, key)


def _stored(entity: Entity, row: Row, key: object) -> None:
    mapper = entity.__nitro_mapper__
    if mapper.generated_key:
        row[mapper.key] = vars(entity)[mapper.key] = key
    if mapper.decimals:
        _take_over_decimals(mapper, entity, row)
    _place(entity, "__loaded__", row)


def _take_over_decimals(mapper: Mapper, entity: Entity, row: Row) -> None:
    """Shows decimals with the places that were stored, as loading them will: 5.00 and not 5."""
    vars(entity).update((name, row[name]) for name in mapper.decimals if name in row)


def insert_many(entity: type[Entity], made: Sequence[Entity]) -> None:
    """Stores many new entities, all or none."""
    mapper = entity.__nitro_mapper__
    rows = mapper.snapshots(made)
    if not rows:
        return
    keys = entity.repository.insert(mapper, rows)
    if mapper.generated_key or mapper.decimals or current_transaction() is not None:
        for one, row, key in zip(made, rows, keys, strict=True):
            _remember(one)
            _stored(one, row, key)
    else:
        for one, row in zip(made, rows, strict=True):
            _place(one, "__loaded__", row)


def save(entity: Entity) -> Kind | None:
    """Stores an entity; returns what happened, or None when nothing had changed."""
    loaded = entity.__loaded__
    if loaded is None:
        revalidate(entity, None)
        insert(entity)
        return "created"
    if not loaded:
        raise _gone(entity)
    changed = changes(entity, loaded)
    if not changed:
        return None
    revalidate(entity, loaded)
    if entity.__nitro_mapper__.mutable:  # what validation made of them is stored
        changed = changes(entity, loaded)
    _store_changes(entity, loaded, changed)
    return "updated"


def _store_changes(entity: Entity, loaded: Row, changed: Row) -> None:
    mapper, values = entity.__nitro_mapper__, vars(entity)
    version: int | None = values[mapper.version] if mapper.version else None
    if mapper.version and version is not None:
        changed[mapper.version] = version + 1
    if mapper.updated and mapper.updated not in changed:
        changed[mapper.updated] = datetime.now(UTC)
    key = mapper.key_of(loaded)
    if not changed.keys().isdisjoint(mapper.keys):
        raise InvalidQuery(f"The key of a stored {mapper.info.name} cannot be changed.")
    if not type(entity).repository.update(mapper, key, changed, version):
        raise StaleEntity(mapper.info.name, key)
    if mapper.uploads:
        release(mapper, loaded, changed)
    _remember(entity)
    values.update(changed)
    kept = changed if mapper.plain else mapper.frozen(changed)
    if mapper.decimals:
        _take_over_decimals(mapper, entity, kept)
    _place(entity, "__loaded__", {**loaded, **kept})


def _gone(entity: Entity) -> EntityError:
    """Returns the error of what needs a stored row, of an entity that has none."""
    mapper = entity.__nitro_mapper__
    if entity.__loaded__ is None:
        return EntityError(f"This {mapper.info.name} is new: save it before anything else.")
    return StaleEntity(mapper.info.name, mapper.key_of(vars(entity)), deleted=True)


def delete(entity: Entity) -> None:
    """Deletes a stored entity."""
    mapper = entity.__nitro_mapper__
    loaded = entity.__loaded__
    if not loaded:
        raise _gone(entity)
    key = mapper.key_of(loaded)
    version = vars(entity)[mapper.version] if mapper.version else None
    if not type(entity).repository.delete(mapper, key, version):
        raise StaleEntity(mapper.info.name, key)
    if mapper.uploads:
        release(mapper, loaded, mapper.uploads)
    _remember(entity)
    _place(entity, "__loaded__", {})


def reload(entity: Entity) -> None:
    """Replaces all values with the stored ones."""
    _become(entity, type(entity).get(_key_of_row(entity)))


def lock(entity: Entity) -> None:
    """Replaces all values with the stored ones, which nobody else may change meanwhile."""
    mapper, key = entity.__nitro_mapper__, _key_of_row(entity)
    fresh = type(entity).where(mapper.identity(key)).lock().first()
    if fresh is None:
        raise type(entity).NotFound(mapper.info.name, key)
    _become(entity, fresh)


def _key_of_row(entity: Entity) -> Any:  # noqa: ANN401 # of the key's type
    """Returns the key of the stored row; the one in the entity may have been assigned since."""
    return entity.__nitro_mapper__.key_of(entity.__loaded__ or vars(entity))


def _become(entity: Entity, fresh: Entity) -> None:
    _place(entity, "__dict__", vars(fresh))
    _place(entity, "__loaded__", fresh.__loaded__)
    _place(entity, "__related__", {})


# -- adding in the database ---------------------------------------------------------------------


def increment(entity: Entity, amounts: Mapping[str, Any]) -> None:
    """Adds to fields in the database itself, within their bounds."""
    mapper = entity.__nitro_mapper__
    if not entity.__loaded__:
        raise _gone(entity)
    added = {name: _addition(mapper, name, value) for name, value in amounts.items()}
    if not added:
        raise InvalidQuery("increment() needs at least one field, as in increment(stock=1).")
    for _ in range(_TRIES):
        if _increment(entity, added):
            return
        _refuse_increment(entity, added)  # else the row has become such that it can be added to
    raise StaleEntity(mapper.info.name, _key_of_row(entity))


def _increment(entity: Entity, added: dict[str, Arithmetic]) -> bool:
    mapper, repository = entity.__nitro_mapper__, type(entity).repository
    if "adjust" not in repository.capabilities:
        with transaction():
            return _adopted(entity, _added_by_statement(entity, added), added)
    query = Query(Every(tuple(_bounds(mapper, added))))
    check = partial(_check_outcome, mapper, added=added)
    changed = managed_changes(mapper, dict(added))
    adjusting = cast("Adjusting", repository)
    return _adopted(
        entity, adjusting.adjust(mapper, _key_of_row(entity), query, changed, check), added
    )


def _added_by_statement(entity: Entity, added: dict[str, Arithmetic]) -> Row | None:
    mapper, repository = entity.__nitro_mapper__, type(entity).repository
    key = _key_of_row(entity)
    query = Query(Every((mapper.identity(key), *_bounds(mapper, added))))
    if not repository.update_where(mapper, query, managed_changes(mapper, dict(added))):
        return None
    fresh = repository.get(mapper, key)
    if fresh is not None:
        _check_outcome(mapper, fresh, added)
    return fresh


def _adopted(entity: Entity, fresh: Row | None, added: Mapping[str, Arithmetic]) -> bool:
    if fresh is None:
        return False
    _remember(entity)
    _adopt(entity, fresh, added)
    return True


def _check_outcome(mapper: Mapper, row: Row, added: Iterable[str]) -> None:
    """Raises what an assignment of the new values would: not every rule is a bound SQL can check."""
    outcome = mapper.load(mapper.snapshot(row))
    for name in added:
        setattr(outcome, name, row[name])


def _addition(mapper: Mapper, name: str, value: object) -> Arithmetic:
    field = field_named(mapper, name)
    if not field.kind.numeric or name in (*mapper.keys, mapper.version):
        raise InvalidQuery(f"{mapper.info.name}.{name} is not a number that can be incremented.")
    return Arithmetic(name, "+", amount(mapper, field, Arithmetic(name, "+", value)))


def _bounds(mapper: Mapper, added: Mapping[str, Arithmetic]) -> list[Criterion]:
    """The rows whose fields stay within their bounds after the addition."""
    found: list[Criterion] = []
    for name, addition in added.items():
        info = mapper.fields[name].info
        if info.minimum is not None:
            found.append(Comparison(name, "gte", info.minimum - addition.amount))
        if info.maximum is not None:
            found.append(Comparison(name, "lte", info.maximum - addition.amount))
    return found


def _refuse_increment(entity: Entity, added: Mapping[str, Arithmetic]) -> None:
    mapper = entity.__nitro_mapper__
    key = _key_of_row(entity)
    stored = type(entity).find(key)
    if stored is None:
        raise StaleEntity(mapper.info.name, key, deleted=True)
    for name, addition in added.items():
        old = vars(stored)[name]
        if old is None:
            raise InvalidQuery(f"{mapper.info.name}.{name} has no value to add to.")
        setattr(stored, name, old + addition.amount)  # raises what is wrong with the result


def _adopt(entity: Entity, fresh: Row, added: Mapping[str, Arithmetic]) -> None:
    """Takes over the stored row; what was changed here and is unsaved stays as it is."""
    mapper = entity.__nitro_mapper__
    unsaved = changes(entity, entity.__loaded__ or {})
    version: Any = vars(entity)[mapper.version] if mapper.version else None
    vars(entity).update(
        {n: v for n, v in mapper.snapshot(fresh).items() if n not in unsaved or n in added}
    )
    if mapper.version and unsaved.keys() - added.keys() and fresh[mapper.version] != version + 1:
        # Somebody else saved in between: the unsaved changes here are based on an older state.
        vars(entity)[mapper.version] = version
    _place(entity, "__loaded__", fresh)
