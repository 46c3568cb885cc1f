"""Checks an entity that was typed against the project that gets it."""

from __future__ import annotations

import re

from nitro_cli.generators.subject import Subject, check_sources, find
from nitro_cli.generators.words import Words
from nitro_cli.grammar import names
from nitro_cli.grammar.parser import read_entity
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.grammar.relations import is_relation, link_clashes
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.grammar.values import check_form
from nitro_cli.plan.memory import read_record
from nitro_cli.project import Project
from nitro_runtime.errors import UsageError, suggestion


def wanted(project: Project, words: Words, *, pages: bool) -> Subject:
    """Returns the entity that a generator is asked to make, or to go on with.

    Args:
        project: The project.
        words: Its name, and its fields when it is new.
        pages: Whether it gets pages.

    Raises:
        UsageError: Something is wrong; every problem is in it.
    """
    nameable = not names.check_entity(words.name, plural="given")
    known = find(project, words.name) if nameable else None
    if known is None or words.rest:
        spec = _typed_entity(project, words, known)
        if pages and (problems := check_form(words.name, spec.fields)):
            raise BadWords(problems)
        known = known or Subject(project, spec, spec, None, {}, pages)
    return known.with_pages() if pages else known


def _typed_entity(project: Project, words: Words, known: Subject | None) -> EntitySpec:
    spec, problems = read_entity(words.name, words.rest, _plural(words))
    if not words.rest:
        sentence = f"An entity needs a field at least: {words.name} name:str."
        problems.append(Problem("no-fields", sentence, words.name))
    if spec is not None:
        problems += _clashes(project, spec, words) + _unknown_targets(project, spec, words)
        problems += link_clashes(spec, project.entities(), words.rest)
    if spec is None or problems:
        check_sources(project)  # an entity that cannot be read may be what is missed
        raise BadWords(problems)
    if known is not None and not any(_same(spec, k) for k in (known.written, known.spec) if k):
        raise UsageError(_changed_fields(project, known.written or known.spec, spec))
    return spec


def _plural(words: Words) -> str | None:
    return words.options.get("plural")


def _same(one: EntitySpec, other: EntitySpec) -> bool:
    return one.name == other.name and one.fields == other.fields


def _changed_fields(project: Project, old: EntitySpec, new: EntitySpec) -> str:
    before, after = [str(field) for field in old.fields], [str(field) for field in new.fields]
    changed = [text for text in after if text not in before]
    gone = [text for text in before if text not in after]
    parts = [f"new: {' '.join(changed)}"] if changed else []
    parts += [f"no longer there: {' '.join(gone)}"] if gone else []
    path = project.placed(f"{project.package}/{old.package}/entity.py")
    return (
        f"{old.name} exists with other fields ({'; '.join(parts) or 'in another order'}). To change "
        f"them, edit {path}, then write the migration with: "
        f'alembic revision --autogenerate -m "Change {old.table}"'
    )


def _clashes(project: Project, spec: EntitySpec, words: Words) -> list[Problem]:
    known = project.entities()
    problems = names.check_known(spec.name, spec.package, words.name, known)
    folder = known.get(spec.name)
    taken = project.package_dir / spec.package
    if problems or (folder == spec.package and _has_memory(project, spec)):
        return problems
    if folder is not None:
        sentence = f"There is an entity {spec.name} already, in {project.package}/{folder}."
        return [Problem("entity-clash", sentence, words.name)]
    if spec.package == project.package or (taken.exists() and not _has_memory(project, spec)):
        sentence = (
            f"Its folder {project.package}/{spec.package} is there already; "
            f"choose another: --plural {spec.package}_list."
        )
        return [Problem("folder-clash", sentence, words.name)]
    return []


def _has_memory(project: Project, spec: EntitySpec) -> bool:
    return bool(read_record(project.root, spec.table))


def _unknown_targets(project: Project, spec: EntitySpec, words: Words) -> list[Problem]:
    known = project.entities()
    problems: list[Problem] = []
    for field in spec.fields:
        target = field.params[0] if is_relation(field) else spec.name
        if target != spec.name and target not in known:
            hint = suggestion(target, known)
            sentence = (
                f"There is no entity {target} yet.{hint} Make it first: "
                f"nitro generate scaffold {target} name:str"
            )
            text = _typed(words, field)
            start = max(text.find(target), 0)
            found = len(target) if target in text else 0
            problems.append(Problem("unknown-entity", sentence, text, start, found))
    return problems


def _typed(words: Words, field: FieldSpec) -> str:
    """Returns the argument that a field was read from; a reference may have been typed with _id."""
    found = {re.split("[:=]", text)[0].removesuffix("_id"): text for text in words.rest}
    return found.get(field.name.removesuffix("_id"), "")
