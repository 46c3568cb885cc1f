"""The generator of an entity without pages: `nitro generate entity Product name:str price:float`."""

from __future__ import annotations

from nitro_cli.generators.resource import Asked, Manifest, plan_resource, read_spec
from nitro_cli.plan.memory import read_record
from nitro_cli.plan.plan import Plan
from nitro_cli.project import Project
from nitro_runtime.errors import UsageError

MANIFEST: Manifest = (
    ("shared/resource/__init__.py.jinja", "{package}/{folder}/__init__.py"),
    ("shared/resource/entity.py.jinja", "{package}/{folder}/entity.py"),
    ("shared/resource/entity_test.py.jinja", "tests/test_{folder}.py"),
)


def plan_entity(project: Project, asked: Asked) -> Plan:
    """Returns the plan of an entity, its migration and its tests.

    Raises:
        UsageError: The words are wrong, or the entity has pages already.
    """
    spec = read_spec(project, asked)
    if read_record(project.root, spec.table).get("generator") == "scaffold":
        raise UsageError(f"{spec.name} has a scaffold already, and that has its entity.")
    return plan_resource(project, spec, "entity", MANIFEST)
