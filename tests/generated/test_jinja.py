"""Projects with Jinja2 templates: as clean as those with tags, and the same pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import html5lib
import pytest
from bundled import FRAMEWORKS

if TYPE_CHECKING:
    from generated.conftest import Run, Shops

UNCLEAN = ("ignore:websockets.legacy is deprecated:DeprecationWarning",)  # sanic-testing's own

VISIT = '''
"""Writes down what a visitor sees of every kind of page."""

from pathlib import Path

from nitro_runtime.testing import Client


def test_visit(client: Client) -> None:
    pages = {}
    pages["home"] = client.get("/")
    pages["empty"] = client.get("/products")
    pages["new"] = client.get("/products/new")
    pages["wrong"] = client.post("/products", data={"name": "", "price": "x"})
    made = client.post("/categories", data={"name": "Lamps & <more>"})
    category = made.headers["location"]
    pages["made"] = client.get(category)
    key = category.rpartition("/")[2]
    sent = {"name": "Desk <b>", "price": "19.5", "stock": "3", "status": "live", "category_id": key}
    product = client.post("/products", data=sent).headers["location"]
    pages["show"] = client.get(product)
    pages["edit"] = client.get(f"{product}/edit")
    pages["list"] = client.get("/products?search=desk&sort=-price")
    pages["about"] = client.get("/about")
    pages["patched"] = client.get("/products", headers={"datastar-request": "true"})
    pages["missing"] = client.get("/products/nobody", headers={"accept": "text/html"})
    for name, answer in pages.items():
        assert answer.status_code == {"wrong": 422, "missing": 404}.get(name, 200), name
        lines = answer.text.splitlines(keepends=True)
        patched = [line.removeprefix("data: elements ") for line in lines if "data: " in line]
        Path(f"{name}.html").write_text("".join(patched if name == "patched" else lines))
'''


def seen(project: Path, run: Run) -> dict[str, list[object]]:
    """Runs the project's own tests and the visit; returns the pages as documents."""
    (project / "tests" / "test_visit.py").write_text(VISIT)
    strict = [word for rule in ("error", *UNCLEAN) for word in ("-W", rule)]
    done = run("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", *strict, cwd=project)
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)
    (project / "tests" / "test_visit.py").unlink()
    return {path.stem: document(path.read_text()) for path in project.glob("*.html")}


VARYING = re.compile(
    r"[A-Za-z0-9]{64}|[0-9a-f]{8}-?[0-9a-f-]{8,}|tab=[^\"&+]+|\d{4}-\d\d-\d\d[T ][\d:.+]+( UTC)?"
)


def document(text: str) -> list[object]:
    """Returns what a browser sees, without layout and without what differs from visit to visit."""
    tokens: list[object] = []
    walker = html5lib.getTreeWalker("etree")
    parsed = html5lib.parse(text, namespaceHTMLElements=False)
    for token in walker(parsed):
        kind, name = token["type"], token.get("name")
        if kind in {"StartTag", "EmptyTag"}:
            pairs = sorted((key, steady(key, value)) for (_, key), value in token["data"].items())
            tokens.append((name, pairs))
        elif kind == "Characters" and (found := " ".join(token["data"].split())):
            tokens.append(VARYING.sub("…", found))
        elif kind == "EndTag":
            tokens.append(f"/{name}")
    return tokens


def steady(name: str, value: str) -> str:
    """Returns an attribute's value without keys, tokens and moments."""
    if name in {"data-signals", "nonce", "data-nonce"} or "csrf" in value:
        return "…"
    return VARYING.sub("…", value)


Pages = dict[str, list[object]]


@pytest.fixture(scope="module")
def pages_of_tags(
    shops: Shops, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Pages]:
    """What visitors see of a shop with tags: on Django its tokens besides, else the same."""

    @cache
    def visit(framework: str) -> Pages:
        copy = tmp_path_factory.mktemp("tags") / "shop"
        shutil.copytree(shops(framework), copy)
        run("nitro_cli", "generate", "page", "about", cwd=copy)
        return seen(copy, run)

    return visit


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_templates_give_the_pages_that_tags_give(
    framework: str,
    jinja_shops: Callable[[str], Path],
    pages_of_tags: Callable[[str], Pages],
    run: Run,
) -> None:
    expected = pages_of_tags("django" if framework == "django" else "fastapi")
    found = seen(jinja_shops(framework), run)
    assert expected.keys() == found.keys()
    for name, tokens in expected.items():
        assert found[name] == tokens, name


def test_a_project_with_templates_is_clean(jinja_shops: Callable[[str], Path], run: Run) -> None:
    project = jinja_shops("fastapi")
    run("ruff", "check", "--no-cache", ".", cwd=project)
    run("ruff", "format", "--check", "--no-cache", ".", cwd=project)
    for path in (project / "shop" / "templates").rglob("*.html"):
        text = path.read_text()
        assert text.endswith("\n") and not text.endswith("\n\n"), path
        assert not text.startswith("\n") and "\n\n{% endblock" not in text, path
        assert "raw %}" not in text, path
