"""`RedisBroker`: a stream on a Redis server (``XADD``, ``XREAD``), Redis 5 or newer."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from typing import Any

from nitro_runtime.brokers.broker import HISTORY_SECONDS, START, Entry, Mark, Position
from nitro_runtime.errors import BrokerUnavailable
from nitro_runtime.redis_client import address_of, connections_to, redis_py, why_unavailable

LENGTH = 10_000
"""Entries that the stream keeps, at least; Redis drops what is older by whole blocks."""

PATIENCE = 3.0
"""Seconds to wait for being connected, and for an answer."""

LONGEST_READ = 2.0
"""Seconds that one `read` lasts at most."""

_MOST_READ = 200
_MOST_MOVES = 3
_LAST = 2**64 - 1

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])
"""


class RedisBroker:
    """Carries messages between processes through a stream on a Redis server.

    All read the stream from where they stand, so nothing that Redis keeps is missed while a
    connection is down; beside the stream stands the name of its epoch, which is gone when Redis
    has lost its data.

    Args:
        url: ``redis://user:password@host:6379/0``, or ``rediss://`` for TLS; ``?prefix=shop`` keeps
            apps apart that share a database.
        length: How many entries the stream keeps, about.
        patience: Seconds to wait for being connected, and for an answer.

    Attributes:
        place: Host and port.

    Raises:
        MissingExtra: redis-py is not installed.
        ConfigurationError: It is no address of a Redis server.
    """

    def __init__(self, url: str, length: int = LENGTH, patience: float = PATIENCE) -> None:
        address = address_of(url)
        self.place = address.place
        self._patience = patience
        self._length = length
        self._log = f"{{{address.prefix}}}/broker:log"
        self._epoch = f"{{{address.prefix}}}/broker:epoch"
        self._pool = connections_to(address, socket_connect_timeout=patience)
        self._moved: dict[str, Any] = {}
        self._reader = _Line(self, patience + LONGEST_READ)
        self._writer = _Line(self, patience)
        self._closed = False

    # -- Broker -------------------------------------------------------------------------------

    def join(self, last: Mark | None) -> Mark:
        """Connects anew, and says from where to read on."""
        self._reader.close()
        self._writer.expire()
        epoch = self._current_epoch()
        mark = self._mark_at(epoch, last.position) if last and last.epoch == epoch else None
        if mark is None and last is not None and last.epoch == epoch:
            # What was read is not there any more: Redis came back from an older state.
            epoch = self._renewed(epoch)
        return mark or self._mark_of_recent(epoch)

    def append(self, entries: Sequence[bytes]) -> None:
        """Appends entries, in a transaction, so that a full server takes all or none."""
        add = ("XADD", self._log, "MAXLEN", "~", self._length, "*", "m")
        commands: list[tuple[Any, ...]] = [(*add, entry) for entry in entries]
        if len(commands) > 1:
            commands = [("MULTI",), *commands, ("EXEC",)]
        self._writer.ask(*commands)

    def read(self, mark: Mark, seconds: float) -> list[Entry]:
        """Returns entries after a mark, and waits for some, up to 2 s."""
        wait = max(1, int(min(seconds, LONGEST_READ) * 1000))  # 0 would be for ever
        after = _text(mark.position)
        epoch, found = self._reader.ask(
            ("GET", self._epoch),
            ("XREAD", "COUNT", _MOST_READ, "BLOCK", wait, "STREAMS", self._log, after),
        )
        if epoch is None or epoch.decode() != mark.epoch:
            self._reader.close()
            raise BrokerUnavailable(f"Redis at {self.place} has lost its messages.")
        return [_entry(each) for each in found[0][1]] if found else []

    def close(self) -> None:
        """Closes its connections; nothing can be asked after that."""
        self._closed = True
        self._reader.close()
        self._writer.close()

    def clear(self) -> None:
        """Removes what it keeps on the server, as a test does at its end.

        Raises:
            BrokerUnavailable: It cannot be reached; or it was closed.
        """
        self._writer.ask(("DEL", self._log, self._epoch))

    def look(self) -> dict[str, str]:
        """Returns what the server says of itself (``INFO``), by name; for ``nitro doctor``.

        Raises:
            BrokerUnavailable: It cannot be reached, or does not say.
        """
        line = _Line(self, self._patience)
        try:
            _, text = line.ask(("XLEN", self._log), ("INFO",))
        finally:
            line.close()
        pairs = (each.partition(":") for each in text.decode().splitlines())
        return {name: value for name, colon, value in pairs if colon}

    # -- marks --------------------------------------------------------------------------------

    def _current_epoch(self) -> str:
        (known,) = self._reader.ask(("GET", self._epoch))
        if known is None:
            fresh = secrets.token_urlsafe(8)
            _, known = self._reader.ask(("SET", self._epoch, fresh, "NX"), ("GET", self._epoch))
        return known.decode()

    def _renewed(self, epoch: str) -> str:
        fresh = secrets.token_urlsafe(8)
        (now,) = self._reader.ask(("EVAL", _RENEW, 1, self._epoch, epoch, fresh))
        return now.decode()

    def _ends(self) -> tuple[Position | None, Position, bool]:
        """Returns the first and last position, and whether anything can have been dropped."""
        length, first, last = self._reader.ask(
            ("XLEN", self._log),
            ("XRANGE", self._log, "-", "+", "COUNT", 1),
            ("XREVRANGE", self._log, "+", "-", "COUNT", 1),
        )
        if not first:
            return None, START, False
        return _position(first[0][0]), _position(last[0][0]), length >= self._length

    def _mark_at(self, epoch: str, position: Position) -> Mark | None:
        """Returns the mark of who has read up to a position; None when the log is not that one."""
        first, head, is_cut = self._ends()
        if position == START:
            return Mark(epoch, _before(first) if first and is_cut else START, head)
        (there,) = self._reader.ask(("XRANGE", self._log, _text(position), _text(position)))
        if there:
            return Mark(epoch, position, head)
        if first is not None and first > position:
            return Mark(epoch, _before(first), head)
        return None

    def _mark_of_recent(self, epoch: str) -> Mark:
        """Returns the mark of who comes anew: what is older than 5 minutes needs no reading."""
        first, head, is_cut = self._ends()
        (now,) = self._reader.ask(("TIME",))
        since = int(now[0]) * 1000 - int(HISTORY_SECONDS * 1000)
        (old,) = self._reader.ask(("XREVRANGE", self._log, str(since - 1), "-", "COUNT", 1))
        if old:
            return Mark(epoch, _position(old[0][0]), head)
        return Mark(epoch, first if first and is_cut else START, head)

    # -- connections --------------------------------------------------------------------------

    def connection(self, timeout: float) -> Any:  # noqa: ANN401 # of redis-py
        """Makes a connection; a line asks for it."""
        if self._closed:
            raise BrokerUnavailable(f"The broker at {self.place} was closed.")
        options = {**self._pool.connection_kwargs, "socket_timeout": timeout, **self._moved}
        return self._pool.connection_class(**options)

    def follow(self, error: Exception) -> bool:
        """Whether a cluster says where the keys are; then the next connection leads there."""
        is_moved = isinstance(error, redis_py().exceptions.MovedError)
        self._moved = {"host": error.host, "port": error.port} if is_moved else {}  # type: ignore[attr-defined]
        return is_moved

    def translated(self, error: Exception) -> BrokerUnavailable:
        """Returns Nitro's error for one of redis-py's."""
        sentence = why_unavailable(error, self.place, self._patience)
        return BrokerUnavailable(
            sentence or f"Redis at {self.place} refuses what is asked of {self._log}: {error}"
        )


class _Line:
    """One connection that is made when it is needed; after a failure it is made anew.

    Used by one thread; another may close it. It has no lock, which a fork could leave held.
    """

    def __init__(self, broker: RedisBroker, timeout: float) -> None:
        self._broker = broker
        self._timeout = timeout
        self._process = 0
        self._open: Any = None
        self._is_expired = False

    def expire(self) -> None:
        """Has its thread open another connection before it asks again; from any thread."""
        self._is_expired = True

    def ask(self, *commands: tuple[Any, ...]) -> list[Any]:
        """Sends commands at once and returns their answers.

        Raises:
            BrokerUnavailable: It could not be asked, or refused one of them.
        """
        for _ in range(_MOST_MOVES):
            try:
                return self._exchange(commands)
            except BrokerUnavailable:
                raise
            # Of redis-py's own, what a connection is left with that another thread closed.
            except (redis_py().exceptions.RedisError, OSError, ValueError, AttributeError) as error:
                self.close()
                if not self._broker.follow(error):
                    raise self._broker.translated(error) from error
            except BaseException:
                self.close()  # with half of an answer unread
                raise
        raise BrokerUnavailable(
            f"The cluster of Redis at {self._broker.place} moves its keys about."
        )

    def _exchange(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        connection = self._connection()
        connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        answers: list[Any] = [connection.read_response() for _ in commands]
        last: Any = answers[-1]
        for each in last if isinstance(last, list) else ():  # pyright: ignore[reportUnknownVariableType]
            if isinstance(each, Exception):  # of a command in a transaction
                raise each
        return answers

    def _connection(self) -> Any:  # noqa: ANN401 # of redis-py
        if self._process != os.getpid():  # a parent's connection is not to be touched
            self._open, self._process = None, os.getpid()
        if self._is_expired:
            self._is_expired = False
            self.close()
        if self._open is None:
            self._open = self._broker.connection(self._timeout)
        return self._open

    def close(self) -> None:
        """Closes the connection, if there is one; whoever waits for an answer is told so."""
        connection, self._open = self._open, None
        if connection is not None and self._process == os.getpid():
            connection.disconnect()


def _position(text: bytes) -> Position:
    milliseconds, _, number = text.partition(b"-")
    return int(milliseconds), int(number)


def _text(position: Position) -> str:
    return f"{position[0]}-{position[1]}"


def _before(position: Position) -> Position:
    return (position[0], position[1] - 1) if position[1] else (position[0] - 1, _LAST)


def _entry(raw: Any) -> Entry:  # noqa: ANN401 # as redis-py gives it
    return _position(raw[0]), _data(raw[1])


def _data(fields: Any) -> bytes:  # noqa: ANN401 # as redis-py gives it
    """Returns what was appended; nothing when somebody else wrote something else."""
    return fields[1] if fields and len(fields) == 2 and fields[0] == b"m" else b""
