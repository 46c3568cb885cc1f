"""What cards and details share: one entity with its facts, declared by a class or made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from nitro_runtime.errors import ViewError
from nitro_runtime.html import A, Dd, Dt, Html
from nitro_runtime.html.compiled import CompiledRow
from nitro_runtime.schema import EntityInfo
from nitro_runtime.views.columns import Column, cell_of
from nitro_runtime.views.csrf import CsrfNames, current_csrf
from nitro_runtime.views.marks import Marks
from nitro_runtime.views.model import (
    EntityLike,
    address_of,
    entity_class,
    info_of,
    label_of,
    stem_of,
)
from nitro_runtime.views.registry import Kind, automatic, declare
from nitro_runtime.views.table_definition import Action, check_action, columns_from
from nitro_runtime.views.table_rows import Row
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import current_words

E = TypeVar("E")

_MOST_COMPILED = 64
"""Compiled markup of one class: nothing that visitors choose may make it grow."""


@dataclass(frozen=True, slots=True)
class FactsDefinition:
    """A class of cards or details as data.

    Attributes:
        info: The entity.
        facts: What is shown, in order.
        computed: Name of a fact to the method that makes it.
        compiled: The markup, by everything that changes it.
    """

    info: EntityInfo
    facts: tuple[Column, ...]
    computed: Mapping[str, str]
    compiled: dict[Any, Any] = field(default_factory=dict[Any, Any])


@dataclass(frozen=True, slots=True)
class Drawing:
    """What one entity's markup is compiled from.

    Attributes:
        definition: What is shown.
        theme: The classes.
        actions: What can be done with it.
        link: Whether the title links to the entity.
        title: Whether there is a title.
        csrf: What the host asks of posts.
    """

    definition: FactsDefinition
    theme: Theme
    actions: tuple[Action, ...]
    link: bool
    title: bool
    csrf: CsrfNames | None

    def heading(self, marks: Marks[Any]) -> object:
        """Returns the title's content."""
        label = marks.place(label_of)
        return A(label, href=marks.place(address_of)) if self.link else label

    def fact(self, column: Column, marks: Marks[Any]) -> list[Html]:
        """Returns one fact: its name and what it is."""
        method = self.definition.computed.get(column.name)
        if method is not None:
            content: object = marks.place_whole(lambda row: getattr(row.table, method)(row.item))
        else:
            content = marks.put(cell_of(column, self.theme, long=True))
        if column.link:
            content = A(content, href=marks.place(address_of))
        return [Dt(column.label), Dd(content)]


class FactsView(Generic[E]):
    """The base of `Card` and `Detail`: see there."""

    entity: type[E]
    columns: ClassVar[Any] = None  # names, or names to columns
    actions: ClassVar[Sequence[Action]] = ()
    link: ClassVar[bool] = False
    theme: ClassVar[Theme | None] = None
    automatic: ClassVar[bool] = False

    _kind: ClassVar[Kind]
    _declared: ClassVar[Mapping[str, Column]] = {}
    _definition: ClassVar[FactsDefinition | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 # the language's own
        super().__init_subclass__(**kwargs)
        own = {name: each for name, each in vars(cls).items() if isinstance(each, Column)}
        for name in own:
            if any(hasattr(base, name) for base in cls.__mro__[1:]):
                delattr(cls, name)  # a fact named like an option must not hide it
        cls._declared = {**cls._declared, **own}
        cls._definition = None
        if "entity" in vars(cls) and not cls.automatic:
            declare(cls._kind, cls, cls.entity)

    def __init__(self, item: E) -> None:
        """Makes the view of an entity; relations that it shows must be loaded in async code.

        Raises:
            ViewError: It is a class and no entity.
        """
        if isinstance(item, type):
            raise ViewError(
                f"A {self._kind} shows one entity, not the class {item.__name__}:"
                f" {self._kind}.from_entity({item.__name__.lower()})."
            )
        self.item = item
        self._actions: tuple[Action, ...] = tuple(type(self).actions)
        self._link = type(self).link
        self._title = True

    @classmethod
    def _of(cls, item: Any) -> Any:  # noqa: ANN401 # any entity; a view of this class
        """Makes the view of an entity, of a class made for it where this one has no entity."""
        kind: type[Any] = cls
        if not hasattr(cls, "entity") and not isinstance(item, type):
            kind = automatic(cls._kind, cls, cast("type[Any]", type(item)))
        return kind(item)

    def with_actions(self, actions: Sequence[Action]) -> Self:
        """Offers ``"edit"``, ``"delete"`` or functions of the entity that return markup."""
        for action in actions:
            check_action(action)
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
    def _automatic_columns(cls, info: EntityInfo) -> Mapping[str, Column]:
        raise NotImplementedError

    @classmethod
    def _facts(cls) -> FactsDefinition:
        if cls._definition is None:
            kind = entity_class(getattr(cls, "entity", None))
            info = info_of(kind)
            chosen = columns_from(cls.columns, cls._declared)
            if chosen is None:
                chosen = cls._automatic_columns(info)
            computed = {name: f"cell_{name}" for name in chosen if hasattr(cls, f"cell_{name}")}
            facts = (c.bind(kind, name, computed=name in computed) for name, c in chosen.items())
            cls._definition = FactsDefinition(info, tuple(facts), computed)
        return cls._definition

    async def load(self) -> Self:
        """Reads the relations that are shown, which asynchronous code must do beforehand."""
        names = tuple(dict.fromkeys(c.relation for c in self._facts().facts if c.relation))
        if names:
            await cast("EntityLike", self.item).aload(*names)
        return self

    async def load_for(self, request: Any) -> None:  # noqa: ANN401 # a neutral request
        """Reads the relations; what a page does with its views."""
        del request
        await self.load()

    @property
    def dom_id(self) -> str:
        """The id of the element."""
        info = info_of(self.item)
        key = "-".join(str(getattr(self.item, name)) for name in info.key)
        return f"{stem_of(info)}-{self._kind.lower()}-{key}"

    def _render(self, compiler: Callable[[Drawing], CompiledRow[Row]]) -> Html:
        definition, theme, csrf = self._facts(), self.theme or current_theme(), current_csrf()
        key = (theme, current_words(), self._actions, self._link, self._title, csrf)
        compiled: CompiledRow[Row] | None = definition.compiled.get(key)
        if compiled is None:
            for action in self._actions:
                check_action(action)
            compiled = compiler(
                Drawing(definition, theme, self._actions, self._link, self._title, csrf)
            )
            if not any(callable(action) for action in self._actions):  # functions may be endless
                if len(definition.compiled) >= _MOST_COMPILED:
                    definition.compiled.clear()
                definition.compiled[key] = compiled
        return compiled(Row(self.item, self))

    def __html__(self) -> Html:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.__html__()
