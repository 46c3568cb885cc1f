"""SQLite itself: its file, its connections, its errors in Nitro's words."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import tempfile
import threading
import time
import weakref
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from nitro_runtime.entities.mapper import Mapper
from nitro_runtime.entities.storable import reckoned_text, too_great
from nitro_runtime.entities.text import fold
from nitro_runtime.entities.writers import WriterQueue
from nitro_runtime.errors import (
    BrokenReference,
    ConfigurationError,
    DatabaseBusy,
    DatabaseUnavailable,
    Duplicate,
    EntityError,
    InvalidQuery,
    MissingColumn,
    MissingTable,
)

log = logging.getLogger(__name__)

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_left_behind: list[Any] = []
_CHANGE_OF_MODE = 5
"""Seconds to wait for others while a file is changed to WAL, the one step that nobody can do later."""


class Lane:
    """A connection held open with its cursor; closed when its thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.cursor = connection.cursor()

    def close(self) -> None:
        """Ends an open transaction without storing it, and closes; harmless when it is closed.

        In this order: SQLite keeps a closed connection, and its locks, alive as long as one of its
        statements is.
        """
        try:
            if self.connection.in_transaction:
                self.cursor.execute("ROLLBACK")
            self.cursor.close()
        except sqlite3.Error:
            log.debug("a transaction could not be rolled back before its connection was closed")
        self.connection.close()

    def __del__(self) -> None:
        self.close()


class _Borrowed(Lane):
    """A connection of the application with a cursor of Nitro's."""

    def close(self) -> None:
        """Leaves the connection open: it is not Nitro's."""
        self.cursor.close()


class _Held(threading.local):
    """The connections of a thread, by how long they wait inside SQLite."""

    eager: Lane | None = None
    patient: Lane | None = None


class SqliteDatabase:
    """One SQLite file: a held connection for each thread, a pool of others for transactions.

    Every connection checks foreign keys and works in WAL mode, where readers never wait.

    Args:
        path: The file; empty or ``:memory:`` for a private one that goes with the process, as the
            connections of SQLite's own memory databases would not see one another.
        durable: Whether each commit waits for the disk.
        patience: Seconds to wait for another process's writer.
        engine: An application's own, through which connections are opened.
    """

    def __init__(
        self,
        path: str | None,
        *,
        durable: bool,
        patience: float,
        engine: sa.Engine | None = None,
    ) -> None:
        self._engine = engine
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if path in (None, "", ":memory:"):
            self._folder = tempfile.TemporaryDirectory(prefix="nitro-", ignore_cleanup_errors=True)
            path = f"{self._folder.name}/memory.db"
        self.path = path
        self.durable = durable
        self.patience = patience
        self._reset()
        _databases.add(self)

    def _reset(self) -> None:
        self.writers = WriterQueue(self.patience)
        self.local = _Held()
        self._open: weakref.WeakSet[Lane] = weakref.WeakSet()
        self._pool: list[Lane] = []
        self._lock = threading.Lock()

    def before_fork(self) -> None:
        """Closes what can be closed, in the parent.

        A child that opens a file which its parent had open believes to hold locks that only the
        parent holds; when the parent closes, SQLite would delete the log that the child writes to.
        Connections of other threads and open transactions have to stay.
        """
        with self._lock:
            idle, self._pool = self._pool, []
        for lane in idle:
            lane.close()
        self.discard()

    def after_fork(self) -> None:
        """Leaves the parent's connections alone, in a child: SQLite's must not cross a fork."""
        _left_behind.append((self._open, list(self._open), self.local, self._pool))
        self._reset()

    def lane(self) -> Lane:
        """Returns this thread's held connection.

        One that serves a coroutine never waits inside SQLite, so a thread holds up to two.
        """
        local = self.local
        if self.writers.in_turn:
            if local.eager is None:
                local.eager = self.connect(0)
            return local.eager
        if local.patient is None:
            local.patient = self.connect(self.patience)
        return local.patient

    def discard(self) -> None:
        """Closes this thread's held connections; the next use opens new ones."""
        for name in ("eager", "patient"):
            lane = self.local.__dict__.pop(name, None)
            if lane is not None:
                lane.close()

    def connect(self, patience: float) -> Lane:
        """Opens a connection.

        Raises:
            ConfigurationError: The file cannot be opened.
        """
        try:
            connection = self._shared(self._engine) if self._engine else self._connected(patience)
        except (sqlite3.OperationalError, SQLAlchemyError) as error:
            raise ConfigurationError(
                f"The database {self.path} cannot be opened: {error}."
            ) from None
        lane = Lane(connection)
        try:
            self._prepare(lane, patience)
        except sqlite3.DatabaseError as error:
            lane.close()
            if is_busy(error):
                raise DatabaseBusy("Another writer holds the database.") from None
            raise ConfigurationError(f"The database {self.path} cannot be used: {error}.") from None
        with self._lock:
            self._open.add(lane)
        return lane

    def _connected(self, patience: float) -> sqlite3.Connection:
        return sqlite3.connect(
            str(self.path),
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    def _shared(self, engine: sa.Engine) -> sqlite3.Connection:
        """Opens a connection in the way of an engine, whose pool keeps nothing of it."""
        lent: Any = engine.raw_connection()
        connection: sqlite3.Connection = lent.driver_connection
        lent.detach()
        connection.isolation_level = None
        connection.row_factory = None
        return connection

    def joined(self, connection: sqlite3.Connection) -> Lane:
        """Returns a lane on a connection of the application, which stays open."""
        lane = _Borrowed(connection)
        lane.cursor.row_factory = None
        self._add_functions(connection)
        return lane

    def _prepare(self, lane: Lane, patience: float) -> None:
        if self._engine is None:
            _use_wal(lane.cursor)
            lane.cursor.execute(f"PRAGMA synchronous = {'FULL' if self.durable else 'NORMAL'}")
        lane.cursor.execute("PRAGMA foreign_keys = ON")
        lane.cursor.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}").fetchall()
        self._add_functions(lane.connection)

    @staticmethod
    def _add_functions(connection: sqlite3.Connection) -> None:
        connection.create_function("nitro_fold", 1, fold, deterministic=True)
        connection.create_function("nitro_reckon", 4, reckoned_text, deterministic=True)

    def borrow(self) -> Lane:
        """Returns a connection for one transaction."""
        with self._lock:
            if self._pool:
                return self._pool.pop()
        return self.connect(0)

    def give_back(self, lane: Lane) -> None:
        """Takes back a connection whose transaction has ended."""
        with self._lock:
            self._pool.append(lane)

    def close(self) -> None:
        """Closes every connection; a private file is removed."""
        with self._lock:
            lanes, self._pool = list(self._open), []
        self.local = _Held()
        for lane in lanes:
            lane.close()
        if self._folder is not None:
            self._folder.cleanup()


_databases: weakref.WeakSet[SqliteDatabase] = weakref.WeakSet()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Has the file work in WAL mode, within some seconds when others do the same to a new file.

    SQLite waits for a reader or a writer, but tells those who change the mode at the same moment at
    once that they are in each other's way.
    """
    ends = time.monotonic() + _CHANGE_OF_MODE
    cursor.execute(f"PRAGMA busy_timeout = {_CHANGE_OF_MODE * 1000}")
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= ends:
                raise
            time.sleep(0.001)
        else:
            return


def _before_fork() -> None:
    for database in list(_databases):
        database.before_fork()


def _after_fork() -> None:
    for database in list(_databases):
        database.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds what this one needs."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def missing_table(error: sqlite3.Error) -> str | None:
    """Returns the table that a statement needs and the file lacks, or None."""
    found = re.match(r"no such table: (?:main\.)?(\S+)", str(error))
    return found[1] if found else None


def unwritable(error: sqlite3.Error) -> DatabaseUnavailable | None:
    """Returns Nitro's error where the file cannot be written, as on a disk that is full."""
    text = str(error)
    if not re.match(r"disk I/O error|database or disk is full|attempt to write a readonly", text):
        return None
    return DatabaseUnavailable(f"The database file cannot be written: {text}.")


def translated(error: sqlite3.Error, mapper: Mapper) -> Exception:
    """Returns Nitro's error for SQLite's; one without a meaning of its own comes back as it is."""
    text = str(error)
    name = mapper.info.name
    if found := re.match(r"UNIQUE constraint failed: (?:index )?(.+)", text):
        names = (part.strip().rpartition(".")[2].strip("'") for part in found[1].split(","))
        return Duplicate(name, ", ".join(names))
    if text.startswith("FOREIGN KEY constraint failed"):
        return BrokenReference(name)
    if table := missing_table(error):
        return MissingTable(table)
    if found := re.search(r"(?:no such column: |has no column named )(?:\S+\.)?(\w+)", text):
        return MissingColumn(mapper.info.table, found[1])
    if is_busy(error):
        return DatabaseBusy("Another writer holds the database.")
    if "integer overflow" in text or "user-defined function raised" in text:
        return too_great(mapper)
    if found := re.match(r"too many SQL variables|Expression tree is too|LIKE or GLOB", text):
        return InvalidQuery(f"A question to {name} is too long for the database: {text}.")
    if isinstance(error, sqlite3.IntegrityError):
        return EntityError(f"The database refused a {name}: {text}.")
    return unwritable(error) or error
