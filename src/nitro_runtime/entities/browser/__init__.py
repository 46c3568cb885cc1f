"""The browser backend: entities that live in their visitor's browser and come along with its requests."""

from typing import cast

from nitro_runtime.entities.browser.repository import BrowserRepository
from nitro_runtime.entities.settings import repository_named

__all__ = ["BrowserRepository", "clear_browser"]


def clear_browser() -> None:
    """Forgets all that the browser of whoever is being answered keeps; see `BrowserRepository.clear`.

    Raises:
        BrowserStorageMissing: No storage came with the request.
        EntityError: A transaction is open, and this cannot be undone.
    """
    cast("BrowserRepository", repository_named("browser")).clear()
