"""Runs a project's migrations: what its ``migrations/env.py`` calls, for `nitro db` and plain Alembic."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import context
from sqlalchemy.exc import SAWarning

from nitro_runtime.entities.discovery import import_entities
from nitro_runtime.entities.migrations.autogenerate import prepare_script
from nitro_runtime.entities.migrations.types import WRITTEN, compare_type, render_item
from nitro_runtime.entities.migrations.written import migration_tables, written_columns
from nitro_runtime.entities.schema_creation import connect, hold_migrations
from nitro_runtime.entities.settings import default_repository
from nitro_runtime.entities.sql.tables import build_tables

if TYPE_CHECKING:
    from alembic.script import Script
    from sqlalchemy import MetaData


def run_migrations(*packages: str) -> None:
    """Does what Alembic was asked for, on the configured database. Called by ``env.py`` alone.

    Every entity is found by itself. Two processes that migrate the same database do so one after
    the other, so that both succeed.

    Args:
        *packages: The packages with the project's entities. None stands for all modules in the
            folder around ``migrations`` and in its ``src``.

    Raises:
        ConfigurationError: The entities cannot be imported, or no SQL database is configured.
        DatabaseBusy: Another process migrates the database for more than a minute.
    """
    import_entities(*packages, folder=Path(context.script.dir).absolute().parent)
    options = _options(build_tables())
    if context.is_offline_mode():
        context.configure(dialect_name=_dialect(), literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    with connect() as connection:
        transactional = None if connection.dialect.name == "mysql" else True
        context.configure(connection=connection, transactional_ddl=transactional, **options)
        if not context.get_context().opts.get("dont_mutate"):
            hold_migrations(connection)
        with context.begin_transaction(), warnings.catch_warnings():
            # Tables that refer to one another are made without these references, which come after.
            warnings.filterwarnings("ignore", "Cannot correctly sort tables", SAWarning)
            context.run_migrations()


def _options(tables: MetaData) -> dict[str, Any]:
    return {
        "target_metadata": tables,
        "render_as_batch": True,
        "render_item": render_item,
        "process_revision_directives": prepare_script,
        "include_name": _only(_own(tables)),
        "compare_type": compare_type,
        WRITTEN: written_columns(script.path for script in reversed(_scripts())),
    }


def _scripts() -> list[Script]:
    return list(context.script.walk_revisions())


_MACHINERY = frozenset({"nitro_outbox", "nitro_once"})
"""The tables of durable handlers. A handler that is not found must not have its jobs dropped."""


def _own(tables: MetaData) -> set[str]:
    written = migration_tables(Path(context.script.dir))
    return {*tables.tables, *(written - _MACHINERY)}


def _only(own: set[str]) -> Callable[[str | None, str, Any], bool]:
    """Returns what lets Alembic see the project's own tables alone.

    A database may hold the tables of other programs, too, and no entity has them; dropping them
    must never be proposed.
    """
    return lambda name, kind, _parents: kind != "table" or name in own


def _dialect() -> str:
    from nitro_runtime.entities.sql.urls import normalised

    return normalised(getattr(default_repository(), "url", "")).get_dialect().name
