"""Generated projects under pyright: all in one run, in which what they import is read once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def complaints(projects: Sequence[Path], configuration: Path) -> list[str]:
    """Checks projects, each as the root of what it imports, with the settings that it has itself.

    Args:
        projects: Their folders; they may hold packages of the same name.
        configuration: Where to write what pyright is told; its folder must not be that of a project.
    """
    included = [path for project in projects for path in _included(project)]
    roots = [{"root": os.path.relpath(each, configuration.parent)} for each in projects]
    include = [os.path.relpath(path, configuration.parent) for path in included]
    configuration.write_text(json.dumps({"include": include, "executionEnvironments": roots}))
    report = _report(configuration)
    assert report["summary"]["filesAnalyzed"] == sum(map(_modules, included))
    return [
        f"{each['file']}:{each['range']['start']['line'] + 1}: {each['message']}"
        for each in report["generalDiagnostics"]
    ]


def _included(project: Path) -> list[Path]:
    settings = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["pyright"]
    assert settings.keys() == {"include"}, "another setting would be lost in a run for all"
    return [project / name for name in settings["include"]]


def _modules(path: Path) -> int:
    return 1 if path.is_file() else sum(1 for _ in path.rglob("*.py"))


def _report(configuration: Path) -> dict[str, Any]:
    words = ("--project", str(configuration), "--pythonpath", sys.executable, "--outputjson")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return json.loads(done.stdout)
