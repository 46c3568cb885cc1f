"""`nitro generate`, in a project of its own: what is made, and that bad input writes no byte."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Nitro
from trees import tree_hash

RUFF = [sys.executable, "-m", "ruff"]


@pytest.fixture
def shop(nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    code, _, err = nitro("new", "shop", "--framework", "fastapi")
    assert code == 0, err
    monkeypatch.chdir(tmp_path / "shop")
    yield tmp_path / "shop"


def new_files(root: Path, before: set[str]) -> set[str]:
    return files(root) - before


def files(root: Path) -> set[str]:
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".nitro/")}


def test_an_entity_is_its_source_its_migration_and_its_tests(shop: Path, nitro: Nitro) -> None:
    before = files(shop)
    code, out, _ = nitro("generate", "entity", "Product", "name:str", "price:float")
    assert code == 0
    assert new_files(shop, before) == {
        "shop/products/__init__.py",
        "shop/products/entity.py",
        "migrations/versions/0001_create_product.py",
        "tests/test_products.py",
    }
    assert 'Resource("Products", None, "shop.products"),' in (shop / "shop/registry.py").read_text()
    entity = (shop / "shop/products/entity.py").read_text()
    assert "class Product(Entity, timestamps=True):\n    name: str\n    price: float\n" in entity
    assert "nitro db upgrade" in out


def test_a_scaffold_is_a_whole_resource(shop: Path, nitro: Nitro) -> None:
    before = files(shop)
    assert nitro("g", "scaffold", "OrderItem", "name:str", "amount:int=1")[0] == 0
    assert new_files(shop, before) == {
        "shop/order_items/__init__.py",
        "shop/order_items/entity.py",
        "shop/order_items/views.py",
        "shop/order_items/routes.py",
        "shop/order_items/handlers.py",
        "migrations/versions/0001_create_order_item.py",
        "tests/test_order_items.py",
    }
    registry = (shop / "shop/registry.py").read_text()
    assert 'Resource("Order items", "/order-items", "shop.order_items"),' in registry


def test_a_scaffold_completes_an_entity_and_keeps_its_migration(shop: Path, nitro: Nitro) -> None:
    nitro("generate", "entity", "Product", "name:str")
    migration = (shop / "migrations/versions/0001_create_product.py").read_bytes()
    assert nitro("generate", "scaffold", "Product")[0] == 0
    assert (shop / "shop/products/routes.py").exists()
    assert len(list((shop / "migrations/versions").glob("*.py"))) == 1
    assert (shop / "migrations/versions/0001_create_product.py").read_bytes() == migration
    registry = (shop / "shop/registry.py").read_text()
    assert registry.count("Resource(") == 1
    assert '"/products"' in registry
    before = tree_hash(shop)
    assert nitro("generate", "entity", "Product")[:2] == (0, "Everything is there already.\n")
    assert tree_hash(shop) == before


def test_the_same_command_again_changes_nothing(shop: Path, nitro: Nitro) -> None:
    words = ("generate", "scaffold", "Product", "name:str.80:search", "price:decimal:min.0")
    assert nitro(*words)[0] == 0
    before = tree_hash(shop)
    code, out, _ = nitro(*words)
    assert (code, out) == (0, "Everything is there already.\n")
    assert tree_hash(shop) == before


def test_migrations_follow_one_another_and_a_reference_needs_its_table(
    shop: Path, nitro: Nitro
) -> None:
    before = tree_hash(shop)
    code, _, err = nitro("generate", "scaffold", "Product", "name", "category:ref.Category")
    assert code == 2
    assert "nitro generate scaffold Category name:str" in err
    assert tree_hash(shop) == before
    assert nitro("generate", "scaffold", "Category", "name", "parent:ref.Category:opt")[0] == 0
    assert nitro("generate", "scaffold", "Product", "name", "category:ref.Category")[0] == 0
    source = (shop / "migrations/versions/0002_create_product.py").read_text()
    assert 'revision = "0002"\ndown_revision = "0001"\n' in source
    assert 'sa.ForeignKey("category.id", name="fk_product_category_id")' in source


def test_a_migration_written_by_hand_is_followed(shop: Path, nitro: Nitro) -> None:
    versions = shop / "migrations/versions"
    versions.mkdir(exist_ok=True)
    (versions / "0007_mine.py").write_text(
        'revision: str = "abc123"\ndown_revision: str | None = None\n'
    )
    (versions / "notes.py").write_text("def broken(:\n")
    assert nitro("generate", "entity", "Product", "name")[0] == 0
    source = (versions / "0008_create_product.py").read_text()
    assert 'revision = "0008"\ndown_revision = "abc123"\n' in source


def test_migrations_with_two_ends_are_refused(shop: Path, nitro: Nitro) -> None:
    versions = shop / "migrations/versions"
    versions.mkdir(exist_ok=True)
    (versions / "1_a.py").write_text('revision = "a"\ndown_revision = None\n')
    (versions / "2_b.py").write_text('revision = "b"\ndown_revision = None\n')
    code, _, err = nitro("generate", "entity", "Product", "name")
    assert (code, "2 ends (a, b)" in err) == (2, True)
    (versions / "3_c.py").write_text('revision = "c"\ndown_revision = ("a", "b")\n')
    assert nitro("generate", "entity", "Product", "name")[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("entity",), "Missing argument"),
        (("entity", "Product"), "needs a field"),
        (("entity", "", "name:str"), "empty"),
        (("entity", "class", "name:str"), "keyword"),
        (("entity", "list", "name:str"), "builtin"),
        (("entity", "../x", "name:str"), "not a name"),
        (("entity", "/etc/x", "name:str"), "not a name"),
        (("entity", "\u0420roduct", "name:str"), "CYRILLIC"),
        (("entity", "Setting", "name:str"), "--plural settings_list"),
        (("entity", "Product", "metadata:str"), "reserved"),
        (("entity", "Product", "model_x:str"), "reserved"),
        (("entity", "Product", "name:strng"), "Did you mean 'string'?"),
        (("entity", "Product", "name:str", "name:str"), "two fields 'name'"),
        (("entity", "Product", "size:int=big"), "expects a whole number"),
        (("entity", "Product", "price:decimal10", "price:decimal2"), "price:decimal.10.2"),
        (("entity", "Product", "price:decimal{10,2}"), "with dots"),
        (("entity", "category", "title:str"), "Category exists with other fields"),
        (("entity", "Category", "name:str.61"), "edit shop/categories/entity.py"),
        (("entity", "CATEGORY", "name:str"), "differs from it only in the case"),
        (("entity", "Product", "name", "--plural", "categories"), "is there already"),
        (("entity", "Product", "name", "--plural", "../x"), "A plural is small letters"),
        (("entity", "Product", "name", "--force", "--skip"), "choose one"),
        (("entity", "Product", "name", "--no-such-option"), "No such option"),
        (("entitty", "Product", "name"), "No such command"),
    ],
)
def test_bad_input_is_named_and_writes_no_byte(
    shop: Path, nitro: Nitro, words: tuple[str, ...], says: str
) -> None:
    assert nitro("generate", "scaffold", "Category", "name:str.60")[0] == 0
    before = tree_hash(shop)
    code, out, err = nitro("generate", *words)
    assert (code, out) == (2, "")
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert tree_hash(shop) == before


def test_everything_that_is_wrong_is_said_at_once(shop: Path, nitro: Nitro) -> None:
    nitro("generate", "entity", "Category", "name:str")
    words = ("CATEGORY", "name:strng", "owner:ref.Persn", "size:int=big", "--plural", "settings")
    code, _, err = nitro("generate", "entity", *words)
    assert code == 2
    codes = set(re.findall(r"\[([a-z-]+)\]", err))
    assert codes == {
        "unknown-type",
        "unknown-entity",
        "bad-default",
        "entity-clash",
        "reserved-name",
    }


def test_an_entity_that_was_written_by_hand_counts(shop: Path, nitro: Nitro) -> None:
    (shop / "shop/people").mkdir()
    (shop / "shop/people/entity.py").write_text(
        "import nitro\n\nclass Person(nitro.Entity):\n    name: str\n"
    )
    code, _, err = nitro("generate", "entity", "Person", "name:str")
    assert (code, "There is an entity Person already" in err) == (2, True)
    assert nitro("generate", "entity", "Pet", "name:str", "owner:ref.Person")[0] == 0


def test_a_registry_that_cannot_be_edited_is_answered_with_the_line_to_add(
    shop: Path, nitro: Nitro
) -> None:
    (shop / "shop/registry.py").write_text("RESOURCES = load()\n")
    code, out, _ = nitro("generate", "entity", "Product", "name:str")
    assert code == 0
    assert 'Add to the list RESOURCES:\n    Resource("Products", None, "shop.products"),' in out
    _, out, _ = nitro("generate", "entity", "Product", "name:str")
    assert "could not be edited" in out
    assert "Everything is there" not in out


def test_outside_of_a_project_nothing_is_generated(nitro: Nitro, tmp_path: Path) -> None:
    code, _, err = nitro("generate", "entity", "Product", "name:str")
    assert (code, "nitro new myapp --framework fastapi" in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_the_diff_and_writes_no_byte(shop: Path, nitro: Nitro) -> None:
    before = tree_hash(shop)
    code, out, _ = nitro("generate", "scaffold", "Product", "name:str", "--dry-run")
    assert code == 0
    assert "--- /dev/null\n+++ b/shop/products/entity.py\n" in out
    assert '+    Resource("Products", "/products", "shop.products"),' in out
    assert "\x1b[" not in out
    assert tree_hash(shop) == before


def test_json_is_for_tools(shop: Path, nitro: Nitro) -> None:
    code, out, _ = nitro("generate", "entity", "Product", "name:str", "--json", "--dry-run")
    dry = json.loads(out)
    assert (code, dry["status"]) == (0, "dry-run")
    assert all(file["diff"] for file in dry["files"])
    _, out, _ = nitro("generate", "entity", "Product", "name:str", "--json")
    done = json.loads(out)
    assert done["files"][0] == {"path": "shop/products/__init__.py", "action": "create"}
    code, out, err = nitro("generate", "entity", "Box", "name:strng", "--json")
    (problem,) = json.loads(out)["problems"]
    assert (code, err) == (2, "")
    assert problem["code"] == "unknown-type"
    assert problem["text"][problem["start"] :][: problem["length"]] == "strng"


def test_what_the_user_changed_and_we_did_not_stays_as_it_is(shop: Path, nitro: Nitro) -> None:
    nitro("generate", "entity", "Product", "name:str")
    entity = shop / "shop/products/entity.py"
    entity.write_text(entity.read_text() + "\n# mine\n")
    code, out, err = nitro("generate", "scaffold", "Product")
    assert code == 0, err
    assert "kept      shop/products/entity.py" in out
    assert entity.read_text().endswith("\n# mine\n")
    assert (shop / "shop/products/routes.py").exists()


def test_conflicts_exit_with_3_and_write_no_byte(shop: Path, nitro: Nitro) -> None:
    (shop / "shop/products").mkdir()
    (shop / "tests/test_products.py").write_text("# mine\n")
    (shop / "shop/products").rmdir()
    before = tree_hash(shop)
    words = ("generate", "entity", "Product", "name:str")
    code, _, err = nitro(*words)
    assert code == 3
    assert "tests/test_products.py" in err
    assert "--force" in err
    assert tree_hash(shop) == before
    code, out, _ = nitro(*words, "--json")
    assert (code, json.loads(out)["exit_code"]) == (3, 3)
    assert nitro(*words, "--skip")[0] == 0
    assert (shop / "tests/test_products.py").read_text() == "# mine\n"
    assert nitro(*words, "--force")[0] == 0
    assert (shop / "tests/test_products.py").read_text() != "# mine\n"


def test_a_link_out_of_the_project_is_refused(shop: Path, nitro: Nitro, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shop / "tests/test_products.py").symlink_to(tmp_path / "elsewhere/stolen.py")
    code, _, err = nitro("generate", "entity", "Product", "name:str")
    assert (code, "leads out of the project" in err) == (2, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_failure_while_writing_exits_with_1_and_undoes_all(
    shop: Path, nitro: Nitro, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nitro_cli.plan import writer

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = tree_hash(shop)
    monkeypatch.setattr(writer, "_move", full)
    code, out, err = nitro("generate", "scaffold", "Product", "name:str")
    assert (code, out) == (1, "")
    assert "No space left on device" in err
    assert tree_hash(shop) == before


def test_templates_of_the_project_come_first(shop: Path, nitro: Nitro) -> None:
    own = shop / ".nitro/templates/shared/resource"
    own.mkdir(parents=True)
    (own / "handlers.py.jinja").write_text('"""Ours: {{ entity.class_name }}."""\n')
    assert nitro("generate", "scaffold", "Product", "name:str")[0] == 0
    assert (shop / "shop/products/handlers.py").read_text() == '"""Ours: Product."""\n'


def test_the_projects_own_formatting_rules_are_used(shop: Path, nitro: Nitro) -> None:
    settings = shop / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace(
            "[tool.ruff]\nline-length = 100",
            '[tool.ruff]\nline-length = 60\nformat.quote-style = "single"',
        )
    )
    assert (
        nitro("generate", "scaffold", "Product", "a_rather_long_name:str.80:search:unique")[0] == 0
    )
    made = [*(shop / "shop/products").glob("*.py"), shop / "tests/test_products.py"]
    checked = subprocess.run(
        [*RUFF, "format", "--check", "--no-cache", *map(str, made)],
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert "from 'nitro'" not in (shop / "shop/products/entity.py").read_text()


@pytest.mark.parametrize(
    "names",
    [
        ("B", "c:bool"),
        ("Zebra", "amount:int"),
        ("ExtraordinarilyLongNameOfSomethingOrOther", "field_with_a_very_long_name:str.200:search"),
        ("Ox", "kind:enum.big-one.small:opt", "box:ref.Ox:opt", "weight:float:min.0.5"),
    ],
)
def test_whatever_the_names_the_source_is_sorted_and_formatted(
    shop: Path, nitro: Nitro, names: tuple[str, ...]
) -> None:
    assert nitro("generate", "scaffold", *names)[0] == 0
    for words in (["format", "--check"], ["check"]):
        command = [*RUFF, *words, "--no-cache", "."]
        done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_no_template_syntax_is_left_in_what_is_made(shop: Path, nitro: Nitro) -> None:
    nitro("generate", "scaffold", "Product", "name:str", "status:enum.a.b=a", "note:text:opt")
    for name in files(shop):
        if not name.endswith((".mako", ".css")):
            assert not re.search(r"\{\{|\{%|\{#", (shop / name).read_text()), name
