"""The rows of one state of a table: the query part of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nitro_runtime.errors import InvalidQuery
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.model import Rows, RowsPage
from nitro_runtime.views.table_definition import TableDefinition
from nitro_runtime.views.table_filters import RelationFilter
from nitro_runtime.views.table_state import TableState

Offered = tuple[tuple[str, Choices], ...]
"""What the filters by relations offer: name of the filter and choices."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows that a table shows.

    Attributes:
        rows: The rows of this page, in order.
        total: How many rows there are on all pages.
        page: The page, which may be another than was asked for.
        pages: How many pages there are, at least 1.
        first: The number of the first row of this page, from 1; 0 without rows.
        choices: What the filters by relations offer: name of the filter and choices.
    """

    rows: Sequence[Any]
    total: int
    page: int = 1
    pages: int = 1
    first: int = 1
    choices: Offered = ()


@dataclass(frozen=True, slots=True)
class TableQuery:
    """The reads for one state of a table.

    Attributes:
        table: The table.
        state: What somebody looks at.
        criteria: What limits the rows besides: lookups, and what ``scope`` gave.
        is_scoped: Whether a ``scope`` limits them: then nothing is listed of related entities, of
            which it says nothing; people filter by a part of their names.
    """

    table: TableDefinition
    state: TableState
    criteria: tuple[object, ...] = ()
    is_scoped: bool = False

    @property
    def size(self) -> int:
        """How many rows there are on a page."""
        return self.state.size or self.table.options.per_page

    def allowed(self) -> Rows:
        """Returns the query for all rows that this visitor may see here, searched or not."""
        rows = self.table.entity.all()
        for each in self.criteria:
            rows = rows.where(**each) if isinstance(each, Mapping) else rows.where(each)  # pyright: ignore
        return rows

    def matching(self) -> Rows:
        """Returns the query for all rows that match."""
        rows = self.allowed()
        if self.state.search:
            rows = rows.search(self.state.search, *(self.table.options.search or ()))
        texts = dict(self.state.filters)
        for each in self.table.filters:
            lookups = each.lookups(texts)
            if lookups:
                rows = self._narrowed(rows, lookups)
        return rows

    def _narrowed(self, rows: Rows, lookups: Mapping[str, Any]) -> Rows:
        try:
            return rows.where(**lookups)
        except InvalidQuery:
            # of the right type, and yet nothing that a row can have: so no row has it
            return rows.where(**{f"{self.table.info.key[0]}__in": ()})

    def ordered(self, matching: Rows) -> Rows:
        """Returns the query in the order that was chosen, with the relations that are shown."""
        order = self.state.sort or self.table.options.order
        rows = matching.order_by(order) if order else matching
        # rows that are equal in the order must not change places between two pages
        rows = rows.then_stored(newest=not order or order.startswith("-"))
        return self.with_relations(rows)

    def with_relations(self, rows: Rows) -> Rows:
        """Returns the query with the relations that are shown."""
        includes = self.table.includes_of(self.state.columns)
        return rows.include(*includes) if includes else rows

    def _shown(self, page: RowsPage, choices: Offered) -> Shown:
        rows, total = page.items, page.total
        pages = max(1, -(-total // self.size))
        first = (page.number - 1) * self.size + 1 if rows else 0
        return Shown(rows, total, page.number, pages, first, choices)

    @property
    def _relations(self) -> list[RelationFilter]:
        return [each for each in self.table.filters if isinstance(each, RelationFilter)]

    def read(self) -> Shown:
        """Reads; it blocks while it reads."""
        page = self.ordered(self.matching()).page(self.state.page, self.size)
        texts = dict(self.state.filters)
        choices = tuple(
            (each.name, each.unlisted() if self.is_scoped else each.choices(texts))
            for each in self._relations
        )
        return self._shown(page, choices)

    async def aread(self) -> Shown:
        """Reads without blocking the event loop."""
        page = await self.ordered(self.matching()).apage(self.state.page, self.size)
        texts = dict(self.state.filters)
        choices = [
            (each.name, each.unlisted() if self.is_scoped else await each.achoices(texts))
            for each in self._relations
        ]
        return self._shown(page, tuple(choices))
