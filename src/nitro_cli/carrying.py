"""Carries out a plan for a command: shows it, asks about conflicts, writes it, says what was done."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from nitro_cli.plan.diff import render_diff
from nitro_cli.plan.plan import Plan
from nitro_cli.plan.resolve import CONFLICTS, QUIET, Change, Policy, resolve
from nitro_cli.plan.writer import apply, recover, run
from nitro_runtime.errors import NitroError, UsageError


@dataclass(frozen=True, slots=True)
class Flags:
    """The options that every writing command has.

    Attributes:
        dry_run: Show the diff, write nothing.
        json: Print data for a tool instead of sentences.
        force: Overwrite files that the user changed.
        skip: Keep files that the user changed.
        yes: Ask nothing.
        verbose: List every file.
    """

    dry_run: bool = False
    json: bool = False
    force: bool = False
    skip: bool = False
    yes: bool = False
    verbose: bool = False


class Conflicts(NitroError):
    """Files that the user changed are in the way of a plan; nothing was written.

    Attributes:
        paths: The files.
    """

    exit_code = 3

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        super().__init__(*paths)

    def __str__(self) -> str:
        files = "".join(f"\n    {path}" for path in self.paths)
        return (
            f"These files are not as nitro wrote them, so nothing was written:{files}\n"
            "Look at the difference with --dry-run --force; then choose --force to overwrite them "
            "or --skip to keep them."
        )


def prepare(root: Path, flags: Flags) -> bool:
    """Finishes what a crashed command had begun, before anything is read from the project.

    Returns:
        Whether there was anything to finish.

    Raises:
        UsageError: The flags contradict each other.
    """
    if flags.force and flags.skip:
        raise UsageError("--force overwrites changed files and --skip keeps them; choose one.")
    finished = not flags.dry_run and recover(root)
    if finished:
        typer.echo("Finished what an interrupted nitro command had begun.", err=True)
    return finished


def carry_out(plan: Plan, root: Path, flags: Flags) -> list[Change]:
    """Writes a plan, or shows it with ``--dry-run``.

    Returns:
        The changes, whether they were written or only shown.

    Raises:
        Conflicts: Files are in the way.
        ApplyFailed: Something could not be written; everything is as it was.
    """
    return write([plan], settle(plan, root, flags), root, flags)


def settle(plan: Plan, root: Path, flags: Flags) -> list[Change]:
    """Returns what a plan does to a project; with ``--dry-run`` also what is in its way.

    Raises:
        Conflicts: Files are in the way, and nobody can be asked or the user quits.
    """
    policy = Policy(force=flags.force, skip=flags.skip)
    changes = resolve(plan, root, policy)
    conflicts = [change for change in changes if change.status in CONFLICTS]
    if not conflicts or flags.dry_run:
        return changes
    return resolve(plan, root, _decided(conflicts, policy, flags))


def write(plans: Sequence[Plan], changes: list[Change], root: Path, flags: Flags) -> list[Change]:
    """Writes the changes of plans at once, or shows them with ``--dry-run``.

    Raises:
        ApplyFailed: Something could not be written; everything is as it was.
    """
    if flags.dry_run:
        _show(plans[-1], changes, flags)
        return changes
    apply(changes, root)
    for plan in plans:
        run(plan, root)
    if flags.json:
        typer.echo(json.dumps(as_data(plans[-1], changes, "done"), indent=2))
    return changes


def _decided(conflicts: Sequence[Change], policy: Policy, flags: Flags) -> Policy:
    """Returns what the user wants done about files in the way.

    Raises:
        Conflicts: Nobody can be asked, or the user quits.
    """
    from nitro_cli.asking import ask, terminal

    at = None if flags.yes or flags.json else terminal()
    decided = None if at is None else ask(conflicts, policy, at)
    if decided is None:
        raise Conflicts([change.path for change in conflicts])
    return decided


def _show(plan: Plan, changes: Sequence[Change], flags: Flags) -> None:
    if flags.json:
        typer.echo(json.dumps(as_data(plan, changes, "dry-run", diff=True), indent=2))
        return
    text = render_diff((c for c in changes if c.status != "record"), colour=sys.stdout.isatty())
    typer.echo(text or "Nothing would change.\n", nl=False)
    for change in changes:
        if change.status not in QUIET and (change.note or not change.writes):
            typer.echo(line(change), err=True)


def as_data(
    plan: Plan, changes: Sequence[Change], status: str, *, diff: bool = False
) -> dict[str, Any]:
    """Returns what a command did as JSON-safe data."""
    files: list[dict[str, Any]] = []
    for change in changes:
        if change.status == "record":
            continue
        item: dict[str, Any] = {"path": change.path, "action": change.status}
        item |= {"note": change.note} if change.note else {}
        item |= {"diff": render_diff([change])} if diff else {}
        files.append(item)
    steps = list(plan.next_steps)
    return {"status": status, "generator": plan.generator, "files": files, "next": steps}


def line(change: Change) -> str:
    """Returns one line about a change, for people."""
    text = f"  {change.status:9} {change.path}"
    return f"{text}\n{change.note}" if change.note else text
