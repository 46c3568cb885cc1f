"""Compares a plan with the files that are there: what would be written, and what is in the way."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from nitro_cli.formatting import format_sources
from nitro_cli.plan import memory
from nitro_cli.plan.plan import Create, Delete, Inject, Plan
from nitro_runtime.errors import UsageError

Status = Literal[
    "create",  # a new file
    "update",  # a file that is as Nitro wrote it, or was edited by an `Inject`
    "identical",  # nothing to do
    "deleted",  # the user deleted it; that is respected
    "kept",  # the user's own version stays
    "conflict",  # the user changed it, and so would we
    "manual",  # an edit that could not be done; its snippet is shown
    "delete",  # a pristine file that goes
    "record",  # the memory
]

CONFLICTS = frozenset({"conflict"})
QUIET = frozenset({"identical", "record"})


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one file.

    Attributes:
        path: From the project's folder, with ``/``.
        status: See above.
        old: Its text now, or None when there is no such file.
        new: Its text afterwards, or None when it is deleted.
        mode: The permissions of a new file.
        shown: Whether its text may be shown; never for a secret.
        note: What to tell the user about it.
    """

    path: str
    status: Status
    old: str | None
    new: str | None
    mode: int = 0o644
    shown: bool = True
    note: str = ""

    @property
    def writes(self) -> bool:
        """Whether a file is written or deleted."""
        return self.old != self.new and self.status not in {"conflict", "kept", "manual", "deleted"}


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do with a file that the user changed and a generator wants to write.

    Attributes:
        force: Overwrite it.
        skip: Keep it.
    """

    force: bool = False
    skip: bool = False


def resolve(plan: Plan, root: Path, policy: Policy = Policy()) -> list[Change]:  # frozen
    """Returns what carrying out the plan does to each file, the memory's own files last.

    Reads the project and writes nothing.

    Raises:
        UsageError: A path leads out of the project, or a file cannot be read as text.
    """
    record = memory.read_record(root, plan.resource)
    files: dict[str, str] = dict(record.get("files", {}))
    creates = [a for a in plan.actions if isinstance(a, Create)]
    edits = [_inject(a, root) for a in plan.actions if isinstance(a, Inject)]
    creates, edits = _formatted(creates, edits, root)
    changes = [_create(action, root, files.get(action.path), policy) for action in creates]
    changes += edits
    changes += [_delete(a, root, files.get(a.path)) for a in plan.actions if isinstance(a, Delete)]
    tracked = {action.path for action in creates if action.tracked}
    return changes + _memory(plan, root, changes, tracked, record)


def _formatted(
    creates: list[Create], edits: list[Change], root: Path
) -> tuple[list[Create], list[Change]]:
    """Formats everything in one call.

    An edited file is formatted when it was before; otherwise its style is the user's.
    """
    edited = [c for c in edits if c.status == "update" and c.path.endswith(".py")]
    sources = {action.path: action.text for action in creates}
    sources |= {change.path: change.old or "" for change in edited}
    sources |= {f"{_AFTER}/{change.path}": change.new or "" for change in edited}
    done = format_sources(sources, root, tidy={action.path for action in creates})
    clean = {c.path: done[f"{_AFTER}/{c.path}"] for c in edited if done[c.path] == c.old}
    return (
        [replace(action, text=done[action.path]) for action in creates],
        [replace(change, new=clean.get(change.path, change.new)) for change in edits],
    )


_AFTER = "nitro_after"
"""The folder of edited texts while everything is formatted."""


def _create(action: Create, root: Path, written: str | None, policy: Policy) -> Change:
    """Decides about a file that a generator writes whole."""
    old, new = _read(root, action.path), action.text
    if old is None:
        status: Status = "deleted" if written and not policy.force else "create"
    elif old == new:
        status = "identical"
    elif written == memory.fingerprint(old) or policy.force:
        status = "update"
    elif written == memory.fingerprint(new):  # only the user changed it
        status = "kept"
    else:
        status = "kept" if policy.skip else "conflict"
    return Change(action.path, status, old, new, action.mode, action.tracked)


def _inject(action: Inject, root: Path) -> Change:
    old = _read(root, action.path)
    if old is None:
        note = f"{action.path} is not there. {action.edit.apply('').snippet}"
        return Change(action.path, "manual", None, None, note=note)
    edited = action.edit.apply(old)
    status: dict[str, Status] = {"done": "update", "there": "identical"}
    note = f"{action.path} could not be edited. {edited.snippet}" if edited.snippet else ""
    return Change(action.path, status.get(edited.status, "manual"), old, edited.text, note=note)


def _delete(action: Delete, root: Path, written: str | None) -> Change:
    old = _read(root, action.path)
    pristine = old is not None and written == memory.fingerprint(old)
    status: Status = "identical" if old is None else "delete" if pristine else "kept"
    return Change(action.path, status, old, None if pristine else old)


def _memory(
    plan: Plan, root: Path, changes: list[Change], tracked: set[str], record: dict[str, Any]
) -> list[Change]:
    """Returns the changes of the memory that go with the changes of the project."""
    written = {c.path: c.new for c in changes if c.path in tracked and c.new is not None}
    current = {p: t for p, t in written.items() if _is_ours(p, changes)}
    files = {**record.get("files", {}), **{p: memory.fingerprint(t) for p, t in current.items()}}
    gone = {change.path for change in changes if change.status == "delete"}
    files = {path: hashed for path, hashed in files.items() if path not in gone}
    edits = {a.path: dict(a.edit.to_json()) for a in plan.actions if isinstance(a, Inject)}
    kept: Mapping[str, Any] = {
        **record,
        **plan.record,
        "generator": plan.generator,
        "files": files,
        "edits": {**record.get("edits", {}), **edits},
    }
    texts = {memory.base_path(path): text for path, text in current.items()}
    texts[memory.record_path(plan.resource)] = memory.render_record(kept)
    found = [Change(p, "record", _read(root, p), text, shown=False) for p, text in texts.items()]
    removed = [memory.base_path(path) for path in gone]
    found += [Change(p, "record", _read(root, p), None, shown=False) for p in removed]
    return found


def _is_ours(path: str, changes: Iterable[Change]) -> bool:
    ours = {"create", "update", "identical"}
    return any(change.path == path and change.status in ours for change in changes)


# -- reading --------------------------------------------------------------------------------------


def locate(root: Path, path: str) -> Path:
    """Returns where a path of a plan is on disk, following symbolic links inside the project.

    Raises:
        UsageError: It leads out of the project.
    """
    parts = PurePosixPath(path)
    home = root.resolve()
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise UsageError(f"{path!r} is not a path inside the project; nothing was written.")
    target = home.joinpath(*parts.parts)
    real = target.resolve()
    if not real.is_relative_to(home):
        raise UsageError(f"{path} is a link that leads out of the project, to {real}; remove it.")
    return real


def _read(root: Path, path: str) -> str | None:
    target = locate(root, path)
    try:
        if not stat.S_ISREG(target.stat().st_mode):
            raise UsageError(f"{path} is not a file; move it away first.")
        with target.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise UsageError(f"{path} cannot be written: a file stands where its folder is.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; it cannot be compared.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
