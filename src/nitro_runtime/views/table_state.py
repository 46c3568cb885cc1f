"""What somebody looks at in a table, and how it stands in the address of the page.

Everything that a visitor chose is in the address: back, forward, reload and a link that is passed on
show the same. What makes no sense there falls back to what nobody chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from nitro_runtime.views.table_definition import TableDefinition

_LONGEST_SEARCH = 200
_LAST_PAGE = 10**6  # offsets beyond it are nobody's, and databases hold them as 64 bits
_LONGEST_REST = 2000  # characters of what else is in the address; it is signed into the key
_UNKEPT = frozenset({"datastar"})  # the signals, which Datastar sends along

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableState:
    """What somebody looks at.

    Attributes:
        search: The text to search for.
        sort: The order, ``-price``; empty for the table's own.
        page: The page, from 1.
        filters: The filters that are on: parameter and text, in the table's order.
        columns: The columns that are shown; empty for all.
        size: The rows on a page; 0 for the table's own number.
        prefix: What the parameters of this table begin with, ``left_``; empty without a prefix.
        rest: What else the address says, for other tables of the page and for the app.
    """

    search: str = ""
    sort: str = ""
    page: int = 1
    filters: Pairs = ()
    columns: tuple[str, ...] = ()
    size: int = 0
    prefix: str = ""
    rest: Pairs = ()

    @property
    def limited(self) -> bool:
        """Whether a search or a filter is on, so that not all rows are shown."""
        return bool(self.search or self.filters)

    def pairs(self) -> Pairs:
        """Returns the parameters of the address, in one order for one state."""
        page = str(self.page) if self.page > 1 else ""
        own = [
            ("search", self.search),
            *self.filters,
            ("sort", self.sort),
            ("columns", ",".join(self.columns)),
            ("size", str(self.size or "")),
            ("page", page),
        ]
        named = [(self.prefix + name, text) for name, text in own if text]
        return (*named, *self.rest)

    def pairs_without_page(self) -> Pairs:
        """Returns the parameters of all pages together."""
        return replace(self, page=1, size=0).pairs()

    def query(self) -> str:
        """Returns the query of the address, without the question mark."""
        return urlencode(self.pairs())

    def address(self, **changes: Any) -> str:  # noqa: ANN401 # this class's own fields
        """Returns the query of a link that changes something: ``?search=x&sort=-price``."""
        return "?" + (replace(self, **changes) if changes else self).query()


def query_of(text: str) -> Mapping[str, list[str]]:
    """Returns the query that `TableState.query` gave, as `state_from` reads it."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def state_from(table: TableDefinition, query: Mapping[str, Any]) -> TableState:
    """Reads what somebody asked for; what makes no sense falls back to the defaults."""
    options = table.options
    prefix = f"{options.prefix}_" if options.prefix else ""

    def given(name: str) -> str:
        return next(iter(_texts(query, prefix + name)), "")

    search = ""
    if options.search is not None:
        search = " ".join(given("search").split())[:_LONGEST_SEARCH]
    sort = given("sort")
    known = sort.removeprefix("-") in table.sortable
    return TableState(
        search,
        sort if known else "",
        _page(given("page")),
        tuple(pair for each in table.filters for pair in each.read(given)),
        _columns(table, _texts(query, f"{prefix}columns")) if options.choose else (),
        _size(table, given("size")),
        prefix,
        _rest(query, frozenset(prefix + name for name in table.parameters)),
    )


def _texts(query: Mapping[str, Any], name: str) -> list[str]:
    """Returns what a query says for a name: a query of a request, or one from `query_of`."""
    getlist = getattr(query, "getlist", None)
    if getlist is not None:
        return list(getlist(name))
    found = query.get(name)
    if found is None:
        return []
    return cast("list[str]", found) if isinstance(found, list) else [str(found)]


def _page(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 7:
        return 1
    return min(max(int(digits), 1), _LAST_PAGE)


def _columns(table: TableDefinition, texts: Iterable[str]) -> tuple[str, ...]:
    """Returns the columns to show: ``a,b`` and ``a`` beside ``b`` say the same; empty for all."""
    asked = {name for text in texts for name in text.split(",")}
    shown = tuple(column.name for column in table.columns if column.name in asked)
    return () if len(shown) == len(table.columns) else shown


def _size(table: TableDefinition, digits: str) -> int:
    sizes, own = table.options.sizes, table.options.per_page
    return next((size for size in sizes if str(size) == digits and size != own), 0)


def _rest(query: Mapping[str, Any], own: frozenset[str]) -> Pairs:
    pairs: list[tuple[str, str]] = []
    room = _LONGEST_REST
    for name in query:
        if name in own or name in _UNKEPT:
            continue
        for text in _texts(query, name):
            room -= len(name) + len(text)
            if room < 0:
                return tuple(pairs)
            pairs.append((name, text))
    return tuple(pairs)
