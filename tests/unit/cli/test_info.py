"""`nitro info`: versions and places, and no secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nitro_cli.assets import DATASTAR
from nitro_cli.info import facts
from nitro_cli.main import build
from nitro_runtime import __version__


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NITRO_DATABASE_URL", raising=False)
    (tmp_path / ".nitro").mkdir()
    (tmp_path / "shop" / "static").mkdir(parents=True)
    data = {"format": 1, "name": "my-shop", "package": "shop", "framework": "fasthtml"}
    (tmp_path / ".nitro" / "project.json").write_text(
        json.dumps({**data, "options": {"views": "jinja"}})
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def known(folder: Path) -> dict[str, tuple[str | None, str]]:
    return {fact.name: (fact.value, fact.note) for fact in facts(folder)}


def test_the_versions_of_everything_are_told(project: Path) -> None:
    found = known(project)
    assert found["nitro"] == (__version__, "")
    assert found["project"] == ("my-shop", f"{project} (jinja views)")
    for name in ("python", "fasthtml", "uvicorn", "pydantic", "datastar-py"):
        version = found[name][0]
        assert version
        assert version[0].isdigit()
    assert found["datastar"] == (None, f"obtain {DATASTAR.version} with: nitro assets")


@pytest.mark.parametrize(
    ("framework", "server"),
    [
        ("fastapi", "uvicorn"),
        ("flask", "gunicorn"),
        ("django", "uvicorn"),
        ("litestar", "uvicorn"),
    ],
)
def test_the_server_of_a_framework_is_told(
    project: Path, framework: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NITRO_TAILWIND_BIN", "no-such-program")  # which would take a second
    file = project / ".nitro" / "project.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"framework": framework}))
    assert server in known(project)


def test_a_changed_browser_file_is_no_release(project: Path) -> None:
    (project / "shop" / "static" / "datastar.js").write_text("alert(1)")
    assert known(project)["datastar"][0] == "another"


def test_the_database_is_told_without_its_password(project: Path) -> None:
    assert known(project)["database"][0] == "sqlite"
    (project / ".env").write_text("X=1\nNITRO_DATABASE_URL=postgresql://ann:hush@db:5432/shop\n")
    assert known(project)["database"] == ("postgresql", "postgresql://db:5432/shop")
    for hidden in ("ann:hu/sh@", "ann:hu#sh@", "ann:hu[sh@", "ann:hush@x@"):
        text = f"NITRO_DATABASE_URL=postgresql+psycopg://{hidden}db/shop?password=hush\n"
        (project / ".env").write_text(text)
        assert known(project)["database"] == ("postgresql", "postgresql+psycopg://db/shop")
    (project / ".env").write_text("NITRO_DATABASE_URL='sqlite:///shop.db'\n")
    assert known(project)["database"] == ("sqlite", "sqlite:///shop.db")


def test_it_works_without_a_project_and_for_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NITRO_TAILWIND_BIN", "no-such-program")
    done = CliRunner().invoke(build(["info"]), ["info", "--json"])
    found = {fact["name"]: fact for fact in json.loads(done.stdout)["facts"]}
    assert found["nitro"]["value"] == __version__
    assert "project" not in found
    assert found["tailwind"]["value"] is None


def test_each_fact_is_a_line(project: Path) -> None:
    lines = CliRunner().invoke(build(["info"]), ["info"]).stdout.splitlines()
    assert lines[0].split() == ["nitro", __version__]
    assert len(lines) == len(facts(project))
