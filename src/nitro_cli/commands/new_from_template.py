"""`nitro new NAME --template SRC`: a project from a template of somebody else's."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import typer

from nitro_cli import foreign, placing
from nitro_cli.carrying import Flags, as_data, line
from nitro_cli.commands.new import tell_next
from nitro_cli.frameworks import find_framework
from nitro_cli.grammar.names import package_name
from nitro_cli.plan.diff import render_diff
from nitro_cli.plan.memory import PROJECT
from nitro_cli.plan.plan import Plan
from nitro_cli.plan.resolve import Change
from nitro_cli.project import title_of
from nitro_runtime.errors import UsageError


def make(
    typed: str | None, framework: str | None, source: str | None, trust: str | None, flags: Flags
) -> None:
    """Makes the project, or shows it with ``--dry-run``.

    Raises:
        UsageError: A word is wrong, the place is taken, or the template is not to be used.
    """
    root, name, values = _check(typed, framework, source, trust, flags)
    assert source is not None  # noqa: S101 # just checked
    chosen = f" --framework {framework}" if framework else ""
    again = f"nitro new {typed}{chosen} --template {shlex.quote(source)}"
    ask = sys.stdin.isatty() and sys.stdout.isatty() and not (flags.yes or flags.json)
    with (
        foreign.fetched(source) as template,
        foreign.rendered(template, values, trust=trust, again=again, ask=ask) as made,
    ):
        changes = foreign.changes(made, root, keep=flags.skip)
        python = _verify(made, changes)
        if not flags.dry_run:
            foreign.put_in_place(made, root, keep=flags.skip)
    if flags.dry_run or flags.json:
        _show(changes, flags)
        return
    _tell(typed or "", name, source, root, changes, python, verbose=flags.verbose)


def _check(
    typed: str | None, framework: str | None, source: str | None, trust: str | None, flags: Flags
) -> tuple[Path, str, dict[str, str]]:
    if source is None:
        raise UsageError("--trust says which template may run code; name it with --template.")
    if typed is None:
        raise UsageError(f"A new project needs a name: nitro new myapp --template {source}")
    if flags.force and flags.skip:
        raise UsageError("--force overwrites changed files and --skip keeps them; choose one.")
    placing.check_name(typed)
    root = Path.cwd() if typed == "." else Path.cwd() / typed
    name = root.name
    values = {"name": name, "project_name": name, "title": title_of(name)}
    values |= {"package": package_name(name), "package_name": package_name(name)}
    if framework is not None:
        values["framework"] = find_framework(framework).name
    placing.refuse_occupied(root, typed, occupied=flags.force or flags.skip)
    return root, name, values


def _verify(made: Path, changes: list[Change]) -> int:
    try:
        return placing.verify(made, [change.path for change in changes])
    except SyntaxError as error:
        where = f"{error.filename}, line {error.lineno}"
        raise UsageError(
            f"The template makes what is not Python ({where}); nothing was made."
        ) from error


def _show(changes: list[Change], flags: Flags) -> None:
    if flags.json:
        plan, status = Plan(PROJECT, PROJECT, ()), "dry-run" if flags.dry_run else "done"
        data = as_data(plan, changes, status, diff=flags.dry_run)
        typer.echo(json.dumps(data, indent=2))
        return
    typer.echo(render_diff(changes, colour=sys.stdout.isatty()), nl=False)
    for change in changes:
        if change.note or not change.writes:
            typer.echo(line(change), err=True)


def _tell(
    typed: str,
    name: str,
    source: str,
    root: Path,
    changes: list[Change],
    python: int,
    *,
    verbose: bool,
) -> None:
    kept = [change.path for change in changes if change.status == "kept"]
    if verbose:
        for change in changes:
            typer.echo(line(change))
    made = len(changes) - len(kept)
    typer.echo(f"Made {name} from {source}, {made} file{'' if made == 1 else 's'}.")
    if kept:
        typer.echo(f"Kept as they were: {', '.join(kept)}")
    if python:
        typer.echo(f"Checked: all {python} Python files compile.")
    if placing.is_project(root):
        tell_next(typed)
        return
    there = "" if typed == "." else f"cd {typed} && "
    typer.echo(f"\nNext:\n  {there}nitro init     # adds Nitro to what the template made")
