"""`nitro init`: adds Nitro to a project that is there already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nitro_cli.commands.options import DryRun, Force, Json, Skip, Verbose, Yes

if TYPE_CHECKING:
    from nitro_cli.adopting.planning import Adoption
    from nitro_cli.carrying import Flags
    from nitro_cli.plan.resolve import Change


def command(
    app: Annotated[
        str | None,
        typer.Option(
            "--app", metavar="MODULE:NAME", help="The app, or what makes it: shop.web:create_app."
        ),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
    force: Force = False,
    skip: Skip = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Add Nitro to the project in this folder: one dependency, one line where the app is made.

    The diff is shown first. In a terminal it is written when you agree; elsewhere only with --yes.
    """
    from nitro_cli.adopting.planning import is_made_by_nitro, plan_adoption
    from nitro_cli.adopting.survey import survey
    from nitro_cli.carrying import Flags, carry_out, prepare
    from nitro_cli.project import folder_above

    flags = Flags(dry_run, json, force, skip, yes, verbose)
    root = folder_above(Path.cwd()) or Path.cwd()
    prepare(root, flags)
    adoption = None if is_made_by_nitro(root) else plan_adoption(survey(root), app)
    if adoption is None:
        _say_nothing("nitro new made this project", flags)
        return
    changes = _checked(adoption, root)
    if flags.dry_run or flags.json:
        _refuse_unasked(changes, flags)
        carry_out(adoption.plan, root, flags)
    elif not any(change.writes for change in changes):
        _say_nothing(f"{adoption.title}, {adoption.there}", flags)
    elif _is_wanted(changes, flags):
        _tell(adoption, carry_out(adoption.plan, root, flags), verbose=flags.verbose)


def _checked(adoption: Adoption, root: Path) -> list[Change]:
    """Returns what would change, when all of it that matters can.

    Raises:
        UsageError: The file of the app cannot be edited, or one that would be is read-only.
    """
    from nitro_cli.plan.resolve import resolve
    from nitro_runtime.errors import UsageError

    changes = resolve(adoption.plan, root)
    for change in changes:
        if change.path in adoption.needed and change.status == "manual":
            raise UsageError(change.note)
        if change.writes and change.old is not None and not _is_writable(root / change.path):
            raise UsageError(f"{change.path} is read-only, so nothing was written; allow it first.")
    return changes


def _is_writable(path: Path) -> bool:
    # The mode, not os.access: a rename replaces a read-only file without asking, and root may all.
    return bool(path.stat().st_mode & 0o222)


def _is_wanted(changes: list[Change], flags: Flags) -> bool:
    """Shows the diff and asks, unless the answer was given.

    Raises:
        UsageError: Nobody is there to answer.
    """
    from nitro_cli.plan.diff import render_diff

    if flags.yes:
        return True
    seen = sys.stdout.isatty()
    shown = [change for change in changes if change.status != "record"]
    typer.echo(render_diff(shown, colour=seen), nl=False)
    if seen and sys.stdin.isatty():
        return typer.confirm("Write this?", default=True)
    _refuse_unasked(changes, flags)
    return False


def _refuse_unasked(changes: list[Change], flags: Flags) -> None:
    from nitro_runtime.errors import UsageError

    if not (flags.yes or flags.dry_run) and any(change.writes for change in changes):
        raise UsageError(
            "Nothing was written, for nobody was asked; write it with: nitro init --yes"
        )


def _say_nothing(reason: str, flags: Flags) -> None:
    import json

    if flags.json:
        nothing: list[str] = []
        done = {"status": "done", "generator": "init", "files": nothing, "next": nothing}
        typer.echo(json.dumps(done, indent=2))
    else:
        typer.echo(f"Nitro is in this project already ({reason}); nothing was changed.")


def _tell(adoption: Adoption, changes: list[Change], *, verbose: bool) -> None:
    from nitro_cli.carrying import line
    from nitro_cli.plan.resolve import QUIET

    typer.echo(f"Added Nitro to {adoption.address} ({adoption.title}, {adoption.place}).")
    if adoption.there:
        typer.echo(f"It was installed there already: {adoption.there}.")
    for change in changes:
        if verbose or change.status not in QUIET:
            typer.echo(line(change))
    typer.echo("\nNext:")
    for step in adoption.plan.next_steps:
        typer.echo(f"  {step}")
