"""A Python that has imported what `nitro db` needs, and forks for each command: a tenth of the time.

Each command runs in a process of its own, with no module of a project in it.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MODULES = (
    "alembic.command",
    "nitro_cli.commands.db",
    "nitro_cli.database.revisions",
    "nitro_cli.database.writing",
    "nitro_cli.main",
    "nitro_runtime.entities",
    "psycopg",
    "pymysql",
)


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
        """Runs ``nitro`` with some words, or, when the first is ``-c``, a script."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"words": words, "cwd": str(cwd), "env": dict(env)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Done(**json.loads(self._process.stdout.readline()))


def _run(words: list[str]) -> int:
    from nitro_cli.main import main

    sys.path.insert(0, str(Path.cwd()))
    try:
        if words[0] == "-c":
            exec(compile(words[1], "<script>", "exec"), {"__name__": "__main__"})  # noqa: S102 # a test's own
        else:
            main(words)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _child(order: dict[str, Any], pipe: int) -> None:
    os.chdir(order["cwd"])
    os.environ.update(order["env"])
    sys.stdin = io.StringIO()
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = _run(order["words"])
    said = {"returncode": code, "stdout": out.getvalue(), "stderr": err.getvalue()}
    with os.fdopen(pipe, "w") as answer:
        answer.write(json.dumps(said) + "\n")


def _serve() -> None:
    for module in _MODULES:
        importlib.import_module(module)
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
