"""MariaDB and MySQL: their connections through PyMySQL, their errors in Nitro's words."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import pymysql
import sqlalchemy as sa
from pymysql.connections import Connection
from pymysql.constants import CLIENT
from pymysql.cursors import Cursor
from sqlalchemy.dialects.mysql import pymysql as dialect
from sqlalchemy.dialects.mysql.base import MySQLIdentifierPreparer
from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL

from nitro_runtime.entities.columns import ExactDecimal
from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.sql import mariadb_errors as words
from nitro_runtime.entities.sql.mariadb_cursor import ServerCursor, in_transaction
from nitro_runtime.entities.sql.plans import Plan
from nitro_runtime.entities.sql.server import Link, Server
from nitro_runtime.entities.storable import refuse_unstorable
from nitro_runtime.errors import ConfigurationError

log = logging.getLogger(__name__)

_Connection = Any  # PyMySQL's, which has no types
_MARK = "nitro_statement"
_BATCH = 1_000_000  # characters of a statement that stores many rows
# Standard behaviour, whatever the server's own settings are; a key of 0 is a key.
_MODE = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"
_SETTINGS = (
    "time_zone = '+00:00', default_storage_engine = 'InnoDB', foreign_key_checks = 1, "
    # Seconds to wait for a table that is altered, and by how many bytes a text is sorted at most.
    "unique_checks = 1, lock_wait_timeout = 10, max_sort_length = 65536, "
    "sort_buffer_size = GREATEST(@@sort_buffer_size, 2097152)"
)


class MariaDB(Server):
    """MariaDB 10.5 or MySQL 8.0.17, and what came after them, on PyMySQL's own cursor."""

    name = "MariaDB"
    driver = "pymysql"
    error = pymysql.MySQLError
    creates_inside = False

    def __init__(self) -> None:
        self.dialect: Any = dialect.dialect(paramstyle="format")
        self.dialect.identifier_preparer = _Preparer(self.dialect)
        self._engine: sa.Engine | None = None
        self._undone: WeakSet[Connection[Any]] = WeakSet()
        self._cramped: WeakKeyDictionary[Plan, bool] = WeakKeyDictionary()
        self._fields_of_keys: dict[tuple[str, str], str] = {}

    # -- connections ----------------------------------------------------------------------------

    def arguments(self, url: sa.URL, patience: float) -> dict[str, Any]:
        """Returns how long to wait for the server to answer at all."""
        return {} if "connect_timeout" in url.query else {"connect_timeout": max(2, int(patience))}

    def connect(self, engine: sa.Engine) -> Link:
        """Opens a connection in the way of an engine."""
        self._engine = engine
        try:
            return super().connect(engine)
        except RuntimeError as error:
            if "cryptography" not in str(error):
                raise
            raise ConfigurationError(
                "MySQL asks for a password in a way that needs the package cryptography; install it."
            ) from None

    def prepare(self, connection: _Connection) -> None:
        """Makes the connection behave in the same way whatever the server's settings are."""
        self._adopt(connection)
        connection.rollback()
        connection.autocommit(True)
        connection.set_character_set("utf8mb4")
        mode = _MODE + (",SIMULTANEOUS_ASSIGNMENT" if self.dialect.is_mariadb else "")
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION sql_mode = '{mode}', {_SETTINGS}")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT @@max_allowed_packet")
            limit = cursor.fetchone()[0]
        connection.cursorclass = partial(ServerCursor, limit=limit, undone=self._undone)

    def _adopt(self, connection: _Connection) -> None:
        _check(connection)
        self._learn(connection)
        # A number such as 1E+3 would be a float.
        connection.encoders = {**connection.encoders, Decimal: _decimal_literal}

    def _learn(self, connection: _Connection) -> None:
        """Notes what kind of server it is.

        Raises:
            ConfigurationError: It is too old.
        """
        told = connection.get_server_info()
        known_as_mariadb = "mariadb" in told.lower()
        numbers = re.findall(r"\d+", told.removeprefix("5.5.5-"))
        version = tuple(map(int, numbers[:3]))
        if version < ((10, 5) if known_as_mariadb else (8, 0, 17)):
            raise ConfigurationError(
                f"The server is {told}; Nitro needs MariaDB 10.5 or MySQL 8.0.17, or a later one."
            )
        self.name = "MariaDB" if known_as_mariadb else "MySQL"
        self.dialect.is_mariadb = self.dialect.insert_returning = known_as_mariadb
        self.dialect.server_version_info = version

    def link(self, connection: _Connection) -> Link:
        """Returns a connection with its cursor; it may be one of an application's transaction."""
        if getattr(connection, "encoders", {}).get(Decimal) is not _decimal_literal:
            self._adopt(connection)
        return Link(connection, connection._sock.fileno())

    def is_broken(self, connection: _Connection, error: BaseException) -> bool:
        """Whether the connection is lost."""
        return not connection.open or words.number(error) in words.GONE

    def is_quiet(self, connection: _Connection) -> bool:
        """Whether no transaction is open."""
        return connection.open and not in_transaction(connection)

    def is_spoiled(self, connection: _Connection) -> bool:
        """Whether the server has undone the transaction."""
        return connection in self._undone

    def interrupt(self, connection: _Connection) -> None:
        """Has the server stop the statement that runs, over another connection."""
        assert self._engine is not None  # noqa: S101 # the connection came from it
        try:
            other: Any = self._engine.raw_connection()
            try:
                other.cursor().execute(f"KILL QUERY {connection.thread_id()}")
            finally:
                other.close()
        except self.error:
            log.debug("a statement had ended before it was interrupted")

    # -- statements -----------------------------------------------------------------------------

    def run_guarded(self, link: Link, sql: str, parameters: Sequence[Any]) -> int:
        """Runs one statement, which by itself is stored wholly or not at all."""
        link.marked = False
        return self.run(link, sql, parameters)

    def guard(self, link: Link) -> None:
        """Makes a savepoint, before several statements that are stored together."""
        link.side.execute(f"SAVEPOINT {_MARK}")
        link.marked = True

    def recover(self, link: Link) -> None:
        """Undoes several statements of which one failed."""
        if link.marked and not self.is_spoiled(link.connection):
            link.side.execute(f"ROLLBACK TO SAVEPOINT {_MARK}")
        link.marked = False

    def insert(self, link: Link, plan: Plan, rows: Sequence[Row], *, guarded: bool) -> list[Any]:
        """Stores rows; the server counts keys up that are missing."""
        cramped = self._cramped.get(plan)
        if cramped is None:
            cramped = self._cramped[plan] = _is_cramped(plan, self.dialect)
        for row in rows if cramped else ():
            refuse_unstorable(plan.mapper, row, self.dialect)
        if guarded:
            link.marked = False
            if len(rows) > 1:
                self.guard(link)
        try:
            return self._insert(link, plan, rows)
        except pymysql.DataError as error:
            if words.number(error) == words.TOO_LONG:
                for row in rows:  # asked only now, as it hardly ever happens: which value was it?
                    refuse_unstorable(plan.mapper, row, self.dialect)
            raise

    def _insert(self, link: Link, plan: Plan, rows: Sequence[Row]) -> list[Any]:
        keys = [plan.mapper.key_of(row) for row in rows]
        given = [plan.encode(row) for row, key in zip(rows, keys, strict=True) if key is not None]
        if len(given) == 1:
            link.cursor.execute(plan.insert, given[0])
        elif given:
            link.cursor.executemany(plan.insert, given)
        if len(given) == len(rows):
            return keys
        missing = [
            plan.counted.parameters(plan.encode(row))
            for row, key in zip(rows, keys, strict=True)
            if key is None
        ]
        counted = self._counted(link.cursor, plan.counted.sql, missing)
        return [next(counted) if key is None else key for key in keys]

    def _counted(self, cursor: Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        """Stores rows without a key, and yields the keys that the server gave them, in order."""
        if self.dialect.insert_returning:
            for statement in _batches(cursor, sql, rows):
                cursor.execute(statement)
                yield from [key for (key,) in cursor.fetchall()]
            return
        for row in rows:
            cursor.execute(sql, row)
            yield cursor.lastrowid

    # -- errors ---------------------------------------------------------------------------------

    def unreachable(self, error: Exception, url: sa.URL) -> Exception:
        """Returns Nitro's error for one that opening a connection raised."""
        cause: Any = getattr(error, "orig", None) or error
        if words.number(cause) in words.NOT_LET_IN:
            return ConfigurationError(
                f"{self.name} at {url.host} does not open the database {url.database!r} for "
                f"{url.username!r}: {words.text(cause)}."
            )
        return super().unreachable(error, url)

    def missing_table(self, error: Exception) -> str | None:
        """Returns the table that a statement needs and the database lacks, or None."""
        return words.missing_table(error)

    def translated(self, error: Exception, mapper: Mapper | None) -> Exception:
        """Returns Nitro's error for PyMySQL's; one without a meaning comes back as it is."""
        return words.translated(error, mapper, self._fields_of)

    def _fields_of(self, table: str, key: str) -> str:
        """Returns the columns of a unique key that Nitro has not made, as the server knows them."""
        found = self._fields_of_keys.get((table, key))
        if found is None:
            found = self._fields_of_keys[table, key] = self._asked_for(table, key) or key
        return found

    def _asked_for(self, table: str, key: str) -> str:
        assert self._engine is not None  # noqa: S101 # the error came over a connection of it
        try:
            other: Any = self._engine.raw_connection()
            try:
                cursor = other.cursor()
                cursor.execute(
                    "SELECT column_name FROM information_schema.statistics WHERE table_schema = "
                    "DATABASE() AND table_name = %s AND index_name = %s ORDER BY seq_in_index",
                    (table, key),
                )
                return ", ".join(name for (name,) in cursor.fetchall())
            finally:
                other.close()
        except self.error:
            log.debug("the columns of the key %s could not be asked for", key)
            return ""


class _Preparer(MySQLIdentifierPreparer):
    """Quotes what either server reserves: statements are written before it is known which it is."""

    reserved_words = RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB


def _check(connection: object) -> None:
    """Looks whether an application's engine opens connections that can be used.

    Raises:
        ConfigurationError: It does not.
    """
    if not isinstance(connection, Connection):
        raise ConfigurationError(
            "Entities need PyMySQL; write create_engine('mysql+pymysql://...') for their engine."
        )
    if not connection.client_flag & CLIENT.FOUND_ROWS:
        raise ConfigurationError(
            "The engine counts only rows that a statement changed, and not those it found; open "
            "its connections with client_flag=CLIENT.FOUND_ROWS."
        )


def _decimal_literal(value: Decimal, _mapping: object = None) -> str:
    return format(value, "f")


def _is_cramped(plan: Plan, dialect: Any) -> bool:  # noqa: ANN401
    """Whether a field may have a Decimal that the server would round without a word."""
    kinds = (column.type for column in plan.table.columns)
    return any(
        isinstance(kind, ExactDecimal) and (kind.room(dialect) or (0, None))[1] != kind.scale
        for kind in kinds
    )


def _batches(cursor: Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    """Yields statements that store many rows each, of one that stores one and returns its key."""
    body, _, returning = sql.rpartition(" RETURNING ")
    head, _, values = body.rpartition(" VALUES ")
    start, end = f"{head % ()} VALUES ", f" RETURNING {returning % ()}"
    batch: list[str] = []
    length = 0
    for row in rows:
        written = cursor.mogrify(values, row)
        if batch and length + len(written) > _BATCH:
            yield start + ",".join(batch) + end
            batch, length = [], 0
        batch.append(written)
        length += len(written)
    yield start + ",".join(batch) + end
