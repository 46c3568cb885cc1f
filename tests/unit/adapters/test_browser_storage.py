"""Entities that a browser keeps, in each framework's own routes; Django's are in `test_django`."""

# Sanic's types know only handlers that are async functions.
# pyright: reportArgumentType=false, reportUntypedFunctionDecorator=false
from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import fasthtml.core
import flask
import httpx
import litestar
import pytest
import sanic
import starlette.applications
import starlette.requests
import starlette.responses
import starlette.routing
from fastapi import FastAPI, Request

from nitro_runtime import signing
from nitro_runtime.adapters import fastapi as on_fastapi
from nitro_runtime.adapters import fasthtml as on_fasthtml
from nitro_runtime.adapters import flask as on_flask
from nitro_runtime.adapters import litestar as on_litestar
from nitro_runtime.adapters import sanic as on_sanic
from nitro_runtime.adapters import starlette as on_starlette
from nitro_runtime.entities import Entity
from nitro_runtime.html import Html, P
from nitro_runtime.schema import known_entities
from nitro_runtime.views import BROWSER_SIGNAL, Page

# Sanic imports its test client, where that is installed, to say its version.
pytestmark = pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated")

numbers = count()

with known_entities():

    class Cart(Entity, backend="browser", table_name="adapter_cart"):
        title: str


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(signing, "_configured", "a key for these tests only")
    monkeypatch.setattr(signing, "_fallbacks", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").mkdir()
    with known_entities([Cart]):
        yield


def shop() -> Page:
    return Page(P("Hello"), title="Shop")


def shown() -> Html:
    return P(", ".join(cart.title for cart in Cart.all().order_by("title")), id="carts")


def saved(title: str) -> Html:
    Cart.create(title=title)
    return shown()


async def saved_async(title: str) -> Html:
    await Cart.acreate(title=title)
    await asyncio.sleep(0)
    return shown()


# -- an app of each framework -----------------------------------------------------------------------
# Each has a page, what saves in its two manners, and what uses entities before any signals were read.


def fastapi_app() -> Any:
    app = FastAPI()
    on_fastapi.install(app)

    @app.get("/")
    async def index() -> Page:
        return shop()

    @app.post("/async")
    async def save_async(request: Request, signals: on_fastapi.ReadSignals) -> Any:
        return on_fastapi.reply(request, await saved_async(signals.title))

    @app.post("/sync")
    def save_sync(request: Request, signals: on_fastapi.ReadSignals) -> Any:
        return on_fastapi.reply(request, saved(signals.title))

    @app.get("/early")
    async def early() -> Any:
        return {"carts": Cart.count()}

    return app


def fasthtml_app() -> Any:
    app: Any = fasthtml.core.FastHTML(secret_key="the key of this app")
    on_fasthtml.install(app)

    @app.get("/")
    def index() -> Page:
        return shop()

    @app.post("/async")
    async def save_async(signals: on_fasthtml.ReadSignals) -> Html:
        return await saved_async(signals.title)

    @app.post("/sync")
    def save_sync(signals: on_fasthtml.ReadSignals) -> Html:
        return saved(signals.title)

    @app.get("/early")
    def early() -> Any:
        return {"carts": Cart.count()}

    return app


def starlette_app() -> Any:
    async def index(request: starlette.requests.Request) -> Any:
        return on_starlette.reply(request, shop())

    async def save(request: starlette.requests.Request) -> Any:
        signals = await on_starlette.ReadSignals(request)
        return on_starlette.reply(request, await saved_async(signals.title))

    async def early(_: starlette.requests.Request) -> Any:
        return starlette.responses.JSONResponse({"carts": Cart.count()})

    routes = [
        starlette.routing.Route("/", index),
        starlette.routing.Route("/async", save, methods=["POST"]),
        starlette.routing.Route("/sync", save, methods=["POST"]),
        starlette.routing.Route("/early", early),
    ]
    app = starlette.applications.Starlette(routes=routes)
    on_starlette.install(app)
    return app


async def something_else() -> int:
    await asyncio.sleep(0)
    return 7


Number = Annotated[int, something_else]


def litestar_app() -> Any:
    one = {"signals": on_litestar.read_signals}
    side_by_side = {**one, "number": something_else}

    @litestar.get("/")
    async def index(request: litestar.Request[Any, Any, Any]) -> Any:
        return on_litestar.reply(request, shop())

    @litestar.post("/async", dependencies=side_by_side, guards=[on_litestar.gate])
    async def save_async(
        request: litestar.Request[Any, Any, Any], signals: on_litestar.ReadSignals, number: Number
    ) -> Any:
        assert number == 7
        return on_litestar.reply(request, await saved_async(signals.title))

    @litestar.post("/sync", dependencies=one, sync_to_thread=True)
    def save_sync(
        request: litestar.Request[Any, Any, Any], signals: on_litestar.ReadSignals
    ) -> Any:
        return on_litestar.reply(request, saved(signals.title))

    @litestar.get("/early")
    async def early() -> dict[str, int]:
        return {"carts": Cart.count()}

    app = litestar.Litestar([index, save_async, save_sync, early])
    on_litestar.install(app)
    return app


def sanic_app() -> Any:
    app: sanic.Sanic[Any, Any] = sanic.Sanic(f"carts{next(numbers)}")
    app.config.TOUCHUP = False  # it rewrites Sanic's own classes, for one start of one app
    on_sanic.install(app)

    @app.get("/")
    @on_sanic.page
    async def index(_: sanic.Request) -> Page:
        return shop()

    async def save(request: sanic.Request) -> Any:
        signals = await on_sanic.ReadSignals(request)
        return on_sanic.reply(request, await saved_async(signals.title))

    app.add_route(save, "/async", ["POST"], name="async")
    app.add_route(save, "/sync", ["POST"], name="sync")

    @app.get("/early")
    async def early(_: sanic.Request) -> Any:
        return sanic.json({"carts": Cart.count()})

    return app


def flask_app() -> Any:
    app = flask.Flask("carts")
    on_flask.install(app)

    @app.get("/")
    @on_flask.page
    def index() -> Page:
        return shop()

    @app.post("/async")
    async def save_async() -> Any:
        signals = await on_flask.neutral().signals()
        return on_flask.reply(None, await saved_async(signals.title))

    @app.post("/sync")
    def save_sync() -> Any:
        return on_flask.reply(None, saved(on_flask.ReadSignals().title))

    @app.get("/early")
    def early() -> Any:
        return {"carts": Cart.count()}

    return app


APPS: dict[str, Callable[[], Any]] = {
    "fastapi": fastapi_app,
    "fasthtml": fasthtml_app,
    "starlette": starlette_app,
    "litestar": litestar_app,
    "sanic": sanic_app,
    "flask": flask_app,
}


# -- visitors ---------------------------------------------------------------------------------------


@asynccontextmanager
async def alive(app: Any) -> AsyncGenerator[None]:
    """Runs the startup of an ASGI app, as servers do."""
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    yield
    await told.put({"type": "lifespan.shutdown"})
    await life


class Visitor:
    """A browser with a page open. All requests are sent in this task, as by one connection."""

    def __init__(self, app: Any) -> None:
        self.kept = ""
        self._flask = app.test_client() if isinstance(app, flask.Flask) else None
        self._other = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        )

    async def send(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        headers = {"origin": "http://localhost", **options.pop("headers", {})}
        if self._flask is not None:
            answer = self._flask.open(path, method=method, headers=headers, **options)
            return answer.status_code, answer.text
        found = await self._other.request(method, path, headers=headers, **options)
        return found.status_code, found.text

    async def enter(self) -> None:
        status, page = await self.send("GET", "/")
        assert status == 200
        self.tab = str(re.findall(r"tab: &#34;([\w.-]+)", page)[0])

    async def save(self, path: str, title: str) -> str:
        """Saves a title and keeps what comes back, as the page does; returns the answer."""
        signals = {BROWSER_SIGNAL: {"tab": self.tab, "kept": self.kept}, "title": title}
        headers = {"datastar-request": "true"}
        status, text = await self.send("POST", path, json=signals, headers=headers)
        assert status == 200, text
        for found in re.findall(r'data: signals (\{"nitroBrowser".*\})', text):
            self.kept = json.loads(found)[BROWSER_SIGNAL]["kept"]
        return text


@pytest.mark.parametrize("manner", ["sync", "async"])
@pytest.mark.parametrize("framework", APPS)
async def test_a_route_of_its_own_saves_and_no_other_request_sees_it(
    framework: str, manner: str
) -> None:
    app = APPS[framework]()
    async with AsyncExitStack() as stack:
        if framework == "sanic":
            await stack.enter_async_context(alive(app))
        one, other = Visitor(app), Visitor(app)
        await one.enter()
        await other.enter()
        assert ">Tea<" in await one.save(f"/{manner}", "Tea")
        assert ">Cup<" in await other.save(f"/{manner}", "Cup")
        assert ">Pot, Tea<" in await one.save(f"/{manner}", "Pot")
        status, text = await other.send("GET", "/early")
        assert status == 400
        assert "Cart is kept in the visitor's browser" in text
