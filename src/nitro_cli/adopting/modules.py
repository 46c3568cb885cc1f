"""The Python files of a project that somebody else made: parsed, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nitro_runtime.errors import UsageError
from nitro_runtime.source_names import Names, read_names

NOT_THE_APP = frozenset(
    {
        "tests", "test", "testing", "docs", "doc", "examples", "example", "migrations", "alembic",
        "scripts", "benchmarks", "node_modules", "site-packages", "build", "dist", "venv", "env",
        "static", "templates",
    }
)  # fmt: skip
"""Folders in which an app is somebody else's, or a test's."""

SOURCE_FOLDERS = ("src",)
"""Folders that imports start from, beside the project's own."""

MOST_FILES = 5000


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file.

    Attributes:
        path: From the project's folder, with ``/``.
        name: As it is imported: ``shop.web``.
        tree: Its syntax tree.
        names: What its names stand for.
    """

    path: str
    name: str
    tree: ast.Module
    names: Names


@dataclass(frozen=True, slots=True)
class Broken:
    """A Python file that cannot be parsed.

    Attributes:
        path: From the project's folder.
        line: Where.
        reason: What is wrong.
    """

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.reason}"


def read_modules(root: Path) -> tuple[list[Module], list[Broken]]:
    """Returns the project's modules, sorted by path, and the files that are not Python.

    Tests, documentation, examples and what is installed are passed over.

    Raises:
        UsageError: There are far too many files for a project.
    """
    modules: list[Module] = []
    broken: list[Broken] = []
    for number, path in enumerate(_python_files(root, root)):
        if number >= MOST_FILES:
            sentence = f"There are more than {MOST_FILES} Python files in {root}; go into the app."
            raise UsageError(sentence)
        found = _read(path, path.relative_to(root).as_posix())
        if isinstance(found, Module):
            modules.append(found)
        elif found is not None:
            broken.append(found)
    return modules, broken


def _python_files(folder: Path, root: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() and not entry.resolve().is_relative_to(root.resolve()):
            continue
        if entry.is_dir():
            hidden = entry.name.startswith((".", "__")) or entry.name.endswith(".egg-info")
            foreign = (entry / "pyvenv.cfg").exists()
            if not (hidden or foreign or entry.name in NOT_THE_APP or entry.is_symlink()):
                yield from _python_files(entry, root)
        elif entry.suffix == ".py" and not _is_test(entry.name):
            yield entry


def _is_test(name: str) -> bool:
    return name.startswith("test_") or name.endswith("_test.py") or name in {"conftest.py"}


def _read(path: Path, relative: str) -> Module | Broken | None:
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        return Broken(relative, error.lineno or 1, error.msg)
    except (OSError, ValueError):  # unreadable, or bytes that are no text: nobody's app
        return None
    name = dotted_name(relative)
    return Module(relative, name, tree, read_names(tree, name))


def dotted_name(path: str) -> str:
    """Returns the name by which a file is imported: ``shop.web`` for ``src/shop/web.py``."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] in SOURCE_FOLDERS and len(parts) > 1:
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
