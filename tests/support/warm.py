"""A Python that has imported what `nitro` needs, and forks for each command: a quarter of the time.

Each command runs in a process of its own, with no module of a project in it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import subprocess
import sys
import traceback
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Any

SECONDS = 300
"""How long a command may take."""

_PACKAGES = ("nitro_cli", "nitro_runtime.entities")
_MODULES = ("alembic.config", "dotenv", "psycopg", "pydantic_settings", "pymysql", "sqlite3")


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


class Warm:
    """The process that forks; a context manager, so that it ends with the block."""

    def __enter__(self) -> Warm:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("NITRO_")},
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def run(self, words: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> Done:
        """Runs ``nitro`` with some words; after ``-c`` a script, after ``-m`` a module."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"words": words, "cwd": str(cwd), "env": dict(env)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        hanging = Timer(SECONDS, self._process.kill)
        hanging.start()
        answer = self._process.stdout.readline()
        hanging.cancel()
        assert answer, f"{words} has not ended within {SECONDS} s"
        return Done(**json.loads(answer))


def _run(words: list[str]) -> int:
    from nitro_cli.main import main

    sys.path.insert(0, str(Path.cwd()))
    try:
        if words[0] == "-c":
            exec(compile(words[1], "<script>", "exec"), {"__name__": "__main__"})  # noqa: S102 # a test's own
        elif words[0] == "-m":
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            main(words)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _child(order: dict[str, Any], pipe: int) -> None:
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    with (
        Path(os.devnull).open() as sys.stdin,
        TemporaryFile("w+") as out,
        TemporaryFile("w+") as err,
    ):
        os.dup2(sys.stdin.fileno(), 0)
        os.dup2(out.fileno(), 1)  # for the programs that it starts
        os.dup2(err.fileno(), 2)
        with redirect_stdout(out), redirect_stderr(err):
            code = _run(order["words"])
        said = {"returncode": code, "stdout": _written(out), "stderr": _written(err)}
    with os.fdopen(pipe, "w") as answer:
        answer.write(json.dumps(said) + "\n")


def _written(file: IO[str]) -> str:
    file.flush()
    file.seek(0)
    return file.read()


def _import() -> None:
    for module in _MODULES:
        importlib.import_module(module)
    for package in _PACKAGES:
        inside = importlib.import_module(package).__path__
        for found in pkgutil.walk_packages(inside, f"{package}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
    gc.freeze()  # else each child would copy the pages of all that by looking for garbage


def _serve() -> None:
    _import()
    warnings.simplefilter("error")
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                _child(json.loads(line), write)
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read) as answer:
            print(answer.read().strip(), flush=True)  # the answer
        os.waitpid(child, 0)


if __name__ == "__main__":
    _serve()
