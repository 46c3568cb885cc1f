"""`create_tables` and `connect`: making tables at once, and the connection that migrations run on."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nitro_runtime.entities.many_to_many import link_entities
from nitro_runtime.entities.settings import default_repository
from nitro_runtime.errors import ConfigurationError
from nitro_runtime.schema import registered_entities

if TYPE_CHECKING:
    from sqlalchemy import Connection


def create_tables(*entities: type[Any]) -> None:
    """Creates the tables of the given entities, or of all defined so far, where they are missing.

    Migrations do this in an application that has them; scripts and tests need no call, as tables
    are created at the first write. A backend without tables has nothing to do.
    """
    repository = default_repository()
    create = getattr(repository, "create", None)
    if create is None:
        return
    known = (*registered_entities(), *link_entities())
    chosen = entities or tuple(e for e in known if e.repository is repository)
    create([entity.__nitro_mapper__ for entity in chosen])


def _leave_transactions_alone(driver: Any, _record: object) -> None:  # noqa: ANN401 # sqlite3's
    """Keeps Python's driver from beginning transactions by itself: it would leave DDL outside."""
    driver.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@contextmanager
def connect() -> Generator[Connection]:
    """Opens a SQLAlchemy connection to the configured database, for migrations and tools.

    Foreign keys are not checked on it: SQLite changes a table by replacing it. What fails in a
    transaction is taken back whole, also where it makes tables.

    Raises:
        ConfigurationError: The configured backend has no SQL database.
    """
    from sqlalchemy import NullPool, create_engine, event

    repository = default_repository()
    url = getattr(repository, "url", None)
    if url is None:
        raise ConfigurationError(
            f"The {repository.name} backend has no SQL database; set NITRO_DATABASE_URL to one "
            "such as sqlite:///app.db."
        )
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_alone)
        event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
