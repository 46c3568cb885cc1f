"""`nitro init` on apps as people write them: they go on working, and Nitro works in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from existing_apps import EXISTING, Existing, files_of

from nitro_cli.main import main

PROBE = Path(__file__).parents[1] / "support" / "init_probe.py"
TESTS_OF_DJANGO = ("manage.py", "test")


def python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    plain |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(cwd / "src")}
    plain |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # they are ours, not the project's
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_own_tests(app: Existing, root: Path) -> None:
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    if app.shape == "django-startproject":
        words = TESTS_OF_DJANGO
    done = python(*words, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def nitro(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(words)
        said = capsys.readouterr()
        assert (ended.value.code or 0, said.err) == (0, ""), said.out + said.err
        return said.out

    return run


@pytest.mark.parametrize("app", EXISTING, ids=lambda app: app.shape)
def test_an_app_gets_nitro_and_stays_what_it_was(
    app: Existing, tmp_path: Path, nitro: Callable[..., str]
) -> None:
    app.write(tmp_path)
    before = files_of(tmp_path)
    check_own_tests(app, tmp_path)

    said = nitro("init", "--yes")
    assert app.address in said
    assert len(said.splitlines()) <= 12
    after = files_of(tmp_path)
    changed = {name for name, text in after.items() if before.get(name) != text}
    assert changed == {*app.edited, ".nitro/project.json"}
    for name in app.edited:
        old, new = before[name].decode().split("\n"), after[name].decode().split("\n")
        assert [line for line in old if line not in new] == app_lines_that_join(app, name)

    done = python(str(PROBE), app.framework, app.serve, cwd=tmp_path)
    assert "tests: 0 probe: 403 200 True" in done.stdout, done.stdout + done.stderr

    again = nitro("init")
    assert "already" in again
    assert files_of(tmp_path) == after
    record = json.loads(after[".nitro/project.json"])
    assert (record["framework"], record["options"]["app"]) == (app.framework, app.address)


@pytest.mark.parametrize(
    "shape",
    [
        "django-startproject",
        "fastapi-factory",
        "fasthtml-single-file",
        "flask-tutorial",
        "litestar-factory",
        "sanic-factory",
    ],
)
def test_what_is_generated_is_part_of_the_app(
    shape: str, tmp_path: Path, nitro: Callable[..., str]
) -> None:
    (app,) = [one for one in EXISTING if one.shape == shape]
    app.write(tmp_path)
    nitro("init", "--yes")
    nitro("generate", "scaffold", "Product", "name:str", "price:float")
    after = files_of(tmp_path)
    said = nitro("generate", "scaffold", "Product", "name:str", "price:float")
    assert "Everything is there already." in said
    assert files_of(tmp_path) == after
    done = python(str(PROBE), app.framework, app.serve, "/products", cwd=tmp_path)
    assert "tests: 0 probe: 403 200 True 200" in done.stdout, done.stdout + done.stderr


def app_lines_that_join(app: Existing, path: str) -> list[str]:
    """The lines that are not there as they were: an element is added to a line, or it is returned."""
    return JOINED.get((app.shape, path), [])


JOINED = {
    ("fastapi-factory", "pyproject.toml"): [
        'dependencies = ["fastapi>=0.115", "uvicorn"]  # kept short'
    ],
    ("sanic-class", "api/app.py"): [
        'app = Api("Api", config=ApiConfig()); app.add_route(Items.as_view(), "/items")'
    ],
    ("litestar-factory", "pyproject.toml"): ["  'uvicorn'  # no comma after this"],
    ("litestar-factory", "library/asgi.py"): ["    return Litestar("],
    ("litestar-condition", "pyproject.toml"): ["dependencies = []"],
    ("django-single-file", "hello.py"): [
        "from django.urls import path",
        'urlpatterns = [path("", index)]',
    ],
    ("django-split-settings", "config/settings/base.py"): [
        '    "django.middleware.clickjacking.XFrameOptionsMiddleware"'
    ],
    ("django-split-settings", "config/urls.py"): ["from django.urls import include"],
    ("django-startproject", "mysite/urls.py"): ["from django.urls import path"],
}
"""The lines of an app that an addition joins; all others stay as they are."""
