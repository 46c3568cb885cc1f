"""Resources of a registry: what is imported for them, and what they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nitro_runtime.events import find_command, forget_command
from nitro_runtime.web.resources import Resource

ENTITY = "from nitro import Entity\n\nclass Gadget(Entity):\n    name: str\n"
PREFIX = "web_resources"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / PREFIX
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == PREFIX]:
        del sys.modules[name]


def module(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


def test_loading_imports_what_registers_itself_and_returns_the_pages(package: Path) -> None:
    (package / "gadgets").mkdir()
    for name in ("__init__", "handlers", "views"):
        module(package / "gadgets", name, "")
    module(package / "gadgets", "entity", ENTITY)
    module(package / "gadgets", "routes", "router = 'the router'\n")
    module(
        package / "gadgets",
        "commands",
        "from nitro import anyone, command\n\n"
        "@command('gadget.shake', allow=anyone)\ndef shake() -> None: ...\n",
    )
    routes = Resource("Gadgets", "/gadgets", f"{PREFIX}.gadgets").load()
    assert routes is not None
    assert routes.router == "the router"
    assert f"{PREFIX}.gadgets.handlers" in sys.modules
    assert f"{PREFIX}.gadgets.views" not in sys.modules
    assert find_command("gadget.shake") is not None
    forget_command("gadget.shake")


def test_a_resource_may_be_one_module_of_a_page(package: Path) -> None:
    module(package, "about", "router = 'about'\n")
    about = Resource("About", "/about", f"{PREFIX}.about")
    routes = about.load()
    assert routes is not None
    assert routes.router == "about"
    assert about.entity is None
    assert about.module("handlers") is None
    assert about.seeds(5) == []


def test_a_module_without_an_address_is_imported_and_has_no_pages(package: Path) -> None:
    module(package, "handlers", "loaded = True\n")
    assert Resource("Events", None, f"{PREFIX}.handlers").load() is None
    assert sys.modules[f"{PREFIX}.handlers"].loaded is True


def test_seeds_are_made_up_until_the_resource_says_its_own(package: Path) -> None:
    for name in ("gadgets", "toys"):
        (package / name).mkdir()
        (package / name / "__init__.py").touch()
    module(package / "gadgets", "entity", ENTITY)
    gadgets = Resource("Gadgets", None, f"{PREFIX}.gadgets")
    assert gadgets.entity.__name__ == "Gadget"
    assert len(gadgets.seeds(3)) == 3
    module(package / "toys", "entity", ENTITY.replace("Gadget", "Toy"))
    module(
        package / "toys",
        "seeds",
        f"from {PREFIX}.toys.entity import Toy\n\n"
        "def rows() -> list[Toy]:\n    return [Toy(name='Ball')]\n",
    )
    toys = Resource("Toys", None, f"{PREFIX}.toys")
    assert [toy.name for toy in toys.seeds(3)] == ["Ball"]


def test_what_is_missing_or_wrong_is_an_error(package: Path) -> None:
    with pytest.raises(ImportError, match=f"{PREFIX}.nowhere"):
        Resource("Nowhere", "/nowhere", f"{PREFIX}.nowhere").load()
    (package / "empty").mkdir()
    module(package / "empty", "__init__", "")
    module(package / "empty", "entity", "x = 1\n")
    with pytest.raises(ImportError, match="defines no entity"):
        _ = Resource("Empty", None, f"{PREFIX}.empty").entity
