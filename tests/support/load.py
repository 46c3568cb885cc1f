"""Threads and processes that write entities while a test stops, kills and starts what they write to."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

import entity_writer
from entity_writer import Note, Number
from waiting import until

from nitro_runtime.entities import transaction
from nitro_runtime.errors import DatabaseUnavailable, EntityError
from nitro_runtime.testing.repository_suite import in_threads


class Load:
    """Threads that write until they are told to stop; they know what was acknowledged.

    Attributes:
        created: The keys that were created.
        added: How often a number was incremented.
        unknown: How often it failed and may have been done all the same.
        errors: What was raised.
    """

    def __init__(self) -> None:
        self.created: set[str] = set()
        self.added = 0
        self.unknown = 0
        self.errors: list[Exception] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(i,)) for i in range(4)]

    def _work(self, number: int) -> None:
        step = 0
        while not self._over.is_set():
            step += 1
            try:
                self._create(f"t{number}-{step}")
                self._add()
            except Exception as error:
                self.errors.append(error)
                self._over.wait(0.01)

    def _create(self, name: str) -> None:
        with transaction():
            Note.create(id=name, name=name, size=len(self.created) % 7)
            Note.create(id=f"{name}+", name=f"{name}+")
        self.created |= {name, f"{name}+"}

    def _add(self) -> None:
        try:
            Number.get("n").increment(value=1)
        except EntityError:
            with self._lock:
                self.unknown += 1
            raise
        with self._lock:
            self.added += 1

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


class Server(Protocol):
    """A server of the test's own."""

    def start(self) -> None:
        """Starts it and waits until it serves."""
        ...

    def stop(self, sign: signal.Signals) -> None:
        """Ends it by a signal and waits for its end."""
        ...


def stop_under_load(server: Server, sign: signal.Signals) -> None:
    """Stops a server while threads write to it, starts it again, and looks at what is there."""
    Number.create(id="n")
    with Load() as load:
        until(lambda: len(load.created) > 100, "the first rows")
        server.stop(sign)
        until(lambda: len(load.errors) > 8, "errors while it is down")
        before = len(load.created)
        server.start()
        until(lambda: len(load.created) > before + 100, "rows after it came back")
    assert {type(error) for error in load.errors} == {DatabaseUnavailable}
    assert load.created <= {note.id for note in Note.all()}
    assert load.added <= Number.get("n").value <= load.added + load.unknown


def add_from_processes(address: str, work: str, times: int) -> None:
    """Adds to one number from four processes, so many times each, and looks at the sum."""
    Number.create(id="n")
    words = [sys.executable, entity_writer.__file__, address, work, str(times)]
    writers = [subprocess.Popen(words) for _ in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    number = Number.get("n")
    assert (number.value, number.version) == (4 * times, 4 * times + 1)


def add_from_threads(work: Callable[[], object], times: int) -> None:
    """Adds to one number from eight threads, so many times each, and looks at the sum."""
    Number.create(id="n")
    results = in_threads(8, lambda: [work() for _ in range(times)])
    assert [result for result in results if isinstance(result, Exception)] == []
    number = Number.get("n")
    assert (number.value, number.version) == (8 * times, 8 * times + 1)


def kill_writers(address: str, times: int, check: Callable[[], object]) -> None:
    """Kills processes that write, at any moment, and looks at what each has left.

    Args:
        address: What they write to; entities of this process are kept there too.
        times: How many processes, one after another.
        check: Called after each; it fails when something is wrong.
    """
    rng = random.Random(times)  # noqa: S311 # the same moments in every run
    alive: dict[str, bool] = {}
    for number in range(times):
        alive |= _kill_writer(address, f"w{number}", rng)
        notes = {note.id: note for note in Note.all()}
        last = list(alive)[-1]  # it may have been deleted, and the writer killed before it said so
        alive[last] = last in notes
        assert {name for name, there in alive.items() if there} <= notes.keys()
        # What was begun when it was killed happened as a whole or not at all.
        assert all(note.double == 2 * note.size for note in notes.values())
        check()


def _kill_writer(address: str, start: str, rng: random.Random) -> dict[str, bool]:
    """Returns the keys that a writer has spoken of, and whether they were there."""
    alive: dict[str, bool] = {}
    writer = subprocess.Popen(
        [sys.executable, entity_writer.__file__, address, "rows", start],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    wanted = rng.randint(3, 60)
    for lines, line in enumerate(writer.stdout, 1):
        if lines == wanted:
            time.sleep(rng.uniform(0, 0.002))  # anywhere within a write
            writer.kill()
        verb, name = line.split() if line.endswith("\n") else ("", "")
        if verb:
            alive[name] = verb != "deleted"
    writer.wait()
    writer.stdout.close()
    return alive
