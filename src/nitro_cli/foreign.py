"""Project templates of others, rendered by Copier: fetched, hashed, rendered apart, then put in place.

A template may want to run code: Copier's tasks, migrations and Jinja extensions. None of it runs
unless the user trusts exactly this content, by the hash of every file of it; a template that changed
is another template. Whatever is trusted or not, it is rendered in a scratch folder, and nothing that
leads out of the project is put in place.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from nitro_cli.plan.resolve import Change
from nitro_runtime.errors import UsageError

SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""The beginnings that Copier's users know."""

_CAREFULLY = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never",
)  # fmt: skip
_HISTORY = ".git"


@contextmanager
def fetched(source: str) -> Generator[Path]:
    """Gives a copy of a template that nobody else changes, for as long as the block lasts.

    Args:
        source: A folder, taken as it is now, or a Git repository: of that its latest version tag, or
            what its default branch holds when it has none.

    Raises:
        UsageError: There is nothing, or it leads out of itself by a link.
    """
    with tempfile.TemporaryDirectory(prefix="nitro-template-") as scratch:
        copy = Path(scratch) / "template"
        folder = Path(source).expanduser()
        if folder.is_dir():
            _copy_folder(folder, copy)
        elif _is_repository(source):
            _clone(_full(source), copy)
        else:
            raise UsageError(f"There is no template {source!r}: give a folder or a Git address.")
        _refuse_links_out(copy, "The template")
        yield copy


def fingerprint(template: Path) -> str:
    """Returns the hash of everything in a folder: names, kinds, permissions to run, contents."""
    found = sha256()
    for path in sorted(template.rglob("*")):
        name = path.relative_to(template).as_posix()
        if path.is_symlink():
            kind, content = "link", str(path.readlink()).encode()
        elif path.is_dir():
            kind, content = "folder", b""
        else:
            runs = path.stat().st_mode & 0o111
            kind, content = "program" if runs else "file", path.read_bytes()
        found.update(f"{kind} {len(name.encode())} {name} {len(content)}\n".encode())
        found.update(content)
    return f"sha256:{found.hexdigest()}"


@contextmanager
def rendered(
    template: Path, values: Mapping[str, Any], *, trust: str | None, again: str, ask: bool
) -> Generator[Path]:
    """Gives a scratch folder with what a template makes, for as long as the block lasts.

    Args:
        template: The template, as `fetched` gives it.
        values: Answers to its questions, whether it asks them or not.
        trust: The hash that the user trusts, or None.
        again: The command as the user typed it, to which the hash can be added.
        ask: Whether somebody is there to answer the other questions.

    Raises:
        UsageError: It wants to run code and is not trusted, it is not what was trusted, or it cannot
            be rendered.
    """
    known = fingerprint(template)
    if trust is not None and trust != known:
        raise UsageError(
            f"The template is not the one that you trust: its hash is {known}. Look at what changed; "
            f"if you trust it as it is now, type: {again} --trust {known}"
        )
    with tempfile.TemporaryDirectory(prefix="nitro-project-") as scratch:
        made = Path(scratch) / "project"
        _copy(template, made, values, trusted=trust is not None, hint=(again, known), ask=ask)
        _refuse_links_out(made, "What the template makes")
        yield made


def _copy(
    template: Path,
    made: Path,
    values: Mapping[str, Any],
    *,
    trusted: bool,
    hint: tuple[str, str],
    ask: bool,
) -> None:
    from copier import Settings, run_copy
    from copier.errors import CopierError, UnsafeTemplateError
    from jinja2 import TemplateError

    if not trusted and _has_migrations(template):
        raise _untrusted("migrations", *hint)
    try:
        run_copy(
            str(template),
            made,
            dict(values),
            settings=Settings(),  # whom the user trusts elsewhere does not count here
            defaults=not ask,
            quiet=True,
            unsafe=trusted,
        )
    except UnsafeTemplateError as error:
        wants = str(error).partition(": ")[2].partition(".\n")[0]
        raise _untrusted(wants, *hint) from None
    except (CopierError, TemplateError, ValueError) as error:
        raise UsageError(f"The template cannot be rendered: {error}") from error


def _has_migrations(template: Path) -> bool:
    """Says whether a template has migrations, which Copier asks about only when it updates."""
    texts = [path.read_text(errors="replace") for path in template.glob("copier.y*ml")]
    return any(re.search(r"""^["']?_migrations\b""", text, re.MULTILINE) for text in texts)


def _untrusted(wants: str, again: str, known: str) -> UsageError:
    return UsageError(
        f"The template would run code of its own ({wants}), so nothing was made. Look at it; if "
        f"you trust exactly this content, type: {again} --trust {known}"
    )


# -- where it comes from --------------------------------------------------------------------------


def _copy_folder(folder: Path, copy: Path) -> None:
    """Copies a folder as it is, but for the history at its top, which is no part of a template."""

    def history(current: str, names: list[str]) -> set[str]:
        return {_HISTORY} & set(names) if Path(current) == folder else set[str]()

    try:
        shutil.copytree(folder, copy, symlinks=True, ignore=history)
    except OSError as error:  # an unreadable file, a device
        raise UsageError(f"The template cannot be read: {error}") from error


def _is_repository(source: str) -> bool:
    return source.endswith(".git") or re.match(r"(git\+)?\w+://|git@|gh:|gl:", source) is not None


def _full(source: str) -> str:
    for short, full in SHORT.items():
        if source.startswith(short):
            return f"{full}{source.removeprefix(short)}"
    return source.removeprefix("git+")


def _clone(url: str, target: Path) -> None:
    _git("clone", "--quiet", "--no-checkout", "--no-recurse-submodules", "--", url, str(target))
    tag = _latest(_git("tag", "--list", cwd=target).split())
    _git("checkout", "--quiet", "--detach", f"refs/tags/{tag}" if tag else "HEAD", "--", cwd=target)
    shutil.rmtree(target / _HISTORY)


def _latest(tags: list[str]) -> str | None:
    """Returns the tag of the latest version, as Copier takes it; those before a release do not count."""
    from packaging.version import InvalidVersion, Version

    found: list[tuple[Version, str]] = []
    for tag in tags:
        try:
            version = Version(tag)
        except InvalidVersion:  # a tag of another kind
            continue
        if not version.is_prerelease:
            found.append((version, tag))
    return max(found)[1] if found else None


def _git(*words: str, cwd: Path | None = None) -> str:
    program = shutil.which("git")
    if program is None:
        raise UsageError("git is not installed; install it, or give --template a folder.")
    done = subprocess.run(  # noqa: S603 # the address follows a --, and nothing of it is run
        [program, *_CAREFULLY, *words],
        cwd=cwd,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise UsageError(f"The template cannot be fetched: {reason}")
    return done.stdout


def _refuse_links_out(root: Path, what: str) -> None:
    home = root.resolve()
    for path in root.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            name = path.relative_to(root)
            raise UsageError(f"{what} has a link that leads out of it, {name}; nothing was made.")


# -- where it goes ---------------------------------------------------------------------------------


def files_of(made: Path) -> list[str]:
    """Returns the files and links of a folder, as paths from it, sorted."""
    found = [path for path in made.rglob("*") if path.is_symlink() or not path.is_dir()]
    return sorted(path.relative_to(made).as_posix() for path in found)


def changes(made: Path, root: Path, *, keep: bool) -> list[Change]:
    """Returns what `put_in_place` would do, as the changes of a plan; contents that are no text are left out."""
    found: list[Change] = []
    for name in files_of(made):
        old, new = _text(root / name), _text(made / name)
        there = (root / name).exists()
        status = "create" if not there else "kept" if keep else "update"
        found.append(Change(name, status, old, new, note="" if new is not None else "  no text"))
    return found


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def put_in_place(made: Path, root: Path, *, keep: bool) -> list[str]:
    """Puts what was made into a project's folder, whole when there is no such folder yet.

    Args:
        made: The folder that `rendered` gave.
        root: The project's folder.
        keep: Whether files that are there stay; otherwise they are overwritten.

    Returns:
        The files that stayed as they were.

    Raises:
        UsageError: A link or a folder in the project stands in the way.
    """
    if not root.exists():
        beside = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
        try:
            shutil.copytree(made, beside / root.name, symlinks=True)
            (beside / root.name).rename(root)
        finally:
            shutil.rmtree(beside)
        return []
    names = files_of(made)
    _refuse_obstacles(names, root)
    kept = [name for name in names if keep and (root / name).exists()]
    for name in names:
        if name not in kept:
            _put(made / name, root / name)
    return kept


def _refuse_obstacles(names: list[str], root: Path) -> None:
    home = root.resolve()
    for name in names:
        target = root / name
        if not target.parent.resolve().is_relative_to(home):
            raise UsageError(
                f"{name} would be written through a link out of the project; remove it."
            )
        if target.is_dir() and not target.is_symlink():
            raise UsageError(
                f"{name} is a folder here and a file in the template; move it away first."
            )


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.nitro")
    shutil.copy2(source, beside, follow_symlinks=False)
    beside.replace(target)
