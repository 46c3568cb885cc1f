"""``nitro info``: the versions of everything, for a bug report."""

from __future__ import annotations

import json as json_format
from pathlib import Path

import typer

from nitro_cli.commands.options import Json


def command(json: Json = False) -> None:
    """Show the versions of what the project runs on, for a bug report."""
    from nitro_cli.info import facts

    found = facts(Path.cwd())
    if json:
        data = [{"name": each.name, "value": each.value, "note": each.note} for each in found]
        typer.echo(json_format.dumps({"facts": data}, indent=2))
        return
    width = max(len(each.name) for each in found)
    for each in found:
        line = f"{each.name:<{width}}  {each.value or 'not there':<10}  {each.note}"
        typer.echo(line.rstrip())
