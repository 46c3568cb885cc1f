"""Entities on servers, beside their drivers by hand: PostgreSQL, MariaDB and Redis.

Each contender has a database of its own with the same 10,000 products, in the tables that Nitro makes.
By hand means one held connection and autocommit, on PostgreSQL with prepared statements; Nitro
takes its connections from its shipped pool. Limits are set for PostgreSQL only; the rest is told
for information. The servers are those of the tests; one that is not there is left out.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.engine import make_url

from benchmarks.entities.limits import on_server
from benchmarks.entities.on_drivers import Psycopg, PyMySql, Redis
from benchmarks.entities.on_nitro import Nitro, NitroAsync, Product
from benchmarks.entities.on_sqlalchemy import Core
from benchmarks.entities.on_sqlmodel import SqlModel
from benchmarks.entities.products import READ, ROWS, values
from benchmarks.frame import Awaiting, Comparison, Contender, WrongOutput
from nitro_runtime.entities import configure

_ROWS = (
    ("get", "get one of 10,000 by id", 100),
    ("filter", "filter 20 of 10,000", 50),
    ("count", "count 10,000", 20),
    ("count_some", "count 20 of 10,000", 50),
    ("update", "update one", 50),
    ("create", "create one", 50),
    ("delete", "delete one by id, unread", 50),
    ("insert_many", "insert 1,000 at once", 1),
)


REDIS_DATABASE = "11"  # emptied afterwards, so it must be empty before


@dataclass(frozen=True, slots=True)
class Server:
    """A server that entities can be kept on.

    Attributes:
        name: What it is called in the tables.
        variable: The environment variable with its address.
        address: The address otherwise.
        by_hand: Its driver's verbs, the reference.
        peers: The ORMs, with the scheme that they need in the address.
        scheme: That scheme.
    """

    name: str
    variable: str
    address: str
    by_hand: Any
    peers: Sequence[Any] = ()
    scheme: str = ""

    @property
    def url(self) -> str:
        """Where it is."""
        return os.environ.get(self.variable, self.address)


SERVERS = (
    Server(
        "PostgreSQL",
        "NITRO_TEST_POSTGRES_URL",
        "postgresql://postgres@127.0.0.1:5432/test",
        Psycopg,
        (Core, SqlModel),
        "postgresql+psycopg",
    ),
    Server(
        "MariaDB",
        "NITRO_TEST_MARIADB_URL",
        "mysql://root@127.0.0.1:3306/test",
        PyMySql,
        (Core, SqlModel),
        "mysql+pymysql",
    ),
    Server("Redis", "NITRO_TEST_REDIS_URL", "redis://127.0.0.1:6379/0", Redis),
)


def comparisons() -> Iterator[Comparison]:
    """Yields the comparisons of each server that is there."""
    for server in SERVERS:
        if missing(server) is None:
            with ExitStack() as stack:
                runner = stack.enter_context(asyncio.Runner())
                peers = _peers(server, stack)
                for verb, heading, number in _ROWS:
                    yield _compared(server, verb, heading, number, peers, runner)


def tables(rounds: int | None) -> Iterator[str]:
    """Yields a sentence for each server that is not there."""
    yield from filter(None, map(missing, SERVERS))


def missing(server: Server) -> str | None:
    """Returns why a server is left out, or None when it is there."""
    url = make_url(server.url)
    try:
        if server.by_hand is Redis:
            if _redis(server).dbsize():
                return f"{server.name} is left out: its database {REDIS_DATABASE} is not empty"
        else:
            _statements(server, ())
    except (ImportError, OSError, *_driver_errors(server)) as error:
        return f"{server.name} at {url.host}:{url.port} is left out: {error}"
    return None


def _driver_errors(server: Server) -> tuple[type[Exception], ...]:
    if server.by_hand is Psycopg:
        import psycopg

        return (psycopg.Error,)
    if server.by_hand is PyMySql:
        import pymysql

        return (pymysql.Error,)
    import redis

    return (redis.RedisError,)


def _statements(server: Server, statements: Sequence[str]) -> None:
    """Runs statements in the database that the address names."""
    url = make_url(server.url)
    if server.by_hand is Psycopg:
        import psycopg

        with psycopg.connect(server.url, autocommit=True) as db:
            for statement in statements:
                db.execute(statement.encode())
        return
    import pymysql

    connection: Any = pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or ""
    )
    try:
        for statement in statements:
            connection.cursor().execute(statement)
    finally:
        connection.close()


@contextmanager
def _database(server: Server, of: str) -> Generator[str]:
    """Makes a database for one contender, and drops it; yields its address."""
    if server.by_hand is Redis:
        yield _own_redis(server)
        _redis(server).flushdb()
        return
    name = f"nitro_bench_{os.getpid()}_{of}"
    _statements(server, [f"CREATE DATABASE {name}"])
    try:
        yield make_url(server.url).set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if server.by_hand is Psycopg else ""
        _statements(server, [f"DROP DATABASE {name}{force}"])


def _own_redis(server: Server) -> str:
    return make_url(server.url).set(database=REDIS_DATABASE).render_as_string(hide_password=False)


def _redis(server: Server) -> Any:  # noqa: ANN401 # redis has no types
    import redis

    return redis.Redis.from_url(_own_redis(server))


def _peers(server: Server, stack: ExitStack) -> dict[str, Any]:
    """Returns the contenders, each with its products; Nitro comes last and stays configured."""
    made: dict[str, Any] = {}
    for make in (server.by_hand, *server.peers, Nitro):
        address = stack.enter_context(_database(server, make.__name__.lower()))
        if make is not Redis:
            configure(address)
            Product.create_many(values(number) for number in range(ROWS))
        if make in server.peers:
            address = make_url(address).set(drivername=server.scheme)
            address = address.render_as_string(hide_password=False)
        made[make.name] = make(address)
    return {**made, NitroAsync.name: NitroAsync()}


def _compared(
    server: Server,
    verb: str,
    heading: str,
    number: int,
    peers: Mapping[str, Any],
    runner: asyncio.Runner,
) -> Comparison:
    contenders: dict[str, Contender] = {
        name: Awaiting(getattr(peer, verb), runner)
        if isinstance(peer, NitroAsync)
        else getattr(peer, verb)
        for name, peer in peers.items()
        if hasattr(peer, verb)
    }
    return Comparison(
        f"{server.name}: {heading}",
        contenders,
        server.by_hand.name if server.by_hand.name in contenders else Nitro.name,
        number,
        check=partial(_same_results, verb),
        limits=on_server(verb, server.by_hand.name),
    )


def _same_results(verb: str, results: Mapping[str, object]) -> None:
    """Makes sure that all have read the same.

    Raises:
        WrongOutput: One differs.
    """
    if verb not in READ:
        return
    found = {name: READ[verb](result) for name, result in results.items()}
    if len({repr(one) for one in found.values()}) != 1:
        raise WrongOutput(f"{verb}: {found}")
