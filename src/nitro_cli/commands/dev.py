"""``nitro dev``: server, reload, stylesheet and worker in one terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    port: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="The port to listen on; 8000 or the next free one.",
            min=1,
            max=65535,
        ),
    ] = None,
) -> None:
    """Run the project's server, with reload, and Tailwind's watch, until Ctrl-C.

    With NITRO_QUEUE_URL set and durable handlers there, a worker runs as well.
    """
    from nitro_cli import devserver
    from nitro_cli.frameworks import check_installed
    from nitro_cli.project import find_project
    from nitro_cli.tailwind import Stylesheet
    from nitro_runtime.errors import UsageError

    project = find_project(Path.cwd())
    if "app" in project.options:
        raise UsageError("nitro dev starts what nitro new made; start this app as you always do.")
    check_installed(project.framework)
    server = devserver.Server(
        root=project.root,
        command=tuple(project.framework.dev),
        package=project.package,
        sheet=Stylesheet.of(project),
        source=project.package_dir,
    )
    devserver.run(server, port=port, write=typer.echo)
