"""Tables: declared by a class, or built from an entity step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from typing_extensions import override

from nitro_runtime.context import neutral_request
from nitro_runtime.errors import ViewError
from nitro_runtime.html import Child, Fragment, Html, raw
from nitro_runtime.schema import find_entity
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


_DYNAMIC = "Table"


class EntityTable(TableView, Generic[E]):
    """A table made from an entity: ``Table.from_entity(Product).with_search().reactive()``.

    Each method changes the table and returns it.
    """

    def __init__(
        self,
        entity: type[E],
        rows: Iterable[E] | None = None,
        *,
        where: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(rows, where=where, prefix=prefix)
        self.entity = entity
        self._options = TableOptions()
        self._definition: TableDefinition | None = None

    def _with(self, **changes: Any) -> Self:  # noqa: ANN401 # fields of TableOptions
        self._options = replace(self._options, **changes)
        self._definition = None
        self._table()  # so that a wrong name is told where it was written
        return self

    def with_columns(self, *names: str, choose: bool = False, **columns: Column) -> Self:
        """Shows these columns: names of the entity's fields, or columns by name.

        Args:
            names: The columns; those that a table shows anyway when none is named.
            choose: Whether people may hide and show them.
            columns: Columns with options of their own.
        """
        chosen = {**{name: Column() for name in names}, **columns}
        return self._with(columns=chosen or None, choose=choose)

    def with_actions(self, actions: Sequence[Action]) -> Self:
        """Offers ``"edit"``, ``"delete"`` or functions of the entity that return markup."""
        return self._with(actions=tuple(actions))

    def with_search(self, *fields: str) -> Self:
        """Offers a search through these fields; through those marked ``search`` when left out."""
        return self._with(search=search_fields(info_of(entity_class(self.entity)), fields))

    def with_sorting(self, order: str | None = None) -> Self:
        """Lets people sort; ``order`` is what nobody chose, ``"-price"``."""
        return self._with(sorting=True, order=order or self._options.order)

    def with_pagination(self, per_page: int = PER_PAGE, *, sizes: Sequence[int] = ()) -> Self:
        """Shows so many rows on a page.

        Args:
            per_page: How many rows.
            sizes: How many people may choose instead, ``(25, 100)``.
        """
        return self._with(per_page=per_page, sizes=tuple(sizes))

    def with_filters(self, *names: str) -> Self:
        """Lets people filter by these fields and relations; by what can be chosen when left out."""
        return self._with(filters=filter_names(self.entity, names or True, self._options.columns))

    def with_bulk_actions(self, actions: Sequence[Any], *, limit: int = BULK_LIMIT) -> Self:
        """Offers what can be done with several rows at once; `act` does it.

        Args:
            actions: ``"delete"``, functions of the entities, or `BulkAction`s.
            limit: The most rows that one action takes.
        """
        return self._with(bulk=bulk_actions(actions), bulk_limit=limit)

    async def act(self, request: Any) -> BulkResult:  # noqa: ANN401 # any framework's request
        """Does what was posted with the chosen rows; see `Table.act`."""
        return await act(self, neutral_request(request))

    def with_export(self) -> Self:
        """Offers all rows that match as a file, CSV."""
        return self._with(export=True)

    def with_empty(self, empty: Child) -> Self:
        """Says this when there is no row: a text, or markup with what to do next."""
        return self._with(empty=empty)

    def reactive(self) -> Self:
        """Follows changes on every open page.

        Raises:
            ViewError: The rows were given by hand.
        """
        if self._rows is not None:
            raise ViewError("A table with rows given by hand cannot be reactive.")
        return self._with(reactive=True)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are shown, in order."""
        return self.shown_columns()

    def row(self, entity: E) -> Html:
        """Returns one entity as a row, a ``<tr>``."""
        return self.render_row(entity)

    async def read(self, request: Any) -> Self:  # noqa: ANN401 # any framework's request
        """Reads the rows that a request asks for: search, sort, page."""
        neutral = neutral_request(request)
        return await self._read_for(neutral, neutral.query)

    @override
    def _declaration(self) -> TableDefinition:
        if self._definition is None:
            self._definition = define_table(self.entity, self._options)
        return self._definition

    @override
    def _view_name(self) -> str:
        return _DYNAMIC

    @override
    def _view_data(self) -> dict[str, Any]:
        options = self._options
        made_by_hand = not all(isinstance(action, str) for action in options.actions)
        named = bulk_actions([action.name for action in options.bulk if action.kind == "delete"])
        if made_by_hand or named != options.bulk or _has_options(options.columns):
            raise ViewError(
                "A reactive table with columns or actions of its own is declared as a class:"
                " class ProductTable(Table[Product])."
            )
        return {
            "entity": info_of(self.entity).name,
            "columns": None if options.columns is None else list(options.columns),
            "actions": list(options.actions),
            "bulk": [action.name for action in named],
            "fields": None if options.search is None else list(options.search),
            "options": {
                name: _as_json(value)
                for name in _PLAIN_OPTIONS
                if (value := getattr(options, name)) != getattr(_DEFAULTS, name)
            },
        }

    @classmethod
    async def from_key(cls, data: Mapping[str, Any], request: Any) -> LiveView:  # noqa: ANN401
        """Returns the table that a key describes, read; used by `view_from_key`.

        Raises:
            KeyError: The entity is gone, or the key is of another version.
        """
        entity = find_entity(data["entity"])
        if entity is None:
            raise KeyError(data["entity"])
        columns, fields = data["columns"], data["fields"]
        table: EntityTable[Any] = EntityTable(
            entity, where=data.get("where"), prefix=data.get("prefix")
        )
        table._options = TableOptions(
            columns=None if columns is None else {name: Column() for name in columns},
            actions=tuple(data["actions"]),
            bulk=bulk_actions(data["bulk"]),
            search=None if fields is None else tuple(fields),
            reactive=True,
            **{name: _from_json(value) for name, value in data["options"].items()},
        )
        return await table._read_for(request, query_of(data["state"]))


_PLAIN_OPTIONS = (
    *("sorting", "per_page", "order", "new", "empty", "filters"),
    *("bulk_limit", "export", "choose", "sizes"),
)
"""The options that a key says as they are."""


_DEFAULTS = TableOptions()


def _as_json(value: Any) -> Any:  # noqa: ANN401 # an option
    """Returns an option as JSON has it; markup says that it is markup."""
    is_plain = value is None or type(value) in (str, int, bool, tuple)
    return value if is_plain else {"html": str(Fragment(value))}


def _from_json(value: Any) -> Any:  # noqa: ANN401 # an option
    """Returns an option as it was: JSON has lists where there were tuples."""
    if isinstance(value, dict):
        return raw(cast("dict[str, str]", value)["html"])
    return tuple(cast("list[Any]", value)) if isinstance(value, list) else value


def _has_options(columns: Mapping[str, Column] | None) -> bool:
    return any(column != Column() for column in (columns or {}).values())


register_view(_DYNAMIC, EntityTable.from_key)
