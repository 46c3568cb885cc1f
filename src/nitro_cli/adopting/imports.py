"""Where an import belongs in a file that somebody else wrote, and the splice that puts it there."""

from __future__ import annotations

import ast

from nitro_cli.adopting.source import Source, Splice

Import = ast.Import | ast.ImportFrom


def add_import(source: Source, module: str, near: frozenset[str]) -> Splice:
    """Returns the splice that adds ``import module`` at the top of a file.

    Args:
        source: The file.
        module: What is imported.
        near: Top-level packages; the import stands in the block where one of them is imported.
    """
    line = f"import {module}{source.newline}"
    block = _block(source, near)
    if block:
        after = next((node for node in block if _sorts_after(node, module)), None)
        if after is not None:
            return Splice(source.line_start(after.lineno), source.line_start(after.lineno), line)
        return source.line_after(block[-1], f"import {module}")
    start = source.line_start(_first_line(source))
    return Splice(start, start, line + source.newline * _blank_lines(source))


def add_names(source: Source, module: str, names: tuple[str, ...]) -> list[Splice]:
    """Returns the splices that import names from a module, those that are missing.

    An import of other names of the module takes them; else there is a new one.
    """
    return _added_names(source, module, names, apart="")


def add_own_names(source: Source, module: str, names: tuple[str, ...]) -> list[Splice]:
    """Returns the same for a module of the project: an empty line keeps it apart from others."""
    imports = _imports(source)
    apart = _apart(source, imports[-1], module) if imports else ""
    return _added_names(source, module, names, apart)


def _added_names(source: Source, module: str, names: tuple[str, ...], apart: str) -> list[Splice]:
    imports = _imports(source)
    own = [n for n in imports if isinstance(n, ast.ImportFrom) and n.module == module]
    there = {alias.name for node in own for alias in node.names if alias.asname is None}
    missing = [name for name in names if name not in there]
    if not missing:
        return []
    if own and own[0].names[0].name != "*":
        return [_join(source, own[0], name) for name in missing]
    text = f"from {module} import {', '.join(missing)}"
    if imports:
        return [source.line_after(imports[-1], apart + text)]
    start = source.line_start(_first_line(source))
    return [Splice(start, start, text + source.newline * 2)]


def _imports(source: Source) -> list[Import]:
    return [node for node in source.tree.body if isinstance(node, Import)]


def _apart(source: Source, last: Import, module: str) -> str:
    """Returns the empty line between the import of another package and one of the project's own."""
    own = module.partition(".")[0]
    relative = isinstance(last, ast.ImportFrom) and last.level
    return "" if relative or _package(last) == own else source.newline


def _join(source: Source, node: ast.ImportFrom, name: str) -> Splice:
    """Returns the splice that puts a name among those of an import, in its alphabetical place."""
    for alias in node.names:
        if alias.name.lower() > name.lower():
            start = source.span(alias)[0]
            return Splice(start, start, f"{name}, ")
    end = source.span(node.names[-1])[1]
    return Splice(end, end, f", {name}")


def _block(source: Source, near: frozenset[str]) -> list[Import]:
    """Returns the imports on the lines around the first import of one of the packages.

    Without one it is the last block of the file's head.
    """
    blocks: list[list[Import]] = []
    for node in source.tree.body:
        if not isinstance(node, Import) or not source.stands_alone(node) or _is_future(node):
            continue
        if blocks and node.lineno == (blocks[-1][-1].end_lineno or 0) + 1:
            blocks[-1].append(node)
        else:
            blocks.append([node])
    chosen = [block for block in blocks if any(_package(node) in near for node in block)]
    head = [block for block in blocks if _in_head(source, block[0])]
    return chosen[0] if chosen else head[-1] if head else []


def _in_head(source: Source, node: ast.stmt) -> bool:
    before = source.tree.body[: source.tree.body.index(node)]
    return all(isinstance(one, Import) or _is_docstring(one) for one in before)


def _package(node: Import) -> str:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] if not node.level else ""
    return node.names[0].name.partition(".")[0]


def _sorts_after(node: Import, module: str) -> bool:
    """Whether an import comes after ``import module``; plain ones come before the others."""
    return isinstance(node, ast.ImportFrom) or node.names[0].name > module


def _first_line(source: Source) -> int:
    """Returns the line on which a first import would stand, after the docstring and comments."""
    head = [node for node in source.tree.body if _is_docstring(node) or _is_future(node)]
    if head:
        return (head[-1].end_lineno or 1) + 1
    line = 1
    while line <= source.lines and source.line(line).startswith("#"):
        line += 1
    return line


def _blank_lines(source: Source) -> int:
    """Returns how many empty lines stand between a first import and what follows."""
    rest = [node for node in source.tree.body if not (_is_docstring(node) or _is_future(node))]
    defines = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return 2 if rest and isinstance(rest[0], defines) else 1


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
