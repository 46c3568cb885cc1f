"""Which frameworks Nitro has adapters for, and from which version on: a table of data.

An adapter imports its framework inside ``with supported("flask"):``, so that a framework that is
missing or too old is one clear sentence instead of an import error from somewhere inside.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from nitro_runtime.errors import ConfigurationError, MissingExtra


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework that an adapter speaks to.

    Attributes:
        title: How it writes itself, ``FastHTML``.
        module: What is imported, ``fasthtml``.
        distribution: What is installed, ``python-fasthtml``.
        minimum: The oldest version that works, ``0.12.30``.
        install: What to give to ``pip install``, ``nitro-kit[fasthtml]``.
    """

    title: str
    module: str
    distribution: str
    minimum: str
    install: str


FRAMEWORKS: dict[str, Framework] = {
    row.module: row
    for row in (
        Framework("Starlette", "starlette", "starlette", "0.46", "nitro-kit[starlette]"),
        Framework("FastAPI", "fastapi", "fastapi", "0.128", "nitro-kit[fastapi]"),
        Framework("FastHTML", "fasthtml", "python-fasthtml", "0.12.30", "nitro-kit[fasthtml]"),
        Framework("Flask", "flask", "flask", "3.1", "nitro-kit[flask]"),
        Framework("Django", "django", "django", "5.2", "nitro-kit[django]"),
        Framework("Sanic", "sanic", "sanic", "25.3", "nitro-kit[sanic]"),
        Framework("Litestar", "litestar", "litestar", "2.15", "nitro-kit[litestar]"),
    )
}
"""The frameworks with an adapter of Nitro's own, by module; the extras ask for the same versions."""


@contextmanager
def supported(framework: str | Framework) -> Generator[None]:
    """Guards an adapter's imports of its framework, which stand in a ``with`` block of this.

    Args:
        framework: A name in `FRAMEWORKS`; a plugin gives its own row.

    Raises:
        MissingExtra: The framework is not installed.
        ConfigurationError: It is older than what the adapter needs.
    """
    row = FRAMEWORKS[framework] if isinstance(framework, str) else framework
    _refuse_older(row)
    try:
        yield
    except ModuleNotFoundError as error:
        extra = re.fullmatch(
            r"nitro-kit\[(.+)\]", row.install
        )  # a plugin needs its framework itself
        if extra is None or (error.name or "").partition(".")[0] != row.module:
            raise
        raise MissingExtra(row.title, extra[1]) from None


def _refuse_older(row: Framework) -> None:
    try:
        found = version(row.distribution)
    except PackageNotFoundError:  # missing, or there without metadata: the import will tell
        return
    if _release(found) < _release(row.minimum):
        raise ConfigurationError(
            f"{row.title} {found} is too old for Nitro, which needs {row.minimum} or newer; "
            f"upgrade it with: pip install -U '{row.install}'"
        )


def _release(text: str) -> tuple[int, ...]:
    """The release segment of a version (PEP 440): ``3.1.2rc1`` gives ``(3, 1, 2)``."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", text)
    return tuple(map(int, found[1].split("."))) if found else ()
