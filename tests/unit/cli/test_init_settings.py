"""Lists in settings and addresses: found by the project's own words, an element more at the end."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from nitro_cli.adopting.lists import AddToLists, Extend
from nitro_cli.adopting.modules import read_modules
from nitro_cli.adopting.settings import edits, find_settings
from nitro_cli.adopting.shapes import SettingsIdiom

IDIOM = SettingsIdiom(
    environment="WEB_SETTINGS",
    configure="web.configure",
    middleware="LAYERS",
    entry="nitro.Layer",
    urlconf="ROUTES",
    patterns="routes",
    route='at("", inside("nitro.routes"))',
    included="nitro.routes",
    urls_module="web.routes",
    urls_names=("at", "inside"),
    serves="web.files",
    served="FOLDERS",
    served_line='FOLDERS = ["static"]',
)
LAYERS = AddToLists((Extend("LAYERS", '"nitro.Layer"', "nitro.Layer"),), "web.configure")
ROUTES = AddToLists(
    (Extend("routes", IDIOM.route, "nitro.routes", True, "web.routes", ("at", "inside")),),
    "web.configure",
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LAYERS = []\n", 'LAYERS = ["nitro.Layer"]\n'),
        ("LAYERS = ['a']  # one\n", "LAYERS = ['a', \"nitro.Layer\"]  # one\n"),
        ("LAYERS = ['a',]\n", "LAYERS = ['a', \"nitro.Layer\",]\n"),
        ("LAYERS = ('a',)\n", "LAYERS = ('a', \"nitro.Layer\",)\n"),
        (
            "LAYERS: list[str] = [\n    'a',\n]\n",
            "LAYERS: list[str] = [\n    'a',\n    \"nitro.Layer\",\n]\n",
        ),
        (
            "LAYERS = [\n\t'a'  # no comma, here\n\t# 'b',\n]\n",
            "LAYERS = [\n\t'a',  # no comma, here\n\t\"nitro.Layer\"\n\t# 'b',\n]\n",
        ),
        ("LAYERS = ['a']\nLAYERS += ['b']\n", "LAYERS = ['a', \"nitro.Layer\"]\nLAYERS += ['b']\n"),
        ("LAYERS = load()", 'LAYERS = load()\n\nLAYERS += ["nitro.Layer"]\n'),
        (
            "import web\nweb.configure(DEBUG=True)\n",
            'import web\nweb.configure(DEBUG=True, LAYERS=["nitro.Layer"])\n',
        ),
        (
            "from web import configure\nconfigure(\n    LAYERS=['a'],\n    DEBUG=True,\n)\n",
            "from web import configure\nconfigure(\n    LAYERS=['a', \"nitro.Layer\"],\n    DEBUG=True,\n)\n",
        ),
        (
            "from web import configure\nconfigure(\n    DEBUG=True,\n)\n",
            'from web import configure\nconfigure(\n    DEBUG=True,\n    LAYERS=["nitro.Layer"],\n)\n',
        ),
    ],
)
def test_middleware_is_added_last_and_all_else_stays(before: str, after: str) -> None:
    edited = LAYERS.apply(before)
    assert (edited.status, edited.text) == ("done", after)
    assert LAYERS.apply(after).status == "there"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from web.routes import at\n\nroutes = [\n    at('a', 1),\n]\n",
            "from web.routes import at, inside\n\nroutes = [\n    at('a', 1),\n"
            '    at("", inside("nitro.routes")),\n]\n',
        ),
        (
            "from web.routes import (\n    inside,\n    zone,\n)\nroutes = [zone]\n",
            "from web.routes import (\n    at, inside,\n    zone,\n)\n"
            'routes = [zone, at("", inside("nitro.routes"))]\n',
        ),
        (
            '"""Doc."""\nimport web\nroutes = [web.x]\n',
            '"""Doc."""\nimport web\nfrom web.routes import at, inside\n'
            'routes = [web.x, at("", inside("nitro.routes"))]\n',
        ),
        (
            "from web.routes import at as at_, inside\nroutes = [at_(1)]\nif debug:\n    routes += more()\n",
            "from web.routes import at as at_, at, inside\nroutes = [at_(1)]\nif debug:\n    routes += more()\n"
            '\nroutes += [at("", inside("nitro.routes"))]\n',
        ),
        (
            "from web.routes import *\nroutes = [1] + more()\n",
            "from web.routes import *\nfrom web.routes import at, inside\nroutes = [1] + more()\n"
            '\nroutes += [at("", inside("nitro.routes"))]\n',
        ),
    ],
)
def test_the_route_is_added_behind_all_others_with_its_imports(before: str, after: str) -> None:
    edited = ROUTES.apply(before)
    assert (edited.status, edited.text) == ("done", after)
    assert ROUTES.apply(after).status == "there"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "LAYERS = [\n",
        "import web\nweb.configure(**read())\n",
        "OTHER = []\n",
        "x.LAYERS = []\n",
    ],
)
def test_settings_that_are_no_list_stay_and_the_line_is_shown(source: str) -> None:
    edited = LAYERS.apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert 'LAYERS += ["nitro.Layer"]' in edited.snippet


# -- where they are -------------------------------------------------------------------------------

MANAGE = 'import os\n\nos.environ.setdefault("WEB_SETTINGS", "site_.settings")\n'
SETTINGS = 'LAYERS = ["a"]\nROUTES = "site_.routes"\n'
SPLIT = {
    "manage.py": MANAGE,
    "site_/settings/__init__.py": "from site_.settings.local import *\n",
    "site_/settings/local.py": "from .base import *\nDEBUG = True\nLAYERS = LAYERS + ['b']\n",
    "site_/settings/base.py": SETTINGS,
    "site_/routes.py": "routes = []\n",
}


def survey(root: Path, files: dict[str, str]) -> list[tuple[str, str, list[str]]]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(dedent(text))
    modules, _ = read_modules(root)
    found = find_settings(modules, IDIOM)
    return [(one.address, one.problem, sorted(edits(one, IDIOM))) for one in found]


@pytest.mark.parametrize(
    ("files", "address", "edited"),
    [
        (
            {
                "manage.py": MANAGE,
                "site_/settings.py": SETTINGS,
                "site_/routes.py": "routes = []\n",
            },
            "site_.settings",
            ["site_/routes.py", "site_/settings.py"],
        ),
        (SPLIT, "site_.settings", ["site_/routes.py", "site_/settings/base.py"]),
        (
            {
                "server.py": 'import os\nos.environ["WEB_SETTINGS"] = "conf"\n',
                "conf.py": 'LAYERS = load()\nROUTES = "conf"\nroutes = []\n',
            },
            "conf",
            ["conf.py"],
        ),
        ({"one.py": "import web\nweb.configure(ROUTES='one')\nroutes = []\n"}, "one", ["one.py"]),
    ],
)
def test_settings_and_addresses_are_found(
    tmp_path: Path, files: dict[str, str], address: str, edited: list[str]
) -> None:
    assert survey(tmp_path, files) == [(address, "", edited)]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"manage.py": MANAGE}, "site_.settings is not in this folder"),
        ({"manage.py": MANAGE, "site_/settings.py": "DEBUG = 1\n"}, "sets no LAYERS"),
        ({"manage.py": MANAGE, "site_/settings.py": SETTINGS}, "no routes in the module of ROUTES"),
        ({"one.py": "import web\nweb.configure(ROUTES='one')\n"}, "one.py sets no routes"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, files: dict[str, str], says: str) -> None:
    ((_, problem, _),) = survey(tmp_path, files)
    assert says in problem


def test_a_project_without_settings_is_none(tmp_path: Path) -> None:
    assert survey(tmp_path, {"a.py": "import os\nos.environ.setdefault('OTHER', 'x')\n"}) == []


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        ("", ""),
        ("APPS = ['web.files']\n", 'add to site_/settings.py: FOLDERS = ["static"]'),
        ("APPS = ['web.files']\nFOLDERS = ['static']\n", ""),
    ],
)
def test_a_setting_for_static_files_that_is_missing_is_said(
    tmp_path: Path, more: str, advice: str
) -> None:
    (tmp_path / "site_").mkdir()
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "site_/settings.py").write_text(SETTINGS + more)
    (tmp_path / "site_/routes.py").write_text("routes = []\n")
    (found,) = find_settings(read_modules(tmp_path)[0], IDIOM)
    assert found.advice == advice
