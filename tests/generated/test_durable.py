"""Durable handlers, commands and queries in apps that `nitro init` adopted, with no setting but addresses."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from existing_apps import EXISTING
from programs import running
from waiting import until
from warm import Warm

if TYPE_CHECKING:
    from generated.conftest import Run

SHAPES = {
    "django-startproject": ("mysite/urls.py", "mysite/receipts.py"),
    "fastapi-factory": ("src/orders/web/factory.py", "src/orders/receipts.py"),
    "fasthtml-single-file": ("main.py", "receipts.py"),
    "flask-tutorial": ("flaskr/__init__.py", "flaskr/receipts.py"),
    "litestar-condition": ("main.py", "receipts.py"),
    "sanic-factory": ("path/to/server.py", "path/to/receipts.py"),
    "starlette-single-file": ("example.py", "receipts.py"),
}
"""An app on each framework: the file that imports what was added, and the file that was added."""

RECEIPTS = """
from nitro import Entity, anyone, command, emit, on, query


class Receipt(Entity, version=False):
    number: int


@on("order.placed", durable=True, once=True)
def send_receipt(_: object, number: int) -> None:
    Receipt.create(number=number)


@command("orders.place", allow=anyone)
def place(number: int) -> None:
    emit("order.placed", number=number)


@query("orders.find", allow=anyone)
def find(number: int) -> int:
    return number
"""

IMPORTABLE = "import sys; sys.path[:0] = ['src']\n"
WORK = """
from nitro import run_jobs
from nitro_cli import worker

worker.load()
print(run_jobs())
"""


class Adopted:
    """An app with Nitro and a module of its owner's.

    Attributes:
        root: Its folder.
        path: The file of the module, from there.
        environment: Where its data is, and that only a worker takes jobs.
    """

    def __init__(self, root: Path, path: str, warm: Warm) -> None:
        self.root, self.path = root, path
        self.environment = {
            "NITRO_DATABASE_URL": f"sqlite:///{root}/app.db",
            "NITRO_QUEUE_URL": "database",
        }
        self._warm = warm

    @property
    def module(self) -> str:
        return self.path.removeprefix("src/").removesuffix(".py").replace("/", ".")

    def run(self, *words: str) -> str:
        done = self._warm.run(words, self.root, self.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def receipts(self) -> list[int]:
        """Returns what the handler left behind."""
        with closing(sqlite3.connect(self.root / "app.db")) as database:
            found = database.execute("SELECT name FROM sqlite_master WHERE name = 'receipt'")
            if not found.fetchall():
                return []
            return [number for (number,) in database.execute("SELECT number FROM receipt")]

    def with_module(self, code: str) -> str:
        """Runs code with the module as ``its``."""
        return self.run("-c", f"{IMPORTABLE}import {self.module} as its\n{code}")


@pytest.fixture
def adopted(request: pytest.FixtureRequest, tmp_path: Path, run: Run, warm: Warm) -> Adopted:
    [app] = [one for one in EXISTING if one.shape == request.param]
    importing, path = SHAPES[app.shape]
    app.write(tmp_path)
    run("nitro_cli", "init", "--yes", cwd=tmp_path)
    found = Adopted(tmp_path, path, warm)
    (tmp_path / path).write_text(RECEIPTS)
    with (tmp_path / importing).open("a") as file:
        file.write(f"\nimport {found.module}\n")
    return found


@pytest.mark.parametrize("adopted", SHAPES, indirect=True)
def test_a_worker_finds_the_handlers_of_an_app(adopted: Adopted) -> None:
    adopted.with_module("its.place(number=7)")
    assert adopted.run("-c", IMPORTABLE + WORK).endswith("1\n")
    assert adopted.receipts() == [7]


@pytest.mark.parametrize("adopted", SHAPES, indirect=True)
def test_routes_lists_what_may_be_called_and_who_may(adopted: Adopted) -> None:
    rows = json.loads(adopted.run("routes", "orders.", "--json"))["routes"]
    assert [(row["kind"], row["methods"], row["address"], row["allow"]) for row in rows] == [
        ("command", ["POST"], "/cmds/orders.place/{sender}", "anyone"),
        ("query", ["GET", "POST"], "/cmds/orders.find/{sender}", "anyone"),
    ]
    assert {row["where"].partition(":")[0] for row in rows} == {adopted.path}


@pytest.mark.parametrize("adopted", ["django-startproject", "sanic-factory"], indirect=True)
def test_doctor_knows_of_a_job_and_a_worker_does_it_once_and_ends_at_ctrl_c(
    adopted: Adopted,
) -> None:
    adopted.with_module("its.place(number=7)")
    found = json.loads(adopted.run("doctor", "--json"))["findings"]
    said = [finding["sentence"] for finding in found if finding["about"] == "Queue"]
    assert said == ["1 jobs wait in the outbox; nitro worker works them"]
    words = [sys.executable, "-m", "nitro_cli", "worker"]
    with running(words, adopted.root, adopted.environment) as program:
        until(lambda: adopted.receipts() == [7], "the effect", 30)
        code, _ = program.ctrl_c()
    assert "Working on the outbox, 4 at once." in program.lines
    assert (code, "Traceback" in program.said()) == (0, False)
    assert adopted.receipts() == [7]
