"""What all tables share: reading, rendering and following changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from inspect import isawaitable
from typing import Any, Self

from nitro_runtime.errors import Answered, ViewError
from nitro_runtime.html import Html, raw
from nitro_runtime.html.attributes import render_attributes
from nitro_runtime.schema import find_entity
from nitro_runtime.views.bulk_actions import BulkAction
from nitro_runtime.views.columns import Column
from nitro_runtime.views.csrf import CsrfNames, current_csrf
from nitro_runtime.views.live import ViewKey, group_of
from nitro_runtime.views.model import info_of, links_of
from nitro_runtime.views.page_query import current_query
from nitro_runtime.views.table_acting import offered
from nitro_runtime.views.table_definition import TableDefinition
from nitro_runtime.views.table_export import export_file
from nitro_runtime.views.table_markup import frame_attributes, render_table
from nitro_runtime.views.table_pager import pager
from nitro_runtime.views.table_query import Shown, TableQuery
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.table_rows import render_cell, render_rows
from nitro_runtime.views.table_state import TableState, state_from
from nitro_runtime.views.table_toolbar import toolbar
from nitro_runtime.views.theme import Theme, current_theme
from nitro_runtime.views.words import Words, speaking


class TableView:
    """A table over the rows of one entity; the base of `Table` and `EntityTable`.

    An instance belongs to one request, or to one group of live views.
    """

    def __init__(
        self,
        rows: Iterable[Any] | None = None,
        *,
        where: Mapping[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        """Makes a table that reads its rows when it is rendered, by the query of the page.

        Args:
            rows: The rows at hand, shown as they are; left out, they are read.
            where: Lookups that limit the rows, ``{"category_id": 7}``.
            prefix: What its ids and the names in its addresses begin with, where a page has
                several tables; the table's own when left out.
        """
        self._rows = None if rows is None else list(rows)
        self._where = dict(where or {})
        self._prefix = prefix
        self._scope: object = None
        self._prefixed: tuple[TableDefinition, TableDefinition] | None = None
        self._state: TableState | None = None
        self._shown: Shown | None = None
        self._csrf: CsrfNames | None = None
        self._offered: tuple[BulkAction, ...] | None = None
        self._words: Words | None = None

    # -- what subclasses say --------------------------------------------------------------------

    def _table(self) -> TableDefinition:
        """Returns the table as data."""
        declared = self._declaration()
        if self._prefix is None or self._prefix == declared.options.prefix:
            return declared
        if self._prefixed is None or self._prefixed[0] is not declared:
            self._prefixed = declared, declared.prefixed(self._prefix)
        return self._prefixed[1]

    def _declaration(self) -> TableDefinition:
        raise NotImplementedError

    def _theme(self) -> Theme:
        return current_theme()

    def _view_name(self) -> str:
        """Returns the name that the class is registered under for keys."""
        raise NotImplementedError

    def _view_data(self) -> dict[str, Any]:
        """Returns what the key needs besides the state, as JSON values."""
        return {}

    async def _limit(self, request: Any) -> None:  # noqa: ANN401 # a neutral request
        """Asks ``scope`` what this visitor may see."""
        if self._has_scope():  # it may ask who looks, and the answer may have to be waited for
            await request.load_user()
        found = self.scope(request)
        self._scope = await found if isawaitable(found) else found

    @classmethod
    def _has_scope(cls) -> bool:
        return getattr(cls.scope, "__func__", None) is not TableView.scope.__func__

    @classmethod
    def scope(cls, request: Any) -> Any:  # noqa: ANN401 # any request; lookups or criteria
        """Returns what limits the rows for this visitor; to be overridden, may be ``async``.

        It is asked at every read of a page and at every subscription, and never taken from the
        browser.

        Returns:
            Lookups (``{"owner_id": user.id}``), a criterion of the entity, or None for all rows.
        """
        del request
        return None

    @classmethod
    def may(cls, action: str, request: Any) -> Any:  # noqa: ANN401 # any request; a bool or its coroutine
        """Returns whether this visitor may do an action with several rows; to be overridden.

        It is asked before an action is offered and again before it is done; it may be ``async``.

        Args:
            action: The name of the action, ``"delete"``.
            request: The neutral request.
        """
        del action, request
        return True

    # -- reading --------------------------------------------------------------------------------

    async def _read_for(self, request: Any, query: Mapping[str, Any]) -> Self:  # noqa: ANN401
        """Reads the rows for a neutral request; `Answered` leaves it when they are asked for as a file."""
        table = self._table()
        self._state = state_from(table, query)
        # kept for when a change has it rendered again, outside any request: the names alone
        self._csrf = request.csrf.names if request.csrf else None
        self._words = request.words
        await self._limit(request)
        self._offered = await offered(self, request)
        if table.options.export and self._rows is None and _is_visit(request):
            await self._answer_with_file(query.get(f"{self._state.prefix}export"))
        return await self.refresh()

    async def _answer_with_file(self, form: object) -> None:
        file = await export_file(self._query(), self, form) if isinstance(form, str) else None
        if file is not None:
            raise Answered(download=file)

    async def refresh(self) -> Self:
        """Reads the rows again, for the same state and scope."""
        if self._rows is None:
            self._shown = await self._query().aread()
        return self

    async def load_for(self, request: Any) -> Self:  # noqa: ANN401 # a neutral request
        """Reads the rows unless that was done; what a page does with its views."""
        if self._rows is None and self._shown is None:
            await self._read_for(request, request.query)
        return self

    def _query(self) -> TableQuery:
        # a criterion has no truth value, and what is no limit at all must not pass for none
        given = tuple(each for each in (self._where, self._scope) if each is not None)
        scoped = self._scope is not None
        return TableQuery(self._table(), self._looked_at(), given, is_scoped=scoped)

    def _looked_at(self) -> TableState:
        if self._state is None:
            self._state = state_from(self._table(), current_query())
        return self._state

    def _read_now(self) -> Shown:
        if self._rows is not None:
            return Shown(self._rows, len(self._rows))
        if self._shown is None:
            if self._has_scope():
                # without a request there is no scope, and without it every row would be shown
                raise ViewError(
                    f"{type(self).__name__} has a scope, so it needs a request:"
                    " await its read(request)."
                )
            self._shown = self._query().read()
        return self._shown

    # -- rendering ------------------------------------------------------------------------------

    @property
    def dom_id(self) -> str:
        """The id of the table's element."""
        return self._table().dom_id

    def render_row(self, entity: object) -> Html:
        """Returns one entity as a row, a ``<tr>``."""
        return render_rows(self._row_rendering(), (entity,))

    def __html__(self) -> Html:
        with speaking(self._words):
            return render_table(self._rendering())

    def _rendering(self) -> Rendering:
        shown = self._read_now()
        return replace(self._row_rendering(), shown=shown, key=self.view_key)

    def _row_rendering(self) -> Rendering:
        """Returns what a row by itself is made of: nothing is read for it."""
        return Rendering(
            self._table(),
            self._looked_at(),
            theme=self._theme(),
            view=self,
            csrf=self._csrf_names(),
            offered=self._table().options.bulk if self._offered is None else self._offered,
        )

    # -- parts, for markup of your own ------------------------------------------------------------

    def shown_columns(self) -> tuple[Column, ...]:
        """Returns the columns that are shown, as ``table.columns`` does."""
        return self._table().shown_columns(self._looked_at().columns)

    @property
    def rows(self) -> Sequence[Any]:
        """The entities on this page."""
        return self._read_now().rows

    @property
    def row_count(self) -> int:
        """How many rows there are on all pages."""
        return self._read_now().total

    @property
    def attributes(self) -> Html:
        """The attributes of the element around everything, which keep it live: `` id="..." ...``."""
        return raw(render_attributes(frame_attributes(self._rendering())))

    @property
    def toolbar(self) -> Html:
        """The toolbar: search, filters, count and links."""
        return toolbar(self._rendering())

    @property
    def pager(self) -> Html:
        """The links from page to page; empty when there is one page only."""
        return pager(self._rendering()) or raw("")

    def cell(self, entity: object, name: str) -> Html:
        """Returns what stands in a row's cell of a column, by its type.

        Raises:
            ViewError: The table has no such column.
        """
        return render_cell(self._row_rendering(), entity, name)

    def _csrf_names(self) -> CsrfNames | None:
        return self._csrf or current_csrf()

    def __str__(self) -> str:
        return self.__html__()

    # -- following changes ----------------------------------------------------------------------

    @property
    def view_key(self) -> str | None:
        """The signed key of a reactive table; None when it is not reactive.

        Raises:
            ViewError: The table is reactive and has rows given by hand, or rows that are there only
                while their visitor asks for something.
        """
        table = self._table()
        if not table.options.reactive:
            return None
        if "visit" in _capabilities(table.entity):
            raise ViewError(
                f"A table of {table.info.name} cannot be reactive: its rows are kept in the visitor's "
                "browser, which sends them with requests and not with the stream; answer a query with it."
            )
        if self._rows is not None:
            raise ViewError(
                "A table with rows given by hand cannot be reactive: nobody could read them again."
            )
        state = self._looked_at()
        data: dict[str, Any] = {"state": state.query()}
        if self._where:
            data["where"] = self._where
        if self._prefix:
            data["prefix"] = self._prefix
        return ViewKey(self._view_name(), {**data, **self._view_data()}).sign()

    @property
    def view_group(self) -> str:
        """Equal for tables that render the same: same key, same scope, same words."""
        names = ",".join(action.name for action in self._offered or ())
        spoken = id(self._words) if self._words is not None else ""
        return group_of(f"{self.view_key or ''}\n{names}\n{spoken}", self._scope)

    @property
    def view_topics(self) -> frozenset[str]:
        """The tables whose changes this table follows: its entity's and its relations'."""
        table = self._table()
        found = {table.info.table}
        for name in table.includes:
            relation = table.info.relations[name]
            target = find_entity(relation.target)
            found.add(info_of(target).table if target else relation.target)
            if relation.kind == "many_to_many":
                found.add(links_of(table.info, relation))
        return frozenset(found)


def _is_visit(request: Any) -> bool:  # noqa: ANN401 # a neutral request
    """Whether a browser goes to an address by itself, so that it may be given a file."""
    return request.is_safe and not request.is_datastar


def _capabilities(entity: object) -> frozenset[str]:
    return getattr(getattr(entity, "repository", None), "capabilities", frozenset())
