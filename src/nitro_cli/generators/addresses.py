"""Whether an address of the app is free."""

from __future__ import annotations

from nitro_cli.plan.edits import registered
from nitro_cli.plan.texts import plain
from nitro_cli.project import Project
from nitro_runtime.errors import UsageError


def check_address(project: Project, slug: str, package: str) -> None:
    """Makes sure that no other page or resource has, or may get, an address.

    Args:
        project: The project.
        slug: The address without its slash: ``about``.
        package: The dotted name of the package or module that wants it.

    Raises:
        UsageError: Another one has it.
    """
    path = f"{project.package}/registry.py"
    resource = f"{project.package}.{slug.replace('-', '_')}"
    for entry in registered(plain(project.read(path) or "")):
        if entry.package != package and (entry.url == f"/{slug}" or entry.package == resource):
            raise UsageError(
                f"The address /{slug} belongs to {entry.package}, as {path} says; "
                "choose another name."
            )
