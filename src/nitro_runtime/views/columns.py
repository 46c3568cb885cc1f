"""Columns of tables and facts of cards: what stands in a cell, by the type of the field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, Literal, cast, get_origin

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import A, Html, Img, Span, Time
from nitro_runtime.html.compiled import Kind
from nitro_runtime.schema import EntityInfo, FieldInfo, humanize
from nitro_runtime.storage import current_storage
from nitro_runtime.views.choices import label_of_enum, text_of
from nitro_runtime.views.model import EntityClass, info_of, label_of
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import say

Align = Literal["left", "right", "center"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table, or one fact of a card.

    Attributes:
        label: The heading; from the entity when left out.
        sort: Whether people may sort by it; a field that is stored may be, when left out.
        link: Whether the cell links to the entity.
        align: Where the cell's content stands; numbers stand right when left out.
        name: The attribute that it shows; set by the table.
        info: The entity's description of the field; None for a relation or a computed attribute.
        relation: The relation that must be loaded for it, or None.
        many: Whether the relation leads to several entities.
    """

    label: str | None = None
    sort: bool | None = None
    link: bool = False
    align: Align | None = None
    name: str = ""
    info: FieldInfo | None = None
    relation: str | None = None
    many: bool = False

    def bind(self, entity: EntityClass, name: str, *, computed: bool = False) -> Column:
        """Returns the column with everything filled in that the entity knows.

        Args:
            entity: The entity class.
            name: The column's name.
            computed: Whether the table has a method for its cells, so that it may be any name.

        Raises:
            ViewError: The entity has nothing of that name, or it is secret.
        """
        info = info_of(entity)
        known = info.fields.get(name)
        relation = _relation(info, name)
        if known is not None and known.secret:
            raise ViewError(f"{info.name}.{name} is secret, so no view can show it.")
        if not (known or relation or computed or hasattr(entity, name)):
            raise ViewError(f"{info.name} has no field {name!r}.{_near(info, name)}")
        return replace(
            self,
            name=name,
            info=known,
            relation=relation,
            many=relation is not None and info.relations[relation].kind == "many_to_many",
            label=self.label or (known.label if known else humanize(name)),
            sort=_may_sort(known) if self.sort is None else self.sort and known is not None,
            align=self.align or ("right" if known and _is_number(known) else "left"),
        )


def _near(info: EntityInfo, name: str) -> str:
    return suggestion(name, [*info.fields, *info.relations])


def _relation(info: EntityInfo, name: str) -> str | None:
    """Returns the relation that a column shows: by its own name, or by its foreign key's."""
    known = info.fields.get(name)
    relation = known.relation if known and known.reference else name
    found = info.relations.get(relation or "")
    return found.name if found and found.kind in _SHOWN else None


_SHOWN = frozenset({"belongs_to", "has_one", "many_to_many"})
"""The kinds of relations that fit into a cell: has_many may have any number."""


def _may_sort(known: FieldInfo | None) -> bool:
    return known is not None and known.sort and known.reference is None


def _is_number(known: FieldInfo) -> bool:
    kind = known.type
    return isinstance(kind, type) and issubclass(kind, int | float | Decimal) and kind is not bool


def automatic_columns(info: EntityInfo, *, long: bool = False) -> dict[str, Column]:
    """Returns the columns of a view that declares none: all but secrets and Nitro's own fields.

    Args:
        info: The entity.
        long: Whether texts of several lines have room, as on a card; in a table they have not.
    """
    shown: dict[str, Column] = {}
    for name, each in info.fields.items():
        if each.key or each.managed or each.secret or each.hidden:
            continue
        if each.multiline and not long:
            continue
        shown[_relation(info, name) or name] = Column()
    for name, relation in info.relations.items():
        if relation.kind == "many_to_many" and relation.reverse_of is None:
            shown[name] = Column()
    return shown


# -- cells --------------------------------------------------------------------------------------

Get = str | Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a compiled row puts into a cell: see `nitro_runtime.html.compiled.Value`."""

    get: Get
    kind: Kind = "any"
    nullable: bool = False


def cell_of(column: Column, theme: Theme) -> Cell:
    """Returns how the cells of a column are rendered, chosen by type.

    A value of another type than the entity promises is shown as text all the same.
    """
    if column.relation is not None:
        return Cell(_related(column.relation, many=column.many))
    info = column.info
    if info is None:
        return Cell(column.name)
    if info.upload is not None:
        return Cell(_upload(column, info.upload), nullable=True)
    kind: object = get_origin(info.type) or info.type
    if kind in _QUICK:
        return Cell(column.name, _QUICK[kind], nullable=True)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Cell(_badge_of(column.name, kind, theme))
    if kind is Decimal:
        # plain text, so that MarkupSafe's C function takes it
        return Cell(_shown(column.name, _fixed_point(info.decimal_places)), "text", nullable=True)
    return Cell(_shown(column.name, _shower(cast("object", kind))))


_QUICK: Mapping[object, Kind] = {str: "text", int: "int", float: "float"}


def _shown(name: str, show: Callable[[Any], object]) -> Callable[[Any], object]:
    value_of = attrgetter(name)

    def get(item: object) -> object:
        value = value_of(item)
        return None if value is None else show(value)

    return get


def _related(relation: str, *, many: bool) -> Callable[[Any], object]:
    return _shown(relation, _labels if many else label_of)


def _labels(others: Iterable[object]) -> str:
    return ", ".join(map(label_of, others))


def _upload(column: Column, kind: str) -> Callable[[Any], object]:
    """Returns what shows a picture, or a link to a file; in a cell that is a link itself, a word."""
    value_of = attrgetter(column.name)

    def image(item: object) -> object:
        key = value_of(item)
        if not key:
            return None
        address = current_storage().url(key)
        return Img(src=address, alt=label_of(item), loading="lazy", cls="thumb")

    def file(item: object) -> object:
        key = value_of(item)
        if not key:
            return None
        return say("file") if column.link else A(say("file"), href=current_storage().url(key))

    return image if kind == "image" else file


def _shower(kind: object) -> Callable[[Any], object]:
    if not isinstance(kind, type):
        return str
    return next((show for base, show in _SHOWERS if issubclass(kind, base)), str)


def _fixed_point(places: int | None) -> Callable[[Decimal], str]:
    """Returns what shows a Decimal with no exponent and, where it is known, with all its places."""
    # an entity holds no more places than it says, so nothing is ever rounded here
    return ("{:f}" if places is None else f"{{:.{places}f}}").format


def _yes_no(value: object) -> str:
    return say("yes" if value else "no")


def _moment(value: datetime) -> Html:
    """A moment in UTC, to the minute; the exact one stands in the attribute."""
    exact = value.astimezone(UTC) if value.tzinfo else value
    return Time(f"{exact:%Y-%m-%d %H:%M}", datetime=exact.isoformat())


def _day(value: date) -> Html:
    return Time(value.isoformat(), datetime=value.isoformat())


def _listed(value: list[object]) -> str:
    """Plain values beside each other; anything deeper as JSON."""
    if any(isinstance(each, dict | list | tuple) for each in value):
        return _json(value)
    return ", ".join(_yes_no(each) if isinstance(each, bool) else text_of(each) for each in value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _badge_of(name: str, kind: type[Enum], theme: Theme) -> Callable[[Any], object]:
    """Returns what gives a member its badge, made once; the class ends in the member's value."""
    # by identity: an enum's own hash is a Python function, and there is one object a member
    badges = {id(member): _badge(member, theme) for member in kind}
    value_of = attrgetter(name)

    def get(item: object) -> object:
        value = value_of(item)
        return badges.get(id(value), value)

    return get


def _badge(member: Enum, theme: Theme) -> Html:
    ending = re.sub(r"[^a-z0-9]+", "-", str(member.value).lower()).strip("-")
    return Span(label_of_enum(member), cls=f"{theme['badge']} badge-{ending}")


_SHOWERS: tuple[tuple[type[Any], Callable[[Any], object]], ...] = (
    (bool, _yes_no),
    (Decimal, _fixed_point(None)),
    (datetime, _moment),  # before date, of which it is a subclass
    (date, _day),
    (time, lambda value: value.isoformat(timespec="minutes")),
    (list, _listed),
    (dict, _json),
    (tuple, _json),
)
