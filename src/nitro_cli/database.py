"""``nitro db``: a project's migrations, by Alembic, and its example data.

The project's own ``migrations/env.py`` opens the database and names the tables, so that plain
``alembic upgrade head`` does the same. Alembic is imported when a command runs, not before.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nitro_runtime.errors import NitroError, UsageError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory


class DatabaseFailed(NitroError):
    """The database could not be reached, or refused what a migration asked of it."""


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
        UsageError: The project has no folder for migrations.
        DatabaseFailed: The database cannot be reached.
    """
    with _inside(root), _sentences():
        config = _config(root)
        return _revisions(_script(config), _current(config))


def upgrade(root: Path, revision: str = "head") -> list[Revision]:
    """Applies the migrations up to a revision; returns those that it applied, in order.

    Raises:
        UsageError: There is no such revision, or no folder for migrations.
        DatabaseFailed: The database cannot be reached, or refused a migration, which is taken back.
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


def seed(root: Path, count: int) -> None:
    """Runs the ``main(count)`` of the project's ``seeds.py``.

    Raises:
        UsageError: There is no such file, or no such function in it.
        DatabaseFailed: The database cannot be reached.
    """
    path = root / "seeds.py"
    if not path.is_file():
        raise UsageError(f"There is no seeds.py in {root}; write one with a function main(count)")
    with _inside(root), _sentences():
        main = _main_of(path)
        result = main(count)
        if inspect.iscoroutine(result):
            asyncio.run(result)


def _main_of(path: Path) -> Any:  # noqa: ANN401 - whatever the user's file calls main
    specification = importlib.util.spec_from_file_location("seeds", path)
    assert specification is not None  # noqa: S101 - a path that ends in .py has a loader
    assert specification.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    main = getattr(module, "main", None)
    if not callable(main):
        raise UsageError(f"{path.name} has no function main(count)")
    return main


# -- Alembic --------------------------------------------------------------------------------------


def _config(root: Path) -> Config:
    from alembic.config import Config

    folder = root / "migrations"
    if not (folder / "env.py").is_file():
        raise UsageError(
            f"There is no migrations/env.py in {root}; a project made by `nitro new` has one"
        )
    config = Config()
    # Alembic reads % in an option as the start of a reference.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _script(config: Config) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def _current(config: Config) -> tuple[str, ...]:
    """Returns the revisions at which the database stands, without changing anything in it."""
    from alembic.runtime.environment import EnvironmentContext

    found: list[str] = []

    def look(heads: str | tuple[str, ...], _context: MigrationContext) -> list[Any]:
        found.extend([heads] if isinstance(heads, str) else heads)
        return []

    script = _script(config)
    with EnvironmentContext(config, script, fn=look, dont_mutate=True):
        script.run_env()
    return tuple(found)


def _revisions(script: ScriptDirectory, current: tuple[str, ...]) -> list[Revision]:
    applied: set[str] = set()
    if current:
        applied = {one.revision for one in script.iterate_revisions(current, "base")}
    newest_first = [
        Revision(one.revision, one.doc or "", one.revision in applied)
        for one in script.walk_revisions()
    ]
    return newest_first[::-1]


def _changed_by(root: Path, change: Callable[[Config], None], *, applied: bool) -> list[Revision]:
    before = status(root)
    if not before:
        return []
    with _inside(root), _sentences(" All there are: nitro db status"):
        change(_config(root))
    old = {one.id for one in before if one.applied is applied}
    return [one for one in status(root) if one.applied is applied and one.id not in old]


@contextmanager
def _sentences(hint: str = "") -> Generator[None]:
    """Turns what Alembic and the database say into errors that are one sentence."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except CommandError as problem:
        raise UsageError(f"Alembic: {problem}.{hint}") from problem
    except DBAPIError as problem:
        raise DatabaseFailed(_reason(problem.statement, str(problem.orig))) from problem


def _reason(statement: str | None, reason: str) -> str:
    reason = " ".join(reason.split())
    if statement is None:  # it failed before there was anything to execute
        return f"The database cannot be reached ({reason}); check NITRO_DATABASE_URL"
    return f"The database refused this: {' '.join(statement.split())[:200]} ({reason})"


@contextmanager
def _inside(root: Path) -> Generator[None]:
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
    """Returns the folder that the project's package stands in, where that is not its own."""
    from nitro_cli.project import MEMORY, PROJECT_FILE, load_project

    if not (root / MEMORY / PROJECT_FILE).is_file():
        return []
    source = load_project(root).options.get("source")
    return [str(root / source)] if source else []
