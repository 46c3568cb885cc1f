"""`nitro info`: the versions of what a project runs on, and where it keeps things; asks no server."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from nitro_runtime import __version__
from nitro_runtime.errors import UsageError

if TYPE_CHECKING:
    from nitro_cli.frameworks import Framework
    from nitro_cli.project import Project

SECONDS = 20.0
"""How long Tailwind may take to say its version; npx may have to fetch it first."""

SERVERS = ("uvicorn", "granian", "hypercorn", "gunicorn", "waitress")
LIBRARIES = ("pydantic", "sqlmodel", "sqlalchemy", "datastar-py", "blinker", "markupsafe", "jinja2")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line.

    Attributes:
        name: What it is about.
        value: A version, a place; None: it is not there.
        note: What else there is to say.
    """

    name: str
    value: str | None
    note: str = ""


def facts(start: Path) -> list[Fact]:
    """Returns what is known of Nitro here, and of the project that a folder is in, if any."""
    from nitro_cli.project import find_project, folder_above

    project = find_project(start) if folder_above(start) is not None else None
    found = [
        Fact("nitro", __version__),
        Fact("python", platform.python_version(), platform.platform(terse=True)),
    ]
    if project is not None:
        found += _project(project)
    found += [Fact(name, _version(name)) for name in LIBRARIES]
    return [*found, *_datastar(project), _tailwind()]


def _project(project: Project) -> Iterator[Fact]:
    framework = project.framework
    views = project.options.get("views", "tags")
    yield Fact("project", project.name, f"{project.root} ({views} views)")
    yield Fact(framework.name, _version(_distribution(framework.module)))
    for server in _servers(framework):
        yield Fact(server, _version(server))
    yield Fact("database", *_database(project))


def _servers(framework: Framework) -> list[str]:
    """Returns the servers that run a framework: its command names them, or its extra brings them."""
    extra = re.compile(rf"extra == ['\"]{re.escape(framework.extra)}['\"]")
    brought = [line for line in metadata.requires("nitro-kit") or [] if extra.search(line)]
    known = " ".join((framework.serve_text("app"), *brought))
    return [server for server in SERVERS if re.search(rf"\b{server}\b", known)]


def _distribution(module: str) -> str:
    """Returns the distribution that has a module: ``python-fasthtml`` for ``fasthtml``."""
    return (metadata.packages_distributions().get(module) or [module])[0]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _database(project: Project) -> tuple[str | None, str]:
    """Returns the kind of the database and its address, without the password."""
    known = os.environ.get("NITRO_DATABASE_URL") or _from_env_file(project.root / ".env")
    if known is None:
        return "sqlite", "the project's own file, unless its settings say otherwise"
    # a password may hold any character, so no parser of addresses is asked where it ends
    scheme, _, rest = known.partition("?")[0].partition("://")
    place = rest.rpartition("@")[2]
    return scheme.partition("+")[0], f"{scheme}://{place}"


def _from_env_file(path: Path) -> str | None:
    if not path.is_file():
        return None
    found = re.search(r"^NITRO_DATABASE_URL=(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip("\"'") if found else None


def _datastar(project: Project | None) -> Iterator[Fact]:
    from nitro_cli.assets import DATASTAR, FILE_NAME

    if project is None:
        yield Fact("datastar", DATASTAR.version, "what nitro assets obtains")
        return
    path = project.static_dir / FILE_NAME
    if not path.is_file():
        yield Fact("datastar", None, f"obtain {DATASTAR.version} with: nitro assets")
    elif DATASTAR.matches(path.read_bytes()):
        yield Fact("datastar", DATASTAR.version, path.relative_to(project.root).as_posix())
    else:
        yield Fact(
            "datastar", "another", f"{path.relative_to(project.root)} is not {DATASTAR.version}"
        )


def _tailwind() -> Fact:
    from nitro_cli.tailwind import find_executable

    try:
        executable = find_executable()
    except UsageError:
        return Fact("tailwind", None, "optional; pip install 'nitro-kit[tailwind]'")
    try:
        done = subprocess.run(  # noqa: S603 - Tailwind
            [*executable.words, "--help"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Fact(
            "tailwind", None, f"{executable.origin} does not run ({type(problem).__name__})"
        )
    version = re.search(r"tailwindcss v(\d[\w.-]*)", done.stdout + done.stderr)
    return Fact("tailwind", version[1] if version else None, f"from {executable.origin}")
