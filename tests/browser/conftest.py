"""Generated shops on their frameworks' own servers, and real Chromium to visit them with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    expect,
    sync_playwright,
)
from waiting import until

from nitro_cli.frameworks import find_framework
from nitro_runtime.testing.serving import PLAIN, free_port, serve

Shops = Callable[[str], Path]
Servers = Callable[[str], "Server"]

PHOTO = "generate scaffold Photo title:str.80:search picture:image:opt manual:file:opt"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SECONDS = 30
"""How long a condition is waited for: a busy machine takes its time, and a good one pays nothing."""
HIDDEN = re.compile(r'<input [^>]*type="hidden"[^>]*>')

expect.set_options(timeout=SECONDS * 1000)


def run(*arguments: str, cwd: Path, environment: dict[str, str] | None = None) -> None:
    """Runs Python as a user does; fails the test with its output."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"


class Server:
    """A shop's real server, on a fixed port, with a database and a folder of uploads of its own."""

    def __init__(self, framework: str, project: Path, scratch: Path) -> None:
        self.project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [
            word.format(python=sys.executable, package="shop", port=self.port)
            for word in find_framework(framework.partition("+")[0]).serve
        ]
        self.database = scratch / "shop.db"
        self.uploads = scratch / "uploads"
        self.log = scratch / "server.log"
        self.environment = {
            "NITRO_DATABASE_URL": f"sqlite:///{self.database}",
            "NITRO_SECRET_KEY": "a key for the browser tests only",
            "NITRO_UPLOADS": str(self.uploads),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.visitor = httpx.Client(headers={"origin": self.url}, timeout=SECONDS, verify=PLAIN)
        self.run("-m", "nitro_cli", "db", "upgrade")

    def run(self, *arguments: str) -> None:
        run(*arguments, cwd=self.project, environment=self.environment)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.project,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.answers, "the shop's server to answer", SECONDS)

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def answers(self) -> bool:
        assert self.runs(), f"the shop's server ended:\n{self.log.read_text()}"
        try:
            return httpx.get(self.url, timeout=5, verify=PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Ends the server and its workers in the midst of whatever they do."""
        if self.process is not None and self.runs():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """Asks the server to end, as one who runs it in a container does."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(SECONDS)

    def sql(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        """Runs one statement on the database, unseen by the server."""
        with closing(sqlite3.connect(self.database, timeout=SECONDS)) as database, database:
            return database.execute(statement, values).fetchall()

    def clear(self) -> None:
        """Empties every table and the folder of uploads."""
        for (table,) in self.sql("SELECT name FROM sqlite_master WHERE type = 'table'"):
            if table != "alembic_version":
                self.sql(f'DELETE FROM "{table}"')  # noqa: S608 # the database's own name
        shutil.rmtree(self.uploads, ignore_errors=True)

    @cached_property
    def hidden(self) -> dict[str, str]:
        """What a form hides, such as the token by which a framework knows its own pages."""
        fields = HIDDEN.findall(self.visitor.get(f"{self.url}/categories/new").text)
        return {attribute(one, "name"): attribute(one, "value") for one in fields}

    def post(self, path: str, data: dict[str, str]) -> httpx.Response:
        """Posts a form as another visitor does, with what the page hid in it."""
        answer = self.visitor.post(self.url + path, data={**self.hidden, **data})
        assert answer.status_code == 303, answer.text
        return answer

    def category(self, name: str) -> str:
        """Makes a category and returns its id."""
        return self.post("/categories", {"name": name}).headers["location"].rpartition("/")[2]

    def product(self, **values: str) -> str:
        """Makes a product and returns its id."""
        answer = self.post("/products", {"stock": "1", "status": "draft", **values})
        return answer.headers["location"].rpartition("/")[2]


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


# -- shops and their servers ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory, demo: dict[str, Any]) -> Shops:
    """Makes the shop of the demo on a framework, with photos and Datastar's file; each once.

    ``flask+jinja`` is the one on Flask with pages as Jinja2 templates.
    """

    @cache
    def make(framework: str) -> Path:
        scratch = tmp_path_factory.mktemp(framework)
        name, _, views = framework.partition("+")
        new = ("new", "shop", "--framework", name, "--views", views or "tags")
        run("-m", "nitro_cli", *new, cwd=scratch)
        for line in (*demo["SCAFFOLDS"], PHOTO, "assets"):
            run("-m", "nitro_cli", *line.split(), cwd=scratch / "shop")
        return scratch / "shop"

    return make


@pytest.fixture(scope="module")
def framework() -> str:
    """What the shop of a module is built on; a module that tests every framework has its own."""
    return "fastapi"


@pytest.fixture(scope="module")
def project(shops: Shops, framework: str) -> Path:
    return shops(framework)


@pytest.fixture(scope="session")
def servers(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Makes the server of the shop on a framework; each once."""
    made: list[Server] = []

    @cache
    def make(framework: str) -> Server:
        server = Server(framework, shops(framework), tmp_path_factory.mktemp("served"))
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()
        server.visitor.close()


@pytest.fixture(scope="session")
def furnished(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A shop with fixed rows in it, for tests that only look."""
    server = Server("fastapi", shops("fastapi"), tmp_path_factory.mktemp("furnished"))
    server.run("-c", (Path(__file__).parent / "apps" / "furnishing.py").read_text())
    then = "2026-02-03 09:30:00.000000"
    server.sql("UPDATE product SET created_at = ?, updated_at = ?", then, then)
    server.start()
    yield server
    server.kill()
    server.visitor.close()


@pytest.fixture
def server(servers: Servers, framework: str) -> Iterator[Server]:
    """The shop's server, with nothing in the shop; an error that it logs fails the test."""
    server = servers(framework)
    server.clear()
    if not server.runs():
        server.start()
    before = server.log.stat().st_size
    yield server
    said = server.log.read_bytes()[before:].decode()
    assert "Traceback" not in said, said


# -- one small app --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the app that the module names as its ``APP``, a module of `apps`, on a real server."""
    static = tmp_path_factory.mktemp("static")
    subprocess.run([sys.executable, "-m", "nitro_cli", "assets", str(static)], check=True)
    command = [sys.executable, "-m", "uvicorn", f"{request.module.APP}:app", "--port", "{port}"]
    command += ["--log-level", "warning"]
    environment = {
        "NITRO_SECRET_KEY": "a key for the browser tests only",
        "STATIC_FOLDER": str(static),
    }
    with serve(command, cwd=Path(__file__).parent / "apps", environment=environment) as served:
        yield served.url
        assert "Traceback" not in served.log(), served.log()


# -- the browser ----------------------------------------------------------------------------------


# No longer than a module: while Playwright is there, asyncio takes this thread for a running loop.
@pytest.fixture(scope="module")
def chromium(missing: Callable[[str], NoReturn]) -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        missing("Chromium is not installed (Debian's package is called chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


class People:
    """Lets people in, each with a browser of their own: no cookies, nothing stored.

    An error of a page's scripts, an answer that tells of an error of the server, and anything that
    the page's content security policy does not let in fail the test.
    """

    def __init__(self, chromium: Browser) -> None:
        self.chromium = chromium
        self.contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def come(self, **options: Any) -> BrowserContext:
        context = self.chromium.new_context(**options)
        context.set_default_timeout(SECONDS * 1000)
        context.on("weberror", lambda found: self.errors.append(str(found.error)))
        context.on("response", self.look)
        context.on("console", self.hear)
        self.contexts.append(context)
        return context

    def hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def look(self, response: Response) -> None:
        if response.status >= 500:
            self.errors.append(f"{response.status} {response.url}")


@pytest.fixture
def people(chromium: Browser) -> Iterator[People]:
    people = People(chromium)
    yield people
    for context in people.contexts:
        context.close()
    assert people.errors == []


@pytest.fixture
def visitor(people: People) -> BrowserContext:
    """One person's browser; pages opened in it are tabs."""
    return people.come()


@pytest.fixture
def tab(visitor: BrowserContext) -> Page:
    return visitor.new_page()
