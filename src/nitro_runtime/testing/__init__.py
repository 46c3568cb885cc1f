"""What tests of an app use, and the suites that an adapter or backend of your own has to pass.

`make` and `Client` are imported here when they are first used; the suites need pytest and httpx and are
imported from their own modules: `nitro_runtime.testing.web_suite`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nitro_runtime.testing.client import Client
    from nitro_runtime.testing.factory import make

__all__ = ["Client", "make"]

_HOMES = {"Client": "nitro_runtime.testing.client", "make": "nitro_runtime.testing.factory"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 # PEP 562
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
