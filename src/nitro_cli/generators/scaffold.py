"""The generator of a whole resource: its entity, form, table, pages, handlers and tests."""

from __future__ import annotations

from nitro_cli.generators.resource import Asked, Manifest, plan_resource, read_spec
from nitro_cli.plan.plan import Plan
from nitro_cli.project import Project

MANIFEST: Manifest = (
    ("shared/resource/__init__.py.jinja", "{package}/{folder}/__init__.py"),
    ("shared/resource/entity.py.jinja", "{package}/{folder}/entity.py"),
    ("shared/resource/views.py.jinja", "{package}/{folder}/views.py"),
    ("shared/resource/routes.py.jinja", "{package}/{folder}/routes.py"),
    ("shared/resource/handlers.py.jinja", "{package}/{folder}/handlers.py"),
    ("shared/resource/test.py.jinja", "tests/test_{folder}.py"),
)


def plan_scaffold(project: Project, asked: Asked) -> Plan:
    """Returns the plan of a resource with its pages.

    An entity that was generated alone gets the rest; its fields need not be typed again.

    Raises:
        UsageError: The words are wrong.
    """
    return plan_resource(project, read_spec(project, asked), "scaffold", MANIFEST)
