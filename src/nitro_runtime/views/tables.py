"""Tables: declared by a class, or built from an entity step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

from typing_extensions import override

from nitro_runtime.context import neutral_request
from nitro_runtime.html import Child, Html
from nitro_runtime.views.built_tables import EntityTable
from nitro_runtime.views.bulk_actions import bulk_actions
from nitro_runtime.views.columns import Column
from nitro_runtime.views.live import LiveView, register_view
from nitro_runtime.views.model import entity_class, info_of
from nitro_runtime.views.registry import declare
from nitro_runtime.views.table_acting import BulkResult, act
from nitro_runtime.views.table_definition import (
    BULK_LIMIT,
    PER_PAGE,
    Action,
    TableDefinition,
    TableOptions,
    columns_from,
    define_table,
    filter_names,
    search_fields,
)
from nitro_runtime.views.table_state import query_of
from nitro_runtime.views.table_view import TableView
from nitro_runtime.views.theme import Theme, current_theme

E = TypeVar("E")
T = TypeVar("T")


class ShownColumns:
    """What ``columns`` is: of a table, the columns that it shows; of a class, what it says."""

    def __get__(self, table: Table[Any] | None, kind: type[Table[Any]]) -> Any:  # noqa: ANN401
        return kind._chosen if table is None else table.shown_columns()  # pyright: ignore[reportPrivateUsage]


class Table(TableView, Generic[E]):
    """A table over one entity, declared column by column.

    ```python
    class ProductTable(Table[Product]):
        entity = Product
        name = Column(sort=True, link=True)
        price = Column(sort=True)
        category = Column()
        actions = ["edit", "delete"]
        search = ["name"]
        reactive = True

        def cell_price(self, product: Product) -> object:
            return f"{product.price} €"  # escaped, unless it is Html


    table = await ProductTable.read(request)
    ```

    Attributes:
        entity: The entity class.
        columns: Names of columns, or names to columns, when they are not declared one by one.
        actions: ``"edit"``, ``"delete"``, or functions of the entity that return markup.
        search: The fields that a search looks through; True for those marked ``search``.
        sorting: Whether people may sort.
        per_page: Rows on a page.
        order: The order nobody chose, ``"-created_at"``; newest first when left out.
        reactive: Whether it follows changes on every open page.
        new: Whether it links to the form for a new one; when it has the action edit, if left out.
        empty: What it says when there is no row: a text or markup.
        filters: The fields and relations that people may filter by.
        bulk: What can be done with several rows at once: ``"delete"``, functions of the entities, names
            of methods (``"publish"`` for ``def bulk_publish(self, products)``), or `BulkAction`s.
        bulk_limit: The most rows that one such action takes.
        export: Whether the rows can be had as a file.
        choose: Whether people may hide and show columns.
        sizes: How many rows people may have on a page, ``(25, 100)``.
        prefix: What the ids and the names in addresses begin with, where a page has several tables.
        caption: What it is called for who hears the page; the entity's plural when left out.
        theme: The classes of this table; the current theme when left out.
    """

    entity: type[E]
    columns: ClassVar[Any] = ShownColumns()  # set as names, or names to columns
    actions: ClassVar[Sequence[Action]] = ()
    search: ClassVar[Sequence[str] | bool] = ()
    sorting: ClassVar[bool] = True
    per_page: ClassVar[int] = PER_PAGE
    order: ClassVar[str | None] = None
    reactive: ClassVar[bool] = False
    new: ClassVar[bool | None] = None
    empty: ClassVar[Child] = None
    filters: ClassVar[Sequence[str] | bool] = ()
    bulk: ClassVar[Sequence[Any]] = ()
    bulk_limit: ClassVar[int] = BULK_LIMIT
    export: ClassVar[bool] = False
    choose: ClassVar[bool] = False
    sizes: ClassVar[Sequence[int]] = ()
    prefix: ClassVar[str] = ""
    caption: ClassVar[str] = ""
    theme: ClassVar[Theme | None] = None

    _chosen: ClassVar[Any] = None
    _declared: ClassVar[Mapping[str, Column]] = {}
    _definition: ClassVar[TableDefinition | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 # the language's own
        super().__init_subclass__(**kwargs)
        if not isinstance(chosen := vars(cls).get("columns"), Column | None):
            cls._chosen = chosen
            del cls.columns  # of an instance, they are the columns that it shows
        own = {name: each for name, each in vars(cls).items() if isinstance(each, Column)}
        for name in own:
            if hasattr(Table, name):  # a column named like an option must not hide it
                delattr(cls, name)
        cls._declared = {**cls._declared, **own}
        cls._definition = None
        register_view(_name_of(cls), cls._from_key)
        if "entity" in vars(cls):
            declare("Table", cls, cls.entity)

    @staticmethod
    def from_entity(
        entity: type[T],
        rows: Iterable[T] | None = None,
        *,
        where: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> EntityTable[T]:
        """Returns a table made of an entity's own fields, to be completed with its methods.

        Args:
            entity: The entity class.
            rows: The rows at hand, shown as they are; left out, they are read.
            where: Lookups that limit the rows.
            prefix: What its ids and the names in its addresses begin with, where a page has
                several tables.

        Raises:
            ViewError: It is no entity class.
        """
        return EntityTable(entity_class(entity), rows, where=where, prefix=prefix)  # pyright: ignore

    @classmethod
    async def read(
        cls,
        request: Any,  # noqa: ANN401 # any framework's request
        *,
        where: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> Self:
        """Returns the table with the rows that a request asks for: search, filters, order, page.

        Args:
            request: The request, Nitro's or the framework's own.
            where: Lookups that limit the rows; a reactive table takes plain values only.
            prefix: What its ids and the names in its addresses begin with, where a page has
                several tables; the table's own when left out.

        Raises:
            Answered: The rows were asked for as a file; let it leave the handler.
        """
        neutral = neutral_request(request)
        return await cls(where=where, prefix=prefix)._read_for(neutral, neutral.query)

    @classmethod
    async def act(
        cls,
        request: Any,  # noqa: ANN401 # any framework's request
        *,
        where: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> BulkResult:
        """Does what was posted with the chosen rows, all of them or none.

        Only rows that ``scope`` and ``where`` leave to this visitor are touched. Each is changed by
        itself, so the entity's hooks and events run; a backend without transactions may do a part,
        which the notice then says.

        Args:
            request: The request, Nitro's or the framework's own.
            where: Lookups that limit the rows, as for `read`.
            prefix: As for `read`.

        Raises:
            ActionRefused: Nothing was chosen, too much was, the action is not known or not allowed, or
                a row cannot be changed; nothing was changed then.
            Refused: The request is not a form that may be taken.
        """
        return await act(cls(where=where, prefix=prefix), neutral_request(request))

    @classmethod
    async def _from_key(cls, data: Mapping[str, Any], request: Any) -> LiveView:  # noqa: ANN401
        table = cls(where=data.get("where"), prefix=data.get("prefix"))
        return await table._read_for(request, query_of(data["state"]))

    @classmethod
    def row(cls, entity: E) -> Html:
        """Returns one entity as a row, a ``<tr>``."""
        return cls().render_row(entity)

    @override
    def _declaration(self) -> TableDefinition:
        return self.definition()

    @classmethod
    def definition(cls) -> TableDefinition:
        """Returns the table as data: its columns, its filters, what it is sorted by.

        Raises:
            ViewError: It says something that cannot be.
        """
        if cls._definition is None:
            columns = columns_from(cls._chosen, cls._declared)
            names = columns or {}
            computed = {name: f"cell_{name}" for name in names if hasattr(cls, f"cell_{name}")}
            cls._definition = define_table(
                getattr(cls, "entity", None), cls._options(columns), computed
            )
        return cls._definition

    @classmethod
    def _options(cls, columns: Mapping[str, Column] | None) -> TableOptions:
        return TableOptions(
            columns=columns,
            actions=tuple(cls.actions),
            search=_searched(getattr(cls, "entity", None), cls.search),
            sorting=cls.sorting,
            per_page=cls.per_page,
            order=cls.order,
            reactive=cls.reactive,
            new=cls.new,
            empty=cls.empty,
            filters=filter_names(getattr(cls, "entity", None), cls.filters, columns),
            bulk=bulk_actions(cls.bulk, cls),
            bulk_limit=cls.bulk_limit,
            export=cls.export,
            choose=cls.choose,
            sizes=tuple(cls.sizes),
            prefix=cls.prefix,
            caption=cls.caption,
        )

    @override
    def _theme(self) -> Theme:
        return self.theme or current_theme()

    @override
    def _view_name(self) -> str:
        return _name_of(type(self))


def _name_of(kind: type[Any]) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _searched(entity: object, chosen: Sequence[str] | bool) -> tuple[str, ...] | None:
    if not chosen:
        return None
    names = () if chosen is True else chosen
    return search_fields(info_of(entity_class(entity)), names)
