"""Finds where the code of a project makes its app, and says when that cannot be told."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nitro_cli.adopting.modules import Module
from nitro_runtime.source_names import Names

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True)
class Makers:
    """What makes an app, by dotted names.

    Attributes:
        apps: Classes whose call is the app.
        tuples: Functions whose result is a tuple with the app first.
    """

    apps: frozenset[str]
    tuples: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """A statement that makes an app.

    Attributes:
        scope: The function or class it stands in, ``create_app``; empty at the top of the module.
        target: What the app is called there, ``app`` or ``self.app``; empty when it is returned.
        statement: The statement.
        problem: Why nothing can be added after it; empty when it can.
    """

    scope: str
    target: str
    statement: ast.stmt
    problem: str = ""

    @property
    def line(self) -> int:
        """The line that it starts on."""
        return self.statement.lineno


@dataclass(frozen=True, slots=True)
class App:
    """One app of a project: the statements of one scope that make it.

    Attributes:
        module: The module's dotted name.
        path: The module's file.
        scope: As in `Site`.
        target: As in `Site`.
        sites: Where it is made; more than one when it depends on a condition.
    """

    module: str
    path: str
    scope: str
    target: str
    sites: tuple[Site, ...]

    @property
    def address(self) -> str:
        """What ``--app`` takes for it: ``shop.web:create_app``."""
        return f"{self.module}:{self.scope.partition('.')[0] or self.target}"

    @property
    def dotted(self) -> str:
        """The name under which another module may import it."""
        return f"{self.module}.{self.target}"

    @property
    def problem(self) -> str:
        """Why Nitro cannot be added to it; empty when it can."""
        return next((site.problem for site in self.sites if site.problem), "")

    @property
    def place(self) -> str:
        """Where it is made, for people."""
        return f"{self.path}, line {self.sites[0].line}"


def find_apps(modules: Sequence[Module], makers: Makers) -> list[App]:
    """Returns the apps that a project's modules make."""
    makers = with_subclasses(modules, makers)
    return [app for module in modules for app in _apps_of(module, makers)]


def mounted(modules: Iterable[Module]) -> set[str]:
    """Returns the dotted names of what is mounted on an app: ``app.mount("/admin", admin)``."""
    found: set[str] = set()
    for module in modules:
        calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
        for call in calls:
            if ast.unparse(call.func).rpartition(".")[2].lower() == "mount":
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                parts = [part for one in given for part in ast.walk(one)]
                exprs = [part for part in parts if isinstance(part, ast.Name | ast.Attribute)]
                found |= {name for expr in exprs for name in module.names.dotted(expr)}
    return found


def with_subclasses(modules: Iterable[Module], makers: Makers) -> Makers:
    """Returns the makers with the classes that a project derives from them."""
    bases = {name: found for module in modules for name, found in module.names.classes.items()}
    known = set(makers.apps)
    while new := {name for name, found in bases.items() if known & set(found)} - known:
        known |= new
    return Makers(frozenset(known), makers.tuples)


def _apps_of(module: Module, makers: Makers) -> Iterator[App]:
    groups: dict[tuple[str, str], list[Site]] = {}
    for site in find_sites(module.tree, module.names, makers):
        groups.setdefault((site.scope, site.target), []).append(site)
    for (scope, target), sites in groups.items():
        yield App(module.name, module.path, scope, target, tuple(sites))


def find_sites(tree: ast.Module, names: Names, makers: Makers) -> list[Site]:
    """Returns every statement of a module that makes an app, from top to bottom."""
    finder = _Finder(names, makers)
    finder.visit_all(tree.body, "", in_loop=False)
    return finder.sites


class _Finder:
    """Walks through statements, remembering the scope and whether a loop is around."""

    def __init__(self, names: Names, makers: Makers) -> None:
        self.sites: list[Site] = []
        self._names = names
        self._makers = makers

    def visit_all(self, body: Iterable[ast.stmt], scope: str, *, in_loop: bool) -> None:
        for statement in body:
            self._visit(statement, scope, in_loop=in_loop)

    def _visit(self, statement: ast.stmt, scope: str, *, in_loop: bool) -> None:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope = f"{scope}.{statement.name}" if scope else statement.name
        in_loop = in_loop or isinstance(statement, _LOOPS)
        for child in _inner_statements(statement):
            self._visit(child, scope, in_loop=in_loop)
        if any(self._makes_app(node) for node in _own_expressions(statement)):
            self.sites.append(self._site(statement, scope, in_loop=in_loop))
            self.sites.sort(key=lambda site: site.line)

    def _makes_app(self, node: ast.AST | None) -> bool:
        known = self._makers.apps | self._makers.tuples
        return isinstance(node, ast.Call) and bool(known & set(self._names.dotted(node.func)))

    def _is_tuple(self, value: ast.expr | None) -> bool:
        called = self._names.dotted(value.func) if isinstance(value, ast.Call) else []
        return bool(self._makers.tuples & set(called))

    def _site(self, statement: ast.stmt, scope: str, *, in_loop: bool) -> Site:
        if in_loop:
            return Site(scope, "", statement, "it is made in a loop")
        target = self._target(statement)
        if target is None:
            return Site(scope, "", statement, "it is made inside another expression")
        return Site(scope, target, statement)

    def _target(self, statement: ast.stmt) -> str | None:
        """Returns what the app is called after a statement; None when it has no name there."""
        value = getattr(statement, "value", None)
        if not all(self._makes_app(one) for one in _alternatives(value)):
            return None
        if isinstance(statement, ast.Return):
            return None if self._is_tuple(value) else ""
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        return next((n for n in (self._named(t, value) for t in targets) if n), None)

    def _named(self, target: ast.expr, value: ast.expr | None) -> str | None:
        if self._is_tuple(value):
            elements = target.elts if isinstance(target, ast.Tuple | ast.List) else []
            return elements[0].id if elements and isinstance(elements[0], ast.Name) else None
        is_name = isinstance(target, ast.Name) or (
            isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
        )
        return ast.unparse(target) if is_name else None


def _alternatives(value: ast.expr | None) -> list[ast.expr | None]:
    """Returns what an expression may be: both sides of ``a if x else b``."""
    if isinstance(value, ast.IfExp):
        return [*_alternatives(value.body), *_alternatives(value.orelse)]
    return [value]


def _inner_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Returns every node of a statement that is in no statement inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]
