"""Finds every entity of a project, so that nobody has to import them by hand for a migration.

The source is read first: only a module that defines an entity is imported, so that a script which
does something when it is imported is left alone.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from nitro_runtime.errors import ConfigurationError
from nitro_runtime.source_names import Names, read_names

_ENTITIES = frozenset(
    {
        "nitro.Entity",
        "nitro_runtime.entities.Entity",
        "nitro_runtime.entities.entity.Entity",
    }
)
_PASSED_OVER = frozenset({"tests", "test", "migrations", "alembic", "node_modules"})
_NOT_THE_PROJECT = frozenset(
    {"docs", "doc", "examples", "scripts", "benchmarks", "build", "dist", "venv", "env", "src"}
)
"""Folders beside the project's packages; inside a package one may well be called so."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One module: where it is, and what its names stand for once somebody asks."""

    name: str
    path: Path


def import_entities(*packages: str, folder: Path) -> list[str]:
    """Imports the modules that define entities, and returns their names in order.

    Modules with durable handlers are imported, too: these have tables of their own. Tests and migrations are passed over.

    Args:
        *packages: The packages to look in. None stands for all modules in the folder and in its
            ``src``.
        folder: The project's folder; it, or its ``src``, is on ``sys.path``.

    Raises:
        ConfigurationError: There is no such package, or a module with entities cannot be imported.
    """
    return import_classes(_ENTITIES, *packages, folder=folder, option="durable")


def import_classes(
    bases: Collection[str], *packages: str, folder: Path, option: str = ""
) -> list[str]:
    """Imports the modules that define classes of other bases, as `import_entities` does.

    Args:
        bases: The dotted names of the bases.
        *packages: The packages to look in; None stands for all modules in the folder.
        folder: The project's folder.
        option: Imports also modules in which a decorator is called with this keyword.

    Raises:
        ConfigurationError: There is no such package, or such a module cannot be imported.
    """
    found = [source for package in packages for source in _in_package(package)]
    if not packages:
        found = [*_in_folder(folder), *_in_folder(folder / "src")]
    modules = _Modules(found, bases)
    wanted = modules.with_classes()
    for name, classes in wanted.items():
        _import(name, classes)
    for name in modules.with_option(option) if option else ():
        _import(name, ["durable handlers"])
    return list(wanted)


def _import(module: str, classes: Iterable[str]) -> None:
    try:
        importlib.import_module(module)
    except Exception as problem:
        raise ConfigurationError(
            f"{module}, which defines {', '.join(classes)}, cannot be imported "
            f"({type(problem).__name__}: {problem}); mend it, then run this again."
        ) from problem


# -- files ----------------------------------------------------------------------------------------


def _in_package(package: str) -> Iterator[_Source]:
    home = _locate(package)
    if home is None:
        raise ConfigurationError(
            f"There is no package {package!r} to look for entities in; correct its name in "
            "migrations/env.py."
        )
    if home.name == "__init__.py":
        yield from _walk(home.parent, package, _PASSED_OVER)
    elif home.is_dir():
        yield from _walk(home, package, _PASSED_OVER)
    else:
        yield _Source(package, home)


def _in_folder(folder: Path) -> Iterator[_Source]:
    if folder.is_dir() and not (folder / "__init__.py").exists():
        yield from _walk(folder, "", _PASSED_OVER | _NOT_THE_PROJECT)


def _walk(folder: Path, package: str, passed_over: frozenset[str]) -> Iterator[_Source]:
    for entry in sorted(folder.iterdir()):
        name = f"{package}.{entry.stem}" if package else entry.stem
        if entry.is_dir():
            foreign = entry.name in passed_over or (entry / "pyvenv.cfg").exists()
            if entry.name.isidentifier() and not foreign and not entry.is_symlink():
                yield from _walk(entry, name, _PASSED_OVER)
        elif entry.name == "__init__.py":
            yield _Source(package, entry)
        elif entry.suffix == ".py" and entry.is_file() and _is_part(entry.stem):
            yield _Source(name, entry)


def _is_part(stem: str) -> bool:
    test = stem.startswith("test_") or stem.endswith("_test") or stem in {"conftest", "setup"}
    return stem.isidentifier() and not test


def _locate(module: str) -> Path | None:
    """Returns the file of a module, or the folder of a package without one; nothing is imported."""
    path: list[str] | None = None
    spec = None
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:end]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    if spec is not None and spec.origin and spec.origin.endswith(".py"):
        return Path(spec.origin)
    return Path(path[0]) if path else None


# -- classes --------------------------------------------------------------------------------------


class _Modules:
    """The modules of a project and, as far as their classes need them, those of others."""

    def __init__(self, sources: Iterable[_Source], bases: Collection[str]) -> None:
        self._bases = bases
        self._own = {source.name: _read(source) for source in sources}
        self._others: dict[str, Names | None] = {}

    def with_classes(self) -> dict[str, list[str]]:
        """Returns the modules that define such classes, each with the names of these."""
        found: dict[str, list[str]] = {}
        for name, names in self._own.items():
            classes = [c for c in names.classes if self._is_one(c, frozenset())]
            if classes:
                found[name] = [each.rpartition(".")[2] for each in classes]
        return found

    def with_option(self, option: str) -> list[str]:
        """Returns the modules in which a decorator is called with this keyword."""
        return [name for name, names in self._own.items() if option in names.options]

    def _is_one(self, dotted: str, seen: frozenset[str]) -> bool:
        """Whether a dotted name is that of such a class, followed through imports and bases."""
        if dotted in self._bases:
            return True
        module, _, name = dotted.rpartition(".")
        names = None if dotted in seen else self._names(module)
        if names is None:
            return False
        if dotted in names.classes:
            leads = names.classes[dotted]
        elif name in names.imported:
            leads = [names.imported[name]]
        else:
            leads = [f"{star}.{name}" for star in names.stars]
        return any(self._is_one(lead, seen | {dotted}) for lead in leads)

    def _names(self, module: str) -> Names | None:
        if module in self._own:
            return self._own[module]
        if module not in self._others:
            path = _locate(module) if module else None
            # A library's base class is an entity only where it knows Nitro, or hands on what does.
            tells = path is not None and path.is_file() and _may_tell(path)
            self._others[module] = _read(_Source(module, path)) if path and tells else None
        return self._others[module]


def _may_tell(path: Path) -> bool:
    return path.name == "__init__.py" or b"nitro" in path.read_bytes()


def _read(source: _Source) -> Names:
    """Returns what the names of a module stand for; those of a file without entities may be none.

    Raises:
        ConfigurationError: It cannot be parsed, and may well define an entity.
    """
    text = source.path.read_bytes()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as problem:
        if b"Entity" not in text:
            return Names(module=source.name)
        line = f", line {problem.lineno}" if isinstance(problem, SyntaxError) else ""
        raise ConfigurationError(
            f"{source.path}{line} cannot be read ({problem}); mend it, then run this again."
        ) from problem
    is_package = source.path.name == "__init__.py"
    return read_names(tree, source.name, is_package=is_package)
