"""Joining a transaction that an application has opened through SQLAlchemy, by its own connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from nitro_runtime.context import UnitOfWork
from nitro_runtime.entities.columns import is_mysql
from nitro_runtime.errors import EntityError

if TYPE_CHECKING:
    from nitro_runtime.entities.transactions import ActiveTransaction

_ASYNCHRONOUS = ("sync_session", "sync_connection")
_hosts: WeakKeyDictionary[Connection, HostTransaction] = WeakKeyDictionary()


class HostTransaction:
    """What Nitro's blocks inside a transaction of the application leave for its end.

    Args:
        connection: SQLAlchemy's; its events say when the transaction ends.
    """

    def __init__(self, connection: Connection) -> None:
        self._forget()
        listen: Callable[..., None] = event.listen
        listen(connection, "commit", self._commit)
        listen(connection, "rollback", self._rollback)
        listen(connection, "savepoint", self._savepoint)
        listen(connection, "rollback_savepoint", self._rollback_savepoint)
        listen(connection, "release_savepoint", self._release_savepoint)

    def _forget(self) -> None:
        self._unit = UnitOfWork()
        self._undo: list[Callable[[], object]] = []
        self._marks: list[tuple[int, int]] = []

    def take(self, active: ActiveTransaction) -> None:
        """Takes what a block that succeeded has to do when the application commits, or does not."""
        self._unit.callbacks += active.unit.callbacks
        self._undo += active.undo

    def _commit(self, connection: Connection) -> None:
        # SQLAlchemy tells of a commit before it is done, and of nothing after: so it is done here,
        # and SQLAlchemy finds nothing left to commit.
        try:
            connection.dialect.do_commit(connection.connection)
        except connection.dialect.loaded_dbapi.Error as error:
            raise cast(
                "Exception",
                DBAPIError.instance(
                    None,
                    None,
                    error,
                    connection.dialect.loaded_dbapi.Error,
                    dialect=connection.dialect,
                ),
            ) from error
        unit = self._unit
        self._forget()
        unit.run()

    def _rollback(self, connection: Connection) -> None:
        self._rewind(0, 0)
        self._forget()

    def _rewind(self, callbacks: int, undo: int) -> None:
        self._unit.rewind(callbacks)
        while len(self._undo) > undo:
            self._undo.pop()()

    def _savepoint(self, connection: Connection, name: str | None) -> None:
        self._marks.append((self._unit.mark(), len(self._undo)))

    def _rollback_savepoint(self, connection: Connection, name: str, context: object) -> None:
        self._rewind(*(self._marks.pop() if self._marks else (0, 0)))

    def _release_savepoint(self, connection: Connection, name: str, context: object) -> None:
        if self._marks:
            self._marks.pop()


def host_connection(given: object) -> Connection:
    """Returns the connection of a Session or Connection, in a transaction.

    Raises:
        EntityError: It is something else.
    """
    if any(hasattr(given, name) for name in _ASYNCHRONOUS):
        raise EntityError(
            f"transaction() cannot join an {type(given).__name__}: its driver answers only through "
            "await. Give it a Session or Connection of a synchronous engine, or write "
            "`async with transaction():` for a transaction of Nitro's own."
        )
    if isinstance(given, Connection):
        connection = given
    elif callable(getattr(given, "connection", None)) and hasattr(given, "flush"):
        session = cast("Any", given)
        session.flush()  # so that Nitro sees what the session has not written yet
        connection = cast("Connection", session.connection())
    else:
        raise EntityError(
            f"transaction() joins a SQLAlchemy Session or Connection, not {given!r}; without "
            "arguments it opens a transaction of its own."
        )
    if not connection.in_transaction():
        connection.exec_driver_sql("SELECT 1")  # which begins one, as the application's would
    return connection


def host_of(connection: Connection) -> HostTransaction:
    """Returns what waits for the end of a connection's transaction."""
    found = _hosts.get(connection)
    if found is None:
        found = _hosts[connection] = HostTransaction(connection)
    return found


def driver_connection(connection: Connection, dialect: Any, driver: str) -> Any:  # noqa: ANN401
    """Returns the driver's connection, if a repository can run its statements there.

    Raises:
        EntityError: It leads to another kind of database, or by another driver.
    """
    found = connection.dialect
    alike = found.name == dialect.name or (is_mysql(found) and is_mysql(dialect))
    if not alike or found.driver != driver:
        raise EntityError(
            f"Entities are kept in {dialect.name} through {driver}, and this is a connection to "
            f"{found.name} through {found.driver}; join one of the engine that "
            "configure(engine=...) was given."
        )
    return connection.connection.driver_connection
