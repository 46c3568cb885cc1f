"""Gives a project or an app that has none a folder of migrations."""

from __future__ import annotations

from pathlib import Path

from nitro_cli.adopting.migrations import ADOPTED, migration_files
from nitro_cli.adopting.support import renderer_of, settings_module
from nitro_cli.frameworks import find_framework, known_frameworks
from nitro_cli.plan.memory import PROJECT, read_record
from nitro_cli.plan.plan import Create
from nitro_cli.project import load_project
from nitro_cli.rendering import Renderer

_OWN = "shared/project/migrations/env.py.jinja"


def missing_files(root: Path) -> list[Create]:
    """Returns the files that an app lacks to have migrations; none when it has an environment.

    Args:
        root: The folder of a project that has Nitro, or of any app whose entities it finds.

    Raises:
        UsageError: The description of the project cannot be read.
    """
    record = read_record(root, PROJECT)
    if record.get("framework") not in known_frameworks(root):
        # These templates say nothing of a framework, so any will do.
        anybody = Renderer(find_framework(known_frameworks()[0]), None, {})
        return list(migration_files(root, anybody))
    project = load_project(root)
    adopted = "app" in project.options
    return list(
        migration_files(
            root,
            renderer_of(project),
            settings_module(project) if adopted else "",
            environment=ADOPTED if adopted else _OWN,
        )
    )
