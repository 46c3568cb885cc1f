"""Each generator alone: what it writes, that it is done once, and that it knows what people changed."""

from __future__ import annotations

import ast
import json
import os
import pty
import select
import shlex
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from command import Nitro
from trees import tree_hash
from waiting import until

from nitro_cli.asking import Terminal, ask
from nitro_cli.generators.table import GENERATORS, find_generator, generators
from nitro_cli.plan.resolve import Change, Policy

PRODUCT = ("entity", "Product", "name:str.80", "price:decimal.10.2:min.0")
THERE = (0, "Everything is there already.\n", "")


@pytest.fixture
def shop(nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    code, _, err = nitro("new", "shop", "--framework", "fastapi")
    assert code == 0, err
    monkeypatch.chdir(tmp_path / "shop")
    yield tmp_path / "shop"


def files(root: Path) -> set[str]:
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".nitro/")}


def once(nitro: Nitro, shop: Path, *words: str) -> set[str]:
    """Runs a generator twice; returns the files that it made."""
    before = files(shop)
    code, out, err = nitro("generate", *words)
    assert code == 0, err
    assert "Everything is there" not in out
    after = tree_hash(shop)
    assert nitro("generate", *words) == THERE
    assert tree_hash(shop) == after
    return files(shop) - before


def text(shop: Path, path: str) -> str:
    return (shop / path).read_text()


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["form", "Product"], {"shop/products/views.py", "tests/test_product_views.py"}),
        (["table", "product"], {"shop/products/views.py", "tests/test_product_views.py"}),
        (["card", "Product"], {"shop/products/views.py", "tests/test_product_views.py"}),
        (["routes", "Product"], {"shop/products/views.py", "shop/products/routes.py"}),
        (
            ["handler", "product.created", "notify_stock"],
            {"shop/products/handlers.py", "tests/test_product_handlers.py"},
        ),
        (["handler", "order.placed", "thank"], {"shop/handlers.py", "tests/test_handlers.py"}),
        (
            ["command", "product.restock", "quantity:int"],
            {"shop/products/commands.py", "tests/test_product_commands.py"},
        ),
        (["command", "search.rebuild"], {"shop/commands.py", "tests/test_commands.py"}),
        (
            ["page", "about"],
            {"shop/pages/__init__.py", "shop/pages/about.py", "tests/test_page_about.py"},
        ),
        (["seed", "Product"], {"shop/products/seeds.py", "tests/test_product_seeds.py"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_generator_writes_its_files_and_the_second_time_no_byte(
    shop: Path, nitro: Nitro, words: list[str], made: set[str]
) -> None:
    assert nitro("generate", *PRODUCT)[0] == 0
    assert once(nitro, shop, *words) == made


def test_a_class_as_nitro_wrote_it_follows_the_entity_though_its_file_was_changed(
    shop: Path, nitro: Nitro
) -> None:
    assert nitro("generate", "scaffold", "Product", "name:str", "on:date")[0] == 0
    views, entity = shop / "shop/products/views.py", shop / "shop/products/entity.py"
    source = views.read_text().replace("    search = (", "    per_page = 7\n    search = (")
    views.write_text(source + "\n\nMINE = 1\n")
    entity.write_text(entity.read_text().replace("    on: date\n", "    stock: int\n"))
    assert nitro("generate", "form", "Product")[0] == 0
    assert nitro("generate", "table", "Product") == THERE
    changed = views.read_text()
    assert '    stock = NumberField(step="1")\n' in changed
    assert "DateField" not in changed
    assert "    on = Column(sort=True)\n" in changed
    assert "    per_page = 7\n" in changed
    assert changed.endswith("\n\nMINE = 1\n")
    assert nitro("generate", "form", "Product") == THERE
    assert nitro("generate", "table", "Product", "--force")[0] == 0
    assert "    stock = Column(" in views.read_text()


def test_each_resource_page_and_handler_module_is_one_line_of_the_registry(
    shop: Path, nitro: Nitro
) -> None:
    for words in (
        PRODUCT,
        ("handler", "product.created", "tell"),
        ("routes", "Product"),
        ("handler", "order.placed", "thank"),
        ("command", "ping"),
        ("page", "terms-of-use"),
        ("seed", "Product"),
    ):
        assert nitro("generate", *words)[0] == 0, words
    lines = [line.strip() for line in text(shop, "shop/registry.py").splitlines()]
    assert [line for line in lines if line.startswith("Resource(")] == [
        'Resource("Products", "/products", "shop.products"),',
        'Resource("Handlers", None, "shop.handlers"),',
        'Resource("Commands", None, "shop.commands"),',
        'Resource("Terms of use", "/terms-of-use", "shop.pages.terms_of_use"),',
    ]


def test_a_scaffold_and_its_parts_one_by_one_are_the_same_source(
    shop: Path, nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nitro("generate", "scaffold", *PRODUCT[1:])[0] == 0
    whole = {n: text(shop, n) for n in files(shop) if n.startswith("shop/products/")}
    registry = text(shop, "shop/registry.py")
    (tmp_path / "parts").mkdir()
    monkeypatch.chdir(tmp_path / "parts")
    nitro("new", "shop", "--framework", "fastapi")
    monkeypatch.chdir(tmp_path / "parts" / "shop")
    parts = tmp_path / "parts" / "shop"
    for words in (
        PRODUCT,
        ("table", "Product"),
        ("form", "Product"),
        ("handler", "product.created", "log_created"),
        ("routes", "Product"),
    ):
        assert nitro("generate", *words)[0] == 0, words
    for name, source in whole.items():
        if name != "shop/products/views.py":
            assert text(parts, name) == source, name
    assert text(parts, "shop/registry.py") == registry
    in_order = ast.parse(whole["shop/products/views.py"]).body[1:]
    other = {ast.unparse(node) for node in ast.parse(text(parts, "shop/products/views.py")).body}
    assert {ast.unparse(node) for node in in_order} <= other
    assert nitro("generate", "scaffold", "Product") == THERE


def test_several_commands_and_handlers_share_their_module(shop: Path, nitro: Nitro) -> None:
    nitro("generate", *PRODUCT)
    once(nitro, shop, "command", "product.restock", "quantity:int:min.1")
    once(nitro, shop, "command", "product.reprice", "price:decimal.10.2:min.0")
    once(nitro, shop, "command", "product.delete")
    once(nitro, shop, "handler", "product.created", "one")
    once(nitro, shop, "handler", "product.sold_out", "two")
    commands = text(shop, "shop/products/commands.py")
    assert commands.count("allow=anyone)\n") == 3
    assert commands.count("# This app has no users yet, so anyone may.") == 3
    assert "    quantity: int = Field(ge=1)\n" in commands
    assert "await product.aupdate(price=data.price)" in commands
    assert commands.count("from nitro import") == 1
    handlers = text(shop, "shop/products/handlers.py")
    assert '@on("product.created", sender=Product)\ndef one(product: Product) -> None:' in handlers
    assert '@on("product.sold_out")\ndef two(sender: object) -> None:' in handlers


# -- the class is the truth -------------------------------------------------------------------------

BY_HAND = '''from enum import Enum

from nitro import Entity


class Mood(str, Enum):
    HAPPY = "happy"
    GRUMPY = "grumpy"


class Person(Entity):
    """Somebody."""

    name: str
    mood: Mood = Mood.HAPPY
    secret_thing: complex | None = None

    def greet(self) -> str:
        return f"Hello from {self.name}"
'''


def by_hand(shop: Path) -> None:
    (shop / "shop/people").mkdir()
    (shop / "shop/people/__init__.py").touch()
    (shop / "shop/people/entity.py").write_text(BY_HAND)


@pytest.mark.parametrize("generator", ["form", "table", "card", "routes", "seed", "scaffold"])
def test_an_entity_that_was_written_by_hand_gets_the_rest(
    shop: Path, nitro: Nitro, generator: str
) -> None:
    by_hand(shop)
    once(nitro, shop, generator, "Person")
    assert text(shop, "shop/people/entity.py") == BY_HAND
    assert not list((shop / "migrations/versions").glob("*.py"))
    if generator in {"form", "routes", "scaffold"}:
        views = text(shop, "shop/people/views.py")
        assert "    mood = SelectField(Mood)\n" in views
        assert "from shop.people.entity import Mood, Person\n" in views
    if generator in {"routes", "scaffold"}:
        assert '"/people", "shop.people"' in text(shop, "shop/registry.py")


def test_a_field_added_by_hand_counts_and_what_cannot_be_said_is_told(
    shop: Path, nitro: Nitro
) -> None:
    nitro("generate", *PRODUCT)
    entity = shop / "shop/products/entity.py"
    entity.write_text(entity.read_text() + "    stock: int = 0\n    where: complex | None = None\n")
    code, out, _ = nitro("generate", "form", "Product")
    assert code == 0
    assert "add by hand what was left out, its types being your own: where: complex" in out
    form = text(shop, "shop/products/views.py")
    assert (
        '    price = NumberField(min=0, step="0.01")\n    stock = NumberField(step="1")\n' in form
    )
    entity.write_text(entity.read_text() + "    there: complex\n")
    before = tree_hash(shop)
    code, _, err = nitro("generate", "routes", "Product")
    assert (code, "no form can be written for the required there: complex" in err) == (2, True)
    assert tree_hash(shop) == before


def test_a_view_that_people_wrote_is_never_written_twice(shop: Path, nitro: Nitro) -> None:
    nitro("generate", *PRODUCT)
    views = shop / "shop/products/views.py"
    views.write_text(
        "from nitro import Form\n\nfrom shop.products.entity import Product\n\n\n"
        "class ProductForm(Form[Product]):\n    entity = Product  # mine\n"
    )
    assert nitro("generate", "form", "Product")[0] == 0
    assert nitro("generate", "table", "Product")[0] == 0
    source = views.read_text()
    assert source.count("class ProductForm") == source.count("class ProductTable") == 1
    assert "entity = Product  # mine\n" in source
    assert "from nitro import Column, Form, Table\n" in source


@pytest.mark.parametrize(
    ("prepare", "words", "says"),
    [
        ("", ("form", "Produkt"), "There is no entity Produkt. Did you mean 'Product'?"),
        ("", ("form", ""), "name of an entity is empty"),
        ("", ("table", "../x"), "is not a name"),
        ("", ("handler", "product.created"), "Missing argument 'FUNCTION'"),
        ("", ("handler", "Product.Created", "x"), "An event is small letters"),
        ("", ("handler", "product.created", "class"), "is a word of Python"),
        ("", ("handler", "product.created", "x y"), "is not a name for a function"),
        ("", ("handler", "product.created", "x", "y"), "unexpected extra argument"),
        ("", ("command", "product..restock"), "A command is called by small letters"),
        ("", ("command", "product." + "x" * 60), "at most 64"),
        ("", ("command", "product.move", "to:ref.Product"), "belongs to an entity"),
        ("", ("command", "product.move", "to:str:unique"), "is not stored"),
        ("", ("command", "product.move", "to:strng"), "Did you mean 'string'?"),
        ("", ("page", "class"), "is a word of Python"),
        ("", ("page", "../about"), "is not a name for a page"),
        ("", ("page", "layout"), "choose another name: layout_page"),
        ("", ("page", "events"), "/events is where Nitro's own routes are"),
        ("", ("page", "products"), "The address /products belongs to shop.products"),
        ("shop/products/entity.py", ("form", "Product"), "shop/products/entity.py, line 1 is not"),
        ("shop/products/entity.py", ("scaffold", "Product"), "entity.py, line 1 is not Python"),
        ("shop/products/entity.py", ("scaffold", "X", "p:ref.Product"), "line 1 is not Python"),
        ("shop/products/views.py", ("form", "Product"), "shop/products/views.py, line 1 is not"),
        ("latin:shop/registry.py", ("page", "about"), "shop/registry.py is not UTF-8 text; save"),
        ("latin:shop/registry.py", ("scaffold", "X", "a"), "shop/registry.py is not UTF-8 text"),
        ("shop/registry.py", ("page", "about"), "shop/registry.py, line 1 is not Python"),
        ("shop/handlers.py", ("handler", "a.b", "c"), "shop/handlers.py, line 1 is not Python"),
    ],
)
def test_what_is_wrong_is_named_and_no_byte_is_written(
    shop: Path, nitro: Nitro, prepare: str, words: tuple[str, ...], says: str
) -> None:
    assert nitro("generate", *PRODUCT)[0] == 0
    if prepare:
        content = b"# \xe9\n" if prepare.startswith("latin:") else b"def (\n"
        (shop / prepare.removeprefix("latin:")).write_bytes(content)
    before = tree_hash(shop)
    code, out, err = nitro("generate", *words)
    assert (code, out) == (2, "")
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert tree_hash(shop) == before


def test_a_function_that_is_there_for_something_else_is_not_taken_for_it(
    shop: Path, nitro: Nitro
) -> None:
    nitro("generate", *PRODUCT)
    nitro("generate", "handler", "product.created", "tell")
    code, _, err = nitro("generate", "handler", "product.deleted", "tell")
    assert code == 2
    assert "there is a tell already, and it is not for 'product.deleted'" in err
    code, _, err = nitro("generate", "command", "product.tell")
    assert code == 0, err  # another module


HOSTILE = [
    "{{ 7*7 }}",
    "{% raw %}",
    "'''\"\"\"",
    "\\",
    '"); import os #',
    "{x!r}",
    "${HOME}",
    "\N{SNOWMAN}</script>",
    "%s %(x)s",
]


@pytest.mark.parametrize("default", HOSTILE)
def test_a_hostile_default_is_a_literal_and_nothing_else(
    shop: Path, nitro: Nitro, default: str
) -> None:
    code, _, err = nitro("generate", "scaffold", "Product", f"name:str={default}")
    assert code == 0, err
    assert nitro("generate", "seed", "Product")[0] == 0
    (product,) = (
        node
        for node in ast.parse(text(shop, "shop/products/entity.py")).body
        if isinstance(node, ast.ClassDef)
    )
    field = product.body[0]
    assert isinstance(field, ast.AnnAssign)
    assert isinstance(field.value, ast.Constant)
    assert field.value.value == default
    code, _, err = nitro("generate", "command", "product.rename", f"to:str={default}")
    assert code == 0, err
    assert default in {
        node.value
        for node in ast.walk(ast.parse(text(shop, "shop/products/commands.py")))
        if isinstance(node, ast.Constant)
    }


@pytest.mark.parametrize("default", ["a\nb", "a\rb", "a\x00b", "\x1b[31m", "a\u2028b"])
def test_a_default_of_several_lines_is_refused(shop: Path, nitro: Nitro, default: str) -> None:
    before = tree_hash(shop)
    code, _, err = nitro("generate", "entity", "Product", f"name:str={default}")
    assert (code, "cannot be its default" in err) == (2, True)
    assert tree_hash(shop) == before


# -- files of the user's --------------------------------------------------------------------------


def test_windows_line_ends_and_a_byte_order_mark_are_kept(shop: Path, nitro: Nitro) -> None:
    nitro("generate", *PRODUCT)
    nitro("generate", "form", "Product")
    touched = ("shop/registry.py", "shop/products/views.py", "shop/products/entity.py")
    for path in touched:
        data = (shop / path).read_bytes().replace(b"\n", b"\r\n")
        (shop / path).write_bytes(b"\xef\xbb\xbf" + data)
    code, _, err = nitro("generate", "scaffold", "Product")
    assert code == 0, err
    for path in touched:
        data = (shop / path).read_bytes()
        assert data.startswith(b"\xef\xbb\xbf"), path
        assert b"\n" not in data.replace(b"\r\n", b""), path
        assert data.count(b"\xef\xbb\xbf") == 1, path
        (shop / path).write_bytes(data[3:])  # ruff would take the mark out
    assert "class ProductTable" in text(shop, "shop/products/views.py")
    assert nitro("generate", "scaffold", "Product") == THERE
    command = [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", "shop"]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_project_of_tabs_and_single_quotes_gets_them(shop: Path, nitro: Nitro) -> None:
    settings = shop / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace(
            "[tool.ruff]\nline-length = 100",
            '[tool.ruff]\nline-length = 70\nformat.quote-style = "single"\n'
            'format.indent-style = "tab"',
        )
    )
    for words in (PRODUCT, ("form", "Product"), ("card", "Product"), ("command", "product.go")):
        assert nitro("generate", *words)[0] == 0
    made = [*(shop / "shop/products").glob("*.py"), *(shop / "tests").glob("test_*.py")]
    command = [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", *map(str, made)]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "\n\tentity = Product\n" in text(shop, "shop/products/views.py")
    assert "@command('product.go', input=Go, allow=anyone)" in text(
        shop, "shop/products/commands.py"
    )


def test_what_the_user_changed_is_kept_and_a_new_part_is_added(shop: Path, nitro: Nitro) -> None:
    nitro("generate", "scaffold", "Product", "name:str")
    views = shop / "shop/products/views.py"
    views.write_text(views.read_text().replace("reactive = True", "reactive = False  # mine"))
    once(nitro, shop, "card", "Product")
    assert "reactive = False  # mine" in views.read_text()
    assert "class ProductCard(Card[Product]):" in views.read_text()
    base = text(shop, ".nitro/base/shop/products/views.py")
    assert "class ProductCard" in base
    assert "mine" not in base


def test_a_file_that_was_deleted_stays_deleted_until_forced(shop: Path, nitro: Nitro) -> None:
    nitro("generate", "scaffold", "Product", "name:str")
    (shop / "shop/products/handlers.py").unlink()
    code, out, _ = nitro("generate", "scaffold", "Product")
    assert code == 0
    assert "deleted   shop/products/handlers.py" in out
    assert "Everything is there" not in out
    assert not (shop / "shop/products/handlers.py").exists()
    assert nitro("generate", "scaffold", "Product", "--force")[0] == 0
    assert (shop / "shop/products/handlers.py").exists()


# -- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", GENERATORS, ids=lambda row: row.name)
def test_help_shows_an_example_that_works_and_fits(
    row: object, shop: Path, nitro: Nitro, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = find_generator(getattr(row, "name", ""))
    assert found is not None
    code, out, _ = nitro("generate", found.name, "--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    example = out.partition("For example:\n")[2]
    assert dedent(example).strip() == found.example
    if found.name not in {"entity", "scaffold"}:
        assert nitro("generate", *PRODUCT)[0] == 0
    for command in found.example.replace("\\\n", " ").splitlines():
        words = shlex.split(command)
        assert words[:2] == ["nitro", "generate"]
        code, _, err = nitro(*words[1:])
        assert code == 0, err


def test_help_lists_every_generator_with_a_whole_line(
    nitro: Nitro, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = nitro("generate", "--help")
    assert code == 0
    for row in generators():
        assert f"\n  {row.name} " in out
        assert row.summary in out


@pytest.mark.parametrize("row", GENERATORS, ids=lambda row: row.name)
def test_the_templates_of_the_table_are_those_that_are_rendered(
    row: object, shop: Path, nitro: Nitro, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nitro_cli.rendering import Renderer

    rendered: list[str] = []
    original = Renderer.render

    def watched(self: Renderer, name: str, *values: object, **more: object) -> str:
        rendered.append(name)
        return original(self, name, *values, **more)  # pyright: ignore[reportArgumentType]

    found = find_generator(getattr(row, "name", ""))
    assert found is not None
    if found.name not in {"entity", "scaffold"}:
        nitro("generate", *PRODUCT)
    monkeypatch.setattr(Renderer, "render", watched)
    commands = [*found.example.replace("\\\n", " ").splitlines()]
    commands += {
        "handler": ["nitro generate handler order.placed thank"],
        "command": ["nitro generate command ping"],
    }.get(found.name, [])
    for command in commands:
        assert nitro(*shlex.split(command)[1:])[0] == 0
    listed = {name for name in found.templates if not name.endswith("/command.jinja")}
    if found.name == "scaffold":
        listed -= {"shared/resource/entity_test.py.jinja"}
    assert set(rendered) == {name for name in listed if not name.endswith(".html.jinja")}


@pytest.mark.parametrize("name", ["scaffold", "routes", "page"])
def test_the_templates_of_pages_are_rendered_where_pages_are_written_so(
    name: str, nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nitro("new", "shop", "--framework", "fastapi", "--views", "jinja")[0] == 0
    monkeypatch.chdir(tmp_path / "shop")
    words = {"scaffold": ("scaffold", *PRODUCT[1:]), "page": ("page", "about")}
    if name == "routes":
        nitro("generate", *PRODUCT)
    assert nitro("generate", *words.get(name, ("routes", "Product")))[0] == 0
    found = find_generator(name)
    assert found is not None
    made = {path.name for path in Path("shop/templates").glob("*/*.html")}
    expected = {
        Path(each).name.removesuffix(".jinja") for each in found.templates if ".html." in each
    }
    assert {"about.html" if each == "page.html" else each for each in expected} == made


@pytest.mark.parametrize("words", [("form", "Product"), ("handler", "a.b", "c"), ("page", "about")])
def test_every_generator_shows_its_diff_and_speaks_json(
    shop: Path, nitro: Nitro, words: tuple[str, ...]
) -> None:
    nitro("generate", *PRODUCT)
    before = tree_hash(shop)
    code, out, _ = nitro("generate", *words, "--dry-run")
    assert (code, "--- /dev/null\n+++ b/" in out) == (0, True)
    assert tree_hash(shop) == before
    code, out, _ = nitro("generate", *words, "--json")
    told = json.loads(out)
    assert (code, told["status"], told["generator"]) == (0, "done", words[0])
    assert all(set(file) <= {"path", "action", "note"} for file in told["files"])


# -- several at once ------------------------------------------------------------------------------

SHOP_YAML = """
entities:
  - name: Product
    fields: [name:str.80, category:ref.Category]
  - name: Category
    fields: [name:str.60:unique]
"""


def test_the_entities_of_a_file_are_made_in_one_step_each_after_those_it_needs(
    shop: Path, nitro: Nitro
) -> None:
    (shop / "shop.yaml").write_text(SHOP_YAML)
    before = tree_hash(shop)
    code, out, err = nitro("generate", "scaffold", "--spec", "shop.yaml", "--dry-run")
    assert (code, err) == (0, "")
    assert "+++ b/migrations/versions/0001_create_category.py" in out
    assert "+++ b/migrations/versions/0002_create_product.py" in out
    assert out.count("+++ b/shop/registry.py") == 1
    assert tree_hash(shop) == before
    code, out, err = nitro("generate", "scaffold", "--spec=shop.yaml")
    assert (code, err) == (0, "")
    assert "then open http://127.0.0.1:8000/products" in out
    assert text(shop, "shop/registry.py").count("    Resource(") == 2
    after = tree_hash(shop)
    assert nitro("generate", "scaffold", "--spec", "shop.yaml") == THERE
    assert tree_hash(shop) == after


@pytest.mark.parametrize(
    ("source", "words", "says"),
    [
        (SHOP_YAML.replace("str.60", "strng"), (), "Did you mean 'string'?"),
        (SHOP_YAML.replace("ref.Category", "ref.Nothing"), (), "Nothing"),
        (SHOP_YAML, ("Product",), "unexpected extra argument"),
        (SHOP_YAML, ("--plural", "x"), "each may have its own"),
        ("entities: [", (), "shop.yaml"),
    ],
)
def test_a_file_that_is_wrong_writes_no_byte(
    shop: Path, nitro: Nitro, source: str, words: tuple[str, ...], says: str
) -> None:
    (shop / "shop.yaml").write_text(source)
    before = tree_hash(shop)
    code, out, err = nitro("generate", "scaffold", "--spec", "shop.yaml", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert tree_hash(shop) == before


def test_a_conflict_of_one_entity_keeps_all_of_a_file_unwritten(shop: Path, nitro: Nitro) -> None:
    (shop / "shop.yaml").write_text(SHOP_YAML)
    (shop / "migrations/versions").mkdir(exist_ok=True)
    (shop / "shop/products").mkdir()
    (shop / "shop/products/routes.py").write_text("# mine\n")
    (shop / ".nitro/resources").mkdir(exist_ok=True)
    (shop / ".nitro/resources/product.json").write_text(
        '{"format": 1, "spec": {"name": "Product", "fields": ["name:str.80", "category:ref.Category"]}}'
    )
    before = tree_hash(shop)
    code, _, err = nitro("generate", "scaffold", "--spec", "shop.yaml")
    assert (code, "shop/products/routes.py" in err) == (3, True)
    assert tree_hash(shop) == before


# -- templates of the project -----------------------------------------------------------------------


def test_ejected_templates_are_the_projects_own_and_are_rendered(shop: Path, nitro: Nitro) -> None:
    code, out, _ = nitro("generate", "card", "--eject")
    assert code == 0
    assert "create    .nitro/templates/shared/resource/card.py.jinja" in out
    before = tree_hash(shop)
    assert nitro("generate", "card", "--eject") == THERE
    assert tree_hash(shop) == before
    template = shop / ".nitro/templates/shared/resource/card.py.jinja"
    changed = template.read_text().replace("    link = True\n", "    link = False  # ours\n")
    template.write_text(changed)
    nitro("generate", *PRODUCT)
    assert nitro("generate", "card", "Product")[0] == 0
    assert "link = False  # ours" in text(shop, "shop/products/views.py")
    code, out, _ = nitro("generate", "card", "--eject")
    assert (code, "kept      .nitro/templates/shared/resource/card.py.jinja" in out) == (0, True)
    assert template.read_text() == changed


def test_a_template_of_the_project_that_is_in_the_way_is_a_conflict(
    shop: Path, nitro: Nitro
) -> None:
    own = shop / ".nitro/templates/shared/page"
    own.mkdir(parents=True)
    (own / "page.py.jinja").write_text('"""Ours."""\n')
    before = tree_hash(shop)
    assert nitro("generate", "page", "--eject")[0] == 3
    assert tree_hash(shop) == before
    assert nitro("generate", "page", "--eject", "--skip")[0] == 0
    assert (own / "page.py.jinja").read_text() == '"""Ours."""\n'
    assert nitro("generate", "page", "about")[0] == 0
    assert text(shop, "shop/pages/about.py") == '"""Ours."""\n'


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ entity.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.system('touch stolen') }}",
        "{% for x in [].append.__self__.__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
        "{{ '{0.__class__.__mro__}'.format(entity) }}",
    ],
)
def test_a_hostile_template_runs_nothing(shop: Path, nitro: Nitro, template: str) -> None:
    own = shop / ".nitro/templates/shared/page"
    own.mkdir(parents=True)
    (own / "page.py.jinja").write_text(f'X = """{template}"""\n'.replace("entity", "page"))
    before = tree_hash(shop)
    code, _, err = nitro("generate", "page", "about")
    assert code == 2
    assert ".nitro/templates/shared/page/page.py.jinja" in err
    assert "Traceback" not in err
    assert tree_hash(shop) == before


@pytest.mark.parametrize(
    ("template", "says"),
    [("{{ nothing }}\n", "nothing"), ("{% if %}\n", "line 1"), ("def (:\n", "not Python")],
)
def test_a_template_of_the_project_that_is_wrong_is_named(
    shop: Path, nitro: Nitro, template: str, says: str
) -> None:
    own = shop / ".nitro/templates/shared/page"
    own.mkdir(parents=True)
    (own / "page.py.jinja").write_text(template)
    before = tree_hash(shop)
    code, _, err = nitro("generate", "page", "about")
    assert code == 2
    assert says in err
    assert "page" in err
    assert "Traceback" not in err
    assert tree_hash(shop) == before


# -- plugins ----------------------------------------------------------------------------------------

PLUGIN = """
print("the plugin was imported")
from nitro_cli.plan.plan import Create, Plan


class Greeting:
    name = "greeting"
    summary = "Write a module that greets."
    example = "nitro generate greeting hello"

    def plan(self, project, words):
        text = f'GREETING = "{words.name} {" ".join(words.rest)}"\\n'
        return Plan("greeting", self.name, (Create(f"{project.package}/greeting.py", text),))


greeting = Greeting()
"""


def install(site: Path, source: str, entry: str = "greeting = nitro_greeting:greeting") -> None:
    (site / "nitro_greeting.py").write_text(source)
    info = site / "nitro_greeting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: nitro-greeting\nVersion: 1.0\nSummary: Greets people.\n"
    )
    (info / "entry_points.txt").write_text(f"[nitro.generators]\n{entry}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path / "site"
    sys.modules.pop("nitro_greeting", None)


def test_a_plugin_is_listed_without_its_code_and_runs_when_it_is_asked_for(
    shop: Path, nitro: Nitro, site: Path
) -> None:
    install(site, PLUGIN)
    code, out, _ = nitro("generate", "--help")
    assert (code, "\n  greeting  Greets people (nitro-greeting).\n" in out) == (0, True)
    assert "the plugin was imported" not in out
    code, out, _ = nitro("generate", "form", "--help")
    assert "the plugin was imported" not in out
    code, out, _ = nitro("generate", "greeting", "--help")
    assert code == 0
    assert "Write a module that greets." in out
    assert "nitro generate greeting hello" in out
    assert once(nitro, shop, "greeting", "hello", "world") == {"shop/greeting.py"}
    assert text(shop, "shop/greeting.py") == 'GREETING = "hello world"\n'


@pytest.mark.parametrize(
    ("source", "entry", "says"),
    [
        ("raise ImportError('no luck')", "greeting = nitro_greeting:greeting", "no luck"),
        ("greeting = object()", "greeting = nitro_greeting:greeting", "has no attribute"),
        ("", "greeting = nitro_greeting:nothing", "has no attribute 'nothing'"),
    ],
)
def test_a_plugin_that_is_none_is_named(
    shop: Path, nitro: Nitro, site: Path, source: str, entry: str, says: str
) -> None:
    install(site, source, entry)
    code, _, err = nitro("generate", "greeting", "hello")
    assert code != 0
    assert "The generator 'greeting' of nitro-greeting cannot be used" in err
    assert says in err
    assert "Traceback" not in err


def test_a_plugin_cannot_take_the_name_of_a_generator(nitro: Nitro, site: Path) -> None:
    install(site, PLUGIN, "scaffold = nitro_greeting:greeting")
    _, out, _ = nitro("generate", "--help")
    assert out.count("\n  scaffold ") == 1
    assert "Greets people" not in out


# -- the menu ---------------------------------------------------------------------------------------

ONE = Change("a.py", "conflict", "mine\n", "theirs\n")
TWO = Change("b.py", "conflict", "mine\n", "theirs\n")


@pytest.mark.parametrize(
    ("keys", "decided"),
    [
        ("ok", Policy(overwrite=frozenset({"a.py"}), keep=frozenset({"b.py"}))),
        ("\r\n", Policy(keep=frozenset({"a.py", "b.py"}))),
        ("KO", Policy(keep=frozenset({"a.py"}), overwrite=frozenset({"b.py"}))),
        ("a", Policy(force=True)),
        ("ka", Policy(force=True, keep=frozenset({"a.py"}))),
        ("oq", None),
        ("\x03", None),
        ("zd?oo", Policy(overwrite=frozenset({"a.py", "b.py"}))),
    ],
)
def test_one_key_answers_and_enter_keeps(keys: str, decided: Policy | None) -> None:
    waiting, said = list(keys), list[str]()
    at = Terminal(lambda: waiting.pop(0), said.append, colour=False)
    assert ask([ONE, TWO], Policy(), at) == decided
    assert waiting == []
    assert ("-mine\n+theirs\n" in "".join(said)) is ("d" in keys)


def test_a_terminal_that_goes_away_is_an_answer_too() -> None:
    def gone() -> str:
        raise EOFError

    assert ask([ONE], Policy(), Terminal(gone, lambda _: None)) is None


def takes_keys(descriptor: int) -> bool:
    """Whether keys are handed on one by one; those pressed before are thrown away."""
    return not termios.tcgetattr(descriptor)[3] & termios.ICANON


def in_a_terminal(shop: Path, keys: str, *words: str) -> tuple[int, str]:
    """Runs the program in a terminal of its own, pressing a key whenever it asks."""
    mine, its = pty.openpty()
    with os.fdopen(mine, "r+b", buffering=0) as screen:
        process = subprocess.Popen(
            [sys.executable, "-m", "nitro_cli", "generate", *words],
            cwd=shop, stdin=its, stdout=its, stderr=its, start_new_session=True,
        )  # fmt: skip
        os.close(its)
        said, asked = "", 0
        while select.select([screen], [], [], 30)[0]:
            try:
                data = screen.read(4096)
            except OSError:  # how Linux says that nobody is left at the other end
                break
            if not data:
                break
            said += data.decode()
            while said.count("[q]uit") > asked and asked < len(keys):
                until(lambda: takes_keys(screen.fileno()), "the terminal takes single keys")
                screen.write(keys[asked].encode())
                asked += 1
        return process.wait(30), said


@pytest.mark.parametrize(
    ("keys", "code", "entity", "tests"),
    [
        ("dok", 0, "theirs", "mine"),
        ("a", 0, "theirs", "theirs"),
        ("\r\r", 0, "mine", "mine"),
        ("oq", 3, "mine", "mine"),
        ("\x03", 3, "mine", "mine"),
    ],
)
def test_in_a_terminal_conflicts_are_asked_about(
    shop: Path, nitro: Nitro, keys: str, code: int, entity: str, tests: str
) -> None:
    assert nitro("generate", "page", "about")[0] == 0
    changed = [shop / "shop/pages/about.py", shop / "tests/test_page_about.py"]
    record = shop / ".nitro/resources/page-about.json"
    data = json.loads(record.read_text())
    data["files"] = dict.fromkeys(data["files"], "0" * 64)  # as if older templates had made them
    record.write_text(json.dumps(data))
    for path in changed:
        path.write_text("# mine\n")
    ended, said = in_a_terminal(shop, keys, "page", "about")
    assert ended == code, said
    now = ["mine" if path.read_text() == "# mine\n" else "theirs" for path in changed]
    assert now == [entity, tests]
    assert ("-# mine" in said) is ("d" in keys)


def test_with_yes_nothing_is_asked(shop: Path, nitro: Nitro) -> None:
    (shop / "tests/test_products.py").write_text("# mine\n")
    ended, said = in_a_terminal(shop, "", *PRODUCT, "--yes")
    assert ended == 3
    assert "[q]uit" not in said
