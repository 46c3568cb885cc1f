"""What people may filter the rows of a table by: one filter for a field or relation, by its type.

A filter reads its parameters from the address and turns them into lookups, which the database
evaluates. A text that means nothing to it is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, get_origin
from uuid import UUID

from typing_extensions import override

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import EntityInfo, FieldInfo, RelationInfo, find_entity, humanize
from nitro_runtime.views.choices import MOST_CHOICES, Choice, Choices, choices_of_type, key_text
from nitro_runtime.views.filter_values import value_of
from nitro_runtime.views.model import (
    EntityClass,
    Rows,
    entity_class,
    info_of,
    label_field,
    label_of,
)
from nitro_runtime.views.words import say

LONGEST = 200
"""Characters of a filter's text."""

NONE = "-"
"""What is posted for "none", where a value may be missing."""

PARAMETERS = ("search", "sort", "page", "size", "columns", "export")
"""What a table reads from an address besides its filters."""

Given = Callable[[str], str]
"""The text of a parameter, empty when it is not there."""

Pairs = tuple[tuple[str, str], ...]
Lookups = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """One filter.

    Attributes:
        name: The field or relation.
        label: What people call it.
        field: The field that the database compares.
    """

    name: str
    label: str
    field: str
    endings: ClassVar[tuple[str, ...]] = ("",)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters; a name that the table itself needs gets ``by_`` before it."""
        stem = f"by_{self.name}" if self.name in PARAMETERS else self.name
        return tuple(stem + ending for ending in self.endings)

    def read(self, given: Given) -> Pairs:
        """Returns the parameters that are there and mean something."""
        texts = ((name, given(name).strip()[:LONGEST]) for name in self.parameters)
        return tuple(
            (name, text)
            for name, text in texts
            if text and "\0" not in text and self.lookups({name: text})
        )

    def lookups(self, texts: Mapping[str, str]) -> Lookups:
        """Returns what limits the rows; empty for texts that mean nothing."""
        raise NotImplementedError


@dataclass(frozen=True)
class ChoiceFilter(Filter):
    """One of the values that the type has: an enum, a literal, yes or no."""

    info: FieldInfo

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices, in words of now."""
        found = (choices_of_type(self.info) or Choices()).items
        return (*found, Choice(NONE, None, say("no_choice"))) if self.info.nullable else found

    @override
    def lookups(self, texts: Mapping[str, str]) -> Lookups:
        text = texts.get(self.parameters[0])
        found = next((choice for choice in self.choices if choice.text == text), None)
        return {} if found is None else {self.field: found.value}


@dataclass(frozen=True)
class TextFilter(Filter):
    """A text that must occur, in any case."""

    @override
    def lookups(self, texts: Mapping[str, str]) -> Lookups:
        text = texts.get(self.parameters[0])
        return {f"{self.field}__icontains": text} if text else {}


@dataclass(frozen=True)
class ValueFilter(Filter):
    """A value that must be equal: for what has no parts, such as a UUID."""

    kind: Any

    @override
    def lookups(self, texts: Mapping[str, str]) -> Lookups:
        value = value_of(self.kind, texts.get(self.parameters[0]) or "")
        return {} if value is None else {self.field: value}


@dataclass(frozen=True)
class RangeFilter(Filter):
    """From one value to another, both of them included.

    Attributes:
        kind: The type: a number, `date`, `datetime`, `time`.
        step: What a number goes up by in its control; None for any.
    """

    kind: Any
    step: str | None = None
    endings: ClassVar[tuple[str, ...]] = ("_min", "_max")
    input_type: ClassVar[str] = "number"

    @override
    def lookups(self, texts: Mapping[str, str]) -> Lookups:
        low, high = (texts.get(name) or "" for name in self.parameters)
        return {**self.at_least(low), **self.at_most(high)}

    def at_least(self, text: str) -> Lookups:
        """Returns the lower limit."""
        value = value_of(self.kind, text)
        return {} if value is None else {f"{self.field}__gte": value}

    def at_most(self, text: str) -> Lookups:
        """Returns the upper limit."""
        value = value_of(self.kind, text)
        return {} if value is None else {f"{self.field}__lte": value}


@dataclass(frozen=True)
class DateFilter(RangeFilter):
    """From one day to another; moments are compared by their day in UTC."""

    endings: ClassVar[tuple[str, ...]] = ("_from", "_to")
    input_type: ClassVar[str] = "date"

    @override
    def at_most(self, text: str) -> Lookups:
        value = value_of(self.kind, text)
        if not isinstance(value, datetime):
            return super().at_most(text)
        if len(text) > len("2026-01-01"):
            return {f"{self.field}__lte": value}
        try:  # the whole of the last day, however finely the database counts
            return {f"{self.field}__lt": value + timedelta(days=1)}
        except OverflowError:  # the last day that there is
            return {}


@dataclass(frozen=True)
class TimeFilter(RangeFilter):
    """From one time of the day to another."""

    endings: ClassVar[tuple[str, ...]] = ("_from", "_to")
    input_type: ClassVar[str] = "time"


@dataclass(frozen=True)
class RelationFilter(Filter):
    """Another entity, chosen by its key, or by a part of its name where there are many.

    Attributes:
        relation: The relation.
        nullable: Whether there may be none.
    """

    relation: RelationInfo
    nullable: bool
    endings: ClassVar[tuple[str, ...]] = ("", "_name")

    @property
    def target(self) -> EntityClass:
        """The other entity class."""
        return entity_class(find_entity(self.relation.target) or self.relation.target)

    @override
    def lookups(self, texts: Mapping[str, str]) -> Lookups:
        by_key, by_name = self.parameters
        return {**self._keyed(texts.get(by_key) or ""), **self._named(texts.get(by_name) or "")}

    def _keyed(self, text: str) -> Lookups:
        if text == NONE and self.nullable:
            return {f"{self.field}__isnull": True}
        info = info_of(self.target)
        value = value_of(info.fields[info.key[0]].type, text)
        return {} if value is None else {self.field: value}

    def _named(self, text: str) -> Lookups:
        label = label_field(info_of(self.target))
        return {f"{self.relation.name}__{label}__icontains": text} if text and label else {}

    def choices(self, texts: Mapping[str, str]) -> Choices:
        """Reads what is offered; it blocks while it reads."""
        listed = list(self._listed().all())
        chosen = self._chosen(texts) if len(listed) > MOST_CHOICES else None
        return self._offered(listed, list(chosen.all()) if chosen else [])

    async def achoices(self, texts: Mapping[str, str]) -> Choices:
        """Reads what is offered without blocking the event loop."""
        listed = await self._listed().aall()
        chosen = self._chosen(texts) if len(listed) > MOST_CHOICES else None
        return self._offered(listed, await chosen.aall() if chosen else ())

    def unlisted(self) -> Choices:
        """Returns that there are others, and none of them."""
        return replace(self._offered((), ()), cut=True)

    def _listed(self) -> Rows:
        # by key, which has an index whatever the label has: there may be very many
        return self.target.all().limit(MOST_CHOICES + 1)

    def _chosen(self, texts: Mapping[str, str]) -> Rows | None:
        key = info_of(self.target).key[0]
        value = value_of(info_of(self.target).fields[key].type, texts.get(self.parameters[0]) or "")
        return None if value is None else self.target.all().where(**{key: value})

    def _offered(self, listed: Sequence[Any], chosen: Sequence[Any]) -> Choices:
        cut = len(listed) > MOST_CHOICES
        rows = sorted(chosen if cut else listed, key=lambda row: label_of(row).casefold())
        found = [Choice(key_text(row), key_text(row), label_of(row)) for row in rows]
        if self.nullable:
            found.append(Choice(NONE, None, say("no_choice")))
        return Choices(tuple(found), cut)


# -- from an entity -------------------------------------------------------------------------------


def filter_for(info: EntityInfo, name: str) -> Filter:
    """Returns the filter for a field or relation, by its type.

    Raises:
        ViewError: There is none of that name, it is secret, or rows cannot be chosen by it.
    """
    field = info.fields.get(name)
    relation = info.relations.get((field.relation or "") if field and field.reference else name)
    if relation is not None and relation.kind in ("belongs_to", "many_to_many"):
        return _relation_filter(info, relation)
    if field is None:
        if relation is not None:
            raise ViewError(
                f"{info.name}.{name} leads to several {relation.target}, so no table can be filtered"
                f" by it; filter the table of {relation.target} by its {info.label.lower()}."
            )
        known = [*info.fields, *info.relations]
        raise ViewError(f"{info.name} has no field {name!r}.{suggestion(name, known)}")
    if field.secret:
        # whether a filter finds a row would tell what the secret holds
        raise ViewError(f"{info.name}.{name} is secret, so no table can be filtered by it.")
    found = _field_filter(field)
    if found is None:
        raise ViewError(
            f"{info.name}.{name} is of a type that no table can be filtered by: texts, numbers,"
            " dates, times, enums, booleans and relations are."
        )
    return found


def _relation_filter(info: EntityInfo, relation: RelationInfo) -> Filter:
    field = info.fields.get(relation.field)
    nullable = field is not None and field.nullable
    label = field.label if field else humanize(relation.name)
    return RelationFilter(relation.name, label, relation.field or relation.name, relation, nullable)


def _field_filter(field: FieldInfo) -> Filter | None:
    name, label, kind = field.name, field.label, field.type
    if choices_of_type(field) is not None:
        return ChoiceFilter(name, label, name, field)
    if not isinstance(kind, type) or field.upload or get_origin(kind) is not None:
        return None
    if issubclass(kind, str):
        return TextFilter(name, label, name)
    for base, make in _RANGES:
        if issubclass(kind, base):
            return make(name, label, name, kind, _step(field))
    return ValueFilter(name, label, name, kind) if issubclass(kind, UUID) else None


_RANGES: tuple[tuple[type[Any] | tuple[type[Any], ...], type[RangeFilter]], ...] = (
    ((int, float, Decimal), RangeFilter),
    (date, DateFilter),  # and datetime, which is a subclass
    (time, TimeFilter),
)


def _step(field: FieldInfo) -> str | None:
    if field.type is int:
        return "1"
    places = field.decimal_places
    return None if places is None else str(Decimal(1).scaleb(-places))


def filters_for(info: EntityInfo, names: Sequence[str]) -> tuple[Filter, ...]:
    """Returns the filters of these names.

    Raises:
        ViewError: One cannot be, or two would stand in an address under one name.
    """
    found = tuple(filter_for(info, name) for name in names)
    taken: dict[str, str] = {}
    for each in found:
        for parameter in each.parameters:
            if taken.setdefault(parameter, each.name) != each.name or (
                [one.name for one in found].count(each.name) > 1
            ):
                raise ViewError(
                    f"Two filters of {info.name} would both be {parameter!r} in an address:"
                    f" {taken[parameter]!r} and {each.name!r}."
                )
    return found


def automatic_filters(info: EntityInfo, columns: Sequence[str]) -> tuple[str, ...]:
    """Returns the filters of a table that names none: by all shown that are chosen or measured."""

    def fits(name: str) -> bool:
        if name in info.relations:
            return info.relations[name].kind == "belongs_to"
        field = info.fields.get(name)
        if field is None or field.secret:
            return False
        return isinstance(_field_filter(field), ChoiceFilter | RangeFilter)

    return tuple(name for name in columns if fits(name))
