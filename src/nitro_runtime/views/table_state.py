"""What somebody looks at in a table, and the rows for it: the query part of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from nitro_runtime.views.model import Rows
from nitro_runtime.views.table_definition import TableDefinition

_LONGEST_SEARCH = 200
_LAST_PAGE = 10**6  # offsets beyond it are nobody's, and databases hold them as 64 bits


@dataclass(frozen=True, slots=True)
class TableState:
    """What somebody looks at.

    Attributes:
        search: The text to search for.
        sort: The order, ``-price``; empty for the table's own.
        page: The page, from 1.
    """

    search: str = ""
    sort: str = ""
    page: int = 1

    def address(self, **changes: Any) -> str:  # noqa: ANN401 # this class's own fields
        """Returns the query of a link that changes something: ``?search=x&sort=-price``."""
        state = replace(self, **changes)
        page = str(state.page) if state.page > 1 else ""
        given = {"search": state.search, "sort": state.sort, "page": page}
        return "?" + urlencode({name: text for name, text in given.items() if text})


def state_from(table: TableDefinition, query: Mapping[str, str]) -> TableState:
    """Reads what somebody asked for; what makes no sense falls back to the defaults."""
    search = ""
    if table.options.search is not None:
        search = " ".join(str(query.get("search") or "").split())[:_LONGEST_SEARCH]
    sort = str(query.get("sort") or "")
    known = sort.removeprefix("-") in table.sortable
    return TableState(search, sort if known else "", _page(query.get("page")))


def _page(text: object) -> int:
    digits = str(text or "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 7:
        return 1
    return min(max(int(digits), 1), _LAST_PAGE)


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows that a table shows.

    Attributes:
        rows: The rows of this page, in order.
        total: How many rows there are on all pages.
        page: The page, which may be another than was asked for.
        pages: How many pages there are, at least 1.
    """

    rows: Sequence[Any]
    total: int
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True)
class TableQuery:
    """The reads for one state of a table: `count` first, then `rows`.

    Attributes:
        table: The table.
        state: What somebody looks at.
        criteria: What limits the rows besides: lookups, and what ``scope`` gave.
    """

    table: TableDefinition
    state: TableState
    criteria: tuple[object, ...] = ()

    def matching(self) -> Rows:
        """Returns the query for all rows that match."""
        rows = self.table.entity.all()
        for each in self.criteria:
            rows = rows.where(**each) if isinstance(each, Mapping) else rows.where(each)  # pyright: ignore
        if self.state.search:
            rows = rows.search(self.state.search, *(self.table.options.search or ()))
        return rows

    def page(self, matching: Rows, number: int) -> Rows:
        """Returns the query for one page."""
        order = self.state.sort or self.table.order
        # rows that are equal in the order must not change places between two pages
        ties = [name for name in self.table.info.key if name != order.removeprefix("-")]
        rows = matching.order_by(order, *ties)
        if self.table.includes:
            rows = rows.include(*self.table.includes)
        size = self.table.options.per_page
        return rows.limit(size).offset((number - 1) * size)

    def fit(self, total: int) -> tuple[int, int]:
        """Returns the page to show and the number of pages; past the end is the last page."""
        pages = max(1, -(-total // self.table.options.per_page))
        return min(self.state.page, pages), pages

    def read(self) -> Shown:
        """Reads; it blocks while it reads."""
        matching = self.matching()
        total = matching.count()
        page, pages = self.fit(total)
        rows = list(self.page(matching, page).all()) if total else []
        return Shown(rows, total, page, pages)

    async def aread(self) -> Shown:
        """Reads without blocking the event loop."""
        matching = self.matching()
        total = await matching.acount()
        page, pages = self.fit(total)
        return Shown(await self.page(matching, page).aall() if total else (), total, page, pages)
