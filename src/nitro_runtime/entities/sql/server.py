"""`Server`: what differs between databases behind a network, and `Link`, a connection to one."""

from __future__ import annotations

import logging
import select
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nitro_runtime.entities.mapper import Mapper, Row
from nitro_runtime.entities.sql.plans import Plan
from nitro_runtime.errors import DatabaseBusy, DatabaseUnavailable

log = logging.getLogger(__name__)


class Link:
    """A connection to a server with its cursor. It serves one thread at a time.

    Args:
        connection: The driver's.
        socket: The number of its socket.
        **cursor: What its cursors are made with.

    Attributes:
        connection: The driver's.
        cursor: The driver's cursor that statements run on.
        idle: Whether it has waited for work since its last use: its server may be gone.
        marked: Whether the transaction has a savepoint right before its last guarded statement.
        doubtful: Whether it must not serve anybody else: it was interrupted.
    """

    __slots__ = ("_poll", "connection", "cursor", "doubtful", "idle", "marked", "side")

    def __init__(self, connection: Any, socket: int, **cursor: Any) -> None:  # noqa: ANN401 # a driver's
        self.connection = connection
        self.cursor: Any = connection.cursor(**cursor)
        self.side: Any = connection.cursor(**cursor)  # for what is not the statement itself
        self.idle = self.marked = self.doubtful = False
        self._poll = _readable(socket)

    def is_stale(self) -> bool:
        """Whether the server has said something unasked, as it does when it goes away."""
        return self._poll()


def _readable(socket: int) -> Callable[[], bool]:
    """Returns what tells whether a socket has something to read; it costs half a microsecond."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([socket], [], [], 0)[0])
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return lambda: bool(poll.poll(0))


class Server:
    """A kind of database server. What is written here suits most; the others say what they do.

    Attributes:
        name: What people call it.
        dialect: SQLAlchemy's; statements are compiled for it once, for the driver's own cursor.
        driver: The name of the driver, as in an address.
        error: The root of the driver's errors.
        spoils: Whether a statement that fails spoils its transaction, so that one that may fail
            needs a savepoint before it.
        creates_inside: Whether tables can be created inside a transaction, and go with it.
        lacks: What an entity's text or the like cannot be there, as words of capabilities.
    """

    name: str
    driver: str
    dialect: Any
    error: type[Exception]
    spoils = False
    creates_inside = True
    lacks: frozenset[str] = frozenset()

    # -- connections ----------------------------------------------------------------------------

    def arguments(self, url: sa.URL, patience: float) -> dict[str, Any]:
        """Returns what the driver is told besides the address."""
        return {}

    def connect(self, engine: sa.Engine) -> Link:
        """Opens a connection in the way of an engine; its pool keeps nothing of it.

        Raises:
            DatabaseUnavailable: The server does not answer.
            ConfigurationError: It does not let us in.
        """
        try:
            lent: Any = engine.raw_connection()
        except PoolTimeout as error:
            raise DatabaseBusy(
                f"All connections of the engine to {self.name} are in use; give create_engine() a "
                "greater pool_size."
            ) from error
        except (self.error, SQLAlchemyError) as error:
            raise self.unreachable(error, engine.url) from None
        connection = lent.driver_connection
        lent.detach()
        try:
            self.prepare(connection)
            return self.link(connection)
        except self.error as error:
            self.close(connection)
            raise self.unreachable(error, engine.url) from None

    def prepare(self, connection: Any) -> None:  # noqa: ANN401 # here and below: a driver's
        """Makes a new connection ready: each statement is stored at once outside transactions."""
        raise NotImplementedError

    def link(self, connection: Any) -> Link:  # noqa: ANN401
        """Returns a connection with its cursor."""
        raise NotImplementedError

    def close(self, connection: Any) -> None:  # noqa: ANN401
        """Closes a connection, which may be broken already."""
        try:
            connection.close()
        except (self.error, OSError):
            log.debug("a connection to %s was broken when it was closed", self.name)

    def is_broken(self, connection: Any, error: BaseException) -> bool:  # noqa: ANN401
        """Whether an error means that the connection is of no use any more."""
        raise NotImplementedError

    def is_quiet(self, connection: Any) -> bool:  # noqa: ANN401
        """Whether a connection is outside any transaction and nothing is under way on it."""
        raise NotImplementedError

    def is_spoiled(self, connection: Any) -> bool:  # noqa: ANN401
        """Whether a connection is in a transaction that can only be undone."""
        return False

    def interrupt(self, connection: Any) -> None:  # noqa: ANN401
        """Asks the server to stop what it does for a connection; called in another thread."""
        raise NotImplementedError

    # -- statements -----------------------------------------------------------------------------

    def run(self, link: Link, sql: str, parameters: Sequence[Any]) -> int:
        """Runs one statement that writes, and returns how many rows it found."""
        link.cursor.execute(sql, parameters)
        return link.cursor.rowcount

    def run_guarded(self, link: Link, sql: str, parameters: Sequence[Any]) -> int:
        """Runs one statement that writes in a transaction, after a savepoint if it `spoils`."""
        return self.run(link, sql, parameters)

    def guard(self, link: Link) -> None:
        """Makes a savepoint if failing statements spoil the transaction."""

    def recover(self, link: Link) -> None:
        """Goes back to the savepoint of `guard` or `run_guarded`, after a statement failed."""

    def insert(self, link: Link, plan: Plan, rows: Sequence[Row], *, guarded: bool) -> list[Any]:
        """Stores rows and returns their keys; ``guarded`` as `run_guarded` does."""
        raise NotImplementedError

    def before_creating(self, cursor: Any, patience: float) -> None:  # noqa: ANN401
        """Waits for others that create tables, in the transaction that is about to."""

    def count_on(self, plan: Plan, link: Link, error: Exception) -> bool:
        """Lets the server count on from the greatest key, where it counted up to one that is there.

        Returns:
            Whether this was what failed, so that the statement may be tried again.
        """
        return False

    # -- errors ---------------------------------------------------------------------------------

    def unreachable(self, error: Exception, url: sa.URL) -> Exception:
        """Returns Nitro's error for one that opening a connection raised."""
        return DatabaseUnavailable(
            f"{self.name} cannot be reached at {url.host}:{url.port}; is it running there? "
            f"({one_line(error)})"
        )

    def gone(self) -> DatabaseUnavailable:
        """Returns the error of a connection that broke."""
        return DatabaseUnavailable(
            f"{self.name} went away, or cannot be reached; what was under way may be lost."
        )

    def missing_table(self, error: Exception) -> str | None:
        """Returns the table that a statement needs and the database lacks, or None."""
        raise NotImplementedError

    def translated(self, error: Exception, mapper: Mapper | None) -> Exception:
        """Returns Nitro's error for the driver's; one without a meaning comes back as it is."""
        raise NotImplementedError


def one_line(error: BaseException) -> str:
    """Returns an error's text on one line, without a full stop."""
    return " ".join(str(error).split()).rstrip(".")
