"""Cards: one entity with its facts at a glance, declared by a class or made from the entity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from typing_extensions import override

from nitro_runtime.html import H3, Article, Div, Dl, Html
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.schema import EntityInfo
from nitro_runtime.views.columns import Column, automatic_columns
from nitro_runtime.views.facts import Drawing, FactsView
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import label_field, stem_of
from nitro_runtime.views.registry import Kind
from nitro_runtime.views.table_rows import Row, row_actions

E = TypeVar("E")
T = TypeVar("T")


class Card(FactsView[E], Generic[E]):
    """A card that shows one entity.

    ```python
    class ProductCard(Card[Product]):
        entity = Product
        price = Column()
        actions = ["edit"]

        def cell_price(self, product: Product) -> object:
            return f"{product.price} €"
    ```

    Attributes:
        entity: The entity class.
        columns: Names of facts, or names to columns, when they are not declared one by one.
        actions: ``"edit"``, ``"delete"``, or functions of the entity that return markup.
        link: Whether the title links to the entity.
        theme: The classes of this card; the current theme when left out.
        item: The entity that is shown.
    """

    _kind: ClassVar[Kind] = "Card"

    @classmethod
    def from_entity(cls, item: T) -> Card[T]:
        """Returns a card made of an entity's own fields.

        Raises:
            ViewError: It is no entity.
        """
        return cls._of(item)

    @classmethod
    @override
    def _automatic_columns(cls, info: EntityInfo) -> Mapping[str, Column]:
        title = label_field(info)
        return {n: c for n, c in automatic_columns(info, long=True).items() if n != title}

    @override
    def __html__(self) -> Html:
        return self._render(_compile)


def _compile(drawing: Drawing) -> CompiledRow[Row]:
    info, theme = drawing.definition.info, drawing.theme
    marks = Marks[Any](prefix="item.")
    facts = [drawing.fact(column, marks) for column in drawing.definition.facts]
    buttons = row_actions(info.slug, drawing.actions, theme, marks, drawing.csrf)
    key = "-".join(marks.place(name) for name in info.key)
    return marks.compile(
        Article(
            H3(drawing.heading(marks), cls=theme["card_title"]) if drawing.title else None,
            Dl(facts, cls=theme["card_facts"]) if facts else None,
            Div(buttons, cls=theme["buttons"]) if drawing.actions else None,
            id=f"{stem_of(info)}-card-{key}",
            cls=theme["card"],
        )
    )
