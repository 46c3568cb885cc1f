"""Copies the templates of a generator into the project, where they come first: `--eject`."""

from __future__ import annotations

from nitro_cli.frameworks import BUNDLED, PROJECT_TEMPLATES
from nitro_cli.generators.table import Generator
from nitro_cli.plan.plan import Create, Plan
from nitro_cli.project import Project
from nitro_runtime.errors import UsageError

RESOURCE = "ejected-templates"
"""What the memory calls the templates that were copied."""


def plan_templates(project: Project, row: Generator) -> Plan:
    """Returns the plan of copying what a generator renders.

    Copied again they are compared, as every file: what only you changed stays.

    Raises:
        UsageError: A plugin's generator, whose templates are its own affair.
    """
    if not row.templates:
        raise UsageError(f"The generator {row.name!r} of {row.plugin} has no templates to copy.")
    actions = tuple(
        Create((PROJECT_TEMPLATES / name).as_posix(), (BUNDLED / name).read_text(encoding="utf-8"))
        for name in row.templates
    )
    steps = (f"change them; nitro generate {row.name} renders them from now on",)
    return Plan(RESOURCE, "eject", actions, next_steps=steps)
