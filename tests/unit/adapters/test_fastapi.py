from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from pydantic import BaseModel

import nitro
from nitro_runtime.adapters.fastapi import ReadSignals, ViewRoute, gate, html, install, page, reply
from nitro_runtime.context import neutral_request
from nitro_runtime.entities import Entity
from nitro_runtime.errors import ConfigurationError, NitroError, NotFound
from nitro_runtime.html import Div, Html, P, Script
from nitro_runtime.views import Card, Form, Page, Table, nonce

DATASTAR = {"datastar-request": "true"}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Ware(Entity):
    name: str


class Item(BaseModel):
    name: str
    price: float = 1.5


def who(x_name: Annotated[str, Header()] = "nobody") -> str:
    return x_name


def hand_written(app: FastAPI | None = None) -> FastAPI:
    """An app that knows nothing of Nitro, or its routes on an app that does."""
    app = app or FastAPI()

    @app.get("/items/{name}")
    async def item(name: str, q: int = 3) -> Item:
        return Item(name=f"{name}{q}")

    @app.post("/items", response_model=Item, status_code=201)
    def create(item: Item, name: Annotated[str, Depends(who)]) -> Any:
        return {"name": f"{item.name} by {name}", "price": 2, "secret": 1}

    @app.get("/plain", response_class=PlainTextResponse)
    async def plain() -> str:
        return "plain"

    @app.get("/unannotated")
    async def unannotated():  # noqa: ANN202 # what the test is about
        return {"a": [1, None]}

    @app.get("/fails")
    async def fails() -> None:
        raise KeyError("no")

    return app


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/items/lamp?q=7", {}),
    ("GET", "/items/lamp?q=x", {}),
    ("POST", "/items", {"json": {"name": "lamp"}, "headers": {"x-name": "ann"}}),
    ("POST", "/items", {"json": {"price": 1}}),
    ("GET", "/plain", {}),
    ("GET", "/unannotated", {}),
    ("GET", "/missing", {}),
    ("DELETE", "/plain", {}),
    ("GET", "/openapi.json", {}),
    ("GET", "/docs", {}),
]


def test_an_app_written_by_hand_goes_on_as_before() -> None:
    before = TestClient(hand_written())
    app = hand_written()
    install(app)
    after = TestClient(app)
    for method, path, arguments in CALLS:
        old, new = (c.request(method, path, **arguments) for c in (before, after))
        assert (new.status_code, new.content) == (old.status_code, old.content), path
        assert new.headers == old.headers, path
    with pytest.raises(KeyError):
        after.get("/fails")


def test_routes_registered_after_install_are_served_as_fastapi_serves_them() -> None:
    app = FastAPI()
    install(app)
    before, after = TestClient(hand_written()), TestClient(hand_written(app))
    for method, path, arguments in CALLS:
        old, new = (c.request(method, path, **arguments) for c in (before, after))
        assert (new.status_code, new.content) == (old.status_code, old.content), path


def test_only_endpoints_that_may_return_a_view_are_wrapped() -> None:
    app = FastAPI()
    install(app)

    def json_item() -> Item:
        return Item(name="lamp")

    def response() -> Response:
        return Response()

    def view() -> Page:
        return Page(title="x")

    def either() -> Page | Response | None:
        return None

    def unannotated():  # noqa: ANN202
        return None

    def text() -> str:
        return ""

    wrapped = {}
    for function in (json_item, response, view, either, unannotated, text):
        app.get(f"/{function.__name__}")(function)
        route = app.router.routes[-1]
        assert isinstance(route, ViewRoute)
        wrapped[function.__name__] = route.endpoint is not function
    assert wrapped == {
        "json_item": False,
        "response": False,
        "view": True,
        "either": True,
        "unannotated": True,
        "text": False,
    }


def views_app() -> FastAPI:
    app = FastAPI()
    install(app)

    @app.get("/sync")
    def sync():  # noqa: ANN202
        return Page(P("sync"), title="Sync")

    @app.get("/async")
    async def not_sync() -> Page:
        return Page(P("async"), title="Async")

    @app.get("/element")
    async def element() -> Html:
        return Div("<b>", id="it")

    @app.get("/data")
    async def data():  # noqa: ANN202
        return {"a": 1}

    @app.get("/either/{which}")
    async def either(which: str) -> Page | Response:
        return Response("bare") if which == "bare" else Page("page", title="Page")

    router = APIRouter(prefix="/router", route_class=ViewRoute)

    @router.get("")
    def routed():  # noqa: ANN202
        return Page(P("routed"), title="Routed")

    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sync", "<p>sync</p>"),
        ("/async", "<p>async</p>"),
        ("/element", '<div id="it">&lt;b&gt;</div>'),
        ("/either/page", "page"),
        ("/router", "<p>routed</p>"),
    ],
)
def test_an_endpoint_may_return_a_view(path: str, text: str) -> None:
    client = TestClient(views_app())
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!DOCTYPE html>")
    assert text in response.text
    assert "nitro_session" in client.cookies
    patched = client.get(path, headers=DATASTAR)
    assert patched.headers["content-type"].startswith("text/event-stream")
    assert text in patched.text


def test_an_endpoint_that_may_return_a_view_may_return_data() -> None:
    client = TestClient(views_app())
    assert client.get("/data").json() == {"a": 1}
    assert client.get("/either/bare").text == "bare"


@pytest.mark.parametrize("after", [False, True])
def test_the_apps_own_routes_win_wherever_they_are_registered(after: bool) -> None:
    app = FastAPI()
    if after:
        install(app)

    @app.get("/events")
    async def events() -> str:
        return "mine"

    @app.get("/cmds/{command}/{sender}")
    async def commands(command: str, sender: str) -> str:
        return f"{command} {sender}"

    if not after:
        install(app)
    client = TestClient(app)
    assert client.get("/events").json() == "mine"
    assert client.get("/cmds/a/b").json() == "a b"
    assert client.post("/cmds/a/b", headers=DATASTAR).status_code == 403  # Nitro's: a foreign tab


def test_a_missing_static_folder_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    install(FastAPI())
    assert "nitro assets static" in caplog.text
    caplog.clear()
    (tmp_path / "static").mkdir()
    install(FastAPI())
    assert caplog.text == ""


def test_a_static_folder_is_served_unless_the_app_has_one(tmp_path: Path) -> None:
    for name in ("mine", "nitro"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "who.txt").write_text(name)
    app = FastAPI()
    install(app, static=tmp_path / "nitro")
    assert TestClient(app).get("/static/who.txt").text == "nitro"
    app.mount("/static", StaticFiles(directory=tmp_path / "mine"))
    assert TestClient(app).get("/static/who.txt").text == "mine"


def test_a_folder_called_static_is_found_by_itself(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "app.css").write_text("p {}")
    app = FastAPI()
    install(app)
    app.add_api_route("/", lambda: Page(title="x"))
    client = TestClient(app)
    assert client.get("/static/app.css").text == "p {}"
    assert 'src="/static/datastar.js"' in client.get("/").text


def test_an_app_below_another_address_names_its_own(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    app = FastAPI()
    install(app, prefix="/live")
    app.add_api_route("/", lambda: Page(title="x"))
    outer = FastAPI()
    outer.mount("/shop", app)
    text = TestClient(outer).get("/shop/").text
    assert "/shop/live/events?tab" in text
    assert 'src="/shop/static/datastar.js"' in text
    assert TestClient(outer).get("/shop/live/events").status_code == 403


def test_installing_twice_is_a_clear_error() -> None:
    app = FastAPI()
    nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        nitro.install(app)


def test_an_app_of_an_unknown_type_is_a_clear_error() -> None:
    with pytest.raises(
        ConfigurationError, match=r"type builtins\.dict; it knows .*fastapi\.FastAPI"
    ):
        nitro.install({})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"static": "nowhere"}, "'nowhere' does not exist"),
        ({"prefix": "live"}, "starts with a slash"),
        ({"prefix": "/live/"}, "does not end with one"),
        ({"secret_key": "short"}, "at least 16 characters"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], sentence: str) -> None:
    app = FastAPI()
    with pytest.raises(ConfigurationError, match=sentence):
        nitro.install(app, **options)
    assert not hasattr(app.state, "nitro")


def test_an_error_for_visitors_is_answered_and_any_other_is_not() -> None:
    app = FastAPI()
    install(app)

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("Product", "<7>")

    @app.get("/broken")
    async def broken() -> None:
        raise NitroError("inside")

    client = TestClient(app, raise_server_exceptions=False)
    page = client.get("/missing", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert "There is no such product." in page.text
    assert client.get("/missing").text == "There is no such product."
    assert client.get("/broken").text == "Internal Server Error"


def test_the_apps_own_handler_for_nitros_errors_stays() -> None:
    app = FastAPI()

    @app.exception_handler(NitroError)
    async def handle(request: Request, error: NitroError) -> Response:
        return Response("mine", status_code=418)

    install(app)

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("Product", "7")

    assert TestClient(app).get("/missing").text == "mine"


def test_a_guarded_router_refuses_what_comes_from_elsewhere() -> None:
    app = FastAPI()
    install(app)
    router = APIRouter(dependencies=[Depends(gate)])

    @router.post("/save")
    async def save(request: Request) -> Response:
        return reply(request, P("saved"), status=201)

    app.include_router(router)
    client = TestClient(app)
    assert client.post("/save").status_code == 403
    assert client.post("/save", headers={"origin": "http://testserver"}).status_code == 201
    assert client.post("/save", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_signals_and_a_json_body_are_read_in_the_same_request() -> None:
    app = FastAPI()
    install(app)

    @app.post("/both")
    async def both(item: Item, signals: ReadSignals) -> list[Any]:
        return [item.name, signals.price]

    response = TestClient(app).post("/both", json={"name": "lamp", "price": 3}, headers=DATASTAR)
    assert response.json() == ["lamp", 3]


def test_bad_signals_are_refused_with_a_sentence() -> None:
    app = FastAPI()
    install(app)

    @app.get("/signals")
    async def read(signals: ReadSignals) -> list[str]:
        return list(signals)

    client = TestClient(app)
    assert client.get("/signals", params={"datastar": '{"a":1}'}, headers=DATASTAR).json() == ["a"]
    response = client.get("/signals", params={"datastar": "[1]"}, headers=DATASTAR)
    assert (response.status_code, response.text) == (422, "The signals must be a JSON object.")


def test_a_cookie_set_on_a_reply_is_sent() -> None:
    app = FastAPI()
    install(app)

    @app.get("/")
    async def index(request: Request) -> Response:
        response = reply(request, P("hi"))
        response.set_cookie("mine", "1")
        return response

    client = TestClient(app)
    client.get("/")
    assert {"mine", "nitro_session"} <= set(client.cookies)


def told(response: Response) -> None:
    response.headers["x-told"] = "by a dependency"


def test_a_view_goes_out_with_what_the_endpoint_says_of_its_response() -> None:
    app = FastAPI()
    install(app)
    router = APIRouter(prefix="/in", dependencies=[Depends(told)])

    @app.get("/own")
    def own(response: Response) -> Page:
        response.status_code = 404
        response.set_cookie("mine", "1")
        return Page(P("own"), title="Own")

    @router.post("/made", status_code=201)
    @page
    async def made(request: Request, **more: str) -> Page:
        return Page(P(request.url.path), title="Made")

    @router.post("/invalid", status_code=201)
    @page
    def invalid() -> Page:
        return Page(Form.from_entity(Ware), title="Invalid", status=422)

    app.include_router(router)
    client = TestClient(app)
    shown = client.get("/own")
    assert (shown.status_code, shown.cookies["mine"]) == (404, "1")
    assert shown.cookies["nitro_session"]
    shown = client.post("/in/made?more=x")
    assert (shown.status_code, shown.headers["x-told"]) == (201, "by a dependency")
    assert "<p>/in/made</p>" in shown.text
    patched = client.post("/in/made?more=x", headers=DATASTAR)
    assert (patched.status_code, patched.headers["x-told"]) == (200, "by a dependency")
    assert client.post("/in/invalid").status_code == 422


def test_the_status_of_a_reply_may_be_changed() -> None:
    app = FastAPI()
    install(app)

    @app.get("/gone")
    async def gone(request: Request) -> Response:
        response = reply(request, Page(P("gone"), title="Gone"))
        response.status_code = 410
        return response

    assert TestClient(app).get("/gone").status_code == 410


def test_html_makes_a_response_of_a_view_as_it_stands() -> None:
    response = html(P("hi"), status=203)
    assert (response.status_code, response.body) == (203, b"<p>hi</p>")
    assert html(Script("go()", nonce=nonce())).body == b"<script>go()</script>"


def test_a_middleware_may_ask_for_the_request_before_its_route_is_found() -> None:
    app = FastAPI()
    install(app)

    @app.middleware("http")
    async def early(request: Request, call_next: Any) -> Response:  # Starlette's
        assert neutral_request(request).params == {}
        return await call_next(request)

    answer = TestClient(app).post("/cmds/any/tab", headers=DATASTAR)
    assert answer.status_code == 403


class Shelf:
    """An endpoint that is an object."""

    async def __call__(self, name: str):  # noqa: ANN204 # what the test is about
        return P(name, id="shelf") if name == "view" else {"name": name}


async def of_two(first: str, name: str):  # noqa: ANN201 # what the test is about
    return {"first": first, "name": name}


def test_endpoints_without_a_name_are_described_and_called_as_before() -> None:
    def register(app: FastAPI) -> FastAPI:
        app.get("/shelf")(Shelf())
        app.get("/partial")(partial(of_two, "a"))
        return app

    plain, installed = register(FastAPI()), FastAPI()
    install(installed)
    register(installed)
    assert json.dumps(installed.openapi()) == json.dumps(plain.openapi())
    client = TestClient(installed)
    assert client.get("/shelf?name=lamp").json() == {"name": "lamp"}
    assert '<p id="shelf">view</p>' in client.get("/shelf?name=view").text
    assert client.get("/partial?name=b").json() == {"first": "a", "name": "b"}


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("route", ["files", "page"])
def test_what_takes_every_address_leaves_nitros_routes_alone(
    tmp_path: Path, route: str, after: bool
) -> None:
    (tmp_path / "index.html").write_text("mine")
    app = FastAPI()
    if after:
        install(app)
    if route == "files":
        app.mount("/", StaticFiles(directory=tmp_path, html=True))
    else:

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        def page() -> PlainTextResponse:
            return PlainTextResponse("mine")

    if not after:
        install(app)

    @app.get("/later")
    def later() -> str:
        return "later"

    client = TestClient(app)
    for _ in range(2):  # the order of the routes is settled at the first request
        assert "This tab belongs to another session" in client.get("/events").text
        assert client.post("/cmds/a/b", headers=DATASTAR).status_code == 403
        assert client.get("/").text == "mine"
    assert ("later" in client.get("/later").text) is False


@pytest.mark.parametrize(
    "view",
    [
        Page(P("x"), title="X"),
        Form.from_entity(Ware),
        Table.from_entity(Ware),
        {"card": Card.from_entity(Ware(name="secret"))},
    ],
)
def test_a_view_that_would_become_json_is_a_clear_error(view: object) -> None:
    router = APIRouter()

    @router.get("/x")
    async def show():  # noqa: ANN202 # what the test is about
        return view

    app = FastAPI()
    install(app)
    app.include_router(router)
    with pytest.raises(ConfigurationError, match="put @page below the handler's route decorator"):
        TestClient(app).get("/x")


def test_page_lets_an_endpoint_of_any_router_return_a_view() -> None:
    app = FastAPI()
    router = APIRouter()

    @router.get("/sync/{name}")
    @page
    def sync(name: str, q: int = 1) -> Page:
        return Page(P(f"{name} {q}"), title="Sync")

    @router.get("/async")
    @page
    async def not_sync(item: Annotated[str, Depends(who)]) -> Page | Response:
        return Page(P(item), title="Async")

    @router.get("/named")
    @page
    async def named(**kwargs: str) -> dict[str, int]:
        return {"a": 1}

    app.include_router(router)
    install(app)
    app.get("/twice")(page(sync))
    client = TestClient(app)
    assert "<p>lamp 7</p>" in client.get("/sync/lamp?q=7").text
    assert "<p>ann</p>" in client.get("/async", headers={"x-name": "ann"}).text
    assert client.get("/named", params={"kwargs": "x"}).json() == {"a": 1}
    assert "<p>lamp 1</p>" in client.get("/twice?name=lamp").text
    assert client.get("/sync/lamp?q=x").status_code == 422
    parameters = app.openapi()["paths"]["/sync/{name}"]["get"]["parameters"]
    assert [one["name"] for one in parameters] == ["name", "q"]


def test_an_endpoint_that_takes_the_request_may_return_a_view() -> None:
    app = FastAPI()
    install(app)

    @app.get("/async/{number}")
    async def not_sync(number: int, request: Request) -> Page:
        return Page(P(f"{number} {request.url.path}"), title="Async")

    @app.get("/sync")
    @page
    def sync(asked: Request, **kwargs: str) -> Page | Response:
        return Page(P(asked.url.path, kwargs["kwargs"]), title="Sync")

    client = TestClient(app)
    assert "<p>7 /async/7</p>" in client.get("/async/7").text
    assert "<p>/syncx</p>" in client.get("/sync?kwargs=x").text


def test_nitros_routes_are_not_in_the_schema() -> None:
    app = FastAPI()
    before = json.dumps(hand_written().openapi())
    install(app)
    assert json.dumps(hand_written(app).openapi()) == before


def test_a_stream_of_the_apps_own_is_left_alone() -> None:
    app = FastAPI()
    install(app)

    @app.get("/lines", response_class=StreamingResponse)
    async def lines():  # noqa: ANN202 # what the test is about
        async def three() -> AsyncIterator[str]:
            for number in range(3):
                yield f"{number}\n"

        return StreamingResponse(three(), media_type="text/plain")

    assert TestClient(app).get("/lines").text == "0\n1\n2\n"
