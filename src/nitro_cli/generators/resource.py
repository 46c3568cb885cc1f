"""What the generators of one resource share: checks against the project, and rendering."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nitro_cli.generators.code import entity_view
from nitro_cli.generators.migration import Revision, next_revision, read_revision
from nitro_cli.generators.model import EntityView
from nitro_cli.generators.project import framework_values, project_view
from nitro_cli.grammar import names
from nitro_cli.grammar.parser import read_entity
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.plan.edits import RegisterResource
from nitro_cli.plan.memory import read_record
from nitro_cli.plan.plan import Create, Inject, Plan
from nitro_cli.project import Project
from nitro_cli.rendering import Renderer
from nitro_runtime.errors import UsageError, suggestion
from nitro_runtime.naming import pascal_case, snake_case

Manifest = tuple[tuple[str, str], ...]

MIGRATION = "shared/resource/migration.py.jinja"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked a generator of a resource for.

    Attributes:
        name: The entity's name as typed.
        fields: One argument each; none to go on with an entity that exists.
        plural: What ``--plural`` gave, or None.
    """

    name: str
    fields: tuple[str, ...]
    plural: str | None = None


def read_spec(project: Project, asked: Asked) -> EntitySpec:
    """Returns the entity that was asked for, checked against the project.

    Raises:
        UsageError: Something is wrong; every problem is in it.
    """
    remembered = _remembered(project, asked)
    if remembered is not None and not asked.fields:
        return remembered
    spec, problems = read_entity(asked.name, asked.fields, asked.plural)
    if not asked.fields:
        sentence = f"An entity needs a field at least: {asked.name} name:str."
        problems.append(Problem("no-fields", sentence, asked.name))
    if spec is not None:
        problems += _clashes(project, spec, asked) + _unknown_targets(project, spec, asked)
    if spec is None or problems:
        raise BadWords(problems)
    if remembered is not None and not _same(spec, remembered):
        raise UsageError(_changed_fields(remembered, spec))
    return spec


def _remembered(project: Project, asked: Asked) -> EntitySpec | None:
    if names.check_entity(asked.name, plural="given"):
        return None
    record = read_record(project.root, snake_case(pascal_case(asked.name)))
    return EntitySpec.from_json(record["spec"]) if record else None


def _same(one: EntitySpec, other: EntitySpec) -> bool:
    return one.name == other.name and one.fields == other.fields


def _changed_fields(old: EntitySpec, new: EntitySpec) -> str:
    before, after = [str(field) for field in old.fields], [str(field) for field in new.fields]
    changed = [text for text in after if text not in before]
    gone = [text for text in before if text not in after]
    parts = [f"new: {' '.join(changed)}"] if changed else []
    parts += [f"no longer there: {' '.join(gone)}"] if gone else []
    return (
        f"{old.name} exists with other fields ({'; '.join(parts) or 'in another order'}). Changing "
        f"fields comes later; edit {old.package}/entity.py, then write the migration with: "
        'alembic revision --autogenerate -m "Change it"'
    )


def _clashes(project: Project, spec: EntitySpec, asked: Asked) -> list[Problem]:
    known = project.entities()
    problems = names.check_known(spec.name, spec.package, asked.name, known)
    folder = known.get(spec.name)
    taken = project.package_dir / spec.package
    if problems or (folder == spec.package and _has_memory(project, spec)):
        return problems
    if folder is not None:
        sentence = f"There is an entity {spec.name} already, in {project.package}/{folder}."
        return [Problem("entity-clash", sentence, asked.name)]
    if spec.package == project.package or (taken.exists() and not _has_memory(project, spec)):
        sentence = (
            f"Its folder {project.package}/{spec.package} is there already; "
            f"choose another: --plural {spec.package}_list."
        )
        return [Problem("folder-clash", sentence, asked.name)]
    return []


def _has_memory(project: Project, spec: EntitySpec) -> bool:
    return bool(read_record(project.root, spec.table))


def _unknown_targets(project: Project, spec: EntitySpec, asked: Asked) -> list[Problem]:
    known = project.entities()
    problems: list[Problem] = []
    for field in spec.fields:
        target = field.params[0] if field.type == "ref" else spec.name
        if target != spec.name and target not in known:
            hint = suggestion(target, known)
            sentence = (
                f"There is no entity {target} yet.{hint} Make it first: "
                f"nitro generate scaffold {target} name:str"
            )
            text = _typed(asked, field)
            start = max(text.find(target), 0)
            found = len(target) if target in text else 0
            problems.append(Problem("unknown-entity", sentence, text, start, found))
    return problems


def _typed(asked: Asked, field: FieldSpec) -> str:
    """Returns the argument that a field was read from; a reference may have been typed with _id."""
    found = {re.split("[:=]", text)[0].removesuffix("_id"): text for text in asked.fields}
    return found.get(field.name.removesuffix("_id"), "")


# -- the plan -------------------------------------------------------------------------------------


def plan_resource(project: Project, spec: EntitySpec, generator: str, manifest: Manifest) -> Plan:
    """Returns the plan of a resource.

    Args:
        project: The project that gets it.
        spec: The entity, checked.
        generator: ``entity`` or ``scaffold``; only a scaffold has pages.
        manifest: Pairs of template and destination; ``{package}`` and ``{folder}`` are filled.
    """
    pages = generator == "scaffold"
    view = entity_view(spec, project.package, project.entities())
    revision, written = _revision(project, spec)
    renderer = _renderer(project, view, revision, pages=pages)
    places = {"package": project.package, "folder": spec.package}
    files = [Create(t.format(**places), renderer.render(source)) for source, t in manifest]
    if not written:  # a migration that was written is history
        files.append(Create(revision.path, renderer.render(MIGRATION)))
    url = f"/{spec.slug}" if pages else None
    line = RegisterResource(spec.plural, url, f"{project.package}.{spec.package}")
    return Plan(
        resource=spec.table,
        generator=generator,
        actions=(*files, Inject(f"{project.package}/registry.py", line)),
        record={"spec": spec.to_json(), "migration": revision.path},
        next_steps=_next_steps(url),
    )


def _next_steps(url: str | None) -> tuple[str, ...]:
    steps = ("nitro db upgrade", "nitro dev")
    return (*steps, f"then open http://127.0.0.1:8000{url}") if url else steps[:1]


def _revision(project: Project, spec: EntitySpec) -> tuple[Revision, bool]:
    """Returns the migration of an entity, and whether it is written already."""
    record = read_record(project.root, spec.table)
    existing = read_revision(project.root, str(record.get("migration", "")))
    if existing is not None:
        return existing, True
    return next_revision(project.root, f"create_{spec.table}"), False


def _renderer(project: Project, view: EntityView, revision: Revision, *, pages: bool) -> Renderer:
    values: Mapping[str, object] = {
        "project": project_view(project.name, project.package, project.framework, ""),
        "framework": framework_values(project.framework, project.package),
        "entity": view,
        "migration": _migration_values(revision),
        "pages": pages,
    }
    return Renderer(project.framework, project.root, values)


def _migration_values(revision: Revision) -> Mapping[str, str]:
    down = "None" if revision.down is None else f'"{revision.down}"'
    return {"revision": revision.id, "down_revision": down}


def asked(name: str, fields: Sequence[str], plural: str | None) -> Asked:
    """Returns the words of a command as one value."""
    return Asked(name, tuple(fields), plural)
