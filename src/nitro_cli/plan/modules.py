"""Adds to a Python module what another module has and it lacks; everything else stays as it is.

Several generators write into one file: the form and the table of an entity into its ``views.py``.
Each renders a whole little module; this puts it into the file that is there. Places are found by
the syntax tree and the text is spliced, so comments and layout survive; the result is parsed again,
and must still say all that it said before.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nitro_cli.plan.edits import lines_of
from nitro_cli.plan.plan import Edited

LONGEST_IMPORT = 79
"""Longest import on one line, in characters, where no formatter decides."""

_INDENT = "    "
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class MergeModule:
    """Adds the definitions of a module, with the imports that they need.

    Attributes:
        text: The module that has them.
        replace: Whether a definition that is there already is written anew.
        anew: The names of those that are written anew in any case.
    """

    text: str
    replace: bool = False
    anew: frozenset[str] = frozenset()

    def names(self) -> list[str]:
        """Returns what the module defines, in order."""
        return [name for node in ast.parse(self.text).body for name in _defined(node)]

    def to_json(self) -> Mapping[str, Any]:
        """Returns the edit as data, for the project's memory."""
        return {"edit": "merge", "names": self.names()}

    def apply(self, source: str) -> Edited:
        """Returns the source with the definitions in it."""
        try:
            text = _merged(source, self.text, replace=self.replace, anew=self.anew)
            if text == source:
                return Edited("there", source)
            _check(source, text, self.names())
            text = _without_imports(text, _let_go(source, text))
        except (_Clash, SyntaxError) as error:
            snippet = f"{error}\nAdd by hand:\n{_indented(self.text)}"
            return Edited("cannot", source, snippet)
        return Edited("done", text)


def same_definitions(one: str, other: str) -> frozenset[str]:
    """Returns the names that two modules define in the same words; none when one is not Python."""
    try:
        first, second = ast.parse(one), ast.parse(other)
    except SyntaxError:
        return frozenset()
    lines, other_lines = lines_of(one), lines_of(other)
    return frozenset(
        name
        for node in first.body
        for name in _defined(node)
        if (there := _definition(second, name)) is not None
        and _text(lines, node).rstrip() == _text(other_lines, there).rstrip()
    )


def join_modules(one: str, other: str) -> str:
    """Returns one module made of two that generators rendered, for a file that is new.

    Docstrings that begin alike are joined: ``How products look: their form and their table.``
    """
    return _merged(one, other, replace=True)


def _joined_docstring(one: str, other: str) -> str:
    """Returns the first docstring, with what the other says after the same beginning."""
    title, colon, subjects = one.removesuffix(".").partition(": ")
    if not colon or not other.startswith(f"{title}: "):
        return one
    known = re.split(", | and ", subjects)
    also = re.split(", | and ", other.removesuffix(".").removeprefix(f"{title}: "))
    new = [subject for subject in also if subject not in known]
    return f"{title}: {', '.join(known)} and {' and '.join(new)}." if new else one


class _Clash(ValueError):
    """A name means something else in the file."""


# -- the merge ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Splices:
    """Changes of a text, by place, carried out from its end to its beginning.

    Attributes:
        lines: The text, line by line, with its line ends.
        newline: How its lines end.
        indent: What its bodies are indented by.
        made: First line, line after the last, and the new text; lines are counted from 0.
    """

    lines: list[str]
    newline: str
    indent: str
    made: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])

    def add(self, start: int, end: int, text: str) -> None:
        """Replaces the lines from start to before end."""
        if self.indent != _INDENT:
            text = "".join(_reindented(line, self.indent) for line in lines_of(text))
        self.made.append((start, end, text.replace("\n", self.newline)))

    def text(self) -> str:
        """Returns the text with all changes."""
        lines = list(self.lines)
        in_order = sorted(enumerate(self.made), key=lambda each: (each[1][0], each[0]))
        for _, (start, end, text) in reversed(in_order):  # at one place the first stays the first
            if start and start == len(lines) and not lines[-1].endswith(("\n", "\r")):
                lines[-1] += self.newline
            lines[start:end] = [text]
        return "".join(lines) if self.lines else "".join(lines).lstrip("\r\n")


def _merged(source: str, module: str, *, replace: bool, anew: frozenset[str] = frozenset()) -> str:
    tree, new = ast.parse(source), ast.parse(module)
    here = _bound(tree)
    module_lines = lines_of(module)
    splices = _Splices(lines_of(source), _newline(source), _indent(source, tree))
    added: list[ast.stmt] = []
    for node in new.body:
        names = _defined(node)
        if not names:
            continue
        if not any(name in here for name in names):
            added.append(node)
        elif (replace or names[0] in anew) and (old := _definition(tree, names[0])) is not None:
            start, end = _with_comments(splices.lines, old)
            text = _text(module_lines, node)
            if "".join(splices.lines[start:end]).rstrip() != text.rstrip():
                splices.add(start, end, text)
                added.append(node)
    if replace:
        _join_docstrings(splices, tree, new)
    fresh = [node for node in added if _definition(tree, _defined(node)[0]) is None]
    _add_imports(splices, tree, new, added, here)
    _add_values(splices, tree, [n for n in fresh if not isinstance(n, _Definition)], module_lines)
    _add_definitions(splices, [n for n in fresh if isinstance(n, _Definition)], module_lines)
    return splices.text()


def _join_docstrings(splices: _Splices, tree: ast.Module, new: ast.Module) -> None:
    one, other = ast.get_docstring(tree), ast.get_docstring(new)
    if one and other and (joined := _joined_docstring(one, other)) != one:
        splices.add(*_extent(tree.body[0]), f'"""{joined}"""\n')


def _add_imports(
    splices: _Splices,
    tree: ast.Module,
    new: ast.Module,
    added: Sequence[ast.stmt],
    here: Mapping[str, str],
) -> None:
    """Adds the imports that the added statements use and the file lacks."""
    used = {n.id for node in added for n in ast.walk(node) if isinstance(n, ast.Name)}
    lines: list[str] = []
    for node in new.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        wanted = [a for a in node.names if _bound_by(a) in used and not _is_here(node, a, here)]
        existing = _same_import(tree, node, splices.lines)
        if wanted and existing is not None:
            start, end = _extent(existing)
            names = [*map(ast.unparse, existing.names), *map(ast.unparse, wanted)]
            splices.made = [made for made in splices.made if made[0] != start]
            splices.add(start, end, _import_line(node, names))
            existing.names.extend(wanted)  # several lines of the module may add to the same one
        elif wanted:
            lines.append(_import_line(node, [ast.unparse(alias) for alias in wanted]))
    if lines:
        place = _after_imports(tree, splices.lines)
        splices.add(place, place, "".join(lines) + ("" if _has_imports(tree) else "\n"))


def _add_values(
    splices: _Splices, tree: ast.Module, nodes: Sequence[ast.stmt], module_lines: Sequence[str]
) -> None:
    """Adds assignments such as a logger, below the imports."""
    if nodes:
        place = _after_imports(tree, splices.lines)
        splices.add(place, place, "\n" + "".join(_text(module_lines, node) for node in nodes))


def _add_definitions(
    splices: _Splices, nodes: Sequence[ast.stmt], module_lines: Sequence[str]
) -> None:
    """Adds functions and classes at the end of the file."""
    if nodes:
        end = len(splices.lines)
        while end and not splices.lines[end - 1].strip():
            end -= 1
        text = "".join(f"\n\n{_text(module_lines, node)}" for node in nodes)
        splices.add(end, len(splices.lines), text)


def _check(source: str, text: str, names: Iterable[str]) -> None:
    """Makes sure that the new text parses, says what the old one said, and defines the names.

    Raises:
        _Clash: It does not.
        SyntaxError: It is not Python.
    """
    tree, old = ast.parse(text), ast.parse(source)
    there = _bound(tree)
    names = list(names)
    lost = [name for name in (*_bound(old), *names) if name not in there]
    mine = set(names)
    now = {ast.dump(node) for node in tree.body}
    for node in old.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_text or mine & set(_defined(node)):
            continue
        lost += [] if ast.dump(node) in now else [ast.unparse(node).partition("\n")[0]]
    if lost:
        raise _Clash(f"It cannot be edited safely: {lost[0]!r} would be lost.")


def _let_go(source: str, text: str) -> frozenset[str]:
    """Returns the names that something in the module used, and that now occur nowhere."""
    before, now = _words(ast.parse(source)), _words(ast.parse(text))
    return frozenset(before - now)


def _words(tree: ast.Module) -> set[str]:
    """Returns the names that a module uses, with the words of its texts, which may name some too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"\w+", node.value))
    return found


def _without_imports(text: str, names: frozenset[str]) -> str:
    """Returns the text without the imports of some names, where a line may be written anew."""
    tree = ast.parse(text)
    splices = _Splices(lines_of(text), _newline(text), _INDENT)
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or _same_import(tree, node, splices.lines) != node:
            continue
        kept = [ast.unparse(alias) for alias in node.names if _bound_by(alias) not in names]
        if len(kept) < len(node.names):
            start, end = _extent(node)
            splices.add(start, end, _import_line(node, kept) if kept else "")
    return splices.text()


# -- what a module has ----------------------------------------------------------------------------


def _defined(node: ast.stmt) -> list[str]:
    """Returns the names that a definition or an assignment binds."""
    if isinstance(node, _Definition):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yields the statements of a module, those under `if` and `try` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])
            for handler in getattr(node, "handlers", ()):
                yield from _statements(handler.body)


def _bound(tree: ast.Module) -> dict[str, str]:
    """Returns the names of a module, each with where an import brings it from."""
    found: dict[str, str] = {}
    for node in _statements(tree.body):
        found |= dict.fromkeys(_defined(node), "")
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {_bound_by(alias): _origin(node, alias) for alias in node.names}
    return found


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _origin(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    if isinstance(node, ast.Import):
        return alias.name
    return f"{'.' * node.level}{node.module or ''}.{alias.name}"


def _is_here(node: ast.Import | ast.ImportFrom, alias: ast.alias, here: Mapping[str, str]) -> bool:
    """Whether the file has this name already.

    Raises:
        _Clash: It has, and means something else by it.
    """
    name = _bound_by(alias)
    if name not in here:
        return False
    wanted = _origin(node, alias)
    found = here[name]
    relative = found.startswith(".") and found.rpartition(".")[2] == alias.name
    if found != wanted and not relative:
        source = f"from {found.rpartition('.')[0]}" if found else "in the file itself"
        raise _Clash(f"The name {name} is taken: it comes {source}.")
    return True


def _definition(tree: ast.Module, name: str) -> ast.stmt | None:
    return next((node for node in tree.body if name in _defined(node)), None)


def _same_import(
    tree: ast.Module, node: ast.Import | ast.ImportFrom, lines: Sequence[str]
) -> ast.ImportFrom | None:
    """Returns the statement that imports from the same module and may be written anew."""
    if isinstance(node, ast.Import):
        return None
    for other in tree.body:
        if not isinstance(other, ast.ImportFrom):
            continue
        same = (other.module, other.level) == (node.module, node.level)
        start, end = _extent(other)
        text = "".join(lines[start:end])
        plain = "#" not in text and ";" not in text and other.names[0].name != "*"
        if same and plain:
            return other
    return None


def _import_line(node: ast.Import | ast.ImportFrom, names: Sequence[str]) -> str:
    if isinstance(node, ast.Import):
        return f"import {', '.join(names)}\n"
    head = f"from {'.' * node.level}{node.module or ''} import "
    line = head + ", ".join(names)
    if len(line) <= LONGEST_IMPORT:
        return f"{line}\n"
    return f"{head}(\n{''.join(f'{_INDENT}{name},{chr(10)}' for name in names)})\n"


def _has_imports(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)


def _after_imports(tree: ast.Module, lines: Sequence[str]) -> int:
    """Returns the line before which an import goes, counted from 0."""
    place = 0
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            place = node.end_lineno or 0
    if place or not tree.body:
        return place or len(lines)
    first = tree.body[0]
    if ast.get_docstring(tree, clean=False) is not None:
        return first.end_lineno or 0
    return _extent(first)[0]


# -- text -----------------------------------------------------------------------------------------


def _extent(node: ast.stmt) -> tuple[int, int]:
    """Returns the first line of a statement and the one after its last, counted from 0."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    start = min([node.lineno, *(each.lineno for each in decorators)])
    return start - 1, node.end_lineno or start


def _text(lines: Sequence[str], node: ast.stmt) -> str:
    start, end = _with_comments(lines, node)
    return "".join(lines[start:end])


def _with_comments(lines: Sequence[str], node: ast.stmt) -> tuple[int, int]:
    """Returns the extent of a statement with the comments directly above it."""
    start, end = _extent(node)
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start, end


def _newline(source: str) -> str:
    return "\r\n" if "\r\n" in source else "\n"


def _indent(source: str, tree: ast.Module) -> str:
    """Returns what the bodies of the file are indented by, four blanks when it has none."""
    lines = lines_of(source)
    for node in tree.body:
        if isinstance(node, _Definition) and node.body[0].lineno > node.lineno:
            line = lines[node.body[0].lineno - 1]
            return line[: len(line) - len(line.lstrip())] or _INDENT
    return _INDENT


def _reindented(line: str, indent: str) -> str:
    rest = line.lstrip(" ")
    depth, odd = divmod(len(line) - len(rest), len(_INDENT))
    return indent * depth + " " * odd + rest


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in lines_of(text))
