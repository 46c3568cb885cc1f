"""Tailwind's utilities on top of the look: they win, and change nothing where there are none."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from playwright.sync_api import Page, expect

from nitro_cli.tailwind import find_executable
from nitro_runtime.errors import UsageError

if TYPE_CHECKING:
    from browser.conftest import People, Server, Shops

pytestmark = pytest.mark.browser

PAGE = """
from nitro.html import P

def badge():
    return P("x", cls="btn p-8 rounded-none bg-surface text-muted dark:bg-black sm:p-[3px]")
"""
HTML = (
    "<!doctype html><html lang=en{choice}><title>x</title><style>{css}</style><body class=page>"
    "<button id=plain class=btn>Plain</button>"
    "<button id=styled class='btn p-8 rounded-none bg-surface text-muted dark:bg-black'>x</button>"
)


@pytest.fixture(scope="module")
def sheets(
    shops: Shops, tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> dict[str, str]:
    """The style sheet as it is, and as Tailwind builds it for a page with some utilities."""
    try:
        find_executable()
    except UsageError as error:
        missing(str(error))
    project = tmp_path_factory.mktemp("tailwind") / "shop"
    shutil.copytree(shops("fastapi"), project)
    (project / "shop" / "look.py").write_text(PAGE)
    static = project / "shop" / "static"
    _build(project)
    built = json.loads((static / "manifest.json").read_text())["app.css"]
    return {"plain": (static / "app.css").read_text(), "built": (static / built).read_text()}


def _build(project: Path) -> None:
    words = [sys.executable, "-m", "nitro_cli", "tailwind", "build"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def show(people: People, css: str, choice: str = "", system: str = "light") -> Page:
    page = people.come(color_scheme=system).new_page()
    page.set_content(HTML.format(css=css, choice=choice))
    return page


def test_utilities_win_over_the_look(people: People, sheets: dict[str, str]) -> None:
    styled = show(people, sheets["built"]).locator("#styled")
    expect(styled).to_have_css("padding", "32px")
    expect(styled).to_have_css("border-radius", "0px")
    expect(styled).to_have_css("color", "rgb(88, 97, 114)")
    without = show(people, sheets["plain"]).locator("#styled")
    expect(without).to_have_css("padding", "6px 15px")


STYLE = re.compile(r"<link[^>]*stylesheet[^>]*>")
_BOXES = """() => [...document.querySelectorAll('body, body *')].map(one => {
    const {x, y, width, height} = one.getBoundingClientRect(), style = getComputedStyle(one);
    return [one.tagName, one.className, x, y, width, height, style.color, style.backgroundColor,
        style.font, parseFloat(style.borderTopWidth) && style.borderTopColor, style.listStyleType].join(' ');
})"""


def test_what_has_no_utilities_looks_the_same(
    people: People, furnished: Server, sheets: dict[str, str]
) -> None:
    for path in ("/", "/products", "/products/new", "/products?search=nothing"):
        html = furnished.visitor.get(furnished.url + path).text
        looks: dict[str, list[str]] = {}
        for name, css in sheets.items():
            page = people.come().new_page()
            page.set_content(STYLE.sub(lambda _, css=css: f"<style>{css}</style>", html))
            looks[name] = page.evaluate(_BOXES)
        assert looks["built"] == looks["plain"], path


@pytest.mark.parametrize(
    ("choice", "system", "dark"),
    [
        ("", "light", False),
        ("", "dark", True),
        (" data-theme=light", "dark", False),
        (" data-theme=dark", "light", True),
    ],
)
def test_dark_utilities_follow_the_choice_and_else_the_system(
    choice: str, system: str, dark: bool, people: People, sheets: dict[str, str]
) -> None:
    styled = show(people, sheets["built"], choice, system).locator("#styled")
    expect(styled).to_have_css("background-color", "rgb(0, 0, 0)" if dark else "rgb(255, 255, 255)")
