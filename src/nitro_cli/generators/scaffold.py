"""The generator of a whole resource: the entity, its views, its pages and a handler, in one plan."""

from __future__ import annotations

from nitro_cli.generators.entity import plan_entity
from nitro_cli.generators.handler import plan_first_handler
from nitro_cli.generators.resource import wanted
from nitro_cli.generators.routes import plan_routes
from nitro_cli.generators.views import PARTS, plan_view
from nitro_cli.generators.words import Words
from nitro_cli.plan.plan import Plan, compose
from nitro_cli.project import Project


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of a resource with its pages, made of the plans of its parts.

    An entity that is there already gets the rest; its fields need not be typed again.

    Raises:
        UsageError: The words are wrong.
    """
    subject = wanted(project, words, pages=True)
    address = f"then open http://127.0.0.1:8000/{subject.spec.slug}"
    steps = (*subject.notes(), "nitro db upgrade", "nitro dev", address)
    return compose(
        subject.plan("scaffold", (), steps),
        plan_entity(subject),
        *(plan_view(kind, subject) for kind in PARTS),
        plan_routes(subject),
        plan_first_handler(subject),
    )
