"""Makes a shop in ``.demo/``, as anybody would at a terminal, and runs it: ``make demo``.

``FRAMEWORK=flask make demo`` makes the same shop on another framework, in a folder beside the first.
What was made is used again: the project, its database and its rows stay until ``make clean``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FRAMEWORK = os.environ.get("FRAMEWORK") or "fastapi"
FOLDER = Path(os.environ.get("DEMO_FOLDER") or REPOSITORY / ".demo" / FRAMEWORK)
SHOP = FOLDER / "shop"
MADE = FOLDER / "made"
SEEDED = FOLDER / "seeded"

NEW = f"new shop --framework {FRAMEWORK}"
SCAFFOLDS = (
    "generate scaffold Category name:str.60:unique",
    "generate scaffold Product name:str.80:search price:decimal.10.2:min.0 stock:int=0 "
    "status:enum.draft.live.retired=draft category:ref.Category description:text:opt "
    "available_from:date:opt",
)
SEED = "db seed --count 200"


def main(arguments: list[str]) -> None:
    """Makes what is missing, then runs ``nitro dev``, on the port given or the next free one."""
    recipe = "\n".join((NEW, *SCAFFOLDS))
    if not (MADE.is_file() and MADE.read_text() == recipe):
        make()
        MADE.write_text(recipe)
    nitro("db upgrade", SHOP)
    if not SEEDED.exists():
        nitro(SEED, SHOP)
        SEEDED.touch()
    nitro("assets", SHOP)
    nitro("tailwind build", SHOP)
    serve([f"--port={port}" for port in arguments[:1]])


def make() -> None:
    """Makes the project from nothing; what a broken run left behind goes first."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    nitro(NEW, FOLDER)
    for scaffold in SCAFFOLDS:
        nitro(scaffold, SHOP)


def nitro(line: str, folder: Path) -> None:
    """Shows and runs one command; the demo ends with its exit code when it fails."""
    print(f"$ nitro {line}", flush=True)
    done = subprocess.run([*command(), *line.split()], cwd=folder, check=False)  # noqa: S603 - ours
    if done.returncode:
        sys.exit(done.returncode)


def serve(options: list[str]) -> None:
    """Becomes ``nitro dev``, so that Ctrl-C is its own affair."""
    print("$ nitro dev", flush=True)
    os.chdir(SHOP)
    words = [*command(), "dev", *options]
    os.execv(words[0], words)  # noqa: S606 - the program is ours


def command() -> list[str]:
    """Returns the words that start Nitro in this environment."""
    return [sys.executable, "-m", "nitro_cli"]


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(0)
