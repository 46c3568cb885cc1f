"""`nitro generate`: plain source in the user's project.

The commands are made from the table of generators; the one that is asked for is made whole, of the
others help shows one line.
"""

from __future__ import annotations

import inspect
from collections import abc
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nitro_cli.commands.options import DryRun, Force, Json, Skip, Verbose, Yes
from nitro_cli.generators.table import (
    Argument,
    Generator,
    Option,
    find_generator,
    generators,
    loaded,
)
from nitro_cli.parameters import PlainCommand, PlainGroup
from nitro_runtime.errors import UsageError, suggestion

if TYPE_CHECKING:
    from nitro_cli.carrying import Flags
    from nitro_cli.generators.table import PlanMaker
    from nitro_cli.generators.words import Words
    from nitro_cli.plan.plan import Plan
    from nitro_cli.plan.resolve import Change
    from nitro_cli.project import Project

EJECT = "--eject"
SPEC = "--spec"

Eject = Annotated[
    bool,
    typer.Option(EJECT, help="Copy its templates into the project instead, to be changed."),
]

_FLAGS: tuple[tuple[str, Any], ...] = (
    ("eject", Eject),
    ("dry_run", DryRun),
    ("json", Json),
    ("force", Force),
    ("skip", Skip),
    ("yes", Yes),
    ("verbose", Verbose),
)


class Generators(PlainGroup):
    """The group of all generators, each made into a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 # Typer's own, not exported
        """Returns the names of all, without any code of plugins."""
        return [row.name for row in generators()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 # Typer's own
        """Returns a generator as a command; of a plugin what its package says."""
        row = find_generator(cmd_name)
        return None if row is None else command_of(row)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 # Typer's own
        """Returns the generator that was asked for; now a plugin may speak for itself."""
        row = find_generator(args[0])
        if row is None and not args[0].startswith("-"):
            hint = suggestion(args[0], self.list_commands(ctx))
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        if row is None:
            return super().resolve_command(ctx, args)
        if EJECT in args[1:]:
            return row.name, _eject_command(row), [a for a in args[1:] if a.startswith("-")]
        if any(word.partition("=")[0] == SPEC for word in args[1:]):
            row = replace(row, arguments=())  # the file has the names and fields
        return row.name, command_of(loaded(row)), args[1:]


app = typer.Typer(
    cls=Generators,
    help="Write source into the project: plain code that you own and may edit.",
    epilog="More on one: nitro generate scaffold --help",
    no_args_is_help=True,
)


def command_of(row: Generator) -> Any:  # noqa: ANN401 # Typer's own
    """Returns a generator as a command."""
    words = [_word(argument) for argument in row.arguments]
    options = [_option(option) for option in row.options]
    return _command(row, _run(row), [*words, *options])


def _eject_command(row: Generator) -> Any:  # noqa: ANN401 # Typer's own
    def run(**given: Any) -> None:  # noqa: ANN401 # as typed
        from nitro_cli.generators.ejecting import plan_templates
        from nitro_cli.generators.words import Words

        def make(project: Project, words: Words) -> Plan:
            del words
            return plan_templates(project, row)

        _generate(make, Words(row.name), _flags(given))

    return _command(row, run, [])


def _command(row: Generator, run: Callable[..., None], own: list[inspect.Parameter]) -> Any:  # noqa: ANN401
    flags = [_parameter(name, kind, default=False) for name, kind in _FLAGS]
    run.__signature__ = inspect.Signature([*own, *flags])  # pyright: ignore[reportFunctionMemberAccess] # what Typer reads
    run.__annotations__ = {each.name: each.annotation for each in (*own, *flags)}
    program = typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    made = program.command(row.name, cls=PlainCommand, help=row.summary, epilog=_epilog(row))
    made(run)
    return typer.main.get_command(program)


def _parameter(name: str, annotation: object, default: object) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _word(argument: Argument) -> inspect.Parameter:
    shown = typer.Argument(metavar=argument.name, help=argument.help)
    name = argument.name.lower()
    if argument.many:
        return _parameter(name, Annotated[list[str] | None, shown], None)
    default = inspect.Parameter.empty if argument.required else ""
    return _parameter(name, Annotated[str, shown], default)


def _option(option: Option) -> inspect.Parameter:
    if option.flag:
        wanted = typer.Option(f"--{option.name}", help=option.help)
        return _parameter(option.name, Annotated[bool, wanted], default=False)
    shown = typer.Option(f"--{option.name}", help=option.help, metavar=option.metavar or None)
    kind = Annotated[str | None, shown]
    return _parameter(option.name, kind, None)


def _epilog(row: Generator) -> str:
    example = row.example.replace("\n", "\n  ")
    parts = [*row.notes.split("\n\n"), f"For example:\n  {example}" if example else ""]
    return "\n\n".join(f"\b\n{part}" for part in parts if part)


def _run(row: Generator) -> Callable[..., None]:
    def run(**given: Any) -> None:  # noqa: ANN401 # as typed
        from nitro_cli.generators.words import Words

        words: list[str] = []
        for argument in row.arguments:
            value = given[argument.name.lower()]
            words += list(value or []) if argument.many else [value]
        options = {o.name: _value(given[o.name]) for o in row.options if _is_given(given[o.name])}
        if words:
            asked = Words(words[0], tuple(words[1:]), options)
            _generate(row.maker(), asked, _flags(given))
        else:
            _generate_several(row.maker(), options, _flags(given))

    return run


def _is_given(value: str | bool | None) -> bool:
    return value is not None and value is not False


def _value(value: str | bool) -> str:
    return "yes" if value is True else str(value)


def _flags(given: dict[str, Any]) -> Flags:
    from nitro_cli.carrying import Flags

    return Flags(**{name: given[name] for name, _ in _FLAGS if name != "eject"})


def _generate(make: PlanMaker, words: Words, flags: Flags) -> None:
    from nitro_cli.adopting.support import completed
    from nitro_cli.carrying import carry_out

    with _at_work(flags) as project:
        plan = completed(make(project, words), project)
        changes = carry_out(plan, project.root, flags)
    _tell([plan], changes, flags)


def _generate_several(make: PlanMaker, options: dict[str, str], flags: Flags) -> None:
    """Generates every entity of a file, each after those that it refers to."""
    from nitro_cli.adopting.support import completed
    from nitro_cli.carrying import settle, write
    from nitro_cli.generators.several import settle_all
    from nitro_cli.generators.words import Words
    from nitro_cli.grammar.specfile import EntityWords, read_spec_file

    def maker(entity: EntityWords) -> Callable[[Project], Plan]:
        plural = {} if entity.plural is None else {"plural": entity.plural}
        words = Words(entity.name, entity.fields, plural)
        return lambda project: completed(make(project, words), project)

    if "plural" in options:
        raise UsageError("--plural is for one entity; in a file each may have its own.")
    with _at_work(flags) as project:
        entities = read_spec_file(Path(options["spec"]), project.entities())
        makers = [maker(entity) for entity in entities]
        plans, changes = settle_all(project, makers, lambda p, root: settle(p, root, flags))
        write(plans, changes, project.root, flags)
    _tell(plans, changes, flags)


@contextmanager
def _at_work(flags: Flags) -> abc.Generator[Project]:
    """Finds the project, and keeps other commands out of it while a plan is made and written."""
    from nitro_cli.carrying import prepare
    from nitro_cli.plan.writer import locked
    from nitro_cli.project import find_project

    project = find_project(Path.cwd())
    with nullcontext() if flags.dry_run else locked(project.root):
        prepare(project.root, flags)
        yield project


def _tell(plans: list[Plan], changes: list[Change], flags: Flags) -> None:
    from nitro_cli.carrying import line
    from nitro_cli.plan.resolve import QUIET

    if flags.dry_run or flags.json:
        return
    shown = [change for change in changes if change.status not in QUIET or flags.verbose]
    for change in shown:
        typer.echo(line(change))
    if not any(change.writes for change in shown):
        if not any(change.note for change in shown):
            typer.echo("Everything is there already.")
        return
    steps = dict.fromkeys(step for plan in plans for step in plan.next_steps)
    if steps:
        typer.echo("\nNext:")
    for step in steps:
        typer.echo(f"  {step}")
