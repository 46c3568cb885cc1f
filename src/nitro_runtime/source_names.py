"""What the names in a Python file stand for, read from its source; nothing is imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Names:
    """What the names of a module stand for, as far as its imports and classes say.

    Attributes:
        imported: Local name to dotted name.
        stars: The modules of which everything is imported.
        module: The module's own dotted name.
        classes: The classes that the module defines, with what they derive from.
        options: The keywords that decorators are called with: ``durable`` in ``@on(..., durable=True)``.
    """

    imported: dict[str, str] = field(default_factory=dict[str, str])
    stars: list[str] = field(default_factory=list[str])
    module: str = ""
    classes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    options: set[str] = field(default_factory=set[str])

    def dotted(self, node: ast.expr) -> list[str]:
        """Returns the dotted names that an expression may stand for; none when it is no name."""
        if isinstance(node, ast.Attribute):
            return [f"{name}.{node.attr}" for name in self.dotted(node.value)]
        if isinstance(node, ast.Subscript):  # Base[int]
            return self.dotted(node.value)
        if not isinstance(node, ast.Name):
            return []
        if node.id in self.imported:
            return [self.imported[node.id]]
        own = f"{self.module}.{node.id}" if self.module else node.id
        return [own, *(f"{module}.{node.id}" for module in self.stars)]


def read_names(tree: ast.Module, module: str = "", *, is_package: bool = False) -> Names:
    """Returns what the names of a module stand for, wherever in it they are imported.

    Args:
        tree: The module.
        module: Its dotted name.
        is_package: Whether it is the ``__init__`` of a package, whose dots begin one folder deeper.
    """
    names = Names(module=module)
    classes: list[ast.ClassDef] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                names.imported[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom):
            _read_from(node, names, f"{module}.__init__" if is_package else module)
        elif isinstance(node, ast.ClassDef):
            classes.append(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.options.update(_options(node.decorator_list))
    for node in classes:  # after the imports, which may stand in an `if` or a `try`
        bases = [dotted for base in node.bases for dotted in names.dotted(base)]
        names.classes[f"{module}.{node.name}" if module else node.name] = bases
    return names


def _options(decorators: list[ast.expr]) -> list[str]:
    calls = [each for each in decorators if isinstance(each, ast.Call)]
    return [keyword.arg for call in calls for keyword in call.keywords if keyword.arg]


def _read_from(node: ast.ImportFrom, names: Names, home: str) -> None:
    source = _origin(node, home)
    for alias in node.names:
        if alias.name == "*":
            names.stars.append(source)
        else:
            names.imported[alias.asname or alias.name] = f"{source}.{alias.name}"


def _origin(node: ast.ImportFrom, module: str) -> str:
    """Returns the module that names come from, one with dots in front made whole."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    home = parts[: len(parts) - node.level] if node.level <= len(parts) else []
    return ".".join([*home, *([node.module] if node.module else [])])
