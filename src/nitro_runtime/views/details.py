"""Details: everything about one entity, with what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from typing_extensions import override

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.html import H2, A, Article, Div, Dl, Html, Li, P, Section, Ul
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.schema import EntityInfo, humanize
from nitro_runtime.views.columns import Column, automatic_columns
from nitro_runtime.views.facts import Drawing, FactsView
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import (
    Rows,
    address_of,
    has_pages,
    info_of,
    label_field,
    label_of,
    stem_of,
)
from nitro_runtime.views.registry import Kind
from nitro_runtime.views.table_rows import Row, row_actions
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import say

E = TypeVar("E")
T = TypeVar("T")

MOST_LISTED = 10
"""How many of the entities that belong to one its detail lists."""


class Listed(NamedTuple):
    """The entities of one relation, as far as they are listed, and how many there are."""

    rows: Sequence[object]
    total: int


class Detail(FactsView[E], Generic[E]):
    """All facts of one entity, and the entities that belong to it.

    ```python
    class OrderDetail(Detail[Order]):
        entity = Order
        number = Column()
        customer = Column()
        note = Column()
        sections = {"Delivery": ["street", "city"]}
        lists = ["lines"]
        actions = ["edit", "delete"]
    ```

    Attributes:
        entity: The entity class.
        columns: Names of facts, or names to columns, when they are not declared one by one.
        sections: Heading to the names of the facts below it; the others stand first.
        lists: The has_many relations of which the first ten are listed; all when left out.
        actions: ``"edit"``, ``"delete"``, or functions of the entity that return markup.
        link: Whether the title links to the entity.
        theme: The classes of this detail; the current theme when left out.
        item: The entity that is shown.
    """

    sections: ClassVar[Mapping[str, Sequence[str]]] = {}
    lists: ClassVar[Sequence[str] | None] = None

    _kind: ClassVar[Kind] = "Detail"

    def __init__(self, item: E) -> None:
        super().__init__(item)
        self._listed: dict[str, Listed] | None = None

    @classmethod
    def from_entity(cls, item: T) -> Detail[T]:
        """Returns a detail made of an entity's own fields.

        Raises:
            ViewError: It is no entity.
        """
        return cls._of(item)

    @classmethod
    @override
    def _automatic_columns(cls, info: EntityInfo) -> Mapping[str, Column]:
        title = label_field(info)
        found = {n: c for n, c in automatic_columns(info, long=True).items() if n != title}
        moments = (n for n in ("created_at", "updated_at") if n in info.fields)
        placed = {name: Column() for names in cls.sections.values() for name in names}
        return {**found, **placed, **{name: Column() for name in moments}}

    @classmethod
    def _lists(cls) -> tuple[str, ...]:
        relations = cls._facts().info.relations
        many = tuple(n for n, each in relations.items() if each.kind == "has_many")
        if cls.lists is None:
            return many
        for name in cls.lists:
            if name not in many:
                raise ViewError(
                    f"{cls._facts().info.name} has no has_many relation {name!r}."
                    f"{suggestion(name, many)}"
                )
        return tuple(cls.lists)

    @override
    async def load(self) -> Self:
        """Reads what is shown of other entities, which asynchronous code must do beforehand."""
        await super().load()
        found: dict[str, Listed] = {}
        for name in self._lists():
            rows = await self._rows(name).limit(MOST_LISTED + 1).aall()
            total = len(rows) if len(rows) <= MOST_LISTED else await self._rows(name).acount()
            found[name] = Listed(rows[:MOST_LISTED], total)
        self._listed = found
        return self

    def _rows(self, name: str) -> Rows:
        return getattr(self.item, name)

    def _read_now(self) -> dict[str, Listed]:
        if self._listed is None:
            found: dict[str, Listed] = {}
            for name in self._lists():
                rows = list(self._rows(name).limit(MOST_LISTED + 1).all())
                total = len(rows) if len(rows) <= MOST_LISTED else self._rows(name).count()
                found[name] = Listed(rows[:MOST_LISTED], total)
            self._listed = found
        return self._listed

    def lists_html(self) -> Html:
        """Returns the lists of the entities that belong to this one."""
        theme = self.theme or current_theme()
        listed = self._read_now()
        return Html("".join([_list(name, each, theme) for name, each in listed.items()]))

    @override
    def __html__(self) -> Html:
        return self._render(_Compiler(self.sections))


@dataclass(frozen=True, slots=True)
class _Compiler:
    sections: Mapping[str, Sequence[str]]

    def __call__(self, drawing: Drawing) -> CompiledRow[Row]:
        info, theme = drawing.definition.info, drawing.theme
        marks = Marks[Any](prefix="item.")
        columns = {column.name: column for column in drawing.definition.facts}
        self._check(info, columns)
        placed = {name for names in self.sections.values() for name in names}
        first = [drawing.fact(c, marks) for c in columns.values() if c.name not in placed]
        key = "-".join(marks.place(name) for name in info.key)
        stem = f"{stem_of(info)}-detail-{key}"
        below = [
            Section(
                H2(heading, cls=theme["detail_heading"]),
                Dl([drawing.fact(columns[n], marks) for n in names], cls=theme["detail_facts"]),
                cls=theme["detail_section"],
            )
            for heading, names in self.sections.items()
        ]
        buttons = row_actions(info.slug, drawing.actions, theme, marks, drawing.csrf)
        return marks.compile(
            Article(
                H2(drawing.heading(marks), cls=theme["detail_title"]) if drawing.title else None,
                Dl(first, cls=theme["detail_facts"]) if first else None,
                below,
                marks.place_whole(lambda row: row.table.lists_html()),
                Div(buttons, cls=theme["buttons"]) if drawing.actions else None,
                id=stem,
                cls=theme["detail"],
            )
        )

    def _check(self, info: EntityInfo, columns: Mapping[str, Column]) -> None:
        for names in self.sections.values():
            for name in names:
                if name not in columns:
                    raise ViewError(
                        f"The detail of {info.name} has no fact {name!r}.{suggestion(name, columns)}"
                    )


def _list(name: str, listed: Listed, theme: Theme) -> Html:
    rows = [Li(_linked(row)) for row in listed.rows]
    more = listed.total - len(rows)
    return Section(
        H2(humanize(name), cls=theme["detail_heading"]),
        Ul(rows, cls=theme["detail_list"]) if rows else P(say("empty"), cls=theme["help"]),
        P(say("more", count=more), cls=theme["help"]) if more else None,
        cls=theme["detail_section"],
    )


def _linked(row: object) -> object:
    label = label_of(row)
    return A(label, href=address_of(row)) if has_pages(info_of(row)) else label
