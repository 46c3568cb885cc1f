"""The browser backend: entities that live in their visitor's browser and come along with its requests."""

from nitro_runtime.entities.browser.repository import BrowserRepository

__all__ = ["BrowserRepository"]
