"""``nitro doctor``: what a project stands on, and what is wrong with it."""

from __future__ import annotations

import json as json_format
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nitro_cli.commands.options import App, Json

if TYPE_CHECKING:
    from nitro_cli.doctor import Finding

WIDTH = 80
_INDENT = " " * 21


def command(app: App = None, json: Json = False) -> None:
    """Look whether the database, its migrations, Redis and the queue are fit for the project.

    Nothing is changed. It exits with 1 when something is broken; a warning is none.
    """
    from nitro_cli.doctor import examine

    findings = examine(Path.cwd(), app)
    broken = any(finding.state == "broken" for finding in findings)
    if json:
        data = [{"about": f.about, "state": f.state, "sentence": f.sentence} for f in findings]
        typer.echo(json_format.dumps({"findings": data}, indent=2))
    else:
        for finding in findings:
            typer.echo(_lines(finding))
    if broken:
        raise typer.Exit(1)


def _lines(finding: Finding) -> str:
    start = f"{finding.state:<8} {finding.about:<11} "
    return textwrap.fill(
        " ".join(finding.sentence.split()),
        WIDTH,
        initial_indent=start,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
