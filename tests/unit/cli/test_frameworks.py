"""Which frameworks are known, and whose templates come first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from nitro_cli.frameworks import find_framework, known_frameworks
from nitro_cli.project import Project, find_project, load_project
from nitro_cli.rendering import Renderer, article
from nitro_runtime.errors import ConfigurationError, UsageError

DESCRIPTION = (
    'title = "Other"\nextra = "other"\nstart = "other run"\n'
    'dev = ["{python}", "{port}"]\nserve = ["serve", "{package}"]\n'
)


def make_framework(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "framework.toml").write_text(DESCRIPTION)
    (folder / "dialect.jinja").write_text("{% macro hello() %}from {{ project }}{% endmacro %}")
    (folder / "app.py.jinja").write_text("{{ d.hello() }}\n")
    return folder


def test_fastapi_is_bundled_and_starts_with_placeholders() -> None:
    framework = find_framework("FastAPI")
    assert (framework.name, framework.title, framework.extra) == ("fastapi", "FastAPI", "fastapi")
    assert "{port}" in framework.dev
    assert "shop.app:app" in framework.serve_text("shop")


def test_an_unknown_framework_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'fastapi'\? Known: .*fastapi"):
        find_framework("fastpi")


def test_a_project_may_bring_a_framework_of_its_own(tmp_path: Path) -> None:
    make_framework(tmp_path / ".nitro/templates/frameworks/other")
    assert known_frameworks(tmp_path) == sorted({*known_frameworks(), "other"})
    assert find_framework("other", tmp_path).title == "Other"


def test_an_installed_plugin_is_found_by_its_entry_point_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_framework(tmp_path / "my_plugin")
    (tmp_path / "my_plugin" / "__init__.py").write_text("raise RuntimeError('was run')\n")
    info = tmp_path / "my_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nitro.frameworks]\nother = my_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    framework = find_framework("other")
    assert framework.folder == tmp_path / "my_plugin"
    rendered = Renderer(framework, None, {"project": "shop"}).render("framework/app.py.jinja")
    assert rendered == "from shop\n"


def test_a_framework_that_is_badly_described_is_named(tmp_path: Path) -> None:
    folder = make_framework(tmp_path / ".nitro/templates/frameworks/other")
    (folder / "framework.toml").write_text("title = 1")
    with pytest.raises(ConfigurationError, match=r"framework\.toml does not describe"):
        find_framework("other", tmp_path)


def test_a_template_of_the_project_replaces_the_bundled_one(tmp_path: Path) -> None:
    own = tmp_path / ".nitro/templates/framework"
    own.mkdir(parents=True)
    (own / "app.py.jinja").write_text("mine\n")
    framework = find_framework("fastapi")
    assert (
        Renderer(framework, tmp_path, {"project": ""}).render("framework/app.py.jinja") == "mine\n"
    )


def test_a_template_that_names_what_is_not_there_is_a_bug(tmp_path: Path) -> None:
    folder = make_framework(tmp_path / ".nitro/templates/frameworks/other")
    (folder / "app.py.jinja").write_text("{{ no_such_thing }}")
    with pytest.raises(UndefinedError, match="no_such_thing"):
        Renderer(find_framework("other", tmp_path), tmp_path, {"project": ""}).render(
            "framework/app.py.jinja"
        )


@pytest.mark.parametrize(
    ("word", "text"),
    [("Product", "a product"), ("Order item", "an order item"), ("order_item", "an_order_item")],
)
def test_an_article_fits_its_word(word: str, text: str) -> None:
    assert article(word) == text


def describe(root: Path, **changes: object) -> None:
    (root / ".nitro").mkdir(exist_ok=True)
    described = {"format": 1, "name": "my-shop", "package": "my_shop", "framework": "fastapi"}
    data = {**described, "options": {}, **changes}
    (root / ".nitro/project.json").write_text(json.dumps(data))


def test_a_project_is_found_from_any_folder_inside_it(tmp_path: Path) -> None:
    describe(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    project = find_project(tmp_path / "a/b")
    assert (project.root, project.title) == (tmp_path, "My Shop")
    assert project.read("no-such-file") is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"format": 2}, "newer nitro"), ({"options": 3}, "damaged"), ({"framework": "x"}, "Known:")],
)
def test_a_description_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    describe(tmp_path, **changes)
    with pytest.raises(UsageError, match=says):
        load_project(tmp_path)


def test_entities_are_read_from_the_source_and_nothing_is_run(tmp_path: Path) -> None:
    describe(tmp_path)
    for folder, source in {
        "products": "from nitro import Entity\nclass Product(Entity, timestamps=True): ...\nraise 1\n",
        "broken": "class Broken(Entity:\n",
        "odd": "import nitro\nclass Odd(nitro.Entity): ...\nclass Helper: ...\n",
    }.items():
        (tmp_path / "my_shop" / folder).mkdir(parents=True)
        (tmp_path / "my_shop" / folder / "entity.py").write_text(source)
    project: Project = load_project(tmp_path)
    assert project.entities() == {"Product": "products", "Odd": "odd"}
