"""Whole tables of rows in memory, and the rules between them: unique values, references, deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.errors import BrokenReference, Duplicate
from nitro_runtime.schema import find_entity, registered_entities

Table = dict[Any, Row]
"""The rows of a table by key."""

_SLACK = 1000  # values that an index may hold beyond twice those of its table


class Rows(Table):
    """A table that finds its rows by the values of fields, through indexes made when first asked for.

    An index is a hint: it has every row of a value, and may have rows that had it once, so that the
    copies of a table share one and nothing has to be taken back. Not safe across threads: only who
    has the turn to write asks.
    """

    __slots__ = ("_indexes", "_noted")

    def __init__(self, rows: Mapping[Any, Row] | Iterable[tuple[Any, Row]] = ()) -> None:
        super().__init__(rows)
        self._indexes: dict[tuple[str, ...], dict[Any, dict[Any, None]]] = {}
        self._noted = 0

    def copy(self) -> Rows:
        """Returns a table to change."""
        copy = Rows(self)
        copy._indexes, copy._noted = dict(self._indexes), self._noted
        return copy

    def put(self, key: Any, row: Row) -> None:  # noqa: ANN401 # of the key's type
        """Stores a row."""
        self[key] = row
        if self._noted > 2 * len(self) + _SLACK:  # most of it is of values that are gone
            self._indexes, self._noted = {}, 0
        for names, index in self._indexes.items():
            index.setdefault(_hashable(row, names), {})[key] = None
            self._noted += 1

    def having(self, names: tuple[str, ...], values: Sequence[Any]) -> list[Any]:
        """Returns the keys of the rows whose fields have these values."""
        index = self._indexes.get(names)
        if index is None:
            index = self._indexes[names] = {}
            for key, row in self.items():
                index.setdefault(_hashable(row, names), {})[key] = None
        wanted = dict(zip(names, values, strict=True))
        found = index.get(_hashable(wanted, names), ())
        return [
            key
            for key in found
            if (row := self.get(key)) is not None
            and all(row.get(name) == value for name, value in wanted.items())
        ]


def _hashable(row: Row, names: tuple[str, ...]) -> Any:  # noqa: ANN401 # what equal values share
    values = tuple([row.get(name) for name in names])
    try:
        hash(values)
    except TypeError:  # a list or a dictionary: all of them stand in one place
        return None
    return values


class Tables:
    """Tables to write to: a table is copied before its first change, so others never see half.

    Args:
        read: Returns a table as it is for others.
        shared: What the transaction has changed before, by table.
        in_place: Whether a table is changed itself. That is for statements whose last step is the
            change of one row, as then nobody sees the half of one, and nothing has to be undone.

    Attributes:
        own: The changed tables.
    """

    def __init__(
        self,
        read: Callable[[str], Table],
        shared: Mapping[str, Rows] | None = None,
        *,
        in_place: Callable[[str], bool] | None = None,
    ) -> None:
        self._read = read
        self._in_place = in_place
        self._known: dict[str, Rows] = dict(shared or {})
        self.own: dict[str, Rows] = {}

    def read(self, name: str) -> Rows:
        """Returns a table to look at."""
        found = self.own.get(name)
        if found is None:
            found = self._known.get(name)
        if found is None:
            table = self._read(name)
            found = self._known[name] = table if isinstance(table, Rows) else Rows(table)
        return found

    def write(self, name: str) -> Rows:
        """Returns a table to change."""
        if self._in_place is not None and self._in_place(name):
            return self.read(name)
        found = self.own.get(name)
        if found is None:
            found = self.own[name] = self.read(name).copy()
        return found


def place(tables: Tables, mapper: Mapper, key: Any, row: Row) -> None:  # noqa: ANN401
    """Stores a row in the place of a former one, if the rules allow it.

    Raises:
        Duplicate: Another row has a value that must be unique.
        BrokenReference: A foreign key points at nothing.
    """
    stored = mapper.snapshot(row)
    table = tables.read(mapper.info.table)
    for names in _unique(mapper):
        values = [stored[name] for name in names]
        if None not in values and any(other != key for other in table.having(names, values)):
            raise Duplicate(mapper.info.name, ", ".join(names))
    for name, target, column, _ in mapper.references:
        value = stored[name]
        itself = target == mapper.info.table and stored.get(column) == value
        if value is not None and not itself and not _exists(tables, target, column, value):
            raise BrokenReference(mapper.info.name)
    tables.write(mapper.info.table).put(key, stored)


def _unique(mapper: Mapper) -> list[tuple[str, ...]]:
    single = [(f.name,) for f in mapper.fields.values() if f.info.unique]
    return [*single, *map(tuple, mapper.together)]


def _exists(tables: Tables, target: str, column: str, value: Any) -> bool:  # noqa: ANN401
    entity = find_entity(target)
    rows = tables.read(target)
    if entity is not None and entity.__nitro_mapper__.keys == (column,):
        return value in rows
    return bool(rows.having((column,), (value,)))


def is_referred_to(mapper: Mapper) -> bool:
    """Whether rows of any table may refer to those of an entity."""
    return any(
        target == mapper.info.table
        for entity in registered_entities()
        for _, target, _, _ in entity.__nitro_mapper__.references
    )


def remove(tables: Tables, mapper: Mapper, rows: Sequence[Row], blamed: str) -> None:
    """Deletes rows, then does to those that refer to them what their foreign keys say.

    Raises:
        BrokenReference: A row refers to one of them and must not be without it; it names ``blamed``.
    """
    if not rows:
        return
    table = tables.write(mapper.info.table)
    for row in rows:
        table.pop(mapper.key_of(row), None)
    for entity in registered_entities():
        other: Mapper = entity.__nitro_mapper__
        for name, target, column, rule in other.references:
            if target == mapper.info.table:
                gone = dict.fromkeys(row[column] for row in rows)
                _unlink(tables, other, name, gone, rule, blamed)


def _unlink(
    tables: Tables,
    mapper: Mapper,
    name: str,
    gone: Iterable[Any],
    rule: str | None,
    blamed: str,
) -> None:
    table = tables.read(mapper.info.table)
    keys = dict.fromkeys(key for value in gone for key in table.having((name,), (value,)))
    orphans = [table[key] for key in keys]
    if not orphans:
        return
    if rule == "CASCADE":
        remove(tables, mapper, orphans, blamed)
    elif rule == "SET NULL":
        for row in orphans:
            tables.write(mapper.info.table).put(mapper.key_of(row), {**row, name: None})
    else:
        raise BrokenReference(blamed)
