"""The plan of `nitro init`: which app it is, and what changes in which file."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nitro_cli.adopting import refusals
from nitro_cli.adopting.apps import App, Makers, find_apps, mounted, with_subclasses
from nitro_cli.adopting.dependencies import AddDependency
from nitro_cli.adopting.dependency_files import DependencyFile, choose_file
from nitro_cli.adopting.install import FACE, InstallLine, installations
from nitro_cli.adopting.lists import has_text
from nitro_cli.adopting.modules import (
    SOURCE_FOLDERS,
    Module,
)
from nitro_cli.adopting.naming import name_of, package_of
from nitro_cli.adopting.settings import SettingsApp, edits, find_settings
from nitro_cli.adopting.shapes import Shape
from nitro_cli.adopting.survey import Candidate, Survey
from nitro_cli.generators.project import requirement
from nitro_cli.plan.memory import PROJECT, read_record
from nitro_cli.plan.plan import Inject, Plan
from nitro_runtime import __version__
from nitro_runtime.errors import UsageError

GENERATOR = "init"


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
    static = _static(chosen)
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
        next_steps=_next_steps(file, line, static, chosen),
    )
    return Adoption(
        plan=plan,
        title=chosen.shape.title,
        address=chosen.app.address,
        place=chosen.app.place,
        there=chosen.there,
        needed=frozenset(chosen.edits),
    )


def _static(chosen: Candidate) -> str:
    """Returns the folder of static files, from the project's: the app's own where it serves one."""
    argument, app = chosen.shape.own_static, chosen.app
    if not argument or not isinstance(app, App):
        return "static"
    named = [
        keyword.value.value
        for node in ast.walk(app.sites[0].statement)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == argument and isinstance(keyword.value, ast.Constant)
    ]
    own = named[0] if named else "static"
    return str(PurePosixPath(chosen.folder, str(own))) if own else "static"


def _next_steps(
    file: DependencyFile | None, line: str, static: str, chosen: Candidate
) -> tuple[str, ...]:
    install = f'pip install "{line}"' if file is None else file.refresh
    generate = "nitro generate scaffold Product name:str price:float"
    steps = (
        install,
        f"nitro assets {static}",
        getattr(chosen.app, "advice", ""),
        generate if chosen.shape.include else "",
    )
    return tuple(step for step in steps if step)


def _refuse_hidden_face(found: Survey) -> None:
    hiding = [module.path for module in found.modules if module.name.partition(".")[0] == FACE]
    if hiding:
        raise UsageError(
            f"{hiding[0]} hides the package {FACE} from the app, which could not import it; "
            "rename yours, then run nitro init again."
        )


# -- which app ------------------------------------------------------------------------------------


def _choose(found: Survey, wanted: str | None, remembered: str | None) -> Candidate:
    every = [one for shape in found.shapes for one in _candidates(found, shape)]
    if wanted:
        candidates = [one for one in every if _is_wanted(one, wanted, found.modules)]
        if not candidates:
            raise UsageError(refusals.not_found_at(found, wanted))
    else:
        candidates = [one for one in every if one.app.address == remembered] or _likely(
            found, every
        )
        if not candidates:
            raise UsageError(refusals.nothing_found(found))
    if len(candidates) > 1:
        raise UsageError(refusals.several(candidates))
    (chosen,) = candidates
    if chosen.app.problem and not chosen.there:
        raise UsageError(refusals.cannot(chosen))
    return chosen


def _likely(found: Survey, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Leaves out what is part of another app, and what cannot be edited when something else can."""
    parts = mounted(found.modules)
    whole = [c for c in candidates if not (isinstance(c.app, App) and c.app.dotted in parts)]
    good = [candidate for candidate in whole if not candidate.app.problem or candidate.there]
    return good or whole or candidates


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
    for module in (one for one in ordered if one.path == app.path or _imports(one, app)):
        for call in installations(module.tree, module.names):
            return f"{module.path}, line {call.lineno}"
    return ""


def _imports(module: Module, app: App) -> bool:
    return any(f"{name}.".startswith(f"{app.module}.") for name in module.names.imported.values())


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
