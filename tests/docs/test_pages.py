"""What the pages show is what happens: their commands and their code are run, in order.

A page whose commands make a project is followed by hand: a Python block there begins with the name
of its file, and is worked into it. The Python of any other page is one program, whose line numbers
are those of the page.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from warm import Done, Warm

from nitro_runtime.testing.serving import free_port

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.parent.name != "decisions")
LANGUAGES = {"console", "css", "python", "html", "nginx", "text", "yaml"}
MODULES = {"nitro": "nitro_cli", "alembic": "alembic", "pytest": "pytest", "python": ""}
NOT_RUN = {"pip", "export"}
Missing = Callable[[str], NoReturn]


@dataclass(frozen=True)
class Block:
    """A code block of a page; ``line`` is that of its first line of code, from 1."""

    language: str
    source: str
    line: int


def blocks_of(text: str) -> list[Block]:
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in found]


def read(page: Path) -> list[Block]:
    return blocks_of(page.read_text())


def makes_a_project(blocks: Sequence[Block]) -> bool:
    commands = [block.source for block in blocks if block.language == "console"]
    return any(re.search(r"^nitro (new|init)\b", source, re.MULTILINE) for source in commands)


def named(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}


# -- commands -------------------------------------------------------------------------------------


@dataclass
class Terminal:
    """A person at a terminal: in a folder, typing one line after the other."""

    folder: Path
    missing: Missing
    warm: Warm

    def type(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if not words or words[0] in NOT_RUN:
            return
        if words[0] == "cd":
            self.folder = self.folder / words[1]
        elif "uvicorn" in words or words[:2] == ["nitro", "dev"]:
            with serving(words, self.folder) as client:
                assert client.get("/products").status_code == 200
        else:
            self.run(words)

    def run(self, words: Sequence[str]) -> None:
        done = self.done(words)
        if done.returncode and list(words[:2]) == ["nitro", "assets"]:
            self.missing("Datastar's file can be obtained neither from a cache nor from outside.")
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"

    def done(self, words: Sequence[str]) -> Done:
        if words[0] == "nitro":
            return self.warm.run(tuple(words[1:]), self.folder, {})
        if words[0] == "alembic":
            return self.warm.run(("-m", *words), self.folder, {})
        done = subprocess.run(
            command(words),
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def command(words: Sequence[str]) -> list[str]:
    module = MODULES[words[0]]
    return [sys.executable, *(["-m", module] if module else []), *words[1:]]


@contextmanager
def serving(words: Sequence[str], folder: Path) -> Generator[httpx.Client]:
    """Starts a server on a port of its own, waits until it answers, ends it with Ctrl-C."""
    port = free_port()
    with (folder / "server.log").open("w+") as log:
        server = subprocess.Popen(
            [*command(words), "--port", str(port)],
            cwd=folder,
            env=environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                wait_for(client, server, folder / "server.log")
                yield client
        finally:
            os.killpg(server.pid, signal.SIGINT)
            server.wait(10)


def wait_for(client: httpx.Client, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


# -- edits ----------------------------------------------------------------------------------------


def work_in(source: str, old: str) -> str:
    """Works a block into a file as a reader does.

    What is there under the same name is replaced, other definitions go to the end, imports to the
    other imports, and assignments to the end of the class whose name stands before them.
    """
    for node in ast.parse(source).body:
        text = "\n".join(source.splitlines()[first_line(node) - 1 : node.end_lineno])
        old = work_in_one(node, text, old)
    return old


def work_in_one(node: ast.stmt, text: str, old: str) -> str:
    lines, body = old.splitlines(), ast.parse(old).body
    if isinstance(node, ast.Import | ast.ImportFrom):
        imports = [n.end_lineno or 0 for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
        at = max(imports, default=0)
        return "\n".join([*lines[:at], text, *lines[at:]]) + "\n"
    same = [n for n in body if name_of(n) == name_of(node) and name_of(n)]
    if same:
        start, end = first_line(same[0]) - 1, same[0].end_lineno
        return "\n".join([*lines[:start], text, *lines[end:]]) + "\n"
    return f"{old}\n\n{text}\n"


def name_of(node: ast.stmt) -> str:
    return str(getattr(node, "name", ""))


def first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def file_of(block: Block) -> str:
    """The file that a block of a project's page belongs to: its first line says so."""
    found = re.match(r"# ([\w/]+\.py)\n", block.source)
    assert found, f"line {block.line}: this block does not begin with the name of its file"
    return found[1]


def edit(folder: Path, block: Block) -> None:
    path = folder / file_of(block)
    path.write_text(work_in(block.source, path.read_text() if path.exists() else ""))


# -- the tests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [p for p in PAGES if makes_a_project(read(p))], ids=named)
def test_who_follows_the_page_step_by_step_arrives(
    page: Path, tmp_path: Path, missing: Missing, warm: Warm
) -> None:
    terminal = Terminal(tmp_path, missing, warm)
    for block in read(page):
        if block.language == "console":
            for line in block.source.splitlines():
                terminal.type(line)
        elif block.language == "python":
            edit(terminal.folder, block)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """A project with products and their pages."""
    folder = tmp_path_factory.mktemp("project")
    terminal = Terminal(folder, pytest.skip, warm)
    terminal.type("nitro new shop --framework fastapi")
    terminal.type("cd shop")
    terminal.type("nitro generate scaffold Product name:str price:float")
    return terminal.folder


OTHERS = [page for page in PAGES if not makes_a_project(read(page))]


@pytest.mark.parametrize(
    "page", [p for p in OTHERS if {"console", "python"} & {b.language for b in read(p)}], ids=named
)
def test_the_commands_and_the_program_of_the_page_run(
    page: Path, tmp_path: Path, missing: Missing, warm: Warm, request: pytest.FixtureRequest
) -> None:
    blocks = read(page)
    lines = [line for b in blocks if b.language == "console" for line in b.source.splitlines()]
    needs_project = any(re.match(r"nitro (db|tailwind)", line) for line in lines)
    folder: Path = request.getfixturevalue("project") if needs_project else tmp_path
    for line in lines:
        Terminal(folder, missing, warm).type(line)
    program = ""
    for block in (b for b in blocks if b.language == "python"):
        program += "\n" * (block.line - 1 - program.count("\n")) + block.source
    (folder / "page.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{page}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_says_its_language_and_is_run_where_it_is_code(page: Path) -> None:
    text = page.read_text()
    blocks = read(page)
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(blocks)
    assert {block.language for block in blocks} <= LANGUAGES
    assert text.startswith("# ")


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    targets = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#:]+)\)", index)}
    assert {page for page in PAGES if page.parent != DOCS} <= targets


# -- the rules of this module itself --------------------------------------------------------------


def test_a_definition_replaces_the_one_of_its_name_and_an_import_joins_the_others() -> None:
    old = "import a\n\n\nclass Old:\n    x = 1\n\n\n@deco\ndef f(): ...\n"
    new = "import b\n\n\n@other\ndef f(): return 2\n\n\ndef g(): ...\n"
    assert work_in(new, old) == (
        "import a\nimport b\n\n\nclass Old:\n    x = 1\n\n\n@other\ndef f(): return 2\n\n\ndef g(): ...\n"
    )


def test_a_block_knows_its_language_and_its_line() -> None:
    assert blocks_of("# T\n\n```python\nx = 1\n```\n\n```text\ny\n```\n") == [
        Block("python", "x = 1\n", 4),
        Block("text", "y\n", 8),
    ]
