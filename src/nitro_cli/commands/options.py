"""The options that several commands have, declared once."""

from __future__ import annotations

from typing import Annotated

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the diff and write nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print data for a tool.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that you changed.")]
Skip = Annotated[bool, typer.Option("--skip", help="Keep files that you changed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="List every file.")]
App = Annotated[
    str | None,
    typer.Option("--app", metavar="MODULE:NAME", help="The app, where there is no project."),
]
