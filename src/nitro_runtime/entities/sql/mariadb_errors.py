"""The errors of MariaDB and MySQL, by their numbers, in Nitro's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pymysql
import sqlalchemy as sa

from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.storable import too_great
from nitro_runtime.errors import (
    BrokenReference,
    DatabaseBusy,
    DatabaseUnavailable,
    Duplicate,
    EntityError,
    InvalidQuery,
    MissingColumn,
    MissingTable,
)

DEADLOCK, _LOCK_WAIT = 1213, 1205
UNDONE = frozenset({DEADLOCK, _LOCK_WAIT})
"""After these a transaction is over; of a lock that was waited for in vain, some servers undo all."""

GONE = frozenset({1053, 1927, 2003, 2006, 2013, 2014, 2055})
"""After these a connection is of no use."""

NOT_LET_IN = frozenset({1044, 1045, 1049, 1130, 1251, 1698, 1862, 3118})
"""The server is there, and does not open the database."""

TOO_LONG, PACKET, INDEX_EXISTS = 1406, 1153, 1061

_DUPLICATE = frozenset({1062, 1586})
_REFERENCE = frozenset({1216, 1217, 1451, 1452, 1557, 1834})
_RANGE = frozenset({1264, 1690, 1916, 3019})
_BUSY = UNDONE | {1020, 1317, 1412, 1614, 1637, 1969, 3024, 3058, 3101, 3572}
_FULL = frozenset({1040, 1203, 1226})
_COMPLEX = frozenset({1038, 1116, 1390, 1436, 4031})
_REFUSED = frozenset({1048, 1136, 1292, 1300, 1364, 1366, 1411, TOO_LONG, 3819, 4025})


def number(error: BaseException) -> int:
    """Returns the number of an error, or 0."""
    first: Any = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def text(error: BaseException) -> str:
    """Returns what an error says, on one line."""
    said: Any = error.args[1] if len(error.args) > 1 else error
    return " ".join(str(said).split()).rstrip(".")


def missing_table(error: BaseException) -> str | None:
    """Returns the table that a statement needs and the database lacks, or None."""
    if number(error) != 1146:
        return None
    found = re.search(r"'(?:[^'.]*\.)?([^']+)'", text(error))
    return found[1] if found else None


def translated(
    error: Exception, mapper: Mapper | None, fields_of: Callable[[str, str], str]
) -> Exception:
    """Returns Nitro's error for PyMySQL's; one without a meaning of its own comes back as it is.

    Args:
        error: PyMySQL's.
        mapper: The entity that was at work, if one was.
        fields_of: Returns the columns of a key of a table, for a key that Nitro has not made.
    """
    name = mapper.info.name if mapper else "entity"
    code = number(error)
    if code in _DUPLICATE:
        return Duplicate(name, _unique_fields(error, mapper, fields_of))
    if code in _REFERENCE:
        return BrokenReference(name)
    if code == 1146:
        return MissingTable(missing_table(error) or name)
    if code == 1054:
        return MissingColumn(mapper.info.table if mapper else name, _column(error))
    if code in _BUSY:
        return DatabaseBusy(f"Another transaction is in the way: {text(error)}.")
    if code in _FULL:
        return DatabaseUnavailable(f"The server takes no more connections: {text(error)}.")
    return _of_a_value(error, mapper, name)


def _of_a_value(error: Exception, mapper: Mapper | None, name: str) -> Exception:
    code = number(error)
    if code in _RANGE and mapper is not None:
        return too_great(mapper)
    if code == PACKET:
        return EntityError(
            f"A statement for {name} is longer than the server takes: {text(error)}."
        )
    if code in _COMPLEX:
        return InvalidQuery(f"A question to {name} is too long for the database: {text(error)}.")
    if code in _REFUSED or isinstance(error, pymysql.IntegrityError | pymysql.DataError):
        return EntityError(f"The database refused a {name}: {text(error)}.")
    return error


def _unique_fields(
    error: Exception, mapper: Mapper | None, fields_of: Callable[[str, str], str]
) -> str:
    found = re.search(r"for key '(?:[^'.]*\.)?([^']+)'$", text(error))
    if found is None or mapper is None:
        return found[1] if found else "value"
    key = found[1]
    if key == "PRIMARY":
        return ", ".join(mapper.keys)
    table: sa.Table = mapper.entity.table
    for part in (*table.constraints, *table.indexes):
        if part.name == key and isinstance(part, sa.UniqueConstraint | sa.Index):
            return ", ".join(part.columns.keys())
    return key if key in mapper.fields else fields_of(table.name, key)


def _column(error: Exception) -> str:
    found = re.search(r"column '(?:[^']*\.)?([^'.]+)'", text(error))
    return found[1] if found else "of it"
