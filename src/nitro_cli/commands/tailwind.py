"""``nitro tailwind``: the stylesheet of a project, built by Tailwind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from nitro_cli.tailwind import Stylesheet

app = typer.Typer(help="Build the stylesheet with Tailwind.", no_args_is_help=True)


@app.command()
def init() -> None:
    """Write Tailwind's input, unless it is there."""
    from nitro_cli import tailwind

    sheet = _sheet()
    name = sheet.source.relative_to(sheet.root).as_posix()
    typer.echo(f"Wrote {name}" if tailwind.init(sheet) else f"{name} is there already")


@app.command()
def build() -> None:
    """Build the stylesheet once, minified, with a hash in its name."""
    from nitro_cli import tailwind

    sheet = _sheet()
    made = tailwind.build(sheet, tailwind.find_executable())
    size = made.stat().st_size / 1000
    typer.echo(f"Built {made.relative_to(sheet.root).as_posix()} ({size:.1f} kB)")


@app.command()
def watch() -> None:
    """Rebuild the stylesheet at every change, until Ctrl-C."""
    from nitro_cli import tailwind

    sheet = _sheet()
    raise typer.Exit(1 if tailwind.watch(sheet, tailwind.find_executable()) else 0)


def _sheet() -> Stylesheet:
    from nitro_cli.project import find_project
    from nitro_cli.tailwind import Stylesheet

    return Stylesheet.of(find_project(Path.cwd()))
