"""What all tables share: reading, rendering and following changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import isawaitable
from typing import Any, Self

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Html
from nitro_runtime.schema import find_entity
from nitro_runtime.views.csrf import CsrfNames, current_csrf
from nitro_runtime.views.live import ViewKey, group_of
from nitro_runtime.views.model import info_of, links_of
from nitro_runtime.views.page_query import current_query
from nitro_runtime.views.table_definition import TableDefinition
from nitro_runtime.views.table_markup import render_rows, render_table
from nitro_runtime.views.table_state import Shown, TableQuery, TableState, state_from
from nitro_runtime.views.theme import Theme, current_theme


class TableView:
    """A table over the rows of one entity; the base of `Table` and `EntityTable`.

    An instance belongs to one request, or to one group of live views.
    """

    def __init__(
        self, rows: Iterable[Any] | None = None, *, where: Mapping[str, Any] | None = None
    ) -> None:
        """Makes a table that reads its rows when it is rendered, by the query of the page.

        Args:
            rows: The rows at hand, shown as they are; left out, they are read.
            where: Lookups that limit the rows, ``{"category_id": 7}``.
        """
        self._rows = None if rows is None else list(rows)
        self._where = dict(where or {})
        self._scope: object = None
        self._state: TableState | None = None
        self._shown: Shown | None = None
        self._csrf: CsrfNames | None = None

    # -- what subclasses say --------------------------------------------------------------------

    def _table(self) -> TableDefinition:
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

    # -- reading --------------------------------------------------------------------------------

    async def _read_for(self, request: Any, query: Mapping[str, Any]) -> Self:  # noqa: ANN401
        """Reads the rows for a neutral request."""
        self._state = state_from(self._table(), query)
        # kept for when a change has it rendered again, outside any request: the names alone
        self._csrf = request.csrf.names if request.csrf else None
        await self._limit(request)
        return await self.refresh()

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
        given = (self._where, self._scope)
        return TableQuery(self._table(), self._looked_at(), tuple(each for each in given if each))

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
        return render_rows(self._table(), (entity,), self._theme(), self, self._csrf_names())

    def __html__(self) -> Html:
        shown = self._read_now()
        return render_table(
            self._table(),
            self._looked_at(),
            shown,
            self._theme(),
            view=self,
            key=self.view_key,
            csrf=self._csrf_names(),
        )

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
        data = {"search": state.search, "sort": state.sort, "page": state.page}
        where = {"where": self._where} if self._where else {}
        return ViewKey(self._view_name(), {**data, **where, **self._view_data()}).sign()

    @property
    def view_group(self) -> str:
        """Equal for tables that render the same: same key, same scope."""
        return group_of(self.view_key or "", self._scope)

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


def _capabilities(entity: object) -> frozenset[str]:
    return getattr(getattr(entity, "repository", None), "capabilities", frozenset())
