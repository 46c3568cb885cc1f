"""Finds the settings and the addresses of a project that is configured by a settings module."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nitro_cli.adopting.lists import (
    AddToLists,
    Extend,
    configure_call,
    has_text,
    is_assigned,
    list_of,
)
from nitro_cli.adopting.modules import Module
from nitro_cli.adopting.shapes import SettingsIdiom

MANAGE = "manage.py"


@dataclass(frozen=True, slots=True)
class SettingsApp:
    """A project by its settings.

    Attributes:
        address: What ``--app`` takes for it: the settings module.
        path: The file of that module.
        middleware: The module that lists the middleware; None when there is none.
        patterns: The module of the addresses; None when it was not found.
        problem: What could not be found; empty when all was.
        advice: What else to write by hand; empty when nothing is missing.
    """

    address: str
    path: str
    middleware: Module | None
    patterns: Module | None
    problem: str = ""
    advice: str = ""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.path


def find_settings(modules: Sequence[Module], idiom: SettingsIdiom) -> list[SettingsApp]:
    """Returns the projects that modules make by the idiom: one, none, or one for each file."""
    by_name = {module.name: module for module in modules}
    named = _named_settings(modules, idiom)
    if named:
        return [_by_module(named, by_name, idiom)]
    single = [m for m in modules if configure_call(m.tree, idiom.configure) is not None]
    return [_by_call(module, idiom) for module in single]


def edits(app: SettingsApp, idiom: SettingsIdiom) -> dict[str, AddToLists]:
    """Returns the edits that add Nitro to a project, by the path of the file."""
    wanted: dict[str, list[Extend]] = {}
    if app.middleware:
        entry = Extend(idiom.middleware, f'"{idiom.entry}"', idiom.entry)
        wanted.setdefault(app.middleware.path, []).append(entry)
    if app.patterns:
        names, home = idiom.urls_names, idiom.urls_module
        route = Extend(idiom.patterns, idiom.route, idiom.included, True, home, names)
        wanted.setdefault(app.patterns.path, []).append(route)
    return {path: AddToLists(tuple(lists), idiom.configure) for path, lists in wanted.items()}


def _named_settings(modules: Sequence[Module], idiom: SettingsIdiom) -> str:
    """Returns the settings module that the project names; that of its command comes first."""
    ordered = sorted(modules, key=lambda module: (module.path != MANAGE, module.path))
    for module in ordered:
        for name in _environment_values(module.tree, idiom.environment):
            return name
    return ""


def _environment_values(tree: ast.Module, variable: str) -> Iterator[str]:
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call) and len(node.args) > 1:
            values = node.args[:2]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            values = [node.targets[0].slice, node.value]
        texts = [value.value for value in values if isinstance(value, ast.Constant)]
        if len(texts) > 1 and texts[0] == variable and isinstance(texts[1], str):
            yield texts[1]


def _by_module(name: str, by_name: Mapping[str, Module], idiom: SettingsIdiom) -> SettingsApp:
    if name not in by_name:
        problem = f"its settings module {name} is not in this folder"
        return SettingsApp(name, name, None, None, problem)
    chain = list(_chain(name, by_name))
    middleware = _owner(chain, idiom.middleware)
    urls = next((u for u in (_constant(module, idiom.urlconf) for module in chain) if u), "")
    patterns = by_name.get(urls)
    problem = ""
    if middleware is None:
        problem = f"{by_name[name].path} sets no {idiom.middleware}"
    elif patterns is None or not is_assigned(patterns.tree, idiom.patterns):
        problem = f"there is no {idiom.patterns} in the module of {idiom.urlconf}"
    advice = _advice(chain, idiom)
    return SettingsApp(name, by_name[name].path, middleware, patterns, problem, advice)


def _advice(chain: Sequence[Module], idiom: SettingsIdiom) -> str:
    """Returns the setting without which the folder of static files is not served."""
    served = any(is_assigned(module.tree, idiom.served) for module in chain)
    serving = next((m for m in chain if has_text(m.tree, idiom.serves)), None)
    return f"add to {serving.path}: {idiom.served_line}" if serving and not served else ""


def _chain(name: str, by_name: Mapping[str, Module]) -> Iterator[Module]:
    """Returns a module and those of which it takes everything, the nearest first."""
    waiting, seen = [name], set[str]()
    while waiting:
        current = waiting.pop(0)
        module = by_name.get(current)
        if module is not None and current not in seen:
            seen.add(current)
            yield module
            waiting += module.names.stars


def _owner(chain: Sequence[Module], variable: str) -> Module | None:
    """Returns the module that lists a variable out, else the first that sets it."""
    listed = [module for module in chain if list_of(module.tree, variable) is not None]
    assigned = [module for module in chain if is_assigned(module.tree, variable)]
    return next(iter([*listed, *assigned]), None)


def _constant(module: Module, variable: str) -> str:
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if variable in names:
                return str(node.value.value)
    return ""


def _by_call(module: Module, idiom: SettingsIdiom) -> SettingsApp:
    """Returns a project of one file, whose settings are keywords of a call."""
    problem = ""
    if not is_assigned(module.tree, idiom.patterns):
        problem = f"{module.path} sets no {idiom.patterns}"
    return SettingsApp(module.name, module.path, module, module, problem)
