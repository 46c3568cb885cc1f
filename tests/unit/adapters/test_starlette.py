from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from authentication import ByHeader
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

import nitro
from nitro_runtime.adapters.starlette import (
    ReadSignals,
    gate,
    html,
    install,
    neutral,
    page,
    redirect,
    reply,
)
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


async def plain(request: Request) -> Response:
    return PlainTextResponse("plain")


@page
async def shown(request: Request) -> Page:
    return Page(P("shown"), title="Shown")


def test_an_app_written_by_hand_goes_on_as_before() -> None:
    def written() -> Starlette:
        return Starlette(
            routes=[
                Route("/plain", plain),
                Route("/save", plain, methods=["POST"]),
                Mount("/in", routes=[Route("/plain", plain)]),
                Host("api.example.com", Router([Route("/", plain)])),
            ]
        )

    app = written()
    install(app)
    before, after = TestClient(written()), TestClient(app)
    calls = [("GET", "/plain"), ("POST", "/plain"), ("GET", "/save"), ("GET", "/in/plain")]
    for method, path in [*calls, ("GET", "/in/none"), ("GET", "/none"), ("GET", "/plain/")]:
        old, new = (client.request(method, path) for client in (before, after))
        assert (new.status_code, new.content, new.headers) == (
            old.status_code,
            old.content,
            old.headers,
        ), path
    assert after.get("http://api.example.com/").text == "plain"


class Shelf(HTTPEndpoint):
    """An endpoint that is a class."""

    @page
    async def get(self, request: Request) -> Page:
        return Page(P("shelf"), title="Shelf")


@page
def sync_view(request: Request) -> Page:
    return Page(P("sync"), title="Sync")


@page
def data(request: Request) -> Response:
    return JSONResponse({"a": 1})


def test_an_endpoint_may_return_a_view() -> None:
    app = Starlette(
        routes=[
            Route("/async", shown),
            Route("/sync", sync_view),
            Route("/shelf", Shelf),
            Route("/data", data),
        ]
    )
    install(app)
    client = TestClient(app)
    for path, text in (
        ("/async", "<p>shown</p>"),
        ("/sync", "<p>sync</p>"),
        ("/shelf", "<p>shelf</p>"),
    ):
        answer = client.get(path)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert text in answer.text
        patched = client.get(path, headers=DATASTAR)
        assert patched.headers["content-type"] == "text/event-stream"
    assert client.get("/data").json() == {"a": 1}


def test_a_page_below_a_mount_of_routes_names_the_addresses_of_the_app() -> None:
    app = Starlette(routes=[Mount("/admin", routes=[Route("/shown", shown)])])
    install(app, prefix="/live")
    client = TestClient(app)
    text = client.get("/admin/shown").text
    assert 'src="/static/datastar.js"' in text
    assert "&#34;/live/events?tab=" in text
    below = TestClient(app, root_path="/shop")
    assert 'src="/shop/static/datastar.js"' in below.get("/shop/admin/shown").text


async def path_of(request: Request) -> Response:
    return JSONResponse([neutral(request).base, neutral(request).path])


def test_an_app_mounted_in_another_names_its_own_addresses() -> None:
    inner = Starlette(routes=[Route("/shown", shown), Route("/path", path_of)])
    install(inner)
    client = TestClient(Starlette(routes=[Mount("/shop", app=inner)]))
    text = client.get("/shop/shown").text
    assert 'src="/shop/static/datastar.js"' in text
    assert "/shop/events?" in text
    assert client.get("/shop/path").json() == ["/shop", "/path"]
    assert client.get("/shop/static/app.css").text == "p {}"
    assert client.get("/shop/events").status_code == 403
    assert client.post("/shop/cmds/any/tab", headers=DATASTAR).status_code == 403
    assert client.get("/events").status_code == 404


async def who(request: Request) -> Response:
    user = await neutral(request).load_user()
    return PlainTextResponse(user.username if user else "nobody")


def test_the_user_is_whom_the_apps_own_authentication_found() -> None:
    middleware = [Middleware(AuthenticationMiddleware, backend=ByHeader())]
    app = Starlette(routes=[Route("/", who)], middleware=middleware)
    install(app)
    client = TestClient(app)
    assert client.get("/", headers={"x-user": "ann"}).text == "ann"
    assert client.get("/").text == "nobody"
    assert client.get("/", headers={"x-user": "-"}).text == "nobody"


def test_the_user_is_nobody_where_there_is_no_authentication() -> None:
    app = Starlette(routes=[Route("/", who)])
    install(app)
    assert TestClient(app).get("/").text == "nobody"


async def guarded(request: Request) -> Response:
    await gate(request)
    return html(P("saved"), status=201)


def test_the_gate_refuses_what_comes_from_elsewhere() -> None:
    app = Starlette(routes=[Route("/save", guarded, methods=["POST"])])
    install(app)
    client = TestClient(app)
    refused = client.post("/save")
    assert refused.status_code == 403
    assert refused.text == "This request did not come from a page of this site."
    saved = client.post("/save", headers={"sec-fetch-site": "same-origin"})
    assert (saved.status_code, saved.text) == (201, "<p>saved</p>")


async def signals(request: Request) -> Response:
    return JSONResponse((await ReadSignals(request)).plain())


def test_signals_are_read_and_bad_ones_refused() -> None:
    app = Starlette(routes=[Route("/", signals, methods=["POST"])])
    install(app)
    client = TestClient(app)
    assert client.post("/", json={"a": 1}, headers=DATASTAR).json() == {"a": 1}
    assert client.post("/", json=[1], headers=DATASTAR).status_code == 422


async def both_forms(request: Request) -> Response:
    asked = neutral(request)
    if "ours" in request.query_params:
        await asked.form()
    async with request.form() as theirs:
        ours, files = await asked.form(), await asked.files()
        upload = files.get("file")
        told = [upload.filename, upload.read().decode()] if upload else None
        return JSONResponse([ours["a"], theirs["a"], told])


@pytest.mark.parametrize("query", ["ours", "theirs"])
def test_a_form_is_read_by_nitro_and_by_the_app(query: str) -> None:
    app = Starlette(routes=[Route("/", both_forms, methods=["POST"])])
    install(app)
    client = TestClient(app)
    assert client.post(f"/?{query}", data={"a": "ü&="}).json() == ["ü&=", "ü&=", None]
    sent = client.post(f"/?{query}", data={"a": "ü"}, files={"file": ("../n.txt", b"text")})
    assert sent.json() == ["ü", "ü", ["n.txt", "text"]]


async def missing(request: Request) -> Response:
    raise NotFound("Product", "7")


def test_an_error_for_visitors_is_answered_even_when_the_query_is_the_error() -> None:
    app = Starlette(routes=[Route("/missing", missing), Route("/shown", shown)])
    install(app)
    client = TestClient(app)
    assert client.get("/missing").text == "There is no such product."
    refused = client.get("/shown?a=%ff")
    assert refused.status_code == 422
    assert "UTF-8" in refused.text


OWN: list[tuple[str, Any, str]] = [
    ("/events", Route("/events", plain), "/events"),
    ("/cmds", Route("/cmds/{name}/{tab}", plain, methods=["GET", "POST"]), "/cmds/a/b"),
    ("/static", Mount("/static", StaticFiles(directory=".")), "/static/mine.txt"),
    ("/{page}", Route("/{page}", plain), "/events"),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("name", "route", "path"), OWN, ids=[name for name, *_ in OWN])
def test_the_apps_own_route_wins(
    folder: Path, name: str, route: Any, path: str, after: bool
) -> None:
    (folder / "mine.txt").write_text("plain")
    app = Starlette()
    if after:
        install(app)
    app.router.routes.append(route)
    if not after:
        install(app)
    client = TestClient(app)
    for _ in range(2):
        assert client.get(path).text == "plain"


def test_the_apps_own_routes_stand_before_nitros() -> None:
    app = Starlette(routes=[Route("/first", plain)])
    install(app)
    app.router.routes.append(Route("/later", plain))
    TestClient(app).get("/later")
    own = [getattr(route, "path", "") for route in app.router.routes]
    assert own[:2] == ["/first", "/later"]
    assert len(own) == 4  # and Nitro's routes and files behind them


def test_installing_twice_is_a_clear_error() -> None:
    app = Starlette()
    nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        nitro.install(app)


def test_a_reply_shows_a_view_with_the_status_that_was_asked_for() -> None:
    async def made(request: Request) -> Response:
        return reply(request, P("made"), status=201)

    app = Starlette(routes=[Route("/", made)])
    install(app)
    answer = TestClient(app).get("/")
    assert answer.status_code == 201
    assert "<p>made</p>" in answer.text


def test_a_redirect_below_a_mount_shows_its_notice_on_arrival() -> None:
    async def save(request: Request) -> Response:
        return redirect(request, f"{neutral(request).base}/shown", notice="Saved")

    inner = Starlette(routes=[Route("/save", save, methods=["POST"]), Route("/shown", shown)])
    install(inner)
    client = TestClient(Starlette(routes=[Mount("/shop", app=inner)]))
    arrived = client.post("/shop/save")
    assert arrived.url.path == "/shop/shown"
    assert "Saved" in arrived.text
