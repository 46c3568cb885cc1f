"""No variable that is called after an entity hides what the generated function needs."""

from __future__ import annotations

import builtins
import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Nitro

from nitro_cli.frameworks import known_frameworks
from nitro_cli.grammar.reserved import IMPORTED_CLASSES, USED_FUNCTIONS

KINDS = "due:date at:datetime from_day:time price:decimal.6.2 kind:enum.a.b tags:list.str doc:file"
FIELDS = f"name:str.80 {KINDS} photo:image code:uuid parent:ref.Thing:opt others:many.Thing"
GENERATORS = (
    f"scaffold Thing {FIELDS}",
    "card Thing",
    "seed Thing",
    "command thing.finish note:str",
    "handler thing.updated look",
    "handler thing.lost find_it",
)
OWN = {"Thing", "ThingForm", "ThingTable", "ThingCard", "ThingKind", "FILES", "look", "find_it"}
MODULE_LEVEL = {"rows", "finish", "sample_png"}
"""Functions that no function with a variable called after an entity uses."""


@pytest.mark.parametrize("framework", known_frameworks())
def test_all_that_generated_functions_need_is_kept_from_the_names_of_entities(
    framework: str, nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nitro("new", "shop", "--framework", framework)[0] == 0
    monkeypatch.chdir(tmp_path / "shop")
    for words in GENERATORS:
        assert nitro("generate", *words.split())[0] == 0
    sources = [*Path("shop/things").glob("*.py"), *Path("tests").glob("test_thing*.py")]
    needed = {name for path in sources for name in needed_names(path)} - OWN
    kept = USED_FUNCTIONS | IMPORTED_CLASSES | MODULE_LEVEL | set(dir(builtins))
    assert needed - kept == set()


def needed_names(path: Path) -> Iterator[str]:
    """The names that functions of a module take from outside."""
    module = symtable.symtable(path.read_text(), str(path), "exec")
    for scope in module.get_children():
        if isinstance(scope, symtable.Function):
            yield from scope.get_globals()


@pytest.mark.parametrize("name", ["Log", "Reply", "Redirect", "Layout", "Create", "Make"])
def test_an_entity_called_like_such_a_function_has_another_variable(
    name: str, nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nitro("new", "shop", "--framework", "fastapi")[0] == 0
    monkeypatch.chdir(tmp_path / "shop")
    assert nitro("generate", "scaffold", name, "title:str")[0] == 0
    source = next(Path("shop").glob("*/routes.py")).read_text()
    variable = f"{name.lower()}_record"
    assert f"{variable} = await {name}.aget(id)" in source
    assert f'notice=f"{{{variable}.title}} saved"' in source
    assert f" {name.lower()} = " not in source


def test_an_entity_called_like_a_frameworks_class_is_refused(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nitro("new", "shop", "--framework", "flask")[0] == 0
    monkeypatch.chdir(tmp_path / "shop")
    code, _, err = nitro("generate", "scaffold", "Blueprint", "title:str")
    assert code == 2
    assert "choose another name, such as 'BlueprintRecord'" in err


def test_pages_of_an_entity_without_a_text_say_what_it_is_not_its_id(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nitro("new", "shop", "--framework", "flask")[0] == 0
    monkeypatch.chdir(tmp_path / "shop")
    assert nitro("generate", "scaffold", "OrderItem", "quantity:int")[0] == 0
    source = Path("shop/order_items/routes.py").read_text()
    for said in ('title="Order item"', 'title="Edit order item"', 'notice="Order item created"'):
        assert said in source
    assert "{order_item.id} " not in source
