"""Projects that the command makes, once a session each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from warm import Done, Warm

Run = Callable[..., Done]
Shops = Callable[[str], Path]


@pytest.fixture(scope="session")
def run(warm: Warm) -> Run:
    """Runs a Python module as a user does; fails the test with its output when it fails."""

    def run_it(*command: str, cwd: Path, ok: bool = True) -> Done:
        if command[0] == "nitro_cli":
            done = warm.run(command[1:], cwd, {})
        elif command[0] == "alembic":
            done = warm.run(("-m", *command), cwd, {})
        else:
            done = started(*command, cwd=cwd)
        if ok:
            assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
        return done

    return run_it


def started(*command: str, cwd: Path) -> Done:
    """Runs a Python module in a Python of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NITRO_")}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory, demo: dict[str, Any], run: Run) -> Shops:
    """Makes the shop of the demo on a framework, as the command does; each once."""

    @cache
    def make(framework: str) -> Path:
        scratch = tmp_path_factory.mktemp(framework)
        run("nitro_cli", *demo["NEW"].split()[:-1], framework, cwd=scratch)
        for scaffold in demo["SCAFFOLDS"]:
            run("nitro_cli", *scaffold.split(), cwd=scratch / "shop")
        return scratch / "shop"

    return make


@pytest.fixture(scope="session")
def jinja_shops(tmp_path_factory: pytest.TempPathFactory, demo: dict[str, Any], run: Run) -> Shops:
    """Makes the shop of the demo with templates, and a page more; each once."""

    @cache
    def make(framework: str) -> Path:
        scratch = tmp_path_factory.mktemp(f"{framework}-jinja")
        words = ("new", "shop", "--framework", framework, "--views", "jinja")
        run("nitro_cli", *words, cwd=scratch)
        for line in (*demo["SCAFFOLDS"], "generate page about"):
            run("nitro_cli", *line.split(), cwd=scratch / "shop")
        return scratch / "shop"

    return make


@pytest.fixture(scope="session")
def shop(shops: Shops) -> Path:
    """The shop of the demo on the framework that the demo uses."""
    return shops("fastapi")


@pytest.fixture(scope="session")
def myapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three commands on the project's card, as far as they write, each in a Python of its own."""
    scratch = tmp_path_factory.mktemp("generated")
    new = ("new", "myapp", "--framework", "fastapi")
    assert started("nitro_cli", *new, cwd=scratch).returncode == 0
    words = ("generate", "entity", "Product", "name:str", "price:float")
    assert started("nitro_cli", *words, cwd=scratch / "myapp").returncode == 0
    return scratch / "myapp"


@pytest.fixture(scope="session")
def unusual(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A project of unusual names, long names, every type of field, and an entity alone."""
    scratch = tmp_path_factory.mktemp("generated")
    run("nitro_cli", "new", "zoo-of-animals", "--framework", "fastapi", cwd=scratch)
    zoo = scratch / "zoo-of-animals"
    generate = ("nitro_cli", "generate")
    run(*generate, "entity", "Box", "label", cwd=zoo)
    run(*generate, "scaffold", "Q", "b:bool", cwd=zoo)
    run(
        *generate,
        "scaffold",
        "ExtraordinarilyLongNamedAnimalEnclosureAllocation",
        "a_field_with_a_name_that_is_really_much_too_long_for_anyone:str.200:search:unique",
        "kind:enum.big-cat.small_cat.Other:opt",
        "box:ref.Box:opt",
        "weight:float:min.0.5:max.9000",
        "born:datetime",
        "fed_at:time:opt",
        "code:uuid:opt",
        "contact:email:opt",
        "home:url:opt",
        "extra:json:opt",
        "tall:bool=true",
        "head_count:bigint",
        cwd=zoo,
    )
    return zoo
