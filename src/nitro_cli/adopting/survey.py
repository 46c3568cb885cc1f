"""What was found in a project: its files, its frameworks, the apps that Nitro may be added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nitro_cli.adopting.apps import App
from nitro_cli.adopting.dependency_files import DependencyFile, find_files
from nitro_cli.adopting.modules import Broken, Module, read_modules
from nitro_cli.adopting.settings import SettingsApp
from nitro_cli.adopting.shapes import Shape, read_shapes
from nitro_cli.plan.plan import Edit


@dataclass(frozen=True, slots=True)
class Candidate:
    """An app that Nitro may be added to.

    Attributes:
        shape: The framework.
        app: The app, or the project by its settings.
        edits: What is edited, by path.
        there: Where Nitro is installed on it already; empty when it is not.
    """

    shape: Shape
    app: App | SettingsApp
    edits: Mapping[str, Edit]
    there: str

    @property
    def folder(self) -> str:
        """The folder of the app's module, from the project's; empty when they are the same."""
        return self.app.path.rpartition("/")[0]

    @property
    def includes(self) -> str:
        """The file that includes what is generated."""
        patterns = getattr(self.app, "patterns", None)
        return patterns.path if patterns else self.app.path

    @property
    def package(self) -> str:
        """The top-level package of the app; empty when it is in a file of its own."""
        path = self.app.path
        name = self.app.module if isinstance(self.app, App) else self.app.address
        in_package = "/" in path.removeprefix("src/")
        return name.partition(".")[0] if in_package else ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a project.

    Attributes:
        root: Its folder.
        shapes: The frameworks that are known.
        modules: Its Python files.
        broken: Those that cannot be parsed.
        files: The files that name its dependencies.
    """

    root: Path
    shapes: tuple[Shape, ...]
    modules: Sequence[Module]
    broken: Sequence[Broken]
    files: Sequence[DependencyFile]


def survey(root: Path) -> Survey:
    """Reads a project; nothing of it is imported.

    Raises:
        UsageError: A file of dependencies cannot be read.
    """
    modules, broken = read_modules(root)
    return Survey(root, read_shapes(root), modules, broken, find_files(root))
