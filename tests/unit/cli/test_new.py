"""`nitro new`: what it makes, what it says, and what it refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from bundled import FRAMEWORKS
from command import Nitro
from trees import tree_hash

from nitro_cli.frameworks import find_framework
from nitro_cli.generators.project import MANIFEST, nitro_requirement
from nitro_cli.project import find_project


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_new_project_is_made_checked_and_explained_in_few_short_lines(
    nitro: Nitro, tmp_path: Path, framework: str
) -> None:
    code, out, err = nitro("new", "myapp", "--framework", framework)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith(f"Made myapp: {find_framework(framework).title} and Nitro, ")
    assert lines[1].startswith("Checked: ")
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 80
    assert "http://127.0.0.1:8000" in out
    for path in [
        "myapp/settings.py",
        "myapp/registry.py",
        "pyproject.toml",
        ".gitignore",
        "README.md",
    ]:
        assert (tmp_path / "myapp" / path).is_file()


def test_every_shared_file_of_a_project_is_written_once() -> None:
    targets = [target for _, target in MANIFEST]
    assert sorted(set(targets)) == sorted(targets)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_name_with_hyphens_has_a_package_with_underscores(
    nitro: Nitro, tmp_path: Path, framework: str
) -> None:
    assert nitro("new", "my-shop", "--framework", framework.upper())[0] == 0
    project = find_project(tmp_path / "my-shop" / "my_shop")
    assert (project.name, project.package, project.title) == ("my-shop", "my_shop", "My Shop")
    assert project.framework.name == framework
    assert project.static_dir == tmp_path / "my-shop" / "my_shop" / "static"
    settings = tomllib.loads((tmp_path / "my-shop" / "pyproject.toml").read_text())
    assert settings["project"]["name"] == "my-shop"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_current_folder_may_be_used_when_it_is_empty(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, framework: str
) -> None:
    (tmp_path / "zoo" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "zoo")
    code, out, _ = nitro("new", ".", "--framework", framework)
    assert (code, "cd " in out) == (0, False)
    assert (tmp_path / "zoo" / "zoo" / "registry.py").is_file()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_database_of_a_new_project_is_in_its_settings_and_its_driver_among_its_requirements(
    nitro: Nitro, tmp_path: Path, framework: str
) -> None:
    url = "postgresql://ann:s3cret@db.example:5433/shop?sslmode=require"
    code, out, err = nitro("new", "shop", "--framework", framework, "--database", url)
    assert (code, err) == (0, "")
    root = tmp_path / "shop"
    assert f"NITRO_DATABASE_URL={url}\n" in (root / ".env").read_text()
    hidden = url.replace("s3cret", "PASSWORD")
    assert f"NITRO_DATABASE_URL={hidden}\n" in (root / ".env.example").read_text()
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    assert "postgres" in settings["project"]["dependencies"][0].partition("]")[0]
    committed = [p for p in root.rglob("*") if p.is_file() and p.name != ".env"]
    assert not [p for p in committed if "s3cret" in p.read_text(errors="ignore")]
    assert "s3cret" not in out


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("oracle://u@h/x", "--database takes an address such as sqlite:///app.db"),
        ("postgre://u@h/x", "Did you mean 'postgres'?"),
        ("shop.db", "--database takes an address such as sqlite:///app.db"),
        ("postgresql://u@h", "--database needs a host and the name of a database"),
        ("mysql:///x", "--database needs a host and the name of a database"),
        ("postgresql://u@h:port/x", "--database takes an address such as"),
    ],
)
def test_an_address_of_no_database_is_refused_and_writes_nothing(
    nitro: Nitro, tmp_path: Path, url: str, sentence: str
) -> None:
    code, out, err = nitro("new", "shop", "--framework", "fastapi", "--database", url)
    assert (code, out) == (2, "")
    assert sentence in err
    assert not list(tmp_path.iterdir())


def test_each_project_has_a_secret_of_its_own_that_git_does_not_see(
    nitro: Nitro, tmp_path: Path
) -> None:
    nitro("new", "one", "--framework", "fastapi")
    nitro("new", "two", "--framework", "fastapi")
    secrets: set[str] = set()
    for name in ("one", "two"):
        env = tmp_path / name / ".env"
        secret = env.read_text().partition("NITRO_SECRET_KEY=")[2].split("\n")[0]
        secrets.add(secret)
        assert len(secret) >= 32
        assert env.stat().st_mode & 0o077 == 0
        assert ".env" in (tmp_path / name / ".gitignore").read_text().splitlines()
        others = [p for p in (tmp_path / name).rglob("*") if p.is_file() and p != env]
        assert not any(secret in path.read_text() for path in others)
    assert len(secrets) == 2


def test_two_projects_of_one_name_differ_in_nothing_but_the_secret(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        assert nitro("new", "shop", "--framework", "fastapi")[0] == 0
        (tmp_path / place / "shop" / ".env").unlink()
    assert tree_hash(tmp_path / "a") == tree_hash(tmp_path / "b")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("class", "--framework", "fastapi"), "a word of Python"),
        (("json", "--framework", "fastapi"), "standard library"),
        (("nitro", "--framework", "fastapi"), "the project needs"),
        (("../x", "--framework", "fastapi"), "not a path"),
        (("/tmp/x", "--framework", "fastapi"), "not a path"),  # noqa: S108 # refused
        (("", "--framework", "fastapi"), "empty"),
        (("sh\u043ep", "--framework", "fastapi"), "CYRILLIC"),
        (("shop", "--framework", "fastpi"), "Did you mean 'fastapi'?"),
        (("shop", "--framework", "rails"), "Known: "),
        (("taken", "--framework", "fastapi"), "The folder taken is not empty (notes.txt)"),
        (("file", "--framework", "fastapi"), "is not a folder"),
        ((".", "--framework", "fastapi"), "not empty"),
        (("shop",), "--framework fastapi"),
        ((), "nitro new myapp --framework fastapi"),
        (("shop", "--framework"), "requires an argument"),
        (("shop", "--framework", "fastapi", "--force", "--skip"), "choose one"),
    ],
)
def test_bad_input_is_named_and_writes_no_byte(
    nitro: Nitro, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = tree_hash(tmp_path.parent)
    code, out, err = nitro("new", *words)
    assert (code, out) == (2, "")
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert tree_hash(tmp_path.parent) == before


def test_a_bad_name_and_a_bad_framework_are_reported_together(nitro: Nitro) -> None:
    _, _, err = nitro("new", "class", "--framework", "fastpi")
    assert "a word of Python" in err
    assert "Did you mean 'fastapi'?" in err


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_dry_run_makes_no_folder_and_shows_no_secret(
    nitro: Nitro, tmp_path: Path, framework: str
) -> None:
    code, out, _ = nitro("new", "shop", "--framework", framework, "--dry-run")
    assert code == 0
    assert "+++ b/shop/settings.py" in out
    assert "NITRO_SECRET_KEY=\n" in out
    assert "+NITRO_SECRET_KEY=" in out
    assert "b/.env\n" not in out
    assert list(tmp_path.iterdir()) == []


def test_json_says_each_problem_once_with_its_code_and_place(nitro: Nitro) -> None:
    code, out, err = nitro("new", "my shop", "--framework", "rails", "--json")
    bad_name, bad_framework = json.loads(out)["problems"]
    assert (code, err) == (2, "")
    assert (bad_name["code"], bad_name["text"], bad_name["length"]) == ("bad-name", "my shop", 7)
    assert "Did you mean 'my-shop'?" in bad_name["sentence"]
    assert bad_framework["sentence"].startswith("There is no framework 'rails'.")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_json_lists_what_was_made(nitro: Nitro, tmp_path: Path, framework: str) -> None:
    code, out, _ = nitro("new", "shop", "--framework", framework, "--json")
    made = json.loads(out)
    assert (code, made["status"]) == (0, "done")
    for file in made["files"]:
        assert file["action"] == "create"
        assert (tmp_path / "shop" / file["path"]).is_file()
    assert {"path": "shop/registry.py", "action": "create"} in made["files"]


def test_verbose_lists_every_file(nitro: Nitro) -> None:
    _, out, _ = nitro("new", "shop", "--framework", "fastapi", "-v")
    assert "  create    shop/app.py" in out


def test_a_failure_leaves_nothing_behind_and_claims_no_success(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nitro_cli.plan import writer

    calls: list[object] = []
    original = writer._move

    def full_at_the_fifth(step: writer.Step, root: Path) -> None:
        calls.append(step)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")
        original(step, root)

    monkeypatch.setattr(writer, "_move", full_at_the_fifth)
    code, out, err = nitro("new", "shop", "--framework", "fastapi")
    assert (code, out) == (1, "")
    assert "No space left on device" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_folder_with_files_is_used_when_that_was_said(
    nitro: Nitro, tmp_path: Path, framework: str
) -> None:
    for name in ("kept", "lost"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "README.md").write_text("mine")
        (tmp_path / name / "broken.py").write_text("def (")
    code, out, _ = nitro("new", "kept", "--framework", framework, "--skip", "--yes")
    assert (code, "Kept as they were: README.md" in out) == (0, True)
    assert (tmp_path / "kept" / "README.md").read_text() == "mine"
    assert (tmp_path / "kept" / "kept" / "settings.py").is_file()
    assert nitro("new", "lost", "--framework", framework, "--force")[0] == 0
    assert (tmp_path / "lost" / "README.md").read_text() != "mine"


@pytest.mark.parametrize("option", ["--force", "--skip"])
def test_a_project_is_never_made_over_another(nitro: Nitro, tmp_path: Path, option: str) -> None:
    assert nitro("new", "shop", "--framework", "fastapi")[0] == 0
    before = tree_hash(tmp_path)
    code, _, err = nitro("new", "shop", "--framework", "fastapi", option)
    assert (code, "The folder shop is a Nitro project already" in err) == (2, True)
    assert tree_hash(tmp_path) == before


def test_a_folder_whose_name_no_project_may_have_is_explained(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my shop").mkdir()
    monkeypatch.chdir(tmp_path / "my shop")
    code, _, err = nitro("new", ".", "--framework", "fastapi")
    assert code == 2
    assert "Did you mean 'my-shop'?" in err
    assert "called like this folder" in err
    assert list((tmp_path / "my shop").iterdir()) == []


def test_it_asks_in_a_terminal_and_says_the_same_command_in_full(tmp_path: Path) -> None:
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nitro_cli", "new"],
        cwd=tmp_path,
        stdin=its,
        stdout=its,
        stderr=its,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(its)
    os.write(mine, b"class\nzoo\nrails\nfastapi\n")
    said = b""
    while True:
        try:
            piece = os.read(mine, 4096)
        except OSError:  # the other side is closed: it has ended
            break
        if not piece:
            break
        said += piece
    os.close(mine)
    assert process.wait() == 0
    assert said.count(b"Name of the project") == 2
    assert b"a word of Python itself" in said
    assert b"no framework 'rails'" in said
    assert b"The same again: nitro new zoo --framework fastapi" in said
    assert (tmp_path / "zoo" / "zoo" / "app.py").is_file()


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, "nitro-kit[fastapi,tailwind]>=0.1"),
        (
            '{"url": "file:///home/me/nitro", "dir_info": {"editable": true}}',
            "nitro-kit[fastapi,tailwind] @ file:///home/me/nitro",
        ),
        (
            '{"url": "https://host/nitro.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            "nitro-kit[fastapi,tailwind] @ git+https://host/nitro.git@abc",
        ),
    ],
)
def test_a_project_asks_for_nitro_where_it_came_from(
    monkeypatch: pytest.MonkeyPatch, origin: str | None, requirement: str
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            return origin if name == "direct_url.json" else None

    def distribution(_: str) -> Installed:
        return Installed()

    monkeypatch.setattr("importlib.metadata.distribution", distribution)
    assert nitro_requirement(find_framework("fastapi")) == requirement
