"""The project that a command works on: found from the current folder, described by its own file."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nitro_cli.frameworks import Framework, find_framework, known_frameworks
from nitro_runtime.errors import UsageError

MEMORY = ".nitro"
PROJECT_FILE = "project.json"
FORMAT = 1
"""The format of everything under ``.nitro``; a newer one is refused, never guessed at."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project that Nitro made.

    Attributes:
        root: Its folder.
        name: As it was typed: ``my-shop``.
        package: Its import name: ``my_shop``.
        framework: What it is built on.
        options: How it was made: ``{"views": "tags"}``.
    """

    root: Path
    name: str
    package: str
    framework: Framework
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def title(self) -> str:
        """What people call it: ``My Shop``."""
        return title_of(self.name)

    @property
    def package_dir(self) -> Path:
        """The folder of the import package."""
        return self.root / self.placed(self.package)

    @property
    def static_dir(self) -> Path:
        """The folder of the files that browsers load as they are."""
        return self.root / self.options.get("static", f"{self.package}/static")

    def placed(self, path: str) -> str:
        """Returns where a path is that starts with the package, when that stands in a folder."""
        source = self.options.get("source")
        return f"{source}/{path}" if source and path.split("/")[0] == self.package else path

    def read(self, path: str) -> str | None:
        """Returns the text of a file, its line ends as they are; None when there is none.

        Raises:
            UsageError: It is no text.
        """
        source = self.root / self.placed(path)
        if not source.is_file():
            return None
        try:
            with source.open(encoding="utf-8", newline="") as file:
                return file.read()
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not UTF-8 text; save it as such first.") from None

    def entities(self) -> dict[str, str]:
        """Returns the entities in the project's source: class name to the folder it stands in.

        The source is parsed, never imported; what cannot be parsed has no entities.
        """
        found: dict[str, str] = {}
        for source in sorted(self.package_dir.glob("*/entity.py")):
            found |= dict.fromkeys(_entity_classes(source), source.parent.name)
        return found


def title_of(name: str) -> str:
    """Returns ``My Shop`` for ``my-shop``."""
    words = name.replace("-", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def folder_above(start: Path) -> Path | None:
    """Returns the folder of the project that a folder is in; None when it is in none."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / MEMORY / PROJECT_FILE).is_file():
            return folder
    return None


def find_project(start: Path) -> Project:
    """Returns the project that a folder is in.

    Raises:
        UsageError: There is none here or above, or its description cannot be read.
    """
    folder = folder_above(start)
    if folder is not None:
        return load_project(folder)
    raise UsageError(
        "There is no Nitro project here or above. Go into one, or make one with: "
        "nitro new myapp --framework fastapi"
    )


def load_project(root: Path) -> Project:
    """Returns the project whose folder this is.

    Raises:
        UsageError: Its description cannot be read, or a newer Nitro wrote it.
    """
    source = root / MEMORY / PROJECT_FILE
    try:
        data = json.loads(source.read_text(encoding="utf-8"))
        number, name, package = data["format"], str(data["name"]), str(data["package"])
        framework, options = str(data["framework"]), dict[str, Any](data["options"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        sentence = f"{source} is damaged ({error!r}); restore it from version control."
        raise UsageError(sentence) from error
    if number != FORMAT:
        raise UsageError(f"{source} was written by a newer nitro (format {number}); upgrade nitro.")
    if "app" in options and framework not in known_frameworks(root):
        raise UsageError(
            f"There are no templates for {framework}, so nitro generates nothing here."
        )
    return Project(root, name, package, find_framework(framework, root), options)


def _entity_classes(source: Path) -> list[str]:
    try:
        tree = ast.parse(source.read_bytes())
    except (SyntaxError, ValueError):
        return []
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return [node.name for node in classes if any(_is_entity(base) for base in node.bases)]


def _is_entity(base: ast.expr) -> bool:
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return name == "Entity"
