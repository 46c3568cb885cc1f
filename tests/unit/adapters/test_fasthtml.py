# FastHTML has no types.
# pyright: reportUntypedFunctionDecorator=false, reportAttributeAccessIssue=false
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from authentication import ByHeader
from fasthtml.components import Div
from fasthtml.core import APIRouter, Beforeware, FastHTML, NotStr, cookie
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

import nitro
from nitro_runtime.adapters import fasthtml
from nitro_runtime.adapters.fasthtml import ReadSignals, gate, neutral, page, redirect
from nitro_runtime.errors import ConfigurationError, NotFound
from nitro_runtime.html import P
from nitro_runtime.views import Page

DATASTAR = {"datastar-request": "true"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "app.css").write_text("p {}")
    return tmp_path


def new_app(**options: Any) -> FastHTML:
    return FastHTML(secret_key="the key of this app", **options)


def hand_written() -> FastHTML:
    """An app that knows nothing of Nitro."""
    app = new_app(hdrs=(NotStr("<meta name=mine>"),))

    @app.route("/page")
    def page(name: str = "x") -> Any:
        return Div(name, id="it")

    @app.route("/parts")
    def parts() -> Any:
        return Div("a"), cookie("mine", "1")

    @app.route("/data")
    async def data() -> dict[str, int]:
        return {"a": 1}

    @app.route("/text")
    def text() -> str:
        return "<b>text</b>"

    @app.route("/bare")
    def bare() -> Any:
        return NotStr("<b>bare</b>")

    @app.post("/save")
    def save(name: str) -> str:
        return f"saved {name}"

    return app


def test_an_app_written_by_hand_goes_on_as_before() -> None:
    app = hand_written()
    nitro.install(app)
    before, after = TestClient(hand_written()), TestClient(app)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/page?name=<b>&resp=1", {}),
        ("GET", "/page", {"headers": {"hx-request": "1"}}),
        ("GET", "/parts", {}),
        ("GET", "/data", {}),
        ("GET", "/text", {}),
        ("GET", "/bare", {}),
        ("POST", "/save", {"data": {"name": "lamp"}}),
        ("POST", "/save", {"data": {}}),
        ("GET", "/missing", {}),
    ]
    for method, path, arguments in calls:
        old, new = (client.request(method, path, **arguments) for client in (before, after))
        assert (new.status_code, new.content) == (old.status_code, old.content), path
        assert new.headers == old.headers, path


def test_a_handler_may_return_a_view() -> None:
    app = new_app()
    nitro.install(app)

    @app.route("/sync")
    def sync() -> Any:
        return Page(P("sync"), title="Sync")

    @app.route("/async")
    @page
    async def not_sync(name: str) -> Page:
        return Page(P(f"async {name}"), title="Async")

    @app.route("/element")
    def element() -> Any:
        return P("<b>", id="it")

    router = APIRouter(prefix="/router")

    @router("/in")
    def routed() -> Any:
        return P("routed")

    router.to_app(app)
    client = TestClient(app)
    for path, text in [
        ("/sync", "<p>sync</p>"),
        ("/async?name=x", "<p>async x</p>"),
        ("/element", '<p id="it">&lt;b&gt;</p>'),
        ("/router/in", "<p>routed</p>"),
    ]:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.text.startswith("<!DOCTYPE html>")
        assert text in answer.text
        patched = client.get(path, headers=DATASTAR)
        assert patched.headers["content-type"] == "text/event-stream"
        assert text in patched.text
    assert 'src="/static/datastar.js"' in client.get("/sync").text


def test_a_view_among_fasthtmls_own_elements_is_not_escaped() -> None:
    app = new_app()
    nitro.install(app)

    @app.route("/")
    def index() -> Any:
        return Div(P("<b>", id="it"))

    text = TestClient(app).get("/").text
    assert '<p id="it">&lt;b&gt;</p>' in text
    assert "htmx" in text  # the page is FastHTML's own


def test_a_beforeware_guards_every_route() -> None:
    app = new_app(before=Beforeware(gate, skip=["/open"]))
    nitro.install(app)

    @app.post("/save")
    def save(name: str) -> str:
        return f"saved {name}"

    @app.post("/open")
    def open_() -> str:
        return "open"

    client = TestClient(app)
    refused = client.post("/save", data={"name": "x"})
    assert refused.status_code == 403
    assert refused.text == "This request did not come from a page of this site."
    own = {"sec-fetch-site": "same-origin"}
    assert client.post("/save", data={"name": "x"}, headers=own).text == "saved x"
    assert client.post("/open").text == "open"


def test_signals_are_a_parameter() -> None:
    app = new_app()
    nitro.install(app)

    @app.route("/signals")
    async def signals(signals: ReadSignals) -> dict[str, Any]:
        return {"a": signals.a}

    client = TestClient(app)
    asked = {"datastar": json.dumps({"a": 1})}
    assert client.get("/signals", params=asked, headers=DATASTAR).json() == {"a": 1}
    assert client.post("/signals", json={"a": 2}, headers=DATASTAR).json() == {"a": 2}
    refused = client.get("/signals", params={"datastar": "[1]"}, headers=DATASTAR)
    assert (refused.status_code, refused.text) == (422, "The signals must be a JSON object.")


def test_a_form_is_read_by_nitro_after_fasthtml_has_parsed_it() -> None:
    app = new_app()
    nitro.install(app)

    @app.post("/save")
    async def save(request: Request, name: str) -> Any:
        asked = neutral(request)
        form, files = await asked.form(), await asked.files()
        texts: list[str] = []
        for upload in files.values():
            with upload.file:  # FastHTML itself leaves it to the garbage collector
                texts.append(upload.read().decode())
        return {"name": name, "ours": form["name"], "files": texts}

    client = TestClient(app)
    told = client.post("/save", data={"name": "ü&="}).json()
    assert told == {"name": "ü&=", "ours": "ü&=", "files": []}
    told = client.post("/save", data={"name": "ü"}, files={"file": ("n.txt", b"text")}).json()
    assert told == {"name": "ü", "ours": "ü", "files": ["text"]}


def who_app(**options: Any) -> FastHTML:
    app = new_app(**options)
    nitro.install(app)

    @app.route("/in")
    def sign_in(request: Request) -> str:
        request.session["auth"] = "ann"
        return "in"

    @app.route("/who")
    async def who(request: Request) -> str:
        user = await neutral(request).load_user()
        return str(getattr(user, "username", user))

    return app


def test_the_user_is_whom_the_session_knows() -> None:
    client = TestClient(who_app())
    assert client.get("/who").text == "None"
    client.get("/in")
    assert client.get("/who").text == "ann"
    assert "nitro_session" not in client.cookies  # FastHTML's own session is FastHTML's


def test_the_user_is_whom_a_beforeware_found() -> None:
    def before(req: Request) -> None:
        req.scope["auth"] = "bob"

    assert TestClient(who_app(before=before)).get("/who").text == "bob"


def test_the_user_is_whom_an_authentication_middleware_found() -> None:
    middleware = [Middleware(AuthenticationMiddleware, backend=ByHeader())]
    client = TestClient(who_app(middleware=middleware))
    assert client.get("/who", headers={"x-user": "cleo"}).text == "cleo"
    assert client.get("/who").text == "None"


def test_an_app_without_sessions_has_no_user() -> None:
    assert TestClient(who_app(sess_cls=None)).get("/who").text == "None"


def test_errors_for_visitors_are_answered_and_redirects_show_their_notice() -> None:
    app = new_app()
    nitro.install(app)

    @app.route("/missing")
    def missing() -> None:
        raise NotFound("Product", "7")

    @app.post("/save")
    def save(request: Request) -> Response:
        return redirect(request, "/done", notice="Saved")

    @app.route("/done")
    def done() -> Any:
        return P("done")

    client = TestClient(app)
    assert client.get("/missing").status_code == 404
    assert client.get("/missing").text == "There is no such product."
    assert "Saved" in client.post("/save").text


@pytest.mark.parametrize("after", [False, True])
def test_the_apps_own_routes_win_wherever_they_are_registered(after: bool) -> None:
    app = new_app()
    if after:
        nitro.install(app)

    @app.route("/events")
    def events() -> str:
        return "mine"

    app.static_route_exts(static_path="static", prefix="/static/")
    if not after:
        nitro.install(app)
    client = TestClient(app)
    assert client.get("/events").text == "mine"
    assert client.get("/static/app.css").text == "p {}"
    assert client.post("/cmds/a/b", headers=DATASTAR).status_code == 403  # Nitro's: a foreign tab


def test_nothing_is_written_to_the_working_directory(folder: Path) -> None:
    nitro.install(new_app())
    assert [path.name for path in folder.iterdir()] == ["static"]


def test_installing_twice_or_on_another_frameworks_app_is_a_clear_error() -> None:
    from starlette.applications import Starlette

    app = new_app()
    nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        nitro.install(app)
    with pytest.raises(ConfigurationError, match="type FastHTML and was given a Starlette"):
        fasthtml.install(Starlette())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_page_lets_a_handler_that_was_registered_before_return_a_view() -> None:
    app = new_app()

    @app.route("/before")
    @page
    def before(name: str) -> Any:
        return P(name) if name != "own" else Div("own")

    nitro.install(app)
    client = TestClient(app)
    assert '<main id="main" class="main"><p>x</p>' in client.get("/before?name=x").text
    assert "htmx" in client.get("/before?name=own").text
