"""Generators in a project that `nitro init` adopted: what they need is made, and the app includes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from command import Nitro
from trees import tree_hash

from nitro_cli.adopting.including import IncludeRegistry

APP = "from flask import Flask\n\napp = Flask(__name__)\n"
INCLUDE = IncludeRegistry("shop", "{app}.add({routes}.bp)")
AT_END = IncludeRegistry("shop", "urls.append({routes})", "urls")


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (
            INCLUDE,
            """\
            import nitro
            from web import App

            app = App()
            nitro.install(app)  # live
            """,
            """\
            import nitro
            from web import App

            from shop.registry import RESOURCES

            app = App()
            nitro.install(app)  # live
            for resource in RESOURCES:
                if routes := resource.load():
                    app.add(routes.bp)
            """,
        ),
        (
            INCLUDE,
            """\
            import nitro
            from web import App, routes


            class Site:
            \tdef __init__(self, resource):
            \t\tself.app = App(resource)
            \t\tnitro.install(self.app, static=None)
            \t\tself.app.add(routes)
            """,
            """\
            import nitro
            from web import App, routes

            from shop.registry import RESOURCES


            class Site:
            \tdef __init__(self, resource):
            \t\tself.app = App(resource)
            \t\tnitro.install(self.app, static=None)
            \t\tfor nitro_resource in RESOURCES:
            \t\t\tif nitro_routes := nitro_resource.load():
            \t\t\t\tself.app.add(nitro_routes.bp)
            \t\tself.app.add(routes)
            """,
        ),
        (
            AT_END,
            "from web import at\n\nurls = [at('a')]\n",
            "from web import at\n\nfrom shop.registry import RESOURCES\n\nurls = [at('a')]\n\n"
            "for resource in RESOURCES:\n    if routes := resource.load():\n        urls.append(routes)\n",
        ),
    ],
)
def test_the_registry_is_included_once(edit: IncludeRegistry, before: str, after: str) -> None:
    edited = edit.apply(dedent(before))
    assert (edited.status, edited.text) == ("done", dedent(after))
    assert edit.apply(edited.text).status == "there"


@pytest.mark.parametrize(
    ("edit", "source"),
    [
        (INCLUDE, "app = 1\n"),
        (INCLUDE, "import nitro\napp = 1; nitro.install(app)\n"),
        (INCLUDE, "import nitro\nx = nitro.install(app)\n"),
        (INCLUDE, "import nitro\nnitro.install(\n"),
        (AT_END, "import web\n"),
    ],
)
def test_an_app_that_cannot_include_it_stays_and_the_lines_are_shown(
    edit: IncludeRegistry, source: str
) -> None:
    edited = edit.apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert "from shop.registry import RESOURCES\n    for resource in RESOURCES:" in edited.snippet


@pytest.fixture
def adopted(nitro: Nitro, tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "shop/web.py").write_text(APP)
    assert nitro("init", "--yes")[0] == 0
    return tmp_path


def made(root: Path) -> set[str]:
    paths = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return {path for path in paths if not path.startswith(".nitro")}


def test_the_entities_of_a_file_bring_them_once(nitro: Nitro, adopted: Path) -> None:
    (adopted / "spec.json").write_text(
        '[{"name": "Category", "fields": ["name:str"]},'
        ' {"name": "Product", "fields": ["name:str", "category:ref.Category"]}]'
    )
    before = made(adopted)
    code, _, err = nitro("generate", "entity", "--spec", "spec.json")
    assert (code, err) == (0, "")
    registry = (adopted / "shop/registry.py").read_text()
    assert registry.count("Resource(") == 2
    assert {path for path in made(adopted) - before if path.startswith("migrations/")} == {
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/versions/0001_create_category.py",
        "migrations/versions/0002_create_product.py",
    }


def test_an_entity_brings_the_registry_and_the_migrations(nitro: Nitro, adopted: Path) -> None:
    before = made(adopted)
    code, out, err = nitro("generate", "entity", "Product", "name:str")
    assert (code, err) == (0, "")
    assert made(adopted) - before == {
        "shop/registry.py",
        "shop/products/__init__.py",
        "shop/products/entity.py",
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/versions/0001_create_product.py",
        "alembic.ini",
        "tests/test_products.py",
    }
    assert (
        'Resource("Products", None, "shop.products")' in (adopted / "shop/registry.py").read_text()
    )
    assert "for resource in RESOURCES:" in (adopted / "shop/web.py").read_text()
    assert "set NITRO_DATABASE_URL" in out
    compile((adopted / "migrations/env.py").read_text(), "env.py", "exec")


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("form", "Product"), "shop/products/views.py"),
        (("table", "Product"), "shop/products/views.py"),
        (("card", "Product"), "shop/products/views.py"),
        (("handler", "product.created", "notify"), "shop/products/handlers.py"),
        (("command", "product.restock", "quantity:int"), "shop/products/commands.py"),
        (("routes", "Product"), "shop/layout.py"),
        (("page", "about"), "shop/layout.py"),
    ],
)
def test_every_other_generator_works_too_and_twice_is_once(
    nitro: Nitro, adopted: Path, words: tuple[str, ...], path: str
) -> None:
    assert nitro("generate", "entity", "Product", "name:str")[0] == 0
    code, _, err = nitro("generate", *words)
    assert (code, err) == (0, "")
    assert (adopted / path).is_file()
    before = tree_hash(adopted)
    code, out, _ = nitro("generate", *words)
    assert (code, "Everything is there already." in out) == (0, True)
    assert tree_hash(adopted) == before


CLIENT = (
    "import pytest\n\n\n@pytest.fixture\ndef client():\n    return make(headers={'Origin': 'x'})\n"
)


@pytest.mark.parametrize(("conftest", "written"), [(None, False), (CLIENT, True)])
def test_tests_of_pages_are_written_where_there_is_a_client_for_them(
    nitro: Nitro, adopted: Path, conftest: str | None, written: bool
) -> None:
    if conftest:
        (adopted / "tests").mkdir()
        (adopted / "tests/conftest.py").write_text(conftest)
    code, out, _ = nitro("generate", "scaffold", "Product", "name:str")
    assert (code, (adopted / "tests/test_products.py").is_file()) == (0, written)
    assert ("tests of pages were left out" in out) is not written


def test_migrations_of_the_projects_own_are_continued(nitro: Nitro, adopted: Path) -> None:
    versions = adopted / "migrations" / "versions"
    versions.mkdir(parents=True)
    (adopted / "migrations/env.py").write_text("# ours\n")
    (adopted / "migrations/script.py.mako").write_text("ours\n")
    (versions / "abc_first.py").write_text('revision = "abc"\ndown_revision = None\n')
    assert nitro("generate", "entity", "Product", "name:str")[0] == 0
    assert (adopted / "migrations/env.py").read_text() == "# ours\n"
    (added,) = versions.glob("0*_create_product.py")
    assert 'down_revision = "abc"' in added.read_text()


def test_the_migrations_run(nitro: Nitro, adopted: Path) -> None:
    assert nitro("generate", "entity", "Product", "name:str")[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "nitro_cli", "db", "upgrade"],
        cwd=adopted,
        env={**os.environ, "NITRO_DATABASE_URL": f"sqlite:///{adopted}/shop.db"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "0001" in done.stdout) == (0, True), done.stderr


def test_a_package_in_a_folder_of_sources_is_read_and_migrated(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src/shop").mkdir(parents=True)
    (tmp_path / "src/shop/__init__.py").write_text("")
    (tmp_path / "src/shop/web.py").write_text(APP)
    assert nitro("init", "--yes")[0] == 0
    assert nitro("generate", "entity", "Category", "name:str")[0] == 0
    words = ("entity", "Product", "name:str", "category:ref.Category:as.products", "tags:list.str")
    assert nitro("generate", *words)[0] == 0
    assert nitro("generate", *words) == (0, "Everything is there already.\n", "")
    assert "edit src/shop/products/entity.py" in nitro("generate", "entity", "Product", "x")[2]
    _, out, _ = nitro("generate", "handler", "product.created", "tell")
    assert "say in src/shop/products/handlers.py what it does" in out
    monkeypatch.setenv("NITRO_DATABASE_URL", f"sqlite:///{tmp_path}/shop.db")
    done = subprocess.run(
        [sys.executable, "-m", "nitro_cli", "db", "upgrade"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "applied 0002" in done.stdout) == (0, True), done.stderr


def test_the_development_server_is_for_new_projects(nitro: Nitro, adopted: Path) -> None:
    code, _, err = nitro("dev")
    assert (code, "start this app as you always do" in err) == (2, True)


def test_a_framework_without_templates_says_so(nitro: Nitro, tmp_path: Path) -> None:
    source = "from starlette.applications import Starlette\n\napp = Starlette()\n"
    (tmp_path / "web.py").write_text(source)
    code, out, _ = nitro("init", "--yes")
    assert (code, "nitro generate" in out, "nitro assets static" in out) == (0, False, True)
    code, _, err = nitro("generate", "entity", "Product", "name:str")
    assert code == 2
    assert err == "There are no templates for starlette, so nitro generates nothing here.\n"
