"""The reference says what the program is: its generated parts are fresh, and nothing is left out."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import nitro
import nitro_runtime.errors
from nitro_cli.generators.table import GENERATORS
from nitro_cli.grammar.specfile import read_spec_file
from nitro_cli.main import COMMANDS, build
from nitro_runtime.errors import NitroError

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(REFERENCE.glob("*.md"))
ERRORS = (REFERENCE / "errors.md").read_text()
PROBLEM_MAKERS = {"Problem", "problem", "_problem", "_at", "wrong"}


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", REFERENCE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = load_generator()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_what_the_program_says_today(page: Path) -> None:
    text = page.read_text()
    assert generator.refresh(text) == text, "refresh it: python docs/reference/generate.py"


def test_a_part_that_is_old_is_made_anew() -> None:
    old = "# T\n\n<!-- names: nitro.Entity: find -->\n\nold\n\n<!-- end -->\n\nby hand\n"
    row = "| `find(id)` | Reads the entity with this key, or returns None. |"
    table = f"| name | what |\n| --- | --- |\n{row}"
    assert generator.refresh(old) == old.replace("\nold\n", f"\n{table}\n")


def test_a_name_that_does_not_exist_is_an_error_not_an_empty_row() -> None:
    with pytest.raises(AttributeError, match="findd"):
        generator.refresh("<!-- names: nitro.Entity: findd -->\n<!-- end -->")


@pytest.mark.parametrize("name", nitro.__all__)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    texts = [page.read_text() for page in PAGES]
    stands = re.compile(rf"`(?:nitro\.)?{re.escape(name)}(?:\(.*?\))?`|^#+ {name}$", re.MULTILINE)
    assert any(stands.search(text) for text in texts)


@pytest.mark.parametrize("home", ["nitro.Entity", "nitro.QuerySet", "nitro.Form", "nitro.Card"])
def test_every_verb_of_a_class_is_in_the_reference(home: str) -> None:
    owner = generator.find(home)
    text = "\n".join(page.read_text() for page in PAGES)
    plumbing = {"load", "load_for", "all"}
    verbs = {
        name
        for name, value in vars(owner).items()
        if not name.startswith("_")
        and (isinstance(value, classmethod | property) or inspect.isfunction(value))
    }
    twins = {name for name in verbs if name[0] == "a" and name[1:] in verbs}
    for name in verbs - twins - plumbing - {"entity", "query", "holding"}:
        assert re.search(rf"`{name}[`(]", text), f"{home}.{name}"


def error_classes() -> Iterator[type[NitroError]]:
    for value in vars(nitro_runtime.errors).values():
        if isinstance(value, type) and issubclass(value, NitroError):
            yield value


def command_errors() -> Iterator[str]:
    for path in (ROOT / "src" / "nitro_cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            bases = {ast.unparse(base) for base in getattr(node, "bases", [])}
            if isinstance(node, ast.ClassDef) and bases & {"NitroError", "UsageError"}:
                yield node.name


def problem_codes() -> Iterator[str]:
    for path in (ROOT / "src" / "nitro_cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            called = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            if called in PROBLEM_MAKERS and isinstance(first, ast.Constant):
                yield str(first.value)


@pytest.mark.parametrize(
    "name", [*(kind.__name__ for kind in error_classes()), *sorted(set(command_errors()))]
)
def test_every_error_has_an_entry_that_says_what_to_do(name: str) -> None:
    _, _, entry = ERRORS.partition(f"\n### {name}\n")
    assert len(entry.partition("\n#")[0].split()) >= 5


@pytest.mark.parametrize("kind", [*error_classes()], ids=lambda kind: kind.__name__)
def test_the_entry_of_an_error_names_the_status_that_a_visitor_gets(kind: type[NitroError]) -> None:
    if kind.status != 500 and kind.__name__ != "UsageError":
        _, _, entry = ERRORS.partition(f"\n### {kind.__name__}\n")
        assert entry.strip().startswith(f"Status {kind.status}.")


def test_the_entries_are_of_errors_that_exist() -> None:
    known = {kind.__name__ for kind in error_classes()} | set(command_errors())
    assert set(re.findall(r"^### (\w+)$", ERRORS, re.MULTILINE)) == known


def test_the_codes_are_those_that_the_command_has() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \|", ERRORS, re.MULTILINE)) == set(problem_codes())


def test_every_command_is_in_the_reference() -> None:
    text = (REFERENCE / "cli.md").read_text()
    for entry in COMMANDS:
        program = build([entry.name])
        groups = [group.typer_instance for group in program.registered_groups]
        inner = [command for group in groups if group for command in group.registered_commands]
        names = [
            f"{entry.name} {each.name or each.callback.__name__}" for each in inner if each.callback
        ]
        if entry.name == "generate":
            names += [f"generate {row.name}" for row in GENERATORS]
        for name in [entry.name, *names]:
            assert f"<!-- help: {name} -->" in text


def test_the_file_of_entities_on_the_page_is_one(tmp_path: Path) -> None:
    page = (REFERENCE / "cli.md").read_text()
    [block] = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "spec.yaml").write_text(block)
    entities = read_spec_file(tmp_path / "spec.yaml", known=())
    assert [entity.name for entity in entities] == ["Category", "Tag", "Product"]
