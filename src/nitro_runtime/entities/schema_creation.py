"""`create_tables` and `connect`: making tables at once, and the connection that migrations run on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from nitro_runtime.entities.many_to_many import link_entities
from nitro_runtime.entities.settings import default_repository
from nitro_runtime.errors import ConfigurationError, DatabaseBusy
from nitro_runtime.naming import constraint_name
from nitro_runtime.schema import registered_entities

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect

_PATIENCE = 60
"""Seconds that a migration waits for another process's."""


def create_tables(*entities: type[Any]) -> None:
    """Creates the tables of the given entities, or of all defined so far, where they are missing.

    Migrations do this in an application that has them; scripts and tests need no call, as tables
    are created at the first write. A backend without tables has nothing to do.
    """
    repository = default_repository()
    create = getattr(repository, "create", None)
    if create is None:
        return
    known = (*registered_entities(), *link_entities())
    chosen = entities or tuple(e for e in known if e.repository is repository)
    create([entity.__nitro_mapper__ for entity in chosen])


@contextmanager
def connect() -> Generator[Connection]:
    """Opens a SQLAlchemy connection to the configured database, for migrations and tools.

    On SQLite foreign keys are not checked on it, as a table is changed by replacing it, and what
    fails in a transaction is taken back whole, also where it makes tables.

    Raises:
        ConfigurationError: The configured backend has no SQL database.
        MissingExtra: The database's driver is not installed.
    """
    from sqlalchemy import NullPool, create_engine, event

    from nitro_runtime.entities.sql.urls import normalised

    repository = default_repository()
    url = getattr(repository, "url", None)
    if url is None:
        raise ConfigurationError(
            f"The {repository.name} backend has no SQL database; set NITRO_DATABASE_URL to one "
            "such as sqlite:///app.db."
        )
    engine = create_engine(normalised(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_alone)
        event.listen(engine, "begin", _begin)
        _name_unnamed(engine.dialect)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


# -- SQLite ---------------------------------------------------------------------------------------


def _leave_transactions_alone(driver: Any, _record: object) -> None:  # noqa: ANN401 # sqlite3's
    """Keeps Python's driver from beginning transactions by itself: it would leave DDL outside."""
    driver.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _name_unnamed(dialect: Dialect) -> None:
    """Lets a dialect read constraints without a name by the name that Nitro gives them.

    Only what has a name can be dropped; on SQLite it gets it when the table is written anew.
    """
    named = {"get_unique_constraints": ("uq", "column_names")}
    named["get_foreign_keys"] = ("fk", "constrained_columns")
    for method, (kind, columns) in named.items():
        setattr(dialect, method, _naming(getattr(dialect, method), kind, columns))


def _naming(read: Callable[..., list[Any]], kind: str, columns: str) -> Callable[..., list[Any]]:
    @wraps(read)
    def named(connection: Connection, table: str, *args: Any, **options: Any) -> list[Any]:  # noqa: ANN401 # SQLAlchemy's
        found = read(connection, table, *args, **options)
        return [
            {**each, "name": each["name"] or constraint_name(kind, table, each[columns])}
            for each in found
        ]

    return named


# -- one at a time --------------------------------------------------------------------------------


def hold_migrations(connection: Connection) -> None:
    """Waits until nobody else migrates the database, and keeps others waiting from then on.

    On SQLite until the transaction ends that begins next, elsewhere until the connection is closed.

    Args:
        connection: One without a transaction.

    Raises:
        DatabaseBusy: Somebody else did for more than a minute.
    """
    _HOLD[connection.dialect.name](connection)


def _hold_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_PATIENCE * 1000}")
    connection.rollback()
    connection.execution_options(begin="BEGIN IMMEDIATE")


_BUSY = "Another process migrates this database for more than a minute; look at it, then try again."


def _hold_postgresql(connection: Connection) -> None:
    from sqlalchemy.exc import OperationalError

    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}s'")
    try:
        connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('nitro migrations'))")
    except OperationalError as problem:
        raise DatabaseBusy(_BUSY) from problem
    connection.commit()  # ends the transaction and the timeout; the lock is the connection's


def _hold_mariadb(connection: Connection) -> None:
    lock = f"SELECT GET_LOCK(CONCAT('nitro ', MD5(DATABASE())), {_PATIENCE})"
    if connection.exec_driver_sql(lock).scalar() != 1:
        raise DatabaseBusy(_BUSY)
    connection.commit()


_HOLD: dict[str, Callable[[Connection], None]] = {
    "sqlite": _hold_sqlite,
    "postgresql": _hold_postgresql,
    "mysql": _hold_mariadb,
}
