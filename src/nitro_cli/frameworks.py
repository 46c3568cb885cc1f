"""The web frameworks that templates exist for, discovered from folders and installed plugins.

A framework is a folder with ``framework.toml``, ``dialect.jinja``, ``app.py.jinja`` and
``client.py.jinja``. A project's own folders come first, then plugins (the entry point group
``nitro.frameworks``, each naming a package that is such a folder), then what Nitro brings.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nitro_runtime.errors import ConfigurationError, UsageError, suggestion

BUNDLED = Path(__file__).parent / "templates"
PROJECT_TEMPLATES = Path(".nitro") / "templates"
GROUP = "nitro.frameworks"
DESCRIPTION = "framework.toml"


@dataclass(frozen=True, slots=True)
class Framework:
    """What the command knows of a web framework, read from its ``framework.toml``.

    Attributes:
        name: What ``--framework`` takes, ``fastapi``: the name of its folder or plugin.
        title: How it writes itself, ``FastAPI``.
        extra: The extra of nitro-kit that installs it with its server.
        app: Where the application object is, ``{package}.app:app``.
        dev: The development server's words, with ``{python}``, ``{package}`` and ``{port}``.
        serve: The production server's words, with the same.
        requirements: What else a project on it depends on, as requirement lines.
        dev_requirements: What its developers need besides, as requirement lines.
        folder: Where its templates are.
    """

    name: str
    title: str
    extra: str
    app: str
    dev: tuple[str, ...]
    serve: tuple[str, ...]
    requirements: tuple[str, ...]
    dev_requirements: tuple[str, ...]
    folder: Path

    def serve_text(self, package: str) -> str:
        """Returns the production server's command line as people type it."""
        words = [word.format(python="python", package=package, port="8000") for word in self.serve]
        return " ".join(words)


def read_framework(name: str, folder: Path) -> Framework:
    """Reads a framework's folder.

    Raises:
        ConfigurationError: Its ``framework.toml`` is missing or not as described above.
    """
    source = folder / DESCRIPTION
    try:
        data: Mapping[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
        return Framework(
            name=name,
            title=data["title"],
            extra=data["extra"],
            app=data["app"],
            dev=tuple(data["dev"]),
            serve=tuple(data["serve"]),
            requirements=tuple(data.get("requirements", ())),
            dev_requirements=tuple(data.get("dev_requirements", ())),
            folder=folder,
        )
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{source} does not describe a framework: {error!r}") from error


def find_framework(name: str, project: Path | None = None) -> Framework:
    """Returns a framework by its name.

    Args:
        name: As ``--framework`` takes it; the case of letters does not matter.
        project: The root of a project that may bring templates of its own.

    Raises:
        UsageError: There is none; the message lists the known ones.
    """
    wanted = name.strip().lower()
    for folder in _folders(project):
        if folder.name == wanted and (folder / DESCRIPTION).is_file():
            return read_framework(wanted, folder)
    plugin = _plugins().get(wanted)
    if plugin is not None:
        return read_framework(wanted, plugin)
    known = known_frameworks(project)
    hint = suggestion(wanted, known)
    raise UsageError(f"There is no framework {name!r}.{hint} Known: {', '.join(known)}.")


def known_frameworks(project: Path | None = None) -> list[str]:
    """Returns the names of every framework that can be chosen, sorted."""
    found = {folder.name for folder in _folders(project) if (folder / DESCRIPTION).is_file()}
    return sorted(found | set(_plugins()))


def _folders(project: Path | None) -> Iterator[Path]:
    roots = [BUNDLED] if project is None else [project / PROJECT_TEMPLATES, BUNDLED]
    for root in roots:
        if (root / "frameworks").is_dir():
            yield from sorted((root / "frameworks").iterdir())


def _plugins() -> dict[str, Path]:
    """Returns the folders of installed plugins, without running any code of theirs."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found: dict[str, Path] = {}
    for entry in entry_points(group=GROUP):
        spec = find_spec(entry.value)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            found.setdefault(entry.name.lower(), Path(location))
    return found
