"""The page on adding a framework shows the files of the example, all of them and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-framework.md"
PLUGIN = ROOT / "examples" / "nitro-quart"
ADAPTER = "src/nitro_quart/adapter.py"
NOT_SHOWN = {"README.md", "src/nitro_quart/__init__.py"}

SHOWN_FILE = re.compile(r"^`([\w./-]+)`:\n\n```text\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
PART_OF_ADAPTER = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)


def shown() -> dict[str, str]:
    """The files that the page shows, the adapter put together of its parts."""
    page = PAGE.read_text()
    adapter = "".join(PART_OF_ADAPTER.findall(page))
    return {**dict(SHOWN_FILE.findall(page)), ADAPTER: adapter}


def without_blank_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def files() -> set[str]:
    found = (path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*") if path.is_file())
    return {name for name in found if "/." not in f"/{name}" and "__pycache__" not in name}


def test_the_page_shows_every_file_of_the_example() -> None:
    assert set(shown()) == files() - NOT_SHOWN


@pytest.mark.parametrize("name", sorted(shown()))
def test_what_the_page_shows_is_what_the_file_says(name: str) -> None:
    told, real = shown()[name], (PLUGIN / name).read_text()
    assert without_blank_lines(told) == without_blank_lines(real)


def test_an_adapter_of_a_plugin_is_as_small_as_one_of_nitros_own() -> None:
    assert len((PLUGIN / ADAPTER).read_text().splitlines()) <= 200
    folder = PLUGIN / "src" / "nitro_quart" / "template"
    lines = "".join(path.read_text() for path in folder.iterdir() if path.is_file())
    assert len(without_blank_lines(lines)) <= 60
