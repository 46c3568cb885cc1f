"""Which frameworks are known, and whose templates come first."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from bundled import FRAMEWORKS
from command import Nitro
from jinja2 import UndefinedError

from nitro_cli.frameworks import BUNDLED, find_framework, known_frameworks
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


def test_the_help_of_new_names_every_bundled_framework(nitro: Nitro) -> None:
    said = " ".join(nitro("new", "--help")[1].split())
    assert ", ".join(FRAMEWORKS) in said


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_folder_of_a_framework_is_small(name: str) -> None:
    lines = [line for path in find_framework(name).folder.iterdir() for line in lines_of(path)]
    assert len(lines) <= 60


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_no_shared_template_names_a_framework() -> None:
    names = re.compile("|".join([*FRAMEWORKS, "starlette", "quart"]), re.IGNORECASE)
    shared = sorted((BUNDLED / "shared").rglob("*.jinja"))
    assert len(shared) > 20
    named = {path.name: found[0] for path in shared if (found := names.search(path.read_text()))}
    assert named == {}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_macros_of_a_framework_are_those_that_templates_may_call(name: str) -> None:
    shared = macros(BUNDLED / "shared" / "dialect.jinja")
    own = macros(find_framework(name).folder / "dialect.jinja")
    helpers = {macro for macro in own if macro not in shared}
    assert {"imports", "route"} <= own.keys()
    assert all(own[macro] == shared[macro] for macro in own.keys() & shared.keys())
    for path in (BUNDLED / "shared").rglob("*.jinja"):
        assert not helpers & set(re.findall(r"\bd\.(\w+)", path.read_text())), path


def macros(path: Path) -> dict[str, str]:
    """The macros of a dialect with the names of what they take."""
    return dict(re.findall(r"{% macro (\w+)\((.*?)\)", path.read_text()))


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_that_is_not_installed_is_one_sentence_with_its_extra(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def nowhere(_: str) -> None:
        return None

    monkeypatch.setattr("importlib.util.find_spec", nowhere)
    assert nitro("new", "shop", "--framework", name)[0] == 0
    monkeypatch.chdir(tmp_path / "shop")
    code, out, err = nitro("dev")
    title = find_framework(name).title
    assert (code, out) == (1, "")
    assert err == f"{title} is not installed; install it with: pip install 'nitro-kit[{name}]'\n"


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
    make_framework(tmp_path / "my_plugin" / "inner")
    for package in ("my_plugin", "my_plugin/inner"):
        (tmp_path / package / "__init__.py").write_text("raise RuntimeError('was run')\n")
    info = tmp_path / "my_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nitro.frameworks]\nother = my_plugin.inner\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    framework = find_framework("other")
    assert framework.folder == tmp_path / "my_plugin" / "inner"
    rendered = Renderer(framework, None, {"project": "shop"}).render("framework/app.py.jinja")
    assert rendered == "from shop\n"


def test_a_project_is_made_on_the_framework_of_a_plugin(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "site" / "my_plugin"
    shutil.copytree(BUNDLED / "frameworks" / "flask", plugin)
    description = (plugin / "framework.toml").read_text()
    changed = description.replace("Flask", "Other").replace('extra = "flask"', 'module = "nowhere"')
    (plugin / "framework.toml").write_text(changed)
    info = tmp_path / "site" / "my_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nitro.frameworks]\nother = my_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert "other" in known_frameworks()
    code, out, _ = nitro("new", "shop", "--framework", "other")
    assert (code, out.splitlines()[0]) == (0, "Made shop: Other and Nitro, 17 files.")
    assert "create_app" in (tmp_path / "shop" / "shop" / "__init__.py").read_text()
    assert '"nitro-kit[tailwind]' in (tmp_path / "shop" / "pyproject.toml").read_text()
    monkeypatch.chdir(tmp_path / "shop")
    code, _, err = nitro("dev")
    assert (code, "Other is not installed; install what the project needs" in err) == (2, True)


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


def test_a_template_that_names_what_is_not_there_is_a_bug_unless_the_project_brings_it(
    tmp_path: Path,
) -> None:
    folder = make_framework(tmp_path / ".nitro/templates/frameworks/other")
    (folder / "app.py.jinja").write_text("{{ no_such_thing }}")
    framework = find_framework("other", tmp_path)
    with pytest.raises(UsageError, match=r"app\.py\.jinja.* is wrong: 'no_such_thing'"):
        Renderer(framework, tmp_path, {"project": ""}).render("framework/app.py.jinja")
    with pytest.raises(UndefinedError, match="no_such_thing"):
        Renderer(framework, None, {"project": ""}).render("framework/app.py.jinja")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Product", "a product"),
        ("Order item", "an order item"),
        ("order_item", "an_order_item"),
        ("user", "a_user"),
        ("Update", "an update"),
        ("hour", "an_hour"),
    ],
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
