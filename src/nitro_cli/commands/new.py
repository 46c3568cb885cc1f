"""`nitro new`: a new project in a folder of its own, or in the current, empty one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nitro_cli import placing
from nitro_cli.commands.options import DryRun, Json, Verbose, Yes

if TYPE_CHECKING:
    from collections.abc import Callable

    from nitro_cli.carrying import Flags
    from nitro_cli.frameworks import Framework
    from nitro_cli.plan.resolve import Change

Force = Annotated[
    bool, typer.Option("--force", help="Use a folder with files in it; overwrite those in the way.")
]
Skip = Annotated[
    bool, typer.Option("--skip", help="Use a folder with files in it; keep those in the way.")
]

EXAMPLE = "fastapi"
"""The framework that examples show, and that is suggested to those who are asked."""

Views = Annotated[
    str,
    typer.Option("--views", help="How pages are written: tags in Python, or jinja templates."),
]
Template = Annotated[
    str | None,
    typer.Option("--template", help="A Copier template instead: a folder or a Git address."),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Where the data is: postgresql://..., mysql://...; a SQLite file when left out.",
    ),
]
Trust = Annotated[
    str | None,
    typer.Option("--trust", metavar="HASH", help="Let exactly this template run code of its own."),
]


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The project's name, or . for the current folder."),
    ] = None,
    framework: Annotated[
        str | None,
        typer.Option(
            "--framework",
            "-f",
            help="The web framework: django, fastapi, fasthtml, flask, litestar, sanic.",
        ),
    ] = None,
    views: Views = "tags",
    database: Database = None,
    template: Template = None,
    trust: Trust = None,
    dry_run: DryRun = False,
    json: Json = False,
    force: Force = False,
    skip: Skip = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Make a new project: an app that runs, its tests, migrations and styles."""
    from nitro_cli.carrying import Flags
    from nitro_runtime.errors import UsageError

    flags = Flags(dry_run, json, force, skip, yes, verbose)
    if template is not None or trust is not None:
        from nitro_cli.commands.new_from_template import make

        if database is not None:
            raise UsageError(
                "--database is for Nitro's own template; leave it out with --template."
            )
        make(name, framework, template, trust, flags)
        return
    asked = name is None or framework is None
    if asked:
        name, framework = _ask(name, framework, flags)
    _make(name or "", framework or "", database, views, flags, hint=asked)


def _ask(name: str | None, framework: str | None, flags: Flags) -> tuple[str, str]:
    """Asks for what was not given, when somebody is there to answer.

    Raises:
        UsageError: Nobody is.
    """
    from nitro_cli.frameworks import known_frameworks
    from nitro_runtime.errors import UsageError

    known = known_frameworks()
    if flags.yes or flags.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        example = f"nitro new {name or 'myapp'} --framework {framework or EXAMPLE}"
        missing = "a name" if name is None else "a framework"
        sentence = f"A new project needs {missing}: {example}. Frameworks: {', '.join(known)}."
        raise UsageError(sentence)
    if name is None:
        name = _prompt("Name of the project", None, placing.check_name)
    if framework is None:
        from nitro_cli.frameworks import find_framework

        framework = _prompt(f"Framework ({', '.join(known)})", EXAMPLE, find_framework)
    return name, framework


def _prompt(question: str, default: str | None, check: Callable[[str], object]) -> str:
    """Asks until the answer will do; says each time what is wrong with it."""
    from nitro_runtime.errors import UsageError

    while True:
        answer = str(typer.prompt(question, default=default))
        try:
            check(answer)
        except UsageError as error:
            typer.echo(str(error), err=True)
        else:
            return answer


def _make(
    typed: str, wanted: str, database: str | None, views: str, flags: Flags, *, hint: bool
) -> None:
    import secrets

    from nitro_cli.carrying import carry_out, prepare
    from nitro_cli.generators.databases import database_at
    from nitro_cli.generators.project import nitro_requirement, plan_project

    root, name, framework = _check(typed, wanted, views)
    chosen = None if database is None else database_at(database)
    if prepare(root, flags) and placing.is_project(root) and not flags.json:
        tell_next(typed)
        return
    placing.refuse_occupied(root, typed, occupied=flags.force or flags.skip)
    secret = secrets.token_urlsafe(32)
    plan = plan_project(
        name, framework, secret, nitro_requirement(framework, chosen), chosen, views
    )
    changes = carry_out(plan, root, flags)
    if flags.dry_run or flags.json:
        return
    placing.verify(root, [change.path for change in changes if change.writes])
    _tell(name, framework, changes, verbose=flags.verbose)
    tell_next(typed)
    if hint:
        place = f" --database {chosen.shown}" if chosen is not None else ""
        place += f" --views {views}" if views != "tags" else ""
        typer.echo(f"The same again: nitro new {typed} --framework {framework.name}{place}")


def _check(typed: str, wanted: str, views: str) -> tuple[Path, str, Framework]:
    """Returns the folder, the name and the framework.

    Raises:
        UsageError: One or more of them will not do; every problem is in it.
    """
    from nitro_cli.frameworks import find_framework
    from nitro_cli.generators.project import VIEWS
    from nitro_cli.grammar.problems import BadWords, Problem
    from nitro_runtime.errors import UsageError, suggestion

    root = Path.cwd() if typed == "." else Path.cwd() / typed
    problems = placing.name_problems(typed)
    if views not in VIEWS:
        hint = suggestion(views, VIEWS)
        sentence = f"There are no views {views!r}.{hint} Choose one: {', '.join(VIEWS)}."
        problems.append(Problem("bad-views", sentence))
    try:
        framework = find_framework(wanted)
    except UsageError as error:
        if not problems:
            raise
        problems += [Problem("bad-framework", sentence) for sentence in error.problems]
        raise BadWords(problems) from None
    if problems:
        raise BadWords(problems)
    return root, root.name if typed == "." else typed, framework


def _tell(name: str, framework: Framework, changes: list[Change], *, verbose: bool) -> None:
    from nitro_cli.carrying import line

    made = [change for change in changes if change.writes and change.status != "record"]
    kept = [change.path for change in changes if change.status == "kept"]
    python = sum(change.path.endswith(".py") for change in made)
    if verbose:
        for change in made:
            typer.echo(line(change))
    typer.echo(f"Made {name}: {framework.title} and Nitro, {len(made)} files.")
    if kept:
        typer.echo(f"Kept as they were: {', '.join(kept)}")
    typer.echo(f"Checked: all {python} Python files compile.")


def tell_next(typed: str) -> None:
    """Says what to do first in a new project."""
    typer.echo("\nNext:")
    there = "" if typed == "." else f"cd {typed} && "
    typer.echo(f'  {there}pip install -e ".[dev]"')
    typer.echo("  nitro generate scaffold Product name:str price:float")
    typer.echo("  nitro db upgrade && nitro dev     # http://127.0.0.1:8000")
