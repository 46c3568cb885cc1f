"""From what a caller wrote to a criterion that is right: known fields, fitting operators, typed values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

from nitro_runtime.entities.criteria import (
    Attribute,
    Comparison,
    Criterion,
    Either,
    Every,
    Linked,
    Negation,
    Operator,
    Ordering,
    as_criterion,
    compared_field,
)
from nitro_runtime.entities.kinds import converter
from nitro_runtime.entities.mapper import MappedField, Mapper
from nitro_runtime.entities.text import fold
from nitro_runtime.errors import InvalidQuery, suggestion

if TYPE_CHECKING:
    from nitro_runtime.entities.relations import Relation

_LOOKUPS: dict[str, Operator] = {
    "exact": "eq", "eq": "eq", "ne": "ne", "gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte",
    "in": "in", "between": "between", "isnull": "isnull", "contains": "contains",
    "icontains": "icontains", "startswith": "startswith", "like": "like",
}  # fmt: skip
_AS_THEY_ARE = frozenset[Any]({bool, int})  # what no conversion changes or refuses
_TEXT_OPERATORS = frozenset[str]({"contains", "icontains", "startswith", "like"})


def criterion_from(
    mapper: Mapper, criteria: Iterable[Criterion | bool], lookups: Mapping[str, Any]
) -> Criterion | None:
    """Returns the one checked criterion of a ``where(...)`` call, or None when it asks nothing.

    Raises:
        InvalidQuery: A field or lookup does not exist, or a value is of a wrong type.
    """
    parts = [checked(mapper, as_criterion(part)) for part in criteria]
    for name, value in lookups.items():
        field = mapper.fields.get(name)
        if field is not None and _is_typed(field.plain, value):
            parts.append(Comparison(name, "eq", value))
        else:
            parts.append(checked(mapper, from_lookup(mapper, name, value)))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def from_lookup(mapper: Mapper, name: str, value: object) -> Criterion:
    """Returns the criterion that a keyword such as ``price__gt=10`` stands for.

    ``category__name="Books"`` looks into the entity that a relation leads to.
    """
    field, mark, rest = name.partition("__")
    if mark and not rest:
        raise InvalidQuery(f"{name!r} names no lookup after its two underscores.")
    if not field:
        raise InvalidQuery(f"{name!r} names no field before its two underscores.")
    if field in mapper.info.relations:
        return _across(mapper, field, rest, value)
    field_named(mapper, field)
    lookup = rest or "eq"
    operator = _LOOKUPS.get(lookup)
    if operator is None:
        raise InvalidQuery(
            f"{name!r}: there is no lookup {lookup!r}; the lookups are "
            f"{', '.join(_LOOKUPS)}.{suggestion(lookup, _LOOKUPS)}"
        )
    return Comparison(field, operator, value)


def _across(mapper: Mapper, name: str, rest: str, value: Any) -> Criterion:  # noqa: ANN401
    relation, info = getattr(mapper.entity, name), mapper.info.relations[name]
    target: type[Any] = relation.target()
    if info.kind == "belongs_to" and (not rest or _is_lookup(target.__nitro_mapper__, rest)):
        return _belonging(relation, info.field, rest or "eq", value)
    if info.kind == "many_to_many" and not rest:
        return relation.having(mapper.entity, value)
    if not rest:
        other = target.__nitro_mapper__.keys[0]
        raise InvalidQuery(
            f"{name!r} are many; say what one of them has, as in {name}__{other}=..."
        )
    return relation.linking(mapper.entity, from_lookup(target.__nitro_mapper__, rest, value))


def _is_lookup(target: Mapper, word: str) -> bool:
    return word in _LOOKUPS and word not in target.fields


def _belonging(relation: Relation, field: str, lookup: str, value: Any) -> Criterion:  # noqa: ANN401 # entities or keys
    if lookup == "in" and isinstance(value, Iterable) and not isinstance(value, str | bytes):
        keys = [_key(relation, one) for one in cast("Iterable[Any]", value)]
        return Comparison(field, "in", tuple(key for key in keys if key is not _NOBODY))
    key = _key(relation, value)
    if key is _NOBODY:  # nobody belongs to it: that is not the same as no relation
        return Either(()) if lookup == "eq" else Every(())
    return Comparison(field, _LOOKUPS[lookup], key)


_NOBODY: Any = object()
"""The key of an entity that is not stored yet and has none."""


def _key(relation: Relation, value: Any) -> Any:  # noqa: ANN401 # an entity or a key
    if not hasattr(value, "__entity__"):
        return value
    if not relation.leads_to(value):
        raise InvalidQuery(
            f"{relation.name} is compared with a {relation.target_name} or its key, not with a "
            f"{type(value).__name__}."
        )
    key = value.__dict__[value.__nitro_mapper__.key]
    return _NOBODY if key is None else key


def field_named(mapper: Mapper, name: str) -> MappedField:
    """Returns a field by name.

    Raises:
        InvalidQuery: The entity has no such field.
    """
    field = mapper.fields.get(name)
    if field is None:
        known = (*mapper.fields, *mapper.info.relations)
        raise InvalidQuery(f"{mapper.info.name} has no field {name!r}.{suggestion(name, known)}")
    return field


def orderings(mapper: Mapper, given: Iterable[object]) -> tuple[Ordering, ...]:
    """Returns what ``order_by(...)`` was given, as checked orderings.

    Raises:
        InvalidQuery: A field does not exist or has no order.
    """
    return tuple(_ordering(mapper, item) for item in given)


def _ordering(mapper: Mapper, item: object) -> Ordering:
    if isinstance(item, Attribute):
        attribute = cast("Attribute[Any]", item)
        if not issubclass(mapper.entity, attribute.entity):
            raise InvalidQuery(f"{attribute!r} cannot sort rows of {mapper.info.name}.")
        item = Ordering(attribute.name)
    elif isinstance(item, str):
        item = Ordering(item.lstrip("-+"), item.startswith("-"))
    if not isinstance(item, Ordering):
        raise InvalidQuery(f"order_by takes field names such as '-price', not {item!r}.")
    if not field_named(mapper, item.field).kind.sortable:
        raise InvalidQuery(f"{mapper.info.name}.{item.field} has no order to sort by.")
    return item


def checked(mapper: Mapper, criterion: Criterion) -> Criterion:
    """Returns the criterion with its fields checked and its values made the fields' types.

    Raises:
        InvalidQuery: It does not fit the entity.
    """
    match criterion:
        case Comparison():
            return _comparison(mapper, criterion)
        case Every(parts):
            return Every(tuple(checked(mapper, part) for part in parts))
        case Either(parts):
            return Either(tuple(checked(mapper, part) for part in parts))
        case Negation(part):
            return Negation(checked(mapper, part))
        case Linked(field, through, column, where):
            field_named(mapper, field)
            return Linked(field, through, column, checked(through.__nitro_mapper__, where))
        case _:
            raise InvalidQuery(f"{criterion!r} is not a criterion that a backend knows.")


def _comparison(mapper: Mapper, node: Comparison) -> Criterion:
    if node.entity is not None and not issubclass(mapper.entity, node.entity):
        raise InvalidQuery(
            f"{node.entity.__name__}.{node.field} cannot choose rows of {mapper.info.name}."
        )
    field = field_named(mapper, node.field)
    if node.value is None and node.operator in ("eq", "ne"):
        return Comparison(field.name, "isnull", node.operator == "eq")
    if node.operator not in field.kind.operators:
        raise InvalidQuery(
            f"{mapper.info.name}.{field.name} cannot be compared by {node.operator!r}, only by "
            f"{', '.join(one for one in get_args(Operator) if one in field.kind.operators)}."
        )
    return _CHECKS.get(node.operator, _plain)(mapper, field, node)


def _plain(mapper: Mapper, field: MappedField, node: Comparison) -> Criterion:
    other = compared_field(node.value)
    if other is not None:
        if not issubclass(mapper.entity, node.value.entity):
            raise InvalidQuery(
                f"{mapper.info.name}.{field.name} is compared with {node.value!r}, which is no field "
                "of the same row."
            )
        if field_named(mapper, other).kind is not field.kind:
            raise InvalidQuery(f"{field.name} and {other} are of different types.")
        return Comparison(field.name, node.operator, node.value)
    value = typed(mapper, field, node.value)
    if value is node.value and node.entity is None:
        return node
    return Comparison(field.name, node.operator, value)


def _isnull(mapper: Mapper, field: MappedField, node: Comparison) -> Criterion:
    if not isinstance(node.value, bool):
        raise InvalidQuery(f"{field.name}__isnull takes True or False, not {node.value!r}.")
    return Comparison(field.name, "isnull", node.value)


def _text(mapper: Mapper, field: MappedField, node: Comparison) -> Criterion:
    value = typed(mapper, None, node.value)
    return Comparison(
        field.name, node.operator, fold(value) if node.operator == "icontains" else value
    )


def _in(mapper: Mapper, field: MappedField, node: Comparison) -> Criterion:
    given: Any = node.value
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InvalidQuery(f"{field.name}__in takes a list of values, not {given!r}.")
    members = list(cast("Iterable[Any]", given))
    values = tuple(dict.fromkeys(typed(mapper, field, v) for v in members if v is not None))
    found: Criterion = Comparison(field.name, "in", values) if values else Either(())
    if any(v is None for v in members):
        missing = Comparison(field.name, "isnull", True)
        return Either((missing, found)) if values else missing
    return found


def _between(mapper: Mapper, field: MappedField, node: Comparison) -> Criterion:
    given: Any = node.value
    if not isinstance(given, tuple | list) or len(cast("list[Any]", given)) != 2:
        raise InvalidQuery(f"{field.name}__between takes two values, not {given!r}.")
    low, high = cast("list[Any]", given)
    return Every((
        Comparison(field.name, "gte", typed(mapper, field, low)),
        Comparison(field.name, "lte", typed(mapper, field, high)),
    ))  # fmt: skip


_Check = Callable[[Mapper, MappedField, Comparison], Criterion]
_CHECKS: dict[str, _Check] = {
    "isnull": _isnull,
    "in": _in,
    "between": _between,
    **dict.fromkeys(_TEXT_OPERATORS, _text),
}


def _is_typed(plain: Any, value: Any) -> bool:  # noqa: ANN401 # a type and a value
    """Whether a value is of a type already, and nothing would change or refuse it."""
    if type(value) is not plain:
        return False
    return plain in _AS_THEY_ARE or (plain is str and value.isascii())


def typed(mapper: Mapper, field: MappedField | None, value: object) -> Any:  # noqa: ANN401 # of the field's type
    """Returns a query's value as a value of the field's type; of `str` when no field is given.

    Raises:
        InvalidQuery: It cannot be one.
    """
    plain: Any = str if field is None else field.plain
    if _is_typed(plain, value):
        return value
    try:
        result = converter(plain)(value)
        if isinstance(result, str):
            result.encode()  # half of a surrogate pair is no text; its error is a ValueError
        return mapper.stored(field, result) if field is not None else result
    except (ValueError, ArithmeticError, OverflowError):
        name = "text" if field is None else f"{mapper.info.name}.{field.name}"
        kind = getattr(plain, "__name__", str(plain))
        raise InvalidQuery(
            f"{name} is compared with a value of the type {kind}, not with {value!r}."
        ) from None
