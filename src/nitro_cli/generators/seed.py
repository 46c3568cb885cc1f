"""The generator of example rows: `nitro generate seed Product`."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nitro_cli.generators.fields import attribute, enum_name
from nitro_cli.generators.model import RelationView
from nitro_cli.generators.subject import Subject, existing
from nitro_cli.generators.words import Words
from nitro_cli.grammar.names import variable_name
from nitro_cli.grammar.parser import member_name
from nitro_cli.grammar.spec import FieldSpec
from nitro_cli.grammar.types import TYPES
from nitro_cli.grammar.values import bounds, may_be_left_out
from nitro_cli.plan.plan import Action, Edited, Inject, Plan
from nitro_cli.project import Project

ROWS = 3
"""How many rows are written out."""

_EXAMPLES = {
    "date": ("2026-01-31", "2026-02-28", "2026-03-31"),
    "time": ("09:00", "12:30", "17:45"),
    "datetime": ("2026-01-31T09:00", "2026-02-28T12:30", "2026-03-31T17:45"),
    "uuid": tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(1, ROWS + 1)),
    "email": ("ada@example.com", "grace@example.com", "hedy@example.com"),
    "url": tuple(f"https://example.com/{number}" for number in range(1, ROWS + 1)),
}


@dataclass(frozen=True, slots=True)
class SeedsAreUsed:
    """Looks whether the project's seeds.py asks the resources for their rows; that file is the user's."""

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": "seeds"}

    def apply(self, source: str) -> Edited:
        """Returns the source as it is, with what to write when it does not ask."""
        if ".seeds(" in source:
            return Edited("there", source)
        snippet = "Save there what each resource has: entity.create_many(resource.seeds(count))"
        return Edited("cannot", source, snippet)


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of an entity's own example rows, which `nitro db seed` writes.

    Raises:
        UsageError: There is no such entity, or a field of it cannot be made up.
    """
    subject = existing(project, words)
    subject.check_complete("row")
    rows = [_row(subject, number) for number in range(ROWS)]
    values = {"rows": rows, "needed": _needed(subject)}
    actions: tuple[Action, ...] = (
        subject.merge(subject.path("__init__.py"), "__init__"),
        subject.create(subject.path("seeds.py"), "seeds", **values),
        subject.create(subject.test_path("seeds"), "seeds_test", **values),
        subject.registered(),
        Inject("seeds.py", SeedsAreUsed()),
    )
    steps = (f"make the rows in {subject.path('seeds.py')} your own", "nitro db seed")
    return subject.plan("seed", actions, steps)


def _needed(subject: Subject) -> tuple[RelationView, ...]:
    """Returns the references without which there is no row, each target once."""
    required = {
        attribute(field)
        for field in subject.spec.fields
        if field.type == "ref" and not may_be_left_out(field)
    }
    relations = (f.relation for f in subject.entity.fields if f.name in required)
    return tuple({r.target: r for r in relations if r is not None}.values())


def _row(subject: Subject, number: int) -> tuple[tuple[str, str], ...]:
    """Returns one row: pairs of attribute and the source of its value."""
    found: list[tuple[str, str]] = []
    for field in subject.spec.fields:
        hidden = field.has("secret") or field.has("readonly")
        if field.type == "many" or (hidden and may_be_left_out(field)):
            continue
        if field.type != "ref":
            found.append((attribute(field), _value(subject, field, number)))
        elif not may_be_left_out(field):
            found.append((attribute(field), f"{variable_name(field.params[0])}.id"))
    return tuple(found)


def _value(subject: Subject, field: FieldSpec, number: int) -> str:
    """Returns the source of a believable value, another one for each row."""
    row = TYPES[field.type]
    if field.type == "enum":
        return _member(subject, field, field.params[number % len(field.params)])
    if field.type == "json":
        return repr(json.loads(row.example if number % 2 else row.other_example))
    if field.type == "list":
        return f"[{_plain(subject, FieldSpec(field.name, field.params[0]), number)}]"
    return _plain(subject, field, number)


def _member(subject: Subject, field: FieldSpec, word: str) -> str:
    name = enum_name(subject.spec, field)
    if subject.found is None:
        return f"{name}.{member_name(word)}"
    members = subject.found.members.get(name, {})
    return f"{subject.found.enums.get(name, name)}.{members.get(word, member_name(word))}"


def _plain(subject: Subject, field: FieldSpec, number: int) -> str:
    row = TYPES[field.type]
    if field.type in {"str", "text"}:
        return repr(_text(subject, field, number))
    if row.html == "number":
        return row.default(str(_number(subject, field, number)))
    if field.type == "bool":
        return str(number % 2 == 0)
    examples = _EXAMPLES.get(field.type, (row.example,))
    return row.default(examples[number % len(examples)])


def _text(subject: Subject, field: FieldSpec, number: int) -> str:
    from nitro_runtime.entities.samples import sample_texts

    texts = sample_texts(subject.spec.name, field.name, ROWS)
    low, high = bounds(field)
    text = texts[number % len(texts)]
    if high is not None:
        text = text[: int(high)].rstrip() or text[: int(high)]
    return text.ljust(int(low or 0), "x")


def _number(subject: Subject, field: FieldSpec, number: int) -> Decimal:
    low, high = bounds(field)
    least = low if low is not None else Decimal(1)
    most = high if high is not None else least + 60
    source = random.Random(f"{subject.spec.name}.{field.name}")  # noqa: S311 # not for secrets
    span = max(int(most - least), 0)
    steps = sorted(source.sample(range(span + 1), ROWS)) if span >= ROWS else list(range(ROWS))
    value = min(least + steps[number], most)
    if (
        field.type == "decimal"
        and (not field.params or int(field.params[1]) >= 2)
        and value + 1 <= most
    ):
        value += Decimal("0.90")
    return value
