"""The choices of a select: what is posted, what it means, and what people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, cast, get_args, get_origin

from nitro_runtime.errors import InvalidQuery
from nitro_runtime.schema import FieldInfo, humanize
from nitro_runtime.views.model import EntityClass, Rows, info_of, label_field, label_of
from nitro_runtime.views.words import say

MOST_CHOICES = 50
"""How many rows of a related entity a select lists."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice.

    Attributes:
        text: What is posted.
        value: What it means, as the entity takes it.
        label: What people read.
        is_word: Whether the label names one of the views' words, which each language has its own for.
    """

    text: str
    value: Any
    label: str
    is_word: bool = False

    @property
    def shown(self) -> str:
        """What people read, in the words of the page."""
        return say(self.label) if self.is_word else self.label


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one select, in order.

    Attributes:
        items: The choices.
        cut: Whether there are more than are listed.
        typed: What a visitor typed to find one, when it found none.
    """

    items: tuple[Choice, ...] = ()
    cut: bool = False
    typed: str = ""

    def find(self, text: str) -> Choice | None:
        """Returns the choice that is posted as this text, or None."""
        return next((choice for choice in self.items if choice.text == text), None)


def present_choice(text: str) -> Choice:
    """Returns what is stored now and not offered any more, as a choice."""
    return Choice(text, text, "present_choice", is_word=True)


Source = type[Enum] | Mapping[Any, str] | Iterable[Any]
"""Where choices come from: an enum, value to label, values, or pairs of value and label."""


def text_of(value: object) -> str:
    """Returns a value as it is posted: an enum by its value, yes and no as JSON has them."""
    plain = value.value if isinstance(value, Enum) else value
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def label_of_enum(member: Enum) -> str:
    """Returns a member as people read it: ``Product.OUT_OF_STOCK`` as "Out of stock"."""
    return humanize(member.name.lower())


def _choice(item: object) -> Choice:
    if isinstance(item, Enum):
        return Choice(text_of(item), item, label_of_enum(item))
    if isinstance(item, tuple):
        value, label = cast("tuple[object, object]", item)
        return Choice(text_of(value), value, str(label))
    return Choice(text_of(item), item, str(item))


def choices_from(source: Source) -> Choices:
    """Returns the choices that a declared select names."""
    if isinstance(source, Mapping):
        labels = cast("Mapping[object, str]", source)
        return Choices(tuple(Choice(text_of(v), v, label) for v, label in labels.items()))
    return Choices(tuple(_choice(item) for item in source))


def choices_of_type(field: FieldInfo) -> Choices | None:
    """Returns the choices that a field's type has by itself: enums, literals, an optional bool."""
    kind: object = field.type
    if isinstance(kind, type) and issubclass(kind, Enum):
        return choices_from(kind)
    if get_origin(kind) is Literal:
        return choices_from(get_args(kind))
    if kind is bool:
        return Choices(
            (Choice("true", True, "yes", is_word=True), Choice("false", False, "no", is_word=True))
        )
    return None


def key_text(row: object) -> str:
    """Returns the key of an entity as it is posted; a key comes back as its text."""
    return str(getattr(row, info_of(row).key[0])) if hasattr(row, "__entity__") else str(row)


Where = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
"""Lookups that related rows must fulfil, ``{"active": True}``, or what returns them for each request."""


@dataclass(frozen=True, slots=True)
class Target:
    """The rows that a relation offers.

    Attributes:
        entity: The related entity class.
        where: What the rows must fulfil; nobody can choose another.
        search: The fields that a search looks in; what people know the rows by when empty.
    """

    entity: EntityClass
    where: Where | None = None
    search: tuple[str, ...] = ()

    def all(self) -> Rows:
        """Returns the query for every row that may be chosen."""
        where = self.where() if callable(self.where) else self.where
        return self.entity.all().where(**where) if where else self.entity.all()

    def listed(self) -> Rows:
        """Returns the query for the rows that a list shows, and one more."""
        return self._ordered(self.all()).limit(MOST_CHOICES + 1)

    def chosen(self, keys: Sequence[str]) -> Rows:
        """Returns the query for the rows with these keys."""
        return self.all().where(**{f"{info_of(self.entity).key[0]}__in": list(keys)})

    def found(self, text: str, most: int) -> Rows:
        """Returns the query for the rows that a search finds, and one more than the most."""
        label = label_field(info_of(self.entity))
        fields = self.search or ((label,) if label else ())
        return self._ordered(self.all().search(text, *fields)).limit(most + 1)

    def _ordered(self, rows: Rows) -> Rows:
        label = label_field(info_of(self.entity))
        return rows.order_by(label) if label else rows


def choice_of_row(row: object) -> Choice:
    """Returns a related entity as a choice."""
    key = getattr(row, info_of(row).key[0])
    return Choice(str(key), key, label_of(row))


def rows_of(target: Target, chosen: Sequence[str] = ()) -> Choices:
    """Reads the rows of a related entity as choices; it blocks while it reads.

    Args:
        target: The related rows.
        chosen: The keys that are chosen: they are among the choices, also past the limit.
    """
    listed = [choice_of_row(row) for row in target.listed().all()]
    missing = _missing(listed, chosen)
    try:
        more = target.chosen(missing).all() if missing else ()
    except InvalidQuery:  # a text that cannot be a key of this entity
        more = ()
    return _choices(listed, more)


async def arows_of(target: Target, chosen: Sequence[str] = ()) -> Choices:
    """Reads the rows of a related entity as choices, as `rows_of` does."""
    listed = [choice_of_row(row) for row in await target.listed().aall()]
    missing = _missing(listed, chosen)
    try:
        more = await target.chosen(missing).aall() if missing else ()
    except InvalidQuery:  # a text that cannot be a key of this entity
        more = ()
    return _choices(listed, more)


async def search_rows(target: Target, text: str, most: int) -> Choices:
    """Reads the rows of a related entity that a search finds, at most so many."""
    found = [choice_of_row(row) for row in await target.found(text, most).aall()]
    return Choices(tuple(found[:most]), cut=len(found) > most)


def _missing(listed: Sequence[Choice], chosen: Sequence[str]) -> list[str]:
    known = {choice.text for choice in listed[:MOST_CHOICES]}
    return [key for key in chosen if key not in known]


def _choices(listed: Sequence[Choice], more: Iterable[Any]) -> Choices:
    kept = [*map(choice_of_row, more), *listed[:MOST_CHOICES]]
    return Choices(tuple(kept), cut=len(listed) > MOST_CHOICES)
