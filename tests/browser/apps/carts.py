"""A shop whose carts live in their visitors' browsers, on FastAPI (`fastapi_app`) and Flask (`flask_app`).

The commands and the page are the same on both. A header stands for the host's authentication.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import flask
from fastapi import FastAPI, Request

from nitro import (
    BrowserStorageFull,
    Entity,
    Field,
    Page,
    anyone,
    command,
    emit_async,
    emit_signals,
    event,
    on,
    query,
)
from nitro.html import Button, Div, Html, Li, P, Ul, expr, get, post
from nitro_runtime.adapters import fastapi as on_fastapi
from nitro_runtime.adapters import flask as on_flask
from nitro_runtime.context import neutral_request
from nitro_runtime.entities import register_backend
from nitro_runtime.entities.browser import BrowserRepository, clear_browser
from nitro_runtime.web import new_tab

if "SHOP_SECONDS" in os.environ:
    register_backend(BrowserRepository(seconds=int(os.environ["SHOP_SECONDS"])))


class Item(Entity, backend="browser"):
    name: str = Field(max_length=2_000)
    amount: int = Field(default=1, ge=1)


class Sale(Entity):
    """What the server itself keeps, in its memory."""

    name: str


def shown() -> Html:
    rows = [Li(f"{item.amount} x {item.name}") for item in Item.all().order_by("name")]
    return Ul(rows, id="items", data_count=str(len(rows)))


@query("cart.show", allow=anyone)
def show() -> Html:
    return shown()


@command("cart.add", allow=anyone)
def add(name: str) -> Html:
    Sale.create(name=name)
    found = Item.first(name=name)
    if found is None:
        Item.create(name=name)
    else:
        found.amount += 1
        found.save()
    return shown()


@command("cart.fill", allow=anyone)
async def fill() -> Html:
    """Saves a little and then too much."""
    await Item.acreate(name="a little")
    await Item.acreate(name=os.urandom(1_900).hex()[:2_000])
    await Item.acreate(name=os.urandom(1_900).hex()[:2_000])
    return shown()


@command("cart.stuff", allow=anyone)
def stuff() -> Html:
    """Saves as much as goes."""
    with suppress(BrowserStorageFull):
        while True:
            Item.create(name=f"{Item.count():03} {os.urandom(10).hex()}")
    return shown()


@command("cart.empty", allow=anyone)
def empty() -> Html:
    clear_browser()
    return shown()


@on("hand_written_add")
async def hand_written(sender: str, signals: Any) -> Any:
    item = await Item.acreate(name=signals.name)
    yield emit_signals({"added": item.name})


def page(request: Any) -> Page:
    tab = new_tab(neutral_request(request))
    return Page(
        Div(
            Div(id="items", init=get(f"/cmds/cart.show/{tab}")),
            *[
                Button(text, id=name, on_click=expr(f"$name = {{}}; {post(address)}", given))
                for name, text, given, address in (
                    ("tea", "Tea", "Tea", f"/cmds/cart.add/{tab}"),
                    ("cup", "Cup", "Cup", f"/cmds/cart.add/{tab}"),
                    ("fill", "Fill", "", f"/cmds/cart.fill/{tab}"),
                    ("stuff", "Stuff", "", f"/cmds/cart.stuff/{tab}"),
                    ("empty", "Empty", "", f"/cmds/cart.empty/{tab}"),
                    ("plain", "Plain", "Plain", "/plain"),
                    ("hand", "Hand", "Hand", "/hand/hand_written_add"),
                )
            ],
            P(id="added", text="$added"),
            signals={"name": "", "added": ""},
        ),
        title="Shop",
    )


def sales() -> dict[str, int]:
    return {"sales": Sale.count()}


# -- FastAPI --------------------------------------------------------------------------------------


def _user(request: Any) -> str | None:
    return request.headers.get("x-user")


options: dict[str, Any] = {"static": os.environ["STATIC_FOLDER"], "user": _user}

fastapi_app = FastAPI()
on_fastapi.install(fastapi_app, **options)


@fastapi_app.get("/")
async def fastapi_page(request: Request) -> Page:
    return page(request)


@fastapi_app.get("/sales")
async def fastapi_sales() -> dict[str, int]:
    return sales()


@fastapi_app.get("/too-early")
async def fastapi_too_early() -> Page:
    return Page(shown(), title="Too early")


@fastapi_app.post("/plain")
async def fastapi_plain(request: Request, signals: on_fastapi.ReadSignals) -> Any:
    await Item.acreate(name=signals.name)
    return on_fastapi.reply(request, shown())


@fastapi_app.post("/hand/{name}")
async def fastapi_hand(name: str, request: Request, signals: on_fastapi.ReadSignals) -> None:
    sender = signals.nitroBrowser.tab
    await emit_async(event(name), sender, signals=signals, request=request)


# -- Flask ----------------------------------------------------------------------------------------

flask_app = flask.Flask(__name__)
on_flask.install(flask_app, **options)


@flask_app.get("/")
@on_flask.page
def flask_page() -> Page:
    return page(flask.request)


@flask_app.get("/sales")
def flask_sales() -> dict[str, int]:
    return sales()


@flask_app.get("/too-early")
@on_flask.page
def flask_too_early() -> Page:
    return Page(shown(), title="Too early")


@flask_app.post("/plain")
def flask_plain() -> Any:
    Item.create(name=on_flask.ReadSignals().name)
    return on_flask.reply(None, shown())


@flask_app.post("/hand/<name>")
def flask_hand(name: str) -> Any:
    signals = on_flask.ReadSignals()
    sender = signals.nitroBrowser.tab
    on_flask.wait(emit_async(event(name), sender, signals=signals, request=flask.request))
    return {}
