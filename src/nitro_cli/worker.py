"""What `nitro worker` does: works durable handlers in one process or several, and tends dead jobs."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nitro_cli.children import Child, ends_quietly, stop
from nitro_cli.environment import take_env_file
from nitro_runtime.errors import UsageError

Say = Callable[[str], Any]

CHILD = "NITRO_WORKER_CHILD"
"""Set for a process that another `nitro worker` started: it ends with the one that holds its input."""
GRACE = 60.0
"""Seconds that processes get to finish what they have begun."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run.

    Attributes:
        queues: The queues to work; all that handlers name when empty.
        threads: How many jobs a process works at once.
        processes: How many processes.
        app: The app, where no project is.
    """

    queues: tuple[str, ...] = ()
    threads: int = 4
    processes: int = 1
    app: str | None = None


def load(app: str | None = None) -> None:
    """Imports the app, and with it all its handlers; the working directory is the project's.

    Raises:
        UsageError: There is no project, or no such app.
        NitroError: The project's own code failed.
    """
    from nitro_cli.database.environment import sentences
    from nitro_cli.loading import load_app, packages_of
    from nitro_runtime.entities.discovery import import_entities

    folder = Path.cwd()
    take_env_file(folder)
    load_app(folder, app)
    with sentences(folder):  # some frameworks import what answers requests at the first one
        import_entities(*packages_of(folder), folder=folder)


def run(root: Path, wanted: Wanted, say: Say) -> None:
    """Works jobs until SIGTERM or Ctrl-C.

    Args:
        root: The project's folder.
        wanted: What to run.
        say: Shows a sentence.

    Raises:
        UsageError: The app has no durable handler, or none in these queues, or keeps its jobs in
            its own memory.
        MissingExtra: The queue's package is not installed.
    """
    if wanted.processes > 1:
        _run_several(root, wanted, say)
        return
    load(wanted.app)
    queues = _queues(wanted.queues)
    _refuse_memory()
    from nitro_runtime.durable import run_worker

    ended = threading.Event()
    if os.environ.get(CHILD):
        threading.Thread(target=_end_with_input, args=(ended,), daemon=True).start()
    run_worker(queues, threads=wanted.threads, stop=ended, say=say)


def _queues(wanted: Sequence[str]) -> list[str]:
    from nitro_runtime.events.bus import bus

    known = sorted({r.durable.queue for r in bus.durable() if r.durable is not None})
    if not known:
        raise UsageError(
            'There is nothing to work: no handler here is durable. Write @on("order.placed", '
            "durable=True), or have it written: nitro generate handler order.placed NAME --durable"
        )
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(
            f"No handler here waits in the queue {unknown[0]!r}; there are {', '.join(known)}."
        )
    return list(wanted) or known


def _refuse_memory() -> None:
    from nitro_runtime.durable import OutboxRow

    if OutboxRow.repository.name == "memory":
        raise UsageError(
            "The jobs of this app are kept in its own memory, where no worker sees them; set "
            "NITRO_DATABASE_URL for both."
        )


def _end_with_input(ended: threading.Event) -> None:
    sys.stdin.buffer.read()  # until the parent lets go of it, however it ends
    ended.set()


def _run_several(root: Path, wanted: Wanted, say: Say) -> None:
    words = [sys.executable, "-m", "nitro_cli", "worker", "--threads", str(wanted.threads)]
    for name in wanted.queues:
        words += ["--queue", name]
    if wanted.app:
        words += ["--app", wanted.app]
    environ = {**os.environ, CHILD: "1", "PYTHONUNBUFFERED": "1"}
    children: list[Child] = []

    def start(number: int) -> Child:
        label = f"worker {number + 1}"
        return Child(
            label, words, cwd=root, environ=environ, line=lambda who, line: say(f"{who} | {line}")
        )

    with ends_quietly():
        try:
            children.extend(map(start, range(wanted.processes)))
            _watch(children, start, say)
        finally:
            stop(children, GRACE)


def _watch(children: list[Child], start: Callable[[int], Child], say: Say) -> None:
    """Starts a process again that ended by itself; one that cannot start ends them all."""
    begun = [time.monotonic()] * len(children)
    while True:
        for number, child in enumerate(children):
            if not child.ended_by(time.monotonic() + 0.2):
                continue
            if time.monotonic() - begun[number] < 2.0:
                child.drain(1.0)
                raise UsageError(f"{child.label} could not start; its lines above say why.")
            say(f"{child.label} ended (exit code {child.poll()}) and is started again.")
            child.close()
            children[number], begun[number] = start(number), time.monotonic()


# -- dead jobs ------------------------------------------------------------------------------------


def tend(*, dead: bool, retry: str, drop: str, as_json: bool, write: Say) -> None:
    """Lists the jobs that failed for good, has them tried again, or deletes them.

    Args:
        dead: Whether to list them, after the rest.
        retry: The id of one, or ``all``; empty for none.
        drop: The same.
        as_json: Whether to print data for a tool.
        write: Shows a line.

    Raises:
        UsageError: There is no dead job with this id.
    """
    from nitro_runtime.durable import store

    report: dict[str, Any] = {}
    for name, word, act in (("retried", retry, store.revive), ("dropped", drop, store.drop)):
        if word:
            report[name] = act(_chosen(word))
    if dead:
        report["dead"] = [_shown(row) for row in store.dead()]
    if as_json:
        write(json.dumps(report, indent=2))
        return
    for name in ("retried", "dropped"):
        if name in report:
            write(f"{report[name]} {name}.")
    if dead:
        _list(report["dead"], write)


def _chosen(word: str) -> list[str]:
    from nitro_runtime.durable import store

    known = [row.id for row in store.dead()]
    if word == "all":
        return known
    if word not in known:
        raise UsageError(f"There is no dead job {word!r}; list them with: nitro worker --dead")
    return [word]


def _shown(row: Any) -> dict[str, Any]:  # noqa: ANN401 # an OutboxRow
    return {
        "id": row.id,
        "event": row.event,
        "handler": row.handler,
        "created": row.created.isoformat(timespec="seconds"),
        "tries": row.attempts,
        "error": row.error,
        "trace": row.trace,
    }


def _list(dead: list[dict[str, Any]], write: Say) -> None:
    if not dead:
        write("No job is dead.")
    for job in dead:
        write(f"{job['id']}  {job['event']} for {job['handler']}")
        write(f"    {job['created']}, {job['tries']} tries: {job['error']}")
    if dead:
        write("Try them again with: nitro worker --retry ID (or all); delete them with --drop ID")
