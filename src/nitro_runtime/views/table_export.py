"""The rows of a table as a file: all that match, in the order that is shown, as CSV.

The format is RFC 4180 with a byte order mark, by which Excel knows UTF-8. Values are plain, for
programs and spreadsheets: dates as in ISO 8601, numbers with all their digits, whole texts. A text that
a spreadsheet would take for a formula is marked as text (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import StringIO
from operator import attrgetter
from typing import Any, cast
from urllib.parse import urlencode

from nitro_runtime.errors import Download
from nitro_runtime.html import A, Html
from nitro_runtime.html.children import render
from nitro_runtime.html.markup import well_formed
from nitro_runtime.storage import current_storage
from nitro_runtime.views.cells import as_json
from nitro_runtime.views.choices import text_of
from nitro_runtime.views.columns import Column
from nitro_runtime.views.model import label_of
from nitro_runtime.views.money import plain_amount
from nitro_runtime.views.table_batches import Batches, Order
from nitro_runtime.views.table_query import TableQuery
from nitro_runtime.views.table_rendering import Rendering
from nitro_runtime.views.words import say

CSV = "csv"
"""The one form there is, as an address names it."""

METHOD = "export_"
"""What the names of a table's own methods for values in files begin with."""

_MARK = "\ufeff"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 # their wide forms are formulas to some
_UNNAMED = re.compile(r"[^A-Za-z0-9-]+")

Get = Callable[[Any], object]


def export_link(at: Rendering) -> Html | None:
    """Returns the link to the file with all rows that match; it has the attribute ``download``."""
    if not at.table.options.export:
        return None
    asked = (*at.state.pairs_without_page(), (at.parameter("export"), CSV))
    return A(
        say("export_csv"),
        id=at.element_id("export"),
        href=f"?{urlencode(asked)}",
        download=True,
        cls=at.theme["button"],
    )


async def export_file(query: TableQuery, view: object, form: str) -> Download | None:
    """Returns the file that ``?export=csv`` asks for; None for a form that is not known.

    The first rows are read here, so that what goes wrong then is answered as on a page. What goes
    wrong later ends the connection before the file is whole.
    """
    if form != CSV:
        return None
    columns = query.table.shown_columns(query.state.columns)
    getters = [_getter(query, view, column) for column in columns]
    rows = Batches(query.with_relations(query.matching()), _order(query))
    first = await rows.first()
    labels = [_safe(str(column.label)) for column in columns]
    return Download(
        f"{_UNNAMED.sub('-', query.table.info.slug)}-{datetime.now(UTC):%Y-%m-%d}.csv",
        "text/csv; charset=utf-8",
        _content(labels, getters, first, rows.behind(first)),
    )


def _order(query: TableQuery) -> Order:
    order = query.state.sort or query.table.order
    name = order.removeprefix("-")
    descending = order != name
    # as on the page: rows that the order does not tell apart stand in its direction
    ties = [(key, descending) for key in query.table.info.key if key != name]
    return ((name, descending), *ties)


async def _content(
    labels: Sequence[str],
    getters: Sequence[Get],
    first: Sequence[Any],
    rest: AsyncGenerator[Sequence[Any]],
) -> AsyncIterator[bytes]:
    yield (_MARK + _lines([labels])).encode()
    if first:
        yield _lines(_values(first, getters)).encode()
    async with aclosing(rest) as batches:
        async for batch in batches:
            yield _lines(_values(batch, getters)).encode()


def _values(rows: Sequence[Any], getters: Sequence[Get]) -> list[list[str]]:
    return [[_plain(get(row)) for get in getters] for row in rows]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return well_formed(text.getvalue())


# -- values ---------------------------------------------------------------------------------------


def _getter(query: TableQuery, view: object, column: Column) -> Get:
    """Returns what gives a row's value for a column: a method for files, the field, or the cell's method."""
    method = getattr(view, METHOD + column.name, None)
    if method is not None:
        return method
    if column.relation is None and column.info is None and column.name in query.table.computed:
        return getattr(view, query.table.computed[column.name])
    value_of = attrgetter(column.source)
    if column.many:
        return lambda row: ", ".join(map(label_of, value_of(row) or ()))
    if column.info is not None and column.info.upload and column.relation is None:
        return lambda row: current_storage().url(key) if (key := value_of(row)) else None
    if column.currency is not None:
        return _amounts(value_of, column.currency, minor=column.minor)
    return value_of


def _amounts(value_of: Get, currency: str, *, minor: bool) -> Get:
    def get(row: object) -> object:
        value: Any = value_of(row)
        return None if value is None else Decimal(plain_amount(value, currency, minor=minor))

    return get


def _plain(value: object) -> str:
    """Returns a value as it stands in the file."""
    if value is None:
        return ""
    if type(value) is str:
        return _safe(value)
    show = _PLAIN.get(type(value))
    return show(value) if show is not None else _other(value)


def _safe(text: str) -> str:
    """Returns a text that no spreadsheet takes for a formula: marked by an apostrophe where it might.

    Where a spreadsheet separates by semicolons, what stands behind one is a cell too.
    """
    if ";" in text:
        text = _BEHIND_SEMICOLON.sub(r"\1'\2", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


_BEHIND_SEMICOLON = re.compile(r"(;\s*)([=+\-@])")


def _other(value: object) -> str:
    if hasattr(value, "__entity__"):
        return _safe(label_of(value))
    if hasattr(value, "__html__"):
        return _safe(_text_of_markup(render(value)))
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        return _safe(as_json(cast("object", value)))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _safe(text_of(value))


def _text_of_markup(markup: str) -> str:
    """Returns what people read of markup that a method has made."""
    from html import unescape

    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def _moment(value: datetime) -> str:
    """A moment in UTC; one without a zone is taken to be UTC, as entities keep it."""
    return (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()


_PLAIN: Mapping[type[Any], Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: repr,
    Decimal: "{:f}".format,
    datetime: _moment,
    date: date.isoformat,
    time: time.isoformat,
    bytes: bytes.hex,
}
"""Values that can be no formula, each with all its digits. A number that is negative stays one."""
