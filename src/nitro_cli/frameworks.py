"""The web frameworks that templates exist for, discovered from folders and installed plugins.

A framework is a folder of plain files; none of it is code that runs when it is found or rendered::

    framework.toml     what the command has to know, see below
    dialect.jinja      macros: how routes are written; those that it lacks are shared/dialect.jinja's
    app.py.jinja       the application, ``{package}/app.py``
    client.py.jinja    the fixture ``client`` of the project's ``tests/conftest.py``
    ...                more templates, where framework.toml names them

A project's own folders (``.nitro/templates/frameworks/<name>``) come first, then plugins, then what
Nitro brings. A plugin is an installed package with an entry point in the group ``nitro.frameworks``:
its name is what ``--framework`` takes, its value the dotted name of a package that is such a folder.

The keys of ``framework.toml``; in every text ``{package}`` is the project's package::

    title = "Flask"                     # how it writes itself
    extra = "flask"                     # optional: the extra of nitro-kit that installs it
    module = "flask"                    # optional: what is imported, by default called as the folder
    sync = true                         # optional: its handlers are plain functions, not coroutines
    start = "flask --app {package} run" # how its own documentation starts it
    dev = ["{python}", "-m", "flask", "--app", "{package}", "run", "--debug", "--port", "{port}"]
    serve = ["{python}", "-m", "gunicorn", "{package}:create_app()", "--bind", "127.0.0.1:{port}"]
    requirements = []                   # optional: what else its projects depend on
    dev_requirements = ["..."]          # optional: what their developers need besides
    env = ["NITRO_DEBUG=true"]          # optional: more lines for .env
    ignore = [".secret"]                # optional: more lines for .gitignore

    [files]                             # optional: template to target, or to several of them
    "app.py.jinja" = "{package}/__init__.py"

A target in ``[files]`` replaces the shared file of that name. In a template of such a file,
``target`` is its path; ``project``, ``framework`` and the macros ``d`` are there as everywhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nitro_runtime.errors import ConfigurationError, MissingExtra, UsageError, suggestion

BUNDLED = Path(__file__).parent / "templates"
PROJECT_TEMPLATES = Path(".nitro") / "templates"
GROUP = "nitro.frameworks"
DESCRIPTION = "framework.toml"
APP = "app.py.jinja"


@dataclass(frozen=True, slots=True)
class Framework:
    """What the command knows of a web framework, read from its ``framework.toml``.

    Attributes:
        name: What ``--framework`` takes, ``fastapi``: the name of its folder or plugin.
        title: How it writes itself, ``FastAPI``.
        module: What is imported, ``fastapi``.
        extra: The extra of nitro-kit that installs it with its server; empty for a plugin's own.
        start: How its own documentation starts it, ``uvicorn {package}.app:app --reload``.
        dev: The development server's words, with ``{python}``, ``{package}`` and ``{port}``.
        serve: The production server's words, with the same.
        requirements: What else a project on it depends on, as requirement lines.
        dev_requirements: What its developers need besides, as requirement lines.
        env: Lines for ``.env`` of every machine.
        ignore: Lines for ``.gitignore``.
        files: Pairs of a template in its folder and the file that it makes.
        sync: Whether its handlers are plain functions.
        folder: Where its templates are.
    """

    name: str
    title: str
    module: str
    extra: str
    start: str
    dev: tuple[str, ...]
    serve: tuple[str, ...]
    requirements: tuple[str, ...]
    dev_requirements: tuple[str, ...]
    env: tuple[str, ...]
    ignore: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    sync: bool
    folder: Path

    def app(self, package: str) -> str:
        """Returns where the app is, or what makes it, as its server is told: ``shop.app:app``."""
        words = [word for word in self.serve if re.fullmatch(r"\{package\}[\w.]*:\w+(\(\))?", word)]
        return (words or ["{package}.app:app"])[0].format(package=package)

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
            module=data.get("module", name),
            extra=data.get("extra", ""),
            start=data["start"],
            dev=tuple(data["dev"]),
            serve=tuple(data["serve"]),
            requirements=tuple(data.get("requirements", ())),
            dev_requirements=tuple(data.get("dev_requirements", ())),
            env=tuple(data.get("env", ())),
            ignore=tuple(data.get("ignore", ())),
            files=tuple(_files({APP: "{package}/app.py", **data.get("files", {})})),
            sync=bool(data.get("sync", False)),
            folder=folder,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{source} does not describe a framework: {error!r}") from error


def _files(declared: Mapping[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    for template, targets in declared.items():
        for target in [targets] if isinstance(targets, str) else targets:
            yield template, target


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
    plugin = plugin_folders().get(wanted)
    if plugin is not None:
        return read_framework(wanted, plugin)
    known = known_frameworks(project)
    hint = suggestion(wanted, known)
    raise UsageError(f"There is no framework {name!r}.{hint} Known: {', '.join(known)}.")


def check_installed(framework: Framework) -> None:
    """Checks that a framework could be imported; it is not imported.

    Raises:
        MissingExtra: It is not installed, and Nitro has an extra for it.
        UsageError: It is not installed, and its plugin's project says what it needs.
    """
    from importlib.util import find_spec

    if find_spec(framework.module) is not None:
        return
    if framework.extra:
        raise MissingExtra(framework.title, framework.extra)
    sentence = "install what the project needs: pip install -e '.[dev]'"
    raise UsageError(f"{framework.title} is not installed; {sentence}")


def known_frameworks(project: Path | None = None) -> list[str]:
    """Returns the names of every framework that can be chosen, sorted."""
    found = {folder.name for folder in _folders(project) if (folder / DESCRIPTION).is_file()}
    return sorted(found | set(plugin_folders()))


def _folders(project: Path | None) -> Iterator[Path]:
    roots = [BUNDLED] if project is None else [project / PROJECT_TEMPLATES, BUNDLED]
    for root in roots:
        if (root / "frameworks").is_dir():
            yield from sorted((root / "frameworks").iterdir())


def plugin_folders() -> dict[str, Path]:
    """Returns the folders of installed plugins, without running any code of theirs."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found: dict[str, Path] = {}
    for entry in entry_points(group=GROUP):
        top, *inner = entry.value.split(".")  # to look for a package in a package would import it
        spec = find_spec(top)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            found.setdefault(entry.name.lower(), Path(location, *inner))
    return found
