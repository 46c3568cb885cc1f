"""What axe-core finds on a page: npm brings it, pinned by ``axe/package-lock.json``, once a machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from playwright.sync_api import Page

PINNED = Path(__file__).parent / "axe"
CACHE = Path(__file__).parents[2] / ".cache"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SECONDS = 180

_RUN = """async tags => {
    const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}});
    return found.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id}: ${rule.help}: ${node.target.join(' ')}: ${node.failureSummary}`));
}"""


def violations(page: Page, missing: Callable[[str], NoReturn]) -> list[str]:
    """Returns what axe-core objects to on the page as it is now, a sentence for each element."""
    page.evaluate(_source(missing))
    return page.evaluate(_RUN, list(TAGS))


def passed(page: Page) -> int:
    """Returns how many rules found something to look at, and nothing wrong with it."""
    found: dict[str, Any] = page.evaluate("async () => await axe.run()")
    return len(found["passes"])


@cache
def _source(missing: Callable[[str], NoReturn]) -> str:
    lock = json.loads((PINNED / "package-lock.json").read_text())
    version = lock["packages"]["node_modules/axe-core"]["version"]
    file = CACHE / f"axe-core-{version}" / "axe.min.js"
    if not file.is_file():
        _obtain(file, missing)
    return file.read_text()


def _obtain(file: Path, missing: Callable[[str], NoReturn]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        missing("npm is not installed (Debian's package is called npm); it brings axe-core.")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINNED / name, scratch)
        words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            words, cwd=scratch, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode:
            missing(f"npm cannot obtain axe-core: {done.stderr.strip()}")
        package = Path(scratch) / "node_modules" / "axe-core"
        # the directory comes with its licence, and as a whole or not at all
        kept = Path(scratch) / "kept"
        kept.mkdir()
        for name in ("axe.min.js", "LICENSE"):
            shutil.copy(package / name, kept)
        if not file.parent.exists():
            kept.rename(file.parent)
