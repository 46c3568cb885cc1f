"""Crashes and blocked writers of a SQLite file: what must hold when things go wrong."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nitro_runtime.entities import Entity, Field, configure
from nitro_runtime.errors import ConfigurationError, DatabaseBusy

CHILD = """
import os, sys
from nitro_runtime.entities import Entity, MemoryRepository, configure, transaction, use
class Note(Entity):
    text: str
configure("sqlite:///" + sys.argv[1])
"""


class Note(Entity):
    text: str = Field(unique=True)


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
