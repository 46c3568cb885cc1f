"""Tables built from an entity step by step, in the place where they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Self, TypeVar, cast

from typing_extensions import override

from nitro_runtime.context import neutral_request
from nitro_runtime.errors import ViewError
from nitro_runtime.html import Child, Fragment, Html, raw
from nitro_runtime.schema import find_entity
from nitro_runtime.views.bulk_actions import bulk_actions
from nitro_runtime.views.columns import Column
from nitro_runtime.views.live import LiveView, register_view
from nitro_runtime.views.model import entity_class, info_of
from nitro_runtime.views.table_acting import BulkResult, act
from nitro_runtime.views.table_definition import (
    BULK_LIMIT,
    PER_PAGE,
    Action,
    TableDefinition,
    TableOptions,
    define_table,
    filter_names,
    search_fields,
)
from nitro_runtime.views.table_state import query_of
from nitro_runtime.views.table_view import TableView

E = TypeVar("E")

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

    def with_caption(self, caption: str) -> Self:
        """Calls the table this for who hears the page, instead of by the entity's plural."""
        return self._with(caption=caption)

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
        given = [name for name in _PLAIN_OPTIONS if name in data["options"]]
        table: EntityTable[Any] = EntityTable(
            entity, where=data.get("where"), prefix=data.get("prefix")
        )
        table._options = TableOptions(
            columns=None if columns is None else {name: Column() for name in columns},
            actions=tuple(data["actions"]),
            bulk=bulk_actions(data["bulk"]),
            search=None if fields is None else tuple(fields),
            reactive=True,
            **{name: _from_json(data["options"][name]) for name in given},
        )
        return await table._read_for(request, query_of(data["state"]))


_PLAIN_OPTIONS = (
    *("sorting", "per_page", "order", "new", "empty", "filters"),
    *("bulk_limit", "export", "choose", "sizes", "caption"),
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
