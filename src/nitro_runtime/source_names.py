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
    """

    imported: dict[str, str] = field(default_factory=dict[str, str])
    stars: list[str] = field(default_factory=list[str])
    module: str = ""
    classes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def dotted(self, node: ast.expr) -> list[str]:
        """Returns the dotted names that an expression may stand for; none when it is no name."""
        if isinstance(node, ast.Attribute):
            return [f"{name}.{node.attr}" for name in self.dotted(node.value)]
        if not isinstance(node, ast.Name):
            return []
        if node.id in self.imported:
            return [self.imported[node.id]]
        own = f"{self.module}.{node.id}" if self.module else node.id
        return [own, *(f"{module}.{node.id}" for module in self.stars)]


def read_names(tree: ast.Module, module: str = "") -> Names:
    """Returns what the names of a module stand for, wherever in it they are imported."""
    names = Names(module=module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                names.imported[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom):
            _read_from(node, names)
        elif isinstance(node, ast.ClassDef):
            bases = [dotted for base in node.bases for dotted in names.dotted(base)]
            names.classes[f"{module}.{node.name}" if module else node.name] = bases
    return names


def _read_from(node: ast.ImportFrom, names: Names) -> None:
    source = _origin(node, names.module)
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
