"""PostgreSQL: its connections through psycopg, its errors in Nitro's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from sqlalchemy.dialects.postgresql import psycopg as dialect

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.sql.plans import Plan
from nitro_runtime.entities.sql.server import Link, Server, one_line
from nitro_runtime.entities.storable import too_great
from nitro_runtime.errors import (
    BrokenReference,
    ConfigurationError,
    DatabaseBusy,
    Duplicate,
    EntityError,
    InvalidQuery,
    MissingColumn,
    MissingTable,
)

_CREATING = 0x6E6974726F  # the number of an advisory lock
_MARK = "nitro_statement"
_NOT_LET_IN = re.compile(
    r"authentication failed|no password supplied|does not exist|pg_hba\.conf|permission denied"
    r"|does not support SSL|certificate"
)
_GOING = ("08", "57P0")  # SQLSTATE of a connection that fails, and of a server that shuts down
_BUSY = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.LockNotAvailable,
)


class Postgres(Server):
    """PostgreSQL, on psycopg's own cursor."""

    name = "PostgreSQL"
    driver = "psycopg"
    error = psycopg.Error
    spoils = True
    lacks = frozenset({"nul"})

    def __init__(self) -> None:
        self.dialect: Any = dialect.dialect(paramstyle="format")

    # -- connections ----------------------------------------------------------------------------

    def arguments(self, url: sa.URL, patience: float) -> dict[str, Any]:
        """Returns how long to wait for the server to answer at all."""
        return {} if "connect_timeout" in url.query else {"connect_timeout": max(2, int(patience))}

    def prepare(self, connection: psycopg.Connection[Any]) -> None:
        """Makes each statement last at once, outside transactions."""
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            connection.rollback()
        connection.autocommit = True

    def link(self, connection: psycopg.Connection[Any]) -> Link:
        """Returns a connection with its cursor."""
        # An application's engine may have rows made otherwise.
        return Link(connection, connection.fileno(), row_factory=tuple_row)

    def is_broken(self, connection: psycopg.Connection[Any], error: BaseException) -> bool:
        """Whether the connection is lost, or is about to be: a server says so before it closes."""
        if connection.closed:
            return True
        state = getattr(error, "sqlstate", None)
        if state is None:
            return isinstance(error, psycopg.OperationalError)
        return state.startswith(_GOING)

    def is_quiet(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether nothing is under way, and no transaction open."""
        return connection.pgconn.transaction_status == TransactionStatus.IDLE

    def is_spoiled(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether a statement of the transaction has failed."""
        return connection.pgconn.transaction_status == TransactionStatus.INERROR

    def interrupt(self, connection: psycopg.Connection[Any]) -> None:
        """Cancels the statement that runs."""
        connection.cancel_safe(timeout=5)

    # -- statements -----------------------------------------------------------------------------

    def run_guarded(self, link: Link, sql: str, parameters: Sequence[Any]) -> int:
        """Runs a statement after a savepoint, in one round trip."""
        with link.connection.pipeline():
            self.guard(link)
            link.cursor.execute(sql, parameters)
        return link.cursor.rowcount

    def guard(self, link: Link) -> None:
        """Makes a savepoint; that of the last statement is forgotten."""
        if link.marked:
            link.side.execute(f"RELEASE SAVEPOINT {_MARK}")
        link.side.execute(f"SAVEPOINT {_MARK}")
        link.marked = True

    def recover(self, link: Link) -> None:
        """Undoes the statement that failed."""
        if self.is_spoiled(link.connection):
            link.side.execute(f"ROLLBACK TO SAVEPOINT {_MARK}")

    def insert(self, link: Link, plan: Plan, rows: Sequence[Row], *, guarded: bool) -> list[Any]:
        """Stores rows; the server counts keys up that are missing."""
        keys = [plan.mapper.key_of(row) for row in rows]
        if len(rows) == 1 and keys[0] is not None:
            run = self.run_guarded if guarded else self.run
            run(link, plan.insert, plan.encode(rows[0]))
            return keys
        # No pipeline around it: executemany has its own, and logs a warning inside another that fails.
        if guarded:
            self.guard(link)
        given = [plan.encode(row) for row in rows if plan.mapper.key_of(row) is not None]
        if given:
            link.side.executemany(plan.insert, given)
        missing = [plan.encode(row) for row in rows if plan.mapper.key_of(row) is None]
        if missing:
            counted = plan.counted
            parameters = [counted.parameters(encoded) for encoded in missing]
            link.cursor.executemany(counted.sql, parameters, returning=True)
        counted_up = _returned(link.cursor) if missing else iter(())
        return [next(counted_up) if key is None else key for key in keys]

    def before_creating(self, cursor: Any, patience: float) -> None:  # noqa: ANN401
        """Creates tables one after another: PostgreSQL's IF NOT EXISTS fails in a race."""
        cursor.execute(f"SET LOCAL lock_timeout = {max(1, int(patience * 1000))}")
        cursor.execute(f"SELECT pg_advisory_xact_lock({_CREATING})")

    def count_on(self, plan: Plan, link: Link, error: Exception) -> bool:
        """Sets a sequence to the greatest key: keys that were given do not move it."""
        table = plan.table
        if not (
            isinstance(error, errors.UniqueViolation)
            and error.diag.constraint_name == f"{table.name}_pkey"
        ):
            return False
        quote = self.dialect.identifier_preparer
        name, key = quote.format_table(table), quote.quote(plan.mapper.key)
        link.side.execute(
            f"SELECT setval(pg_get_serial_sequence(%s, %s), (SELECT max({key}) FROM {name}))",  # noqa: S608
            (name, plan.mapper.key),
        )
        return True

    # -- errors ---------------------------------------------------------------------------------

    def unreachable(self, error: Exception, url: sa.URL) -> Exception:
        """Returns Nitro's error for one that opening a connection raised."""
        if _NOT_LET_IN.search(str(error)):
            return ConfigurationError(
                f"PostgreSQL at {url.host} does not open the database {url.database!r} for "
                f"{url.username!r}: {one_line(error)}."
            )
        return super().unreachable(error, url)

    def missing_table(self, error: Exception) -> str | None:
        """Returns the table that a statement needs and the database lacks, or None."""
        if not isinstance(error, errors.UndefinedTable):
            return None
        found = re.search(r"[\"»„“]([^\"«”“]+)[\"«”“]", str(error))
        return found[1].rpartition(".")[2] if found else None

    def translated(self, error: Exception, mapper: Mapper | None) -> Exception:
        """Returns Nitro's error for psycopg's; one without a meaning comes back as it is."""
        name = mapper.info.name if mapper else "entity"
        match error:
            case errors.UniqueViolation():
                return Duplicate(name, _unique_fields(error, mapper))
            case errors.ForeignKeyViolation() | errors.RestrictViolation():
                return BrokenReference(name)
            case errors.UndefinedTable():
                return MissingTable(self.missing_table(error) or name)
            case errors.UndefinedColumn():
                table = mapper.info.table if mapper else name
                return MissingColumn(table, _column(error))
            case errors.NumericValueOutOfRange() if mapper is not None:
                return too_great(mapper)
            case errors.StatementTooComplex() | errors.ProgramLimitExceeded():
                return InvalidQuery(
                    f"A question to {name} is too long for the database: {one_line(error)}."
                )
            case errors.IntegrityError() | psycopg.DataError():
                return EntityError(f"The database refused a {name}: {_first_line(error)}.")
            case errors.QueryCanceled():
                return DatabaseBusy(f"The database stopped a statement: {_first_line(error)}.")
            case _ if isinstance(error, _BUSY):
                return DatabaseBusy(f"Another transaction is in the way: {_first_line(error)}.")
            case _:
                return error


def _returned(cursor: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yields what each statement of an executemany returned."""
    while True:
        yield cursor.fetchone()[0]
        if not cursor.nextset():
            return


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _unique_fields(error: psycopg.Error, mapper: Mapper | None) -> str:
    """Returns the fields of a constraint: by its name, else as PostgreSQL tells them."""
    constraint = error.diag.constraint_name
    if mapper is not None and error.diag.table_name == mapper.info.table:
        table: sa.Table = mapper.entity.table
        if constraint == f"{table.name}_pkey":
            return ", ".join(mapper.keys)
        for part in (*table.constraints, *table.indexes):
            if part.name == constraint and isinstance(part, sa.UniqueConstraint | sa.Index):
                return ", ".join(part.columns.keys())
    found = re.search(r"\(([^=]+)\)=\(", error.diag.message_detail or "")
    return found[1].replace('"', "") if found else constraint or "value"


def _column(error: psycopg.Error) -> str:
    found = re.search(r"column \"?(?:\w+\.)?(\w+)", str(error))
    return found[1] if found else "of it"
