"""What the README shows is what happens: its code blocks are run, its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nitro import configure

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("source", blocks("python"))
def test_every_python_block_runs(source: str) -> None:
    configure("memory")
    exec(compile(source, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 # our own page


def test_there_are_python_blocks_to_run() -> None:
    assert blocks("python")


def test_the_steps_to_an_app_of_ones_own_work_as_they_stand(tmp_path: Path) -> None:
    (steps,) = [block for block in blocks("console") if "nitro new" in block]
    folder = tmp_path
    ran: list[str] = []
    for line in steps.splitlines():
        words = line.split("#")[0].split()
        if words[0] == "cd":
            folder = folder / words[1]
        elif words[0] == "nitro" and words[1] != "dev":  # that one serves until it is ended
            command = [sys.executable, "-m", "nitro_cli", *words[1:]]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            ran.append(words[1])
    assert ran == ["new", "generate", "db"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_readme_opens_with_the_two_commands() -> None:
    assert blocks("console")[0].split()[:2] == ["make", "demo"]
    assert "\nmake test" in blocks("console")[0]
