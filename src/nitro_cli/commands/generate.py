"""`nitro generate`: plain source in the user's project."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nitro_cli.commands.options import DryRun, Force, Json, Skip, Verbose, Yes

if TYPE_CHECKING:
    from collections.abc import Callable

    from nitro_cli.carrying import Flags
    from nitro_cli.generators.resource import Asked
    from nitro_cli.plan.plan import Plan
    from nitro_cli.project import Project

app = typer.Typer(
    help="Write source into the project: plain code that you own and may edit.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The entity, in the singular: Product.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD",
        help="name:type:modifier=default; all but the name may be left out.",
    ),
]
Plural = Annotated[
    str | None, typer.Option(help="Its plural, when the rule is wrong: --plural people.")
]

# Said here, not built from the grammar's tables, so that help starts fast; a test compares.
FIELDS_HELP = """\b
Types:
  str text int bigint float decimal bool date time datetime
  uuid email url json enum ref
  with numbers or words: str.80 decimal.10.2 enum.draft.live ref.Category

\b
Modifiers, each after a colon:
  opt       may be empty            unique, index  in the database
  min.0     at least, or shortest   search         part of the search
  max.5     at most, or longest     sort           the table sorts by it
  secret    never sent out          readonly       never taken in
  hidden    not shown               on.cascade     when the other goes

\b
For example:
  {command} Category name:str.60:unique
  {command} Product name:str.80:search \\
      price:decimal.10.2:min.0 stock:int=0 \\
      status:enum.draft.live=draft category:ref.Category
"""


@app.command(epilog=FIELDS_HELP.format(command="nitro generate entity"))
def entity(
    name: Name,
    fields: Fields = None,
    plural: Plural = None,
    dry_run: DryRun = False,
    json: Json = False,
    force: Force = False,
    skip: Skip = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Write an entity with its migration and tests, without pages."""
    from nitro_cli.carrying import Flags
    from nitro_cli.generators.entity import plan_entity
    from nitro_cli.generators.resource import asked

    flags = Flags(dry_run, json, force, skip, yes, verbose)
    _generate(plan_entity, asked(name, fields or [], plural), flags)


@app.command(epilog=FIELDS_HELP.format(command="nitro generate scaffold"))
def scaffold(
    name: Name,
    fields: Fields = None,
    plural: Plural = None,
    dry_run: DryRun = False,
    json: Json = False,
    force: Force = False,
    skip: Skip = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Write an entity with its pages, handlers, migration and tests."""
    from nitro_cli.carrying import Flags
    from nitro_cli.generators.resource import asked
    from nitro_cli.generators.scaffold import plan_scaffold

    flags = Flags(dry_run, json, force, skip, yes, verbose)
    _generate(plan_scaffold, asked(name, fields or [], plural), flags)


def _generate(make: Callable[[Project, Asked], Plan], wanted: Asked, flags: Flags) -> None:
    from nitro_cli.carrying import carry_out, line, prepare
    from nitro_cli.plan.resolve import QUIET
    from nitro_cli.plan.writer import locked
    from nitro_cli.project import find_project

    project = find_project(Path.cwd())
    with nullcontext() if flags.dry_run else locked(project.root):
        prepare(project.root, flags)
        plan = make(project, wanted)
        changes = carry_out(plan, project.root, flags)
    if flags.dry_run or flags.json:
        return
    shown = [change for change in changes if change.status not in QUIET or flags.verbose]
    for change in shown:
        typer.echo(line(change))
    if not any(change.writes for change in shown):
        if not any(change.note for change in shown):
            typer.echo("Everything is there already.")
        return
    typer.echo("\nNext:")
    for step in plan.next_steps:
        typer.echo(f"  {step}")
