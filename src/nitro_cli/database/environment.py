"""Runs a project's Alembic environment, and says in one sentence what goes wrong in it."""

from __future__ import annotations

import io
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from nitro_runtime.errors import NitroError, UsageError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

FOLDER = "migrations"
ENVIRONMENT = f"{FOLDER}/env.py"


class DatabaseFailed(NitroError):
    """The database could not be reached, or refused what a migration asked of it."""


@dataclass(slots=True)
class Database:
    """What is known of the database that migrations run on.

    Attributes:
        heads: The revisions at which it stands.
        dialect: ``sqlite``, ``postgresql`` or ``mysql``; empty until it was reached.
    """

    heads: tuple[str, ...] = ()
    dialect: str = ""


def find_root(start: Path) -> Path:
    """Returns the folder of the project that a folder is in, or of the app with migrations.

    Raises:
        UsageError: There is neither here or above.
    """
    from nitro_cli.project import folder_above

    found = folder_above(start)
    if found is not None:
        return found
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / ENVIRONMENT).is_file():
            return folder
    raise UsageError(
        "There are neither a Nitro project nor migrations here or above. Go into a project, or add "
        "migrations to the app in this folder with: nitro db init"
    )


def configuration(root: Path) -> Config:
    """Returns Alembic's configuration for the migrations of a project.

    Raises:
        UsageError: It has none.
    """
    from alembic.config import Config

    if not (root / ENVIRONMENT).is_file():
        raise UsageError(f"There is no {ENVIRONMENT} in {root}; write it with: nitro db init")
    config = Config(stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
    # Alembic reads % in an option as the start of a reference.
    config.set_main_option("script_location", str(root / FOLDER).replace("%", "%%"))
    return config


def scripts(config: Config) -> ScriptDirectory:
    """Returns the migrations of a project."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def look(config: Config, see: Callable[[MigrationContext], None] | None = None) -> Database:
    """Looks at the database, without changing anything in it unless the function does.

    Args:
        config: The configuration.
        see: Is given Alembic's context, with the connection in it.
    """
    from alembic.runtime.environment import EnvironmentContext

    found = Database()

    def seen(heads: str | tuple[str, ...], context: MigrationContext) -> list[Any]:
        found.heads = (heads,) if isinstance(heads, str) else tuple(heads)
        found.dialect = context.dialect.name
        if see is not None:
            see(context)
        return []

    script = scripts(config)
    with EnvironmentContext(config, script, fn=seen, dont_mutate=True):
        script.run_env()
    return found


def applied(script: ScriptDirectory, heads: tuple[str, ...]) -> set[str]:
    """Returns the migrations that a database has which stands at some.

    Raises:
        UsageError: The project lacks one of them.
    """
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    if not heads:
        return set()
    try:
        return {one.revision for one in script.iterate_revisions(heads, "base")}
    except (CommandError, RevisionError) as problem:
        raise UsageError(
            f"The database stands at the migration {' and '.join(heads)}, which is not in "
            f"{FOLDER}/versions; get it from where it was written, or lose all rows with: "
            "nitro db reset"
        ) from problem


# -- what goes wrong ------------------------------------------------------------------------------


_NOT_TAKEN_BACK = (
    " This database takes no change of a table back: what the migration did before that stands. "
    "Undo it by hand, or lose all rows with: nitro db reset"
)


@contextmanager
def sentences(root: Path, *, hint: str = "", dialect: str = "") -> Generator[None]:
    """Turns what Alembic, the database and the user's files raise into errors that are one sentence.

    Args:
        root: The project's folder.
        hint: What to do when Alembic complains.
        dialect: The database that is changed in the block; empty when none is.
    """
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except NitroError:
        raise
    except CommandError as problem:
        raise UsageError(f"Alembic: {problem}.{hint}") from problem
    except DBAPIError as problem:
        sentence = _reason(problem.statement, str(problem.orig))
        kept = _NOT_TAKEN_BACK if dialect == "mysql" and problem.statement else ""
        raise DatabaseFailed(f"{sentence}{kept}") from problem
    except Exception as problem:
        place = _place(problem, root)
        if place is None:  # not in the user's files: a bug
            raise
        kept = _NOT_TAKEN_BACK if dialect == "mysql" else ""
        reason = getattr(problem, "msg", None) or problem
        raise DatabaseFailed(f"{place}: {type(problem).__name__}: {reason}.{kept}") from problem


def _reason(statement: str | None, reason: str) -> str:
    reason = " ".join(reason.split())
    if statement is None:  # it failed before there was anything to execute
        return f"The database cannot be reached ({reason}); check NITRO_DATABASE_URL"
    return f"The database refused this: {' '.join(statement.split())[:200]} ({reason})."


def _place(problem: Exception, root: Path) -> str | None:
    """Returns the user's file and line in which something went wrong, the innermost one."""
    places = [(frame.filename, frame.lineno) for frame in extract_tb(problem.__traceback__)]
    if isinstance(problem, SyntaxError) and problem.filename:
        places.append((problem.filename, problem.lineno))
    for file, line in reversed(places):
        path = Path(file)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return f"{path.relative_to(root)}, line {line}"
    return None


# -- where it runs --------------------------------------------------------------------------------


@contextmanager
def inside(root: Path) -> Generator[None]:
    """Runs the block as the project would run: in its folder, with its package importable."""
    before = Path.cwd()
    folders = [str(root), *_source(root)]
    os.chdir(root)
    sys.path[:0] = folders
    try:
        yield
    finally:
        for folder in folders:
            sys.path.remove(folder)
        os.chdir(before)


def _source(root: Path) -> list[str]:
    """Returns the folder that the app's modules stand in, where that is not its own."""
    source = root / "src"
    return [str(source)] if source.is_dir() and not (source / "__init__.py").exists() else []
