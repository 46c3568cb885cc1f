"""Cards: one entity with its facts, declared by a class or made from the entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from nitro_runtime.html import H3, A, Article, Dd, Div, Dl, Dt, Html
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.schema import EntityInfo
from nitro_runtime.views.columns import Column, automatic_columns, cell_of
from nitro_runtime.views.csrf import CsrfNames, current_csrf
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import (
    EntityLike,
    address_of,
    entity_class,
    info_of,
    key_of,
    label_field,
    label_of,
    stem_of,
)
from nitro_runtime.views.registry import automatic, declare
from nitro_runtime.views.table_definition import Action, check_action, columns_from
from nitro_runtime.views.table_rows import Row, row_actions
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import current_words

E = TypeVar("E")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CardDefinition:
    """A card class as data; ``compiled`` holds its markup by theme, actions and links."""

    info: EntityInfo
    facts: tuple[Column, ...]
    computed: Mapping[str, str]
    compiled: dict[Any, Any] = field(default_factory=dict[Any, Any])


class Card(Generic[E]):
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

    entity: type[E]
    columns: ClassVar[Any] = None  # names, or names to columns
    actions: ClassVar[Sequence[Action]] = ()
    link: ClassVar[bool] = False
    theme: ClassVar[Theme | None] = None
    automatic: ClassVar[bool] = False

    _declared: ClassVar[Mapping[str, Column]] = {}
    _definition: ClassVar[CardDefinition | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 # the language's own
        super().__init_subclass__(**kwargs)
        own = {name: each for name, each in vars(cls).items() if isinstance(each, Column)}
        for name in own:
            if hasattr(Card, name):  # a fact named like an option must not hide it
                delattr(cls, name)
        cls._declared = {**cls._declared, **own}
        cls._definition = None
        if "entity" in vars(cls) and not cls.automatic:
            declare("Card", cls, cls.entity)

    def __init__(self, item: E) -> None:
        """Makes the card of an entity; relations that it shows must be loaded in async code."""
        self.item = item
        self._actions: tuple[Action, ...] = tuple(type(self).actions)
        self._link = type(self).link
        self._title = True

    @classmethod
    def from_entity(cls, item: T) -> Card[T]:
        """Returns a card made of an entity's own fields."""
        kind = cast("type[Card[Any]]", cls)
        if not hasattr(cls, "entity"):
            kind = automatic("Card", cls, type(item))
        return kind(item)

    def with_actions(self, actions: Sequence[Action]) -> Self:
        """Offers ``"edit"``, ``"delete"`` or functions of the entity that return markup."""
        self._actions = tuple(actions)
        return self

    def with_link(self) -> Self:
        """Lets the title link to the entity."""
        self._link = True
        return self

    def without_title(self) -> Self:
        """Leaves the title out, for a page whose heading says it already."""
        self._title = False
        return self

    @classmethod
    def _card(cls) -> CardDefinition:
        if cls._definition is None:
            kind = entity_class(getattr(cls, "entity", None))
            info = info_of(kind)
            chosen = columns_from(cls.columns, cls._declared)
            if chosen is None:
                title = label_field(info)
                chosen = {n: c for n, c in automatic_columns(info, long=True).items() if n != title}
            computed = {name: f"cell_{name}" for name in chosen if hasattr(cls, f"cell_{name}")}
            facts = (c.bind(kind, name, computed=name in computed) for name, c in chosen.items())
            cls._definition = CardDefinition(info, tuple(facts), computed)
        return cls._definition

    async def load(self) -> Self:
        """Reads the relations that the card shows, which asynchronous code must do beforehand."""
        names = tuple(dict.fromkeys(c.relation for c in self._card().facts if c.relation))
        if names:
            await cast("EntityLike", self.item).aload(*names)
        return self

    async def load_for(self, request: Any) -> None:  # noqa: ANN401 # a neutral request
        """Reads the relations; what a page does with its views."""
        del request
        await self.load()

    @property
    def dom_id(self) -> str:
        """The id of the card's element."""
        info = info_of(self.item)
        key = "-".join(str(getattr(self.item, name)) for name in info.key)
        return f"{stem_of(info)}-card-{key}"

    def __html__(self) -> Html:
        card, theme = self._card(), self.theme or current_theme()
        csrf = current_csrf()
        key = (theme, current_words(), self._actions, self._link, self._title, csrf)
        compiled: CompiledRow[Row] | None = card.compiled.get(key)
        if compiled is None:
            title = _title(link=self._link) if self._title else None
            compiled = _compile(card, theme, self._actions, title, csrf)
            if not any(callable(action) for action in self._actions):  # functions may be endless
                card.compiled[key] = compiled
        return compiled(Row(self.item, self))

    def __str__(self) -> str:
        return self.__html__()


Title = Callable[["Marks[Any]"], object]
"""Places the title of a card among its marks."""


def _title(*, link: bool) -> Title:
    def plain(marks: Marks[Any]) -> object:
        return marks.place(label_of)

    def linked(marks: Marks[Any]) -> object:
        return A(marks.place(label_of), href=marks.place(address_of))

    return linked if link else plain


def _compile(
    card: CardDefinition,
    theme: Theme,
    actions: Sequence[Action],
    title: Title | None,
    csrf: CsrfNames | None,
) -> CompiledRow[Row]:
    for action in actions:
        check_action(action)
    marks = Marks[Any](prefix="item.")
    facts = [_fact(card, column, theme, marks) for column in card.facts]
    buttons = row_actions(card.info.slug, actions, theme, marks, csrf)
    key = "-".join(marks.place(name) for name in card.info.key)
    return marks.compile(
        Article(
            H3(title(marks), cls=theme["card_title"]) if title else None,
            Dl(facts, cls=theme["card_facts"]) if facts else None,
            Div(buttons, cls=theme["buttons"]) if actions else None,
            id=f"{stem_of(card.info)}-card-{key}",
            cls=theme["card"],
        )
    )


def _fact(card: CardDefinition, column: Column, theme: Theme, marks: Marks[Any]) -> list[Html]:
    method = card.computed.get(column.name)
    if method is not None:
        content: object = marks.place_whole(lambda row: getattr(row.table, method)(row.item))
    else:
        content = marks.put(cell_of(column, theme, long=True))
    if column.link:
        content = A(content, href=f"/{card.info.slug}/{marks.place(key_of)}")
    return [Dt(column.label), Dd(content)]
