"""The generator of a command: `nitro generate command product.restock quantity:int`."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from nitro_cli.generators.code import entity_view
from nitro_cli.generators.functions import check_function, is_taken
from nitro_cli.generators.model import EnumView, FieldView
from nitro_cli.generators.subject import Subject, find, project_renderer
from nitro_cli.generators.words import Words
from nitro_cli.grammar import names
from nitro_cli.grammar.parser import read_entity
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.grammar.spec import EntitySpec, FieldSpec
from nitro_cli.grammar.types import UPLOADS
from nitro_cli.plan.edits import RegisterResource
from nitro_cli.plan.plan import Action, Inject, Merge, Plan
from nitro_cli.project import Project
from nitro_runtime.naming import pascal_case

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)*")
LONGEST = 64
"""Longest name of a command in characters, as the endpoint takes them."""

_REFUSED = frozenset({"ref", "many", "json", *UPLOADS})
"""Types that have a meaning in an entity only, or that no form can send."""

_MODIFIERS = frozenset({"opt", "min", "max"})
"""What can be said of an input."""


@dataclass(frozen=True, slots=True)
class CommandView:
    """What templates see of a command.

    Attributes:
        name: What the browser calls, ``product.restock``.
        function: The function, ``restock``.
        input_class: The class of its input, ``Restock``; empty when it takes nothing.
        lines: The lines of that class.
        imports: The import lines that they need.
        enums: The enums that they need.
        changes: Those of its fields that the entity has too.
        data: What a test sends: pairs of field and source.
    """

    name: str
    function: str
    input_class: str
    lines: tuple[str, ...]
    imports: tuple[str, ...]
    enums: tuple[EnumView, ...]
    changes: tuple[str, ...]
    data: tuple[tuple[str, str], ...]


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of a command of the entity that its name begins with, or of the app.

    Raises:
        UsageError: The command cannot be called so, or a field of its input is wrong.
    """
    problems = _name_problems(words.name)
    if problems:
        raise BadWords(problems)
    stem, _, verb = words.name.rpartition(".")
    subject = find(project, stem) if stem and "." not in stem else None
    own = verb if subject is not None else words.name.replace(".", "_")
    spec = _input(_class_name(pascal_case(own), subject), words.rest)
    view = _view(project, words.name, own, spec, subject)
    return _plan_of_app(project, view) if subject is None else _plan(subject, view)


def _name_problems(name: str) -> list[Problem]:
    if NAME.fullmatch(name) and len(name) <= LONGEST:
        return []
    sentence = (
        "A command is called by small letters, digits, '_' and dots between words, at most "
        f"{LONGEST} in all: product.restock."
    )
    return [Problem("bad-command", sentence, name, 0, len(name))]


def _class_name(wanted: str, subject: Subject | None) -> str:
    taken = subject is not None and wanted == subject.spec.name
    return f"{wanted}Input" if taken or names.check_entity(wanted, "inputs") else wanted


def _input(class_name: str, fields: tuple[str, ...]) -> EntitySpec:
    """Returns the input as the grammar reads it.

    Raises:
        BadWords: A field is wrong, or means something in an entity only.
    """
    spec, problems = read_entity(class_name, fields, "inputs")
    for field in spec.fields if spec else ():
        odd = [each.name for each in field.modifiers if each.name not in _MODIFIERS]
        if field.type in _REFUSED:
            sentence = f"A command takes plain values; {field.type!r} belongs to an entity."
            problems.append(Problem("bad-field", sentence, str(field)))
        elif odd:
            sentence = f"A command's input is not stored, so {odd[0]!r} says nothing about it."
            problems.append(Problem("bad-modifier", sentence, str(field)))
    if spec is None or problems:
        raise BadWords(problems)
    return spec


def _view(
    project: Project, name: str, own: str, spec: EntitySpec, subject: Subject | None
) -> CommandView:
    view = entity_view(spec, project.package, project.entities())
    known = {field.name for field in subject.entity.fields} if subject else set[str]()
    taken = is_taken(own) or (subject is not None and own == subject.spec.table)
    fields = list(zip(spec.fields, view.fields, strict=True))
    return CommandView(
        name=name,
        function=f"{own}_{subject.spec.table if subject else 'all'}" if taken else own,
        input_class=spec.name if subject or fields else "",
        lines=tuple(_input_line(field.declaration) for field in view.fields),
        imports=tuple(line for line in view.entity_imports if not line.startswith("from nitro ")),
        enums=view.enums,
        changes=tuple(field.name for field in view.fields if field.name in known),
        data=tuple((field.name, _value(each, field)) for each, field in fields),
    )


def _input_line(declaration: str) -> str:
    """Returns the line of an entity as one of a pydantic model, without what is about storage."""
    line = ast.parse(declaration).body[0]
    call = line.value if isinstance(line, ast.AnnAssign) else None
    if not isinstance(line, ast.AnnAssign) or not isinstance(call, ast.Call):
        return declaration
    if ast.unparse(call.func) != "Field":
        return declaration
    kept = [k for k in call.keywords if k.arg != "sa_type"]
    for keyword in kept:
        keyword.arg = "pattern" if keyword.arg == "regex" else keyword.arg
    call.keywords = kept
    line.value = call if kept else None
    if [k.arg for k in kept] == ["default"]:
        line.value = kept[0].value
    return ast.unparse(line)


def _value(spec: FieldSpec, field: FieldView) -> str:
    """Returns the source of a value that a test sends; a list has two at least."""
    if spec.type != "list":
        return field.example
    values = str(ast.literal_eval(field.example)).splitlines()
    return repr(values * 2 if len(values) == 1 else values)


def _plan(subject: Subject, command: CommandView) -> Plan:
    path = subject.path("commands.py")
    check_function(subject.project, path, command.function, command.name)
    actions: tuple[Action, ...] = (
        subject.merge(subject.path("__init__.py"), "__init__"),
        subject.merge(path, "commands", command=command),
        subject.merge(subject.test_path("commands"), "command_test", command=command),
        subject.registered(),
    )
    return subject.plan("command", actions, _steps(path, command))


def _plan_of_app(project: Project, command: CommandView) -> Plan:
    path = project.placed(f"{project.package}/commands.py")
    check_function(project, path, command.function, command.name)
    render = project_renderer(project, {"command": command}).render
    actions = (
        Merge(path, render("shared/app/commands.py.jinja")),
        Merge("tests/test_commands.py", render("shared/app/command_test.py.jinja")),
        Inject(
            f"{project.package}/registry.py",
            RegisterResource("Commands", None, f"{project.package}.commands"),
        ),
    )
    return Plan("app-commands", "command", actions, next_steps=_steps(path, command))


def _steps(path: str, command: CommandView) -> tuple[str, ...]:
    return (
        f"say in {path} what it does, and who may",
        f"pages call it at /cmds/{command.name}/<their tab>",
    )
