"""Which columns of the database a declared table goes by: what `nitro doctor` looks for indexes of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nitro_runtime.views.table_filters import TextFilter
from nitro_runtime.views.tables import Table


def declared_tables(modules: Iterable[str]) -> list[type[Table[Any]]]:
    """Returns the tables that these modules declare for an entity, in order of declaration."""
    wanted = frozenset(modules)
    return [
        table for table in _below(Table) if table.__module__ in wanted and hasattr(table, "entity")
    ]


def _below(kind: type[Any]) -> Iterator[type[Table[Any]]]:
    for found in kind.__subclasses__():
        yield found
        yield from _below(found)


def fields_used(table: type[Table[Any]]) -> dict[str, list[str]]:
    """Returns the fields that rows are sorted and filtered by, each with what is done by it.

    A search, and a filter that looks for a part of a text, go through all rows in any case: an index
    does not help them, and they are left out.
    """
    definition = table.definition()
    found: dict[str, list[str]] = {name: ["sorted"] for name in definition.sortable}
    if definition.options.order:
        found.setdefault(definition.options.order.removeprefix("-"), ["sorted"])
    for each in definition.filters:
        if not isinstance(each, TextFilter) and each.field in definition.info.fields:
            found.setdefault(each.field, []).append("filtered")
    return found
