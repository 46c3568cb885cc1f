"""The generator of the pages of an entity: its list, and a page to see, make, change and delete one."""

from __future__ import annotations

from nitro_cli.generators.addresses import check_address
from nitro_cli.generators.subject import Subject, existing
from nitro_cli.generators.views import PARTS, plan_view
from nitro_cli.generators.words import Words
from nitro_cli.plan.plan import Plan, compose
from nitro_cli.project import Project


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of an entity's pages, with the form and the table that they show.

    Raises:
        UsageError: There is no such entity, or a field of it cannot be typed into a form.
    """
    subject = existing(project, words).with_pages()
    views = [plan_view(kind, subject) for kind in PARTS]
    steps = ("nitro dev", f"then open http://127.0.0.1:8000/{subject.spec.slug}")
    return compose(
        subject.plan("routes", (), (*subject.notes(), *steps)), *views, plan_routes(subject)
    )


def plan_routes(subject: Subject) -> Plan:
    """Returns the plan of the pages alone: routes.py, its tests, the address in the registry.

    Raises:
        UsageError: The address belongs to another page.
    """
    package = f"{subject.project.package}.{subject.spec.package}"
    check_address(subject.project, subject.spec.slug, package)
    actions = (
        subject.create(subject.path("routes.py"), "routes"),
        *subject.templates(),
        subject.merge(f"tests/test_{subject.spec.package}.py", "test"),
        subject.registered(),
    )
    return subject.plan("routes", actions)
