"""Where a new project goes: which names and folders will do, and what is checked when it is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nitro_runtime.errors import UsageError

if TYPE_CHECKING:
    from nitro_cli.grammar.problems import Problem

HARMLESS = frozenset({".git", ".venv", "venv", ".idea", ".vscode", ".DS_Store"})
"""What a folder may hold and still count as empty."""


def check_name(typed: str) -> None:
    """Checks a project's name as typed.

    Raises:
        UsageError: It will not do; every problem is in it.
    """
    from nitro_cli.grammar.problems import BadWords

    if problems := name_problems(typed):
        raise BadWords(problems)


def name_problems(typed: str) -> list[Problem]:
    """Returns what is wrong with a project's name as typed; nothing for a good one."""
    from nitro_cli.grammar.names import check_project
    from nitro_cli.grammar.problems import Problem

    problems = check_project(Path.cwd().name if typed == "." else typed)
    if problems and typed == ".":
        sentence = "The project would be called like this folder; rename it, or go up and name one."
        problems.append(Problem("bad-folder", sentence))
    return problems


def refuse_occupied(root: Path, typed: str, *, occupied: bool) -> None:
    """Refuses a place where something is.

    Args:
        root: The folder.
        typed: What the user called it.
        occupied: Whether the user said that files may be there.

    Raises:
        UsageError: A file is there, a project, or files that nothing was said about.
    """
    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise UsageError(f"{typed} is there already and is not a folder; choose another name.")
    where = "This folder" if typed == "." else f"The folder {typed}"
    if is_project(root):
        raise UsageError(f"{where} is a Nitro project already; go on in it or choose another name.")
    held = _held(root)
    if held and not occupied:
        some = ", ".join(held[:3]) + (", ..." if len(held) > 3 else "")
        sentence = "choose another name, empty it, or keep what is in it with --skip."
        raise UsageError(f"{where} is not empty ({some}); {sentence}")


def is_project(root: Path) -> bool:
    """Says whether a folder is a Nitro project."""
    from nitro_cli.project import MEMORY, PROJECT_FILE

    return (root / MEMORY / PROJECT_FILE).is_file()


def _held(root: Path) -> list[str]:
    """Returns what is in a folder; what a command left that was killed early does not count."""
    from nitro_cli.project import MEMORY

    found = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    if MEMORY in found and not any((root / MEMORY).iterdir()):
        found.remove(MEMORY)
    return [name for name in found if name not in HARMLESS]


def verify(root: Path, paths: Iterable[str]) -> int:
    """Compiles the Python files among these, as they are on disk, and returns how many there are.

    Raises:
        SyntaxError: One is not Python.
    """
    python = [path for path in paths if path.endswith(".py")]
    for path in python:
        compile((root / path).read_bytes(), path, "exec", dont_inherit=True)
    return len(python)
