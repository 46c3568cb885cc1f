"""The one module that writes into a project: everything of a plan, or nothing.

New texts are first written under ``.nitro/journal``, then the journal itself; from that moment the
command counts as done, and each file is moved into place by a rename. So a crash leaves every file
old or new, and the next command finishes what was begun. An error while moving (a full disk, a
missing permission) moves everything back. Two commands in one project wait for nothing: the second
is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nitro_cli.plan.plan import Plan, Run
from nitro_cli.plan.resolve import Change, locate
from nitro_cli.project import MEMORY
from nitro_runtime.errors import NitroError, UsageError

JOURNAL = f"{MEMORY}/journal"
_LIST = "steps.json"
_held: set[Path] = set()
"""The memories of the projects that this process has locked."""


class ApplyFailed(NitroError):
    """A plan could not be carried out; what had been done was undone.

    Attributes:
        reason: What the operating system, or the program that was run, said.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        return f"Nothing was changed: {self.reason}"


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a journal.

    Attributes:
        path: Where it belongs, from the project's folder.
        staged: The name of its new text in the journal, or None when the file is deleted.
        old: The hash of its text before, or None when there was none.
    """

    path: str
    staged: str | None
    old: str | None


def apply(changes: Iterable[Change], root: Path) -> None:
    """Carries out the changes, all or none.

    Args:
        changes: What `resolve` returned; those that write nothing are passed over.
        root: The project's folder; it is made when it is missing.

    Raises:
        ApplyFailed: Something could not be written; everything is as it was.
        UsageError: Another command is writing in the project.
    """
    wanted = [change for change in changes if change.writes]
    if not wanted:
        return
    made: list[Path] = []
    try:
        made += _make_folders(root / MEMORY)
        with locked(root):
            _write_all(wanted, root)
    except OSError as error:
        _remove_empty(made)
        raise ApplyFailed(_reason(error, root)) from error
    except ApplyFailed:
        _remove_empty(made)
        raise


def _write_all(wanted: Sequence[Change], root: Path) -> None:
    try:
        _carry_out(_stage(wanted, root), root)
    except (OSError, ApplyFailed):  # while the lock is held: another's journal is never touched
        with suppress(OSError):
            _forget(root)
        raise


def _reason(error: OSError, root: Path) -> str:
    return f"{error.filename or root}: {error.strerror or error}."


def recover(root: Path) -> bool:
    """Finishes what a crashed command had begun in a project.

    A command that crashed before its journal was complete has changed nothing and is forgotten. A
    file that was changed since the crash stays as it is. Call it before a plan is compared with the
    files that are there.

    Returns:
        Whether there was anything to finish.

    Raises:
        ApplyFailed: It cannot be finished now; the journal stays for the next time.
        UsageError: Another command is writing in the project.
    """
    if not (root / JOURNAL).is_dir():
        return False
    try:
        with locked(root):
            return _finish(root)
    except OSError as error:
        reason = f"an interrupted nitro command cannot be finished. {_reason(error, root)}"
        raise ApplyFailed(reason) from error


def _finish(root: Path) -> bool:
    journal = root / JOURNAL / _LIST
    begun = journal.is_file()
    if begun:
        data: list[dict[str, Any]] = json.loads(journal.read_text(encoding="utf-8"))
        for step in (Step(**item) for item in data):
            if _hash(locate(root, step.path)) == step.old:
                _move(step, root)
    if (root / JOURNAL).is_dir():  # another command may have ended while this one looked
        _forget(root)
    return begun


def run(plan: Plan, root: Path) -> None:
    """Runs the programs of a plan, after its files are written.

    Raises:
        ApplyFailed: One of them failed.
    """
    for action in plan.actions:
        if isinstance(action, Run):
            done = subprocess.run(action.words, cwd=root, check=False)  # noqa: S603 # the plan's own
            if done.returncode:
                raise ApplyFailed(f"{' '.join(action.words)} exited with {done.returncode}.")


# -- staging --------------------------------------------------------------------------------------


def _stage(changes: Sequence[Change], root: Path) -> list[Step]:
    journal = root / JOURNAL
    if journal.exists():
        raise UsageError("A nitro command was interrupted here; run the command again.")
    journal.mkdir()
    steps: list[Step] = []
    for number, change in enumerate(changes):
        target = locate(root, change.path)
        before = _hash(target)
        if before != (None if change.old is None else sha256(change.old.encode()).hexdigest()):
            raise ApplyFailed(
                f"{change.path} was changed by somebody else meanwhile; run the command again."
            )
        staged = None if change.new is None else f"{number}.new"
        if staged is not None and change.new is not None:
            _write(journal / staged, change.new, change.mode)
            with suppress(FileNotFoundError):
                shutil.copymode(target, journal / staged)
        steps.append(Step(change.path, staged, before))
        if before is not None:
            shutil.copy2(target, journal / f"{number}.old")
    draft = journal / f"{_LIST}.draft"
    _write(draft, json.dumps([asdict(step) for step in steps]), 0o600)
    draft.replace(journal / _LIST)
    return steps


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 # a descriptor
        file.write(text)
        if path.suffix == ".draft":  # the commit point must reach the disk in order
            file.flush()
            os.fsync(file.fileno())


# -- moving ---------------------------------------------------------------------------------------


def _carry_out(steps: Sequence[Step], root: Path) -> None:
    folders: list[Path] = []
    done = 0
    try:
        for step in steps:
            folders += _make_folders(locate(root, step.path).parent)
            _move(step, root)
            done += 1
    except OSError:
        _undo(steps[:done], folders, root)
        raise
    _forget(root)


def _forget(root: Path) -> None:
    """Deletes the journal; its list first, so that half a journal is never carried out."""
    (root / JOURNAL / _LIST).unlink(missing_ok=True)
    shutil.rmtree(root / JOURNAL)


def _move(step: Step, root: Path) -> None:
    target = locate(root, step.path)
    if step.staged is None:
        target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    (root / JOURNAL / step.staged).replace(target)


def _undo(steps: Sequence[Step], folders: Sequence[Path], root: Path) -> None:
    for number, step in enumerate(steps):
        target = locate(root, step.path)
        if step.old is None:
            target.unlink(missing_ok=True)
        else:
            (root / JOURNAL / f"{number}.old").replace(target)
    for folder in reversed(folders):
        with suppress(OSError):  # somebody has put something into it
            folder.rmdir()


def _make_folders(folder: Path) -> list[Path]:
    """Makes a folder and those above it; returns the ones made, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return list(reversed(missing))


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in reversed(folders):
        with suppress(OSError):  # it held something before, or does now
            folder.rmdir()


def _hash(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


@contextmanager
def locked(root: Path) -> Generator[None]:
    """Keeps other commands out of the project; the system lets go of the lock at a crash.

    A command that holds the lock may take it again. Take it before a plan is made: what the plan
    was made from must be so until it is written.

    Raises:
        UsageError: Another command holds it.
        OSError: The project's memory cannot be opened.
    """
    home = (root / MEMORY).resolve()
    if home in _held:
        yield
        return
    try:
        import fcntl
    except ImportError:  # Windows: no locks on folders; one user, one terminal
        yield
        return
    descriptor = os.open(home, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sentence = "Another nitro command is at work in this project; wait for it to end."
            raise UsageError(sentence) from None
        _held.add(home)
        yield
    finally:
        _held.discard(home)
        os.close(descriptor)
