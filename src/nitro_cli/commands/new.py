"""`nitro new`: a new project in a folder of its own, or in the current, empty one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nitro_cli.commands.options import DryRun, Force, Json, Skip, Verbose, Yes

if TYPE_CHECKING:
    from nitro_cli.carrying import Flags
    from nitro_cli.frameworks import Framework
    from nitro_cli.plan.resolve import Change

HARMLESS = frozenset({".git", ".venv", "venv", ".idea", ".vscode", ".DS_Store"})
"""What a folder may hold and still count as empty."""


def command(
    name: Annotated[
        str | None, typer.Argument(help="The project's name, or . for the current folder.")
    ] = None,
    framework: Annotated[
        str | None, typer.Option("--framework", "-f", help="The web framework: fastapi.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
    force: Force = False,
    skip: Skip = False,
    yes: Yes = False,
    verbose: Verbose = False,
) -> None:
    """Make a new project: an app that runs, its tests, migrations and styles."""
    from nitro_cli.carrying import Flags

    flags = Flags(dry_run, json, force, skip, yes, verbose)
    asked = name is None or framework is None
    if asked:
        name, framework = _ask(name, framework, flags)
    _make(name or "", framework or "", flags, hint=asked)


def _ask(name: str | None, framework: str | None, flags: Flags) -> tuple[str, str]:
    """Asks for what was not given, when somebody is there to answer.

    Raises:
        UsageError: Nobody is.
    """
    from nitro_cli.frameworks import known_frameworks
    from nitro_runtime.errors import UsageError

    known = known_frameworks()
    if flags.yes or flags.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        example = f"nitro new {name or 'myapp'} --framework {framework or known[0]}"
        missing = "a name" if name is None else "a framework"
        sentence = f"A new project needs {missing}: {example}. Frameworks: {', '.join(known)}."
        raise UsageError(sentence)
    name = name if name is not None else typer.prompt("Name of the project")
    if framework is None:
        framework = typer.prompt(f"Framework ({', '.join(known)})", default=known[0])
    return str(name), str(framework)


def _make(typed: str, wanted: str, flags: Flags, *, hint: bool) -> None:
    import secrets

    from nitro_cli.carrying import carry_out, prepare
    from nitro_cli.generators.project import nitro_requirement, plan_project

    root, name, framework = _check(typed, wanted)
    prepare(root, flags)
    _refuse_occupied(root, typed, flags)
    secret = secrets.token_urlsafe(32)
    plan = plan_project(name, framework, secret, nitro_requirement(framework))
    changes = carry_out(plan, root, flags)
    if flags.dry_run or flags.json:
        return
    _verify(root, changes)
    _tell(typed, name, root, framework, changes, verbose=flags.verbose)
    if hint:
        typer.echo(f"The same again: nitro new {typed} --framework {framework.name}")


def _check(typed: str, wanted: str) -> tuple[Path, str, Framework]:
    """Returns the folder, the name and the framework.

    Raises:
        UsageError: One or more of them will not do; every problem is in it.
    """
    from nitro_cli.frameworks import find_framework
    from nitro_cli.grammar.names import check_project
    from nitro_runtime.errors import UsageError

    root = Path.cwd() if typed == "." else Path.cwd() / typed
    name = root.name if typed == "." else typed
    problems = [str(problem) for problem in check_project(name)]
    try:
        framework = find_framework(wanted)
    except UsageError as error:
        raise UsageError(*problems, *error.problems) from None
    if problems:
        raise UsageError(*problems)
    return root, name, framework


def _refuse_occupied(root: Path, typed: str, flags: Flags) -> None:
    from nitro_runtime.errors import UsageError

    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise UsageError(f"{typed} is there already and is not a folder; choose another name.")
    found = sorted(p.name for p in root.iterdir()) if root.is_dir() else []
    held = [name for name in found if name not in HARMLESS]
    if held and not flags.force:
        some = ", ".join(held[:3]) + (", ..." if len(held) > 3 else "")
        where = "This folder" if typed == "." else f"The folder {typed}"
        raise UsageError(f"{where} is not empty ({some}); choose another name or empty it first.")


def _verify(root: Path, changes: list[Change]) -> None:
    """Compiles every Python file that was made, as it is on disk."""
    for change in changes:
        if change.path.endswith(".py"):
            source = (root / change.path).read_bytes()
            compile(source, change.path, "exec", dont_inherit=True)


def _tell(
    typed: str,
    name: str,
    root: Path,
    framework: Framework,
    changes: list[Change],
    *,
    verbose: bool,
) -> None:
    from nitro_cli.carrying import line

    made = [change for change in changes if change.writes and change.status != "record"]
    python = sum(change.path.endswith(".py") for change in made)
    if verbose:
        for change in made:
            typer.echo(line(change))
    typer.echo(f"Made {name}: {framework.title} and Nitro, {len(made)} files.")
    typer.echo(f"Checked: all {python} Python files compile.")
    typer.echo("\nNext:")
    if typed != ".":
        typer.echo(f"  cd {root.name}")
    typer.echo("  nitro generate scaffold Product name:str price:float")
    typer.echo("  nitro db upgrade && nitro dev     # http://127.0.0.1:8000")
