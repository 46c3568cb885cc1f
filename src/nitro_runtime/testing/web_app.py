"""The small app of the web conformance suite, written once with neutral handlers.

An adapter under test mounts `ROUTES` on an app of its framework, after `install`, and adds three
routes of the framework's own, which show that those work beside Nitro::

    app = FastAPI()
    install(app, static=STATIC, user=user, prefix=PREFIX)
    mount(app, ROUTES, PREFIX)

    @app.get("/native/json")
    def plain() -> dict[str, str]:
        return {"native": "json"}

    @app.get("/native/sync")
    @page
    def sync_page():
        return native_view("sync")

    @app.get("/native/async")
    @page
    async def async_page():
        return native_view("async")

What the suite must be able to set stands in the environment, because the app runs in a server's own
process: ``NITRO_SUITE_PREFIX``, ``NITRO_SUITE_HEARTBEAT`` (seconds) and ``NITRO_SUITE_STREAMS``
(of one browser).
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path
from typing import Any

from nitro_runtime.entities import Entity, Field, FileKey, ImageKey, has_many
from nitro_runtime.events import Context, anyone, command, emit, on, query, signed_in
from nitro_runtime.events.actions import action
from nitro_runtime.events.messages import Command, Query, handles
from nitro_runtime.html import Html, P
from nitro_runtime.sse import SignalsPatch, emit_signals, hub
from nitro_runtime.testing.web_forms import FORM_ROUTES
from nitro_runtime.testing.web_rows import ROW_ROUTES
from nitro_runtime.testing.web_sdk import sdk_test
from nitro_runtime.testing.web_steps import STEP_ROUTES
from nitro_runtime.testing.web_tables import TABLE_ROUTES
from nitro_runtime.testing.web_topics import TOPIC_ROUTES
from nitro_runtime.testing.web_topics import signed_in as signed_in_by
from nitro_runtime.views import (
    Column,
    FileField,
    Form,
    ImageField,
    NumberField,
    Page,
    RowsField,
    Table,
    TextField,
)
from nitro_runtime.web import Reply, Request, Route, redirect, respond
from nitro_runtime.web.gate import addresses as network_limit
from nitro_runtime.web.gate import check
from nitro_runtime.web.gate import commands as command_limit
from nitro_runtime.web.stream_limits import streams as stream_limit

STATIC = Path(__file__).parent / "static"

PREFIX = os.environ.get("NITRO_SUITE_PREFIX", "")
"""Where the app has Nitro's routes and the suite's."""

UPLOAD_LIMIT = 8 * 1024 * 1024

hub.heartbeat = float(os.environ.get("NITRO_SUITE_HEARTBEAT", hub.heartbeat))
stream_limit.per_user = int(os.environ.get("NITRO_SUITE_STREAMS", stream_limit.per_user))
# So that a test reaches it, on a slow machine too.
command_limit.burst = 60
command_limit.per_second = 5
network_limit.burst = 300
network_limit.per_second = 5


def named_after(entity: SuiteItem, user: object) -> bool:
    """Whether an item has its visitor's name."""
    return entity.name == user


class SuiteItem(Entity):
    """What the suite's table shows; kept in memory."""

    name: str = Field(max_length=40)
    stock: int = 0

    @action(allow=anyone)
    def restock(self, quantity: int) -> dict[str, int]:
        """Adds to the stock."""
        self.stock += quantity
        self.save()
        return {"stock": self.stock}

    @action(allow=named_after)
    async def rename(self, name: str) -> Html:
        """For whom it is named after only."""
        self.name = name
        await self.asave()
        return P(name, id="renamed")


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


class SuiteFolder(Entity):
    """What has files; kept in memory, the files in a folder of the server's own."""

    name: str = Field(max_length=40)
    picture: ImageKey
    paper: FileKey | None = None


class SuiteOrder(Entity):
    """What has rows of its own; kept in memory."""

    customer: str = Field(max_length=40)

    lines = has_many("SuiteLine")


class SuiteLine(Entity, unique_together=[("suite_order_id", "article")]):
    """A row of an order."""

    suite_order_id: str = Field(foreign_key="suite_order.id")
    article: str = Field(max_length=40)
    quantity: int = Field(default=1, ge=1)


class SuiteLineForm(Form[SuiteLine]):
    """A row of the form for orders."""

    article = TextField()
    quantity = NumberField(min=1)


class SuiteOrderForm(Form[SuiteOrder]):
    """The form for orders and their lines."""

    customer = TextField()
    lines = RowsField(SuiteLineForm, min=1, max=3)


class SuiteFolderForm(Form[SuiteFolder]):
    """The form for files."""

    entity = SuiteFolder
    name = TextField(max_length=40)
    picture = ImageField()
    paper = FileField(required=False)


def user(native: Any) -> str | None:  # noqa: ANN401 # any framework's request
    """The hook for the signed-in user: whom the header ``x-user`` names, or who logged in."""
    headers = native.headers
    return headers.get("x-user") or signed_in_by(headers.get("cookie") or "")


def native_view(kind: str) -> Page:
    """What a route of the framework's own answers with."""
    return Page(P(f"native {kind}", id="native"), title="Native")


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
    return redirect(request, f"{PREFIX}/", notice=f"{item.name} created")


async def keep(request: Request) -> Reply:
    """Saves what has files, and says under which names they are kept."""
    check(request)
    form = await SuiteFolderForm.receive(request)
    folder = await form.save()
    if folder is None:
        return respond(request, Page(form, title="New folder"))
    return _json({"picture": folder.picture, "paper": folder.paper})


async def order(request: Request) -> Reply:
    """Shows an order's form, saves it, or shows it again; a new order has the id ``new``."""
    key = request.params["id"]
    known = None if key == "new" else await SuiteOrder.aget(key)
    if request.method == "GET":
        form = await (SuiteOrderForm.new() if known is None else SuiteOrderForm.edit(known))
        return respond(request, Page(form, title="Order"))
    check(request)
    form = await SuiteOrderForm.receive(request, known, action=request.path)
    saved = await form.save()
    if saved is None:
        return respond(request, Page(form, title="Order"))
    return redirect(request, f"{PREFIX}/orders/{saved.id}", notice=f"{saved.customer} saved")


async def echo(request: Request) -> Reply:
    """Says what arrived."""
    return _json(
        {
            "method": request.method,
            "path": request.path,
            "scheme": request.scheme,
            "host": request.host,
            "params": dict(request.params),
            "query": request.query.pairs(),
            "signals": (await request.signals()).plain(),
            "last-event-id": request.headers.get("last-event-id"),
        }
    )


async def upload(request: Request) -> Reply:
    """Says what was uploaded, and that the body can be read in either order."""
    check(request)
    files = await request.files(UPLOAD_LIMIT)
    fields = await request.form(UPLOAD_LIMIT)
    told = [
        {
            "field": name,
            "filename": file.filename,
            "type": file.content_type,
            "size": file.size,
            "sha256": sha256(file.read()).hexdigest(),
        }
        for name, file in files.pairs()
    ]
    return _json({"fields": fields.pairs(), "files": told})


def _json(told: object) -> Reply:
    return Reply(200, [("content-type", "application/json")], json.dumps(told).encode())


# -- streams --------------------------------------------------------------------------------------


async def tell(request: Request) -> Reply:
    """Has a handler yield for a tab or a user, outside any command."""
    _emit_from(request.params["place"], request.params["receiver"], request.query.get("text", ""))
    return Reply()


def _emit_from(place: str, receiver: str, text: str) -> None:
    def go() -> None:
        emit("suite.told", receiver, text=text)

    match place:
        case "loop":
            go()
        case "thread":
            thread = threading.Thread(target=go)
            thread.start()
            thread.join()
        case _:
            asyncio.get_running_loop().call_later(0.01, go)


async def open_streams(request: Request) -> Reply:
    """Says how many streams are open in this process, and in which."""
    return _json({"open": hub.open_count, "process": os.getpid()})


ROUTES = [
    Route("/", ("GET",), index, "suite_index"),
    Route("/items", ("POST",), create, "suite_create"),
    Route("/echo/{word}", ("GET", "POST", "PUT", "PATCH", "DELETE"), echo, "suite_echo"),
    Route("/upload", ("POST",), upload, "suite_upload"),
    Route("/folders", ("POST",), keep, "suite_keep"),
    Route("/orders/{id}", ("GET", "POST"), order, "suite_order"),
    *ROW_ROUTES,
    *STEP_ROUTES,
    *TABLE_ROUTES,
    *FORM_ROUTES,
    *TOPIC_ROUTES,
    Route("/tell/{receiver}/{place}", ("GET",), tell, "suite_tell"),
    Route("/open", ("GET",), open_streams, "suite_open"),
    Route("/test", ("GET", "POST"), sdk_test, "suite_sdk"),
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


@command("suite.make", allow=anyone)
async def make_item(name: str) -> dict[str, str]:
    """Saves an item and answers with its key."""
    return {"made": (await SuiteItem.acreate(name=name)).id}


@command("suite.steps", allow=anyone)
def steps() -> Generator[SignalsPatch]:
    """Answers with several patches."""
    yield emit_signals({"step": 1})
    yield emit_signals({"step": 2})


class SuiteStock(Query[int], name="suite.stock", allow=anyone):
    """A query as a class: its result is for code, and nothing of it is shown."""

    name: str

    async def handle(self) -> int:
        """Returns the stock of the first item of this name; -1 when there is none."""
        item = await SuiteItem.afirst(name=self.name)
        return -1 if item is None else item.stock


class SuiteCount(Command, name="suite.count", allow=anyone):
    """A command as a class, handled by a function."""

    by: int = 1


counted: list[int] = []


@handles(SuiteCount)
async def count(sent: SuiteCount) -> dict[str, int]:
    """Answers with how often it ran."""
    counted.append(sent.by)
    return {"ran": len(counted), "by": sent.by}


@on("suite.told")
def told(sender: str, text: str) -> Generator[SignalsPatch]:
    """Yields to whoever the sender names."""
    yield emit_signals({"told": sender, "text": text})


@command("suite.upload", allow=anyone)
async def upload_item(ctx: Context, name: str) -> Html:
    """Takes a form with a file."""
    [file] = (await ctx.request.files()).values()
    return P(f"{name}: {file.filename}, {file.size} bytes", id="uploaded")


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
