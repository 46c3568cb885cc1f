"""Empties a database of a project's tables: what it holds is lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nitro_cli.database.environment import (
    FOLDER,
    configuration,
    inside,
    look,
    scripts,
    sentences,
)

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Engine

_HERE = (None, "", "localhost", "127.0.0.1", "::1")
_LEFT_BY_ALEMBIC = ("alembic_version", "_alembic_tmp_")


@dataclass(frozen=True, slots=True)
class Tables:
    """What is in a database.

    Attributes:
        own: The tables of the project: of its entities, of its migrations, of Alembic.
        others: Tables of which neither knows; other programs may have made them.
        address: Where the database is, without a password.
        name: The database's name; the path of an SQLite file.
        here: Whether it is on this machine.
        engine: Opens connections to it.
    """

    own: tuple[str, ...]
    others: tuple[str, ...]
    address: str
    name: str
    here: bool
    engine: Engine


def survey(root: Path) -> Tables:
    """Returns what is in a project's database, whatever state its migrations are in.

    Raises:
        UsageError: The project has no migrations, or one that cannot be read.
        DatabaseFailed: The database cannot be reached.
    """
    found: list[Tables] = []

    def see(context: MigrationContext) -> None:
        found.append(_tables(context, root / FOLDER))

    with inside(root), sentences(root):
        config = configuration(root)
        list(
            scripts(config).walk_revisions()
        )  # one that cannot be read is found before anything goes
        look(config, see)
    return found[0]


def _tables(context: MigrationContext, folder: Path) -> Tables:
    from sqlalchemy import inspect

    from nitro_runtime.entities.migrations.written import migration_tables

    connection: Any = context.connection
    metadata: Any = context.opts.get("target_metadata")
    known = {*getattr(metadata, "tables", ()), *migration_tables(folder)}
    names = sorted(inspect(connection).get_table_names())
    own = tuple(n for n in names if n in known or n.startswith(_LEFT_BY_ALEMBIC))
    url: URL = connection.engine.url
    return Tables(
        own=own,
        others=tuple(name for name in names if name not in own),
        address=url.render_as_string(hide_password=True),
        name=url.database or "",
        here=url.get_backend_name() == "sqlite" or url.host in _HERE,
        engine=connection.engine,
    )


def drop(root: Path, tables: Tables, *, others: bool = False) -> None:
    """Drops the project's tables with all their rows.

    Args:
        root: The project's folder.
        tables: What `survey` found.
        others: Whether the tables go, too, that are not the project's.

    Raises:
        DatabaseFailed: The database cannot be reached, or refused it.
    """
    chosen = (*tables.own, *(tables.others if others else ()))
    quote = tables.engine.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, chosen))
    if not names:
        return
    with inside(root), sentences(root), tables.engine.begin() as connection:
        for statement in _DROP[tables.engine.dialect.name]:
            for name in map(quote, chosen) if "{name}" in statement else [""]:
                connection.exec_driver_sql(statement.format(name=name, names=names))


_DROP = {
    "sqlite": ("DROP TABLE {name}",),
    "postgresql": ("DROP TABLE {names} CASCADE",),
    "mysql": ("SET FOREIGN_KEY_CHECKS = 0", "DROP TABLE {names}", "SET FOREIGN_KEY_CHECKS = 1"),
}
"""Tables may refer to one another, in a circle, too; SQLite does not check it on this connection."""
