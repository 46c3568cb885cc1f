"""The generator of an entity without pages: `nitro generate entity Product name:str price:float`."""

from __future__ import annotations

from nitro_cli.generators.migration import Revision, next_revision, read_revision
from nitro_cli.generators.relations import reverse_sides
from nitro_cli.generators.resource import wanted
from nitro_cli.generators.subject import Subject
from nitro_cli.generators.words import Words
from nitro_cli.plan.plan import Action, Inject, Plan
from nitro_cli.project import Project

TEMPLATES = ("__init__", "entity", "entity_test", "migration")


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of an entity, its migration and its tests.

    Raises:
        UsageError: The words are wrong.
    """
    return plan_entity(wanted(project, words, pages=False))


def plan_entity(subject: Subject) -> Plan:
    """Returns the plan of an entity; the tests of its pages, when it has any, are tests enough.

    Of an entity that was written by hand nothing but its line in the registry is missing.
    """
    written = subject.written
    record: dict[str, object] = {}
    actions: list[Action] = []
    if written is not None:
        first = Subject(subject.project, written, written, None, subject.record, subject.pages)
        revision, is_written = _revision(first)
        actions += [
            first.merge(first.path("__init__.py"), "__init__"),
            first.create(first.path("entity.py"), "entity"),
        ]
        if not subject.pages:
            actions.append(first.create(f"tests/test_{written.package}.py", "entity_test"))
        if not is_written:  # a migration that was written is history
            values = _migration_values(revision)
            actions.append(first.create(revision.path, "migration", migration=values))
        record = {"spec": written.to_json(), "migration": revision.path}
    actions += [subject.registered(), *_other_sides(subject)]
    return subject.plan("entity", actions, ("nitro db upgrade",), record)


def _other_sides(subject: Subject) -> tuple[Inject, ...]:
    known = subject.project.entities()
    return reverse_sides(subject.spec, subject.project.package, known)


def _revision(subject: Subject) -> tuple[Revision, bool]:
    """Returns the migration of an entity, and whether it is written already."""
    root = subject.project.root
    existing = read_revision(root, str(subject.record.get("migration", "")))
    if existing is not None:
        return existing, True
    return next_revision(root, f"create_{subject.spec.table}"), False


def _migration_values(revision: Revision) -> dict[str, str]:
    down = "None" if revision.down is None else f'"{revision.down}"'
    return {"revision": revision.id, "down_revision": down}
