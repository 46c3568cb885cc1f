"""What an import brings in, seen in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = frozenset(
    {"pydantic", "sqlalchemy", "sqlmodel", "typer", "copier", "jinja2", "alembic", "blinker"}
    | {"fastapi", "starlette", "flask", "django", "sanic", "litestar", "fasthtml", "redis"}
    | {"rusty_tags", "datastar_py", "click", "rich", "ruff", "nitro_cli"}
)


def loaded_by(code: str) -> set[str]:
    """Runs code in a fresh interpreter; returns the heavy packages that it loaded."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    modules = json.loads(done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in modules} & HEAVY


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import nitro_runtime.errors, nitro_runtime.schema", set()),
        ("import nitro_runtime.context, nitro_runtime.signing", set()),
        ("import nitro", set()),
        ("import nitro.html", set()),
        ("from nitro import emit, on", {"blinker"}),
        ("from nitro import emit_signals", set()),
        ("import nitro_runtime.html", set()),
        ("import nitro_runtime.sse", set()),
        ("import nitro_runtime.events", {"blinker"}),
        ("from nitro_runtime.events import emit, on\non('x')(print)\nemit('x')", {"blinker"}),
        ("from nitro_runtime.events import command\ncommand('x')(lambda a: a)", {"blinker"}),
        ("import nitro_runtime.views", {"pydantic"}),
        ("import nitro_runtime.web", {"pydantic", "sqlalchemy", "sqlmodel", "blinker"}),
    ],
)
def test_an_import_loads_what_it_needs_and_no_more(code: str, allowed: set[str]) -> None:
    assert loaded_by(code) <= allowed


def test_a_running_app_never_imports_what_only_the_command_needs() -> None:
    code = (
        "from fastapi import FastAPI\n"
        "from nitro_runtime.adapters.fastapi import install\n"
        "from nitro import Entity, Form, Page, Table, command, emit\n"
        "app = FastAPI()\n"
        "install(app)\n"
        "class Product(Entity):\n"
        "    name: str\n"
        "Product.create(name='a')\n"
        "str(Page(Table.from_entity(Product), title='Products'))\n"
    )
    loaded = loaded_by(code)
    assert {"fastapi", "pydantic"} <= loaded
    assert not loaded & {"typer", "copier", "nitro_cli", "ruff", "alembic", "jinja2", "datastar_py"}
    assert not loaded & {"flask", "django", "sanic", "litestar", "fasthtml", "redis", "rusty_tags"}


def test_the_check_sees_what_is_loaded() -> None:
    assert loaded_by("import typer, jinja2") >= {"typer", "jinja2"}
