"""``nitro db``: migrations and example data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nitro_cli.database import Revision

NO_MIGRATIONS = "There are no migrations yet; `nitro generate scaffold` writes the first"

app = typer.Typer(help="Migrate the database and fill it with example data.", no_args_is_help=True)


@app.command()
def upgrade(
    revision: Annotated[str, typer.Argument(help="Up to which revision.")] = "head",
) -> None:
    """Apply the migrations that the database does not have yet."""
    from nitro_cli import database

    root = _root()
    done = database.upgrade(root, revision)
    _tell("applied", done)
    if not done:
        typer.echo("The database is up to date" if database.status(root) else NO_MIGRATIONS)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="Down to which revision.")] = "-1",
) -> None:
    """Take the last migration back, or all down to a revision."""
    from nitro_cli import database

    done = database.downgrade(_root(), revision)
    _tell("took back", done)
    if not done:
        typer.echo("There is nothing to take back")


@app.command()
def status() -> None:
    """List the migrations and say which the database has."""
    from nitro_cli import database

    revisions = database.status(_root())
    for revision in revisions:
        typer.echo(f"[{'x' if revision.applied else ' '}] {revision.id}  {revision.message}")
    applied = sum(revision.applied for revision in revisions)
    typer.echo(f"{applied} of {len(revisions)} applied" if revisions else NO_MIGRATIONS)


@app.command()
def seed(
    count: Annotated[
        int, typer.Option(help="How many rows a table gets at most.", min=1, max=1_000_000)
    ] = 200,
) -> None:
    """Fill the database with example data, by the project's seeds.py."""
    from nitro_cli import database

    database.seed(_root(), count)
    typer.echo("Ran seeds.py")


def _root() -> Path:
    from nitro_cli.project import find_project

    return find_project(Path.cwd()).root


def _tell(verb: str, revisions: list[Revision]) -> None:
    for revision in revisions:
        typer.echo(f"{verb} {revision.id}  {revision.message}")
