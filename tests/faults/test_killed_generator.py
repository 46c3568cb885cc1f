"""A generator that is killed, or whose disk is full: each file old or new, and the next run ends it."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import tree_hash

NITRO = [sys.executable, "-m", "nitro_cli"]
SCAFFOLD = ("generate", "scaffold", "Product", "name:str.80:search", "category:ref.Category")
USUAL = 20
SOAK = 200


def environ() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    return {**plain, "PYTHONDONTWRITEBYTECODE": "1"}


def nitro(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NITRO, *words],
        cwd=cwd,
        env=environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def texts(shop: Path) -> dict[str, str]:
    """The files of a project, without its memory."""
    found = {str(path.relative_to(shop)): path for path in shop.rglob("*") if path.is_file()}
    return {n: path.read_text() for n, path in found.items() if not n.startswith(".nitro/")}


class Place:
    """A project before and after a scaffold.

    Attributes:
        before: The folder of the project as it was.
        old: Its files.
        new: The files of one in which the scaffold ran undisturbed.
        whole: Everything of that one, as a hash, its memory too.
        seconds: How long that took.
    """

    def __init__(self, folder: Path) -> None:
        assert nitro("new", "shop", "--framework", "fastapi", cwd=folder).returncode == 0
        self.before = folder / "shop"
        assert nitro("generate", "entity", "Category", "name", cwd=self.before).returncode == 0
        self.old = texts(self.before)
        done = folder / "done"
        shutil.copytree(self.before, done)
        began = time.monotonic()
        assert nitro(*SCAFFOLD, cwd=done).returncode == 0
        self.seconds = time.monotonic() - began
        self.new = texts(done)
        self.whole = tree_hash(done)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield Place(tmp_path_factory.mktemp("killed"))


def kill(shop: Path, seconds: float, *, after_it_began_to_write: bool) -> None:
    """Kills a scaffold so many seconds after its start, or after it began to write."""
    process = subprocess.Popen(
        [*NITRO, *SCAFFOLD],
        cwd=shop,
        env=environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    journal = shop / ".nitro" / "journal"
    while after_it_began_to_write and process.poll() is None and not journal.exists():
        pass  # a pause here would be longer than the writing
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        pass
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(10)


def check_a_killed_one(place: Place, folder: Path, number: int) -> None:
    """Every third dies anywhere, the others while they write, which takes some milliseconds."""
    moment = random.Random(number)  # noqa: S311 # not for secrets
    writing = number % 3 != 0
    seconds = moment.uniform(0, 0.02 if writing else place.seconds)
    shop = folder / "shop"
    shutil.copytree(place.before, shop)
    kill(shop, seconds, after_it_began_to_write=writing)
    for name, text in texts(shop).items():
        assert text in {place.old.get(name), place.new.get(name)}, (name, seconds)
    done = nitro(*SCAFFOLD, cwd=shop)
    assert done.returncode == 0, (done.stderr, seconds)
    assert texts(shop) == place.new, seconds
    assert tree_hash(shop) == place.whole, seconds


@pytest.mark.parametrize("number", range(USUAL))
def test_a_killed_scaffold_leaves_each_file_old_or_new_and_the_next_run_ends_it(
    place: Place, tmp_path: Path, number: int
) -> None:
    check_a_killed_one(place, tmp_path, number)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(USUAL, SOAK))
def test_a_scaffold_that_is_killed_at_any_moment_is_ended_by_the_next_run(
    place: Place, tmp_path: Path, number: int
) -> None:
    check_a_killed_one(place, tmp_path, number)


@pytest.mark.parametrize("most", [0, 100, 900, 1_500])
def test_no_room_for_temporary_files_is_one_sentence_and_all_is_as_it_was(
    place: Place, tmp_path: Path, most: int
) -> None:
    """No file may be longer than so many bytes, as if that were all the room there is."""
    shop = tmp_path / "shop"
    shutil.copytree(place.before, shop)
    before = tree_hash(shop)
    done = subprocess.run(
        [*NITRO, *SCAFFOLD],
        cwd=shop,
        env=environ(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert tree_hash(shop) == before
    assert nitro(*SCAFFOLD, cwd=shop).returncode == 0
    assert texts(shop) == place.new


ON_A_FULL_DISK = """
import os, shutil, subprocess, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from trees import tree_hash
project, disk, kib, *command = sys.argv[2:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
shop = shutil.copytree(project, disk + "/shop")
room = os.statvfs(disk)
with open(disk + "/filling", "wb") as filling:
    filling.write(b"x" * (room.f_bavail * room.f_frsize - int(kib) * 1024))
before = tree_hash(Path(shop))
code = subprocess.run(command, cwd=shop).returncode
same = tree_hash(Path(shop)) == before
os.unlink(disk + "/filling")
again = subprocess.run(command, cwd=shop, stdout=subprocess.DEVNULL).returncode
print(code, same, again)
"""


def may_mount() -> bool:
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return bool(shutil.which("unshare")) and not subprocess.run(command, check=False).returncode


@pytest.mark.parametrize("kib", [4, 24, 48])
def test_a_disk_that_is_full_is_one_sentence_and_all_is_as_it_was(
    place: Place, tmp_path: Path, kib: int
) -> None:
    """A disk of memory, seen by one process only, with so much room left."""
    if not may_mount():
        pytest.skip("This system lets nobody mount a small disk; see unshare(1).")
    support = str(Path(__file__).parents[1] / "support")
    words = [sys.executable, "-c", ON_A_FULL_DISK, support, str(place.before), str(tmp_path)]
    done = subprocess.run(
        ["unshare", "-rm", *words, str(kib), *NITRO, *SCAFFOLD],
        env=environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "1 True 0\n", done.stdout + done.stderr
    assert done.stderr.startswith("Nothing was changed: ")
    assert done.stderr.endswith(": No space left on device.\n")
