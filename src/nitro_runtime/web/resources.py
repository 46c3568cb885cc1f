"""A resource: one entry of an app's registry, and how its modules are found."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from nitro_runtime.entities import samples
from nitro_runtime.views.model import open_pages

REGISTERING = ("entity", "handlers", "commands")
"""The modules of a resource that do their work by being imported."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of an app: a package with an ``entity`` module and, mostly, ``routes``.

    A page without an entity, and handlers that belong to none, are a single module instead.

    Attributes:
        label: What the menu shows: "Products".
        url: Where its pages start, ``/products``; None when it has no pages.
        package: The dotted name of its package, ``shop.products``, or of its only module,
            ``shop.pages.about``.
    """

    label: str
    url: str | None
    package: str

    def load(self) -> ModuleType | None:
        """Imports the resource, so that its entities, handlers and commands are known.

        Returns:
            The module of its pages, or None when it has none.

        Raises:
            ImportError: The package does not exist, or a module of it cannot be imported.
        """
        module = import_module(self.package)
        if not _is_package(module):
            return None if self.url is None else module
        for name in REGISTERING:
            self.module(name)
        routes = self.module("routes")
        if routes is not None and self.url is not None:
            open_pages(self.url)
        return routes

    def module(self, name: str) -> ModuleType | None:
        """Imports a module of the resource, or returns None when there is no such file.

        Raises:
            ImportError: The package does not exist, or the module itself cannot be imported.
        """
        if not _is_package(import_module(self.package)):
            return None
        dotted = f"{self.package}.{name}"
        return import_module(dotted) if find_spec(dotted) else None

    @property
    def entity(self) -> Any:  # noqa: ANN401 # the app's own class, or None
        """The entity class that its ``entity`` module defines; None when it has no such module.

        Raises:
            ImportError: The module defines no entity.
        """
        module = self.module("entity")
        if module is None:
            return None
        for value in vars(module).values():
            if hasattr(value, "__entity__") and value.__module__ == module.__name__:
                return value
        raise ImportError(f"{module.__name__} defines no entity.")

    def seeds(self, count: int) -> list[Any]:
        """Returns entities to begin with, not saved yet; none when the resource has no entity.

        Args:
            count: How many to make up when its ``seeds`` module does not say which ones.

        Raises:
            EntityError: None can be made up.
        """
        module = self.module("seeds")
        if module is not None:
            return list(module.rows())
        entity = self.entity
        return [] if entity is None else samples(entity, count)


def _is_package(module: ModuleType) -> bool:
    return hasattr(module, "__path__")
