"""The edit by which an app that was adopted includes what is generated, once, through the registry."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nitro_cli.adopting.imports import add_own_names
from nitro_cli.adopting.install import installations
from nitro_cli.adopting.lists import is_assigned
from nitro_cli.adopting.source import Source, Splice, spliced
from nitro_cli.plan.plan import Edited
from nitro_runtime.source_names import Names, read_names

RESOURCES = "RESOURCES"


@dataclass(frozen=True, slots=True)
class IncludeRegistry:
    """Adds the loop over the registry after the line that installs Nitro.

    Attributes:
        package: The package with ``registry.py``.
        include: The statement for one module of routes, with ``{app}`` and ``{routes}``.
        variable: The list at whose end the loop stands instead, where nothing is installed.
    """

    package: str
    include: str
    variable: str = ""

    @property
    def registry(self) -> str:
        """The dotted name of the registry."""
        return f"{self.package}.registry"

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": "include", "package": self.package}

    def apply(self, source: str) -> Edited:
        """Returns the file with the loop in it; one that imports the registry has it."""
        try:
            parsed = Source(source)
        except SyntaxError:
            return Edited("cannot", source, self._snippet())
        names = read_names(parsed.tree)
        if f"{self.registry}.{RESOURCES}" in names.imported.values():
            return Edited("there", source)
        loops = self._at_end(parsed) if self.variable else self._after_install(parsed, names)
        if not loops:
            return Edited("cannot", source, self._snippet())
        text = spliced(parsed.text, [*loops, *add_own_names(parsed, self.registry, (RESOURCES,))])
        good = _is_python(text)
        return Edited("done", text) if good else Edited("cannot", source, self._snippet())

    def _after_install(self, source: Source, names: Names) -> list[Splice]:
        calls = list(installations(source.tree, names))
        statements = [
            node
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Expr) and node.value in calls and source.stands_alone(node)
        ]
        if len(statements) != len(calls):
            return []
        return [self._loop_after(source, node) for node in statements]

    def _loop_after(self, source: Source, node: ast.Expr) -> Splice:
        call = node.value
        given = call.args[0] if isinstance(call, ast.Call) and call.args else None
        app = "app" if given is None else source.segment(given)
        indent = source.before(node)
        lines = [f"{indent}{line}" for line in self._lines(source, app, "\t" in indent)]
        return source.line_after(node, source.newline.join(lines))

    def _at_end(self, source: Source) -> list[Splice]:
        if not is_assigned(source.tree, self.variable):
            return []
        end = len(source.text)
        joint = "" if source.text.endswith(("\n", "\r")) else source.newline
        lines = self._lines(source, "", tabs=False)
        text = source.newline.join([joint, *lines, ""])
        return [Splice(end, end, text)]

    def _lines(self, source: Source, app: str, tabs: bool) -> list[str]:
        used = {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
        used |= set(read_names(source.tree).imported)
        resource = "resource" if "resource" not in used else "nitro_resource"
        routes = "routes" if "routes" not in used else "nitro_routes"
        step = "\t" if tabs else "    "
        return [
            f"for {resource} in {RESOURCES}:",
            f"{step}if {routes} := {resource}.load():",
            f"{step}{step}{self.include.format(app=app, routes=routes)}",
        ]

    def _snippet(self) -> str:
        lines = self._lines(Source(""), "app", tabs=False)
        text = "\n    ".join([f"from {self.registry} import {RESOURCES}", *lines])
        return f"Add, so that the app has what is generated:\n    {text}"


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
