"""The manifest of static files: which file a name stands for, when its own name has a hash in it.

``nitro tailwind build`` writes ``manifest.json`` beside the files: ``{"app.css": "app.3f2a91bc04de.css"}``.
The hash is of the content, so such a file never changes and a browser may keep it for good.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any, cast

log = logging.getLogger(__name__)

NAME = "manifest.json"

FOR_GOOD = "public, max-age=31536000, immutable"
"""How long a file with a hash in its name may be kept (RFC 9111, RFC 8246)."""

# as many digits as no date in a name has
_HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
_FILE = re.compile(r"[\w.-]+")

_kept: dict[Path, tuple[int, dict[str, str]]] = {}
"""What the manifests say, by folder, with the time of their last change."""


def hashed_name(name: str, digest: str) -> str:
    """Returns the name of a file with a hash in it: ``app.3f2a91bc04de.css``.

    Args:
        name: The plain name, with a suffix.
        digest: At least twelve hexadecimal digits.
    """
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{digest[:12]}.{suffix}"


def is_hashed(name: str) -> bool:
    """Whether a file's name has a hash in it, so that its content never changes."""
    return _HASHED.search(name) is not None


def file_for(folder: Path | None, name: str) -> str:
    """Returns the file that a name stands for: the hashed one of the manifest, or the name itself.

    The manifest is read again when it has changed, so a build needs no restart.
    """
    return name if folder is None else _read(folder).get(name, name)


def read_manifest(folder: Path) -> dict[str, str]:
    """Returns what the manifest of a folder says; nothing when there is none, or none that is one."""
    try:
        data: Any = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        log.warning("%s cannot be read (%s); plain names are used", folder / NAME, problem)
        return {}
    pairs = cast("dict[Any, Any]", data) if isinstance(data, dict) else {}
    return {
        name: file
        for name, file in pairs.items()
        if isinstance(name, str) and isinstance(file, str) and _FILE.fullmatch(file)
    }


def _read(folder: Path) -> dict[str, str]:
    try:
        changed = (folder / NAME).stat().st_mtime_ns
    except OSError:
        return {}
    kept = _kept.get(folder)
    if kept is None or kept[0] != changed:
        kept = _kept[folder] = (changed, read_manifest(folder))
    return kept[1]
