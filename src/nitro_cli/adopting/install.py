"""The edit of the file that makes the app: one import, one line after the app is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from nitro_cli.adopting.apps import Makers, Site, find_sites
from nitro_cli.adopting.imports import add_import
from nitro_cli.adopting.source import Source, Splice, spliced
from nitro_cli.plan.plan import Edited
from nitro_runtime.source_names import Names, read_names

FACE = "nitro"
INSTALL = "install"
ADAPTERS = "nitro_runtime.adapters"
_LOCAL_NAME = "app"

Place = tuple[int, int]
"""Line and column of a statement."""


@dataclass(frozen=True, slots=True)
class InstallLine:
    """Adds ``nitro.install(app)`` after the statements that make one app.

    Attributes:
        makers: What makes an app, the project's own classes included.
        module: The dotted name of the file's module.
        scope: The scope of the app, as in `Site`.
        target: What the app is called, as in `Site`.
    """

    makers: Makers
    module: str
    scope: str
    target: str

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": INSTALL, "scope": self.scope, "target": self.target}

    def apply(self, source: str) -> Edited:
        """Returns the file with the line in it; one that has it already stays as it is."""
        try:
            parsed = Source(source)
        except SyntaxError:
            return Edited("cannot", source, self._snippet())
        names = read_names(parsed.tree, self.module)
        if any(installations(parsed.tree, names)):
            return Edited("there", source)
        sites = self._sites(parsed, names)
        if not sites or any(site.problem for site in sites) or _hides_face(parsed.tree, names):
            return Edited("cannot", source, self._snippet())
        calls = {_place(site.statement): _name_at(parsed, site) for site in sites}
        splices = [splice for site in sites for splice in _install(parsed, site)]
        if names.imported.get(FACE) != FACE:
            packages = {name.partition(".")[0] for name in self.makers.apps}
            splices.append(add_import(parsed, FACE, frozenset(packages)))
        text = spliced(parsed.text, splices)
        if not _is_expected(text, parsed.text, calls):
            return Edited("cannot", source, self._snippet())
        return Edited("done", text)

    def _sites(self, source: Source, names: Names) -> list[Site]:
        found = find_sites(source.tree, names, self.makers)
        return [site for site in found if (site.scope, site.target) == (self.scope, self.target)]

    def _snippet(self) -> str:
        name = self.target or "app"
        return f"Add after the line that makes the app:\n    import {FACE}\n    {_call(name)}"


def _install(source: Source, site: Site) -> Iterator[Splice]:
    """Returns the splices for one place where the app is made."""
    statement, name = site.statement, _name_at(source, site)
    indent = source.before(statement)
    if not source.stands_alone(statement):  # it shares its line, so this shares it too
        end = source.span(statement)[1]
        yield Splice(end, end, f"; {_call(name)}")
    elif isinstance(statement, ast.Return) and statement.value:  # it had no name before
        yield Splice(source.span(statement)[0], source.span(statement.value)[0], f"{name} = ")
        lines = f"{indent}{_call(name)}{source.newline}{indent}return {name}"
        yield source.line_after(statement, lines)
    else:
        yield source.line_after(statement, f"{indent}{_call(name)}")


def _name_at(source: Source, site: Site) -> str:
    """Returns what the app is called at a place; a free name when it has none."""
    return site.target or _free_name(_function_of(source.tree, site.statement))


def _is_expected(text: str, before: str, calls: Mapping[Place, str]) -> bool:
    """Whether a new text is the program that it was and the lines that were to be added."""
    try:
        after = ast.parse(text)
    except SyntaxError:
        return False
    return _dump(after) == _dump(_Expected(calls).visit(ast.parse(before)))


def installations(tree: ast.Module, names: Names) -> Iterator[ast.expr]:
    """Returns every expression by which a file adds Nitro to an app already.

    That is a call of an adapter's ``install`` or extension, or of the face's.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and any(map(_is_install, names.dotted(node.func))):
            yield node


def _is_install(dotted: str) -> bool:
    home, _, name = dotted.rpartition(".")
    adapter = home == ADAPTERS or home.startswith(f"{ADAPTERS}.")
    return dotted == f"{FACE}.{INSTALL}" or (adapter and name in {INSTALL, "Nitro", "NitroPlugin"})


def _call(name: str) -> str:
    return f"{FACE}.{INSTALL}({name})"


def _hides_face(tree: ast.Module, names: Names) -> bool:
    """Whether the name `nitro` means something else in a file."""
    if names.imported.get(FACE, FACE) != FACE:
        return True
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_store(n)}
    bound |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    bound |= {n.name for n in ast.walk(tree) if isinstance(n, defined)}
    return FACE in bound


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _function_of(tree: ast.Module, statement: ast.stmt) -> ast.AST:
    """Returns the innermost function around a statement."""
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(inner is statement for inner in ast.walk(node))
    ]
    return functions[-1]


def _free_name(function: ast.AST) -> str:
    used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    used |= {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    return next(name for name in _numbered(_LOCAL_NAME) if name not in used)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}{number}" for number in count(2))


# -- the check ------------------------------------------------------------------------------------


class _Expected(ast.NodeTransformer):
    """Makes the program that the edited text must be, from the one that it was."""

    def __init__(self, calls: Mapping[Place, str]) -> None:
        self._calls = calls

    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401 # a node or several, as the base class has it
        self.generic_visit(node)
        name = self._calls.get(_place(node)) if isinstance(node, ast.stmt) else None
        if name is None:
            return node
        added = ast.parse(_call(name)).body
        if isinstance(node, ast.Return):
            made = ast.Assign([ast.Name(name, ast.Store())], node.value or ast.Constant(None))
            return [made, *added, ast.Return(ast.Name(name, ast.Load()))]
        return [node, *added]


def _place(node: ast.stmt) -> Place:
    return node.lineno, node.col_offset


def _dump(tree: ast.Module) -> str:
    """Returns a program as data, without the import of Nitro at its top."""
    return ast.dump(ast.Module([node for node in tree.body if not _is_face(node)], []))


def _is_face(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import) and [(n.name, n.asname) for n in node.names] == [
        (FACE, None)
    ]
