"""``nitro worker``: runs the app's durable handlers, and looks after those that failed for good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nitro_cli.commands.options import App, Json


def command(
    queue: Annotated[
        list[str] | None,
        typer.Option(
            "--queue",
            "-q",
            metavar="NAME",
            help="Work this queue only; may be given several times.",
        ),
    ] = None,
    threads: Annotated[
        int,
        typer.Option(
            metavar="NUMBER", help="How many jobs a process works at once.", min=1, max=256
        ),
    ] = 4,
    processes: Annotated[
        int, typer.Option(metavar="NUMBER", help="How many processes.", min=1, max=64)
    ] = 1,
    dead: Annotated[
        bool, typer.Option("--dead", help="List the jobs that failed for good.")
    ] = False,
    retry: Annotated[str, typer.Option(metavar="ID|all", help="Have dead jobs tried again.")] = "",
    drop: Annotated[str, typer.Option(metavar="ID|all", help="Delete dead jobs.")] = "",
    app: App = None,
    json: Json = False,
) -> None:
    """Run the durable handlers until Ctrl-C; what has begun by then is finished.

    These are the ones that are written with @on(..., durable=True). NITRO_QUEUE_URL says where their
    jobs come from: redis://, amqp://, celery+redis://, celery+amqp://, or the outbox in the database
    when it is not set.
    """
    from nitro_cli import worker
    from nitro_cli.database.environment import inside
    from nitro_cli.loading import root_of

    root = root_of(Path.cwd(), needed=app is None)
    with inside(root):
        if dead or retry or drop:
            worker.load(app)
            worker.tend(dead=dead, retry=retry, drop=drop, as_json=json, write=typer.echo)
        else:
            wanted = worker.Wanted(tuple(queue or ()), threads, processes, app)
            worker.run(root, wanted, say=typer.echo)
