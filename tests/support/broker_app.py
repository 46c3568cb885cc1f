"""A small app of several instances, on the framework that ``BROKER_APP_FRAMEWORK`` names.

Its rows are in the database that all instances share; ``/say`` broadcasts to everybody who listens.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

from nitro_runtime.brokers import caught_up
from nitro_runtime.entities import Entity
from nitro_runtime.sse import hub
from nitro_runtime.views import Column, Page, Table
from nitro_runtime.web import Reply, Request, Route, respond
from nitro_runtime.web.closing import close_streams

STATIC = Path(__file__).parents[2] / "src/nitro_runtime/testing/static"

hub.heartbeat = 2.0
numbers = itertools.count(1)
saying = threading.Lock()


class BrokerLamp(Entity):
    name: str


class BrokerLampTable(Table[BrokerLamp]):
    entity = BrokerLamp
    name = Column()
    reactive = True


def user(native: Any) -> str | None:
    return native.headers.get("x-user")


async def index(request: Request) -> Reply:
    return respond(request, Page(await BrokerLampTable.read(request), title="Lamps"))


async def save(request: Request) -> Reply:
    await BrokerLamp.acreate(name=request.query["name"])
    return told(process=os.getpid())


async def say(request: Request) -> Reply:
    """Broadcasts the next number of this process."""
    with saying:
        number = next(numbers)
        hub.broadcast("all", f"data: {os.getpid()} {number}\n\n".encode())
    return told(process=os.getpid(), number=number)


async def listen(request: Request) -> Reply:
    """A stream of the app's own."""
    last = request.headers.get("last-event-id")
    await caught_up()  # the first stream of a process would be told to read its state anew

    async def body() -> AsyncIterator[bytes]:
        async with hub.subscribe(["all"], last_event_id=last) as stream:
            async for chunk in stream:
                yield chunk

    return Reply(200, [("content-type", "text/event-stream")], body())


async def sign_out(request: Request) -> Reply:
    close_streams(request.query["user"])
    return told(process=os.getpid())


async def state(request: Request) -> Reply:
    return told(broker=getattr(hub.relay, "state", None), process=os.getpid())


def told(**data: object) -> Reply:
    return Reply(200, [("content-type", "application/json")], json.dumps(data).encode())


ROUTES = [
    Route("/", ("GET",), index, "lamps"),
    Route("/save", ("GET",), save, "save"),
    Route("/say", ("GET",), say, "say"),
    Route("/listen", ("GET",), listen, "listen"),
    Route("/sign-out", ("GET",), sign_out, "sign_out"),
    Route("/state", ("GET",), state, "state"),
]


def make(framework: str) -> Any:
    adapter = import_module(f"nitro_runtime.adapters.{framework}")
    if framework == "flask":
        from flask import Flask

        app: Any = Flask(__name__)
    elif framework == "sanic":
        from sanic import Sanic

        app = Sanic("broker")
    else:
        from starlette.applications import Starlette

        app = Starlette()
    adapter.install(app, static=STATIC, user=user)
    adapter.mount(app, ROUTES)
    return app


if "BROKER_APP_FRAMEWORK" in os.environ:
    app = make(os.environ["BROKER_APP_FRAMEWORK"])
