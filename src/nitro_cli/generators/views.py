"""The generators of views: the form, the table and the card of an entity, as code in its views.py."""

from __future__ import annotations

from nitro_cli.generators.subject import Subject, existing
from nitro_cli.generators.words import Words
from nitro_cli.plan.plan import Action, Plan
from nitro_cli.project import Project

PARTS = ("form", "table")
"""The views that a resource with pages has."""


def plan_form(project: Project, words: Words) -> Plan:
    """Returns the plan of the form of an entity, one line a field.

    Raises:
        UsageError: There is no such entity, or a field of it cannot be typed into a form.
    """
    return plan_view("form", existing(project, words))


def plan_table(project: Project, words: Words) -> Plan:
    """Returns the plan of the table of an entity, one line a column.

    Raises:
        UsageError: There is no such entity.
    """
    return plan_view("table", existing(project, words))


def plan_card(project: Project, words: Words) -> Plan:
    """Returns the plan of the card of an entity, one line a fact.

    Raises:
        UsageError: There is no such entity.
    """
    return plan_view("card", existing(project, words))


def plan_view(kind: str, subject: Subject) -> Plan:
    """Returns the plan of one view: ``form``, ``table`` or ``card``.

    The tests of a resource's pages try its form and its table; a view alone gets its own test.
    """
    if kind == "form":
        subject.check_complete("form")
    actions: list[Action] = [
        subject.merge(subject.path("__init__.py"), "__init__"),
        subject.merge(subject.path("views.py"), kind),
    ]
    if not (subject.pages and kind in PARTS):
        actions.append(subject.merge(subject.test_path("views"), f"{kind}_test"))
    name = f"{subject.spec.name}{kind.capitalize()}"
    module = f"{subject.project.package}.{subject.spec.package}.views"
    steps = [*subject.notes(), f"from {module} import {name}"]
    if kind == "card" and subject.pages:
        shown = f"{name}({subject.entity.variable})"
        steps.append(f"show it in {subject.path('routes.py')}: {shown} for Card.from_entity(...)")
    return subject.plan(kind, actions, steps)
