from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FILES = (
    "uses.py",
    "mistakes.py",
    "entities.py",
    "entity_mistakes.py",
    "tags.py",
    "tag_mistakes.py",
)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What pyright says of all of them, in one run."""
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", *(str(HERE / name) for name in FILES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return json.loads(done.stdout)


def test_every_file_is_looked_at(report: dict[str, Any]) -> None:
    assert report["summary"]["filesAnalyzed"] == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_pyright_has_nothing_to_say(name: str, report: dict[str, Any]) -> None:
    assert [
        f"{each['range']['start']['line'] + 1}: {each['message']}"
        for each in report["generalDiagnostics"]
        if Path(each["file"]) == HERE / name
    ] == []


def test_pyright_has_nothing_to_say_of_anything_else(report: dict[str, Any]) -> None:
    known = {str(HERE / name) for name in FILES}
    assert [each for each in report["generalDiagnostics"] if each["file"] not in known] == []
