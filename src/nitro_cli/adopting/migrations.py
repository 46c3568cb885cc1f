"""The folder ``migrations`` of an app that `nitro new` did not make, and Alembic's settings for it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from nitro_cli.adopting.modules import dotted_name
from nitro_cli.plan.plan import Create
from nitro_cli.rendering import Renderer

ENVIRONMENT = "migrations/env.py"
ADOPTED = "shared/adopted/env.py.jinja"
"""The template of an environment that names no package: the project's entities may be anywhere."""

_OTHERS = (
    ("shared/project/migrations/script.py.mako.jinja", "migrations/script.py.mako"),
    ("shared/adopted/alembic.ini.jinja", "alembic.ini"),
)
_SETTING_UP = ("wsgi.py", "asgi.py")
"""Modules that make the app of a project with a settings module, and so set it up."""


def migration_files(
    root: Path, renderer: Renderer, app: str = "", *, environment: str = ADOPTED
) -> Iterator[Create]:
    """Yields what a project lacks to have migrations; nothing when it has an environment.

    Args:
        root: The project's folder.
        renderer: Renders the templates.
        app: The settings module of a project that is set up by one; empty for others.
        environment: The template of its ``env.py``.
    """
    if (root / ENVIRONMENT).exists():
        return
    for template, path in ((environment, ENVIRONMENT), *_OTHERS):
        if not (root / path).exists() and not (path == "alembic.ini" and _has_settings(root)):
            text = renderer.render(template, {"setup": _sets_up(root, app)})
            # What several generators need belongs to none of them, so no memory tracks it.
            yield Create(path, text, tracked=False)


def _has_settings(root: Path) -> bool:
    """Whether the project's ``pyproject.toml`` has Alembic's settings."""
    try:
        data: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return "alembic" in data.get("tool", {})


def _sets_up(root: Path, app: str) -> str:
    """Returns the module whose import sets the app up; empty when there is none.

    It stands beside the settings module or above it; an app of one file sets itself up.
    """
    if not app:
        return ""
    for base in (root, root / "src"):
        folder = base.joinpath(*app.split("."))
        for parent in folder.parents:
            if not parent.is_relative_to(base):
                break
            found = next(
                (n for n in _SETTING_UP if parent != base and (parent / n).is_file()), None
            )
            if found is not None:
                return dotted_name(PurePosixPath(parent.relative_to(base) / found).as_posix())
        if "." not in app and folder.with_suffix(".py").is_file():
            return app
    return ""
