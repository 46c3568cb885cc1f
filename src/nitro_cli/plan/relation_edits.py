"""The edit that lets an entity know another one: a relation added to the class in its source."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nitro_cli.plan.edits import offset
from nitro_cli.plan.plan import Edited

_FROM = frozenset({"nitro", "nitro_runtime.entities"})
"""The modules that relations are imported from."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One line of a class: ``posts = has_many("Post")``.

    Attributes:
        name: The attribute.
        maker: The function that makes it; it is imported where it is missing.
        arguments: Its arguments, as source.
    """

    name: str
    maker: str
    arguments: str

    @property
    def line(self) -> str:
        """The line as source."""
        return f"{self.name} = {self.maker}({self.arguments})"


@dataclass(frozen=True, slots=True)
class AddRelations:
    """Adds relations at the end of the fields of a class, with the imports that they need.

    Attributes:
        class_name: The class.
        relations: What is added, in order; what the class has already is left as it is.
    """

    class_name: str
    relations: tuple[Relation, ...]

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": "relations", **asdict(self)}

    def apply(self, source: str) -> Edited:
        """Returns the source with the relations in it.

        It cannot be done when the class is not there, or calls something else by one of the names.
        """
        try:
            tree = ast.parse(source)
        except SyntaxError:
            return Edited("cannot", source, self._snippet(self.relations))
        cls = _class_of(tree, self.class_name)
        if cls is None:
            return Edited("cannot", source, self._snippet(self.relations))
        missing = [each for each in self.relations if not _has(cls, each)]
        if not missing:
            return Edited("there", source)
        taken = _names_of(cls)
        if any(each.name in taken for each in missing):
            return Edited("cannot", source, self._snippet(missing))
        text = _with_imports(_with_lines(source, cls, missing), tree, missing)
        return self._checked(source, text, missing)

    def _checked(self, source: str, text: str, missing: Sequence[Relation]) -> Edited:
        """Makes sure that the new text is Python and has every relation."""
        try:
            cls = _class_of(ast.parse(text), self.class_name)
        except SyntaxError:
            cls = None
        if cls is None or not all(_has(cls, each) for each in self.relations):
            return Edited("cannot", source, self._snippet(missing))
        return Edited("done", text)

    def _snippet(self, missing: Sequence[Relation]) -> str:
        makers = ", ".join(dict.fromkeys(each.maker for each in missing))
        lines = "\n".join(f"    {each.line}" for each in missing)
        return f"Add to the class {self.class_name} (from nitro import {makers}):\n{lines}"


def _class_of(tree: ast.Module, name: str) -> ast.ClassDef | None:
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    return found[0] if len(found) == 1 else None


def _assigned(node: ast.stmt) -> tuple[str, ast.expr | None] | None:
    """Returns the name that a line of a class sets, and to what."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        return (target.id, node.value) if isinstance(target, ast.Name) else None
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name, None
    return None


def _names_of(cls: ast.ClassDef) -> set[str]:
    return {found[0] for node in cls.body if (found := _assigned(node)) is not None}


def _has(cls: ast.ClassDef, wanted: Relation) -> bool:
    """Whether the class has this relation, to the same entity, written in whatever way."""
    target = wanted.arguments.partition(",")[0].strip("\"'")
    for node in cls.body:
        found = _assigned(node)
        if found is None or found[0] != wanted.name or not isinstance(found[1], ast.Call):
            continue
        called = ast.unparse(found[1].func).rpartition(".")[2]
        first = ast.unparse(found[1].args[0]).strip("\"'") if found[1].args else ""
        return called == wanted.maker and first == target
    return False


def _with_lines(source: str, cls: ast.ClassDef, missing: Sequence[Relation]) -> str:
    """Splices the lines in after the last field or relation, before the methods."""
    newline = "\r\n" if "\r\n" in source else "\n"
    after = _last_line(cls)
    indent = _indent(source, after) if after.lineno != cls.lineno else "    "
    added = "".join(f"{newline}{indent}{each.line}" for each in missing)
    if not _is_relation(after):
        added = newline + added
    end = _end_of_line(source, offset(source, after.end_lineno or 1, after.end_col_offset or 0))
    return source[:end] + added + source[end:]


def _indent(source: str, node: ast.stmt) -> str:
    start = offset(source, node.lineno, 0)
    return source[start : offset(source, node.lineno, node.col_offset)]


def _last_line(cls: ast.ClassDef) -> ast.stmt:
    fields = [node for node in cls.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    return fields[-1] if fields else cls.body[0]


def _is_relation(node: ast.stmt) -> bool:
    value = getattr(node, "value", None)
    called = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
    return called in {"belongs_to", "has_many", "has_one", "many_to_many"}


def _end_of_line(source: str, place: int) -> int:
    """Returns where the line ends, after a comment that stands behind the code."""
    ends = [found for mark in ("\n", "\r") if (found := source.find(mark, place)) >= 0]
    return min(ends, default=len(source))


def _with_imports(text: str, tree: ast.Module, missing: Sequence[Relation]) -> str:
    """Adds what is missing to the line that imports from Nitro, or a line of its own.

    Everything that is spliced stands above the class, so the places of the tree still hold.
    """
    known = {alias.asname or alias.name for node in _imports(tree) for alias in node.names}
    makers = [maker for maker in dict.fromkeys(m.maker for m in missing) if maker not in known]
    if not makers:
        return text
    lines = list(_imports(tree))
    if not lines:
        return _with_line(text, tree, f"from nitro import {', '.join(sorted(makers))}")
    node = lines[-1]
    names = sorted({_alias(a) for a in node.names} | set(makers), key=_isort)
    start = offset(text, node.lineno, node.col_offset)
    end = offset(text, node.end_lineno or 1, node.end_col_offset or 0)
    return text[:start] + f"from {node.module} import {', '.join(names)}" + text[end:]


def _imports(tree: ast.Module) -> list[ast.ImportFrom]:
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [node for node in found if node.module in _FROM and not node.level]


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _isort(name: str) -> tuple[int, str]:
    """Constants, classes, then the rest, as import sorters order names."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name


def _with_line(text: str, tree: ast.Module, line: str) -> str:
    """Adds an import after the last one at the top, or before the first statement."""
    newline = "\r\n" if "\r\n" in text else "\n"
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if imports:
        last = imports[-1]
        end = _end_of_line(text, offset(text, last.end_lineno or 1, last.end_col_offset or 0))
        return text[:end] + newline + line + text[end:]
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    first = body[0]
    decorators = getattr(first, "decorator_list", [])
    at = offset(text, min([first.lineno, *(d.lineno for d in decorators)]), 0)
    return f"{text[:at]}{line}{newline}{newline}{newline}{text[at:]}"
