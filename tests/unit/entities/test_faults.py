"""Races, crashes and blocked writers: what must hold when things go wrong."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nitro_runtime.entities import Entity, Field, configure, transaction
from nitro_runtime.errors import ConfigurationError, DatabaseBusy, Duplicate

CHILD = """
import os, sys
from nitro_runtime.entities import Entity, MemoryRepository, configure, transaction, use
class Note(Entity):
    text: str
configure("sqlite:///" + sys.argv[1])
"""


class Note(Entity):
    text: str = Field(unique=True)
    times: int = 0


def in_threads(count: int, work: Callable[[], object]) -> list[object]:
    """Runs the work in so many threads at once; returns what each returned or raised."""
    results: list[object] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.usefixtures("backend")
def test_increments_of_many_threads_all_count() -> None:
    note = Note.create(text="a")

    def add() -> None:
        for _ in range(20):
            Note.get(note.id).increment(times=1)

    assert in_threads(8, add) == [None] * 8
    assert (note.reload().times, note.version) == (160, 161)


@pytest.mark.usefixtures("backend")
def test_one_of_fifty_threads_wins_a_unique_value() -> None:
    results = in_threads(50, lambda: Note.create(text="a"))
    assert sum(isinstance(result, Note) for result in results) == 1
    assert sum(isinstance(result, Duplicate) for result in results) == 49
    made = in_threads(50, lambda: Note.get_or_create(text="b")[1])
    assert sorted(made, key=str) == [False] * 49 + [True]
    assert Note.count() == 2


@pytest.mark.usefixtures("backend")
async def test_one_of_fifty_tasks_wins_a_unique_value() -> None:
    results = await asyncio.gather(
        *(Note.acreate(text="a") for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(result, Note) for result in results) == 1
    assert sum(isinstance(result, Duplicate) for result in results) == 49
    made = await asyncio.gather(*(Note.aget_or_create(text="b") for _ in range(50)))
    assert sum(new for _, new in made) == 1
    assert await Note.acount() == 2


@pytest.mark.usefixtures("backend")
async def test_tasks_and_threads_write_to_one_database_and_lose_nothing() -> None:
    note = await Note.acreate(text="a")

    async def tasks() -> None:
        for _ in range(20):
            await (await Note.aget(note.id)).aincrement(times=1)

    def threads() -> None:
        for _ in range(20):
            Note.get(note.id).increment(times=1)

    await asyncio.gather(
        *(tasks() for _ in range(3)), *(asyncio.to_thread(threads) for _ in range(3))
    )
    assert (await note.areload()).times == 120


async def test_a_sync_write_never_waits_for_a_task_that_waits_for_another_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "app.db"
    configure(f"sqlite:///{path}", patience=30)
    await Note.acreate(text="a")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(Note.acreate(text="b"))
    await asyncio.sleep(0)
    began = time.monotonic()
    with pytest.raises(DatabaseBusy):
        Note.create(text="c")
    assert time.monotonic() - began < 10
    other.execute("COMMIT")
    other.close()
    await waiting
    assert await Note.acount() == 2


@pytest.mark.usefixtures("backend")
def test_the_backend_cannot_be_changed_inside_a_transaction() -> None:
    with transaction():
        Note.create(text="a")
        with pytest.raises(ConfigurationError):
            configure("memory")
    assert Note.count() == 1


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)
    configure(f"sqlite:///{path}")
    with pytest.raises(ConfigurationError, match=r"letter\.txt cannot be used"):
        Note.count()
    configure("memory")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="This system cannot kill.")
def test_a_killed_writer_leaves_whole_transactions_only(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    code = CHILD + (
        "print('ready', flush=True)\n"
        "while True:\n"
        "    with transaction():\n"
        "        Note.create(text='x'); Note.create(text='x'); Note.create(text='x')\n"
        "    print('stored', flush=True)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(20):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    configure(f"sqlite:///{path}")

    class Note(Entity):
        text: str

    stored = Note.count()
    assert (stored >= 57, stored % 3) == (True, 0)
    Note.create(text="after")
    assert Note.count() == stored + 1
    configure("memory")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system cannot fork.")
def test_a_parent_that_ends_takes_nothing_from_the_child_it_forked(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    code = CHILD + (
        "Note.create(text='parent')\n"
        "ready, parent_is_done = os.pipe(), os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    Note.create(text='early')\n"
        "    os.write(ready[1], b'x')\n"
        "    os.read(parent_is_done[0], 1)\n"
        "    Note.create(text='late')\n"
        "    os.kill(os.getpid(), 9)\n"
        "os.read(ready[0], 1)\n"
        "use(MemoryRepository())\n"  # closes the parent's connections
        "os.write(parent_is_done[1], b'x')\n"
        "os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True)
    database = sqlite3.connect(path)
    rows = database.execute("SELECT text FROM note ORDER BY id").fetchall()
    database.close()
    assert rows == [("parent",), ("early",), ("late",)]
