"""A framework that a plugin brings has projects as good as those of Nitro's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from plugins import installed


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    folder = tmp_path_factory.mktemp("plugin") / "site"
    return {**kept, "PYTHONPATH": installed("nitro-quart", folder)}


def run(environment: dict[str, str], cwd: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    scratch = tmp_path_factory.mktemp("quart")
    run(environment, scratch, "nitro_cli", "new", "shop", "--framework", "quart")
    fields = ("name:str.80:search", "price:decimal.10.2:min.0", "photo:image:opt")
    generate = ("nitro_cli", "generate", "scaffold")
    run(environment, scratch / "shop", *generate, "Product", *fields)
    return scratch / "shop"


@pytest.mark.parametrize(
    "words",
    [
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--check", "--no-cache", "."),
        ("pyright", "--pythonpath", sys.executable),
    ],
    ids=["ruff", "format", "pyright"],
)
def test_its_projects_are_as_clean_as_nitros_own(
    shop: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    run(environment, shop, *words)


def test_the_tests_of_its_projects_pass(shop: Path, environment: dict[str, str]) -> None:
    told = run(
        environment,
        shop,
        *("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error"),
    )
    assert re.search(r"^\d+ passed", told, re.MULTILINE)


def test_nitro_says_that_it_knows_the_framework(
    environment: dict[str, str], tmp_path: Path
) -> None:
    code = "from nitro_cli.frameworks import known_frameworks; print(*known_frameworks())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "quart" in done.stdout.split()
