"""Names of functions that generators write, and whether a file has one of that name already."""

from __future__ import annotations

import ast
import keyword
import re

from nitro_cli.grammar.problems import Problem
from nitro_cli.grammar.reserved import BUILTINS
from nitro_cli.plan.texts import parse_python, plain
from nitro_cli.project import Project
from nitro_runtime.errors import UsageError

LONGEST = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def function_problems(
    name: str, what: str = "function", example: str = "notify_stock"
) -> list[Problem]:
    """Returns why a function, or what is written as one, cannot be called so.

    Args:
        name: The name.
        what: What people call it.
        example: A good name.
    """
    if not name:
        return [Problem("empty-name", f"The name of the {what} is empty.", name)]
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        sentence = (
            f"{name!r} is not a name for a {what}: small letters, digits and '_', a letter "
            f"first, at most {LONGEST}: {example}."
        )
        return [Problem("bad-name", sentence, name, 0, len(name))]
    if is_taken(name):
        sentence = f"{name!r} is a word of Python; choose another name, such as {name + '_all'!r}."
        return [Problem("reserved-name", sentence, name, 0, len(name))]
    return []


def is_taken(name: str) -> bool:
    """Whether Python, or a generated module, means something by the name."""
    return keyword.iskeyword(name) or name in BUILTINS | {
        "log",
        "logging",
        "on",
        "command",
        "anyone",
    }


def check_function(project: Project, path: str, name: str, opened: str) -> None:
    """Makes sure that a file has no other function of the name.

    Args:
        project: The project.
        path: The file, from the project's folder; it need not be there.
        name: The function.
        opened: The event or command that its decorator names, when it is the one that is wanted.

    Raises:
        UsageError: It has one that does something else, or is not Python.
    """
    text = project.read(path)
    tree = parse_python(path, plain(text)) if text else None
    for node in tree.body if tree else ():
        if getattr(node, "name", "") == name and opened not in _decorated_with(node):
            raise UsageError(
                f"{path}, line {node.lineno}: there is a {name} already, and it is not for "
                f"{opened!r}; choose another name."
            )


def _decorated_with(node: ast.stmt) -> list[object]:
    """Returns the first arguments of a function's decorators."""
    calls = [d for d in getattr(node, "decorator_list", ()) if isinstance(d, ast.Call)]
    return [d.args[0].value for d in calls if d.args and isinstance(d.args[0], ast.Constant)]
