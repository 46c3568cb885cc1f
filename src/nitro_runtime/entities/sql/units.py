"""One transaction on a connection to a database server, of Nitro's own or a part of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nitro_runtime.entities.sql.server import Link
from nitro_runtime.errors import EntityError

if TYPE_CHECKING:
    from nitro_runtime.entities.sql.connected import ConnectedRepository

JOINED = "nitro_joined"
_SPOILED = (
    "A statement of this transaction failed, so nothing of it could be stored; let the error leave "
    "the transaction() block."
)


class Unit:
    """A transaction on a connection of its own."""

    def __init__(self, repository: ConnectedRepository, link: Link, *, taken: bool) -> None:
        self._repository = repository
        self._taken = taken
        self.link = link
        self.created = False  # whether it made tables, which a rollback takes away again

    def savepoint(self, name: str) -> None:
        """Marks a place to go back to."""
        self._execute(f"SAVEPOINT {name}")

    def rollback_to(self, name: str) -> None:
        """Undoes what came after the savepoint, and forgets it."""
        self._execute(f"ROLLBACK TO SAVEPOINT {name}")
        self._forget_created()
        self._execute(f"RELEASE SAVEPOINT {name}")

    def release(self, name: str) -> None:
        """Forgets the savepoint and keeps what came after it."""
        self._execute(f"RELEASE SAVEPOINT {name}")

    def _execute(self, statement: str) -> None:
        self.link.marked = False  # savepoints that were made later are forgotten
        try:
            self.link.cursor.execute(statement)
        except self._repository.server.error as error:
            raise self._repository.translated(self.link, error, None) from error

    def commit(self) -> None:
        """Makes everything last, and gives the connection back."""
        spoiled = self._repository.server.is_spoiled(self.link.connection)
        self._end("ROLLBACK" if spoiled else "COMMIT")
        if spoiled:
            raise EntityError(_SPOILED)

    def rollback(self) -> None:
        """Undoes everything, and gives the connection back."""
        self._end("ROLLBACK")
        self._forget_created()

    def _forget_created(self) -> None:
        if self.created:
            self._repository.forget_tables()

    def _end(self, statement: str) -> None:
        repository = self._repository
        try:
            self.link.cursor.execute(statement)
        except BaseException as error:
            self.link.doubtful = True
            if statement == "ROLLBACK" and isinstance(error, repository.server.error):
                return  # the server has undone it, or will when the connection is closed
            if isinstance(error, repository.server.error):
                raise repository.translated(self.link, error, None) from error
            raise
        finally:
            repository.give_back(self.link)
            if self._taken:
                repository.offload.slots.release()


class JoinedUnit(Unit):
    """A part of a transaction of the application: a savepoint, which it ends with."""

    def commit(self) -> None:
        """Leaves the part to the application's commit."""
        if self._repository.server.is_spoiled(self.link.connection):
            self.rollback_to(JOINED)
            raise EntityError(_SPOILED)
        self.release(JOINED)

    def rollback(self) -> None:
        """Undoes the part."""
        self.rollback_to(JOINED)
