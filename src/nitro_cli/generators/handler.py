"""The generator of a handler: `nitro generate handler product.created notify_stock`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nitro_cli.generators.functions import check_function, function_problems
from nitro_cli.generators.migration import VERSIONS
from nitro_cli.generators.subject import Subject, find, project_renderer
from nitro_cli.generators.words import Words
from nitro_cli.grammar.problems import BadWords, Problem
from nitro_cli.plan.edits import RegisterResource
from nitro_cli.plan.plan import Action, Inject, Merge, Plan
from nitro_cli.project import Project

CHANGES = frozenset({"created", "updated", "deleted"})
"""What an entity emits by itself."""

EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class HandlerView:
    """What templates see of a handler.

    Attributes:
        event: The event, ``product.created``.
        function: The function, ``notify_stock``.
        change: What happened, when the entity itself emits the event: ``created``; else empty.
        says: The event as a part of a test's name: ``order_placed``.
        durable: Whether a worker runs it.
    """

    event: str
    function: str
    change: str
    says: str
    durable: bool = False


def plan(project: Project, words: Words) -> Plan:
    """Returns the plan of a handler, in the resource that the event is about, or of the app.

    Raises:
        UsageError: The event or the function cannot be called so.
    """
    event, function = words.name, words.rest[0] if words.rest else ""
    problems = _event_problems(event) + function_problems(function)
    if problems:
        raise BadWords(problems)
    stem, _, verb = event.rpartition(".")
    subject = find(project, stem) if stem and "." not in stem else None
    change = verb if subject is not None and verb in CHANGES else ""
    durable = "durable" in words.options
    handler = HandlerView(event, function, change, event.replace(".", "_"), durable)
    return _plan_of_app(project, handler) if subject is None else plan_handler(subject, handler)


def _event_problems(event: str) -> list[Problem]:
    if EVENT.fullmatch(event):
        return []
    sentence = "An event is small letters, digits, '_' and dots between words: product.created."
    return [Problem("bad-event", sentence, event, 0, len(event))]


def plan_handler(subject: Subject, handler: HandlerView) -> Plan:
    """Returns the plan of a handler of a resource, with its test."""
    check_function(subject.project, subject.path("handlers.py"), handler.function, handler.event)
    actions: tuple[Action, ...] = (
        subject.merge(subject.path("__init__.py"), "__init__"),
        subject.merge(subject.path("handlers.py"), "handlers", handler=handler),
        subject.merge(subject.test_path("handlers"), "handler_test", handler=handler),
        subject.registered(),
    )
    steps = _steps(subject.project, subject.path("handlers.py"), handler)
    return subject.plan("handler", actions, steps)


def plan_first_handler(subject: Subject) -> Plan:
    """Returns the plan of the handler that a scaffold shows how it is done."""
    table = subject.spec.table
    handler = HandlerView(f"{table}.created", "log_created", "created", f"{table}_created")
    merge = subject.merge(subject.path("handlers.py"), "handlers", handler=handler)
    return subject.plan("handler", (merge,))


def _plan_of_app(project: Project, handler: HandlerView) -> Plan:
    path = project.placed(f"{project.package}/handlers.py")
    check_function(project, path, handler.function, handler.event)
    render = project_renderer(project, {"handler": handler}).render
    line = RegisterResource("Handlers", None, f"{project.package}.handlers")
    actions = (
        Merge(path, render("shared/app/handlers.py.jinja")),
        Merge("tests/test_handlers.py", render("shared/app/handler_test.py.jinja")),
        Inject(f"{project.package}/registry.py", line),
    )
    return Plan("app-handlers", "handler", actions, next_steps=_steps(project, path, handler))


def _steps(project: Project, path: str, handler: HandlerView) -> tuple[str, ...]:
    said = f"say in {path} what it does"
    if not handler.durable:
        return (said,)
    if _has_outbox(project):
        return said, "nitro worker"
    return said, "nitro db revision && nitro db upgrade", "nitro worker"


def _has_outbox(project: Project) -> bool:
    """Whether a migration makes the table of jobs."""
    sources = sorted((project.root / VERSIONS).glob("*.py"))
    return any(b"nitro_outbox" in source.read_bytes() for source in sources if source.is_file())
