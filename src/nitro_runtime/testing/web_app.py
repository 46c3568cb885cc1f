"""The small app of the web conformance suite, written once with neutral handlers.

An adapter under test mounts `ROUTES` on an app of its framework, after `install` with `user` and a
folder that holds ``hello.txt``::

    app = FastAPI()
    install(app, static=STATIC, user=user)
    mount(app, ROUTES)
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

from nitro_runtime.entities import Entity, Field
from nitro_runtime.events import anyone, command, emit, on, query, signed_in
from nitro_runtime.html import Html, P
from nitro_runtime.sse import SignalsPatch, emit_signals
from nitro_runtime.views import Column, Form, Page, Table, TextField
from nitro_runtime.web import Reply, Request, Route, redirect, respond
from nitro_runtime.web.gate import check

STATIC = Path(__file__).parent / "static"


class SuiteItem(Entity):
    """What the suite's table shows; kept in memory."""

    name: str = Field(max_length=40)
    stock: int = 0


class SuiteItemForm(Form[SuiteItem]):
    """The form for a new item."""

    entity = SuiteItem
    name = TextField(max_length=40)


class SuiteItemTable(Table[SuiteItem]):
    """The live table of items."""

    entity = SuiteItem
    name = Column(sort=True)
    stock = Column()
    reactive = True


def user(native: Any) -> str | None:  # noqa: ANN401 # any framework's request
    """The hook for the signed-in user: whom the header ``x-user`` names."""
    return native.headers.get("x-user")


# -- pages --------------------------------------------------------------------------------------


async def index(request: Request) -> Reply:
    """The page with the live table."""
    return respond(request, Page(await SuiteItemTable.read(request), title="Items"))


async def create(request: Request) -> Reply:
    """Saves a new item, or shows the form again."""
    check(request)
    form = await SuiteItemForm.receive(request)
    item = await form.save()
    if item is None:
        return respond(request, Page(form, title="New item"))
    return redirect(request, "/", notice=f"{item.name} created")


async def echo(request: Request) -> Reply:
    """Says what arrived, as JSON."""
    told = {
        "method": request.method,
        "path": request.path,
        "params": dict(request.params),
        "query": request.query.pairs(),
        "signals": (await request.signals()).plain(),
    }
    return Reply(200, [("content-type", "application/json")], json.dumps(told).encode())


async def tell(request: Request) -> Reply:
    """Has a handler yield for a tab, outside any command."""
    emit("suite.told", request.params["tab"])
    return Reply()


ROUTES = [
    Route("/", ("GET",), index, "suite_index"),
    Route("/items", ("POST",), create, "suite_create"),
    Route("/echo/{word}", ("GET", "POST", "DELETE"), echo, "suite_echo"),
    Route("/tell/{tab}", ("GET",), tell, "suite_tell"),
]


# -- commands and queries -----------------------------------------------------------------------


@command("suite.restock", allow=anyone)
async def restock(quantity: int) -> dict[str, int]:
    """Answers with signals."""
    return {"stock": quantity}


@command("suite.create", allow=anyone)
async def create_item(name: str) -> None:
    """Saves an item and answers with nothing."""
    await SuiteItem.acreate(name=name)


@command("suite.steps", allow=anyone)
def steps() -> Generator[SignalsPatch]:
    """Answers with several patches."""
    yield emit_signals({"step": 1})
    yield emit_signals({"step": 2})


@on("suite.told")
def told(sender: str) -> Generator[SignalsPatch]:
    """Yields to whoever the sender names."""
    yield emit_signals({"told": sender})


@command("suite.private", allow=signed_in)
async def private() -> dict[str, bool]:
    """For signed-in users only."""
    return {"private": True}


@command("suite.crash", allow=anyone)
async def crash() -> None:
    """Fails with something that no visitor may read."""
    raise RuntimeError("the secret inside")


@query("suite.greet", allow=anyone)
async def greet(name: str = "world") -> Html:
    """Answers with an element."""
    return P(f"Hello {name}", id="greeting")
