"""Templates are compiled once for all projects of a user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from nitro_cli.frameworks import find_framework
from nitro_cli.rendering import Renderer

TEMPLATE = "shared/project/gitignore.jinja"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NITRO_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the templates that were compiled, as they are."""
    names: list[str] = []
    compile_source = Environment.compile

    def note(self: Environment, source: Any, name: str, *args: Any, **options: Any) -> Any:
        names.append(name)
        return compile_source(self, source, name, *args, **options)

    monkeypatch.setattr(Environment, "compile", note)
    yield names


def render(project: Path | None = None, name: str = TEMPLATE) -> str:
    """Renders as a new run of the command does."""
    shared = {"framework": find_framework("fastapi"), "project": {"package": "shop"}}
    return Renderer(find_framework("fastapi"), project, shared).render(name)


def kept(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def test_a_template_is_compiled_once_and_gives_the_same_text_again(
    cache: Path, compiled: list[str]
) -> None:
    text = render()
    assert TEMPLATE in compiled
    compiled.clear()
    assert render() == text
    assert compiled == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept(cache))


def test_a_projects_own_template_is_read_anew_each_time_and_not_kept(
    cache: Path, compiled: list[str], tmp_path: Path
) -> None:
    render()
    before = kept(cache)
    own = tmp_path / "project" / ".nitro" / "templates" / TEMPLATE
    own.parent.mkdir(parents=True)
    for text in ("mine", "mine, changed"):
        own.write_text(text)
        assert render(tmp_path / "project") == text
    assert compiled.count(TEMPLATE) == 3
    assert kept(cache) == before


@pytest.mark.parametrize("damage", [b"", b"j2", b"\0" * 2000, None])
def test_a_damaged_cache_costs_time_and_nothing_else(
    cache: Path, compiled: list[str], damage: bytes | None
) -> None:
    text = render()
    for path in kept(cache):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    compiled.clear()
    assert render() == text
    assert TEMPLATE in compiled
    compiled.clear()
    assert render() == text
    assert compiled == []


def test_where_nothing_can_be_kept_all_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NITRO_CACHE_DIR", str(tmp_path / "file"))
    assert render() == render()
    assert compiled.count(TEMPLATE) == 2


def test_a_user_without_a_home_needs_none(
    monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("NITRO_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert render() == render()
    assert compiled.count(TEMPLATE) == 2
