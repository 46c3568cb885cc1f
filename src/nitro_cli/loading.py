"""The app of a project, imported as its server would, for commands that ask it something."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nitro_runtime.errors import ConfigurationError, NitroError, UsageError

if TYPE_CHECKING:
    from nitro_cli.adopting.shapes import SettingsIdiom


@dataclass(frozen=True, slots=True)
class Loaded:
    """An app that was imported.

    Attributes:
        app: The app.
        address: Where it was found, ``shop.app:app``, or the module of its settings.
        root: The project's folder.
    """

    app: Any
    address: str
    root: Path


class AppFailed(NitroError):
    """The app could not be imported; the sentence names the line."""


def load_app(start: Path, address: str | None = None) -> Loaded:
    """Imports the app of the project that a folder is in.

    What its modules print goes to stderr. The folder of the project must be the working directory, and its
    modules importable: see `nitro_cli.database.environment.inside`.

    Args:
        start: The folder.
        address: The app, or what makes it, ``shop.web:create_app``; None: what `nitro new` made or
            `nitro init` found. It is needed where there is no project.

    Raises:
        UsageError: There is no project, or no such app.
        NitroError: The project's own code failed.
    """
    from nitro_cli.database.environment import sentences

    root = root_of(start, needed=address is None)
    found = address or _own_address(root)
    with sentences(root), redirect_stdout(sys.stderr):
        try:
            return Loaded(_app_at(found, root), found, root)
        except SystemExit as ended:
            raise AppFailed(f"{found} ends the program when it is imported ({ended}).") from ended


def root_of(start: Path, *, needed: bool) -> Path:
    """Returns the folder of the project that a folder is in; where there is none and need not be, itself.

    Raises:
        UsageError: There is none.
    """
    from nitro_cli.project import folder_above

    root = folder_above(start)
    if root is None and needed:
        raise UsageError(
            "There is no Nitro project here or above. Go into one, or name the app of this folder "
            "with: --app main:app"
        )
    return root or start.absolute()


def adopted_app(root: Path) -> str | None:
    """Returns where the app is that `nitro init` found in a folder; None where it has found none.

    Raises:
        UsageError: The description of the project cannot be read.
    """
    from nitro_cli.plan.memory import PROJECT, read_record

    return read_record(root, PROJECT).get("options", {}).get("app")


def packages_of(root: Path) -> list[str]:
    """Returns the package of a project that Nitro made; none stands for all modules of an app.

    Raises:
        UsageError: The description of the project cannot be read.
    """
    from nitro_cli.project import find_project, folder_above

    if folder_above(root) is None or adopted_app(root):
        return []
    return [find_project(root).package]


def _own_address(root: Path) -> str:
    from nitro_cli.frameworks import check_installed
    from nitro_cli.project import find_project

    # first, because there are apps of frameworks for which nothing is generated
    if adopted := adopted_app(root):
        return adopted
    project = find_project(root)
    check_installed(project.framework)
    return project.framework.app(project.package)


def _app_at(address: str, root: Path) -> Any:  # noqa: ANN401 # any framework's app
    module, _, name = address.partition(":")
    if not name:
        return _configured(module, root)
    found = _imported(module, address)
    for part in name.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise UsageError(f"The module {module} has nothing called {name}; give --app another.")
        found = getattr(found, part)
    return _made(found, address)


def _imported(module: str, address: str) -> Any:  # noqa: ANN401 # a module
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        parts = f"{module}.".startswith(
            f"{missing.name}."
        )  # else a module of the app lacks something
        if not parts:
            raise
        raise UsageError(f"There is no module {module} here, where {address} would be.") from None


def _made(found: Any, address: str) -> Any:  # noqa: ANN401 # the app, or what makes it
    """Returns the app itself: a function is called, of a tuple the first is taken."""
    if _is_app(found):
        return found
    if callable(found):
        found = _called(found, address)
    if isinstance(found, tuple):
        found = cast("tuple[Any, ...]", found)[0]
    if _is_app(found):
        return found
    raise UsageError(f"{address} is no app, but a {type(found).__name__}; name it with --app.")


def _called(make: Callable[..., Any], address: str) -> Any:  # noqa: ANN401 # what it makes
    try:
        inspect.signature(make).bind()
    except TypeError:
        raise UsageError(
            f"{address} cannot be called without arguments; name an app, or what makes it "
            "alone, with: --app main:app"
        ) from None
    return make()


def _is_app(found: object) -> bool:
    from nitro_runtime.adapters import adapter_for

    try:
        adapter_for(found)
    except ConfigurationError:
        return False
    return True


# -- frameworks that are told everything in a module of settings ------------------------------------


def _configured(settings: str, root: Path) -> Any:  # noqa: ANN401 # the application
    idiom = _idiom(settings, root)
    os.environ.setdefault(idiom.environment, settings)
    _imported(settings, settings)  # which may be the whole app, and configure itself
    module, _, name = idiom.application.partition(":")
    return _called(getattr(import_module(module), name), settings)


def _idiom(settings: str, root: Path) -> SettingsIdiom:
    from nitro_cli.adopting.shapes import read_shapes

    for shape in read_shapes(root):
        if shape.settings is not None and shape.settings.application:
            return shape.settings
    raise UsageError(f"{settings} names no app; write MODULE:NAME, such as main:app.")
