"""The program `nitro`: finds the command that was asked for and imports only that one.

Typer builds the command line; the table below stands for all that it need not see. Anything that a
user got wrong ends as sentences on stderr; anything else is a bug and shows its traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

from nitro_cli.parameters import PlainCommand, PlainGroup
from nitro_runtime import __version__
from nitro_runtime.errors import NitroError, UsageError, suggestion

HELP = "Rich entities, event-driven routing and reactive HTML for your web framework."

EPILOG = "Start with: nitro new myapp. More on a command: nitro COMMAND --help"

FAILED, BAD_INPUT, CONFLICTS = 1, 2, 3
"""What the program exits with besides 0: failed and undone; nothing written; something in the way."""


_WORDS_REFUSED: Any = typer.BadParameter.__bases__[0]
"""What Typer raises for words that fit no command; it exports only this kind of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the table.

    Attributes:
        name: What is typed.
        help: The line in ``nitro --help``.
        aliases: Shorter names for it.
    """

    name: str
    help: str
    aliases: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The module that has it, as ``command`` or, when it has commands of its own, ``app``."""
        return f"nitro_cli.commands.{self.name}"


COMMANDS = (
    Entry("new", "Make a new project."),
    Entry("init", "Add Nitro to the project that is here."),
    Entry("generate", "Write source into the project: an entity, a scaffold (or: g).", ("g",)),
    Entry("dev", "Run the server with reload and build the CSS, until Ctrl-C."),
    Entry("worker", "Run the durable handlers, until Ctrl-C; tend dead jobs."),
    Entry("db", "Migrate the database and fill it with example data."),
    Entry("routes", "List what the app answers, who may, and where that is written."),
    Entry("doctor", "Look whether what the project stands on is fit for it."),
    Entry("info", "Show the versions of what the project runs on."),
    Entry("types", "Show the types and modifiers of fields."),
    Entry("assets", "Obtain Datastar's browser file, checked against its hash."),
    Entry("tailwind", "Build the stylesheet with Tailwind."),
)


def main(words: Sequence[str] | None = None) -> None:
    """Runs the command and exits.

    Args:
        words: The words after the program's name; those of the process when not given.
    """
    given = list(sys.argv[1:] if words is None else words)
    as_json = "--json" in given
    try:
        # Typer's own complaints about the words are prose with a usage line; a tool wants data.
        code = build(given)(given, prog_name="nitro", standalone_mode=not as_json)
    except NitroError as error:
        sys.exit(_report(error, as_json=as_json))
    except _WORDS_REFUSED as error:
        sys.exit(_report(UsageError(error.format_message()), as_json=True))
    sys.exit(code)


def build(words: Sequence[str]) -> typer.Typer:
    """Returns the program for some words: the command that they name is real, others are stubs.

    Raises:
        UsageError: They name a command that does not exist.
    """
    # Completion of parameters needs the shell's own machinery, which Typer brings; rich markup
    # would cost 80 ms a start, and pretty tracebacks hide the bug.
    app = typer.Typer(
        cls=PlainGroup,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
    )
    app.callback(help=HELP)(_options)
    name = _command_word(words)
    entry = _find(name)
    if name and entry is None and not _completing():
        raise UsageError(f"There is no command {name!r}.{_hint(name)} All of them: nitro --help")
    if entry is not None:
        _mount(app, entry, name)
    for other in COMMANDS if entry is None else ():
        app.command(other.name, help=other.help)(_stub)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nitro {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Takes the options that stand before the command."""


def _stub() -> None:
    """Stands for a command that is not the one asked for."""


def _hint(name: str) -> str:
    known = [entry.name for entry in COMMANDS]
    begun = [word for word in known if word.startswith(name.lower())]
    return f" Did you mean {begun[0]!r}?" if len(begun) == 1 else suggestion(name.lower(), known)


def _find(name: str) -> Entry | None:
    return next((entry for entry in COMMANDS if name in (entry.name, *entry.aliases)), None)


def _mount(app: typer.Typer, entry: Entry, name: str) -> None:
    """Imports a command and puts it into the program, under the name that was typed."""
    module: Any = import_module(entry.module)
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name)
    else:
        command: Callable[..., Any] = module.command
        app.command(name, cls=PlainCommand)(command)


def _completing() -> bool:
    return "_NITRO_COMPLETE" in os.environ


def _command_word(words: Sequence[str]) -> str:
    """Returns the first word that is no option: the command; empty when there is none."""
    if _completing():
        typed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS") or ""
        words = typed.split()[1:]
    return next((word for word in words if not word.startswith("-")), "")


def _report(error: NitroError, *, as_json: bool) -> int:
    """Says what went wrong and returns the exit code."""
    code = BAD_INPUT if isinstance(error, UsageError) else FAILED
    code = getattr(error, "exit_code", code)
    if as_json:
        import json

        typer.echo(json.dumps(_as_data(error, code), indent=2))
    else:
        typer.echo(_fitted(str(error)) if sys.stderr.isatty() else str(error), err=True)
    return code


def _fitted(text: str) -> str:
    """Breaks the long lines of a message between words, as wide as the terminal is.

    A command at the end of a sentence moves to a line of its own, to be copied whole. Lines that
    begin with a space show a place in what was typed and stay as they are.
    """
    import re
    import shutil
    import textwrap

    width = shutil.get_terminal_size().columns
    lines: list[str] = []
    for line in text.split("\n"):
        sentence, command = line, ""
        if len(line) > width and (found := re.search(r": ((?:nitro|pip|alembic) .*)$", line)):
            sentence, command = line[: found.start() + 1], f"\n    {found[1]}"
        if len(sentence) > width and not sentence.startswith(" "):
            fold = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
            sentence = fold.fill(sentence)
        lines.append(sentence + command)
    return "\n".join(lines)


def _as_data(error: NitroError, code: int) -> dict[str, Any]:
    names = ("code", "sentence", "text", "start", "length")
    details = getattr(error, "details", ())
    if details:
        problems = [{name: getattr(problem, name) for name in names} for problem in details]
    else:
        sentences = error.problems if isinstance(error, UsageError) else [str(error)]
        problems = [{"sentence": sentence} for sentence in sentences]
    return {"status": "error", "exit_code": code, "problems": problems}
