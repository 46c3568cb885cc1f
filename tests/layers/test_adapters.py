"""What holds for every adapter: it is small, offers the same names, and alone names its framework."""

from __future__ import annotations

import io
import re
import tokenize
import tomllib
from collections import defaultdict
from importlib import import_module
from pathlib import Path

import pytest

from nitro_runtime.adapters import ADAPTERS
from nitro_runtime.adapters.protocol import NAMES, Adapter
from nitro_runtime.adapters.versions import FRAMEWORKS

SOURCE = Path(__file__).parents[2] / "src"
FOLDER = SOURCE / "nitro_runtime" / "adapters"
SHARED = {"__init__", "protocol", "versions"}
"""The modules of the folder that belong to no framework."""

MOST_LINES = 200


def lines_by_framework(folder: Path) -> dict[str, int]:
    """Counts an adapter's lines, its private modules (``_flask_x.py``) and packages included."""
    lines: dict[str, int] = defaultdict(int)
    for file in folder.rglob("*.py"):
        first = file.relative_to(folder).parts[0].removesuffix(".py")
        if first not in SHARED:
            framework = first.lstrip("_").partition("_")[0]
            lines[framework] += len(file.read_bytes().splitlines())
    return lines


def test_every_module_belongs_to_a_framework_or_to_all() -> None:
    assert set(lines_by_framework(FOLDER)) <= set(FRAMEWORKS)


def test_no_adapter_is_longer_than_two_hundred_lines() -> None:
    lines = lines_by_framework(FOLDER)
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_lines_of_private_modules_and_packages_count(tmp_path: Path) -> None:
    (tmp_path / "flask.py").write_text("a\nb\n")
    (tmp_path / "_flask.py").write_text("a\n")
    (tmp_path / "_flask_requests.py").write_text("a\n")
    (tmp_path / "versions.py").write_text("a\n")
    (tmp_path / "sanic").mkdir()
    (tmp_path / "sanic" / "requests.py").write_text("a\nb\nc\n")
    assert lines_by_framework(tmp_path) == {"flask": 4, "sanic": 3}


@pytest.mark.parametrize("module", sorted(ADAPTERS.values()))
def test_every_adapter_offers_the_same_names(module: str) -> None:
    adapter = import_module(module)
    assert [name for name in NAMES if not hasattr(adapter, name)] == []


def test_the_names_are_those_of_the_protocol() -> None:
    assert set(NAMES) == {name for name in vars(Adapter) if not name.startswith("_")}


def test_every_framework_has_an_adapter_and_an_extra_for_the_same_version() -> None:
    assert {module.rpartition(".")[2] for module in ADAPTERS.values()} == set(FRAMEWORKS)
    project = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())["project"]
    for name, row in FRAMEWORKS.items():
        assert f"{row.distribution}>={row.minimum}" in project["optional-dependencies"][name]


def names_in_code(file: Path) -> set[str]:
    """The frameworks that a file names in code: in names and strings, not in docstrings or comments."""
    found: set[str] = set()
    statement_starts = True
    for token in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
        if token.type == tokenize.STRING and statement_starts:  # a docstring
            continue
        if token.type in {tokenize.NAME, tokenize.STRING}:
            found |= set(re.findall("|".join(FRAMEWORKS), token.string.lower()))
        if token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}:
            statement_starts = True
        elif token.type not in {tokenize.NL, tokenize.COMMENT}:
            statement_starts = False
    return found


def test_only_adapters_name_a_framework_in_their_code() -> None:
    by_name = SOURCE / "nitro" / "urls.py"  # Django includes it by that name
    named = {
        str(file.relative_to(SOURCE)): names
        for folder in ("nitro_runtime", "nitro")
        for file in (SOURCE / folder).rglob("*.py")
        if not file.is_relative_to(FOLDER) and file != by_name and (names := names_in_code(file))
    }
    assert named == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('"""For FastAPI."""\n# and Flask\nx = 1\n', set()),
        ('def f():\n    """On Sanic."""\n', set()),
        ('x = "fastapi"\n', {"fastapi"}),
        ("is_django = True\n", {"django"}),
        ('f(\n    "a flask"\n)\n', {"flask"}),
    ],
)
def test_a_framework_named_in_code_is_noticed(source: str, names: set[str], tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text(source)
    assert names_in_code(file) == names
