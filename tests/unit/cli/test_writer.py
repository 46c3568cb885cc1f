"""The writer: everything or nothing, and what a crash leaves behind."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nitro_cli.plan import writer
from nitro_cli.plan.plan import Plan, Run
from nitro_cli.plan.resolve import Change
from nitro_cli.plan.writer import ApplyFailed, apply, recover, run
from nitro_runtime.errors import UsageError


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()
    }


def create(path: str, text: str) -> Change:
    return Change(path, "create", None, text)


CHANGES = [
    create("shop/new.py", "new\n"),
    Change("old.py", "update", "old\n", "changed\n"),
    Change("gone.py", "delete", "gone\n", None),
]
BEFORE = {"old.py": "old\n", "gone.py": "gone\n"}
AFTER = {"shop/new.py": "new\n", "old.py": "changed\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in BEFORE.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_files_are_created_changed_and_deleted_and_no_trace_is_left(root: Path) -> None:
    apply(CHANGES, root)
    assert tree(root) == AFTER
    assert not (root / ".nitro" / "journal").exists()


def test_nothing_to_write_writes_nothing(tmp_path: Path) -> None:
    apply([Change("a.py", "identical", "a", "a"), Change("b.py", "conflict", "b", "c")], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_text_is_written_byte_for_byte(tmp_path: Path) -> None:
    text = "a\r\nb\rc\u2028d\ne"
    apply([create("a.txt", text)], tmp_path)
    assert (tmp_path / "a.txt").read_bytes() == text.encode()


def test_a_new_file_has_the_permissions_that_were_asked_for(tmp_path: Path) -> None:
    apply([Change(".env", "create", None, "SECRET=1\n", mode=0o600)], tmp_path)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_changed_file_keeps_its_permissions(root: Path) -> None:
    (root / "old.py").chmod(0o755)
    apply(CHANGES, root)
    assert (root / "old.py").stat().st_mode & 0o777 == 0o755


def test_an_error_half_way_moves_everything_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[str] = []
    original = writer._move

    def fail_at_the_third(step: writer.Step, where: Path) -> None:
        if len(moved) == 2:
            raise OSError(28, "No space left on device", step.path)
        moved.append(step.path)
        original(step, where)

    monkeypatch.setattr(writer, "_move", fail_at_the_third)
    with pytest.raises(ApplyFailed, match=r"Nothing was changed: .*No space left on device"):
        apply(CHANGES, root)
    assert moved == ["shop/new.py", "old.py"]
    assert tree(root) == BEFORE
    assert sorted(path.name for path in root.iterdir()) == ["gone.py", "old.py"]


def test_a_folder_that_cannot_be_written_is_one_sentence(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(root))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ApplyFailed, match="Permission denied"):
        apply(CHANGES, root)
    assert tree(root) == BEFORE


def test_a_file_that_changed_since_the_plan_was_made_stops_everything(root: Path) -> None:
    (root / "old.py").write_text("somebody else\n")
    with pytest.raises(ApplyFailed, match=r"old\.py was changed by somebody else"):
        apply(CHANGES, root)
    assert tree(root) == {**BEFORE, "old.py": "somebody else\n"}


def test_a_second_command_at_the_same_time_is_refused(root: Path) -> None:
    (root / ".nitro").mkdir()
    descriptor = os.open(root / ".nitro", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="Another nitro command"):
            apply(CHANGES, root)
    finally:
        os.close(descriptor)
    assert tree(root) == BEFORE


CRASH = """
import os, sys
from pathlib import Path
from nitro_cli.plan import writer
from nitro_cli.plan.resolve import Change

calls = 0
name, last = sys.argv[1], int(sys.argv[2])
original = getattr(writer, name)

def counted(*args):
    global calls
    if calls == last:
        os._exit(9)
    calls += 1
    return original(*args)

setattr(writer, name, counted)
writer.apply([
    Change("shop/new.py", "create", None, "new\\n"),
    Change("old.py", "update", "old\\n", "changed\\n"),
    Change("gone.py", "delete", "gone\\n", None),
], Path(sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("where", "calls", "finishes"),
    [
        ("_write", 0, False),
        ("_write", 1, False),
        ("_write", 2, False),  # the journal's list itself
        ("_move", 0, True),
        ("_move", 1, True),
        ("_move", 2, True),
        ("_forget", 0, True),
    ],
)
def test_a_killed_command_leaves_each_file_old_or_new_and_the_next_one_finishes(
    root: Path, where: str, calls: int, finishes: bool
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", CRASH, where, str(calls), str(root)], check=False
    )
    assert killed.returncode == 9
    left = {name: text for name, text in tree(root).items() if not name.startswith(".nitro")}
    assert all(text in {BEFORE.get(name), AFTER.get(name)} for name, text in left.items())
    assert recover(root) is finishes
    assert tree(root) == (AFTER if finishes else BEFORE)
    assert recover(root) is False


def test_a_file_that_the_user_changed_after_a_crash_stays_as_it_is(root: Path) -> None:
    subprocess.run([sys.executable, "-c", CRASH, "_move", "0", str(root)], check=False)
    (root / "old.py").write_text("mine\n")
    assert recover(root)
    assert tree(root) == {**AFTER, "old.py": "mine\n"}


def test_programs_run_in_the_project_after_the_files_are_written(tmp_path: Path) -> None:
    touch = Run((sys.executable, "-c", "open('made', 'w').close()"))
    run(Plan("x", "test", (touch,)), tmp_path)
    assert (tmp_path / "made").exists()
    with pytest.raises(ApplyFailed, match="exited with 3"):
        run(Plan("x", "test", (Run((sys.executable, "-c", "raise SystemExit(3)")),)), tmp_path)
