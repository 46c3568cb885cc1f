"""Folders, to be compared before and after."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path


def tree_hash(root: Path) -> str:
    """The hash of every path, its kind, its bytes and its permissions."""
    found = sha256()
    for path in sorted(root.rglob("*")):
        found.update(f"{path.relative_to(root)}\0{path.lstat().st_mode}\0".encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()
