"""`nitro new`: a new project in a folder of its own, or in the current, empty one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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

HARMLESS = frozenset({".git", ".venv", "venv", ".idea", ".vscode", ".DS_Store"})
"""What a folder may hold and still count as empty."""


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
        example = f"nitro new {name or 'myapp'} --framework {framework or EXAMPLE}"
        missing = "a name" if name is None else "a framework"
        sentence = f"A new project needs {missing}: {example}. Frameworks: {', '.join(known)}."
        raise UsageError(sentence)
    if name is None:
        name = _prompt("Name of the project", None, _check_name)
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


def _make(typed: str, wanted: str, flags: Flags, *, hint: bool) -> None:
    import secrets

    from nitro_cli.carrying import carry_out, prepare
    from nitro_cli.generators.project import nitro_requirement, plan_project

    root, name, framework = _check(typed, wanted)
    if prepare(root, flags) and _is_project(root) and not flags.json:
        _tell_next(typed)
        return
    _refuse_occupied(root, typed, flags)
    secret = secrets.token_urlsafe(32)
    plan = plan_project(name, framework, secret, nitro_requirement(framework))
    changes = carry_out(plan, root, flags)
    if flags.dry_run or flags.json:
        return
    _verify(root, changes)
    _tell(name, framework, changes, verbose=flags.verbose)
    _tell_next(typed)
    if hint:
        typer.echo(f"The same again: nitro new {typed} --framework {framework.name}")


def _check(typed: str, wanted: str) -> tuple[Path, str, Framework]:
    """Returns the folder, the name and the framework.

    Raises:
        UsageError: One or more of them will not do; every problem is in it.
    """
    from nitro_cli.frameworks import find_framework
    from nitro_runtime.errors import UsageError

    root = Path.cwd() if typed == "." else Path.cwd() / typed
    problems = _name_problems(typed)
    try:
        framework = find_framework(wanted)
    except UsageError as error:
        raise UsageError(*problems, *error.problems) from None
    if problems:
        raise UsageError(*problems)
    return root, root.name if typed == "." else typed, framework


def _check_name(typed: str) -> None:
    from nitro_runtime.errors import UsageError

    if problems := _name_problems(typed):
        raise UsageError(*problems)


def _name_problems(typed: str) -> list[str]:
    from nitro_cli.grammar.names import check_project

    problems = [str(one) for one in check_project(Path.cwd().name if typed == "." else typed)]
    if problems and typed == ".":
        problems.append(
            "The project would be called like this folder; rename it, or go up and name one."
        )
    return problems


def _refuse_occupied(root: Path, typed: str, flags: Flags) -> None:
    from nitro_runtime.errors import UsageError

    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise UsageError(f"{typed} is there already and is not a folder; choose another name.")
    where = "This folder" if typed == "." else f"The folder {typed}"
    if _is_project(root):
        raise UsageError(f"{where} is a Nitro project already; go on in it or choose another name.")
    held = _held(root)
    if held and not (flags.force or flags.skip):
        some = ", ".join(held[:3]) + (", ..." if len(held) > 3 else "")
        sentence = "choose another name, empty it, or keep what is in it with --skip."
        raise UsageError(f"{where} is not empty ({some}); {sentence}")


def _is_project(root: Path) -> bool:
    from nitro_cli.project import MEMORY, PROJECT_FILE

    return (root / MEMORY / PROJECT_FILE).is_file()


def _held(root: Path) -> list[str]:
    """Returns what is in a folder; what a command left that was killed early does not count."""
    from nitro_cli.project import MEMORY

    found = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    if MEMORY in found and not any((root / MEMORY).iterdir()):
        found.remove(MEMORY)
    return [name for name in found if name not in HARMLESS]


def _verify(root: Path, changes: list[Change]) -> None:
    """Compiles every Python file that was made, as it is on disk."""
    for change in changes:
        if change.writes and change.path.endswith(".py"):
            source = (root / change.path).read_bytes()
            compile(source, change.path, "exec", dont_inherit=True)


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


def _tell_next(typed: str) -> None:
    typer.echo("\nNext:")
    there = "" if typed == "." else f"cd {typed} && "
    typer.echo(f'  {there}pip install -e ".[dev]"')
    typer.echo("  nitro generate scaffold Product name:str price:float")
    typer.echo("  nitro db upgrade && nitro dev     # http://127.0.0.1:8000")
