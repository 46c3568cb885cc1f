"""The page on themes names the properties that there are, and shows pictures that there are."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "make-a-theme.md"
CSS = (files("nitro_cli") / "templates/shared/project/styles/components.css.jinja").read_text()
NAME = re.compile(r"--[a-z]+(?:-[a-z]+)*")


def properties() -> set[str]:
    block = CSS[CSS.index("\n:root {") :]
    return set(re.findall(r"^  (--[\w-]+):", block[: block.index("\n}")], re.MULTILINE))


def test_every_property_on_the_page_is_one_of_the_style_sheet() -> None:
    page = PAGE.read_text()
    named = set(re.findall(r"^  (--[\w-]+):", page, re.MULTILINE))
    told = {
        name for cell in re.findall(r"^\| (`--.*?) \|", page, re.M) for name in NAME.findall(cell)
    }
    families = {name for name in told if f"`{name}…" in page or f" {name}…" in page}
    assert named | (told - families) <= properties()
    for family in families:
        assert any(name.startswith(f"{family}-") for name in properties()), family


def test_every_property_of_the_style_sheet_is_told_on_the_page() -> None:
    told = set(NAME.findall(PAGE.read_text()))
    untold = {name for name in properties() if name not in told and not _is_of(name, told)}
    assert untold - {"--shade"} == set()


def _is_of(name: str, told: set[str]) -> bool:
    return name.rpartition("-")[0] in told


def test_every_picture_on_the_page_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE.read_text())
    assert len(pictures) >= 7
    assert [one for one in pictures if not (PAGE.parent / one).is_file()] == []
