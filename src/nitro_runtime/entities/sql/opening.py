"""Opening the database that `configure` was given: an address, or an application's own engine."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from nitro_runtime.entities.repository import Repository
from nitro_runtime.entities.sql.server import Server
from nitro_runtime.entities.sql.urls import normalised
from nitro_runtime.errors import ConfigurationError


def open_database(
    address: str,
    *,
    engine: Any,  # noqa: ANN401 # a sqlalchemy.Engine, or whatever was given in its place
    create_tables: bool,
    durable: bool,
    patience: float,
    pool_size: int,
) -> Repository:
    """Returns the repository of a SQL database; the arguments are those of `configure`.

    Raises:
        ConfigurationError: The address or the engine is of no use.
        MissingExtra: The driver is not installed.
    """
    url = normalised(address)
    if url.get_backend_name() == "sqlite":
        from nitro_runtime.entities.sql.sqlite_repository import SqliteRepository

        if engine is not None:
            _refuse_unshareable(engine, "pysqlite")
            if engine.url.database in (None, "", ":memory:"):
                raise ConfigurationError(
                    "An engine on SQLite's :memory: has one connection, on which Nitro's changes and "
                    "the application's would undo each other; give create_engine() a file, in "
                    "tests one in a temporary folder."
                )
        return SqliteRepository(
            url, create_tables=create_tables, durable=durable, patience=patience, engine=engine
        )
    from nitro_runtime.entities.sql.network import NetworkRepository

    server = _server(url)
    own = engine is None
    if not own:
        _refuse_unshareable(engine, server.driver)
    else:
        engine = sa.create_engine(
            url, poolclass=sa.NullPool, connect_args=server.arguments(url, patience)
        )
    return NetworkRepository(
        server,
        engine,
        create_tables=create_tables,
        pool_size=pool_size,
        patience=patience,
        owned=own,
    )


def _refuse_unshareable(engine: Any, driver: str) -> None:  # noqa: ANN401
    shareable = isinstance(engine, sa.Engine) and not engine.dialect.is_async
    if not shareable or engine.dialect.driver != driver:
        kind = type(engine).__name__
        through = getattr(getattr(engine, "dialect", None), "driver", "another driver")
        raise ConfigurationError(
            f"Nitro can share an Engine of SQLAlchemy that uses {driver}, not this {kind} that "
            f"uses {through}; give configure() the address of the database instead."
        )


def _server(url: sa.URL) -> Server:
    if url.get_backend_name() == "postgresql":
        from nitro_runtime.entities.sql.postgres import Postgres

        return Postgres()
    from nitro_runtime.entities.sql.mariadb import MariaDB

    return MariaDB()
