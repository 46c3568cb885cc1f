"""Which way imports point, read from the source of the whole runtime."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
RUNTIME = SOURCE / "nitro_runtime"

BASE = frozenset(
    {
        "errors",
        "addresses",
        "naming",
        "schema",
        "signing",
        "context",
        "storage",
        "source_names",
        "manifest",
        "redis_client",
        "strict_json",
    }
)
MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "addresses": BASE,
    "naming": frozenset(),
    "schema": BASE,
    "signing": BASE,
    "context": BASE,
    "storage": frozenset(),
    "source_names": frozenset(),
    "manifest": frozenset(),
    "redis_client": BASE,
    "strict_json": frozenset(),
    "entities": BASE,
    "events": BASE,
    "sse": BASE,
    "html": BASE,
    "brokers": BASE | {"sse"},
    "durable": BASE | {"entities", "events"},
    "views": BASE | {"html"},
    "web": BASE | {"brokers", "durable", "entities", "events", "sse", "html", "views"},
    "adapters": BASE | {"brokers", "durable", "entities", "events", "sse", "html", "views", "web"},
    "testing": BASE
    | {"brokers", "durable", "entities", "events", "sse", "html", "views", "web", "adapters"},
}
"""What each part of the runtime may import, beside itself."""

IN_FUNCTIONS = {("entities", "views"), ("events", "durable")}
"""What may be imported inside a function body only: views by an entity's to_card() and its sisters,
the outbox by the first durable handler."""

FRAMEWORKS = frozenset(
    {"fastapi", "starlette", "flask", "django", "sanic", "litestar", "fasthtml", "werkzeug"}
)
COMMAND_ONLY = frozenset({"typer", "click", "copier", "ruff", "nitro_cli"})


@dataclass(frozen=True)
class Import:
    """One import statement's target, and where it stands."""

    file: Path
    line: int
    target: str
    in_function: bool
    for_types: bool

    @property
    def part(self) -> str:
        """The part of the runtime in which it stands: a package or a single module."""
        return self.file.relative_to(RUNTIME).parts[0].removesuffix(".py")

    def __str__(self) -> str:
        return f"{self.file.relative_to(SOURCE)}:{self.line} imports {self.target}"


def imports_of(file: Path) -> Iterator[Import]:
    tree = ast.parse(file.read_text())
    waiting: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    while waiting:
        node, in_function, for_types = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            in_function = True
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend((child, in_function, True) for child in node.body)
            waiting.extend((child, in_function, for_types) for child in node.orelse)
            continue
        for target in _targets(node):
            line = getattr(node, "lineno", 0)
            yield Import(file, line, target, in_function, for_types)
        waiting.extend((child, in_function, for_types) for child in ast.iter_child_nodes(node))


def _targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative import"
        if node.module == "nitro_runtime":
            return [f"nitro_runtime.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return []


def runtime_imports() -> list[Import]:
    files = sorted(RUNTIME.rglob("*.py"))
    return [found for file in files for found in imports_of(file)]


def test_the_checks_see_the_code() -> None:
    found = runtime_imports()
    assert len(found) > 100
    assert {"errors", "entities", "events", "sse", "html", "views", "web"} <= {
        one.part for one in found
    }


def test_every_part_of_the_runtime_has_its_place() -> None:
    parts = {
        path.name.removesuffix(".py")
        for path in RUNTIME.iterdir()
        if path.suffix == ".py" or any(path.glob("*.py"))
    }
    assert parts - {"__init__", "__pycache__"} <= set(MAY_IMPORT)


def wrong_direction(one: Import) -> bool:
    package, _, rest = one.target.partition(".")
    if package != "nitro_runtime" or one.part == "__init__":
        return False
    target = rest.partition(".")[0]
    if target in MAY_IMPORT[one.part] | {one.part}:
        return False
    return not (one.in_function and (one.part, target) in IN_FUNCTIONS)


def test_imports_point_one_way() -> None:
    assert [str(one) for one in runtime_imports() if wrong_direction(one)] == []


def test_only_adapters_name_a_framework() -> None:
    named = [
        str(one)
        for one in runtime_imports()
        if one.target.partition(".")[0] in FRAMEWORKS and one.part != "adapters"
    ]
    assert named == []


def test_an_adapter_names_one_framework_and_no_other() -> None:
    own = {"fastapi": {"fastapi", "starlette"}, "fasthtml": {"fasthtml", "starlette"}}
    own["flask"] = {"flask", "werkzeug"}
    foreign = [
        str(one)
        for one in runtime_imports()
        if one.part == "adapters"
        and (name := one.target.partition(".")[0]) in FRAMEWORKS
        and name
        not in own.get(stem := one.file.stem.lstrip("_").partition("_")[0], {stem, "starlette"})
    ]
    assert foreign == []


def test_the_runtime_never_names_what_only_the_command_needs() -> None:
    named = [str(one) for one in runtime_imports() if one.target.partition(".")[0] in COMMAND_ONLY]
    assert named == []


def test_the_face_imports_nothing_but_the_runtime() -> None:
    found = [one for file in (SOURCE / "nitro").rglob("*.py") for one in imports_of(file)]
    eager = {
        one.target
        for one in found
        if not one.in_function and not one.for_types and not one.target.startswith("nitro")
    }
    assert eager <= {"__future__", "importlib", "typing"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b", [("a.b", False, False)]),
        ("from a import b", [("a", False, False)]),
        ("from nitro_runtime import sse", [("nitro_runtime.sse", False, False)]),
        ("def f():\n    import a", [("a", True, False)]),
        ("class C:\n    import a", [("a", False, False)]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", [("a", False, True), ("b", False, False)]),
        ("try:\n    import a\nexcept ImportError:\n    pass", [("a", False, False)]),
    ],
)  # fmt: skip
def test_imports_are_found_wherever_they_stand(
    source: str, expected: list[tuple[str, bool, bool]], tmp_path: Path
) -> None:
    file = tmp_path / "x.py"
    file.write_text(source)
    found = [(one.target, one.in_function, one.for_types) for one in imports_of(file)]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("part", "source", "wrong"),
    [
        ("events/x.py", "import nitro_runtime.sse", True),
        ("events/x.py", "from nitro_runtime import entities", True),
        ("events/x.py", "def f():\n    import nitro_runtime.sse", True),
        ("events/x.py", "from nitro_runtime.errors import NitroError", False),
        ("entities/x.py", "import nitro_runtime.views", True),
        ("entities/x.py", "def f():\n    import nitro_runtime.views", False),
        ("views/x.py", "import nitro_runtime.entities", True),
        ("views/x.py", "import nitro_runtime.html", False),
        ("web/x.py", "import nitro_runtime.adapters.flask", True),
        ("errors.py", "import nitro_runtime.context", True),
    ],
)
def test_a_wrong_direction_is_noticed(
    part: str, source: str, wrong: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(f"{__name__}.RUNTIME", tmp_path)
    file = tmp_path / part
    file.parent.mkdir(exist_ok=True)
    file.write_text(source)
    assert [wrong_direction(one) for one in imports_of(file)] == [wrong]
