# Sanic's types know only handlers that are async functions.
# pyright: reportArgumentType=false, reportUntypedFunctionDecorator=false
from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from sanic import Blueprint, HTTPResponse, Request, Sanic
from sanic import json as json_response
from sanic.response import text
from sanic.views import HTTPMethodView
from starlette.applications import Starlette

import nitro
from nitro_runtime.adapters.sanic import (
    ReadSignals,
    gate,
    html,
    install,
    mount,
    neutral,
    page,
    redirect,
    reply,
)
from nitro_runtime.context import neutral_request
from nitro_runtime.entities import Entity, Field
from nitro_runtime.errors import ConfigurationError, NitroError, NotFound
from nitro_runtime.html import Html, P, Script
from nitro_runtime.sse import hub
from nitro_runtime.views import Form, Page, TextField, nonce
from nitro_runtime.web import Reply, Route
from nitro_runtime.web import Request as NeutralRequest

App = Sanic[Any, Any]

DATASTAR = {"datastar-request": "true"}
OWN = {"sec-fetch-site": "same-origin"}

# Sanic imports its test client, where that is installed, to say its version.
pytestmark = pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated")

numbers = count()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "app.css").write_text("p {}")
    return tmp_path


@pytest.fixture(autouse=True)
def streams_may_open() -> Any:
    yield
    hub.reopen()


def new_app(*, installed: bool = True, **options: Any) -> App:
    app: App = Sanic(f"app{next(numbers)}")
    app.config.TOUCHUP = False  # it rewrites Sanic's own classes, for one start of one app
    if installed:
        install(app, **options)
    return app


@asynccontextmanager
async def started(app: App) -> AsyncGenerator[httpx.AsyncClient]:
    """Runs an app as ASGI servers do."""
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    answer = asyncio.create_task(said.get())
    await asyncio.wait({life, answer}, return_when=asyncio.FIRST_COMPLETED)
    assert answer.done(), life.result()
    assert answer.result() == {"type": "lifespan.startup.complete"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
    await told.put({"type": "lifespan.shutdown"})
    await life


Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Sends a request to an app, which is started for the first one and stopped after the test."""
    clients: dict[App, httpx.AsyncClient] = {}
    async with AsyncExitStack() as stack:

        async def send(app: App, method: str, path: str, **options: Any) -> httpx.Response:
            if app not in clients:
                clients[app] = await stack.enter_async_context(started(app))
            return await clients[app].request(method, path, **options)

        yield send


def hand_written(app: App) -> App:
    """Routes that know nothing of Nitro."""

    @app.get("/items/<name>")
    async def item(request: Request, name: str) -> HTTPResponse:
        response = json_response({"name": name, "q": request.args.get("q")})
        response.add_cookie("mine", "1", secure=False)
        return response

    @app.post("/items")
    def create(request: Request) -> HTTPResponse:
        return text(f"{request.json['name']} {len(request.body)}", 201)

    @app.get("/fails")
    def fails(_: Request) -> HTTPResponse:
        raise KeyError("no")

    group = Blueprint.group(Blueprint("inner", url_prefix="/inner"), url_prefix="/outer")
    group.blueprints[0].add_route(create, "/items", methods=["POST"])
    app.blueprint(group)
    return app


async def test_an_app_written_by_hand_goes_on_as_before(ask: Ask) -> None:
    before = hand_written(new_app(installed=False))
    after = hand_written(new_app(installed=False))
    install(after)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/items/caf%C3%A9?q=7", {}),
        ("POST", "/items", {"json": {"name": "lamp"}}),
        ("POST", "/outer/inner/items", {"json": {"name": "lamp"}}),
        ("POST", "/items", {"content": b"{"}),
        ("GET", "/missing", {}),
        ("DELETE", "/items", {}),
        ("HEAD", "/items/x", {}),
        ("GET", "/fails", {}),
    ]
    for method, path, options in calls:
        old, new = [await ask(app, method, path, **options) for app in (before, after)]
        assert (new.status_code, new.content) == (old.status_code, old.content), path
        assert new.headers == old.headers, path


@pytest.mark.parametrize("after", [False, True])
async def test_the_apps_own_routes_win_wherever_they_are_registered(ask: Ask, after: bool) -> None:
    app = new_app(installed=after)

    @app.get("/events")
    async def events(_: Request) -> HTTPResponse:
        return text("mine")

    @app.get("/cmds/<name>/<tab>")
    async def commands(_: Request, name: str, tab: str) -> HTTPResponse:
        return text(f"{name} {tab}")

    app.static("/static", Path(__file__).parent, name="mine")
    if not after:
        install(app)
    for path in ("/one", "/two"):
        with app.amend():  # the router is finalized once more
            app.add_route(lambda _: text("late"), path, name=path[1:])
        assert (await ask(app, "GET", path)).text == "late"
        assert (await ask(app, "GET", "/events")).text == "mine"
        assert (await ask(app, "GET", "/cmds/a/b")).text == "a b"
        # Nitro's own is there for the other method: this tab is nobody's.
        assert (await ask(app, "POST", "/cmds/a/b", headers=DATASTAR)).status_code == 403
        assert (await ask(app, "GET", f"/static/{Path(__file__).name}")).status_code == 200
        assert (await ask(app, "GET", "/static/app.css")).status_code == 404


async def test_a_page_for_every_address_leaves_nitros_routes_alone(ask: Ask) -> None:
    app = new_app()

    @app.get("/<path:path>")
    async def spa(_: Request, path: str) -> HTTPResponse:
        return text(f"page of {path}")

    assert (await ask(app, "GET", "/any/thing")).text == "page of any/thing"
    assert "This tab belongs to another session" in (await ask(app, "GET", "/events")).text
    assert (await ask(app, "GET", "/static/app.css")).text == "p {}"


async def test_an_app_with_none_but_nitros_routes_starts(ask: Ask) -> None:
    assert (await ask(new_app(), "GET", "/events")).status_code == 403


async def test_several_apps_of_one_process_have_nitro_each(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "who.txt").write_text("the other")
    one = new_app(prefix="/one")
    other = new_app(static=tmp_path / "other", user=lambda _: "ann")
    assert (await ask(one, "GET", "/one/events")).status_code == 403
    assert (await ask(one, "GET", "/events")).status_code == 404
    assert (await ask(other, "GET", "/events")).status_code == 403
    assert (await ask(other, "GET", "/static/who.txt")).text == "the other"


# -- handlers -----------------------------------------------------------------------------------


def pages(app: App) -> App:
    @app.get("/sync")
    @page
    def sync_page(_: Request) -> Page:
        return Page(P("sync"), title="Sync")

    @app.get("/async")
    @page
    async def async_page(_: Request) -> Page:
        return Page(P("async"), title="Async")

    @app.get("/element")
    @page
    async def element(_: Request) -> Html:
        return P("<b>", id="it")

    @app.get("/bare")
    @page
    async def bare(_: Request) -> HTTPResponse:
        return text("bare")

    class Shown(HTTPMethodView):
        @page
        async def get(self, _: Request, name: str) -> Page:
            return Page(P(f"shown {name}"), title="Shown")

    class Decorated(HTTPMethodView):
        decorators = [page]  # noqa: RUF012 # as Sanic's documentation writes it

        async def get(self, _: Request) -> Page:
            return Page(P("decorated"), title="Decorated")

    app.add_route(Shown.as_view(), "/shown/<name>")
    app.add_route(Decorated.as_view(), "/decorated")
    blueprint = Blueprint("pages", url_prefix="/in")
    blueprint.add_route(page(lambda _: P("routed")), "/blueprint", name="routed")
    app.blueprint(Blueprint.group(blueprint, url_prefix="/group"))
    return app


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/sync", "<p>sync</p>"),
        ("/async", "<p>async</p>"),
        ("/element", '<p id="it">&lt;b&gt;</p>'),
        ("/shown/x", "<p>shown x</p>"),
        ("/decorated", "<p>decorated</p>"),
        ("/group/in/blueprint", "<p>routed</p>"),
    ],
)
async def test_a_handler_may_return_a_view(ask: Ask, path: str, shown: str) -> None:
    app = pages(new_app())
    whole = await ask(app, "GET", path)
    assert whole.headers["content-type"] == "text/html; charset=utf-8"
    assert whole.text.startswith("<!DOCTYPE html>")
    assert shown in whole.text
    patched = await ask(app, "GET", path, headers=DATASTAR)
    assert patched.headers["content-type"].startswith("text/event-stream")
    assert shown in patched.text


async def test_a_handler_that_may_return_a_view_may_return_a_response(ask: Ask) -> None:
    assert (await ask(pages(new_app()), "GET", "/bare")).text == "bare"


async def test_the_route_of_a_page_answers_head_without_a_body(ask: Ask) -> None:
    async def whole(request: NeutralRequest) -> Reply:
        return Reply(200, [("content-type", "text/plain")], b"whole")

    app = new_app()
    mount(app, [Route("/whole", ("GET",), whole, "whole")])
    head = await ask(app, "HEAD", "/whole")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "5", b"")


async def test_a_reply_has_no_type_that_nobody_gave_it(ask: Ask) -> None:
    async def empty(request: NeutralRequest) -> Reply:
        return Reply(int(request.params["status"]))

    app = new_app()
    mount(app, [Route("/empty/{status}", ("GET",), empty, "empty")])
    assert "None" not in str((await ask(app, "GET", "/empty/200")).headers)
    gone = await ask(app, "GET", "/empty/204")
    assert (gone.status_code, "content-length" in gone.headers) == (204, False)


async def test_cookies_of_the_app_and_of_nitro_are_both_sent(ask: Ask) -> None:
    app = new_app()

    @app.get("/")
    async def index(request: Request) -> HTTPResponse:
        response = redirect(request, "/there", notice="Saved")
        response.add_cookie("mine", "1", secure=False)
        return response

    @app.on_response
    async def add(_: Request, response: HTTPResponse) -> None:
        response.headers["x-mine"] = "2"

    answer = await ask(app, "GET", "/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/there")
    assert answer.headers["x-mine"] == "2"
    assert {cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie")} == {
        "mine",
        "nitro_notices",
    }


async def test_html_makes_a_response_of_a_view_as_it_stands(ask: Ask) -> None:
    response = html(P("hi"), status=203)
    assert (response.status, response.body) == (203, b"<p>hi</p>")
    assert html(Script("go()", nonce=nonce())).body == b"<script>go()</script>"


# -- requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize("decoded_by_sanic", [False, True])
async def test_parameters_are_decoded_once(ask: Ask, decoded_by_sanic: bool) -> None:
    app = new_app()

    @app.get("/items/<name>/<number:int>", unquote=decoded_by_sanic)
    async def item(request: Request, name: str, number: int) -> HTTPResponse:
        return json_response([dict(neutral(request).params), neutral(request).path])

    told = (await ask(app, "GET", "/items/100%2525%2Fcaf%C3%A9/7")).json()
    assert told == [{"name": "100%25/café", "number": "7"}, "/items/100%25/café/7"]


async def test_a_middleware_may_ask_for_the_request_and_the_app_may_read_the_body(ask: Ask) -> None:
    app = new_app()

    @app.on_request
    async def early(request: Request) -> None:
        assert neutral_request(request) is neutral(request)
        assert (await ReadSignals(request)).plain() == {"n": 1}

    @app.post("/both/<name>")
    async def both(request: Request, name: str) -> HTTPResponse:
        return json_response([name, neutral(request).params["name"], request.json])

    @app.post("/streamed", stream=True)
    async def streamed(request: Request) -> HTTPResponse:
        return json_response([(await ReadSignals(request)).plain(), request.json])

    for path, told in [("/both/x", ["x", "x", {"n": 1}]), ("/streamed", [{"n": 1}, {"n": 1}])]:
        answer = await ask(app, "POST", path, json={"n": 1}, headers=DATASTAR)
        assert answer.json() == told


async def test_a_body_of_unknown_length_is_not_read_beyond_the_limit(ask: Ask) -> None:
    read: list[int] = []

    async def endless() -> Any:
        for _ in range(1000):
            read.append(1024)
            yield b"x" * 1024

    async def receive(request: NeutralRequest) -> Reply:
        return Reply(200, [], await request.body(2048))

    app = new_app()
    mount(app, [Route("/receive", ("POST",), receive, "receive")])
    answer = await ask(app, "POST", "/receive", content=endless(), headers=OWN)
    assert (answer.status_code, answer.text) == (413, "The body may have at most 2048 bytes.")
    assert len(read) < 5
    odd = {**OWN, "content-length": "abc"}  # as a server may pass it on that does not look at it
    answer = await ask(app, "POST", "/receive", content=b"whole", headers=odd)
    assert (answer.status_code, answer.text) == (200, "whole")


async def test_whom_the_app_has_signed_in_is_the_actor(ask: Ask) -> None:
    app = new_app()

    @app.on_request
    async def sign_in(request: Request) -> None:
        request.ctx.user = request.headers.get("x-user")

    @app.get("/who")
    async def who(request: Request) -> HTTPResponse:
        return text(str(await neutral(request).load_user()))

    assert (await ask(app, "GET", "/who", headers={"x-user": "ann"})).text == "ann"
    assert (await ask(app, "GET", "/who")).text == "None"


# -- the gate -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["blueprint", "group", "app"])
async def test_a_guarded_blueprint_refuses_what_comes_from_elsewhere(ask: Ask, kind: str) -> None:
    app = new_app()
    blueprint = Blueprint("shop", url_prefix="/shop")
    group = Blueprint.group(blueprint)
    {"blueprint": blueprint, "group": group, "app": app}[kind].on_request(gate)

    @blueprint.post("/save")
    async def save(request: Request) -> HTTPResponse:
        return reply(request, P("saved"), status=201)

    @app.on_request  # after the gate
    async def sign_in(request: Request) -> None:
        request.ctx.user = "ann"

    @blueprint.get("/who")
    async def who(request: Request) -> HTTPResponse:
        return text(neutral(request).user)

    app.blueprint(group)
    refused = await ask(app, "POST", "/shop/save")
    assert (refused.status_code, refused.text[-1]) == (403, ".")
    assert (await ask(app, "POST", "/shop/save", headers=OWN)).status_code == 201
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await ask(app, "POST", "/shop/save", headers=foreign)).status_code == 403
    assert (await ask(app, "GET", "/shop/who")).text == "ann"


async def test_the_gate_waits_for_a_hook_that_is_a_coroutine(ask: Ask) -> None:
    async def who_asks(request: Request) -> str:
        return request.headers["x-user"]

    app = new_app(user=who_asks)
    app.on_request(gate)

    @app.get("/who")
    async def who(request: Request) -> HTTPResponse:
        return text(neutral(request).user)

    assert (await ask(app, "GET", "/who", headers={"x-user": "ann"})).text == "ann"


# -- errors -------------------------------------------------------------------------------------


def failing(app: App) -> App:
    @app.get("/missing")
    async def missing(_: Request) -> HTTPResponse:
        raise NotFound("Product", "<7>")

    @app.get("/broken")
    async def broken(_: Request) -> HTTPResponse:
        raise NitroError("the secret inside")

    return app


async def test_an_error_for_visitors_is_answered_and_any_other_is_not(ask: Ask) -> None:
    app = failing(new_app())
    whole = await ask(app, "GET", "/missing", headers={"accept": "text/html"})
    assert whole.status_code == 404
    assert "There is no such product." in whole.text
    assert (await ask(app, "GET", "/missing")).text == "There is no such product."
    told = await ask(app, "GET", "/missing", headers=DATASTAR)
    assert told.status_code == 200
    assert "There is no such product." in told.text
    broken = await ask(app, "GET", "/broken")
    assert (broken.status_code, "secret" in broken.text) == (500, False)


@pytest.mark.parametrize("after", [False, True])
async def test_the_apps_own_handlers_for_errors_stay(ask: Ask, after: bool) -> None:
    app = new_app(installed=after)

    @app.exception(NitroError)
    async def handle(_: Request, error: Exception) -> HTTPResponse:
        return text("mine", 418)

    if not after:
        install(app)
    assert (await ask(failing(app), "GET", "/missing")).text == "mine"


async def test_the_apps_own_handler_for_everything_is_given_what_is_no_visitors_matter(
    ask: Ask,
) -> None:
    app = failing(new_app())

    @app.exception(Exception)
    async def handle(_: Request, error: Exception) -> HTTPResponse:
        return text(f"handled {type(error).__name__}", 500)

    @app.exception(LookupError)
    async def look_up(_: Request, error: Exception) -> HTTPResponse:
        return text("looked up", 404)

    @app.get("/lookup")
    async def lookup(_: Request) -> HTTPResponse:
        raise KeyError("x")

    assert (await ask(app, "GET", "/broken")).text == "handled NitroError"
    assert (await ask(app, "GET", "/missing")).status_code == 404
    assert (await ask(app, "GET", "/lookup")).text == "looked up"


@pytest.mark.parametrize("path", ["/events", "/page"])
async def test_a_query_that_is_not_utf_8_is_refused(ask: Ask, path: str) -> None:
    app = new_app()
    app.add_route(page(lambda _: P("x")), "/page", name="page")
    answer = await ask(app, "GET", f"{path}?tab=%ff", headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "percent-encoded UTF-8" in answer.text


class SanicItem(Entity):
    """What the form is for."""

    name: str = Field(max_length=4)


class SanicItemForm(Form[SanicItem]):
    """The form for a new one."""

    entity = SanicItem
    name = TextField(max_length=4)


async def test_an_invalid_form_comes_back(ask: Ask) -> None:
    app = new_app()

    @app.post("/items")
    @page
    async def create(request: Request) -> SanicItemForm | HTTPResponse:
        form = await SanicItemForm.receive(request)
        return redirect(request, "/items", notice="Created") if form.valid else form

    whole = await ask(app, "POST", "/items", data={"name": "too long"}, headers=OWN)
    assert (whole.status_code, 'aria-invalid="true"' in whole.text) == (422, True)
    patched = await ask(app, "POST", "/items", data={"name": ""}, headers=OWN | DATASTAR)
    assert (patched.status_code, 'aria-invalid="true"' in patched.text) == (200, True)
    assert (await ask(app, "POST", "/items", data={"name": "ok"}, headers=OWN)).status_code == 303
    gone = await ask(app, "POST", "/items", data={"name": "ok"}, headers=OWN | DATASTAR)
    assert (gone.status_code, "location.assign" in gone.text) == (200, True)


# -- installing ---------------------------------------------------------------------------------


async def test_streams_end_with_the_server_and_may_open_when_it_starts_again() -> None:
    subscription = hub.subscribe(["any"])
    async with started(new_app()) as client:
        assert hub.open_count == 1
        await client.get("/events")
    assert hub.closed
    subscription.close()
    async with started(new_app()):
        assert not hub.closed


def test_installing_twice_is_a_clear_error() -> None:
    app = new_app(installed=False)
    nitro.install(app)
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        nitro.install(app)


def test_an_app_of_another_framework_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="type Sanic and was given a Starlette"):
        install(Starlette())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"static": "nowhere"}, "'nowhere' does not exist"),
        ({"prefix": "live"}, "starts with a slash"),
        ({"secret_key": "short"}, "at least 16 characters"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], sentence: str) -> None:
    app = new_app(installed=False)
    with pytest.raises(ConfigurationError, match=sentence):
        install(app, **options)
    assert not hasattr(app.ctx, "nitro")
    install(app)
