"""What a plan does to the files that are there, and what the memory keeps of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nitro_cli.plan.diff import render_diff
from nitro_cli.plan.edits import RegisterResource
from nitro_cli.plan.memory import read_record
from nitro_cli.plan.plan import Create, Delete, Inject, Plan
from nitro_cli.plan.resolve import Change, Policy, resolve
from nitro_cli.plan.writer import apply
from nitro_runtime.errors import UsageError


def plan(*actions: Create | Inject | Delete) -> Plan:
    return Plan("product", "entity", actions, {"spec": {"name": "Product"}})


def statuses(changes: list[Change]) -> dict[str, str]:
    return {change.path: change.status for change in changes if change.status != "record"}


def write(made: Plan, root: Path, policy: Policy | None = None) -> dict[str, str]:
    changes = resolve(made, root, policy or Policy())
    apply(changes, root)
    return statuses(changes)


ONE = plan(Create("notes.txt", "one\n"))
TWO = plan(Create("notes.txt", "two\n"))


def test_a_missing_file_is_created_and_remembered(tmp_path: Path) -> None:
    assert write(ONE, tmp_path) == {"notes.txt": "create"}
    assert (tmp_path / ".nitro/base/notes.txt").read_text() == "one\n"
    record = read_record(tmp_path, "product")
    assert record["generator"] == "entity"
    assert record["spec"] == {"name": "Product"}
    assert list(record["files"]) == ["notes.txt"]


def test_the_same_again_changes_not_a_byte(tmp_path: Path) -> None:
    write(ONE, tmp_path)
    before = {
        p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*") if p.is_file()
    }
    assert write(ONE, tmp_path) == {"notes.txt": "identical"}
    after = {
        p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*") if p.is_file()
    }
    assert after == before


def test_a_file_as_we_wrote_it_is_overwritten(tmp_path: Path) -> None:
    write(ONE, tmp_path)
    assert write(TWO, tmp_path) == {"notes.txt": "update"}
    assert (tmp_path / "notes.txt").read_text() == "two\n"
    assert (tmp_path / ".nitro/base/notes.txt").read_text() == "two\n"


@pytest.mark.parametrize(
    ("policy", "status", "left"),
    [
        (Policy(), "conflict", "mine\n"),
        (Policy(skip=True), "kept", "mine\n"),
        (Policy(force=True), "update", "two\n"),
    ],
)
def test_a_file_that_the_user_changed_is_theirs_unless_forced(
    tmp_path: Path, policy: Policy, status: str, left: str
) -> None:
    write(ONE, tmp_path)
    (tmp_path / "notes.txt").write_text("mine\n")
    assert write(TWO, tmp_path, policy) == {"notes.txt": status}
    assert (tmp_path / "notes.txt").read_text() == left
    base = "two\n" if policy.force else "one\n"
    assert (tmp_path / ".nitro/base/notes.txt").read_text() == base


def test_a_file_that_nobody_remembers_is_the_users(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine\n")
    assert statuses(resolve(ONE, tmp_path)) == {"notes.txt": "conflict"}


def test_a_file_that_the_user_deleted_stays_deleted(tmp_path: Path) -> None:
    write(ONE, tmp_path)
    (tmp_path / "notes.txt").unlink()
    assert write(TWO, tmp_path) == {"notes.txt": "deleted"}
    assert not (tmp_path / "notes.txt").exists()
    assert write(TWO, tmp_path, Policy(force=True)) == {"notes.txt": "create"}


def test_a_pristine_file_is_deleted_and_a_changed_one_is_kept(tmp_path: Path) -> None:
    write(plan(Create("a.txt", "a\n"), Create("b.txt", "b\n")), tmp_path)
    (tmp_path / "b.txt").write_text("mine\n")
    done = write(plan(Delete("a.txt"), Delete("b.txt")), tmp_path)
    assert done == {"a.txt": "delete", "b.txt": "kept"}
    assert not (tmp_path / "a.txt").exists()
    assert not (tmp_path / ".nitro/base/a.txt").exists()
    assert list(read_record(tmp_path, "product")["files"]) == ["b.txt"]


def test_a_secret_is_neither_remembered_nor_shown(tmp_path: Path) -> None:
    secret = plan(Create(".env", "KEY=hush\n", tracked=False, mode=0o600))
    changes = resolve(secret, tmp_path)
    assert "hush" not in render_diff(changes)
    apply(changes, tmp_path)
    kept = "".join(p.read_text() for p in (tmp_path / ".nitro").rglob("*") if p.is_file())
    assert "hush" not in kept
    assert ".env" not in read_record(tmp_path, "product")["files"]


def test_an_edit_is_remembered_and_the_file_stays_the_users(tmp_path: Path) -> None:
    (tmp_path / "registry.py").write_text("RESOURCES = []\n")
    edit = plan(Inject("registry.py", RegisterResource("Products", None, "shop.products")))
    assert write(edit, tmp_path) == {"registry.py": "update"}
    assert write(edit, tmp_path) == {"registry.py": "identical"}
    record = read_record(tmp_path, "product")
    assert record["edits"]["registry.py"]["package"] == "shop.products"
    assert "registry.py" not in record["files"]


def test_an_edit_that_cannot_be_done_shows_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "registry.py").write_text("RESOURCES = load()\n")
    edit = plan(Inject("registry.py", RegisterResource("Products", None, "shop.products")))
    (change, *_) = resolve(edit, tmp_path)
    assert change.status == "manual"
    assert 'Resource("Products", None, "shop.products"),' in change.note
    (tmp_path / "registry.py").unlink()
    (change, *_) = resolve(edit, tmp_path)
    assert change.note.startswith("registry.py is not there.")


def test_an_edited_file_is_formatted_only_when_it_was(tmp_path: Path) -> None:
    edit = plan(Inject("r.py", RegisterResource("Products", None, "shop.products")))
    (tmp_path / "r.py").write_text('RESOURCES = [Resource("A", "/a", "shop.a")]\n')
    (change, *_) = resolve(edit, tmp_path)
    assert change.new == (
        'RESOURCES = [\n    Resource("A", "/a", "shop.a"),\n'
        '    Resource("Products", None, "shop.products"),\n]\n'
    )
    (tmp_path / "r.py").write_text("RESOURCES = [  ]\nx = 'mine'\n")
    (change, *_) = resolve(edit, tmp_path)
    assert change.new is not None
    assert "x = 'mine'" in change.new


@pytest.mark.parametrize("path", ["../x.txt", "/etc/x.txt", "a/../../x.txt", "."])
def test_a_path_out_of_the_project_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError):
        resolve(plan(Create(path, "x")), tmp_path)


def test_a_link_out_of_the_project_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    (root / "real").mkdir(parents=True)
    outside.mkdir()
    (root / "out").symlink_to(outside)
    (root / "in").symlink_to(root / "real")
    with pytest.raises(UsageError, match="a link that leads out of the project"):
        resolve(plan(Create("out/x.txt", "x\n")), root)
    write(plan(Create("in/x.txt", "x\n")), root)
    assert (root / "real/x.txt").read_text() == "x\n"
    assert (root / "in").is_symlink()


@pytest.mark.parametrize("kind", ["folder", "bytes", "file in the way"])
def test_what_cannot_be_compared_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (tmp_path / "a").mkdir()
        (tmp_path / "a/b.txt").mkdir()
    elif kind == "bytes":
        (tmp_path / "a").mkdir()
        (tmp_path / "a/b.txt").write_bytes(b"\xff\xfe")
    else:
        (tmp_path / "a").write_text("a file")
    with pytest.raises(UsageError, match=r"a/b\.txt"):
        resolve(plan(Create("a/b.txt", "x\n")), tmp_path)


def test_a_newer_memory_is_never_guessed_at(tmp_path: Path) -> None:
    write(ONE, tmp_path)
    record = tmp_path / ".nitro/resources/product.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "format": 99}))
    with pytest.raises(UsageError, match="written by a newer nitro"):
        resolve(TWO, tmp_path)
    record.write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        resolve(TWO, tmp_path)


def test_the_memory_is_the_same_bytes_for_the_same_plan(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(plan(Create("z.txt", "z\n"), Create("a.txt", "a\n")), tmp_path / name)
    first, second = (tmp_path / name / ".nitro/resources/product.json" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_the_diff_is_one_that_git_could_apply(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("a\nb")
    changes = [
        Change("old.txt", "update", "a\nb", "a\nc\n"),
        Change("new.txt", "create", None, "n\u2028\n"),
        Change("gone.txt", "delete", "g\n", None),
        Change("same.txt", "identical", "s\n", "s\n"),
    ]
    assert render_diff(changes) == (
        "--- a/old.txt\n+++ b/old.txt\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n"
        "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+n\u2028\n"
        "--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-g\n"
    )
    assert "\x1b[32m+c\x1b[0m\n" in render_diff(changes, colour=True)
