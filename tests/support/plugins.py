"""A plugin of the examples as if it were installed: its package and its entry points are found."""

from __future__ import annotations

import tomllib
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def installed(name: str, folder: Path) -> str:
    """Writes what pip would write into a folder, beside a path to the plugin's own source.

    Args:
        name: The plugin's folder in ``examples``.
        folder: Where its metadata goes.

    Returns:
        The value for ``PYTHONPATH``.
    """
    project = tomllib.loads((EXAMPLES / name / "pyproject.toml").read_text())["project"]
    metadata = folder / f"{name.replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(head)
    groups = [
        "\n".join([f"[{group}]", *(f"{key} = {value}" for key, value in points.items())])
        for group, points in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n\n".join(groups) + "\n")
    return f"{folder}:{EXAMPLES / name / 'src'}"
