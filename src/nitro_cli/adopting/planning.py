"""The plan of `nitro init`: which app it is, and what changes in which file."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nitro_cli.adopting.apps import App, Makers, find_apps, with_subclasses
from nitro_cli.adopting.dependencies import AddDependency
from nitro_cli.adopting.dependency_files import DependencyFile, choose_file, find_files
from nitro_cli.adopting.install import FACE, InstallLine, installations
from nitro_cli.adopting.lists import has_text
from nitro_cli.adopting.modules import (
    SOURCE_FOLDERS,
    Broken,
    Module,
    dotted_name,
    read_modules,
)
from nitro_cli.adopting.naming import name_of, package_of, static_of
from nitro_cli.adopting.settings import SettingsApp, edits, find_settings
from nitro_cli.adopting.shapes import Shape, read_shapes
from nitro_cli.generators.project import requirement
from nitro_cli.plan.memory import PROJECT, read_record
from nitro_cli.plan.plan import Edit, Inject, Plan
from nitro_runtime import __version__
from nitro_runtime.errors import UsageError

GENERATOR = "init"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An app that Nitro may be added to.

    Attributes:
        shape: The framework.
        app: The app, or the project by its settings.
        edits: What is edited, by path.
        there: Where Nitro is installed on it already; empty when it is not.
    """

    shape: Shape
    app: App | SettingsApp
    edits: Mapping[str, Edit]
    there: str

    @property
    def folder(self) -> str:
        """The folder of the app's module, from the project's; empty when they are the same."""
        return self.app.path.rpartition("/")[0]

    @property
    def includes(self) -> str:
        """The file that includes what is generated."""
        patterns = getattr(self.app, "patterns", None)
        return patterns.path if patterns else self.app.path

    @property
    def package(self) -> str:
        """The top-level package of the app; empty when it is in a file of its own."""
        path = self.app.path
        name = self.app.module if isinstance(self.app, App) else self.app.address
        in_package = "/" in path.removeprefix("src/")
        return name.partition(".")[0] if in_package else ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a project.

    Attributes:
        root: Its folder.
        shapes: The frameworks that are known.
        modules: Its Python files.
        broken: Those that cannot be parsed.
        files: The files that name its dependencies.
    """

    root: Path
    shapes: tuple[Shape, ...]
    modules: Sequence[Module]
    broken: Sequence[Broken]
    files: Sequence[DependencyFile]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is to be done, and what can be said about it.

    Attributes:
        plan: The plan.
        title: The framework as it writes itself.
        address: The app, as ``--app`` takes it.
        place: Where the app is made, for people.
        there: Where Nitro was installed already; empty when it was not.
        needed: The files without whose edits nothing works.
    """

    plan: Plan
    title: str
    address: str
    place: str
    there: str
    needed: frozenset[str]


def is_made_by_nitro(root: Path) -> bool:
    """Whether a project was made by `nitro new`, so that Nitro is in it."""
    record = read_record(root, PROJECT)
    return bool(record) and record.get("generator") != GENERATOR


def survey(root: Path) -> Survey:
    """Reads a project; nothing of it is imported.

    Raises:
        UsageError: A file of dependencies cannot be read.
    """
    modules, broken = read_modules(root)
    return Survey(root, read_shapes(root), modules, broken, find_files(root))


def plan_adoption(found: Survey, wanted: str | None) -> Adoption:
    """Returns the plan that adds Nitro to a project.

    Args:
        found: The project.
        wanted: The app as ``--app`` gave it, or None.

    Raises:
        UsageError: There is no app, there are several, or the one that there is cannot be edited.
            Each says what to do.
    """
    record = read_record(found.root, PROJECT)
    _refuse_hidden_face(found)
    chosen = _choose(found, wanted, record.get("options", {}).get("app"))
    actions = [Inject(path, edit) for path, edit in chosen.edits.items()]
    file = choose_file(list(found.files), chosen.shape.packages)
    line = requirement()
    if file is not None:
        actions.insert(0, Inject(file.path, AddDependency(file.kind, line)))
    name = str(record.get("name") or name_of(found.root))
    package = str(record.get("package") or chosen.package or package_of(name, found.root))
    static = static_of(found.root, chosen.folder if chosen.shape.own_static else "")
    source = next((f for f in SOURCE_FOLDERS if chosen.app.path.startswith(f"{f}/")), "")
    plan = Plan(
        resource=PROJECT,
        generator=GENERATOR,
        actions=tuple(actions),
        record={
            "nitro": __version__,
            "name": name,
            "package": package,
            "framework": chosen.shape.name,
            "options": {
                "views": "tags",
                "app": chosen.app.address,
                "includes": chosen.includes,
                "static": static,
                "source": source,
            },
        },
        next_steps=_next_steps(file, line, static, generates=bool(chosen.shape.include)),
    )
    return Adoption(
        plan=plan,
        title=chosen.shape.title,
        address=chosen.app.address,
        place=chosen.app.place,
        there=chosen.there,
        needed=frozenset(chosen.edits),
    )


def _next_steps(
    file: DependencyFile | None, line: str, static: str, *, generates: bool
) -> tuple[str, ...]:
    install = f'pip install "{line}"' if file is None else file.refresh
    steps = (install, f"nitro assets {static}")
    return (*steps, "nitro generate scaffold Product name:str price:float") if generates else steps


def _refuse_hidden_face(found: Survey) -> None:
    hiding = [module.path for module in found.modules if module.name.partition(".")[0] == FACE]
    if hiding:
        raise UsageError(
            f"{hiding[0]} hides the package {FACE} from the app, which could not import it; "
            "rename yours, then run nitro init again."
        )


# -- which app ------------------------------------------------------------------------------------


def _choose(found: Survey, wanted: str | None, remembered: str | None) -> Candidate:
    candidates = [one for shape in found.shapes for one in _candidates(found, shape)]
    before = [one for one in candidates if one.app.address == remembered]
    if wanted:
        candidates = [one for one in candidates if _is_wanted(one, wanted, found.modules)]
        if not candidates:
            raise UsageError(_not_found_at(found, wanted))
    elif len(before) == 1:
        candidates = before
    elif not candidates:
        raise UsageError(_nothing_found(found))
    if len(candidates) > 1:
        raise UsageError(_several(candidates))
    (chosen,) = candidates
    if chosen.app.problem and not chosen.there:
        raise UsageError(_cannot(chosen))
    return chosen


def _candidates(found: Survey, shape: Shape) -> list[Candidate]:
    if shape.settings is None:
        makers = with_subclasses(found.modules, Makers(shape.apps, shape.makers))
        apps = find_apps(found.modules, makers)
        return [_candidate(found, shape, makers, app) for app in apps]
    idiom = shape.settings
    projects = find_settings(found.modules, idiom)
    return [
        Candidate(shape, project, edits(project, idiom), _marked(project, idiom.entry))
        for project in projects
    ]


def _candidate(found: Survey, shape: Shape, makers: Makers, app: App) -> Candidate:
    edit = InstallLine(makers, app.module, app.scope, app.target)
    there = _installed_in(found.modules, app)
    return Candidate(shape, app, {} if there else {app.path: edit}, there)


def _installed_in(modules: Sequence[Module], app: App) -> str:
    """Returns where Nitro is installed on an app: in its file, or in one that imports that."""
    ordered = sorted(modules, key=lambda module: (module.path != app.path, module.path))
    for module in ordered:
        for call in installations(module.tree, module.names):
            return f"{module.path}, line {call.lineno}"
    return ""


def _marked(project: SettingsApp, marker: str) -> str:
    module = project.middleware
    return module.path if module and has_text(module.tree, marker) else ""


def _is_wanted(candidate: Candidate, wanted: str, modules: Sequence[Module]) -> bool:
    app = candidate.app
    if isinstance(app, SettingsApp):
        return app.address == wanted
    module, _, name = wanted.partition(":")
    own = {app.scope.partition(".")[0], "" if app.scope else app.target} - {""}
    if app.module == module and (name in own or not name):
        return True
    return f"{app.module}.{app.scope}" in _made_by(module, name, modules)


def _made_by(module: str, name: str, modules: Sequence[Module]) -> set[str]:
    """Returns the functions whose result a variable is: ``app = create_app()``."""
    found: set[str] = set()
    for one in modules:
        for node in one.tree.body if one.name == module else ():
            targets = node.targets if isinstance(node, ast.Assign) else []
            called = getattr(node, "value", None)
            if isinstance(called, ast.Call) and name in map(ast.unparse, targets):
                found |= set(one.names.dotted(called.func))
    return found


# -- sentences ------------------------------------------------------------------------------------


def _several(candidates: Sequence[Candidate]) -> str:
    lines = "".join(
        f"\n    nitro init --app {one.app.address}    # {one.shape.title}, {one.app.place}"
        for one in candidates
    )
    return f"There are {len(candidates)} apps; name the one that is to have Nitro:{lines}"


def _cannot(candidate: Candidate) -> str:
    app = candidate.app
    if isinstance(app, SettingsApp):
        return f"Nitro cannot be added to this {candidate.shape.title} project: {app.problem}."
    return (
        f"The {candidate.shape.title} app in {app.place} cannot be edited: {app.problem}. "
        f"Add by hand, after the app is made: import {FACE}; {FACE}.install(app)"
    )


def _not_found_at(found: Survey, wanted: str) -> str:
    if not re.fullmatch(r"[\w.]+(:\w+)?", wanted):
        return f"--app takes a module and a name, shop.web:create_app, not {wanted!r}."
    name = wanted.partition(":")[0]
    broken = [one for one in found.broken if dotted_name(one.path) == name]
    if broken:
        return f"{broken[0]}; correct it, then run nitro init again."
    if name not in {module.name for module in found.modules}:
        return f"There is no module {name} in this folder for --app {wanted}."
    return (
        f"{wanted} makes no app that nitro can see; add by hand: import {FACE}; {FACE}.install(app)"
    )


def _nothing_found(found: Survey) -> str:
    if found.broken:
        places = "\n".join(f"    {one}" for one in found.broken[:3])
        return f"No app was found, and these files are not Python:\n{places}\nCorrect them first."
    if not found.modules:
        return "There are no Python files here. Go into the folder of your app, or start one with: nitro new myapp"
    named = [s.title for s in found.shapes if any(f.names & s.packages for f in found.files)]
    if named:
        return (
            f"This project depends on {' and '.join(named)}, but no line here makes an app that "
            f"nitro can see. Add by hand, after the app is made: import {FACE}; {FACE}.install(app)"
        )
    titles = ", ".join(shape.title for shape in found.shapes)
    return f"No app was found in the Python files here; nitro init knows {titles}."
