"""A resource: one entry of an app's registry, and how its modules are found."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of an app: a package with an ``entity`` module and, mostly, ``routes``.

    Attributes:
        label: What the menu shows: "Products".
        url: Where its pages start, ``/products``; None when it has no pages.
        package: The dotted name of its package: ``shop.products``.
    """

    label: str
    url: str | None
    package: str

    def module(self, name: str) -> ModuleType | None:
        """Imports a module of the resource, or returns None when there is no such file.

        Raises:
            ImportError: The package does not exist, or the module itself cannot be imported.
        """
        dotted = f"{self.package}.{name}"
        return import_module(dotted) if find_spec(dotted) else None

    @property
    def entity(self) -> Any:  # noqa: ANN401 # the app's own class
        """The entity class: the one that its ``entity`` module defines.

        Raises:
            ImportError: There is no ``entity`` module, or it defines no entity.
        """
        module = self.module("entity")
        for value in vars(module).values() if module else ():
            if hasattr(value, "__entity__") and value.__module__ == module.__name__:  # pyright: ignore[reportOptionalMemberAccess]
                return value
        raise ImportError(f"{self.package}.entity defines no entity.")
