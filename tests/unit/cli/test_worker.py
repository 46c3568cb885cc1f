"""`nitro worker`: works the jobs of an app, ends when it is told to, and tends dead jobs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from nitro_cli import devworker
from nitro_cli.devworker import has_work, is_apart
from nitro_cli.environment import with_env_file

APP = """
import flask
from nitro import Entity, configure, emit, on

configure("sqlite:///app.db")
app = flask.Flask("main")


class Done(Entity, version=False):
    number: int


@on("numbers.come", durable=True, once=True)
def take(_, number: int):
    Done.create(number=number)


@on("numbers.fail", durable=True, retries=0)
def fail(_):
    raise ValueError("never")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APP)
    return tmp_path


def words(*more: str) -> list[str]:
    return [sys.executable, "-m", "nitro_cli", "worker", *more]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def run(folder: Path, *more: str) -> tuple[int, str, str]:
    done = subprocess.run(
        words(*more), cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def emit(folder: Path, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from main import *\n{code}"],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def effects(folder: Path) -> list[int]:
    with closing(sqlite3.connect(folder / "app.db")) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE name = 'done'").fetchall()
        if not found:
            return []
        return sorted(number for (number,) in database.execute("SELECT number FROM done"))


@contextmanager
def working(folder: Path, *more: str) -> Generator[tuple[subprocess.Popen[str], Path]]:
    log = folder / "worker.log"
    with log.open("w") as out:
        worker = subprocess.Popen(
            words("--app", "main:app", *more), cwd=folder, env=environment(),
            stdout=out, stderr=out, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield worker, log
        finally:
            if worker.poll() is None:
                worker.kill()
            worker.wait()


def test_it_works_jobs_until_it_is_told_to_stop_and_tends_those_that_died(folder: Path) -> None:
    emit(folder, "for n in range(3): emit('numbers.come', number=n)\nemit('numbers.fail')")
    with working(folder, "--processes", "2") as (worker, log):
        until(lambda: log.read_text().count("Working on the outbox") == 2, "two workers", 40)
        until(lambda: "is dead" in log.read_text(), "the dead job", 40)
        until(lambda: effects(folder) == [0, 1, 2], "three effects", 40)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0, log.read_text()
    code, said, _ = run(folder, "--app", "main:app", "--dead", "--json")
    (dead,) = json.loads(said)["dead"]
    assert (code, dead["error"], dead["handler"]) == (0, "ValueError: never", "main:fail")
    code, said, _ = run(folder, "--app", "main:app", "--retry", dead["id"])
    assert (code, said) == (0, "1 retried.\n")
    code, said, _ = run(folder, "--app", "main:app", "--dead")
    assert (code, said) == (0, "No job is dead.\n")


def test_what_it_cannot_do_is_one_sentence_and_exits_with_2(tmp_path: Path) -> None:
    code, said, complaint = run(tmp_path)
    assert (code, said) == (2, "")
    assert complaint.startswith("There is no Nitro project here or above.")
    (tmp_path / "main.py").write_text("import flask\napp = flask.Flask('main')\n")
    code, said, complaint = run(tmp_path, "--app", "main:app")
    assert (code, said) == (2, "")
    assert complaint.startswith("There is nothing to work: no handler here is durable.")


def test_an_app_whose_jobs_no_worker_can_see_is_one_sentence(folder: Path) -> None:
    (folder / "main.py").write_text(APP.replace('configure("sqlite:///app.db")', ""))
    code, said, complaint = run(folder, "--app", "main:app")
    assert (code, said) == (2, "")
    assert complaint.startswith("The jobs of this app are kept in its own memory, where no worker")
    assert "NITRO_DATABASE_URL" in complaint


def test_dev_needs_a_worker_for_durable_handlers_that_the_app_does_not_work(folder: Path) -> None:
    assert is_apart({"NITRO_QUEUE_URL": "redis://localhost"})
    assert is_apart({"NITRO_QUEUE_URL": "database"})
    assert not is_apart({})
    assert not is_apart({"NITRO_QUEUE_URL": "app"})
    assert has_work(folder)
    (folder / "main.py").write_text("durable = True\n")
    assert not has_work(folder)


class Started:
    """A process that ends when it is looked at a second time after it was asked to."""

    def __init__(self, label: str, words: list[str], **options: object) -> None:
        self.words = words
        self.asked = 0
        self.closed = False

    def terminate(self) -> None:
        self.asked += 1

    def poll(self) -> int | None:
        return 0 if self.asked > 1 else None

    def close(self) -> None:
        self.closed = True


def test_the_worker_of_dev_starts_again_when_it_has_ended_after_a_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devworker, "Child", Started)
    monkeypatch.setattr(devworker, "LOOK", 0.0)
    worker = devworker.DevWorker(folder, folder, {}, lambda label, line: None)
    worker.start()
    first: Any = worker.child
    worker.look()
    assert (worker.child, first.asked) == (first, 0)
    (folder / "more.py").write_text("")
    worker.look()
    assert (worker.child, first.asked) == (first, 1)  # it finishes what it has begun
    worker.look()
    assert first.closed
    assert worker.child is not first


def test_the_worker_of_dev_starts_with_the_first_durable_handler_and_ends_with_the_last(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devworker, "Child", Started)
    monkeypatch.setattr(devworker, "LOOK", 0.0)
    (folder / "main.py").write_text("")
    worker = devworker.DevWorker(folder, folder, {}, lambda label, line: None)
    worker.start()
    worker.look()
    assert worker.child is None
    (folder / "handlers.py").write_text(APP)
    worker.look()
    assert worker.child is not None
    (folder / "handlers.py").unlink()
    worker.look()
    worker.look()
    assert worker.child is None


def test_addresses_of_servers_may_stand_in_the_env_file(tmp_path: Path) -> None:
    lines = ["NITRO_QUEUE_URL='redis://a'", "NITRO_BROKER_URL=redis://b", "NITRO_SECRET_KEY=c", "#"]
    (tmp_path / ".env").write_text("\n".join(lines))
    found = with_env_file(tmp_path, {"NITRO_BROKER_URL": "redis://mine"})
    assert found == {"NITRO_QUEUE_URL": "redis://a", "NITRO_BROKER_URL": "redis://mine"}
    lines = ["NITRO_QUEUE_URL=redis://a  # of this machine", 'NITRO_BROKER_URL="redis://b" # too']
    (tmp_path / ".env").write_text("\n".join(lines))
    found = with_env_file(tmp_path, {})
    assert found == {"NITRO_QUEUE_URL": "redis://a", "NITRO_BROKER_URL": "redis://b"}
