"""`Server`: connections to Redis, one command or script after another, its errors as Nitro's."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nitro_runtime.entities.offload import Offload
from nitro_runtime.entities.redis.scripts import Script
from nitro_runtime.entities.statements import note
from nitro_runtime.entities.writers import Slots
from nitro_runtime.errors import DatabaseUnavailable, EntityError, NitroError
from nitro_runtime.redis_client import Address, connections_to, redis_py, why_unavailable

_IDLE = 30
"""Seconds after which a connection is tried before it is used: a firewall may have forgotten it."""

_MOST_MOVES = 3


class Server:
    """A Redis server and a pool of connections to it. Safe from every thread, and after a fork.

    Nothing is sent a second time by itself: whether a command whose answer was lost took place is
    not known, and the caller is told so. A connection that the server closed is opened anew.

    Args:
        address: Where it is.
        pool_size: How many connections there are at most.
        patience: Seconds to wait for a connection, for being connected and for an answer.

    Attributes:
        place: Host and port, to be shown.
        offload: Runs work for coroutines.

    Raises:
        MissingExtra: redis-py is not installed.
        ConfigurationError: redis-py does not understand the address.
    """

    def __init__(self, address: Address, pool_size: int, patience: float) -> None:
        self._redis = redis_py()
        self.place = address.place
        self._patience = patience
        self._home = connections_to(
            address,
            max_connections=pool_size,
            socket_connect_timeout=patience,
            socket_timeout=patience,
            health_check_interval=_IDLE,
        )
        self._pool = self._home
        self.offload = Offload(pool_size, patience, "Redis")
        self._pool_size = pool_size
        # A connection is held for one command. Work that `offload` runs has a turn there for all its
        # commands, but in a transaction, so those turns cannot be the connections'.
        self._turns = os.getpid(), Slots(pool_size, patience, "Redis")

    def close(self) -> None:
        """Closes every connection."""
        self.offload.close()
        for pool in {id(p): p for p in (self._pool, self._home)}.values():
            pool.disconnect()

    # -- commands -------------------------------------------------------------------------------

    def run(self, *command: Any) -> Any:  # noqa: ANN401 # as Redis answers
        """Sends one command and returns the answer.

        Raises:
            DatabaseBusy: No connection became free in time.
            DatabaseUnavailable: The server cannot be reached, or does not serve now.
        """
        note(f"{command[0]} {command[1] if len(command) > 1 else ''}".rstrip())
        return self._exchange(command)

    def script(self, script: Script, keys: Sequence[str], arguments: Sequence[Any]) -> Any:  # noqa: ANN401
        """Runs a script and returns its answer, telling it to a server that does not know it.

        Raises:
            DatabaseBusy: No connection became free in time.
            DatabaseUnavailable: The server cannot be reached, or does not serve now.
        """
        note(f"EVALSHA {script.name} {keys[0]}")
        rest = (len(keys), *keys, *arguments)
        try:
            return self._exchange(("EVALSHA", script.digest, *rest))
        except self._redis.exceptions.NoScriptError:
            return self._exchange(("EVAL", script.text, *rest))

    def keys(self, pattern: str) -> Iterator[bytes]:
        """Goes through all keys that fit a pattern."""
        cursor: Any = 0
        while True:
            cursor, found = self.run("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            yield from found
            if int(cursor) == 0:
                return

    def _exchange(self, command: Sequence[Any]) -> Any:  # noqa: ANN401
        self.offload.warn_of_blocking()
        turns = self._turns_here()
        turns.acquire()
        try:
            return self._moving(command)
        finally:
            turns.release()

    def _turns_here(self) -> Slots:
        """Returns the turns of connections; those of a parent are not a child's after a fork."""
        process, turns = self._turns
        if process != os.getpid():
            turns = Slots(self._pool_size, self._patience, "Redis")
            self._turns = os.getpid(), turns
        return turns

    def _moving(self, command: Sequence[Any]) -> Any:  # noqa: ANN401
        """Sends a command, and goes where a cluster says that the keys are."""
        exceptions = self._redis.exceptions
        for _ in range(_MOST_MOVES):
            try:
                return self._send(command)
            except exceptions.MovedError as error:
                self._pool = self._pool_at(error.host, error.port)
            except exceptions.NoScriptError:
                raise
            except exceptions.ConnectionError as error:
                self._pool = self._home  # whoever was moved to may be gone
                raise self._translated(error) from error
            except exceptions.RedisError as error:
                raise self._translated(error) from error
        raise DatabaseUnavailable(f"The cluster of Redis at {self.place} moves its keys about.")

    def _pool_at(self, host: str, port: int) -> Any:  # noqa: ANN401 # a pool of redis-py
        known = {**self._home.connection_kwargs, "host": host, "port": port}
        return self._redis.ConnectionPool(
            connection_class=self._home.connection_class,
            max_connections=self._pool_size,
            **known,
        )

    def _send(self, command: Sequence[Any]) -> Any:  # noqa: ANN401
        pool = self._pool
        connection = pool.get_connection()
        try:
            with _whole(connection, self._redis.exceptions.ResponseError):
                self._try_idle(connection)
                connection.send_command(*command, check_health=False)
                return connection.read_response()
        finally:
            pool.release(connection)

    def _try_idle(self, connection: Any) -> None:  # noqa: ANN401 # of redis-py
        if time.monotonic() < connection.next_health_check:
            return
        try:
            connection.send_command("PING", check_health=False)
            connection.read_response()
        except self._redis.exceptions.RedisError:
            connection.disconnect()
            connection.connect()

    # -- errors ---------------------------------------------------------------------------------

    def _translated(self, error: Exception) -> NitroError:
        sentence = why_unavailable(error, self.place, self._patience)
        if sentence is not None:
            return DatabaseUnavailable(sentence)
        return EntityError(f"Redis at {self.place} refused a command: {error}")


@contextmanager
def _whole(connection: Any, answers: type[Exception]) -> Generator[None]:  # noqa: ANN401
    """Closes a connection that was left with half a command sent or half an answer read."""
    try:
        yield
    except answers:  # an error that the server answered with was read as a whole
        raise
    except BaseException:
        connection.disconnect()
        raise
