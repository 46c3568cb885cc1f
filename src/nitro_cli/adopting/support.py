"""What generators need and a project that was adopted lacks: made with the first that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from nitro_cli.adopting.including import IncludeRegistry
from nitro_cli.adopting.migrations import migration_files
from nitro_cli.adopting.shapes import Shape, read_shapes
from nitro_cli.generators.project import framework_values, project_view
from nitro_cli.plan.plan import Action, Create, Inject, Merge, Plan, Run
from nitro_cli.project import Project
from nitro_cli.rendering import Renderer

REGISTRY = "shared/project/registry.py.jinja"
LAYOUT = "shared/project/layout.py.jinja"
ICON = "shared/project/static/favicon.svg.jinja"
PACKAGE = "shared/project/package.py.jinja"
VERSIONS = "migrations/versions/"
DATABASE = "set NITRO_DATABASE_URL, such as sqlite:///app.db; without it nothing outlives the app"
CLIENT = "tests of pages were left out: they need a fixture `client` that sends an Origin header"
START = "start the app as you always do"


def completed(plan: Plan, project: Project) -> Plan:
    """Returns the plan of a generator with the files that an adopted project lacks for it.

    The plan for a project that `nitro new` made is returned as it is.
    """
    if "app" not in project.options:
        return plan
    return _Completion(project).of(plan)


def renderer_of(project: Project) -> Renderer:
    """Returns what renders templates for an adopted project."""
    values = {
        "project": project_view(project.name, project.package, project.framework, "", "tags"),
        "framework": framework_values(project.framework, project.package),
    }
    return Renderer(project.framework, project.root, values)


def settings_module(project: Project) -> str:
    """Returns the settings module that sets an adopted project up; empty when none does."""
    shape = _shape_of(project)
    return str(project.options["app"]) if shape is not None and shape.settings else ""


def _shape_of(project: Project) -> Shape | None:
    name = project.framework.name
    return next((s for s in read_shapes(project.root) if s.name == name), None)


class _Completion:
    """Completes a plan for one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._registry = f"{project.package}/registry.py"
        self._renderer = renderer_of(project)

    def of(self, plan: Plan) -> Plan:
        actions, steps = list(plan.actions), [_own(s) for s in plan.next_steps]
        if not self._has_client():
            kept = [action for action in actions if not _needs_client(action)]
            steps += [CLIENT] if len(kept) < len(actions) else []
            actions = kept
        if any(_path(action).startswith(VERSIONS) for action in actions):
            steps.insert(0, DATABASE)
        added = [*self._package(actions), *self._layout(actions), *self._migrations(actions)]
        actions = [self._placed(action) for action in self._with_registry([*added, *actions])]
        return replace(plan, actions=tuple(actions), next_steps=tuple(steps))

    # -- parts --------------------------------------------------------------------------------

    def _create(self, template: str, path: str) -> Create:
        # What several generators need belongs to none of them, so no resource's memory tracks it.
        return Create(path, self._renderer.render(template), tracked=False)

    def _placed(self, action: Action) -> Action:
        if isinstance(action, Run):
            return action
        return replace(action, path=self._project.placed(action.path))

    def _lacks(self, path: str) -> bool:
        return not (self._project.root / self._project.placed(path)).exists()

    def _package(self, actions: list[Action]) -> Iterator[Action]:
        folder = self._project.package
        inside = (f"{folder}/", f"{self._project.placed(folder)}/")
        if self._lacks(folder) and any(_path(a).startswith(inside) for a in actions):
            yield self._create(PACKAGE, f"{folder}/__init__.py")

    def _layout(self, actions: list[Action]) -> Iterator[Action]:
        path = f"{self._project.package}/layout.py"
        module = f"{self._project.package}.layout"
        if self._lacks(path) and any(module in _text(action) for action in actions):
            icon = f"{self._project.options['static']}/favicon.svg"
            wanted = ((LAYOUT, path), (REGISTRY, self._registry), (ICON, icon))
            yield from (self._create(template, to) for template, to in wanted if self._lacks(to))

    def _migrations(self, actions: list[Action]) -> Iterator[Action]:
        if any(_path(action).startswith(VERSIONS) for action in actions):
            yield from migration_files(
                self._project.root, self._renderer, settings_module(self._project)
            )

    def _with_registry(self, actions: list[Action]) -> list[Action]:
        """Returns the actions with a registry that the app includes, when they add to it."""
        lines = [a for a in actions if isinstance(a, Inject) and a.path == self._registry]
        if not lines:
            return actions
        if self._lacks(self._registry):
            text = self._renderer.render(REGISTRY)
            for line in lines:
                text = line.edit.apply(text).text
            # The lines stay in the plan, for the memory; what is written is the whole file.
            actions.append(Create(self._registry, text, tracked=False))
        return [*actions, *self._inclusion()]

    def _inclusion(self) -> Iterator[Action]:
        shape = _shape_of(self._project)
        if shape is not None and shape.include:
            variable = shape.settings.patterns if shape.settings else ""
            edit = IncludeRegistry(self._project.package, shape.include, variable)
            yield Inject(self._project.options["includes"], edit)

    def _has_client(self) -> bool:
        text = self._project.read("tests/conftest.py") or self._project.read("conftest.py")
        return all(word in (text or "").lower() for word in ("def client(", "origin"))


def _path(action: Action) -> str:
    return getattr(action, "path", "")


def _text(action: Action) -> str:
    return action.text if isinstance(action, Create | Merge) else ""


def _needs_client(action: Action) -> bool:
    in_tests = PurePosixPath(_path(action)).parts[:1] == ("tests",)
    return in_tests and "client: Client" in _text(action)


def _own(step: str) -> str:
    """Returns a step as it is in a project that has its own way to start."""
    return START if step == "nitro dev" else step
