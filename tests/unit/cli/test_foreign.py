"""`nitro new --template`: what foreign templates make, and what the hostile ones do not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from command import Nitro
from trees import tree_hash

from nitro_cli.foreign import fingerprint

# Copier leaves a folder half listed when it refuses a path.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed scandir iterator:ResourceWarning")

QUESTIONS = "colour:\n  type: str\n  default: green\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A good template: a package called as the project, a question with a default, a picture."""
    folder = tmp_path / "template"
    (folder / "{{ package }}").mkdir(parents=True)
    (folder / "copier.yml").write_text(QUESTIONS)
    (folder / "README.md.jinja").write_text("# {{ title }}, {{ colour }}\n")
    (folder / "{{ package }}" / "app.py.jinja").write_text('NAME = "{{ project_name }}"\n')
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\xff\xfe")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    return folder


def trusted(said: str) -> str:
    """The hash that a refusal gives."""
    found = re.search(r"--trust (sha256:[0-9a-f]{64})$", said.strip())
    assert found is not None, said
    return found[1]


def test_a_template_makes_a_project_and_the_next_step_is_said(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    code, out, err = nitro("new", "my-shop", "--template", str(template))
    assert (code, err) == (0, "")
    made = tmp_path / "my-shop"
    assert (made / "README.md").read_text() == "# My Shop, green\n"
    assert (made / "my_shop" / "app.py").read_text() == 'NAME = "my-shop"\n'
    assert (made / "logo.png").read_bytes() == b"\x89PNG\r\n\xff\xfe"
    assert os.access(made / "run.sh", os.X_OK)
    lines = out.splitlines()
    assert lines[0] == f"Made my-shop from {template}, 4 files."
    assert lines[1] == "Checked: all 1 Python files compile."
    assert lines[-1].startswith("  cd my-shop && nitro init")
    assert len(lines) <= 12


def test_a_dry_run_shows_the_difference_and_writes_nothing(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    before = tree_hash(tmp_path)
    code, out, err = nitro("new", "shop", "--template", str(template), "--dry-run")
    assert (code, "+++ b/shop/app.py" in out, "logo.png" in err) == (0, True, True)
    _, told, _ = nitro("new", "shop", "--template", str(template), "--dry-run", "--json")
    assert {"README.md", "logo.png"} <= {file["path"] for file in json.loads(told)["files"]}
    assert tree_hash(tmp_path) == before


def test_files_in_the_way_are_kept_or_overwritten_as_was_said(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "README.md").write_text("mine")
    words = ("new", "shop", "--template", str(template))
    assert nitro(*words)[0] == 2
    assert "Kept as they were: README.md" in nitro(*words, "--skip")[1]
    assert (tmp_path / "shop" / "README.md").read_text() == "mine"
    assert nitro(*words, "--force")[0] == 0
    assert (tmp_path / "shop" / "README.md").read_text() == "# Shop, green\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("shop", "--template", "nowhere"), "There is no template 'nowhere'"),
        (("shop", "--trust", "sha256:0"), "name it with --template"),
        (("--template", "template"), "needs a name: nitro new myapp --template template"),
        (("class", "--template", "template"), "a word of Python"),
        (("shop", "--template", "template", "--framework", "rails"), "no framework 'rails'"),
        (("shop", "--template", "template", "--trust", "sha256:0"), "not the one that you trust"),
        (("shop", "--template", "file:///no/such/repository"), "cannot be fetched"),
    ],
)
def test_bad_words_are_named_and_nothing_is_written(
    nitro: Nitro, tmp_path: Path, template: Path, words: tuple[str, ...], says: str
) -> None:
    before = tree_hash(tmp_path)
    code, out, err = nitro("new", *words)
    assert (code, out) == (2, "")
    assert says in " ".join(err.split())
    assert tree_hash(tmp_path) == before


# -- code -----------------------------------------------------------------------------------------

EXTENSION = """
from pathlib import Path
from jinja2.ext import Extension
Path({proof!r}).touch()
class Hostile(Extension):
    pass
"""


def hostile(template: Path, configuration: str) -> str:
    (template / "copier.yml").write_text(QUESTIONS + configuration)
    return str(template)


@pytest.mark.parametrize(
    ("configuration", "feature"),
    [
        ("_tasks:\n  - touch {proof}\n", "tasks"),
        ("_migrations:\n  - version: v1\n    command: touch {proof}\n", "migrations"),
        ("_jinja_extensions:\n  - hostile_extension.Hostile\n", "jinja_extensions"),
    ],
)
def test_code_of_a_template_does_not_run_without_trust(
    nitro: Nitro,
    tmp_path: Path,
    template: Path,
    monkeypatch: pytest.MonkeyPatch,
    configuration: str,
    feature: str,
) -> None:
    proof = tmp_path / "it-ran"
    (tmp_path / "hostile_extension.py").write_text(EXTENSION.format(proof=str(proof)))
    monkeypatch.syspath_prepend(str(tmp_path))
    source = hostile(template, configuration.format(proof=proof))
    before = tree_hash(tmp_path)
    code, out, err = nitro("new", "shop", "--template", source)
    assert (code, out) == (2, "")
    assert feature in err
    assert trusted(err) == fingerprint(template)
    assert not proof.exists()
    assert tree_hash(tmp_path) == before


def test_code_runs_when_exactly_this_content_is_trusted(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    source = hostile(template, "_tasks:\n  - touch made-by-a-task\n")
    words = ("new", "shop", "--template", source)
    known = trusted(nitro(*words)[2])
    assert nitro(*words, "--trust", known)[0] == 0
    assert (tmp_path / "shop" / "made-by-a-task").is_file()


@pytest.mark.parametrize("change", ["content", "name", "permission", "link", "new file"])
def test_a_changed_template_is_not_trusted_any_more(
    nitro: Nitro, tmp_path: Path, template: Path, change: str
) -> None:
    source = hostile(template, f"_tasks:\n  - touch {tmp_path / 'it-ran'}\n")
    words = ("new", "shop", "--template", source)
    known = trusted(nitro(*words)[2])
    if change == "content":
        (template / "run.sh").write_text("#!/bin/sh\nexit\n")
    elif change == "name":
        (template / "run.sh").rename(template / "go.sh")
    elif change == "permission":
        (template / "run.sh").chmod(0o644)
    elif change == "link":
        (template / "inner").symlink_to("run.sh")
    else:
        (template / "empty").touch()
    code, _, err = nitro(*words, "--trust", known)
    assert (code, trusted(err) == known) == (2, False)
    assert not (tmp_path / "it-ran").exists()
    assert not (tmp_path / "shop").exists()


def test_whom_the_user_trusts_in_copiers_own_settings_does_not_count(
    nitro: Nitro, tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.yml").write_text(f"trust:\n  - {tmp_path}/\n  - /\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(tmp_path / "settings.yml"))
    source = hostile(template, f"_tasks:\n  - touch {tmp_path / 'it-ran'}\n")
    assert nitro("new", "shop", "--template", source)[0] == 2
    assert not (tmp_path / "it-ran").exists()


# -- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["{{ '..' }}/escaped", "{{ '/'.join(['..', '..', '..', 'escaped']) }}", "{{ place }}/escaped"],
)
def test_a_file_name_does_not_lead_out_of_the_project(
    nitro: Nitro, tmp_path: Path, template: Path, name: str
) -> None:
    (template / "copier.yml").write_text(f"place:\n  type: str\n  default: {tmp_path}/elsewhere\n")
    (tmp_path / "elsewhere").mkdir()
    target = template / f"{name}.jinja"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("escaped")
    before = tree_hash(tmp_path)
    code, _, err = nitro("new", "shop", "--template", str(template))
    assert (code, "cannot be rendered" in err) == (2, True)
    assert tree_hash(tmp_path) == before


@pytest.mark.parametrize(
    "configuration",
    ["_subdirectory: ..\n", "_subdirectory: /etc\n", "_external_data:\n  stolen: ../secret.yml\n"],
)
def test_a_template_reads_nothing_beside_itself(
    nitro: Nitro, tmp_path: Path, template: Path, configuration: str
) -> None:
    (tmp_path / "secret.yml").write_text("word: s3cret\n")
    hostile(template, configuration)
    (template / "stolen.txt.jinja").write_text("{{ _external_data.stolen.word }}")
    before = tree_hash(tmp_path)
    code, _, err = nitro("new", "shop", "--template", str(template))
    assert (code, "s3cret" in err) == (2, False)
    assert tree_hash(tmp_path) == before


@pytest.mark.parametrize("preserve", ["", "_preserve_symlinks: true\n"])
def test_a_link_that_leads_out_of_a_template_is_refused(
    nitro: Nitro, tmp_path: Path, template: Path, preserve: str
) -> None:
    (tmp_path / "secret").write_text("s3cret")
    hostile(template, preserve)
    (template / "readable.txt").symlink_to(tmp_path / "secret")
    before = tree_hash(tmp_path)
    code, _, err = nitro("new", "shop", "--template", str(template))
    assert (code, "a link that leads out of it, readable.txt" in err) == (2, True)
    assert tree_hash(tmp_path) == before


def test_a_link_that_a_template_makes_up_does_not_lead_out_either(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    hostile(template, "_preserve_symlinks: true\n")
    (template / "{{ '..' }}").mkdir()
    (template / "inside.jinja").symlink_to("{{ '..' }}")
    code, _, err = nitro("new", "shop", "--template", str(template))
    assert code == 2, err
    assert not (tmp_path / "shop").exists()


def test_nothing_is_written_through_a_link_in_the_users_own_folder(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "shop").symlink_to(tmp_path / "elsewhere")
    code, _, err = nitro("new", "shop", "--template", str(template), "--force")
    assert (code, "through a link out of the project" in err) == (2, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_not_python_is_not_put_in_place(
    nitro: Nitro, tmp_path: Path, template: Path
) -> None:
    (template / "broken.py").write_text("def (\n")
    code, _, err = nitro("new", "shop", "--template", str(template))
    assert (code, "broken.py, line 1" in err) == (2, True)
    assert not (tmp_path / "shop").exists()


# -- repositories ---------------------------------------------------------------------------------


def git(folder: Path, *words: str) -> None:
    me = ("-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *me, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(template: Path) -> Path:
    git(template, "init", "--quiet")
    git(template, "add", ".")
    git(template, "commit", "--quiet", "-m", "one")
    return template


def test_of_a_repository_the_latest_version_is_taken(
    nitro: Nitro, tmp_path: Path, repository: Path
) -> None:
    for version in ("v1.9", "v1.10", "v2.0b1", "not-a-version"):
        (repository / "version.txt").write_text(version)
        git(repository, "add", ".")
        git(repository, "commit", "--quiet", "-m", version)
        git(repository, "tag", version)
    assert nitro("new", "shop", "--template", f"file://{repository}")[0] == 0
    assert (tmp_path / "shop" / "version.txt").read_text() == "v1.10"
    assert not (tmp_path / "shop" / ".git").exists()


def test_a_repository_without_versions_gives_its_default_branch_and_one_hash_with_its_folder(
    nitro: Nitro, tmp_path: Path, repository: Path
) -> None:
    hostile(repository, f"_tasks:\n  - touch {tmp_path / 'it-ran'}\n")
    git(repository, "commit", "--quiet", "-am", "two")
    code, _, err = nitro("new", "shop", "--template", f"file://{repository}")
    assert code == 2
    shutil.copytree(repository, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    assert trusted(err) == fingerprint(tmp_path / "copy")
    assert not (tmp_path / "it-ran").exists()


def test_hooks_of_the_user_do_not_run_while_a_template_is_fetched(
    nitro: Nitro, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path / 'it-ran'}\n")
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert nitro("new", "shop", "--template", f"file://{repository}")[0] == 0
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("address", ["ext::sh -c touch% it-ran", "--upload-pack=touch it-ran.git"])
def test_an_address_that_would_run_a_program_is_refused(
    nitro: Nitro, tmp_path: Path, address: str
) -> None:
    code, _, _ = nitro("new", "shop", f"--template={address}")
    assert code == 2
    assert list(tmp_path.iterdir()) == []
