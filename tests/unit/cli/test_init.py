"""`nitro init`: what it shows, asks, writes and says, and what it refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from command import Nitro
from trees import tree_hash

APP = "from flask import Flask\n\napp = Flask(__name__)\n"
INSTALLED = "import nitro\nfrom flask import Flask\n\napp = Flask(__name__)\nnitro.install(app)\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", newline="")


# -- what is written ------------------------------------------------------------------------------


def test_nothing_but_the_dependency_the_line_and_the_memory_is_written(
    nitro: Nitro, tmp_path: Path
) -> None:
    write(tmp_path, {"web.py": APP, "requirements.txt": "flask\n", "notes.txt": "mine\n"})
    code, out, err = nitro("init", "--yes")
    assert (code, err) == (0, "")
    assert out.startswith("Added Nitro to web:app (Flask, web.py, line 3).\n")
    assert len(out.splitlines()) <= 12
    assert (tmp_path / "web.py").read_text() == INSTALLED
    assert (tmp_path / "requirements.txt").read_text().startswith("flask\nnitro-kit")
    found = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert found == {"web.py", "requirements.txt", "notes.txt", ".nitro/project.json"}


def test_a_second_run_changes_no_byte_and_says_so(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP, "requirements.txt": "flask\n"})
    assert nitro("init", "--yes")[0] == 0
    before = tree_hash(tmp_path)
    for words in ((), ("--yes",), ("--dry-run",), ("--json",), ("--app", "web:app")):
        code, out, err = nitro("init", *words)
        assert (code, err) == (0, "")
        assert "--dry-run" in words or "--json" in words or "already (Flask, web.py, line 5)" in out
        assert tree_hash(tmp_path) == before


def test_a_line_that_was_taken_out_comes_back(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP})
    nitro("init", "--yes")
    write(tmp_path, {"web.py": APP})
    assert nitro("init", "--yes")[0] == 0
    assert (tmp_path / "web.py").read_text() == INSTALLED


def test_an_installation_by_hand_is_named_and_only_what_is_missing_is_added(
    nitro: Nitro, tmp_path: Path
) -> None:
    write(tmp_path, {"web.py": INSTALLED, "requirements.txt": "flask\nnitro-kit\n"})
    code, out, _ = nitro("init", "--yes")
    assert (code, (tmp_path / "web.py").read_text()) == (0, INSTALLED)
    assert "It was installed there already: web.py, line 5." in out
    assert (tmp_path / ".nitro/project.json").is_file()


def test_a_project_of_nitro_new_has_nitro_already(
    nitro: Nitro, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nitro("new", "shop", "--framework", "fastapi")
    before = tree_hash(tmp_path)
    monkeypatch.chdir(tmp_path / "shop" / "shop")
    code, out, _ = nitro("init", "--yes")
    assert (code, "in this project already (nitro new made" in out) == (0, True)
    assert tree_hash(tmp_path) == before


@pytest.mark.parametrize(
    ("files", "package", "static"),
    [
        ({"web.py": APP}, "place", "static"),
        ({"web.py": APP, "place.py": ""}, "place_resources", "static"),
        ({"web.py": APP, "pyproject.toml": '[project]\nname = "My-Shop"\n'}, "my_shop", "static"),
        ({"shop/web.py": APP}, "shop", "shop/static"),
        ({"src/shop/web/app.py": APP}, "shop", "src/shop/web/static"),
        (
            {"shop/web.py": APP.replace("__name__", "__name__, static_folder=None")},
            "shop",
            "static",
        ),
        (
            {"shop/web.py": APP.replace("__name__", "'x', static_folder='../pub'")},
            "shop",
            "shop/../pub",
        ),
        ({"shop/web.py": "from sanic import Sanic\napp = Sanic('x')\n"}, "shop", "static"),
    ],
)
def test_generated_code_has_a_package_that_hides_nothing(
    nitro: Nitro,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    package: str,
    static: str,
) -> None:
    write(tmp_path / "place", files)
    monkeypatch.chdir(tmp_path / "place")
    assert nitro("init", "--yes")[0] == 0
    record = json.loads((tmp_path / "place/.nitro/project.json").read_text())
    assert (record["package"], record["options"]["static"]) == (package, static)


def test_marks_and_line_ends_of_windows_are_kept(nitro: Nitro, tmp_path: Path) -> None:
    (tmp_path / "web.py").write_bytes(b"\xef\xbb\xbf" + APP.replace("\n", "\r\n").encode())
    (tmp_path / "requirements.txt").write_bytes(b"\xef\xbb\xbfflask\r\n")
    assert nitro("init", "--yes")[0] == 0
    assert (tmp_path / "web.py").read_bytes() == (
        b"\xef\xbb\xbf" + INSTALLED.replace("\n", "\r\n").encode()
    )
    added = (tmp_path / "requirements.txt").read_bytes()
    assert added.startswith(b"\xef\xbb\xbfflask\r\nnitro-kit")
    assert added.endswith(b"\r\n")


def test_a_file_that_was_not_formatted_keeps_its_style(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": "from flask import Flask\nx = {'a':1}\napp = Flask( __name__ )\n"})
    nitro("init", "--yes")
    assert (tmp_path / "web.py").read_text() == (
        "import nitro\nfrom flask import Flask\nx = {'a':1}\napp = Flask( __name__ )\n"
        "nitro.install(app)\n"
    )


def test_a_file_that_was_formatted_stays_formatted(nitro: Nitro, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.ruff]\nline-length = 60\n",
            "web.py": "import sanic\nimport zipfile_extra\nfrom a import b\n\napp = sanic.Sanic(b)\n",
        },
    )
    nitro("init", "--yes")
    assert (tmp_path / "web.py").read_text() == (
        "import nitro\nimport sanic\nimport zipfile_extra\nfrom a import b\n\n"
        "app = sanic.Sanic(b)\nnitro.install(app)\n"
    )


def test_uncommitted_work_is_no_obstacle(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP})
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    write(tmp_path, {"web.py": APP + "# in the middle of something\n", "new.py": ""})
    assert nitro("init", "--yes")[0] == 0
    assert (tmp_path / "web.py").read_text() == INSTALLED + "# in the middle of something\n"


# -- what is shown and asked ----------------------------------------------------------------------


def test_without_a_terminal_the_diff_is_shown_and_nothing_is_written(
    nitro: Nitro, tmp_path: Path
) -> None:
    write(tmp_path, {"web.py": APP})
    before = tree_hash(tmp_path)
    code, out, err = nitro("init")
    assert code == 2
    assert "+nitro.install(app)\n" in out
    assert err == "Nothing was written, for nobody was asked; write it with: nitro init --yes\n"
    assert tree_hash(tmp_path) == before


def test_a_dry_run_shows_the_diff(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP})
    before = tree_hash(tmp_path)
    code, out, _ = nitro("init", "--dry-run")
    assert (code, "--- a/web.py\n+++ b/web.py\n" in out, "project.json" in out) == (0, True, False)
    code, out, _ = nitro("init", "--dry-run", "--json")
    (file,) = json.loads(out)["files"]
    assert (file["path"], file["action"], "+import nitro\n" in file["diff"]) == (
        "web.py",
        "update",
        True,
    )
    assert tree_hash(tmp_path) == before


def test_a_tool_is_given_data(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": APP})
    code, out, _ = nitro("init", "--json")
    assert (code, json.loads(out)["status"]) == (2, "error")
    code, out, _ = nitro("init", "--json", "--yes")
    assert (code, json.loads(out)["files"]) == (0, [{"path": "web.py", "action": "update"}])
    code, out, _ = nitro("init", "--json")
    assert (code, json.loads(out)["status"]) == (0, "done")


@pytest.mark.parametrize(("answer", "text"), [(b"n\n", APP), (b"y\n", INSTALLED)])
def test_in_a_terminal_the_diff_is_shown_first_and_the_answer_decides(
    tmp_path: Path, answer: bytes, text: str
) -> None:
    write(tmp_path, {"web.py": APP})
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nitro_cli", "init"],
        cwd=tmp_path,
        stdin=its,
        stdout=its,
        stderr=its,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(its)
    said = b""
    asked = False
    while True:
        try:
            piece = os.read(mine, 4096)
        except OSError:  # the other side is closed: it has ended
            break
        said += piece
        if b"Write this?" in said and not asked:
            asked = True
            assert b"+nitro.install(app)" in said
            assert (tmp_path / "web.py").read_text() == APP
            os.write(mine, answer)
    os.close(mine)
    assert process.wait() == 0
    assert (tmp_path / "web.py").read_text() == text


# -- which app ------------------------------------------------------------------------------------

TWO = {
    "shop/web.py": APP,
    "shop/admin.py": "import flask\n\ndef create():\n    return flask.Flask('a')\n",
}


def test_of_two_apps_one_is_to_be_named(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, TWO)
    code, out, err = nitro("init", "--yes")
    assert (code, out) == (2, "")
    assert "There are 2 apps" in err
    assert "nitro init --app shop.web:app    # Flask, shop/web.py, line 3" in err
    assert "nitro init --app shop.admin:create    # Flask, shop/admin.py, line 4" in err
    assert nitro("init", "--yes", "--app", "shop.admin:create")[0] == 0
    assert (tmp_path / "shop/web.py").read_text() == APP
    assert "    nitro.install(app)\n    return app\n" in (tmp_path / "shop/admin.py").read_text()
    code, out, _ = nitro("init")
    assert (code, "shop/admin.py, line 6" in out) == (0, True)


def test_an_app_may_be_named_by_what_a_factory_returned(nitro: Nitro, tmp_path: Path) -> None:
    write(
        tmp_path,
        {**TWO, "wsgi.py": "from shop.admin import create\n\napplication = create()\n"},
    )
    assert nitro("init", "--yes", "--app", "wsgi:application")[0] == 0
    assert "nitro" in (tmp_path / "shop/admin.py").read_text()


def test_apps_of_tests_and_of_what_is_installed_do_not_count(nitro: Nitro, tmp_path: Path) -> None:
    others = [
        "tests/conftest.py",
        "test_web.py",
        "docs/conf.py",
        ".venv/x.py",
        "env/lib/y.py",
        "examples/z.py",
    ]
    write(
        tmp_path,
        {"web.py": APP, "mine/pyvenv.cfg": "", "mine/lib/q.py": APP, **dict.fromkeys(others, APP)},
    )
    assert nitro("init", "--yes")[0] == 0
    assert (tmp_path / "web.py").read_text() == INSTALLED


def test_a_class_of_the_projects_own_is_followed_through_modules(
    nitro: Nitro, tmp_path: Path
) -> None:
    base = "from flask import Flask\n\n\nclass Base(Flask):\n    pass\n"
    mine = "from .base import Base\n\n\nclass Mine(Base):\n    pass\n"
    write(tmp_path, {"shop/base.py": base, "shop/mine.py": mine})
    write(tmp_path, {"shop/web.py": "from shop import mine\n\napp = mine.Mine(__name__)\n"})
    assert nitro("init", "--yes")[0] == 0
    assert (
        "app = mine.Mine(__name__)\nnitro.install(app)\n" in (tmp_path / "shop/web.py").read_text()
    )


def test_the_other_of_two_apps_may_have_it_too(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, TWO)
    for name in ("shop.admin:create", "shop.web:app"):
        assert nitro("init", "--yes", "--app", name)[0] == 0
    assert (tmp_path / "shop/web.py").read_text() == INSTALLED
    assert "nitro.install(app)" in (tmp_path / "shop/admin.py").read_text()


@pytest.mark.parametrize(
    "main",
    [
        "from fastapi import FastAPI\nfrom web import app as old\n\napp = FastAPI()\n"
        "app.mount('/old', wrapped(old))\n",
        "import web\nfrom starlette.applications import Starlette\nfrom starlette.routing import Mount\n\n"
        "app = Starlette(routes=[Mount('/old', app=web.app)])\n",
        "from fastapi import FastAPI\n\n\ndef create():\n    app = FastAPI()\n"
        "    part = FastAPI()\n    app.mount('/part', part)\n    app.mount('/api', FastAPI())\n"
        "    return app\n\n\nfrom web import app\nx.mount(app)\n",
    ],
)
def test_what_is_mounted_on_an_app_is_part_of_it(nitro: Nitro, tmp_path: Path, main: str) -> None:
    write(tmp_path, {"web.py": APP, "main.py": main})
    assert nitro("init", "--yes")[0] == 0
    assert (tmp_path / "web.py").read_text() == APP
    changed = (tmp_path / "main.py").read_text()
    assert (changed.count("nitro.install(app)\n"), changed.count("nitro.install(")) == (1, 1)


SHAPE = '[quart]\ntitle = "Quart"\npackages = ["quart"]\napps = ["quart.Quart"]\n'


def test_a_framework_that_a_project_or_a_plugin_describes_is_found(
    nitro: Nitro, tmp_path: Path
) -> None:
    folder = ".nitro/templates/frameworks"
    write(tmp_path, {"web.py": "from quart import Quart\n\napp = Quart('x')\n"})
    assert nitro("init", "--yes")[0] == 2
    write(tmp_path, {f"{folder}/adopting.toml": SHAPE})
    code, out, _ = nitro("init", "--yes")
    assert (code, "Added Nitro to web:app (Quart, web.py, line 3)." in out) == (0, True)
    write(tmp_path, {f"{folder}/adopting.toml": "[quart]\n"})
    code, _, err = nitro("init", "--yes")
    assert (code, "adopting.toml does not describe frameworks: KeyError('title')" in err) == (
        1,
        True,
    )


REFUSED = [
    ({}, (), "There are no Python files here."),
    ({"a.py": "print(1)\n"}, (), "No app was found in the Python files here; nitro init knows FastAPI, "),
    ({"a.py": "print(1)\n", "requirements.txt": "litestar\n"}, (), "depends on Litestar, but no line"),
    ({"a.py": "app = (\n"}, (), "a.py, line 1: '(' was never closed"),
    ({"shop/a.py": "def f(:\n", "b.py": APP}, ("--app", "shop.a:f"), "shop/a.py, line 1: "),
    ({"a.py": APP}, ("--app", "shop.web:app"), "There is no module shop.web"),
    ({"a.py": APP}, ("--app", "a:other"), "a:other makes no app that nitro can see; add by hand"),
    ({"a.py": APP}, ("--app", "a.py"), "There is no module a.py"),
    ({"a.py": APP}, ("--app", "../a:app"), "--app takes a module and a name"),
    ({"a.py": APP, "nitro/__init__.py": ""}, (), "nitro/__init__.py hides the package nitro"),
    ({"a.py": APP + "nitro = 1\n"}, (), "a.py could not be edited."),
    ({"a.py": APP, "pyproject.toml": "[project\n"}, (), "pyproject.toml is not TOML"),
    ({"a.py": APP, "b.py": APP}, (), "There are 2 apps"),
    ({f"a{n}.py": APP for n in range(11)}, (), "and 3 more; go into the folder of the one"),
    *(
        ({"a.py": "from flask import Flask\nfor n in 1, 2:\n    app = Flask(n)\n", "b.py": APP, **more}, (), says)
        for more, says in [
            ({"c.py": APP}, "There are 2 apps"),
            ({"b.py": "from flask import Flask\nx = y(Flask(1))\n"}, "a.py, line 3 cannot be edited: it is made in a loop"),
        ]
    ),
    ({"a.py": APP, "b.py": "from fastapi import FastAPI\napp = FastAPI()\n"}, (), "There are 2 apps"),
    ({"a.py": APP}, ("--force", "--skip"), "choose one"),
    ({"a.py": APP, ".nitro/project.json": "{}"}, (), "project.json is damaged"),
    *(
        ({"a.py": f"from {module} import {name}\n{made}\n"}, (), says)
        for module, name in [
            ("fastapi", "FastAPI"), ("flask", "Flask"), ("fasthtml.common", "fast_app"), ("sanic", "Sanic"),
            ("litestar", "Litestar"), ("starlette.applications", "Starlette"),
        ]
        for made, says in [
            (f"for n in 'ab':\n    app = {name}(n)", "cannot be edited: it is made in a loop. Add by hand"),
            (f"app = wrapped({name}())", "a.py, line 2 cannot be edited: it is made inside another expression"),
        ]
    ),
    ({"manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'x.settings'\n"}, (), "x.settings is not in this folder"),
    (
        {"manage.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 's'\n", "s.py": "from x import settings\n"},
        (),
        "Nitro cannot be added to this Django project: s.py sets no MIDDLEWARE.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "words", "says"), REFUSED)
def test_what_cannot_be_done_is_one_clear_sentence_and_writes_nothing(
    nitro: Nitro, tmp_path: Path, files: dict[str, str], words: tuple[str, ...], says: str
) -> None:
    write(tmp_path, files)
    before = tree_hash(tmp_path)
    code, out, err = nitro("init", "--yes", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert tree_hash(tmp_path) == before


# -- faults ---------------------------------------------------------------------------------------


def test_a_link_that_leads_out_of_the_project_is_refused(nitro: Nitro, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.txt"
    outside.write_text("flask\n")
    write(tmp_path, {"web.py": APP})
    (tmp_path / "requirements.txt").symlink_to(outside)
    code, _, err = nitro("init", "--yes")
    assert (code, "requirements.txt is a link that leads out of the project" in err) == (2, True)
    assert outside.read_text() == "flask\n"
    assert (tmp_path / "web.py").read_text() == APP


def test_an_app_behind_a_link_that_leads_out_is_none(nitro: Nitro, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.py"
    outside.write_text(APP)
    (tmp_path / "web.py").symlink_to(outside)
    code, _, err = nitro("init", "--yes")
    assert (code, "There are no Python files here" in err) == (2, True)
    assert outside.read_text() == APP


@pytest.mark.parametrize("name", ["web.py", "requirements.txt"])
def test_a_read_only_file_means_that_nothing_is_written(
    nitro: Nitro, tmp_path: Path, name: str
) -> None:
    write(tmp_path, {"web.py": APP, "requirements.txt": "flask\n"})
    (tmp_path / name).chmod(0o444)
    before = tree_hash(tmp_path)
    code, _, err = nitro("init", "--yes")
    assert code == 2
    assert f"{name} is read-only, so nothing was written" in err
    assert tree_hash(tmp_path) == before


def test_the_permissions_of_an_edited_file_stay(nitro: Nitro, tmp_path: Path) -> None:
    write(tmp_path, {"web.py": "#!/usr/bin/env python\n" + APP})
    (tmp_path / "web.py").chmod(0o755)
    assert nitro("init", "--yes")[0] == 0
    assert (tmp_path / "web.py").stat().st_mode & 0o777 == 0o755


def test_a_form_of_dependencies_that_is_not_known_leaves_the_line_to_the_user(
    nitro: Nitro, tmp_path: Path
) -> None:
    pinned = "flask==3.1 --hash=sha256:0\n"
    write(tmp_path, {"web.py": APP, "requirements.txt": pinned})
    code, out, _ = nitro("init", "--yes")
    assert (code, (tmp_path / "requirements.txt").read_text()) == (0, pinned)
    assert "Add this dependency to it:\n    nitro-kit" in out
