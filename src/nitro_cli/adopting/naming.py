"""What an adopted project is called, and which package its generated code goes into."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from nitro_cli.grammar.names import check_project

_FALLBACK = "app"


def name_of(root: Path) -> str:
    """Returns the project's name: that of its ``pyproject.toml``, else of its folder."""
    try:
        data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        data = {}
    poetry = data.get("tool", {}).get("poetry", {})
    name = data.get("project", {}).get("name") or poetry.get("name")
    return str(name or root.resolve().name)


def package_of(name: str, root: Path) -> str:
    """Returns the name of a package that a project of single files has for generated code.

    It hides no module of the project, of Nitro or of the standard library.
    """
    word = re.sub(r"\W+", "_", name).strip("_").lower()
    word = word if word[:1].isalpha() else f"{_FALLBACK}_{word}".rstrip("_")
    for candidate in (word, f"{word}_resources"):
        if not _is_taken(candidate, root):
            return candidate
    return f"{word}_nitro"


def _is_taken(name: str, root: Path) -> bool:
    hidden = (root / f"{name}.py").exists() or (root / name).exists()
    return hidden or bool(check_project(name))
