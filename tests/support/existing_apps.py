"""Apps as people write them, to which `nitro init` adds Nitro: texts under ``tests/generated/existing``.

One file holds one app; a line ``=== path`` starts each of its files.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "generated" / "existing"


@dataclass(frozen=True)
class Existing:
    """One app.

    Attributes:
        shape: The name of its text, ``flask-factory``; the framework's name comes first.
        address: What `nitro init` calls it.
        serve: Where a server finds the app, ``module:attribute``; a function makes it.
        edited: The files that change.
    """

    shape: str
    address: str
    serve: str
    edited: frozenset[str]

    @property
    def framework(self) -> str:
        return self.shape.partition("-")[0]

    def write(self, root: Path) -> None:
        """Writes the app into a folder."""
        if self.shape == "django-startproject":
            start_project(root)
        else:
            unpack((FOLDER / f"{self.shape}.txt").read_text(), root)


EXISTING = (
    Existing(
        "fastapi-single-file", "main:app", "main:app", frozenset({"main.py", "requirements.txt"})
    ),
    Existing(
        "fastapi-factory",
        "orders.web.factory:create_app",
        "orders:create_app",
        frozenset({"src/orders/web/factory.py", "pyproject.toml"}),
    ),
    Existing(
        "fastapi-bigger-application",
        "app.main:app",
        "app.main:app",
        frozenset({"app/main.py", "pyproject.toml"}),
    ),
    Existing("flask-single-file", "app:app", "app:app", frozenset({"app.py", "requirements.txt"})),
    Existing(
        "flask-factory",
        "shop.web:create_app",
        "wsgi:application",
        frozenset({"shop/web.py", "setup.cfg"}),
    ),
    Existing(
        "flask-tutorial",
        "flaskr:create_app",
        "flaskr:create_app",
        frozenset({"flaskr/__init__.py", "pyproject.toml"}),
    ),
    Existing(
        "fasthtml-single-file", "main:app", "main:app", frozenset({"main.py", "requirements.txt"})
    ),
    Existing("fasthtml-login", "web:app", "web:app", frozenset({"web.py", "requirements.in"})),
    Existing(
        "fasthtml-package",
        "notes.app:make",
        "notes.app:app",
        frozenset({"notes/app.py", "pyproject.toml"}),
    ),
    Existing(
        "sanic-single-file",
        "server:app",
        "server:app",
        frozenset({"server.py", "requirements.txt"}),
    ),
    Existing(
        "sanic-factory",
        "path.to.server:create_app",
        "path.to.server:create_app",
        frozenset({"path/to/server.py", "Pipfile"}),
    ),
    Existing(
        "sanic-class", "api.app:app", "main:app", frozenset({"api/app.py", "requirements/base.txt"})
    ),
    Existing(
        "litestar-single-file", "app:app", "app:app", frozenset({"app.py", "requirements.txt"})
    ),
    Existing(
        "litestar-factory",
        "library.asgi:create_app",
        "library.asgi:create_app",
        frozenset({"library/asgi.py", "pyproject.toml"}),
    ),
    Existing(
        "litestar-condition",
        "main:application",
        "main:application",
        frozenset({"main.py", "pyproject.toml"}),
    ),
    Existing(
        "starlette-single-file",
        "example:app",
        "example:app",
        frozenset({"example.py", "requirements.txt"}),
    ),
    Existing(
        "starlette-factory",
        "site_.main:Site",
        "site_.main:create",
        frozenset({"site_/main.py", "requirements.txt"}),
    ),
    Existing("starlette-mounted", "web:app", "web:app", frozenset({"web.py", "pyproject.toml"})),
    Existing(
        "django-single-file",
        "hello",
        "hello:application",
        frozenset({"hello.py", "requirements.txt"}),
    ),
    Existing(
        "django-split-settings",
        "config.settings.local",
        "config.wsgi:application",
        frozenset({"config/settings/base.py", "config/urls.py", "requirements/base.txt"}),
    ),
    Existing(
        "django-startproject",
        "mysite.settings",
        "mysite.asgi:application",
        frozenset({"mysite/settings.py", "mysite/urls.py"}),
    ),
)
"""Every app, with what is expected of it."""


def unpack(text: str, root: Path) -> None:
    """Writes the files of one text."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    assert not parts[0].strip()
    for path, content in zip(parts[1::2], parts[2::2], strict=True):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def start_project(root: Path) -> None:
    """Makes what Django's own generator makes, and a test of it."""
    words = [sys.executable, "-m", "django", "startproject", "mysite", "."]
    subprocess.run(words, cwd=root, check=True, timeout=60)
    (root / "tests.py").write_text(
        "from django.test import TestCase\n\n\n"
        "class Tests(TestCase):\n"
        "    def test_the_login_of_the_admin(self):\n"
        '        self.assertContains(self.client.get("/admin/login/"), "csrfmiddlewaretoken")\n'
        '        self.assertEqual(self.client.get("/nothing").status_code, 404)\n'
    )


def files_of(root: Path) -> dict[str, bytes]:
    """The files of a project with their bytes, but for what running it leaves behind."""
    left = re.compile(r"__pycache__|\.pytest_cache|\.sesskey|sqlite3$|^instance/")
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not left.search(name)}
