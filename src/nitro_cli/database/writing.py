"""Writes new files of migrations: all of them, or none."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import typer

from nitro_cli.formatting import format_sources
from nitro_cli.plan.diff import render_diff
from nitro_cli.plan.resolve import Change
from nitro_cli.plan.writer import ApplyFailed, locked
from nitro_cli.project import MEMORY


def write_new(texts: Mapping[str, str], root: Path, *, dry_run: bool, as_json: bool) -> None:
    """Writes files that are not there yet, formatted as the project is, and says which.

    Args:
        texts: The files, by their paths from the project's folder.
        root: That folder.
        dry_run: Whether they are only shown.
        as_json: Whether it is said as data.

    Raises:
        ApplyFailed: One cannot be written; none is there then.
    """
    done = format_sources(texts, root, tidy=tuple(texts))
    changes = [Change(path, "create", None, text) for path, text in done.items()]
    if not dry_run:
        with locked(root) if (root / MEMORY).is_dir() else nullcontext():
            _write(done, root)
    if as_json:
        files = [{"path": change.path, "action": "create"} for change in changes]
        typer.echo(
            json.dumps({"status": "dry-run" if dry_run else "done", "files": files}, indent=2)
        )
    elif dry_run:
        text = render_diff(changes, colour=sys.stdout.isatty())
        typer.echo(text or "Nothing would change.\n", nl=False)
    else:
        for path in done:
            typer.echo(f"  create    {path}")


def _write(texts: Mapping[str, str], root: Path) -> None:
    written: list[Path] = []
    for path, text in texts.items():
        target = root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="") as file:
                written.append(target)
                file.write(text)
        except OSError as problem:
            for made in written:
                made.unlink(missing_ok=True)
            raise ApplyFailed(f"{path} cannot be written ({problem.strerror}).") from problem
