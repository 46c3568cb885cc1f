"""Compares a plan with the files that are there: what would be written, and what is in the way."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from nitro_cli.formatting import format_sources
from nitro_cli.frameworks import PROJECT_TEMPLATES
from nitro_cli.plan import memory
from nitro_cli.plan.modules import MergeModule, join_modules, same_definitions
from nitro_cli.plan.plan import Create, Delete, Edit, Inject, Merge, Plan
from nitro_cli.plan.texts import Manner, parse_python, plain
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
        force: Overwrite every one.
        skip: Keep every one.
        overwrite: The paths of those that are overwritten.
        keep: The paths of those that are kept.
    """

    force: bool = False
    skip: bool = False
    overwrite: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()

    def overwrites(self, path: str) -> bool:
        """Whether a file is overwritten although the user changed it."""
        return self.force or path in self.overwrite

    def keeps(self, path: str) -> bool:
        """Whether a file stays because the user changed it."""
        return self.skip or path in self.keep


def resolve(plan: Plan, root: Path, policy: Policy = Policy()) -> list[Change]:  # frozen
    """Returns what carrying out the plan does to each file, the memory's own files last.

    Reads the project and writes nothing.

    Raises:
        UsageError: A path leads out of the project, or a file cannot be read as text or Python.
    """
    record = memory.read_record(root, plan.resource)
    files: dict[str, str] = dict(record.get("files", {}))
    drafts = _formatted(_drafts(plan, root, files, policy), root)
    changes = [_change(draft, files.get(draft.path), policy) for draft in drafts]
    changes += [_delete(a, root, files.get(a.path)) for a in plan.actions if isinstance(a, Delete)]
    return changes + _memory(plan, root, changes, drafts, record)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file of the plan before it is compared with what may be written.

    Attributes:
        path: From the project's folder.
        old: Its text as it is, or None when there is no such file.
        new: Its text as the generator wants it, plain.
        whole: Whether the generator writes all of it; otherwise it edits what is there.
        base: Of an edited file of Nitro's own: the pristine text with the same edits, plain.
        tracked: Whether the memory keeps its pristine text.
        mode: The permissions of a new file.
        note: What is left for the user to do.
        undone: Whether an edit could not be done.
    """

    path: str
    old: str | None
    new: str
    whole: bool = True
    base: str | None = None
    tracked: bool = True
    mode: int = 0o644
    note: str = ""
    undone: bool = False

    @property
    def plain_old(self) -> str | None:
        """The text that is there, without the file's own manner."""
        return None if self.old is None else plain(self.old)


def _drafts(plan: Plan, root: Path, files: Mapping[str, str], policy: Policy) -> list[_Draft]:
    """Returns a draft of each file that the plan writes or edits, in order."""
    actions: dict[str, list[Create | Merge | Inject]] = {}
    for action in plan.actions:
        if isinstance(action, Create | Merge | Inject):
            actions.setdefault(action.path, []).append(action)
    found: list[_Draft] = []
    for path, wanted in actions.items():
        for action in wanted:
            if isinstance(action, Merge):
                _check_rendered(action, root)
        old = _read(root, path)
        whole = [action for action in wanted if isinstance(action, Create)]
        if whole:
            last = whole[-1]
            found.append(_Draft(path, old, last.text, tracked=last.tracked, mode=last.mode))
        elif old is None and any(isinstance(action, Merge) for action in wanted):
            found.append(_Draft(path, None, _new_module(wanted)))
        else:
            base = _base(root, path) if path in files else None
            pristine = old is not None and files.get(path) == memory.fingerprint(plain(old))
            replace = pristine or policy.overwrites(path)
            anew = same_definitions(plain(old or ""), base or "")
            edits = [_edit(action, replace, anew) for action in wanted]
            found.append(_edited(path, old, edits, base))
    return found


def _check_rendered(action: Merge, root: Path) -> None:
    try:
        compile(action.text, action.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _bad_template(error, root) from error


def _edit(action: Create | Merge | Inject, replace: bool, anew: frozenset[str]) -> Edit:
    if isinstance(action, Inject):
        return action.edit
    return MergeModule(action.text, replace, anew)


def _new_module(actions: Iterable[Create | Merge | Inject]) -> str:
    text = ""
    for action in actions:
        if isinstance(action, Merge):
            text = join_modules(text, action.text) if text else action.text
        elif isinstance(action, Inject):
            text = action.edit.apply(text).text
    return text


def _edited(path: str, old: str | None, edits: Sequence[Edit], base: str | None) -> _Draft:
    if old is None:
        snippets = " ".join(edit.apply("").snippet for edit in edits)
        return _Draft(path, None, "", whole=False, note=f"{path} is not there. {snippets}")
    text = plain(old)
    if path.endswith(".py"):
        parse_python(path, text)
    notes: list[str] = []
    for edit in edits:
        edited = edit.apply(text)
        text = edited.text
        base = base if base is None else edit.apply(base).text
        if edited.status == "cannot":
            notes.append(f"{path} could not be edited. {edited.snippet}")
    note = "\n".join(notes)
    return _Draft(path, old, text, whole=False, base=base, note=note, undone=bool(notes))


def _base(root: Path, path: str) -> str | None:
    found = _read(root, memory.base_path(path))
    return None if found is None else plain(found)


_BEFORE, _AFTER, _BASE = "", "nitro_after/", "nitro_base/"
"""The folders of an edited file's texts while everything is formatted."""


def _formatted(drafts: list[_Draft], root: Path) -> list[_Draft]:
    """Formats everything in one call.

    An edited file is formatted when it was before; otherwise its style is the user's.
    """
    whole = {draft.path: draft.new for draft in drafts if draft.whole}
    edited = [d for d in drafts if not d.whole and d.path.endswith(".py") and d.new != d.plain_old]
    sources = dict(whole)
    for draft in edited:
        sources[draft.path] = draft.plain_old or ""
        sources[_AFTER + draft.path] = draft.new
        if draft.base is not None:
            sources[_BASE + draft.path] = draft.base
    try:
        done = format_sources(sources, root, tidy=whole)
    except SyntaxError as error:
        raise _bad_template(error, root) from error
    return [_with_format(draft, done) for draft in drafts]


def _bad_template(error: SyntaxError, root: Path) -> Exception:
    """Returns what to raise when a template made what is no Python: whose template was it?"""
    if not (root / PROJECT_TEMPLATES).is_dir():
        return error
    return UsageError(
        f"A template in {PROJECT_TEMPLATES} is wrong: it makes {error.filename}, whose line "
        f"{error.lineno} is not Python ({error.msg}). Correct it, or delete it to get Nitro's own."
    )


def _with_format(draft: _Draft, done: Mapping[str, str]) -> _Draft:
    if draft.whole:
        return replace(draft, new=done[draft.path])
    if draft.base is not None:
        draft = replace(draft, base=done.get(_BASE + draft.path, draft.base))
    if _AFTER + draft.path in done and done[draft.path] == draft.plain_old:
        return replace(draft, new=done[_AFTER + draft.path])
    return draft


def _change(draft: _Draft, written: str | None, policy: Policy) -> Change:
    status, note = _status(draft, written, policy), draft.note
    if draft.old is None:
        new = None if status == "manual" else draft.new
    else:  # a file keeps its own line ends
        same = draft.plain_old == draft.new
        new = draft.old if same else Manner.of(draft.old).dressed(draft.new)
    if status == "deleted":
        note = "           You deleted it; --force writes it again."
    return Change(draft.path, status, draft.old, new, draft.mode, draft.tracked, note)


def _status(draft: _Draft, written: str | None, policy: Policy) -> Status:
    """Decides about a file; ``written`` is the hash of what Nitro last wrote there."""
    old = draft.plain_old
    if draft.whole:
        return _status_of_whole(draft, old, written, policy)
    if old is None or (draft.undone and draft.new == old):
        return "manual"
    return "identical" if draft.new == old else "update"


def _status_of_whole(draft: _Draft, old: str | None, written: str | None, policy: Policy) -> Status:
    if old is None:
        return "deleted" if written and not policy.overwrites(draft.path) else "create"
    if old == draft.new:
        return "identical"
    if written == memory.fingerprint(old) or policy.overwrites(draft.path):
        return "update"
    if written == memory.fingerprint(draft.new):  # only the user changed it
        return "kept"
    return "kept" if policy.keeps(draft.path) else "conflict"


def _delete(action: Delete, root: Path, written: str | None) -> Change:
    old = _read(root, action.path)
    pristine = old is not None and written == memory.fingerprint(plain(old))
    status: Status = "identical" if old is None else "delete" if pristine else "kept"
    return Change(action.path, status, old, None if pristine else old)


def _memory(
    plan: Plan,
    root: Path,
    changes: list[Change],
    drafts: list[_Draft],
    record: dict[str, Any],
) -> list[Change]:
    """Returns the changes of the memory that go with the changes of the project."""
    known: dict[str, str] = dict(record.get("files", {}))
    ours = {c.path for c in changes if c.status in {"create", "update", "identical"}}
    whole = {d.path: d.new for d in drafts if d.whole and d.tracked and d.path in ours}
    edited = {d.path: d.base for d in drafts if d.base is not None}
    current = {**whole, **edited}
    gone = {change.path for change in changes if change.status == "delete"}
    files = {**known, **{path: memory.fingerprint(text) for path, text in current.items()}}
    kept: Mapping[str, Any] = {
        **record,
        "generator": plan.generator,
        **plan.record,
        "files": {path: hashed for path, hashed in files.items() if path not in gone},
        "edits": {**record.get("edits", {}), **_edits(plan, files)},
    }
    texts = {memory.base_path(path): text for path, text in current.items()}
    texts[memory.record_path(plan.resource)] = memory.render_record(kept)
    found = [Change(p, "record", _read(root, p), text, shown=False) for p, text in texts.items()]
    removed = [memory.base_path(path) for path in gone]
    found += [Change(p, "record", _read(root, p), None, shown=False) for p in removed]
    return found


def _edits(plan: Plan, files: Mapping[str, str]) -> dict[str, Any]:
    """Returns the edits of files that are the user's own."""
    found: dict[str, Any] = {}
    for action in plan.actions:
        if isinstance(action, Inject):
            found[action.path] = dict(action.edit.to_json())
        elif isinstance(action, Merge) and action.path not in files:
            found[action.path] = dict(MergeModule(action.text).to_json())
    return found


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
