from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from litestar import Controller, Litestar, MediaType, Request, Response, Router, get, post
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import Cookie
from litestar.exceptions import ImproperlyConfiguredException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.static_files import create_static_files_router
from litestar.testing import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient as StarletteClient

import nitro
from nitro_runtime.adapters.litestar import (
    NitroPlugin,
    ReadSignals,
    gate,
    html,
    install,
    mount,
    neutral,
    page,
    read_signals,
    redirect,
    reply,
)
from nitro_runtime.context import neutral_request
from nitro_runtime.entities import Entity, Field
from nitro_runtime.errors import ConfigurationError, NitroError, NotFound
from nitro_runtime.html import Html, P, Script
from nitro_runtime.views import Form, Page, TextField, nonce
from nitro_runtime.web import Reply, Route
from nitro_runtime.web import Request as NeutralRequest

Asked = Request[Any, Any, Any]
Answer = Response[Any]

DATASTAR = {"datastar-request": "true"}
OWN = {"sec-fetch-site": "same-origin"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "app.css").write_text("p {}")
    return tmp_path


def browser(*handlers: Any, **options: Any) -> TestClient[Litestar]:
    """A client of an app with the plugin."""
    plugins = options.pop("plugins", None) or [NitroPlugin()]
    app = Litestar(route_handlers=handlers, plugins=plugins, **options)
    return TestClient(app, raise_server_exceptions=False)


@get("/items/{name:str}")
async def item(name: FromPath[str], q: FromQuery[int] = 3) -> dict[str, Any]:
    return {"name": name, "q": q}


@post("/items")
async def create(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
    return data


@get("/plain", media_type=MediaType.TEXT, sync_to_thread=False)
def plain() -> str:
    return "plain"


@get("/markup", media_type=MediaType.HTML)
async def markup() -> Html:
    return P("mine")


@get("/fails")
async def fails() -> None:
    raise KeyError("no")


HAND_WRITTEN = (item, create, plain, markup, fails)


def with_plugin() -> Litestar:
    return Litestar(HAND_WRITTEN, plugins=[NitroPlugin()])


def with_install() -> Litestar:
    app = Litestar(HAND_WRITTEN)
    install(app)
    return app


@pytest.mark.parametrize("make", [with_plugin, with_install])
def test_an_app_written_by_hand_goes_on_as_before(make: Callable[[], Litestar]) -> None:
    before, after = [
        TestClient(app, raise_server_exceptions=False) for app in (Litestar(HAND_WRITTEN), make())
    ]
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/items/caf%C3%A9?q=7", {}),
        ("GET", "/items/lamp?q=x", {}),
        ("POST", "/items", {"json": {"name": "lamp"}}),
        ("POST", "/items", {"content": b"{"}),
        ("GET", "/plain", {}),
        ("GET", "/markup", {}),
        ("GET", "/missing", {}),
        ("DELETE", "/plain", {}),
        ("OPTIONS", "/items", {}),
        ("GET", "/fails", {}),
        ("GET", "/schema/openapi.json", {}),
    ]
    for method, path, options in calls:
        old, new = (client.request(method, path, **options) for client in (before, after))
        assert (new.status_code, new.content) == (old.status_code, old.content), path
        assert new.headers == old.headers, path


@get("/events")
async def events() -> str:
    return "mine"


@get("/cmds/{name:str}/{tab:str}")
async def commands(name: FromPath[str], tab: FromPath[str]) -> str:
    return f"{name} {tab}"


@pytest.mark.parametrize("plugin", [True, False])
def test_the_apps_own_routes_win(tmp_path: Path, plugin: bool) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "who.txt").write_text("mine")
    own = [events, commands, create_static_files_router("/static", [tmp_path / "mine"])]
    app = Litestar(own, plugins=[NitroPlugin()] if plugin else [])
    if not plugin:
        install(app)
    client = TestClient(app)
    assert client.get("/events").text == "mine"
    assert client.get("/cmds/a/b").text == "a b"
    assert client.get("/static/who.txt").text == "mine"
    assert client.get("/static/app.css").status_code == 404
    # Nitro's own is there for the other method: this tab is nobody's.
    assert client.post("/cmds/a/b", headers=DATASTAR).status_code == 403


def test_a_route_that_comes_later_at_an_address_of_nitros_is_refused_by_litestar() -> None:
    app = with_install()
    with pytest.raises(
        ImproperlyConfiguredException, match="already registered for path '/events'"
    ):
        app.register(events)


def test_a_page_for_every_address_leaves_nitros_routes_alone() -> None:
    @get("/{rest:path}", media_type=MediaType.TEXT)
    async def spa(rest: FromPath[Path]) -> str:
        return f"page of {rest}"

    client = browser(spa)
    assert client.get("/any/thing").text == "page of /any/thing"
    assert "This tab belongs to another session" in client.get("/events").text
    assert client.post("/cmds/a/b", headers=DATASTAR).status_code == 403
    assert client.get("/static/app.css").text == "p {}"


def test_nitros_routes_are_not_in_the_schema() -> None:
    for app in (with_plugin(), with_install()):
        plain_app = Litestar(HAND_WRITTEN)
        assert json.dumps(app.openapi_schema.to_schema()) == json.dumps(
            plain_app.openapi_schema.to_schema()
        )


def test_a_page_is_described_as_a_handler_and_not_as_data() -> None:
    @get("/page")
    @page
    async def shown(q: FromQuery[int] = 1) -> Page:
        return Page(P(str(q)), title="x")

    client = browser(shown)
    schema = client.get("/schema/openapi.json").json()
    described = schema["paths"]["/page"]["get"]
    assert described["summary"] == "Shown"
    assert [one["name"] for one in described["parameters"]] == ["q"]
    assert described["responses"]["200"]["content"] == {"application/json": {"schema": {}}}
    assert schema["components"] == {"schemas": {}}


# -- handlers -----------------------------------------------------------------------------------


@get("/sync", sync_to_thread=True)
@page
def sync_page() -> Page:
    return Page(P("sync"), title="Sync")


@get("/async/{name:str}")
@page
async def async_page(request: Asked, name: FromPath[str]) -> Page:
    return Page(P(f"async {name} {request.method}"), title="Async")


@get("/element")
@page
async def element() -> Html:
    return P("<b>", id="it")


class Shown(Controller):
    path = "/shown"

    @get("/sync/{name:str}", sync_to_thread=False)
    @page
    def of_sync(self, name: FromPath[str]) -> Page:
        return Page(P(f"shown {name}"), title="Shown")

    @get("/async")
    @page
    async def of_async(self, request: Asked) -> Page | Response[str]:
        return Page(P(f"shown {request.method}"), title="Shown")


@get("/data/{kind:str}")
@page
async def data(kind: FromPath[str]) -> Any:
    return {"a": 1} if kind == "dict" else Response("bare", status_code=202)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/sync", "<p>sync</p>"),
        ("/async/x", "<p>async x GET</p>"),
        ("/element", '<p id="it">&lt;b&gt;</p>'),
        ("/shown/sync/y", "<p>shown y</p>"),
        ("/shown/async", "<p>shown GET</p>"),
    ],
)
def test_a_handler_may_return_a_view(path: str, shown: str) -> None:
    client = browser(sync_page, async_page, element, Shown)
    whole = client.get(path)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert whole.text.startswith("<!DOCTYPE html>")
    assert shown in whole.text
    patched = client.get(path, headers=DATASTAR)
    assert patched.headers["content-type"].startswith("text/event-stream")
    assert shown in patched.text


def test_a_handler_that_may_return_a_view_may_return_data() -> None:
    client = browser(data)
    assert client.get("/data/dict").json() == {"a": 1}
    assert (client.get("/data/other").status_code, client.get("/data/other").text) == (202, "bare")


@pytest.mark.parametrize("plugin", [True, False])
def test_a_view_that_is_taken_for_data_is_a_clear_error(plugin: bool) -> None:
    @get("/page")
    async def shown() -> Page:
        return Page(P("x"), title="x")

    app = Litestar([shown], plugins=[NitroPlugin()] if plugin else [])
    if not plugin:
        install(app)
    with pytest.raises(ConfigurationError, match="returned a Page as if it were data; put @page"):
        app_raises(app, "/page")


def app_raises(app: Litestar, path: str) -> None:
    """Lets out what a handler raised."""

    def raise_it(_: Asked, error: Exception) -> Answer:
        raise error

    app.exception_handlers[NitroError] = raise_it
    TestClient(app).get(path)


def test_a_reply_keeps_its_own_status_and_headers() -> None:
    async def gone(request: NeutralRequest) -> Reply:
        return Reply(204, [("x-mine", "1")])

    async def whole(request: NeutralRequest) -> Reply:
        return Reply(200, [("content-type", "text/csv")], b"a,b")

    @post("/saved")
    async def saved(request: Asked) -> Answer:
        return reply(request, P("saved"))

    client = browser(saved)
    mount(
        client.app,
        [
            Route("/gone", ("DELETE",), gone, "gone"),
            Route("/whole", ("GET", "POST"), whole, "whole"),
        ],
    )
    assert client.post("/saved", headers=OWN).status_code == 200
    deleted = client.delete("/gone")
    assert (deleted.status_code, deleted.headers["x-mine"], deleted.content) == (204, "1", b"")
    made = client.post("/whole")
    assert (made.status_code, made.headers["content-type"], made.text) == (200, "text/csv", "a,b")
    head = client.head("/whole")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "3", b"")


def test_headers_and_cookies_of_the_app_and_of_nitro_are_all_sent() -> None:
    @get("/")
    async def index(request: Asked) -> Answer:
        response = redirect(request, "/there", notice="Saved")
        response.set_cookie("mine", "1")
        response.set_header("cache-control", "no-store")
        return response

    async def add(response: Answer) -> Answer:
        response.set_header("x-mine", "2")
        return response

    client = browser(index, after_request=add, response_cookies=[Cookie("layer", "3")])
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/there")
    assert (answer.headers["x-mine"], answer.headers["cache-control"]) == ("2", "no-store")
    cookies = answer.headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"mine", "layer", "nitro_notices"}


def test_html_makes_a_response_of_a_view_as_it_stands() -> None:
    response = html(P("hi"), status=203)
    assert (response.status_code, response.content) == (203, "<p>hi</p>")
    assert html(Script("go()", nonce=nonce())).content == "<script>go()</script>"


# -- requests -----------------------------------------------------------------------------------


def test_parameters_are_decoded() -> None:
    @get("/items/{name:str}/{number:int}")
    async def told(request: Asked, name: FromPath[str], number: FromPath[int]) -> list[Any]:
        assert neutral_request(request) is neutral(request)
        return [dict(neutral(request).params), neutral(request).path]

    assert browser(told).get("/items/caf%C3%A9%20%26/7").json() == [
        {"name": "café &", "number": "7"},
        "/items/café &/7",
    ]


def test_signals_are_a_dependency_and_the_body_may_be_read_as_well() -> None:
    @post("/both", dependencies={"signals": read_signals})
    async def both(data: JSONBody[dict[str, Any]], signals: ReadSignals) -> list[Any]:
        return [data["n"], signals.n]

    @get("/read", dependencies={"signals": read_signals})
    async def read(signals: ReadSignals) -> list[str]:
        return list(signals)

    client = browser(both, read)
    assert client.post("/both", json={"n": 1}, headers=DATASTAR).json() == [1, 1]
    assert client.get("/read", params={"datastar": '{"a":1}'}, headers=DATASTAR).json() == ["a"]
    refused = client.get("/read", params={"datastar": "[1]"}, headers=DATASTAR)
    assert (refused.status_code, refused.text) == (422, "The signals must be a JSON object.")


class ByHeader(AbstractAuthenticationMiddleware):
    async def authenticate_request(self, connection: Any) -> AuthenticationResult:
        return AuthenticationResult(user=connection.headers.get("x-user"), auth=None)


def test_whom_the_app_has_signed_in_is_the_actor() -> None:
    @get("/who", guards=[gate])
    async def who(request: Asked) -> str:
        return str(neutral(request).user)

    client = browser(who, middleware=[ByHeader])
    assert client.get("/who", headers={"x-user": "ann"}).text == "ann"
    assert browser(who).get("/who").text == "None"


def test_a_hook_that_is_a_coroutine_is_awaited_by_the_gate() -> None:
    async def who_asks(request: Asked) -> str:
        return request.headers["x-user"]

    @get("/who", guards=[gate])
    async def who(request: Asked) -> str:
        return neutral(request).user

    client = browser(who, plugins=[NitroPlugin(user=who_asks)])
    assert client.get("/who", headers={"x-user": "ann"}).text == "ann"


@pytest.mark.parametrize("place", ["app", "router", "controller", "handler"])
def test_a_guard_refuses_what_comes_from_elsewhere(place: str) -> None:
    guards = {place: [gate]}

    class Shop(Controller):
        @post("/save", guards=guards.get("handler"))
        async def save(self, request: Asked) -> Answer:
            return reply(request, P("saved"), status=201)

    Shop.guards = guards.get("controller")
    router = Router("/shop", route_handlers=[Shop], guards=guards.get("router"))
    client = browser(router, guards=guards.get("app"))
    refused = client.post("/shop/save")
    assert (refused.status_code, refused.text[-1]) == (403, ".")
    assert client.post("/shop/save", headers=OWN).status_code == 201
    assert client.post("/shop/save", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_nitros_own_gate_stands_beside_litestars_protection_against_forgery() -> None:
    client = browser(create, csrf_config=CSRFConfig(secret="a secret of the app"))
    assert "another session" in client.post("/cmds/a/b", headers=DATASTAR).text
    assert client.post("/items", json={}).status_code == 403


# -- errors -------------------------------------------------------------------------------------


@get("/missing")
async def missing() -> None:
    raise NotFound("Product", "<7>")


@get("/broken")
async def broken() -> None:
    raise NitroError("the secret inside")


def test_an_error_for_visitors_is_answered_and_any_other_is_not() -> None:
    client = browser(missing, broken)
    whole = client.get("/missing", headers={"accept": "text/html"})
    assert whole.status_code == 404
    assert "There is no such product." in whole.text
    assert client.get("/missing", headers={"accept": "*/*"}).text == "There is no such product."
    told = client.get("/missing", headers=DATASTAR)
    assert (told.status_code, "There is no such product." in told.text) == (200, True)
    assert client.get("/broken").json() == {"status_code": 500, "detail": "Internal Server Error"}


def test_the_apps_own_handlers_for_errors_stay() -> None:
    def handle(_: Asked, error: Exception) -> Answer:
        return Response(f"mine {type(error).__name__}", status_code=418)

    of_nitro = browser(missing, exception_handlers={NitroError: handle})
    assert of_nitro.get("/missing").text == "mine NotFound"
    of_all = browser(missing, broken, exception_handlers={Exception: handle})
    assert of_all.get("/broken").text == "mine NitroError"
    assert of_all.get("/missing").status_code == 404
    by_status = browser(broken, exception_handlers={500: handle})
    assert by_status.get("/broken").text == "mine NitroError"


@pytest.mark.parametrize("path", ["/events", "/element"])
def test_a_query_that_is_not_utf_8_is_refused(path: str) -> None:
    answer = browser(element).get(f"{path}?tab=%ff", headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "percent-encoded UTF-8" in answer.text


class LitestarItem(Entity):
    """What the form is for."""

    name: str = Field(max_length=4)


class LitestarItemForm(Form[LitestarItem]):
    """The form for a new one."""

    entity = LitestarItem
    name = TextField(max_length=4)


@post("/forms")
@page
async def receive(request: Asked) -> LitestarItemForm | Answer:
    form = await LitestarItemForm.receive(request)
    return redirect(request, "/items", notice="Created") if form.valid else form


def test_an_invalid_form_comes_back() -> None:
    client = browser(receive)
    client.follow_redirects = False
    whole = client.post("/forms", data={"name": "too long"}, headers=OWN)
    assert (whole.status_code, 'aria-invalid="true"' in whole.text) == (422, True)
    patched = client.post("/forms", data={"name": ""}, headers=OWN | DATASTAR)
    assert (patched.status_code, 'aria-invalid="true"' in patched.text) == (200, True)
    assert client.post("/forms", data={"name": "ok"}, headers=OWN).status_code == 303
    gone = client.post("/forms", data={"name": "ok"}, headers=OWN | DATASTAR)
    assert (gone.status_code, "location.assign" in gone.text) == (200, True)


# -- installing ---------------------------------------------------------------------------------


@get("/")
@page
async def front() -> Page:
    return Page(P("front"), title="Front")


def test_an_app_below_another_address_names_its_own() -> None:
    app = Litestar([front], plugins=[NitroPlugin(prefix="/live")])
    as_asgi: Any = app
    client = StarletteClient(Starlette(routes=[Mount("/shop", as_asgi)]))
    text = client.get("/shop/").text
    assert "/shop/live/events?tab" in text
    assert 'src="/shop/static/datastar.js"' in text
    assert client.get("/shop/live/events").status_code == 403
    assert client.get("/shop/static/app.css").text == "p {}"


def test_an_app_whose_every_route_is_below_a_path_names_its_own() -> None:
    app = Litestar([front, commands], path="/api", plugins=[NitroPlugin()])
    client = TestClient(app)
    assert "/api/events?tab" in client.get("/api").text
    assert client.get("/api/events").status_code == 403
    assert client.get("/api/static/app.css").text == "p {}"
    assert client.get("/api/cmds/a/b").text == "a b"


@pytest.mark.parametrize("first", ["plugin", "install"])
def test_installing_twice_is_a_clear_error(first: str) -> None:
    app = Litestar(plugins=[NitroPlugin()] if first == "plugin" else [])
    if first == "install":
        nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        Litestar(plugins=[NitroPlugin(), NitroPlugin()])


def test_an_app_of_another_framework_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="type Litestar and was given a Starlette"):
        install(Starlette())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"static": "nowhere"}, "'nowhere' does not exist"),
        ({"prefix": "live"}, "starts with a slash"),
        ({"secret_key": "short"}, "at least 16 characters"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], sentence: str) -> None:
    app = Litestar()
    with pytest.raises(ConfigurationError, match=sentence):
        install(app, **options)
    with pytest.raises(ConfigurationError, match=sentence):
        NitroPlugin(**options)
    install(app)
