"""The ``.env`` of a project, for what is read from the environment and not from its settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_NAMES = ("NITRO_QUEUE_URL", "NITRO_BROKER_URL")


def with_env_file(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Returns an environment with the addresses of servers that ``.env`` has and it has not.

    The settings of a project read the file themselves, for what they know.
    """
    return {**_read(root / ".env"), **environ}


def take_env_file(root: Path) -> None:
    """Puts them into the environment of this process."""
    for name, value in _read(root / ".env").items():
        os.environ.setdefault(name, value)


def _read(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    found: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip() in _NAMES and value.strip():
            found[name.strip()] = _plain(value.strip())
    return found


def _plain(value: str) -> str:
    """Returns a value without its quotes, or without the comment behind it."""
    quote = value[0]
    if quote in "\"'":
        return value[1:].partition(quote)[0]
    return value.partition(" #")[0].rstrip()
