"""Several plans as one: each is made in a copy of the project in which those before it are done.

So an entity may refer to one that the same command makes, `--dry-run` shows everything, and what is
written in the end is written at once, all or nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nitro_cli.plan.plan import Plan
from nitro_cli.plan.resolve import Change
from nitro_cli.plan.writer import apply
from nitro_cli.project import Project
from nitro_runtime.errors import ConfigurationError

LEFT_OUT = ("*.db*", "*.pyc", "__pycache__", ".git", ".venv", "venv", "node_modules", "journal")
"""What no generator reads."""

Settle = Callable[[Plan, Path], list[Change]]
"""Compares a plan with a project; nothing in what it returns is in the way any more."""


def settle_all(
    project: Project, makers: Iterable[Callable[[Project], Plan]], settle: Settle
) -> tuple[list[Plan], list[Change]]:
    """Returns the plans, and what they change together.

    Args:
        project: The project; nothing is written in it.
        makers: What makes the plans, in order.
        settle: What decides about each.

    Raises:
        ConfigurationError: The project cannot be copied.
        UsageError: The words of one are wrong.
    """
    plans: list[Plan] = []
    steps: list[list[Change]] = []
    with _copied(project) as copy:
        for make in makers:
            plan = make(copy)
            changes = settle(plan, copy.root)
            apply(changes, copy.root)
            plans.append(plan)
            steps.append(changes)
    return plans, _together(steps)


@contextmanager
def _copied(project: Project) -> Generator[Project]:
    with tempfile.TemporaryDirectory(prefix="nitro-") as folder:
        root = Path(folder) / project.root.name
        try:
            ignored = shutil.ignore_patterns(*LEFT_OUT)
            shutil.copytree(project.root, root, symlinks=True, ignore=ignored)
        except (OSError, shutil.Error) as error:
            raise ConfigurationError(
                f"Nothing was changed: the project cannot be copied to {folder}: {error}"
            ) from error
        yield replace(project, root=root)


def _together(steps: Sequence[Sequence[Change]]) -> list[Change]:
    """Returns one change a file: from what it was before the first step to what the last leaves."""
    found: dict[str, Change] = {}
    for change in (change for changes in steps for change in changes):
        first = found.get(change.path)
        if first is None or not first.writes:
            found[change.path] = change
        elif change.writes:
            found[change.path] = replace(first, new=change.new, note=first.note or change.note)
    return list(found.values())
