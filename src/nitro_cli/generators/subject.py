"""The entity that a generator works on, as it is now: its class, what is remembered, its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from nitro_cli.generators.code import entity_view
from nitro_cli.generators.model import EntityView
from nitro_cli.generators.project import framework_values, project_view
from nitro_cli.generators.reading import Found, read_class
from nitro_cli.generators.words import Words
from nitro_cli.grammar import names
from nitro_cli.grammar.problems import BadWords
from nitro_cli.grammar.spec import EntitySpec
from nitro_cli.plan.edits import RegisterResource
from nitro_cli.plan.memory import fingerprint, read_record
from nitro_cli.plan.plan import Action, Create, Inject, Merge, Plan
from nitro_cli.plan.texts import parse_python, plain
from nitro_cli.project import Project
from nitro_cli.rendering import Renderer
from nitro_runtime.errors import UsageError, suggestion
from nitro_runtime.naming import pascal_case, snake_case

PAGE_TEMPLATES = ("index.html", "show.html", "form.html")
"""The templates of the pages of an entity."""

WHOLE = ("entity", "scaffold")
"""The generators that a resource is known by, the greater one last."""


@dataclass(frozen=True)
class Subject:
    """An entity with what is around it.

    Attributes:
        project: Its project.
        spec: What it is now.
        written: What its class was rendered from, or None when it was written by hand.
        found: What was read from its class, or None when that is as it was generated.
        record: What is remembered of the resource.
        pages: Whether it has pages, now or when the command is done.
    """

    project: Project
    spec: EntitySpec
    written: EntitySpec | None
    found: Found | None
    record: Mapping[str, Any]
    pages: bool

    @cached_property
    def entity(self) -> EntityView:
        """What templates see of it."""
        view = entity_view(self.spec, self.project.package, self.project.entities())
        return view if self.found is None else _with_own_enums(view, self.found.enums)

    @cached_property
    def _renderer(self) -> Renderer:
        return project_renderer(self.project, {"entity": self.entity})

    def with_pages(self) -> Subject:
        """Returns the same, with pages."""
        return replace(self, pages=True)

    def path(self, name: str) -> str:
        """Returns the path of a file of the resource: ``shop/products/views.py``."""
        return self.project.placed(f"{self.project.package}/{self.spec.package}/{name}")

    def test_path(self, what: str) -> str:
        """Returns the path of a file of tests: ``tests/test_product_views.py``."""
        return f"tests/test_{self.spec.table}_{what}.py"

    def render(self, name: str, **values: object) -> str:
        """Returns the text of a template of resources: ``routes``."""
        return self._renderer.render(f"shared/resource/{name}.py.jinja", values)

    def templates(self) -> list[Action]:
        """Returns the Jinja2 templates of its pages, where pages are written so."""
        if views_of(self.project) != "jinja":
            return []
        return [
            Create(
                self.project.placed(f"{self.project.package}/templates/{self.spec.package}/{name}"),
                self._renderer.render(f"shared/resource/{name}.jinja"),
            )
            for name in PAGE_TEMPLATES
        ]

    def create(self, path: str, name: str, **values: object) -> Create:
        """Returns a file made whole from a template."""
        return Create(path, self.render(name, **values))

    def merge(self, path: str, name: str, **values: object) -> Merge:
        """Returns a module that others write into too, made from a template."""
        return Merge(path, self.render(name, **values))

    def registered(self) -> Inject:
        """Returns the edit that gives the resource its line in the registry, with its address."""
        package = f"{self.project.package}.{self.spec.package}"
        url = f"/{self.spec.slug}" if self.pages else None
        line = RegisterResource(self.spec.plural, url, package)
        return Inject(f"{self.project.package}/registry.py", line)

    def plan(
        self,
        generator: str,
        actions: Sequence[Action],
        next_steps: Sequence[str] = (),
        record: Mapping[str, Any] | None = None,
    ) -> Plan:
        """Returns the plan of a generator for this resource, with what is remembered of it."""
        known = str(self.record.get("generator", ""))
        kept: dict[str, Any] = dict(record or {})
        if generator not in WHOLE:
            kept["generator"] = known or generator
            also = {*self.record.get("generators", ()), generator}
            kept |= (
                {} if known == WHOLE[-1] and generator in _PARTS else {"generators": sorted(also)}
            )
        elif known == WHOLE[-1]:
            kept["generator"] = known
        if self.written is None:
            kept["spec"] = self.spec.to_json()
        return Plan(self.spec.table, generator, tuple(actions), kept, tuple(next_steps))

    def check_complete(self, what: str) -> None:
        """Makes sure that nothing is missing that a form must ask for.

        Raises:
            UsageError: The class has required fields that the grammar cannot say.
        """
        if self.found is not None and self.found.needed:
            missing = ", ".join(
                f for f in self.found.left_out if f.split(":")[0] in self.found.needed
            )
            raise UsageError(
                f"{self.path('entity.py')}: no {what} can be written for the required {missing}. "
                "Give it a default or a type that `nitro generate entity --help` lists, "
                f"or write the {what} by hand."
            )

    def notes(self) -> tuple[str, ...]:
        """Returns what to tell about fields that were left out."""
        if self.found is None or not self.found.left_out:
            return ()
        fields = ", ".join(self.found.left_out)
        return (f"add by hand what was left out, its types being your own: {fields}",)


_PARTS = frozenset({"form", "table", "routes"})
"""The generators that a scaffold is made of, besides its entity and one handler."""


def views_of(project: Project) -> str:
    """Returns how a project's pages are written: ``tags`` or ``jinja``."""
    return project.options.get("views", "tags")


def project_renderer(project: Project, values: Mapping[str, object]) -> Renderer:
    """Returns what renders templates for a project, its own ones first."""
    shared = {
        "project": project_view(
            project.name, project.package, project.framework, "", views_of(project)
        ),
        "framework": framework_values(project.framework, project.package),
        **values,
    }
    return Renderer(project.framework, project.root, shared)


def _with_own_enums(view: EntityView, enums: Mapping[str, str]) -> EntityView:
    """Calls the enums as the class does."""
    if not enums:
        return view
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, enums))})\b")

    def renamed(text: str) -> str:
        return pattern.sub(lambda match: enums[match[1]], text)

    fields = tuple(
        replace(f, form_field=renamed(f.form_field) if f.form_field else f.form_field)
        for f in view.fields
    )
    own = tuple(replace(e, class_name=renamed(e.class_name)) for e in view.enums)
    imports = tuple(map(renamed, view.view_imports))
    return replace(view, fields=fields, enums=own, view_imports=imports)


# -- finding it -----------------------------------------------------------------------------------


def existing(project: Project, words: Words) -> Subject:
    """Returns the entity that a generator is asked to work on.

    Raises:
        UsageError: There is none of this name, or its source cannot be read.
    """
    problems = names.check_entity(words.name, plural="given")
    if problems:
        raise BadWords(problems)
    subject = find(project, words.name)
    if subject is None:
        known = project.entities()
        check_sources(project)
        name = pascal_case(words.name)
        raise UsageError(
            f"There is no entity {name}.{suggestion(name, known)} Make it first: "
            f"nitro generate entity {name} name:str"
        )
    return subject


def find(project: Project, typed: str) -> Subject | None:
    """Returns an entity of the project by its name as typed, or None when there is none.

    Raises:
        UsageError: Its source cannot be read.
    """
    known = project.entities()
    name = typed if typed in known else pascal_case(typed)
    record = read_record(project.root, snake_case(name))
    folder = known.get(name)
    if folder is None:
        return _from_memory(project, record) if record else None
    path = project.placed(f"{project.package}/{folder}/entity.py")
    text = plain(project.read(path) or "")
    hashed = record.get("files", {}).get(path)
    written = EntitySpec.from_json(record["spec"]) if record and hashed else None
    pages = has_pages(project, folder)
    if written is not None and hashed == fingerprint(text):
        return Subject(project, written, written, None, record, pages)
    found = read_class(path, text, name, written, known)
    return Subject(project, found.spec, written, found, record, pages)


def _from_memory(project: Project, record: Mapping[str, Any]) -> Subject | None:
    """Returns an entity whose source was deleted, or is not where it was written."""
    spec = EntitySpec.from_json(record["spec"])
    path = project.placed(f"{project.package}/{spec.package}/entity.py")
    text = project.read(path)
    if text is not None:
        parse_python(path, plain(text))  # if it cannot be read, that is what is wrong
    return Subject(project, spec, spec, None, record, has_pages(project, spec.package))


def has_pages(project: Project, folder: str) -> bool:
    """Whether a resource has pages."""
    return (project.package_dir / folder / "routes.py").is_file()


def check_sources(project: Project) -> None:
    """Makes sure that every entity of the project can be read.

    Raises:
        UsageError: One cannot; the sentence names it.
    """
    for source in sorted(project.package_dir.glob("*/entity.py")):
        path = source.relative_to(project.root).as_posix()
        parse_python(path, plain(project.read(path) or ""))
