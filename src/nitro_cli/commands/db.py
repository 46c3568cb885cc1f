"""``nitro db``: migrations and example data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nitro_cli.commands.options import DryRun, Json, Yes

if TYPE_CHECKING:
    from nitro_cli.database import Revision, Tables

NO_MIGRATIONS = (
    "There are no migrations yet; `nitro generate scaffold` or `nitro db revision` writes the first"
)

app = typer.Typer(help="Migrate the database and fill it with example data.", no_args_is_help=True)


@app.command()
def init(dry_run: DryRun = False, json: Json = False) -> None:
    """Give the project, or the app in this folder, migrations."""
    from nitro_cli.database import missing_files
    from nitro_cli.database.writing import write_new
    from nitro_cli.project import folder_above

    root = folder_above(Path.cwd()) or Path.cwd()
    texts = {file.path: file.text for file in missing_files(root)}
    write_new(texts, root, dry_run=dry_run, as_json=json)
    if not (dry_run or json):
        _tell_next("nitro db revision", "nitro db upgrade") if texts else typer.echo(
            "There are migrations already; nothing was changed."
        )


@app.command()
def revision(
    message: Annotated[
        str, typer.Option("-m", "--message", help="What it does; without one, what was found.")
    ] = "",
    empty: Annotated[
        bool, typer.Option("--empty", help="Write one that does nothing yet, for you to fill.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write the migration that the entities ask for."""
    from nitro_cli import database
    from nitro_cli.database.writing import write_new

    root = _root()
    draft = database.draft_revision(root, message, empty=empty)
    texts = {draft.path: draft.text} if draft.path else {}
    write_new(texts, root, dry_run=dry_run, as_json=json)
    if json or dry_run:
        return
    if not texts:
        typer.echo("The entities and the database agree; there is nothing to do.")
        return
    for change in draft.changes:
        typer.echo(f"    {change}")
    _tell_next("nitro db upgrade")


@app.command()
def upgrade(
    revision: Annotated[str, typer.Argument(help="Up to which revision.")] = "head",
    json: Json = False,
) -> None:
    """Apply the migrations that the database does not have yet."""
    from nitro_cli import database

    root = _root()
    done = database.upgrade(root, revision)
    if json:
        _print({"applied": _data(done)})
        return
    _tell("applied", done)
    if not done:
        typer.echo("The database is up to date" if database.status(root) else NO_MIGRATIONS)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="Down to which revision.")] = "-1",
    json: Json = False,
) -> None:
    """Take the last migration back, or all down to a revision."""
    from nitro_cli import database

    done = database.downgrade(_root(), revision)
    if json:
        _print({"taken_back": _data(done)})
        return
    _tell("took back", done)
    if not done:
        typer.echo("There is nothing to take back")


@app.command()
def status(json: Json = False) -> None:
    """List the migrations and say which the database has."""
    from nitro_cli import database

    revisions = database.status(_root())
    if json:
        _print({"migrations": _data(revisions)})
        return
    for revision in revisions:
        typer.echo(f"[{'x' if revision.applied else ' '}] {revision.id}  {revision.message}")
    applied = sum(revision.applied for revision in revisions)
    typer.echo(f"{applied} of {len(revisions)} applied" if revisions else NO_MIGRATIONS)


@app.command()
def seed(
    count: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", help="How many rows a table gets at most.", min=1, max=1_000_000
        ),
    ] = 200,
) -> None:
    """Fill the database with example data, by the project's seeds.py."""
    from nitro_cli import database

    database.seed(_root(), count)
    typer.echo("Ran seeds.py")


@app.command()
def reset(
    seed: Annotated[bool, typer.Option("--seed", help="Run seeds.py afterwards.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Drop tables, too, that are not the project's.")
    ] = False,
    database: Annotated[
        str,
        typer.Option(metavar="NAME", help="Its name; --yes needs it for one on another machine."),
    ] = "",
    dry_run: DryRun = False,
    json: Json = False,
    yes: Yes = False,
) -> None:
    """Drop the project's tables with ALL ROWS and make them anew.

    It works whatever state the migrations have left the database in.
    """
    from nitro_cli import database as databases
    from nitro_cli.database.seeding import seeds_of

    root = _root()
    if seed:
        seeds_of(root)
    tables = databases.survey(root)
    dropped = [*tables.own, *(tables.others if every else ())]
    if not dry_run:
        agree(tables, dropped, database, yes=yes)
        databases.drop(root, tables, others=every)
    if not json:
        _tell_reset(tables, dropped, every=every, dry_run=dry_run)
    applied = [] if dry_run else databases.upgrade(root)
    if seed and not dry_run:
        databases.seed(root, 200)
    if json:
        state = "dry-run" if dry_run else "done"
        data = {"database": tables.address, "dropped": dropped, "applied": _data(applied)}
        _print({"status": state, **data})
        return
    _tell("applied", applied)
    if seed and not dry_run:
        typer.echo("Ran seeds.py")


# -- asking ---------------------------------------------------------------------------------------


def agree(tables: Tables, dropped: Sequence[str], named: str, *, yes: bool) -> None:
    """Goes on only when it is certain which database is meant.

    Args:
        tables: What is in it.
        dropped: The tables that would go.
        named: Its name as it was given; empty when it was not.
        yes: Whether nobody is to be asked.

    Raises:
        UsageError: Nobody is there to answer, or the answer is no.
    """
    from nitro_runtime.errors import UsageError

    if named and named != tables.name:
        raise UsageError(
            f"The database is {tables.name!r} ({tables.address}), not {named!r}; nothing was changed."
        )
    if yes and (tables.here or named):
        return
    if yes:
        raise UsageError(
            f"{tables.address} is on another machine, so its name is needed, too; lose all its "
            f"rows with: nitro db reset --yes --database {tables.name}"
        )
    if not _is_terminal():
        raise UsageError(
            f"Nobody was asked, so nothing was changed; lose all rows of {tables.address} with: "
            "nitro db reset --yes"
        )
    typer.echo(f"This drops {len(dropped)} tables with all their rows: {', '.join(dropped)}")
    answer = typer.prompt(f"Type the name of the database, {tables.name}, to go on")
    if answer.strip() != tables.name:
        raise UsageError("That is another name; nothing was changed.")


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


# -- telling --------------------------------------------------------------------------------------


def _root() -> Path:
    from nitro_cli.database import find_root

    return find_root(Path.cwd())


def _tell(verb: str, revisions: list[Revision]) -> None:
    for revision in revisions:
        typer.echo(f"{verb} {revision.id}  {revision.message}")


def _tell_next(*steps: str) -> None:
    typer.echo("\nNext:")
    for step in steps:
        typer.echo(f"  {step}")


def _tell_reset(tables: Tables, dropped: Sequence[str], *, every: bool, dry_run: bool) -> None:
    word = "would drop" if dry_run else "dropped"
    typer.echo(f"{word} {', '.join(dropped) or 'nothing'} in {tables.address}")
    if tables.others and not every:
        typer.echo(f"kept {', '.join(tables.others)}: not of this project (--all drops them)")


def _data(revisions: list[Revision]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(revision) for revision in revisions]


def _print(data: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps({"status": "done", **data}, indent=2))
