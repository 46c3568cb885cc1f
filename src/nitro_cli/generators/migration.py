"""Where a new migration goes: its number and the revision before it, read from the files alone."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from nitro_runtime.errors import UsageError

VERSIONS = "migrations/versions"


@dataclass(frozen=True, slots=True)
class Revision:
    """A new migration.

    Attributes:
        id: ``"0002"``.
        down: The revision before it, or None for the first.
        path: ``migrations/versions/0002_create_product.py``.
    """

    id: str
    down: str | None
    path: str


def next_revision(root: Path, slug: str) -> Revision:
    """Returns the revision that follows the ones in a project.

    Args:
        root: The project's folder.
        slug: What it does, ``create_product``; part of the file's name.

    Raises:
        UsageError: The history has more than one end.
    """
    known: set[str] = set()
    followed: set[str] = set()
    numbers = [0]
    for source in sorted((root / VERSIONS).glob("*.py")):
        revision, downs = _read(source)
        if revision:
            known.add(revision)
            followed |= downs
            numbers += [int(digits) for digits in re.findall(r"^(\d{1,9})", source.name)]
    heads = sorted(known - followed)
    if len(heads) > 1:
        raise UsageError(
            f"The migrations have {len(heads)} ends ({', '.join(heads)}); "
            "join them first: alembic merge heads"
        )
    number = f"{max(numbers) + 1:04}"
    return Revision(number, heads[0] if heads else None, f"{VERSIONS}/{number}_{slug}.py")


def read_revision(root: Path, path: str) -> Revision | None:
    """Returns the revision that a file holds, or None when it holds none."""
    source = root / path
    revision, downs = _read(source) if source.is_file() else ("", set[str]())
    return Revision(revision, next(iter(downs), None), path) if revision else None


def _read(source: Path) -> tuple[str, set[str]]:
    """Returns a file's revision and the ones before it; an empty one when it is no migration."""
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):  # a link that leads nowhere is no migration either
        return "", set()
    values = {name: value for node in tree.body for name, value in _assigned(node)}
    revision = values.get("revision")
    down = values.get("down_revision")
    downs = {down} if isinstance(down, str) else set[str]()
    if isinstance(down, tuple | list):  # a merge of several ends
        downs = {str(one) for one in cast("tuple[object, ...]", down)}
    return (revision if isinstance(revision, str) else ""), downs


def _assigned(node: ast.stmt) -> list[tuple[str, object]]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    value = getattr(node, "value", None)
    try:
        literal = ast.literal_eval(value) if value is not None else None
    except ValueError:
        return []
    return [(target.id, literal) for target in targets if isinstance(target, ast.Name)]
