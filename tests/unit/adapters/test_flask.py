from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Blueprint, Flask, abort, jsonify, request, session
from flask_login import LoginManager, UserMixin, login_user  # pyright: ignore[reportMissingTypeStubs]
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

import nitro
from nitro_runtime.adapters.flask import (
    Nitro,
    ReadSignals,
    gate,
    html,
    install,
    neutral,
    page,
    redirect,
    reply,
    wait,
)
from nitro_runtime.errors import ConfigurationError, NitroError, NotFound
from nitro_runtime.html import P, Script
from nitro_runtime.views import Page, nonce

DATASTAR = {"datastar-request": "true"}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hand_written() -> Flask:
    """An app that knows nothing of Nitro."""
    app = Flask("by_hand")

    @app.get("/items/<name>")
    def item(name: str) -> Any:
        return jsonify(name=name, q=request.args.get("q"))

    @app.post("/items")
    def create() -> tuple[dict[str, Any], int]:
        return {"form": request.form.to_dict(), "json": request.get_json(silent=True)}, 201

    @app.get("/gone")
    def gone() -> NoReturn:
        abort(410)

    return app


def test_an_app_written_by_hand_goes_on_as_before() -> None:
    before = hand_written().test_client()
    app = hand_written()
    install(app)
    after = app.test_client()
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/items/lamp?q=7", {}),
        ("POST", "/items", {"data": {"a": "ü"}}),
        ("POST", "/items", {"json": {"a": 1}}),
        ("GET", "/gone", {}),
        ("GET", "/missing", {}),
        ("DELETE", "/items/lamp", {}),
        ("OPTIONS", "/items/lamp", {}),
    ]
    for method, path, arguments in calls:
        old, new = (c.open(path, method=method, **arguments) for c in (before, after))
        assert (new.status_code, new.data) == (old.status_code, old.data), path
        assert new.headers == old.headers, path


@pytest.mark.parametrize("after", [False, True])
def test_the_apps_own_routes_win_wherever_they_are_registered(after: bool) -> None:
    app = Flask("own")
    if after:
        install(app)

    @app.get("/events")
    def events() -> str:
        return "mine"

    @app.get("/cmds/<command>/<sender>")
    def commands(command: str, sender: str) -> str:
        return f"{command} {sender}"

    if not after:
        install(app)
    client = app.test_client()
    assert client.get("/events").text == "mine"
    assert client.get("/cmds/a/b").text == "a b"
    assert client.post("/cmds/a/b", headers=DATASTAR).status_code == 403  # Nitro's: a foreign tab


def test_a_view_function_may_return_a_view() -> None:
    app = Flask("views")
    install(app)

    @app.get("/sync")
    @page
    def sync() -> Page:
        return Page(P("sync"), title="Sync")

    @app.get("/async")
    @page
    async def not_sync() -> Page:
        return Page(P(f"async {request.args['q']}"), title="Async")

    @app.get("/data")
    @page
    def data() -> dict[str, int]:
        return {"a": 1}

    @app.get("/tuple")
    @page
    def with_status() -> tuple[Page, int, dict[str, str]]:
        return Page(P("gone"), title="Gone"), 410, {"x-why": "sold"}

    @app.get("/data-tuple")
    @page
    def data_with_status() -> tuple[dict[str, int], int]:
        return {"a": 1}, 202

    client = app.test_client()
    gone = client.get("/tuple")
    assert (gone.status_code, gone.headers["x-why"], gone.mimetype) == (410, "sold", "text/html")
    assert "<p>gone</p>" in gone.text
    assert client.get("/data-tuple").status_code == 202
    assert "<p>sync</p>" in client.get("/sync").text
    assert "<p>async 7</p>" in client.get("/async?q=7").text
    assert client.get("/data").json == {"a": 1}
    assert client.get_cookie("nitro_session") is not None
    assert client.get("/sync", headers=DATASTAR).mimetype == "text/event-stream"


def test_a_form_is_read_by_nitro_and_by_the_app() -> None:
    app = Flask("forms")
    install(app)

    @app.post("/ours-first")
    async def ours_first() -> list[str]:
        neutral = nitro.Request  # named to show that the type is the public one
        from nitro_runtime.context import neutral_request

        asked = neutral_request(request)
        assert isinstance(asked, neutral)
        return [(await asked.form())["a"], request.form["a"]]

    @app.post("/theirs-first")
    async def theirs_first() -> list[str]:
        from nitro_runtime.context import neutral_request

        return [request.form["a"], (await neutral_request(request).form())["a"]]

    client = app.test_client()
    for path in ("/ours-first", "/theirs-first"):
        assert client.post(path, data={"a": "ü&="}).json == ["ü&=", "ü&="]


def test_a_guarded_blueprint_refuses_what_comes_from_elsewhere() -> None:
    app = Flask("guard")
    install(app)
    blueprint = Blueprint("guarded", __name__)
    blueprint.before_request(gate)

    @blueprint.post("/save")
    def save() -> Any:
        return redirect(None, "/", notice="Saved")

    app.register_blueprint(blueprint)
    client = app.test_client()
    assert client.post("/save").status_code == 403
    saved = client.post("/save", headers={"origin": "http://localhost"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/")


def test_signals_are_read() -> None:
    app = Flask("signals")
    install(app)
    app.add_url_rule("/", view_func=lambda: ReadSignals().plain(), methods=["POST"])
    client = app.test_client()
    assert client.post("/", json={"a": 1}, headers=DATASTAR).json == {"a": 1}
    assert client.post("/", json=[1], headers=DATASTAR).status_code == 422


def test_an_error_for_visitors_is_answered_and_any_other_is_not() -> None:
    app = Flask("errors")
    install(app)

    @app.get("/missing")
    def missing() -> NoReturn:
        raise NotFound("Product", "7")

    @app.get("/broken")
    def broken() -> NoReturn:
        raise NitroError("inside")

    client = app.test_client()
    assert client.get("/missing").status_code == 404
    assert client.get("/missing").text == "There is no such product."
    broken_reply = client.get("/broken")
    assert broken_reply.status_code == 500
    assert "inside" not in broken_reply.text


def folder(root: Path, name: str) -> Path:
    (root / name).mkdir()
    (root / name / "who.txt").write_text(name)
    return root / name


@pytest.mark.parametrize(
    ("given", "who"),
    [
        ({}, "nitro"),  # Flask's own default names a folder that does not exist
        ({"static_folder": None}, "nitro"),
        ({"static_folder": "mine"}, "mine"),
    ],
)
def test_a_static_folder_is_served_unless_the_app_has_one(
    tmp_path: Path, given: dict[str, Any], who: str
) -> None:
    folder(tmp_path, "mine")
    app = Flask("static_app", root_path=str(tmp_path), static_url_path="/static", **given)
    install(app, static=folder(tmp_path, "nitro"))
    app.add_url_rule("/", view_func=lambda: reply(None, Page(title="x")))
    client = app.test_client()
    response = client.get("/static/who.txt")
    assert response.text == who
    response.close()
    assert 'src="/static/datastar.js"' in client.get("/").text


def test_installing_twice_is_a_clear_error() -> None:
    app = Flask("twice")
    nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        nitro.install(app)


def test_html_makes_a_response_of_a_view_as_it_stands() -> None:
    response = html(P("hi"), status=203)
    assert (response.status_code, response.data) == (203, b"<p>hi</p>")
    assert html(Script("go()", nonce=nonce())).data == b"<script>go()</script>"


# -- Flask's own ways -----------------------------------------------------------------------------


def test_an_extension_serves_every_app_that_a_factory_makes(tmp_path: Path) -> None:
    extension = Nitro(static=folder(tmp_path, "files"))

    def create_app(name: str) -> Flask:
        app = Flask(name)
        app.config["NITRO_PREFIX"] = f"/{name}"
        app.config["NITRO_SOMETHING"] = "of somebody else's"
        extension.init_app(app)
        blueprint = Blueprint("shop", name, url_prefix="/shop")

        @blueprint.get("/")
        def index() -> Any:
            return reply(None, Page(P(name), title=name))

        app.register_blueprint(blueprint)
        return app

    for name in ("one", "two"):
        text = create_app(name).test_client().get("/shop/").text
        assert f"<p>{name}</p>" in text
        assert f"&#34;/{name}/events?tab=" in text
        assert 'src="/static/datastar.js"' in text


def test_an_extension_may_be_given_its_app_at_once_and_what_it_is_given_wins() -> None:
    app = Flask("at_once")
    app.config["NITRO_PREFIX"] = "/config"
    Nitro(app, prefix="/given")
    client = app.test_client()
    assert client.get("/given/events").status_code == 403
    assert client.get("/config/events").status_code == 404


async def doubled(number: int) -> int:
    return 2 * number


def test_a_sync_view_waits_for_a_coroutine_and_an_async_view_is_told_to_await_it() -> None:
    app = Flask("waits")
    install(app)

    @app.get("/sync")
    def sync() -> str:
        return str(wait(doubled(2)))

    @app.get("/async")
    async def not_sync() -> str:
        with pytest.raises(NitroError, match="await the coroutine"):
            wait(doubled(2))
        return str(await doubled(3))

    client = app.test_client()
    assert client.get("/sync").text == "4"
    assert client.get("/async").text == "6"


def test_the_apps_own_session_is_left_alone() -> None:
    app = Flask("sessions")
    app.config.from_mapping(SECRET_KEY="the key of this app")
    install(app)

    @app.get("/count")
    def count() -> str:
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    app.add_url_rule("/page", view_func=lambda: reply(None, Page(title="x")))
    client = app.test_client()
    shown = client.get("/page")
    assert [cookie.partition("=")[0] for cookie in shown.headers.getlist("set-cookie")] == [
        "nitro_session"
    ]
    assert [client.get("/count").text for _ in range(2)] == ["1", "2"]


def who_app() -> Flask:
    app = Flask("who")
    install(app)

    @app.get("/who")
    def who() -> str:
        return str(neutral().user)

    return app


class Ann(UserMixin):
    id = "ann"

    def __str__(self) -> str:
        return self.id


def test_the_user_is_whom_flask_login_knows() -> None:
    app = who_app()
    app.config.update(SECRET_KEY="a key for sessions")
    manager = LoginManager(app)
    manager.user_loader(lambda _: Ann())

    @app.get("/login")
    def login() -> str:
        return str(login_user(Ann()))

    client = app.test_client()
    assert client.get("/who").text == "None"
    assert client.get("/login").text == "True"
    assert client.get("/who").text == "ann"


def test_nothing_is_imported_for_an_app_without_flask_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "flask_login", None)
    assert who_app().test_client().get("/who").text == "None"


def test_an_app_below_a_script_name_names_its_own_addresses(tmp_path: Path) -> None:
    app = Flask("mounted")
    install(app, static=folder(tmp_path, "files"))

    @app.get("/page")
    def show() -> Any:
        return reply(None, Page(title="x"))

    @app.post("/save")
    def save() -> Any:
        return redirect(None, f"{neutral().base}/page", notice="Saved")

    client = Client(DispatcherMiddleware(Flask("outer"), {"/shop": app}))
    text = client.get("/shop/page").text
    assert 'src="/shop/static/datastar.js"' in text
    assert "&#34;/shop/events?tab=" in text
    served = client.get("/shop/static/who.txt")
    assert served.text == "files"
    served.close()
    assert client.get("/shop/events").status_code == 403
    assert client.post("/shop/cmds/any/tab", headers=DATASTAR).status_code == 403
    assert client.get("/events").status_code == 404
    assert client.post("/shop/save").headers["location"] == "/shop/page"
    assert "Saved" in client.get("/shop/page").text


def test_the_apps_own_static_route_wins_wherever_it_is_registered(tmp_path: Path) -> None:
    app = Flask("own_static", static_folder=None)
    install(app, static=folder(tmp_path, "nitro"))
    app.add_url_rule("/static/<path:name>", view_func=lambda name: f"mine: {name}")
    assert app.test_client().get("/static/who.txt").text == "mine: who.txt"


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_an_upload_is_read_by_nitro_and_by_the_app(first: str) -> None:
    app = Flask("uploads")
    install(app)

    @app.post("/")
    def upload() -> list[Any]:
        if first == "theirs":
            assert request.files
        ours = wait(neutral().files())["file"]
        told = [ours.filename, ours.content_type, ours.read().decode(), ours.size]
        theirs = request.files["file"].read().decode() if first == "theirs" else "text"
        return [*told, theirs, wait(neutral().form())["a"]]

    sent = {"a": "ü", "file": (io.BytesIO(b"text"), "../n.txt", "text/plain; charset=utf-8")}
    answer = app.test_client().post("/", data=sent)
    assert answer.json == ["n.txt", "text/plain", "text", 4, "text", "ü"]


def test_a_refused_query_is_answered_with_its_sentence() -> None:
    app = Flask("query")
    install(app)
    app.add_url_rule("/", view_func=lambda: reply(None, Page(title="x")))
    refused = app.test_client().get("/?a=%ff")
    assert refused.status_code == 422
    assert "UTF-8" in refused.text
