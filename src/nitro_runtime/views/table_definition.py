"""What a table class is, worked out once: entity, columns, what people may do with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nitro_runtime.errors import ViewError, suggestion
from nitro_runtime.schema import EntityInfo, FieldInfo, humanize
from nitro_runtime.views.bulk_actions import BulkAction
from nitro_runtime.views.columns import Column, automatic_columns
from nitro_runtime.views.model import EntityClass, entity_class, info_of, stem_of
from nitro_runtime.views.row_actions import Action as Action
from nitro_runtime.views.row_actions import check_action as check_action
from nitro_runtime.views.table_filters import (
    PARAMETERS,
    Filter,
    automatic_filters,
    filters_for,
)

PER_PAGE = 25
BULK_LIMIT = 1000
_PREFIX = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a declaration or a builder chose.

    Attributes:
        columns: Name to column; None for those of the entity.
        actions: What can be done with a row.
        search: The fields that the search looks through; None for no search.
        sorting: Whether people may sort.
        per_page: Rows on a page.
        order: The order nobody chose: a field's name, with ``-`` for descending.
        reactive: Whether it follows changes.
        new: Whether it links to the form for a new one; None: when it has the action ``edit``.
        empty: What it says when there is no row: a text or markup; None for the usual words.
        filters: The fields and relations that people may filter by.
        bulk: What can be done with several rows at once, as `bulk_actions` returns it.
        bulk_limit: The most rows that one action takes.
        export: Whether the rows can be had as a file.
        choose: Whether people may hide and show columns.
        sizes: How many rows people may have on a page; empty when they have no choice.
        prefix: What the table's ids and the names in its addresses begin with, for pages with
            several tables; empty for a page with one.
        caption: What it is called for who hears the page; empty for the entity's plural.
    """

    columns: Mapping[str, Column] | None = None
    actions: tuple[Action, ...] = ()
    search: tuple[str, ...] | None = None
    sorting: bool = True
    per_page: int = PER_PAGE
    order: str | None = None
    reactive: bool = False
    new: bool | None = None
    empty: object = None
    filters: tuple[str, ...] = ()
    bulk: tuple[BulkAction, ...] = ()
    bulk_limit: int = BULK_LIMIT
    export: bool = False
    choose: bool = False
    sizes: tuple[int, ...] = ()
    prefix: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A table as data; see `TableOptions` for what it shares with it.

    Attributes:
        entity: The entity class.
        info: Its description.
        columns: The bound columns, in order.
        options: What was chosen, with nothing left open.
        computed: Column name to the method of the table that makes its cells.
        stem: What element ids begin with.
        filters: What people may filter by, in order.
        compiled: The compiled rows, by theme.
        frames: What stands around the rows, by state and theme.
    """

    entity: EntityClass
    info: EntityInfo
    columns: tuple[Column, ...]
    options: TableOptions
    computed: Mapping[str, str]
    stem: str
    filters: tuple[Filter, ...] = ()
    compiled: dict[Any, Any] = field(default_factory=dict[Any, Any])
    frames: dict[Any, Any] = field(default_factory=dict[Any, Any])

    @property
    def dom_id(self) -> str:
        """The id of the element around everything."""
        return f"{self.row_stem}-table"

    @property
    def label(self) -> str:
        """What the table is called for who hears the page: no two tables of a page alike."""
        options = self.options
        plural = options.caption or self.info.plural
        return f"{plural}: {humanize(options.prefix)}" if options.prefix else plural

    @property
    def row_stem(self) -> str:
        """What the ids of rows begin with: ``product``, ``left-product`` with a prefix."""
        prefix = self.options.prefix.replace("_", "-")
        return f"{prefix}-{self.stem}" if prefix else self.stem

    @property
    def includes(self) -> tuple[str, ...]:
        """The relations that the rows may show."""
        return self.includes_of(())

    def includes_of(self, names: Collection[str]) -> tuple[str, ...]:
        """Returns the relations to load with the rows when these columns are shown; empty for all."""
        found = [column.relation for column in self.shown_columns(names) if column.relation]
        return tuple(dict.fromkeys(found))

    def shown_columns(self, names: Collection[str]) -> tuple[Column, ...]:
        """Returns the columns of these names, in the table's order; all for no names."""
        return tuple(c for c in self.columns if c.name in names) if names else self.columns

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of this table's parameters in addresses, without the prefix."""
        return (*PARAMETERS, *(name for each in self.filters for name in each.parameters))

    @property
    def has_form(self) -> bool:
        """Whether people have controls to choose rows with: they stand in one form."""
        options = self.options
        chosen = options.search is not None or self.filters or options.choose or options.sizes
        return bool(chosen)

    def prefixed(self, prefix: str) -> TableDefinition:
        """Returns the table with another prefix; what is compiled is shared.

        Raises:
            ViewError: It is no prefix.
        """
        check_prefix(prefix)
        return replace(self, options=replace(self.options, prefix=prefix))

    @property
    def sortable(self) -> tuple[str, ...]:
        """The names that people may sort by."""
        return tuple(c.name for c in self.columns if c.sort) if self.options.sorting else ()

    @property
    def order(self) -> str:
        """The order nobody chose: newest first, since keys that Nitro makes grow with time."""
        return self.options.order or f"-{self.info.key[0]}"


def define_table(
    entity: object, options: TableOptions, computed: Mapping[str, str] | None = None
) -> TableDefinition:
    """Works a table out.

    Raises:
        ViewError: A column, an action or a field to search does not exist or is secret.
    """
    kind = entity_class(entity)
    info = info_of(kind)
    methods = dict(computed or {})
    chosen = automatic_columns(info) if options.columns is None else options.columns
    columns = tuple(
        column.bind(kind, name, computed=name in methods) for name, column in chosen.items()
    )
    for action in options.actions:
        check_action(action)
    if options.search is not None:
        _check_search(info, options.search)
    if min((options.per_page, *options.sizes)) < 1:
        raise ViewError("A page of a table has at least one row: per_page=1 or more.")
    if options.order:
        _check_field(info, options.order.removeprefix("-"))
    check_prefix(options.prefix)
    filters = filters_for(info, options.filters)
    return TableDefinition(kind, info, columns, options, methods, stem_of(info), filters)


def check_prefix(prefix: str) -> None:
    """Refuses what cannot begin ids and the names of parameters.

    Raises:
        ViewError: It is not made of small letters, digits and underscores.
    """
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ViewError(
            f"The prefix of a table is made of small letters, digits and underscores, not {prefix!r}."
        )


def _check_search(info: EntityInfo, names: Sequence[str]) -> None:
    for name in names:
        if _check_field(info, name).secret:
            # whether a search finds a row would tell what the secret holds
            raise ViewError(f"{info.name}.{name} is secret, so no table can search it.")


def _check_field(info: EntityInfo, name: str) -> FieldInfo:
    known = info.fields.get(name)
    if known is None:
        raise ViewError(f"{info.name} has no field {name!r}.{suggestion(name, info.fields)}")
    return known


def search_fields(info: EntityInfo, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns the fields to search: the named ones, those marked ``search``, or all plain text."""
    named = tuple(names)
    marked = tuple(name for name, each in info.fields.items() if each.search and not each.secret)
    texts = tuple(
        name
        for name, each in info.fields.items()
        if each.type is str
        and not (each.secret or each.hidden or each.key or each.reference or each.upload)
    )
    return named or marked or texts


def columns_from(chosen: object, declared: Mapping[str, Column]) -> Mapping[str, Column] | None:
    """Returns the columns of a declaration: ``columns`` as names or mapping, and declared ones."""
    found = dict(declared)
    if isinstance(chosen, Mapping):
        found.update(chosen)  # pyright: ignore[reportUnknownArgumentType] # bound later
    elif isinstance(chosen, Iterable):
        names: list[str] = [str(name) for name in chosen]  # pyright: ignore
        found = {name: declared.get(name, Column()) for name in names}
    return found or None


def filter_names(
    entity: object, chosen: Sequence[str] | bool, columns: Mapping[str, Column] | None = None
) -> tuple[str, ...]:
    """Returns the filters that are named; for True those for the columns that are shown.

    Args:
        entity: The entity class.
        chosen: The names, or whether there are filters at all.
        columns: The columns that are shown; None for those of the entity.

    Raises:
        ViewError: It is a text, which would be taken for the names of its letters.
    """
    if isinstance(chosen, str):
        raise ViewError(f"The filters of a table are a list of names: [{chosen!r}].")
    if not isinstance(chosen, bool):
        return tuple(chosen)
    if not chosen:
        return ()
    info = info_of(entity_class(entity))
    return automatic_filters(info, list(automatic_columns(info) if columns is None else columns))
