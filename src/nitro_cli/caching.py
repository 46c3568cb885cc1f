"""Where the command keeps what it obtained or made once: the user's own cache; it may be deleted."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def cache_dir(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Returns the folder: ``NITRO_CACHE_DIR``, or ``nitro`` in the system's own.

    Raises:
        RuntimeError: The user has no home.
    """
    if chosen := environ.get("NITRO_CACHE_DIR"):
        return Path(chosen)
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "nitro"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nitro"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nitro"
