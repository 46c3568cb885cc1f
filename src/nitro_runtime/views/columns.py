"""Columns of tables and facts of cards: what is declared, and what the entity knows besides.

What stands in their cells is in `nitro_runtime.views.cells`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from string import Formatter
from typing import Any, Literal

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import EntityInfo, FieldInfo, humanize
from nitro_runtime.views.cells import cell_of as cell_of
from nitro_runtime.views.cells import is_mail, is_web
from nitro_runtime.views.model import EntityClass, info_of
from nitro_runtime.views.money import check_currency

Align = Literal["left", "right", "center"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table, or one fact of a card.

    Attributes:
        label: The heading; from the entity when left out.
        sort: Whether people may sort by it; a field that is stored may be, when left out.
        link: Whether the cell links to the entity of its row. Left out, a related entity, an address
            of the web or of e-mail links to what it names; with False nothing is a link.
        align: Where the cell's content stands; numbers stand right when left out.
        format: How a value is written: ``"{:.1f} %"``, or a function of the value that returns text
            or markup. Not asked for None.
        cut: The most characters that are shown of a long text, which opens to the whole; 0 for all.
            Left out, 80 in a table and all on a card.
        currency: The currency of an amount of money, ``"EUR"``.
        minor: Whether the amount counts the currency's smallest unit, such as cents.
        name: The attribute that it shows; set by the table.
        info: The entity's description of the field; None for a relation or a computed attribute.
        relation: The relation that must be loaded for it, or None.
        many: Whether the relation leads to several entities.
    """

    label: str | None = None
    sort: bool | None = None
    link: bool | None = None
    align: Align | None = None
    format: Callable[[Any], object] | str | None = None
    cut: int | None = None
    currency: str | None = None
    minor: bool = False
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
            ViewError: The entity has nothing of that name, it is secret, or an option does not fit it.
        """
        info = info_of(entity)
        known = info.fields.get(name)
        relation = _relation(info, name)
        if known is not None and known.secret:
            raise ViewError(f"{info.name}.{name} is secret, so no view can show it.")
        if not (known or relation or computed or hasattr(entity, name)):
            raise ViewError(f"{info.name} has no field {name!r}.{_near(info, name)}")
        self._check(f"{info.name}.{name}", known)
        right = self.currency or (known and _is_number(known) and not relation)
        return replace(
            self,
            name=name,
            info=known,
            relation=relation,
            many=relation is not None and info.relations[relation].kind in _MANY,
            label=self.label or (known.label if known else humanize(name)),
            sort=_may_sort(known) if self.sort is None else self.sort and known is not None,
            align=self.align or ("right" if right else "left"),
        )

    @property
    def source(self) -> str:
        """The attribute that holds what it shows: its relation's, or its own."""
        return self.relation or self.name

    @property
    def is_plain_text(self) -> bool:
        """Whether the values are texts with nothing to add."""
        if self.info is None or self.relation or self.format is not None or self.info.upload:
            return False
        links = self.link is None and (is_web(self.info) or is_mail(self.info))
        return self.info.type is str and not links

    def _check(self, place: str, known: FieldInfo | None) -> None:
        """Refuses options that make no sense where they stand."""
        if self.currency is not None:
            check_currency(self.currency)
            if known is not None and not _is_number(known):
                raise ViewError(f"{place} is no number, so it is no amount of {self.currency}.")
        elif self.minor:
            raise ViewError(f"{place}: minor=True needs a currency, such as currency='EUR'.")
        if self.cut is not None and (self.cut < 0 or self.cut == 1):
            raise ViewError(f"{place}: cut takes a number of characters from 2 on, or 0 for all.")
        if isinstance(self.format, str):
            _check_format(place, self.format)


def _check_format(place: str, text: str) -> None:
    try:
        fields = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ViewError(f"{place} has a format that cannot be read: {error}.") from None
    if fields not in ([""], ["0"]):
        raise ViewError(f"{place}: a format has one place for the value, as in '{{:.2f}}'.")


def _near(info: EntityInfo, name: str) -> str:
    return suggestion(name, [*info.fields, *info.relations])


def _relation(info: EntityInfo, name: str) -> str | None:
    """Returns the relation that a column shows: by its own name, or by its foreign key's."""
    known = info.fields.get(name)
    relation = known.relation if known and known.reference else name
    found = info.relations.get(relation or "")
    return found.name if found else None


_MANY = frozenset({"has_many", "many_to_many"})
"""The kinds of relations that lead to several entities."""


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
