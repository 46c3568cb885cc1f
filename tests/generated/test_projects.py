"""A generated project is one that its owner could have written: checked, tested, migrated."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bundled import FRAMEWORKS
from type_checks import complaints
from warm import Warm

if TYPE_CHECKING:
    from generated.conftest import Run, Shops

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
GOLDEN = Path(__file__).parent / "golden"
NOT_IN_THE_EXAMPLE = {".nitro", ".env", "__pycache__", ".ruff_cache", ".pytest_cache"}
OBTAINED = ("static/app.css", "static/datastar.js", "static/datastar.LICENSE.txt")
REQUIREMENT = re.compile(r'"nitro-kit\[(\w+),tailwind\][^"]*"')
DIRECT = re.compile(r"\n\[tool\.hatch\.metadata\]\nallow-direct-references = true\n")


OTHERS = [name for name in FRAMEWORKS if name != "fastapi"]
UNCLEAN = ("ignore:websockets.legacy is deprecated:DeprecationWarning",)  # sanic-testing's own


@pytest.fixture(params=["fastapi", *OTHERS, "myapp", "unusual"])
def project(request: pytest.FixtureRequest, shops: Shops) -> Path:
    if request.param in {"myapp", "unusual"}:
        return request.getfixturevalue(request.param)
    return shops(request.param)


def tree(root: Path) -> dict[str, str]:
    """Every file of a project that its owner reads, with its text."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(root)): pinned(path.read_text())
        for path in files
        if not NOT_IN_THE_EXAMPLE & set(path.relative_to(root).parts)
        and not str(path).endswith((".db", ".db-shm", ".db-wal", *OBTAINED))
    }


def pinned(text: str) -> str:
    """The same wherever Nitro was installed from."""
    return DIRECT.sub("", REQUIREMENT.sub(r'"nitro-kit[\1,tailwind]>=0.1"', text))


def check(made: dict[str, str], golden: Path) -> None:
    """Compares files with a folder that pins them; NITRO_UPDATE=1 pins them anew instead."""
    if os.environ.get("NITRO_UPDATE") == "1":
        shutil.rmtree(golden, ignore_errors=True)
        for name, text in made.items():
            (golden / name).parent.mkdir(parents=True, exist_ok=True)
            (golden / name).write_text(text)
    assert made == tree(golden)


def test_the_command_makes_exactly_the_shop_of_the_examples(shop: Path) -> None:
    check(tree(shop), EXAMPLE)


@pytest.mark.parametrize("framework", OTHERS)
def test_the_same_shop_on_another_framework_differs_in_the_pinned_files_only(
    framework: str, shop: Path, shops: Shops
) -> None:
    here, there = tree(shop), tree(shops(framework))
    differing = {name: text for name, text in there.items() if here.get(name) != text}
    check(differing, GOLDEN / framework)
    assert here.keys() - there.keys() <= {"shop/app.py"}


def test_the_three_commands_of_the_card_make_what_is_pinned(myapp: Path) -> None:
    look = {name: text for name, text in tree(myapp).items() if not name.endswith("components.css")}
    check(look, GOLDEN / "myapp")


@pytest.mark.parametrize("name", ["shop", "myapp"])
def test_what_is_remembered_of_each_resource_is_pinned(
    name: str, request: pytest.FixtureRequest
) -> None:
    resources = request.getfixturevalue(name) / ".nitro" / "resources"
    check(
        {path.name: path.read_text() for path in sorted(resources.iterdir())},
        GOLDEN / f"{name}-resources",
    )


def test_it_passes_ruff(project: Path, run: Run) -> None:
    run("ruff", "check", "--no-cache", ".", cwd=project)


def test_it_is_formatted(project: Path, run: Run) -> None:
    run("ruff", "format", "--check", "--no-cache", ".", cwd=project)


def test_they_pass_pyright(
    shops: Shops,
    jinja_shops: Shops,
    myapp: Path,
    unusual: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = [*map(shops, FRAMEWORKS), jinja_shops("fastapi"), myapp, unusual]
    assert complaints(made, tmp_path_factory.getbasetemp() / "projects.json") == []


def test_it_passes_pyright_as_its_owner_runs_it(shop: Path, run: Run) -> None:
    run("pyright", "--pythonpath", sys.executable, cwd=shop)


def test_its_own_tests_pass(project: Path, run: Run) -> None:
    strict = [word for rule in ("error", *UNCLEAN) for word in ("-W", rule)]
    done = run("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", *strict, cwd=project)
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)


def test_its_migrations_run_up_and_down_and_fit_the_entities(
    project: Path, warm: Warm, tmp_path: Path
) -> None:
    environment = {"NITRO_DATABASE_URL": f"sqlite:///{tmp_path}/migrated.db"}

    def alembic(*arguments: str) -> str:
        done = warm.run(("-m", "alembic", *arguments), project, environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    alembic("upgrade", "head")
    assert "No new upgrade operations" in alembic("check")
    alembic("downgrade", "base")
    with sqlite3.connect(tmp_path / "migrated.db") as database:
        left = database.execute("select name from sqlite_master where type = 'table'").fetchall()
    database.close()
    assert left == [("alembic_version",)]


def test_a_field_added_by_hand_becomes_a_migration_that_runs(
    shop: Path, run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(shop, copy)
    entity = copy / "shop" / "products" / "entity.py"
    text = entity.read_text().replace(
        "from datetime import date", "from datetime import date, datetime"
    )
    entity.write_text(
        text.replace(
            "    available_from: date | None = None\n",
            "    available_from: date | None = None\n"
            "    sold_at: datetime | None = None\n"
            "    cost: Decimal | None = Field(default=None, max_digits=8, decimal_places=3)\n"
            "    second: ProductStatus | None = None\n",
        )
    )
    run("nitro_cli", "db", "upgrade", cwd=copy)
    run("alembic", "revision", "--autogenerate", "-m", "more", cwd=copy)
    (made,) = (path for path in (copy / "migrations" / "versions").glob("*_more.py"))
    source = made.read_text()
    assert 'sa.Column("sold_at", UtcDateTime(), nullable=True)' in source
    assert "ExactDecimal(8, 3)" in source
    assert "EnumText(32)" in source
    run("ruff", "check", "--no-cache", str(made), cwd=copy)
    run("ruff", "format", "--check", "--no-cache", str(made), cwd=copy)
    run("nitro_cli", "db", "upgrade", cwd=copy)
    assert "No new upgrade operations" in run("alembic", "check", cwd=copy).stdout


def test_a_unique_field_and_a_reference_added_by_hand_can_be_migrated_and_taken_back(
    shop: Path, run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(shop, copy)
    entity = copy / "shop" / "products" / "entity.py"
    entity.write_text(
        entity.read_text().replace(
            "    available_from: date | None = None\n",
            "    available_from: date | None = None\n"
            "    sku: str | None = Field(default=None, unique=True)\n"
            '    other_id: str | None = Field(default=None, foreign_key="product.id")\n',
        )
    )
    run("nitro_cli", "db", "upgrade", cwd=copy)
    run("alembic", "revision", "--autogenerate", "-m", "more", cwd=copy)
    (made,) = (path for path in (copy / "migrations" / "versions").glob("*_more.py"))
    assert 'create_unique_constraint("uq_product_sku", ["sku"])' in made.read_text()
    assert 'drop_constraint("fk_product_other_id", type_="foreignkey")' in made.read_text()
    for words in ("upgrade", "downgrade", "upgrade"):
        run("nitro_cli", "db", words, cwd=copy)
    assert "No new upgrade operations" in run("alembic", "check", cwd=copy).stdout


def test_a_migration_that_fails_in_the_midst_leaves_nothing(
    shop: Path, run: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(shop, copy)
    versions = copy / "migrations" / "versions"
    last = max(path.name[:4] for path in versions.glob("0*.py"))
    (versions / "9999_bad.py").write_text(
        f'from alembic import op\n\nrevision = "9999"\ndown_revision = "{last}"\n\n'  # noqa: S608
        "def upgrade():\n"
        '    op.execute("create table half (id int)")\n'
        '    op.execute("insert into half values (1)")\n'
        '    op.execute("insert into nowhere values (1)")\n'
    )
    failed = run("nitro_cli", "db", "upgrade", cwd=copy, ok=False)
    assert (failed.returncode, "no such table: nowhere" in failed.stderr) == (1, True)
    with contextlib.closing(sqlite3.connect(copy / "shop.db")) as database:
        tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
    assert tables == []  # those before it in the same command are taken back, too


def test_every_generated_file_is_clean(project: Path) -> None:
    for name, text in tree(project).items():
        assert text == "" or (text.endswith("\n") and not text.endswith("\n\n")), name
        assert "\r" not in text and "\t" not in text, name
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), name
        if not name.endswith((".mako", ".css")):
            assert not re.search(r"\{[{%#]|[%#]\}", text), name


def test_what_the_generators_remember_is_what_they_wrote(shop: Path) -> None:
    base = shop / ".nitro" / "base"
    remembered = [path for path in base.rglob("*") if path.is_file()]
    assert len(remembered) > 20
    for path in remembered:
        name = path.relative_to(base)
        if name.name != "registry.py":
            assert path.read_text() == (shop / name).read_text(), name
