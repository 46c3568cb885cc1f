"""Whether the relations of one entity fit together: both their sides, and the tables between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nitro_cli.grammar.problems import Problem
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_runtime.naming import link_names, snake_case


def is_relation(field: FieldSpec) -> bool:
    """Whether a field refers to another entity, or to several."""
    return field.type in {"ref", "many"}


def targets(spec: EntitySpec) -> tuple[str, ...]:
    """Returns the class names that the entity refers to, each once, its own left out."""
    found = (field.params[0] for field in spec.fields if is_relation(field))
    return tuple(dict.fromkeys(name for name in found if name != spec.name))


def link_table(spec: EntitySpec, field: FieldSpec) -> str:
    """Returns the table between an entity and its many others: ``product_tag``."""
    return link_names(spec.table, field.name)[0]


def check_relations(spec: EntitySpec, typed: Sequence[str]) -> list[Problem]:
    """Returns what is wrong between the relations of an entity.

    Args:
        spec: The entity; each of its fields is right by itself.
        typed: The arguments as typed, for the places.
    """
    problems: list[Problem] = []
    taken = {name for field in spec.fields for name in _names(field)}
    sides: set[tuple[str, str]] = set()
    tables: set[str] = {spec.table}
    for field in filter(is_relation, spec.fields):
        text = _argument(field, typed)
        target, side = field.params[0], field.modifier("as")
        problems += _unfillable(spec, field, text)
        if side is not None:
            part = f"as.{side}"
            if target == spec.name and side in taken:
                sentence = f"{spec.name} has a field {side!r} already; call the other side else."
                problems.append(_at("duplicate-field", sentence, text, part))
            elif (target, side) in sides:
                sentence = f"Two relations would be called {side!r} in {target}; rename one."
                problems.append(_at("duplicate-field", sentence, text, part))
            sides.add((target, side))
        if field.type == "many":
            table = link_table(spec, field)
            if table in tables:
                sentence = f"Two tables would be called {table!r}; call the field differently."
                problems.append(_at("table-clash", sentence, text, field.name))
            tables.add(table)
    return problems


def link_clashes(spec: EntitySpec, known: Iterable[str], typed: Sequence[str]) -> list[Problem]:
    """Returns the tables between many and many that an entity of the project has already.

    Args:
        spec: The entity.
        known: The class names that the project has.
        typed: The arguments as typed, for the places.
    """
    tables = {snake_case(name): name for name in known}
    problems: list[Problem] = []
    for field in spec.fields:
        owner = tables.get(link_table(spec, field)) if field.type == "many" else None
        if owner is not None:
            sentence = f"Its links would be kept where {owner} is; call the field differently."
            problems.append(_at("table-clash", sentence, _argument(field, typed), field.name))
    return problems


def _names(field: FieldSpec) -> set[str]:
    return {field.name, f"{field.name}_id"} if field.type == "ref" else {field.name}


def _unfillable(spec: EntitySpec, field: FieldSpec, text: str) -> list[Problem]:
    if field.type != "ref" or field.params[0] != spec.name or field.has("opt"):
        return []
    sentence = f"The first {spec.name} would have no other to refer to: add :opt."
    return [_at("unfillable", sentence, text, field.name)]


def _argument(field: FieldSpec, typed: Sequence[str]) -> str:
    """Returns the argument that a field was read from; a reference may have been typed with _id."""
    names = _names(field)
    return next((text for text in typed if text.partition(":")[0] in names), str(field))


def _at(code: str, sentence: str, text: str, part: str) -> Problem:
    found = text.find(part)
    return Problem(code, sentence, text, max(found, 0), len(part) if found >= 0 else 0)
