"""The files that say what a project depends on, and what they name."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nitro_runtime.errors import UsageError

Kind = Literal["project", "poetry", "pipenv", "lines", "setup"]

_LINE_FILES = (
    "requirements.in", "requirements/base.in", "requirements/base.txt", "requirements/common.txt",
    "requirements/requirements.txt", "requirements.txt",
)  # fmt: skip
_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
ARRAY = ("project", "dependencies")
POETRY = ("tool", "poetry", "dependencies")
PIPENV = ("packages",)


@dataclass(frozen=True, slots=True)
class DependencyFile:
    """A file that says what a project depends on.

    Attributes:
        path: From the project's folder.
        kind: What form it has.
        names: What it names, normalised.
        refresh: What installs a dependency that was added to it.
    """

    path: str
    kind: Kind
    names: frozenset[str]
    refresh: str


def find_files(root: Path) -> list[DependencyFile]:
    """Returns the files of a project that name its dependencies, the ones that rule first.

    Raises:
        UsageError: One of them is not TOML; the message names the line.
    """
    return list(_files(root))


def choose_file(files: list[DependencyFile], packages: frozenset[str]) -> DependencyFile | None:
    """Returns the file that an addition belongs into: the one that names the framework.

    Without one it is the first; None when there is no file.
    """
    naming = [file for file in files if file.names & packages]
    return next(iter([*naming, *files]), None)


def _files(root: Path) -> Iterator[DependencyFile]:
    if (root / "pyproject.toml").is_file():
        data = _toml(root, "pyproject.toml")
        tool: Mapping[str, Any] = data.get("tool", {})
        poetry = tool.get("poetry", {}).get("dependencies")
        project: Mapping[str, Any] | None = data.get("project")
        if project is not None and "dependencies" not in project.get("dynamic", ()):
            names = names_of(project.get("dependencies", ()))
            if poetry is None or names:
                yield DependencyFile("pyproject.toml", "project", names, _project_refresh(root))
        if poetry is not None:
            refresh = "poetry lock && poetry install"
            yield DependencyFile("pyproject.toml", "poetry", names_of(poetry), refresh)
    if (root / "Pipfile").is_file():
        packages = _toml(root, "Pipfile").get("packages", {})
        yield DependencyFile("Pipfile", "pipenv", names_of(packages), "pipenv install")
    yield from _line_files(root)
    if (root / "setup.cfg").is_file():
        names = names_of(ENTRIES["setup"](_text(root, "setup.cfg")))
        if names:
            yield DependencyFile("setup.cfg", "setup", names, "pip install -e .")


def _line_files(root: Path) -> Iterator[DependencyFile]:
    for path in _LINE_FILES:
        if (root / path).is_file():
            refresh = f"pip install -r {path}"
            if path.endswith(".in"):
                refresh = f"pip-compile {path} && pip-sync"
            names = names_of(_lines(_text(root, path)))
            yield DependencyFile(path, "lines", names, refresh)


def _project_refresh(root: Path) -> str:
    locks = {
        "uv.lock": "uv sync",
        "pdm.lock": "pdm install",
        "poetry.lock": "poetry lock && poetry install",
    }
    return next((c for lock, c in locks.items() if (root / lock).is_file()), "pip install -e .")


def _toml(root: Path, path: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_text(root, path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}; nothing was written.") from error


def _text(root: Path, path: str) -> str:
    try:
        return (root / path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            f"{path} is not UTF-8 text; save it as UTF-8, then run this again."
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def names_of(lines: Iterable[object]) -> frozenset[str]:
    """Returns the packages that requirement lines, or the keys of a table, name."""
    found = [_NAME.match(str(line)) for line in lines]
    return frozenset(normalised(match[1]) for match in found if match)


def normalised(name: str) -> str:
    """Returns the name of a package as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


# -- what a text names ----------------------------------------------------------------------------


def value_at(text: str, path: tuple[str, ...]) -> Any:  # noqa: ANN401 # whatever TOML holds
    """Returns a value of a TOML text; an empty mapping when it is not there."""
    value: Any = tomllib.loads(text)
    for part in path:
        value = value.get(part, {})
    return value


def _entries(path: tuple[str, ...]) -> Callable[[str], list[str]]:
    return lambda text: [str(entry) for entry in value_at(text, path)]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _install_requires(text: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return _lines(parser.get("options", "install_requires", fallback=""))


ENTRIES: Mapping[Kind, Callable[[str], list[str]]] = {
    "project": _entries(ARRAY),
    "poetry": _entries(POETRY),
    "pipenv": _entries(PIPENV),
    "lines": _lines,
    "setup": _install_requires,
}
"""What a text of a form holds, in its order."""
