"""``nitro assets``: puts Datastar's browser file into the project's static folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The folder to write into; by default the project's static folder."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", help="A path or URL to take the file from first."),
    ] = None,
) -> None:
    """Obtain what pages load: Datastar's file, checked against its hash, and a plain stylesheet."""
    from nitro_cli.assets import DATASTAR, all_sources, install_datastar
    from nitro_cli.tailwind import plain_stylesheet

    target = folder if folder is not None else _static_dir()
    result = install_datastar(target, sources=all_sources(source), say=_tell, release=DATASTAR)
    if result.written:
        typer.echo(f"Datastar {DATASTAR.version} from {result.source}: {result.path}")
    else:
        typer.echo(f"Datastar {DATASTAR.version} is there already: {result.path}")
    if stylesheet := plain_stylesheet(target):
        typer.echo(f"The plain stylesheet, yours to change: {stylesheet}")


def _static_dir() -> Path:
    from nitro_cli.project import find_project

    return find_project(Path.cwd()).static_dir


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)
