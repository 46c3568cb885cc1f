"""The line that installs Nitro: found where an app is made, added there, nothing else touched."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.adopting.apps import Makers, find_sites
from nitro_cli.adopting.install import InstallLine
from nitro_runtime.source_names import read_names

MAKERS = Makers(frozenset({"web.App"}), frozenset({"web.easy.make"}))
APP = InstallLine(MAKERS, "main", "", "app")
FACTORY = InstallLine(MAKERS, "main", "create_app", "app")
RETURNED = InstallLine(MAKERS, "main", "create_app", "")


def sites(source: str) -> list[tuple[str, str, int, str]]:
    tree = ast.parse(dedent(source))
    found = find_sites(tree, read_names(tree, "main"), MAKERS)
    return [(site.scope, site.target, site.line, site.problem) for site in found]


@pytest.mark.parametrize(
    ("source", "scope", "target"),
    [
        ("from web import App\napp = App()\n", "", "app"),
        ("import web\napp = web.App()\n", "", "app"),
        ("import web as w\napp: w.App = w.App()\n", "", "app"),
        ("from web import App as Web\napp = application = Web()\n", "", "app"),
        ("from web.easy import *\napp, rt = make()\n", "", "app"),
        ("import web.easy as easy\n(app, rt, table) = easy.make('x')\n", "", "app"),
        ("from web import App\napp = App() if fast else App(1)\n", "", "app"),
        ("from web import App\ndef create_app():\n    return App()\n", "create_app", ""),
        (
            "async def create_app():\n    from web import App\n    app = App()\n",
            "create_app",
            "app",
        ),
        (
            "import web\nclass Site:\n    def __init__(self):\n        self.app = web.App()\n",
            "Site.__init__",
            "self.app",
        ),
        ("from web import App\ntry:\n    app = App()\nfinally:\n    pass\n", "", "app"),
        ("from web import App\nwith place():\n    app = App()\n", "", "app"),
        ("from web import App\nmatch x:\n    case 1:\n        app = App()\n", "", "app"),
    ],
)
def test_an_app_is_found_wherever_it_is_made(source: str, scope: str, target: str) -> None:
    ((found_scope, found_target, _, problem),) = sites(source)
    assert (found_scope, found_target, problem) == (scope, target, "")


@pytest.mark.parametrize(
    "source",
    [
        "from other import App\napp = App()\n",
        "app = App()\n",
        "import web\napp = web.Other()\n",
        "from web import App\ndef f(kind: App = None): ...\n",
        '"""from web import App; app = App()"""\n',
    ],
)
def test_what_is_no_app_is_none(source: str) -> None:
    assert sites(source) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("from web import App\nfor name in names:\n    app = App(name)\n", "in a loop"),
        ("from web import App\nwhile True:\n    app = App()\n", "in a loop"),
        ("from web import App\napps = [App() for _ in range(2)]\n", "inside another"),
        ("from web import App\napp = Wrapper(App())\n", "inside another"),
        ("from web import App\napps['a'] = App()\n", "inside another"),
        ("from web import App\nserve(App())\n", "inside another"),
        ("from web import App\nmake = lambda: App()\n", "inside another"),
        ("from web.easy import make\nresult = make()\n", "inside another"),
        ("from web.easy import make\ndef f():\n    return make()\n", "inside another"),
    ],
)
def test_an_app_that_cannot_be_named_says_why(source: str, says: str) -> None:
    ((_, _, _, problem),) = sites(source)
    assert says in problem


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (
            APP,
            '''\
            """Doc."""

            import os

            from web import App

            app = App(
                title="x",  # said
            )  # the app


            @app.get("/")
            def index(): ...
            ''',
            '''\
            """Doc."""

            import os

            import nitro
            from web import App

            app = App(
                title="x",  # said
            )  # the app
            nitro.install(app)


            @app.get("/")
            def index(): ...
            ''',
        ),
        (
            APP,
            "import web\nimport zoo\nfrom a import b\napp = web.App()",
            "import nitro\nimport web\nimport zoo\nfrom a import b\napp = web.App()\nnitro.install(app)",
        ),
        (
            APP,
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nfrom __future__ import annotations\n"
            "from web import App\napp = App()\n",
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nfrom __future__ import annotations\n"
            "import nitro\nfrom web import App\napp = App()\nnitro.install(app)\n",
        ),
        (
            APP,
            "from web import App; import os\napp = App(); app.x = 1\nif app: app = App()\n",
            "import nitro\n\nfrom web import App; import os\n"
            "app = App(); nitro.install(app); app.x = 1\nif app: app = App(); nitro.install(app)\n",
        ),
        (
            FACTORY,
            """\
            # the factory
            def create_app(test=False):
            \tfrom web import App
            \tif test:
            \t\tapp = App(1)
            \t\treturn app
            \ttry:
            \t\tapp = App(2)
            \texcept ValueError:
            \t\traise
            \treturn app
            """,
            """\
            # the factory
            import nitro


            def create_app(test=False):
            \tfrom web import App
            \tif test:
            \t\tapp = App(1)
            \t\tnitro.install(app)
            \t\treturn app
            \ttry:
            \t\tapp = App(2)
            \t\tnitro.install(app)
            \texcept ValueError:
            \t\traise
            \treturn app
            """,
        ),
        (
            RETURNED,
            """\
            from web import App


            def create_app(app2=None):
                app = 'the name is taken'
                return App(
                    title=app,  # é
                )  # done
            """,
            """\
            import nitro
            from web import App


            def create_app(app2=None):
                app = 'the name is taken'
                app3 = App(
                    title=app,  # é
                )  # done
                nitro.install(app3)
                return app3
            """,
        ),
    ],
)
def test_the_line_is_added_and_all_else_stays(edit: InstallLine, before: str, after: str) -> None:
    edited = edit.apply(dedent(before))
    assert (edited.status, edited.text) == ("done", dedent(after))
    assert edit.apply(edited.text).status == "there"


def test_windows_lines_stay_windows_lines() -> None:
    edited = APP.apply("from web import App\r\napp = App()\r\nx = 1\r\n")
    assert edited.text == (
        "import nitro\r\nfrom web import App\r\napp = App()\r\nnitro.install(app)\r\nx = 1\r\n"
    )


def test_an_import_of_nitro_that_is_there_is_used() -> None:
    source = "import nitro\nfrom web import App\napp = App()\n"
    assert APP.apply(source).text == source + "nitro.install(app)\n"


@pytest.mark.parametrize(
    "source",
    [
        "import nitro\nfrom web import App\napp = App()\nnitro.install(app, static='s')\n",
        "from nitro import install\nfrom web import App\napp = App()\ninstall(app)\n",
        "from nitro_runtime.adapters.web import install as nitro_in\nfrom web import App\napp = App()\nnitro_in(app)\n",
        "from nitro_runtime.adapters.web import Nitro\nfrom web import App\napp = App()\nNitro().init_app(app)\n",
        "from nitro_runtime.adapters.web import NitroPlugin\nfrom web import App\napp = App(plugins=[NitroPlugin()])\n",
    ],
)
def test_an_installation_by_hand_is_seen(source: str) -> None:
    edited = APP.apply(source)
    assert (edited.status, edited.text) == ("there", source)


@pytest.mark.parametrize(
    "source",
    [
        "from web import App\napp = App(\n",
        "from web import App\nother = App()\n",
        "from web import App\nnitro = 3\napp = App()\n",
        "from web import App\ndef nitro(): ...\napp = App()\n",
        "from cars import nitro\nfrom web import App\napp = App()\n",
    ],
)
def test_a_file_that_cannot_be_edited_stays_and_the_lines_are_shown(source: str) -> None:
    edited = APP.apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert "nitro.install(app)" in edited.snippet


NAMES = st.sampled_from(["x", "y", "größe", "_z"])
BEFORE = st.lists(
    st.one_of(
        st.sampled_from(
            ["import os", "import web", "import zlib", "from web import App as Other", "# note", ""]
        ),
        NAMES.map(lambda name: f"{name} = '\u2028 \U0001f600'"),
        NAMES.map(lambda name: f"def {name}_(app): return [app]  # \x0c"),
    ),
    max_size=6,
)


@given(BEFORE, BEFORE, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_any_file_is_the_same_program_with_two_lines_more(
    head: list[str], tail: list[str], newline: str, nested: bool, ends: bool
) -> None:
    app = ["if 1:", "\tapp = web.App('é')  # ä"] if nested else ["app = web.App('é')"]
    source = newline.join([*head, "import web", *app, *tail]) + (newline if ends else "")
    edited = APP.apply(source)
    assert edited.status == "done"
    lines = edited.text.split(newline)
    assert [line.strip() for line in lines if "nitro" in line] == [
        "import nitro",
        "nitro.install(app)",
    ]
    assert [line for line in lines if "nitro" not in line] == source.split(newline)
    (made,) = [node for node in ast.walk(ast.parse(edited.text)) if "install" in _called(node)]
    assert made
    assert APP.apply(edited.text).status == "there"


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""
