"""PyMySQL's cursor, made safe: for long statements, after deadlocks, and for MySQL's indexes."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import pymysql
from pymysql.connections import Connection
from pymysql.constants import SERVER_STATUS
from pymysql.cursors import Cursor
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex

from nitro_runtime.entities.sql import mariadb_errors as words

_Connection = Any  # PyMySQL's, which has no types
_MYSQL_INDEX = "/* unless it exists */ "


class ServerCursor(Cursor):
    """PyMySQL's cursor; it sends nothing that the server would hang up on.

    After a deadlock the server has undone the whole transaction, and what came next would be stored
    at once: so nothing comes next but the ROLLBACK.
    """

    def __init__(
        self, connection: _Connection, limit: int, undone: WeakSet[Connection[Any]]
    ) -> None:
        super().__init__(connection)
        self._limit = limit
        self._undone = undone

    def execute(self, query: Any, args: Any = None) -> int:  # noqa: ANN401 # text or bytes
        """Sends a statement."""
        connection: _Connection = self.connection
        if connection in self._undone:
            if query != "ROLLBACK":
                raise pymysql.OperationalError(
                    words.DEADLOCK, "the server has undone the transaction"
                )
            self._undone.discard(connection)
        if args is not None:
            query = self.mogrify(query, args)
        self._refuse_long(query)
        try:
            return super().execute(query)
        except pymysql.OperationalError as error:
            if words.number(error) in words.UNDONE and in_transaction(connection):
                self._undone.add(connection)
            if words.number(error) == words.INDEX_EXISTS and query.startswith(_MYSQL_INDEX):
                return 0
            raise

    def _refuse_long(self, query: Any) -> None:  # noqa: ANN401
        most = len(query) * (4 if isinstance(query, str) else 1)
        if most < self._limit:
            return
        size = len(query.encode(errors="surrogateescape") if isinstance(query, str) else query)
        if size >= self._limit:
            raise pymysql.DataError(words.PACKET, f"max_allowed_packet is {self._limit} bytes")


@compiles(CreateIndex, "mysql")
def _create_index(element: Any, compiler: Any, **kw: Any) -> str:  # noqa: ANN401
    statement = compiler.visit_create_index(element, **kw)
    if compiler.dialect.is_mariadb or not element.if_not_exists:
        return statement
    # MySQL knows IF NOT EXISTS of tables, and not of indexes.
    return _MYSQL_INDEX + statement.replace("IF NOT EXISTS ", "", 1)


def in_transaction(connection: _Connection) -> bool:
    """Whether a connection is in a transaction, as the server said last."""
    return bool(connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)
