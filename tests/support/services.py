"""The servers that tests talk to: where they are, and a place of one's own on each.

An address comes from ``NITRO_TEST_POSTGRES_URL``, ``NITRO_TEST_MARIADB_URL``, ``NITRO_TEST_REDIS_URL``
or ``NITRO_TEST_RABBITMQ_URL``, else it is the usual one of this machine.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from nitro_runtime.testing.services import REDIS_DEFAULT, REDIS_VARIABLE


@dataclass(frozen=True, slots=True)
class Service:
    """A server.

    Attributes:
        name: What people call it.
        variable: The environment variable with its address.
        default: The address without it.
        driver: SQLAlchemy's name of database and driver; empty when it is no SQL database.
    """

    name: str
    variable: str
    default: str
    driver: str = ""

    @property
    def url(self) -> str:
        """The address."""
        return os.environ.get(self.variable) or self.default

    @property
    def answers(self) -> bool:
        """Whether somebody listens there."""
        url = make_url(self.url)
        try:
            with socket.create_connection((url.host or "127.0.0.1", url.port or 0), timeout=2):
                return True
        except OSError:
            return False

    @property
    def missing(self) -> str:
        """The sentence of a test that has to be skipped."""
        return f"{self.name} does not answer at {self.url}; set {self.variable}"


POSTGRES = Service(
    "PostgreSQL",
    "NITRO_TEST_POSTGRES_URL",
    "postgresql://postgres@127.0.0.1:5432/test",
    "postgresql+psycopg",
)
MARIADB = Service(
    "MariaDB", "NITRO_TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test", "mysql+pymysql"
)
REDIS = Service("Redis", REDIS_VARIABLE, REDIS_DEFAULT)
RABBITMQ = Service("RabbitMQ", "NITRO_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")


@contextmanager
def own_database(service: Service) -> Generator[str]:
    """Makes a database on a SQL server for as long as the block runs; yields its address."""
    name = f"nitro_{uuid4().hex[:12]}"
    address = make_url(service.url)
    admin = sa.create_engine(
        address.set(drivername=service.driver),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    )
    force = " WITH (FORCE)" if service is POSTGRES else ""
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
        admin.dispose()


@contextmanager
def own_queues() -> Generator[str]:
    """Has queues with a prefix of their own on RabbitMQ for as long as the block runs.

    Yields the address, which ends with the prefix.
    """
    import pika
    from pika.exceptions import AMQPError

    prefix = f"nitro_{uuid4().hex[:12]}"
    try:
        yield f"{RABBITMQ.url}?prefix={prefix}"
    finally:
        connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ.url))
        with suppress(AMQPError):
            channel = connection.channel()
            for ending in ("", ".DQ", ".XQ"):
                channel.queue_delete(f"{prefix}.default{ending}")
            channel.exchange_delete(prefix)
        connection.close()


def own_redis() -> str:
    """Returns an address on Redis whose keys have a prefix of their own; the caller clears it."""
    return f"{REDIS.url}?prefix=nitro_{uuid4().hex[:12]}"
