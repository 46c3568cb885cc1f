"""A generated shop on a real server, and real Chromium to visit it with."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from waiting import until

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def nitro(*arguments: str, cwd: Path) -> None:
    """Runs the command as a user does; fails the test with its output."""
    done = subprocess.run(
        [sys.executable, "-m", "nitro_cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"nitro {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, demo: dict[str, Any]) -> Path:
    """The shop of the demo, with Datastar's file."""
    scratch = tmp_path_factory.mktemp("browser")
    nitro(*demo["NEW"].split(), cwd=scratch)
    shop = scratch / "shop"
    for scaffold in demo["SCAFFOLDS"]:
        nitro(*scaffold.split(), cwd=shop)
    nitro("assets", cwd=shop)
    return shop


class Server:
    """The shop's real server, on a fixed port, with a database file of its own."""

    def __init__(self, project: Path, database: Path) -> None:
        self.project = project
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "NITRO_DATABASE_URL": f"sqlite:///{database}",
            "NITRO_SECRET_KEY": "a key for the browser tests only",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.run("-m", "nitro_cli", "db", "upgrade")

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "shop.app:app", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--log-level", "warning"], cwd=self.project, env=self.environment
        )
        until(self.answers, "the shop's server to answer")

    def answers(self) -> bool:
        assert self.process and self.process.poll() is None, "the shop's server ended"
        try:
            return httpx.get(self.url, timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def post(self, path: str, data: dict[str, str]) -> httpx.Response:
        """Posts a form as another visitor does."""
        return httpx.post(self.url + path, data=data, headers={"origin": self.url}, timeout=10)

    def category(self, name: str) -> str:
        """Makes a category and returns its id."""
        answer = self.post("/categories", {"name": name})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("/")[2]

    def product(self, **values: str) -> str:
        """Makes a product and returns its id."""
        answer = self.post("/products", {"stock": "1", "status": "draft", **values})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("/")[2]


@pytest.fixture
def server(project: Path, tmp_path: Path) -> Iterator[Server]:
    server = Server(project, tmp_path / "shop.db")
    server.start()
    yield server
    server.kill()


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


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One person's browser; pages opened in it are tabs."""
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def tab(visitor: BrowserContext) -> Iterator[Page]:
    """A tab in which every error on the console fails the test."""
    page = visitor.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
