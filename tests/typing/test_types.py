from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.mark.parametrize(
    "name",
    [
        "uses.py",
        "mistakes.py",
        "entities.py",
        "entity_mistakes.py",
        "tags.py",
        "tag_mistakes.py",
    ],
)
def test_pyright_has_nothing_to_say(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", str(HERE / name)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    assert [
        f"{each['range']['start']['line'] + 1}: {each['message']}"
        for each in report["generalDiagnostics"]
    ] == []
