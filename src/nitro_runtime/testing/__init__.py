"""What tests of an app use, and the suites that an adapter or backend of your own has to pass.

`make` is imported here when it is first used; the suites need pytest and httpx and are imported
from their own modules: `nitro_runtime.testing.web_suite`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nitro_runtime.testing.factory import make

__all__ = ["make"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 # PEP 562
    if name != "make":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nitro_runtime.testing.factory import make

    return make
