"""What Nitro remembers of what it wrote, under ``.nitro`` in the project.

- ``project.json``: how the project was made, and the files of that;
- ``resources/<id>.json``: one a resource, so that two branches do not collide;
- ``base/<path>``: the text of each file as it was written, for later merges.

Everything here is plain data with sorted keys and no times, so that the same command gives the same
bytes. A file with a secret is never part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from nitro_cli.project import FORMAT, MEMORY, PROJECT_FILE
from nitro_runtime.errors import UsageError

PROJECT = "project"
"""The id of the project itself, beside those of the resources."""


def fingerprint(text: str) -> str:
    """Returns the hash that the memory keeps of a text."""
    return sha256(text.encode()).hexdigest()


def base_path(path: str) -> str:
    """Returns where the pristine text of a file is kept."""
    return f"{MEMORY}/base/{path}"


def record_path(resource: str) -> str:
    """Returns where the memory of a resource, or of the project, is kept."""
    if resource == PROJECT:
        return f"{MEMORY}/{PROJECT_FILE}"
    return f"{MEMORY}/resources/{resource}.json"


def read_record(root: Path, resource: str) -> dict[str, Any]:
    """Returns what is remembered of a resource; an empty mapping when nothing is.

    Raises:
        UsageError: The record is damaged, or a newer Nitro wrote it.
    """
    source = root / record_path(resource)
    if not source.is_file():
        return {}
    try:
        record: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
        number = record["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{source} is damaged; restore it from version control.") from error
    if number != FORMAT:
        raise UsageError(f"{source} was written by a newer nitro (format {number}); upgrade nitro.")
    return record


def remembered(root: Path) -> list[str]:
    """Returns the ids of all resources in memory, sorted."""
    return sorted(source.stem for source in (root / MEMORY / "resources").glob("*.json"))


def render_record(record: Mapping[str, Any]) -> str:
    """Returns the text of a record; its format number is added."""
    return json.dumps({**record, "format": FORMAT}, indent=2, sort_keys=True) + "\n"
