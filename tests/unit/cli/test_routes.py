"""`nitro routes`: on an app of each framework, found as people say where it is; and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Nitro

from nitro_cli.host_routes import host_routes
from nitro_cli.loading import Loaded
from nitro_cli.route_list import list_routes
from nitro_runtime.web.topics import forget_topic

STOCK = """
from nitro import anyone, command, query

@command("stock.restock", allow=anyone)
def restock(quantity: int) -> None:
    "Puts goods on the shelf."

@query("stock.find")
async def find(word: str) -> None: ...
"""

OTHERS = """
from nitro import Entity, anyone, topic
from nitro_runtime.events.actions import action
from nitro_runtime.events.messages import Command

class RoutesLamp(Entity):
    watt: int = 0

    @action(allow=anyone)
    def dim(self, by: int) -> None:
        "Makes it darker."

class Sweep(Command, name="stock.sweep", allow=anyone):
    shelf: str

    async def handle(self) -> None: ...

@topic("stock:{shelf}")
def may_watch(user, shelf: str) -> bool:
    return True
"""

FASTAPI = """
from fastapi import APIRouter, FastAPI
from nitro import install
import routes_commands

print("noise on stdout")
router = APIRouter(prefix="/api")

@router.get("/things")
def things() -> list[int]:
    return []

@router.put("/things/{id}")
@router.patch("/things/{id}")
def change(id: int) -> dict[str, int]:
    return {}

app = FastAPI()
install(app, prefix="/live")
app.include_router(router)
"""

FLASK = """
from flask import Flask
from flask.views import MethodView
import nitro, routes_commands

class Things(MethodView):
    def get(self): return "things"
    def post(self): return "made"

def create_app(config=None):
    app = Flask(__name__)
    nitro.install(app)
    app.add_url_rule("/things", view_func=Things.as_view("things"))
    return app
"""

DJANGO = """
from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views import View
import routes_commands

settings.configure(
    SECRET_KEY="a secret for these tests alone",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["nitro_runtime.adapters.django.NitroMiddleware"],
)

class Things(View):
    def get(self, request): return HttpResponse("things")

def old(request, path): return HttpResponse(path)

urlpatterns = [
    path("things", Things.as_view(), name="things"),
    re_path(r"^old/(?P<path>.*)$", old),
    path("", include("nitro.urls")),
]
"""

SANIC = """
from sanic import Blueprint, Sanic, text
import nitro, routes_commands

bp = Blueprint("things", url_prefix="/things")

@bp.get("/<id:int>")
async def thing(request, id): return text("thing")

def create(name="routes"):
    app = Sanic(name)
    nitro.install(app)
    app.blueprint(bp)
    return app
"""

LITESTAR = """
from litestar import Controller, Litestar, get
from litestar.params import FromPath
from nitro_runtime.adapters.litestar import NitroPlugin
import routes_commands

class Things(Controller):
    path = "/things"

    @get("/{id:int}")
    async def thing(self, id: FromPath[int]) -> str: return "thing"

app = Litestar([Things], plugins=[NitroPlugin()])
"""

FASTHTML = """
import fasthtml.common as fh
import nitro, routes_commands

app, rt = fh.fast_app()
nitro.install(app)

@rt("/things/{id}")
def get(id: int): return fh.P("thing")
"""

STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
import nitro, routes_commands

async def thing(request): return PlainTextResponse("thing")

app = Starlette(routes=[Mount("/api", routes=[Route("/things/{id:int}", thing)])])
nitro.install(app)
"""

APPS = {
    "fastapi": (FASTAPI, "routes_fastapi:app", "/api/things", ["GET"], 9),
    "flask": (FLASK, "routes_flask:create_app()", "/things", ["GET", "POST"], 6),
    "django": (DJANGO, "routes_django", "/things", ["GET"], 14),
    "sanic": (SANIC, "routes_sanic:create", "/things/<id:int>", ["GET"], 7),
    "litestar": (LITESTAR, "routes_litestar:app", "/things/{id:int}", ["GET"], 10),
    "fasthtml": (FASTHTML, "routes_fasthtml:app", "/things/{id}", ["GET"], 8),
    "starlette": (STARLETTE, "routes_starlette:app", "/api/things/{id:int}", ["GET"], 7),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_commands: None) -> Iterator[Path]:
    """A folder for apps; what is imported from it is forgotten after."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    (tmp_path / "routes_commands.py").write_text(STOCK)
    (tmp_path / "static").mkdir()
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("routes_")]:
        del sys.modules[name]


def listed(nitro: Nitro, module: str, address: str) -> dict[str, Any]:
    """What the command says; of a framework that is configured once a process, in one of its own."""
    if module != "routes_django":
        code, said, complaint = nitro("routes", "--app", address, "--json")
        assert code == 0, said + complaint
        return json.loads(said)
    words = [sys.executable, "-m", "nitro_cli", "routes", "--app", address, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", APPS)
def test_the_routes_of_an_app_on_each_framework(name: str, project: Path, nitro: Nitro) -> None:
    source, address, path, methods, line = APPS[name]
    module = f"routes_{name}"
    (project / f"{module}.py").write_text(source)
    told = listed(nitro, module, address)
    assert told["notes"] == []
    rows = [row for row in told["routes"] if not row["name"].startswith("suite.")]
    [own] = [row for row in rows if row["address"] == path]
    assert (own["kind"], own["methods"], own["allow"]) == ("app", methods, None)
    assert own["where"] == f"{module}.py:{line}"
    prefix = "/live" if name == "fastapi" else ""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append(row)
    assert [(row["methods"], row["address"]) for row in by_kind["nitro"]] == [
        (["GET", "POST"], f"{prefix}/cmds/{{command}}/{{sender}}"),
        (["GET"], f"{prefix}/events"),
        (["GET"], f"{prefix}/uploads/{{name}}"),
        (["GET"], "/static/{path}"),
    ]
    assert by_kind["command"] == [
        {
            "kind": "command",
            "methods": ["POST"],
            "address": f"{prefix}/cmds/stock.restock/{{sender}}",
            "name": "stock.restock",
            "allow": "anyone",
            "where": "routes_commands.py:4",
        }
    ]
    [query] = by_kind["query"]
    assert (query["methods"], query["allow"]) == (["GET", "POST"], "signed_in")
    assert query["where"] == "routes_commands.py:8"
    assert not [row for row in by_kind["app"] if "nitro" in row["where"]]


def test_the_table_fits_a_terminal_and_a_word_chooses(project: Path, nitro: Nitro) -> None:
    (project / "routes_fastapi.py").write_text(FASTAPI)
    app = ("--app", "routes_fastapi:app")
    code, every, noise = nitro("routes", *app)
    assert (code, noise) == (0, "noise on stdout\n")
    assert max(map(len, every.splitlines())) <= 80
    titles = {line for line in every.splitlines() if line[:1].isupper() and "  " not in line}
    assert titles - {"Live topics"} == {"The app's own", "Nitro's", "Commands", "Queries"}
    assert "PUT PATCH  /api/things/{id}" in every
    _, chosen, _ = nitro("routes", "STOCK.re", *app)
    assert chosen.splitlines() == [
        "Commands",
        "METHOD  ADDRESS                            WHO MAY  WHERE",
        "POST    /live/cmds/stock.restock/{sender}  anyone   routes_commands.py:4",
    ]
    nothing = nitro("routes", "nope", *app)
    assert nothing == (0, "Nothing that the app answers has 'nope' in it.\n", "")


def test_openapi_is_printed_for_frameworks_that_make_none(project: Path, nitro: Nitro) -> None:
    (project / "routes_starlette.py").write_text(STARLETTE)
    _, said, _ = nitro("routes", "--app", "routes_starlette:app", "--openapi")
    made = json.loads(said)
    assert {"/cmds/stock.restock/{sender}", "/cmds/stock.find/{sender}"} <= set(made["paths"])
    assert made["info"]["title"] == project.name


def test_methods_of_entities_classes_and_topics_are_listed_with_their_place(
    project: Path, nitro: Nitro
) -> None:
    (project / "routes_others.py").write_text(OTHERS)
    (project / "routes_starlette.py").write_text(f"import routes_others\n{STARLETTE}")
    try:
        _, said, _ = nitro("routes", "routes_others", "--app", "routes_starlette:app", "--json")
    finally:
        forget_topic("stock:{shelf}")
    assert [
        (row["kind"], row["address"], row["allow"], row["where"].partition(":")[2])
        for row in json.loads(said)["routes"]
    ] == [
        ("command", "/cmds/routes_lamp.dim/{sender}", "anyone", "9"),
        ("command", "/cmds/stock.sweep/{sender}", "anyone", "13"),
        ("topic", "stock:{shelf}", "may_watch", "18"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "There is no Nitro project here or above."),
        (("--app", "routes_shop:nothing"), 2, "The module routes_shop has nothing called nothing"),
        (("--app", "nowhere:app"), 2, "There is no module nowhere here"),
        (("--app", "routes_shop:number"), 2, "routes_shop:number is no app, but a int"),
        (("--app", "routes_shop:make"), 2, "routes_shop:make cannot be called without arguments"),
        (("--app", "routes_broken:app"), 1, "routes_broken.py, line 2: ZeroDivisionError"),
        (("--app", "routes_ends:app"), 1, "routes_ends:app ends the program when it is imported"),
    ],
)
def test_what_cannot_be_listed_is_said_in_a_sentence(
    words: tuple[str, ...],
    code: int,
    sentence: str,
    project: Path,
    nitro: Nitro,
) -> None:
    (project / "routes_shop.py").write_text("number = 5\ndef make(config): return config\n")
    (project / "routes_broken.py").write_text("x = 0\ny = 1 / x\n")
    (project / "routes_ends.py").write_text("raise SystemExit(3)\n")
    ended, said, complaint = nitro("routes", *words)
    assert (ended, said) == (code, "")
    assert sentence in complaint
    assert len(complaint.splitlines()) == 1


def test_an_app_without_nitro_is_told_so(tmp_path: Path) -> None:
    from flask import Flask

    found = list_routes(Loaded(Flask("plain"), "plain:app", tmp_path))
    assert found.notes == (
        "Nitro is not installed on this app, so no command of it can be called.",
    )
    assert not [row for row in found.rows if row.kind == "nitro"]


def test_a_router_of_an_unknown_kind_is_no_failure() -> None:
    assert host_routes(object()) is None
