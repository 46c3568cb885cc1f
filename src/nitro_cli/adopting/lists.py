"""Edits of lists in a Python file: an element more at the end, written as the others are."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nitro_cli.adopting.imports import add_names
from nitro_cli.adopting.source import Source, Splice, spliced
from nitro_cli.plan.plan import Edited
from nitro_runtime.source_names import read_names

Literal = ast.List | ast.Tuple


@dataclass(frozen=True, slots=True)
class Extend:
    """One list that gets an element.

    Attributes:
        name: The variable, ``MIDDLEWARE``.
        element: The element as source.
        marker: The text in the element by which it is recognised.
        last: Whether it must stay behind what the file adds later.
        module: Where names in the element are imported from; empty when there are none.
        names: Those names.
    """

    name: str
    element: str
    marker: str
    last: bool = False
    module: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddToLists:
    """Adds elements to lists of a file, each once.

    Attributes:
        lists: The lists; each is a variable at the top of the file, or a keyword of a call of
            ``configure``.
        configure: The dotted name of that function.
    """

    lists: tuple[Extend, ...]
    configure: str

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": "extend", "lists": [one.name for one in self.lists]}

    def apply(self, source: str) -> Edited:
        """Returns the file with the elements in it; those that are there stay as they are."""
        text = source
        for one in self.lists:
            try:
                parsed = Source(text)
            except SyntaxError:
                return Edited("cannot", source, self._snippet())
            if has_text(parsed.tree, one.marker):
                continue
            splices = self._splices(parsed, one)
            if splices is None:
                return Edited("cannot", source, self._snippet())
            text = spliced(parsed.text, splices)
        if text == source:
            return Edited("there", source)
        good = _is_checked(text, self.lists)
        return Edited("done", text) if good else Edited("cannot", source, self._snippet())

    def _splices(self, source: Source, one: Extend) -> list[Splice] | None:
        imports = add_names(source, one.module, one.names) if one.module else []
        literal = list_of(source.tree, one.name)
        is_final = literal is not None and not (one.last and _changes_later(source, one, literal))
        if literal is not None and is_final:
            return [*imports, append(source, literal, one.element)]
        if is_assigned(source.tree, one.name):
            return [*imports, _statement(source, one, literal)]
        keyword = self._keyword(source, one)
        return None if keyword is None else [*imports, keyword]

    def _keyword(self, source: Source, one: Extend) -> Splice | None:
        """Returns the splice for settings that are given as keywords of a call."""
        call = configure_call(source.tree, self.configure)
        if call is None or not call.keywords or any(k.arg is None for k in call.keywords):
            return None
        value = next((k.value for k in call.keywords if k.arg == one.name), None)
        if value is None:
            return _argument(source, call, f"{one.name}=[{one.element}]")
        return append(source, value, one.element) if isinstance(value, Literal) else None

    def _snippet(self) -> str:
        lines = "".join(f"\n    {one.name} += [{one.element}]" for one in self.lists)
        return f"Add at its end:{lines}"


def _is_checked(text: str, lists: tuple[Extend, ...]) -> bool:
    try:
        tree = Source(text).tree
    except SyntaxError:
        return False
    return all(sum(_holds(n, one.marker) for n in ast.walk(tree)) == 1 for one in lists)


def has_text(tree: ast.Module, text: str) -> bool:
    """Whether a string of a program is this text."""
    return any(_holds(node, text) for node in ast.walk(tree))


def _holds(node: ast.AST, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def configure_call(tree: ast.Module, dotted: str) -> ast.Call | None:
    """Returns the first call of a function of which the dotted name is known, or None."""
    names = read_names(tree)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return next((call for call in calls if dotted in names.dotted(call.func)), None)


def list_of(tree: ast.Module, name: str) -> Literal | None:
    """Returns the list or tuple that a variable at the top of a file is set to, the last one."""
    values = [value for value in _assigned(tree, name) if isinstance(value, Literal)]
    return values[-1] if values else None


def is_assigned(tree: ast.Module, name: str) -> bool:
    """Whether a variable is set at the top of a file, to whatever."""
    return bool(_assigned(tree, name))


def _assigned(tree: ast.Module, name: str) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        if named and isinstance(value, ast.expr):
            found.append(value)
    return found


def _changes_later(source: Source, one: Extend, literal: Literal) -> bool:
    return any(
        isinstance(node, ast.Name)
        and node.id == one.name
        and isinstance(node.ctx, ast.Store)
        and node.lineno > (literal.end_lineno or literal.lineno)
        for node in ast.walk(source.tree)
    )


def _statement(source: Source, one: Extend, literal: Literal | None) -> Splice:
    """Returns the splice that extends a list by a statement at the end of the file."""
    value = f"({one.element},)" if isinstance(literal, ast.Tuple) else f"[{one.element}]"
    end = len(source.text)
    joint = "" if source.text.endswith(("\n", "\r")) else source.newline
    return Splice(end, end, f"{joint}{source.newline}{one.name} += {value}{source.newline}")


def append(source: Source, literal: Literal, element: str) -> Splice:
    """Returns the splice that puts an element at the end of a list or tuple."""
    start, end = source.span(literal)
    if not literal.elts:
        inside = f"{element}," if isinstance(literal, ast.Tuple) else element
        return Splice(start + 1, start + 1, inside)
    last_start, last_end = source.span(literal.elts[-1])
    return _after(source, last_start, last_end, end - 1, element)


def _argument(source: Source, call: ast.Call, text: str) -> Splice:
    last = call.keywords[-1]
    start = source.place(last.lineno, last.col_offset)
    return _after(source, start, source.span(last.value)[1], source.span(call)[1] - 1, text)


def _after(source: Source, start: int, end: int, close: int, added: str) -> Splice:
    """Returns the splice for one more after the last of several, in their style.

    Args:
        source: The file.
        start: Where the last one starts.
        end: Where it ends.
        close: Where the closing bracket is.
        added: What is added.
    """
    rest = source.text[end:close]
    indent = source.text[:start].rpartition("\n")[2]
    comma = _comma(rest)
    if indent.strip() or "\n" not in rest:  # on one line
        place = end + (comma + 1 if comma is not None else 0)
        return Splice(place, place, f" {added}," if comma is not None else f", {added}")
    line_end = end + rest.index("\n") + 1
    if comma is not None:
        return Splice(line_end, line_end, f"{indent}{added},{source.newline}")
    remark = source.text[end:line_end]
    return Splice(end, line_end, f",{remark}{indent}{added}{source.newline}")


def _comma(rest: str) -> int | None:
    """Returns where the comma after the last element is; one inside a comment does not count."""
    place = 0
    for line in rest.splitlines(keepends=True):
        code = line.partition("#")[0]
        if "," in code:
            return place + code.index(",")
        place += len(line)
    return None
