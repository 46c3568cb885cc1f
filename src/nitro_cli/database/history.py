"""The migrations of a project and which of them the database has; applying them, taking them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nitro_cli.database.environment import Database, configuration, inside, look, scripts, sentences
from nitro_cli.database.environment import applied as applied_to

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory


@dataclass(frozen=True, slots=True)
class Revision:
    """One migration.

    Attributes:
        id: Its identifier.
        message: What it does, the first line of its docstring.
        applied: Whether the database has it.
    """

    id: str
    message: str
    applied: bool


def status(root: Path) -> list[Revision]:
    """Returns a project's migrations, the oldest first; an empty list when it has none yet.

    Raises:
        UsageError: The project has no folder for migrations, or the database has a migration that
            the project lacks.
        DatabaseFailed: The database cannot be reached.
    """
    return _state(root)[0]


def upgrade(root: Path, revision: str = "head") -> list[Revision]:
    """Applies the migrations up to a revision; returns those that it applied, in order.

    All are applied or none, but on MariaDB, which takes no change of a table back.

    Raises:
        UsageError: There is no such revision, or no folder for migrations.
        DatabaseFailed: The database cannot be reached, or refused a migration.
    """
    from alembic import command

    return _changed_by(root, lambda config: command.upgrade(config, revision), applied=True)


def downgrade(root: Path, revision: str = "-1") -> list[Revision]:
    """Takes migrations back, by default the last; returns those taken back, the newest first.

    The errors are those of `upgrade`.
    """
    from alembic import command

    if not any(one.applied for one in status(root)):
        return []
    taken = _changed_by(root, lambda config: command.downgrade(config, revision), applied=False)
    return taken[::-1]


def _state(root: Path) -> tuple[list[Revision], Database]:
    with inside(root), sentences(root):
        config = configuration(root)
        database = look(config)
        return _revisions(scripts(config), database.heads), database


def _revisions(script: ScriptDirectory, current: tuple[str, ...]) -> list[Revision]:
    there = applied_to(script, current)
    newest_first = [
        Revision(one.revision, one.doc or "", one.revision in there)
        for one in script.walk_revisions()
    ]
    return newest_first[::-1]


def _changed_by(root: Path, change: Callable[[Config], None], *, applied: bool) -> list[Revision]:
    before, database = _state(root)
    if not before:
        return []
    hint = " All there are: nitro db status"
    with inside(root), sentences(root, hint=hint, dialect=database.dialect):
        change(configuration(root))
    old = {one.id for one in before if one.applied is applied}
    return [one for one in status(root) if one.applied is applied and one.id not in old]
