"""The verbs that store several things together: hooks, links, many entities at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from nitro_runtime import context
from nitro_runtime.context import Change
from nitro_runtime.entities import saving
from nitro_runtime.entities.criteria import Comparison, Criterion, Either, Every
from nitro_runtime.entities.lookups import field_named, typed
from nitro_runtime.entities.many_to_many import pending_links
from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.queryset import QuerySet
from nitro_runtime.entities.transactions import transaction
from nitro_runtime.errors import Duplicate, EntityError, InvalidQuery, StaleEntity

if TYPE_CHECKING:
    from nitro_runtime.entities.entity import Entity

E = TypeVar("E", bound="Entity")
R = TypeVar("R")
_TRIES = 3  # of what somebody else may be faster with
_CHUNK = 100  # rows looked for at once: below the parameters that any database takes


# -- together with what is kept ---------------------------------------------------------------------


def is_kept(entity: type[Entity]) -> bool:
    """Whether something is kept with each change of a class, in the same transaction."""
    return context.is_kept(entity.__nitro_mapper__.info.table)


def needs_transaction(entity: Entity) -> bool:
    """Whether an entity is saved together with something else: hooks, links, what is to be kept."""
    return (
        entity.__saves_with_hooks__
        or bool(entity.__related__ and pending_links(entity))
        or is_kept(type(entity))
    )


def keeping(entity: type[Entity]) -> AbstractContextManager[object]:
    """Returns a transaction when something is to be kept with a change of the class."""
    return transaction() if is_kept(entity) else nullcontext()


# -- one entity ---------------------------------------------------------------------------------


def save_together(entity: Entity) -> None:
    """Stores an entity, runs its hooks, and links it with what it is to be linked with."""
    with transaction():
        hooked = type(entity).__saves_with_hooks__
        if hooked:
            entity.before_save()
        kind = saving.save(entity)
        _set_links(entity)
        if kind is not None:
            announce_change(kind, entity)
            if hooked:
                entity.after_save()


def delete_together(entity: Entity) -> None:
    """Deletes an entity and runs its hooks."""
    with transaction():
        entity.before_delete()
        saving.delete(entity)
        announce_change("deleted", entity)
        entity.after_delete()


def together(work: Callable[[], R]) -> R:
    """Does some work in one transaction."""
    with transaction():
        return work()


def _set_links(entity: Entity) -> None:
    for name, pending in pending_links(entity).items():
        entity.__related__.pop(name, None)
        getattr(entity, name).set(pending.others)


def announce_change(kind: context.Kind, entity: Entity) -> None:
    """Announces a saved entity, when anybody listens."""
    if context.has_listeners():
        context.announce(Change(kind, entity.__nitro_mapper__.info.table, entity))


def _announce_many(kind: context.Kind, entity: type[Entity]) -> None:
    if context.has_listeners():
        context.announce(Change(kind, entity.__nitro_mapper__.info.table))


# -- one of many --------------------------------------------------------------------------------


def get_or_create(
    entity: type[E], defaults: Mapping[str, Any], lookup: Mapping[str, Any]
) -> tuple[E, bool]:
    """Returns the entity with these values, made with the defaults when there is none."""
    found = entity.first(**lookup)
    if found is not None:
        return found, False
    try:
        with transaction():
            return entity.create(**{**lookup, **defaults}), True
    except Duplicate:
        with transaction():
            found = _latest(entity.where(**lookup)).first()  # somebody else was faster
        if found is None:
            raise
        return found, False


def upsert(entity: type[E], match: str | Iterable[str], values: Mapping[str, Any]) -> E:
    """Saves the values to the entity that has the same values in the fields, or makes one."""
    names = _match_names(entity.__nitro_mapper__, match, "upsert()")
    _refuse_missing(names, values, "upsert()")
    chosen = {name: values[name] for name in names}
    tries = _TRIES
    while True:
        tries -= 1
        found: E | None = None
        try:
            with transaction():
                found = _latest(entity.where(**chosen)).first()
                return entity.create(**values) if found is None else found.update(**values)
        except StaleEntity:  # changed or deleted between reading and saving
            if not tries:
                raise
        except Duplicate:  # made by somebody else between looking and making, or not unique at all
            if not tries or found is not None:
                raise


def _latest(query: QuerySet[E]) -> QuerySet[E]:
    """Has a row read as it is now, and not as it was when the transaction began."""
    return query.lock() if "lock" in query.entity.repository.capabilities else query


def _match_names(mapper: Mapper, match: str | Iterable[str], verb: str) -> list[str]:
    names = [match] if isinstance(match, str) else list(match)
    if not names:
        raise InvalidQuery(f"{verb} needs the name of at least one field to match by.")
    for name in names:
        if name not in mapper.belongs_to:
            field_named(mapper, name)
    return names


def _refuse_missing(names: Iterable[str], values: Mapping[str, Any], verb: str) -> None:
    if missing := [name for name in names if name not in values]:
        raise InvalidQuery(f"{verb} needs a value for {', '.join(missing)}.")


# -- many ---------------------------------------------------------------------------------------


def create_many(entity: type[E], rows: Iterable[E | Mapping[str, Any]]) -> list[E]:
    """Stores many new entities at once, all or none."""
    made = saving.valid_entities(entity, rows)
    linked = bool(entity.__many_names__) and any(map(pending_links, made))
    together = made and (linked or entity.__saves_with_hooks__ or is_kept(entity))
    with transaction() if together else nullcontext():
        _insert_all(entity, made)
        if made:
            _announce_many("created", entity)
        _after_saves(entity, made)
    return made


def _insert_all(entity: type[E], made: list[E]) -> None:
    if entity.__saves_with_hooks__:
        for one in made:
            one.before_save()
            saving.revalidate(one, None)
    saving.insert_many(entity, made)
    if entity.__many_names__:
        for one in made:
            _set_links(one)


def _after_saves(entity: type[E], stored: Iterable[E]) -> None:
    if entity.__saves_with_hooks__:
        for one in stored:
            one.after_save()


def update_many(entity: type[E], entities: Iterable[E]) -> int:
    """Stores those of many stored entities that have changed, all or none, and returns how many."""
    given = list(entities)
    for one in given:
        if not isinstance(one, entity):  # pyright: ignore[reportUnnecessaryIsInstance] # a slip
            raise InvalidQuery(f"{entity.__name__}.update_many() takes its entities, not {one!r}.")
        if one.is_new:
            raise EntityError(
                f"update_many() takes stored entities, and one {entity.__name__} is new: "
                "store it with save() or create_many()."
            )
    if not given:
        return 0
    with transaction():
        stored = _update_all(entity, given)
        if stored:
            _announce_many("updated", entity)
        _after_saves(entity, stored)
    return len(stored)


def _update_all(entity: type[E], given: list[E]) -> list[E]:
    if entity.__saves_with_hooks__:
        for one in given:
            one.before_save()
    # Two that change the same rows, each in an order of its own, would wait for each other on a server.
    key_of = entity.__nitro_mapper__.key_of
    in_order = sorted(given, key=lambda one: str(key_of(vars(one))))
    return [one for one in in_order if saving.save(one) is not None]


def upsert_many(
    entity: type[E], match: str | Iterable[str], rows: Iterable[Mapping[str, Any]]
) -> list[E]:
    """Saves many rows of values, each to the entity that has the same values in the fields, or anew."""
    mapper = entity.__nitro_mapper__
    names = _match_names(mapper, match, "upsert_many()")
    given = [dict(saving.checked_row(entity, row)) for row in rows]
    for row in given:
        _refuse_missing(names, row, "upsert_many()")
    tries = _TRIES
    while given:
        tries -= 1
        try:
            with transaction():
                return _upsert_all(entity, names, given)
        except (StaleEntity, Duplicate):  # somebody else was faster
            if not tries:
                raise
    return []


def _upsert_all(entity: type[E], names: list[str], rows: list[dict[str, Any]]) -> list[E]:
    mapper = entity.__nitro_mapper__
    keys = [_match_key(mapper, names, row) for row in rows]
    known = _known(entity, names, list(dict.fromkeys(keys)))
    made: dict[tuple[Any, ...], E] = {}
    for key, row in zip(keys, rows, strict=True):
        one = known.get(key, made.get(key))
        if one is None:
            made[key] = entity(**row)
        else:
            saving.assign_all(one, row)
    created = list(made.values())
    _insert_all(entity, created)
    updated = _update_all(entity, list(known.values()))
    if created:
        _announce_many("created", entity)
    if updated:
        _announce_many("updated", entity)
    _after_saves(entity, (*created, *updated))
    return [known[key] if key in known else made[key] for key in keys]


def _match_key(mapper: Mapper, names: list[str], row: Mapping[str, Any]) -> tuple[Any, ...]:
    values = ((field_named(mapper, name), row[name]) for name in names)
    return tuple(None if value is None else typed(mapper, field, value) for field, value in values)


def _known(
    entity: type[E], names: list[str], keys: list[tuple[Any, ...]]
) -> dict[tuple[Any, ...], E]:
    """Reads the entities that have the values, each once: the first by key."""
    found: dict[tuple[Any, ...], E] = {}
    for start in range(0, len(keys), _CHUNK):
        for one in _latest(entity.where(_any_of(names, keys[start : start + _CHUNK]))):
            found.setdefault(tuple(vars(one)[name] for name in names), one)
    return found


def _any_of(names: list[str], keys: list[tuple[Any, ...]]) -> Criterion:
    if len(names) == 1 and not any(None in key for key in keys):
        return Comparison(names[0], "in", tuple(key[0] for key in keys))
    return Either(
        tuple(
            Every(tuple(Comparison(n, "eq", v) for n, v in zip(names, key, strict=True)))
            for key in keys
        )
    )
