"""What is known of each framework's apps, read from ``adopting.toml`` beside its templates."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nitro_cli.frameworks import BUNDLED, PROJECT_TEMPLATES, plugin_folders
from nitro_runtime.errors import ConfigurationError

FILE = "adopting.toml"


@dataclass(frozen=True, slots=True)
class SettingsIdiom:
    """How a framework that is configured by a settings module is given Nitro.

    Attributes:
        environment: The environment variable that names the settings module.
        configure: The function that takes the settings as keywords, in a project of one file.
        middleware: The setting that lists the middleware.
        entry: What is added to it.
        urlconf: The setting that names the module of the addresses.
        patterns: The list in that module.
        route: What is added to it, last.
        included: The module that the route includes, by which it is recognised.
        urls_module: Where the names in the route come from.
        urls_names: Those names, sorted.
        serves: What serves static files, if it is in the settings.
        served: The setting that lists the folders that it takes them from.
        served_line: What to write when there is no such setting.
        application: What returns the application when the settings are known; empty: nothing is known.
    """

    environment: str
    configure: str
    middleware: str
    entry: str
    urlconf: str
    patterns: str
    route: str
    included: str
    urls_module: str
    urls_names: tuple[str, ...]
    serves: str
    served: str
    served_line: str
    application: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the apps of one framework are recognised.

    Attributes:
        name: The framework's name, ``fastapi``.
        title: How it writes itself.
        packages: What a project that uses it depends on, normalised.
        apps: The dotted names of the classes whose call makes an app.
        makers: The dotted names of functions that return a tuple with the app first.
        include: The statement that adds a module of generated routes, with ``{app}`` and
            ``{routes}``; empty when there are no templates for it.
        own_static: The argument of the class that names the folder beside the app's module that it
            serves itself, by default ``static``; empty when it serves none.
        settings: The idiom of a framework that has no app to install on.
    """

    name: str
    title: str
    packages: frozenset[str]
    apps: frozenset[str] = frozenset()
    makers: frozenset[str] = frozenset()
    include: str = ""
    own_static: str = ""
    settings: SettingsIdiom | None = None


def read_shapes(project: Path | None = None) -> tuple[Shape, ...]:
    """Returns every shape: what Nitro brings, then plugins' and the project's own, which win.

    Args:
        project: The root of a project that may bring templates of its own.

    Raises:
        ConfigurationError: A file is not as described there.
    """
    found: dict[str, Shape] = {}
    for source in _sources(project):
        found |= {shape.name: shape for shape in _read(source)}
    return tuple(found.values())


def _sources(project: Path | None) -> Iterator[Path]:
    folders = [BUNDLED / "frameworks", *plugin_folders().values()]
    folders += [] if project is None else [project / PROJECT_TEMPLATES / "frameworks"]
    return (folder / FILE for folder in folders if (folder / FILE).is_file())


def _read(source: Path) -> list[Shape]:
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
        return [_shape(name, table) for name, table in data.items()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{source} does not describe frameworks: {error!r}") from error


def _shape(name: str, table: Mapping[str, Any]) -> Shape:
    idiom: dict[str, Any] | None = table.get("settings")
    if idiom is not None:
        idiom["urls_names"] = tuple(idiom["urls_names"])
    return Shape(
        name=name,
        title=table["title"],
        packages=frozenset(table["packages"]),
        apps=frozenset(table.get("apps", ())),
        makers=frozenset(table.get("makers", ())),
        include=table.get("include", ""),
        own_static=table.get("own_static", ""),
        settings=None if idiom is None else SettingsIdiom(**idiom),
    )
