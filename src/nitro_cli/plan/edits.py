"""Edits of files that the user owns: located by the syntax tree, spliced as text, parsed again."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nitro_cli.plan.plan import Edited


@dataclass(frozen=True, slots=True)
class RegisterResource:
    """Adds one line to the registry, or gives the line that is there its address.

    Attributes:
        label: What the menu shows.
        url: Where its pages start, or None when it has no pages.
        package: The dotted name of its package.
    """

    label: str
    url: str | None
    package: str

    def line(self) -> str:
        """Returns the entry as source."""
        url = "None" if self.url is None else f'"{self.url}"'
        return f'Resource("{self.label}", {url}, "{self.package}")'

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": "register", **asdict(self)}

    def apply(self, source: str) -> Edited:
        """Returns the registry with the entry in it.

        An entry of the same package that has an address already is the user's, whatever it says.
        """
        try:
            entries = _list_of(ast.parse(source), "RESOURCES")
        except SyntaxError:
            entries = None
        if entries is None:
            return Edited("cannot", source, self._snippet())
        existing = next((entry for entry in entries.elts if self._is_mine(entry)), None)
        if existing is None:
            text = _append(source, entries, self.line())
        elif self.url is not None and _argument(existing, 1) == "None":
            text = _replace(source, existing, self.line())
        else:
            return Edited("there", source)
        return self._checked(source, text)

    def _checked(self, source: str, text: str) -> Edited:
        """Makes sure that the new text says what the old one did, and the entry."""
        try:
            entries = _list_of(ast.parse(text), "RESOURCES")
        except SyntaxError:
            entries = None
        if entries is None or sum(self._is_mine(entry) for entry in entries.elts) != 1:
            return Edited("cannot", source, self._snippet())
        return Edited("done", text)

    def _is_mine(self, entry: ast.expr) -> bool:
        return _argument(entry, 2) == repr(self.package)

    def _snippet(self) -> str:
        return f"Add to the list RESOURCES:\n    {self.line()},"


def _argument(entry: ast.expr, place: int) -> str:
    names = ("label", "url", "package")
    if not isinstance(entry, ast.Call):
        return ""
    if place < len(entry.args):
        return ast.unparse(entry.args[place])
    by_name = {keyword.arg: keyword.value for keyword in entry.keywords}
    value = by_name.get(names[place])
    return ast.unparse(value) if value is not None else ""


def _list_of(tree: ast.Module, name: str) -> ast.List | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        value = getattr(node, "value", None)
        if named and isinstance(value, ast.List):
            return value
    return None


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
"""A line as Python's tokenizer sees it; `str.splitlines` also splits at U+2028 and form feeds."""


def lines_of(source: str) -> list[str]:
    """Returns the lines of a Python source with their ends, as the syntax tree counts them."""
    return _LINE.findall(source)


def offset(source: str, line: int, column: int) -> int:
    """Returns the place in the text of a place in the tree, whose columns count UTF-8 bytes."""
    lines = lines_of(source)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def _span(source: str, node: ast.expr) -> tuple[int, int]:
    start = offset(source, node.lineno, node.col_offset)
    return start, offset(source, node.end_lineno or 1, node.end_col_offset or 0)


def _replace(source: str, node: ast.expr, text: str) -> str:
    start, end = _span(source, node)
    return source[:start] + text + source[end:]


def _append(source: str, entries: ast.List, line: str) -> str:
    newline = "\r\n" if "\r\n" in source else "\n"
    start, end = _span(source, entries)
    if not entries.elts:
        inside = source[start + 1 : end - 1].rstrip(" \t")
        inside = inside if inside.endswith(("\n", "\r")) else inside + newline
        return f"{source[: start + 1]}{inside}    {line},{newline}{source[end - 1 :]}"
    last_start, last_end = _span(source, entries.elts[-1])
    rest = source[last_end : end - 1]
    own_line = source[:last_start].rpartition("\n")[2]
    indent = own_line if not own_line.strip() else "    "
    comma, tail = ("", rest) if _has_comma(rest) else (",", rest)
    tail = tail.rstrip(" \t")
    joint = "" if tail.endswith("\n") else newline
    added = f"{indent}{line},{newline}"
    return f"{source[:last_end]}{comma}{tail}{joint}{added}{source[end - 1 :]}"


def _has_comma(rest: str) -> bool:
    """Whether a comma follows the last element; one inside a comment does not count."""
    return any("," in line.partition("#")[0] for line in rest.splitlines())


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a registry, as far as it is written out.

    Attributes:
        url: Where its pages start; empty when it has none.
        package: The dotted name of its package or module.
    """

    url: str
    package: str


def registered(source: str) -> list[Entry]:
    """Returns the entries of a registry; none when it cannot be read."""
    try:
        entries = _list_of(ast.parse(source), "RESOURCES")
    except SyntaxError:
        entries = None
    found: list[Entry] = []
    for entry in entries.elts if entries else ():
        url, package = _argument(entry, 1), _argument(entry, 2)
        found.append(Entry("" if url == "None" else url.strip("\"'"), package.strip("\"'")))
    return found
